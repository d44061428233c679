"""One action that cannot be undone: look, ask, do it, report."""

from __future__ import annotations

import math
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from rich.text import Text

from omics_batch import (
    ActionAdvanced,
    Advice,
    AdviceKind,
    LostContactError,
    OmicsBatchError,
    ResourceNotFoundError,
    RunsDeleteFailedError,
    ServiceError,
    TransportError,
    WaitError,
    WaitTimeoutError,
)
from omics_batch._words import one_line
from omics_batch.cli._advice import in_commands
from omics_batch.cli._destructive.confirm import confirm
from omics_batch.cli._exits import Exit, exit_of, message_of
from omics_batch.cli._signals import SignalledError
from omics_batch.cli._stderr import on_stderr
from omics_batch.cli._waits.one_result import OneResult
from omics_batch.cli._words import caveat, counted, in_brackets, title

if TYPE_CHECKING:
    from collections.abc import Generator

    from omics_batch import Batch, Event, OmicsBatchClient
    from omics_batch.cli._connection import ConnectionOptions, Conversation
    from omics_batch.cli._durations import Span

_UNKNOWN: Final = "It is unknown whether the service accepted the request."


def standing(batch: Batch) -> str:
    """Write the batch and its status, for the user who has to decide."""
    return f"Batch {title(batch)} is {one_line(batch.status)}: {counted(batch)}{in_brackets(caveat(batch))}."


class DestructiveAction(Protocol):
    """Something to do to a batch."""

    @property
    def doing(self) -> str:
        """The name of the action while it is under way: `Cancelling`."""
        ...

    def obstacle(self, batch: Batch, /) -> str | None:
        """Return why the present status of a batch does not allow it; None if it does."""
        ...

    def is_decided(self, batch: Batch, /) -> bool:
        """Whether no question is needed: it is done already, or under way."""
        ...

    def notice(self, batch: Batch, /) -> list[str]:
        """Return what is going to happen, in lines for a terminal."""
        ...

    def question(self, batch: Batch, /) -> tuple[str, tuple[str, ...]]:
        """Return the question, and the answers that mean yes."""
        ...

    async def carry_out(self, client: OmicsBatchClient, batch: Batch, timeout: float | None) -> Batch:
        """Do it, and return the last known state of the batch."""
        ...

    def result(self, batch: Batch, /) -> str:
        """Write how it went."""
        ...


def fulfil(
    intent: DestructiveAction,
    connection: ConnectionOptions,
    batch_id: str,
    *,
    asks: bool,
    timeout: Span | None,
    resume: str,
) -> OneResult:
    """Do something to a batch that cannot be undone.

    Args:
        intent: What to do.
        connection: Where the batch is.
        batch_id: Its id or ARN.
        asks: Whether the user has to confirm first.
        timeout: How long it may take after that; None is no limit.
        resume: The command that continues it.

    Raises:
        ProgramError: The user did not confirm: nothing was sent.
        SignalledError: A signal came before anything was changed.
    """
    batch: Batch | None = None
    deadline: float | None = None  # there is none before it has begun
    steps = _Steps()
    try:
        with replace(connection, on_event=steps).conversation() as conversation:
            batch = conversation.talk(lambda client: client.get_batch(batch_id))
            if obstacle := intent.obstacle(batch):
                return OneResult(exit=Exit.ERROR, batch_id=batch_id, message=obstacle, batch=batch)
            if asks and not intent.is_decided(batch):
                confirm(intent.notice(batch), *intent.question(batch))
            deadline = math.inf if timeout is None else time.monotonic() + timeout.seconds
            return _carried_out(intent, conversation, batch, timeout, resume=resume, steps=steps)
    except OmicsBatchError as error:
        is_late = deadline is not None and isinstance(error, TimeoutError) and time.monotonic() >= deadline
        is_in_doubt = deadline is not None and isinstance(error, TransportError)
        goes_on = is_late or is_in_doubt or isinstance(error, (WaitTimeoutError, LostContactError))
        return OneResult(
            exit=Exit.TIMED_OUT if is_late else exit_of(error),
            batch_id=batch_id,
            message=_why(error, connection, steps.advice, batch),
            batch=error.batch or batch,
            error=type(error).__name__,
            resume=resume if goes_on else None,
        )


class _Steps:
    """Keeps the last step that the client reached, as the advice for an end there."""

    advice: Advice | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, ActionAdvanced):
            self.advice = event.advice


def _carried_out(
    intent: DestructiveAction,
    conversation: Conversation,
    batch: Batch,
    timeout: Span | None,
    *,
    resume: str,
    steps: _Steps,
) -> OneResult:
    done: Batch | None = None

    async def do(client: OmicsBatchClient) -> Batch:
        nonlocal done
        with _moving(f"{intent.doing} batch {batch.id}: Ctrl-C ends the waiting alone ..."):
            done = await intent.carry_out(client, batch, None if timeout is None else timeout.seconds)
        return done

    try:
        last, exit_code = conversation.talk(do), Exit.OK
    except (SignalledError, KeyboardInterrupt) as stopped:
        exit_code = stopped.exit if isinstance(stopped, SignalledError) else Exit.INTERRUPTED
        if done is None:
            message = f"the waiting was stopped. {in_commands(steps.advice) if steps.advice else _UNKNOWN}"
            return OneResult(exit=exit_code, batch_id=batch.id, message=message, batch=batch, resume=resume)
        last = done
    return OneResult(exit=exit_code, batch_id=batch.id, message=intent.result(last), batch=last)


def _why(error: OmicsBatchError, connection: ConnectionOptions, step: Advice | None, seen: Batch | None) -> str:
    """Write what went wrong, and what can be done about it here."""
    if isinstance(error, RunsDeleteFailedError) and error.batch:
        return one_line(_rest(error.batch, connection), limit=1000)
    notes: list[str] = []
    if step is not None and step != error.advice and _is_left_open(error, step):
        notes = [in_commands(step)]
    elif isinstance(error, ResourceNotFoundError) and error.advice == Advice(AdviceKind.CHECK_BATCH):
        if seen is not None:
            was_there = f"It was {one_line(seen.status)} just before: it may have been deleted."
            return one_line(f"{error.problem} {was_there}", limit=1000)
        notes = ["It may have been deleted already."]
    return one_line(" ".join([message_of(error), *notes]), limit=1000)


def _is_left_open(error: OmicsBatchError, step: Advice) -> bool:
    """Whether an error leaves open which step the client reached."""
    return step.kind is AdviceKind.RECORD_LEFT or not isinstance(error, (ServiceError, WaitError))


def _rest(batch: Batch, connection: ConnectionOptions) -> str:
    """Write what is left of a batch if some runs could not be deleted."""
    deletions = batch.submission_summary
    return (
        f"batch {batch.id} keeps its record: {deletions.successful_delete_submission_count} of its runs were deleted, "
        f"{deletions.failed_delete_submission_count} could not be. "
        f"{connection.command('runs', batch.id, '--submission-status', 'DELETE_FAILED')} lists them, "
        f"and {connection.command('delete', batch.id, '--record-only')} deletes the record without them"
    )


@contextmanager
def _moving(text: str) -> Generator[None]:
    """Show a spinner with a text on a terminal."""
    output = on_stderr()
    if sys.stderr.isatty() and not output.is_dumb_terminal:
        with output.status(Text(text)):
            yield
    else:
        yield
