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
    WaitTimeoutError,
)
from omics_batch._words import one_line
from omics_batch.cli._advice import in_commands


class Exit(IntEnum):
    """What the program's exit code says."""

    OK = 0
    """The command did its job; of a wait: all runs succeeded, or runs were deleted and no verdict is possible."""
    ERROR = 1
    """An error; of a wait, too: the batch was processed, and its counts do not show how its runs ended."""
    USAGE = 2
    """The command line cannot be right; nothing was sent."""
    FAILED_RUNS = 3
    """The batch was processed, and not all of its runs completed."""
    BATCH_FAILED = 4
    """The batch itself failed, before its runs were created or after some of them were."""
    BATCH_CANCELLED = 5
    TIMED_OUT = 124
    """As `timeout` of coreutils has it."""
    INTERRUPTED = 130
    """Ctrl-C: 128 and the signal's number, as shells have it."""
    PIPE_CLOSED = 141
    """The reader of stdout has left, as `head` does: SIGPIPE, likewise."""
    TERMINATED = 143
    """SIGTERM, likewise."""


class ProgramError(Exception):
    """What keeps a command from doing its job; the message is all that its user needs to know."""

    def __init__(self, message: str, code: Exit = Exit.ERROR) -> None:
        """Keep the exit code."""
        super().__init__(message)
        self.exit: Exit = code


class SetupError(InvalidInputError):
    """No client can be made: of the configuration, something is missing or wrong."""


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


def next_step_of(error: Exception) -> str:
    """Return the part of an error's message that says what to do about it; empty where it has no line of its own."""
    advice = error.advice if isinstance(error, CredentialsError) else None
    return "" if advice is None else one_line(in_commands(advice))


def message_of(error: Exception) -> str:
    """Write what happened, what to do about it here, and what AWS Support asks for."""
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
