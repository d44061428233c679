"""The result of a wait for one batch: exit code, text, and how to resume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omics_batch import BatchFailedError, CredentialsError, LostContactError, OmicsBatchError, WaitTimeoutError
from omics_batch._words import one_line
from omics_batch.cli._exits import Exit, exit_of, message_of, next_step_of
from omics_batch.cli._output import with_aws_names
from omics_batch.cli._words import counted, failure, has_failed_runs, is_in_doubt, percent, verdict

if TYPE_CHECKING:
    from omics_batch import Batch, Progress
    from omics_batch.cli._connection import ConnectionOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class OneResult:
    """The result of a wait."""

    exit: Exit
    batch_id: str
    """The id or ARN that was waited for."""
    message: str
    batch: Batch | None
    """The last `Batch`."""
    next_step: str = ""
    """The part of the message that says what to do about an error, if it gets a line of its own."""
    error: str | None = None
    """The class of the error that ended the wait; None if the batch was processed, and after a signal."""
    goes_on: bool = False
    """Whether the batch goes on without the wait."""
    resume: str | None = None
    """The command to resume waiting; None if the batch has ended, or if one command is shown for several batches."""
    reasons: str | None = None
    """The command that lists the failed runs and their reasons; None if none failed, or if it is not shown."""

    @property
    def complaint(self) -> list[str]:
        """The message in lines: what is wrong, and what to do about it."""
        wrong = self.message.removesuffix(self.next_step).rstrip()
        return [wrong, self.next_step] if self.next_step else [wrong]

    @property
    def is_verdict(self) -> bool:
        """Whether it is known how a processed batch ended: then the message goes to stdout, not to stderr."""
        return self.exit in {Exit.OK, Exit.FAILED_RUNS}

    def document(self) -> dict[str, Any]:
        """Write the last of the JSON lines: the only one with `exitCode`."""
        return {
            "exitCode": int(self.exit),
            "outcome": None if self.batch is None else self.batch.outcome.value,
            "batchId": self.batch_id,
            "message": self.message,
            "error": self.error,
            "resume": self.resume,
            "batch": None if self.batch is None else with_aws_names(self.batch),
        }


def reasons_of(batch: Batch, connection: ConnectionOptions) -> str:
    """Write the command that lists the runs of a batch that did not succeed, and their reasons."""
    flags = ["--cancelled"] if batch.run_summary.cancelled_run_count else []
    return connection.command("failed", batch.id, *flags)


def processed(batch: Batch, connection: ConnectionOptions | None = None) -> OneResult:
    """Return the result of a wait whose batch was processed.

    Args:
        batch: The batch.
        connection: The connection options, for commands that show more; None if those are shown for several batches.
    """
    message, has_failed = verdict(batch), has_failed_runs(batch)
    if is_in_doubt(batch):
        again = "." if connection is None else f": {connection.command('get', batch.id)}"
        message = f"{message} Look again in a minute, before you start any run again{again}"
        if not has_failed:  # it must not look like a success
            return OneResult(exit=Exit.ERROR, batch_id=batch.id, message=f"batch {batch.id}: {message}", batch=batch)
    return OneResult(
        exit=Exit.FAILED_RUNS if has_failed else Exit.OK,
        batch_id=batch.id,
        message=message,
        batch=batch,
        reasons=reasons_of(batch, connection) if has_failed and connection is not None else None,
    )


def failed(
    error: OmicsBatchError,
    batch_id: str,
    batch: Batch | None,
    resume: str | None = None,
    connection: ConnectionOptions | None = None,
) -> OneResult:
    """Return the result of a wait that ended with an error; the batch may go on.

    Args:
        error: The error that ended the wait.
        batch_id: The id or ARN that was waited for.
        batch: The last `Batch`.
        resume: The command to resume waiting.
        connection: The connection options, for the command that lists its runs; None to show no command.
    """
    goes_on = isinstance(error, (WaitTimeoutError, LostContactError)) or (
        isinstance(error, CredentialsError) and error.is_final
    )
    message = message_of(error)
    if isinstance(error, BatchFailedError) and batch is not None:
        message = f"batch {batch.id} failed: {failure(batch)}"
        if connection is not None and batch.created_run_count != 0:
            message += f" List its runs with: {connection.command('runs', batch.id)}"
    return OneResult(
        exit=exit_of(error),
        batch_id=batch_id,
        message=one_line(message, limit=1000),
        next_step=next_step_of(error),
        batch=batch,
        error=type(error).__name__,
        goes_on=goes_on,
        resume=resume if goes_on else None,
    )


def signalled(exit_code: Exit, batch_id: str, progress: Progress, resume: str) -> OneResult:
    """Return the result of a wait that a signal stopped."""
    batch, standing = progress.batch, "was not seen yet"
    has_ended = batch is not None and batch.is_terminal
    if batch is not None:
        so_far = f"{one_line(batch.status)}, {percent(batch, progress.percent_complete)}, {counted(batch)}"
        standing = f"{'has ended' if has_ended else 'goes on'} ({so_far})"
    return OneResult(
        exit=exit_code,
        batch_id=batch_id,
        message=f"the wait was stopped; batch {batch_id} {standing}",
        batch=batch,
        goes_on=not has_ended,
        resume=resume,
    )
