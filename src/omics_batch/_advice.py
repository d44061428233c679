"""What to do about an error, in words of Python; and what to do about a batch that did not succeed.

A new batch costs money, and a sample that is run twice costs it twice. So the advice to start runs
again is given only where the counts show which runs are over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from omics_batch._errors import Advice, AdviceKind, OmicsBatchError
from omics_batch._statuses import RUNS_DELETION, BatchStatus, Outcome
from omics_batch._words import one_line, told_by_reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from omics_batch._models import Batch
    from omics_batch._runs import FailedRun

E = TypeVar("E", bound=OmicsBatchError)

_K = AdviceKind

_TRANSIENT: Final = "After a transient error, send the same request with the same request_id."

_WORDS: Final[Mapping[AdviceKind, str]] = {
    _K.RENEW_CREDENTIALS: "{step}",
    _K.MAKE_ROOM_IN_QUEUE: "Make fewer calls at once, raise max_rate, or allow more time.",
    _K.CHECK_NETWORK: "Check the network, the region and the endpoint.",
    _K.ALLOW_MORE_TIME: "Try again, or allow more time.",
    _K.CHECK_WHAT_IS_BETWEEN: ("Something between here and the service may have answered in its place; try again."),
    _K.CHECK_ENDPOINT: "Nothing was sent on. Check the endpoint and the proxy: the service never redirects.",
    _K.LOWER_RATE: "The account's quota is shared by all of its clients: lower max_rate, or try again later.",
    _K.TRY_AGAIN: "Try again.",
    _K.TRY_LATER: "Try again in a minute.",
    _K.SEE_SERVICE_HEALTH: "Try again; if it stays, see the AWS Health Dashboard.",
    _K.RAISE_QUOTA: "Raise the quota in Service Quotas, or wait for running work to end.",
    _K.FIX_REQUEST: "Fix the request.",
    _K.CHECK_BATCH: "Check the id, the account and the region.",
    _K.ALLOW_OPERATION: "Allow the operation in the caller's IAM policy.",
    _K.ALLOW_START: "Starting takes omics:StartRunBatch together with omics:StartRun, and iam:PassRole for the role.",
    _K.WAIT_FOR_STATUS: (
        "{what} {statuses}, and one cancel or delete at a time is done: see where it stands (GetBatch)."
    ),
    _K.WAIT_FOR_OTHERS: "Wait until what is under way in the batch has ended.",
    _K.USE_NEW_REQUEST_ID: "Its request_id belongs to another batch: make a request with a new one.",
    _K.SEND_AGAIN: (
        "The batch may have been started: send the same request again, its request_id {request_id} starts it once."
    ),
    _K.NOT_ASKED: "The batch was not asked for it yet: call {call} again, with more time.",
    _K.MAYBE_ASKED: "Whether the batch was asked for it is not known: call {call} again.",
    _K.ASKED: "The service goes on with it: call {call} again to wait for its end.",
    _K.RECORD_LEFT: "The runs of batch {batch_id} are deleted, and its record may not be: call {call} again.",
    _K.RECORD_GONE: (
        "Somebody else deleted the record of batch {batch_id}: nobody can tell whether all of its runs are deleted."
    ),
    _K.SEE_RUNS_LEFT: (
        'list_runs_in_batch(..., submission_status="DELETE_FAILED") tells which runs are left, and delete_batch '
        "deletes the record without them."
    ),
    _K.CANCEL_RUNS: ("Runs that it had created may go on: cancel those that list_runs_in_batch shows with CancelRun."),
    _K.FIX_AND_START: f"None of its runs was created: fix this and start a new batch. {_TRANSIENT}",
    _K.LEAVE_OUT_CREATED: (
        "{runs} created and may still run: check list_runs_in_batch, and leave those out of a new batch. "
        f"{_TRANSIENT}"
    ),
    _K.START_INCOMPLETE: "Start a new batch with the runs that did not complete.",
    _K.START_FAILED: "Start a new batch with just those runs.",
    _K.CHECK_COMPLETED: "Check which runs completed before you start any of them again.",
    _K.CHECK_OUTPUT: ("How its deleted runs ended is lost: check their output before you start any of them again."),
    _K.WAIT_FOR_END: "Wait until the batch has ended before you start any of them again.",
    _K.LOOK_AGAIN: "Get the batch again in a minute, before you start any run again.",
    _K.WAIT_LONGER: "{standing}: wait for it again, with more time.",
    _K.WAIT_AGAIN: "{standing}: wait for it again.",
}


def in_python(advice: Advice) -> str:
    """Word an advice for those who write Python."""
    return _WORDS[advice.kind].format(**advice.values, **_parts_of(advice.values))


def with_advice(error: E, problem: str, advice: Advice | None) -> E:
    """Note on an error what happened, apart from the advice, and the advice as data."""
    vars(error).update(_problem=problem, advice=advice)
    return error


def worded(problem: str, advice: Advice | None) -> str:
    """Write a message: what happened, and what to do about it."""
    return problem if advice is None else f"{problem} {in_python(advice)}"


def _parts_of(values: Mapping[str, str | int]) -> dict[str, str]:
    """Write what stands in the words of an advice, and not in its values."""
    parts = {"standing": "The batch goes on" if values.get("goes_on") else "Nobody knows whether it goes on"}
    if "operation" in values:
        parts["what"] = _ALLOWED.get(str(values["operation"]), "")
    created, total = values.get("created"), values.get("total")
    of_total = f"{total} runs" if total else "runs"
    was = "was" if created == 1 else "were"
    parts["runs"] = "Some of its runs may have been" if created is None else f"{created} of its {of_total} {was}"
    return parts


_ALLOWED: Final = {
    "CancelRunBatch": "A batch is cancelled while it is",
    "DeleteRunBatch": "The runs of a batch are deleted once it is",
    "DeleteBatch": "The record of a batch is deleted once it is",
}


def do_counts_add_up(batch: Batch) -> bool:
    """Whether the counts show each run of a batch as ended; in a cancelled one, or as never to be submitted.

    Counts that are absent, that say less or more than `total_runs`, or that show runs under way do not.
    """
    starts = batch.submission_summary
    never = starts.pending_start_submission_count if batch.status == BatchStatus.CANCELLED else 0
    ended, counted = batch.finished_run_count + never, sum(batch.run_counts.values())
    return bool(batch.total_runs) and ended == counted == batch.total_runs


def failed_batch(batch: Batch) -> tuple[str, Advice]:
    """Say why a batch itself failed, and what to check before a new one is started.

    The user guide says of such a batch that no runs were created, or only some before the failure.
    """
    reason = one_line(batch.failure_reason or "the service gave no reason").rstrip(".")
    created = batch.created_run_count
    if created == 0:
        return f"{reason}.", Advice(AdviceKind.FIX_AND_START)
    values = {"created": created, "total": batch.total_runs}
    counts = {name: number for name, number in values.items() if number is not None}
    return f"{reason}.", Advice(AdviceKind.LEAVE_OUT_CREATED, counts)


def cancelled_batch(batch: Batch) -> tuple[str, Advice]:
    """Say how far a cancelled batch came, and which runs to start again."""
    if _has_deleted_runs(batch):
        return "it was cancelled.", Advice(AdviceKind.CHECK_OUTPUT)
    if not do_counts_add_up(batch):
        return f"it was cancelled, and {doubt(batch)}.", Advice(AdviceKind.CHECK_COMPLETED)
    return f"it was cancelled after {_completed(batch)}.", Advice(AdviceKind.START_INCOMPLETE)


def failed_runs(batch: Batch, runs: Iterable[FailedRun]) -> tuple[str, Advice]:
    """Say which runs of a batch did not complete, and what to do about them."""
    listed = told_by_reason(runs)
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
