"""The outcome of a batch, why it did not succeed, and what to advise.

A new batch costs money, and a sample that runs twice costs it twice. So the advice to start runs
again is given only if the counts show which runs have ended.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from omics_batch._errors import Advice, AdviceKind
from omics_batch._models.enums import RUNS_DELETION, BatchStatus, Outcome
from omics_batch._words import one_line, worded_by_reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omics_batch._models.batch import Batch
    from omics_batch._models.run import FailedRun


def outcome_of(batch: Batch) -> Outcome:
    """Return the outcome that the status and the counts of a batch show."""
    if not batch.is_processed:
        if batch.status == BatchStatus.FAILED:
            return Outcome.FAILED
        return Outcome.CANCELLED if batch.is_terminal else Outcome.IN_PROGRESS
    completed = batch.run_summary.completed_run_count
    if not batch.counts_are_final or batch.run_summary.deleted_run_count:
        return Outcome.UNKNOWN
    if completed == 0:
        return Outcome.FAILED
    return Outcome.SUCCEEDED if completed == batch.total_runs else Outcome.PARTIAL


def do_counts_add_up(batch: Batch) -> bool:
    """Whether the counts show that each run of a batch has ended, or (in a cancelled batch) will never be submitted.

    They do not if they are absent, if their sum is not `total_runs`, or if they show runs under way.
    """
    starts = batch.submission_summary
    never = starts.pending_start_submission_count if batch.status == BatchStatus.CANCELLED else 0
    ended, counted = batch.finished_run_count + never, sum(batch.run_counts.values())
    return bool(batch.total_runs) and ended == counted == batch.total_runs


def failed_batch(batch: Batch) -> tuple[str, Advice]:
    """Say why a batch itself failed, and what to check before a new one is started.

    The user guide says that such a batch created no runs, or only some before the failure.
    """
    reason = one_line(batch.failure_reason or "the service gave no reason").rstrip(".")
    created = batch.created_run_count
    if created == 0:
        return f"{reason}.", Advice(AdviceKind.FIX_AND_START)
    values = {"created": created, "total": batch.total_runs}
    counts = {name: number for name, number in values.items() if number is not None}
    return f"{reason}.", Advice(AdviceKind.LEAVE_OUT_CREATED, counts)


def cancelled_batch(batch: Batch) -> tuple[str, Advice]:
    """Say how many runs of a cancelled batch completed, and which runs to start again."""
    if _has_deleted_runs(batch):
        return "it was cancelled.", Advice(AdviceKind.CHECK_OUTPUT)
    if not do_counts_add_up(batch):
        return f"it was cancelled, and {doubt(batch)}.", Advice(AdviceKind.CHECK_COMPLETED)
    return f"it was cancelled after {_completed(batch)}.", Advice(AdviceKind.START_INCOMPLETE)


def failed_runs(batch: Batch, runs: Iterable[FailedRun]) -> tuple[str, Advice]:
    """Say which runs of a batch did not complete, and what to do about them."""
    listed = worded_by_reason(runs)
    counts, starts = batch.run_summary, batch.submission_summary
    failed = f"{counts.failed_run_count} failed, {starts.failed_start_submission_count} failed to submit"
    arguments = "(..., cancelled=True)" if counts.cancelled_run_count else ""
    which = listed or f"OmicsBatchClient.failed_runs{arguments} lists which ones, and why"
    known = f" {failed}. {which}." if batch.failed_run_count or listed else ""
    if batch.status == BatchStatus.FAILED or batch.outcome is Outcome.CANCELLED:
        happened, advice = (failed_batch if batch.status == BatchStatus.FAILED else cancelled_batch)(batch)
        return f"{happened}{known}", advice
    if batch.outcome is Outcome.IN_PROGRESS:
        return f"{failed} so far. {which}.", Advice(AdviceKind.WAIT_FOR_END)
    if batch.status == BatchStatus.PROCESSED and not batch.counts_are_final:
        return f"{doubt(batch)}.{known}", Advice(AdviceKind.LOOK_AGAIN)
    if _has_deleted_runs(batch):
        return f"{failed}. {which}.", Advice(AdviceKind.CHECK_OUTPUT)
    cancelled = f", {counts.cancelled_run_count} cancelled" if counts.cancelled_run_count else ""
    return f"{_completed(batch)}, {failed}{cancelled}. {which}.", Advice(AdviceKind.START_FAILED)


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
