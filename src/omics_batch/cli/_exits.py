"""The exit codes, and the code of each error."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from omics_batch import (
    BatchCancelledError,
    BatchFailedError,
    CredentialsError,
    InvalidInputError,
    OmicsBatchError,
    QueueTimeoutError,
    ServiceError,
    TransportError,
    WaitTimeoutError,
)
from omics_batch._words import one_line
from omics_batch.cli._advice import in_commands


class Exit(IntEnum):
    """The exit codes of the program."""

    OK = 0
    """Success. After a wait: all runs succeeded, or records were deleted so that it is unknown."""
    ERROR = 1
    """An error. After a wait also: the batch was processed, and its counts do not show how its runs ended."""
    USAGE = 2
    """The command line cannot be right; nothing was sent."""
    FAILED_RUNS = 3
    """The batch was processed, and not all of its runs completed."""
    BATCH_FAILED = 4
    """The batch itself failed, before its runs were created or after some of them were."""
    BATCH_CANCELLED = 5
    TIMED_OUT = 124
    """The time is over: the same code as that of `timeout` in coreutils."""
    HUNG_UP = 129
    """The terminal was closed: 128 plus SIGHUP."""
    INTERRUPTED = 130
    """Ctrl-C: 128 plus the signal's number, as in shells."""
    PIPE_CLOSED = 141
    """The reader of stdout has left, such as `head`: 128 plus SIGPIPE."""
    TERMINATED = 143
    """SIGTERM: 128 plus the signal's number."""


class ProgramError(Exception):
    """An error of a command; its message is all that is printed."""

    def __init__(self, message: str, code: Exit = Exit.ERROR) -> None:
        """Keep the exit code."""
        super().__init__(message)
        self.exit: Exit = code


class SetupError(InvalidInputError):
    """No client can be made, since the configuration is incomplete or wrong."""


_BY_ERROR: Final = (
    (SetupError, Exit.ERROR),
    (InvalidInputError, Exit.USAGE),
    (BatchFailedError, Exit.BATCH_FAILED),
    (BatchCancelledError, Exit.BATCH_CANCELLED),
    (WaitTimeoutError, Exit.TIMED_OUT),
    (QueueTimeoutError, Exit.TIMED_OUT),
)


def exit_of(error: Exception) -> Exit:
    """Give the exit code of an error."""
    if isinstance(error, ProgramError):
        return error.exit
    return next((code for kind, code in _BY_ERROR if isinstance(error, kind)), Exit.ERROR)


def may_succeed_later(error: OmicsBatchError) -> bool:
    """Whether a request may have arrived, or may succeed if sent again: not for a refusal of the first attempt."""
    return (
        error.attempts > 1 or isinstance(error, TransportError) or (isinstance(error, ServiceError) and error.retryable)
    )


def next_step_of(error: Exception) -> str:
    """Return the part of an error's message that says what to do, if it gets a line of its own; else an empty text."""
    advice = error.advice if isinstance(error, CredentialsError) else None
    return "" if advice is None else one_line(in_commands(advice))


def message_of(error: Exception) -> str:
    """Write what happened, what to do about it at the command line, and the request id for AWS Support."""
    if not isinstance(error, OmicsBatchError) or error.advice is None:
        return str(error)
    request_id = error.request_id if isinstance(error, ServiceError) else None
    return " ".join(
        [
            error.problem,
            in_commands(error.advice),
            *([] if request_id is None else [f"[request id {request_id}]"]),
        ]
    )


def lines_of(error: Exception) -> list[str]:
    """Write an error in lines: what is wrong, and what to do about it."""
    message, step = one_line(message_of(error), limit=1000), next_step_of(error)
    return [message.removesuffix(step).rstrip(), step] if step else [message]
