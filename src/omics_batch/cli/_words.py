"""A batch as text: status, counts, reasons, safe for a terminal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from omics_batch import BatchStatus, Outcome
from omics_batch import _words as words
from omics_batch._words import one_line, percentage
from omics_batch.cli._durations import written

if TYPE_CHECKING:
    from omics_batch import Batch


LAGS: Final = "~"
"""The mark before a number that lags behind the runs."""

LEGEND: Final = f"{LAGS} lags behind the runs"

_MANY: Final = 100_000


def runs(number: int) -> str:
    """Write a number of runs: `1 run`, `96 runs`."""
    return f"{number:,} run{'' if number == 1 else 's'}"


def counted(batch: Batch) -> str:
    """Write the counts by state: `29 completed, 2 not submitted, 50 running`."""
    none = "no counts" if batch.is_terminal else "no runs yet"
    return words.counted(batch.run_counts) or none


def is_in_doubt(batch: Batch) -> bool:
    """Whether a batch was processed, and its counts do not show how its runs ended."""
    return batch.status == BatchStatus.PROCESSED and not batch.counts_are_final


def caveat(batch: Batch) -> str:
    """Write that the counts lag, or do not add up; empty if they are exact."""
    if not lags(batch):
        return ""
    return f"counts do not add up to {_total(batch)}" if is_in_doubt(batch) else "counts lag behind the runs"


def in_brackets(text: str) -> str:
    """Write a remark in brackets, if there is one."""
    return f" ({text})" if text else ""


def percent(batch: Batch, furthest: float = 0.0) -> str:
    """Write the percentage of a batch, with a mark if its counts lag behind the runs; 100 % only when it is.

    Args:
        batch: The batch.
        furthest: The highest percentage so far; lagging counts may fall below it.
    """
    return (LAGS if is_behind(batch) else "") + percentage(max(batch.percent_complete, furthest))


def title(batch: Batch) -> str:
    """Write the id and the name of a batch."""
    return f"{batch.id} {one_line(batch.name)}" if batch.name else batch.id


def timestamp(moment: datetime) -> str:
    """Write a moment in UTC, to the second, as the service does."""
    return f"{words.in_utc(moment):%Y-%m-%dT%H:%M:%SZ}"


def line(batch: Batch, furthest: float = 0.0) -> str:
    """Write the state of a batch in one line; see `percent` for its percentage."""
    return f"{batch.id}  {one_line(batch.status)}  {percent(batch, furthest)}  {counted(batch)}"


def verdict(batch: Batch) -> str:
    """Write how a batch that was processed ended."""
    took = "Processed" if batch.duration is None else f"Processed in {written(batch.duration)}"
    if batch.outcome is Outcome.SUCCEEDED:
        return f"{took}: {'its one run' if batch.total_runs == 1 else f'all {batch.total_runs:,} runs'} completed."
    if is_in_doubt(batch):
        found = f"{counted(batch)}, which does not add up to" if batch.run_counts else "the service gives no counts of"
        return f"{took}: {found} {_total(batch)}."
    if batch.outcome is Outcome.UNKNOWN:
        return f"{took}: {counted(batch)}. How the deleted runs ended is lost."
    completed = f"{batch.run_summary.completed_run_count:,} of {_total(batch)} completed"
    others = {label: number for label, number in batch.run_counts.items() if label != "completed"}
    return f"{took}: {', '.join(filter(None, [completed, words.counted(others)]))}."


def failure(batch: Batch) -> str:
    """Write why a batch itself failed, and what to check before a new one is started."""
    reason = one_line(batch.failure_reason or "the service gave no reason").rstrip(".")
    transient = "After a transient error, start it with the same requestId."
    created = batch.created_run_count
    if created == 0:
        return f"{reason}. None of its runs was created: fix this and start a new batch. {transient}"
    some = "Some of its runs may have been" if created is None else f"{created:,} of its runs {_were(created)}"
    return f"{reason}. {some} created and may still run: leave those out of a new batch. {transient}"


def has_failed_runs(batch: Batch) -> bool:
    """Whether a batch that was processed is known not to have completed all of its runs."""
    return batch.failed_run_count > 0 or batch.outcome in {Outcome.PARTIAL, Outcome.FAILED}


def facts(batch: Batch, now: datetime) -> list[tuple[str, str]]:
    """Return what `get` prints about a batch, as labels and values; absent ones are left out."""
    took = time_of(batch, now)
    times = [
        ("Created", batch.creation_time),
        ("Processed", batch.processed_time),
        ("Failed", batch.failed_time),
    ]
    found: list[tuple[str, str | None]] = [
        ("Batch", batch.id),
        ("Name", batch.name),
        ("ARN", batch.arn),
        ("Status", _status(batch)),
        ("Outcome", words.lowered(batch.outcome.value)),
        ("Reason", batch.failure_reason),
        ("Submitted", _submitted(batch)),
        ("Finished", f"{percent(batch)} of {runs(batch.total_runs)}" if batch.total_runs else percent(batch)),
        ("Runs", f"{counted(batch)}{in_brackets(caveat(batch))}"),
        *((label, None if moment is None else timestamp(moment)) for label, moment in times),
        ("Took" if batch.is_terminal else "Going for", None if took is None else written(took)),
    ]
    return [(label, one_line(value)) for label, value in found if value]


def time_of(batch: Batch, now: datetime) -> timedelta | None:
    """Return how long a batch has run, or took; None if unknown.

    It is unknown if the creation time is in the future: the service's clock differs, such as that of a simulator whose
    time is faster.
    """
    return batch.duration if batch.is_terminal else batch.elapsed(now) or None


def _total(batch: Batch) -> str:
    return runs(batch.total_runs) if batch.total_runs else "an unknown number of runs"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def _status(batch: Batch) -> str:
    return batch.status if batch.status.is_known else f"{one_line(batch.status)} (not known to this release)"


def _submitted(batch: Batch) -> str | None:
    """Write the progress of the submission, and when it ended; None if the service does not send it."""
    starts = batch.submission_summary
    is_known = starts.successful_start_submission_count or starts.failed_start_submission_count
    parts = [
        percentage(batch.percent_submitted) if is_known or starts.pending_start_submission_count else None,
        None if batch.submitted_time is None else timestamp(batch.submitted_time),
    ]
    return ", ".join(part for part in parts if part) or None


def lags(batch: Batch) -> bool:
    """Whether the counts of a batch may lag behind its runs."""
    return words.may_counts_change(batch) and bool(batch.run_counts)


def is_behind(batch: Batch) -> bool:
    """Whether the percentage of a batch may be behind its runs; once all have ended, it is not."""
    return lags(batch) and not batch.is_processed


def rate(runs_per_hour: float | None) -> str:
    """Write how many runs end in an hour, in up to six characters; empty if unknown."""
    if runs_per_hour is None:
        return ""
    if round(runs_per_hour) >= _MANY:
        return f"{runs_per_hour / 1000:.0f}k"
    return words.rate(runs_per_hour)


def left(remaining: timedelta | None) -> str:
    """Write the time left in its two largest units, in up to six characters; empty if unknown or less than a second."""
    if remaining is None or remaining < timedelta(seconds=1):
        return ""
    return words.span(remaining).replace("min", "m").replace(" ", "")
