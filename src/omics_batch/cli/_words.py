"""A batch in words: what is shown of it, made fit for a terminal."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from omics_batch import Outcome
from omics_batch.cli._durations import written
from omics_batch.cli._figures import LAGS, is_behind, lags, percentage

if TYPE_CHECKING:
    from datetime import timedelta

    from omics_batch import Batch


def shown(text: str, *, limit: int = 500) -> str:
    """Make a stranger's text safe for a terminal: one line, no control characters, cut.

    Names, statuses and reasons may hold escape sequences, which would act on the terminal.
    """
    start = text[: 4 * limit]
    visible = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in start)
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 3] + "..."


def runs(number: int) -> str:
    """Write so many runs: `1 run`, `96 runs`."""
    return f"{number} run{'' if number == 1 else 's'}"


def counted(batch: Batch) -> str:
    """Write the counts by state: `29 completed, 2 not submitted, 50 running`."""
    return ", ".join(f"{number} {label}" for label, number in batch.run_counts.items()) or "no runs yet"


def percent(batch: Batch, furthest: float = 0.0) -> str:
    """Write how far a batch is, with a mark where its counts lag behind the runs; 100 % only when it is.

    Args:
        batch: The batch.
        furthest: The percentage that was seen of it before, which counts that lag behind may fall below.
    """
    return (LAGS if is_behind(batch) else "") + percentage(max(batch.percent_complete, furthest))


def title(batch: Batch) -> str:
    """Write which batch it is: its id and its name."""
    return f"{batch.id} {shown(batch.name)}" if batch.name else batch.id


def timestamp(moment: datetime) -> str:
    """Write a moment in UTC, to the second, as the service does."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def line(batch: Batch, furthest: float = 0.0) -> str:
    """Write where a batch stands in one line: its percentage as `percent` writes it."""
    return f"{batch.id}  {shown(batch.status)}  {percent(batch, furthest)}  {counted(batch)}"


def verdict(batch: Batch) -> str:
    """Write how a batch that was processed ended."""
    took = "Processed" if batch.duration is None else f"Processed in {written(batch.duration)}"
    if batch.outcome is Outcome.SUCCEEDED:
        return f"{took}: {'its one run' if batch.total_runs == 1 else f'all {batch.total_runs} runs'} completed."
    if batch.outcome is Outcome.UNKNOWN:
        return f"{took}: {counted(batch)}. Nobody can tell how the deleted runs ended."
    total = runs(batch.total_runs) if batch.total_runs else "unknown runs"
    completed = f"{batch.run_summary.completed_run_count} of {total} completed"
    others = [f"{number} {label}" for label, number in batch.run_counts.items() if label != "completed"]
    return f"{took}: {', '.join([completed, *others])}."


def has_failed_runs(batch: Batch) -> bool:
    """Whether a batch that was processed is known not to have completed all of its runs."""
    return batch.failed_run_count > 0 or batch.outcome in {Outcome.PARTIAL, Outcome.FAILED}


def facts(batch: Batch, now: datetime) -> list[tuple[str, str]]:
    """Tell all that `get` prints of a batch, as labels and values; what the service does not tell is left out."""
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
        ("Outcome", batch.outcome.value.lower().replace("_", " ")),
        ("Reason", batch.failure_reason),
        ("Submitted", _submitted(batch)),
        ("Complete", f"{percent(batch)} of {runs(batch.total_runs)}" if batch.total_runs else percent(batch)),
        ("Runs", f"{counted(batch)} (counts lag behind the runs)" if lags(batch) else counted(batch)),
        *((label, None if moment is None else timestamp(moment)) for label, moment in times),
        ("Took" if batch.is_terminal else "Going for", None if took is None else written(took)),
    ]
    return [(label, shown(value)) for label, value in found if value]


def time_of(batch: Batch, now: datetime) -> timedelta | None:
    """Tell how long a batch has been going, or took; None where that is not told.

    Nothing is told by a creation that lies ahead: the service's clock is another, such as a local HealthOmics' whose
    time goes faster.
    """
    return batch.duration if batch.is_terminal else batch.elapsed(now) or None


def _status(batch: Batch) -> str:
    return batch.status if batch.status.is_known else f"{shown(batch.status)} (not known to this release)"


def _submitted(batch: Batch) -> str | None:
    """Write how far the submission is, and when it was over; None where the service tells nothing of it."""
    starts = batch.submission_summary
    is_told = starts.successful_start_submission_count or starts.failed_start_submission_count
    parts = [
        percentage(batch.percent_submitted) if is_told or starts.pending_start_submission_count else None,
        None if batch.submitted_time is None else timestamp(batch.submitted_time),
    ]
    return ", ".join(part for part in parts if part) or None
