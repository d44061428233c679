"""What to say of a batch that did not succeed: as much as its counts support, and no more.

A new batch costs money, and a sample that is run twice costs it twice. So the advice to start runs
again is given only where the counts show which runs are over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from omics_batch._statuses import RUNS_DELETION, BatchStatus, Outcome
from omics_batch._words import one_line, told_by_reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omics_batch._models import Batch
    from omics_batch._runs import FailedRun

_LOST: Final = "How its deleted runs ended is lost: check their output before you start any of them again."


def do_counts_add_up(batch: Batch) -> bool:
    """Whether the counts show each run of a batch as ended; in a cancelled one, or as never to be submitted.

    Counts that are absent, that say less or more than `total_runs`, or that show runs under way do not.
    """
    starts = batch.submission_summary
    never = starts.pending_start_submission_count if batch.status == BatchStatus.CANCELLED else 0
    ended, counted = batch.finished_run_count + never, sum(batch.run_counts.values())
    return bool(batch.total_runs) and ended == counted == batch.total_runs


def failed_batch_advice(batch: Batch) -> str:
    """Say why a batch itself failed, and what to check before a new one is started.

    The user guide says of such a batch that no runs were created, or only some before the failure.
    """
    reason = one_line(batch.failure_reason or "the service gave no reason").rstrip(".")
    transient = "After a transient error, send the same request with the same request_id."
    created = batch.created_run_count
    if created == 0:
        return f"{reason}. None of its runs was created: fix this and start a new batch. {transient}"
    if created is None:
        return (
            f"{reason}. Some of its runs may have been created and may still run: "
            f"check list_runs_in_batch, and leave those out of a new batch. {transient}"
        )
    total = f"{batch.total_runs} runs" if batch.total_runs else "runs"
    return (
        f"{reason}. {created} of its {total} {'was' if created == 1 else 'were'} created and may still run: "
        f"check list_runs_in_batch, and leave those out of a new batch. {transient}"
    )


def cancelled_batch_advice(batch: Batch) -> str:
    """Say how far a cancelled batch came, and which runs to start again."""
    if _has_deleted_runs(batch):
        return f"it was cancelled. {_LOST}"
    if not do_counts_add_up(batch):
        return f"it was cancelled, and {doubt(batch)}. Check which runs completed before you start any of them again."
    return f"it was cancelled after {_completed(batch)}. Start a new batch with the runs that did not complete."


def failed_runs_advice(batch: Batch, runs: Iterable[FailedRun]) -> str:
    """Say in the message of an error which runs of a batch did not complete, and what to do about them."""
    listed = told_by_reason(runs)
    counts, starts = batch.run_summary, batch.submission_summary
    failed = f"{counts.failed_run_count} failed, {starts.failed_start_submission_count} failed to submit"
    arguments = "(..., cancelled=True)" if counts.cancelled_run_count else ""
    which = listed or f"OmicsBatchClient.failed_runs{arguments} lists which ones, and why"
    known = f"{failed}. {which}. " if batch.failed_run_count or listed else ""
    if batch.status == BatchStatus.FAILED:
        return f"{failed_batch_advice(batch)} {known}".rstrip()
    if batch.outcome is Outcome.CANCELLED:
        return f"{cancelled_batch_advice(batch)} {known}".rstrip()
    if batch.outcome is Outcome.IN_PROGRESS:
        return f"{failed} so far. {which}. Wait until the batch has ended before you start any of them again."
    if batch.status == BatchStatus.PROCESSED and not batch.counts_are_final:
        return f"{doubt(batch)}. {known}Get the batch again in a minute, before you start any run again."
    if _has_deleted_runs(batch):
        return f"{failed}. {which}. {_LOST}"
    cancelled = f", {counts.cancelled_run_count} cancelled" if counts.cancelled_run_count else ""
    return f"{_completed(batch)}, {failed}{cancelled}. {which}. Start a new batch with just those runs."


def doubt(batch: Batch) -> str:
    """Say in which way the counts of a batch do not add up."""
    counted, ended = sum(batch.run_counts.values()), batch.finished_run_count
    if not counted:
        return "the service gives no counts of its runs"
    total = f"{batch.total_runs}" if batch.total_runs else "an unknown number of"
    others = f", {counted - ended} not" if counted > ended else ""
    return f"its counts do not add up: {ended} of {total} runs ended{others}"


def _completed(batch: Batch) -> str:
    total = f"{batch.total_runs} run{'' if batch.total_runs == 1 else 's'}"
    return f"{batch.run_summary.completed_run_count} of {total} completed"


def _has_deleted_runs(batch: Batch) -> bool:
    return batch.status in RUNS_DELETION or batch.run_summary.deleted_run_count > 0
