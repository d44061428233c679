"""One batch: its status, its runs, its times."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from omics_batch._html.bar import LAG, bar, caveat, legend, states
from omics_batch._html.tags import Part, badge, moment, page, prose, said, tag
from omics_batch._words import counted, lowered, one_line, percentage, rate, span

if TYPE_CHECKING:
    from datetime import datetime
    from xml.etree.ElementTree import Element

    from omics_batch._models.batch import Batch
    from omics_batch._models.progress import Progress


def card(batch: Batch, now: datetime, progress: Progress | None = None) -> str:
    """Show a batch.

    Args:
        batch: The last `Batch`.
        now: The present, as an aware datetime.
        progress: The progress of a wait for it, if there is one.
    """
    return page(
        _head(batch),
        *_runs(batch),
        _facts(_standing(batch, now, progress)),
        _facts(_times(batch)),
        tag("div", reason, class_="ob-reason")
        if (reason := prose(batch.failure_reason, limit=2000)) is not None
        else None,
        label=f"Batch {one_line(batch.id, limit=64)}",
    )


def line(batch: Batch, progress: Progress) -> str:
    """Write the same as a line of plain text, for use without HTML."""
    facts = [one_line(batch.id, limit=64), one_line(batch.status, limit=64), percentage(progress.percent_complete)]
    lag = caveat(batch)
    pace = [f"{label.lower()} {fact}" for label, fact in _pace(progress).items() if fact]
    return "  ".join(filter(None, [*facts, counted(states(batch)), lag, *pace]))


def _head(batch: Batch) -> Element:
    name = said(batch.name, limit=128)
    number = tag("span", "Batch ", said(batch.id, limit=64), class_="ob-name" if name is None else "ob-id")
    status = badge(batch.status, batch.outcome.value)
    if name is None:
        return tag("div", number, " ", status, class_="ob-head")
    return tag("div", tag("span", name, class_="ob-name"), " ", status, " ", number, class_="ob-head")


def _runs(batch: Batch) -> list[Part]:
    note = caveat(batch)
    if note == LAG:
        note = f"{LAG} behind the runs" if batch.run_counts else "no counts yet: they lag behind the runs"
    shown = [bar(batch), legend(batch)] if states(batch) or not batch.is_terminal else []
    return [*shown, tag("div", f"{note[0].upper()}{note[1:]}.", class_="ob-note") if note else None]


def _standing(batch: Batch, now: datetime, progress: Progress | None) -> dict[str, Part]:
    so_far = progress or batch
    took = batch.duration if batch.is_terminal else batch.elapsed(now)
    return {
        "Outcome": lowered(batch.outcome.value),
        "Runs": None if batch.total_runs is None else f"{batch.total_runs:,}",
        "Submitted": _share(batch, so_far.percent_submitted),
        "Finished": _share(batch, so_far.percent_complete),
        **(_pace(progress) if progress else {}),
        "Took" if batch.is_terminal else "Going for": span(took) if took and took > timedelta() else None,
    }


def _times(batch: Batch) -> dict[str, Part]:
    return {
        "Created at": moment(batch.creation_time),
        "Submitted at": moment(batch.submitted_time),
        "Processed at": moment(batch.processed_time),
        "Failed at": moment(batch.failed_time),
    }


def _facts(facts: dict[str, Part]) -> Part:
    """Show labels and values; unknown values are left out."""
    rows = [tag("div", tag("dt", label), tag("dd", fact)) for label, fact in facts.items() if fact is not None]
    return tag("dl", *rows, class_="ob-facts") if rows else None


def _share(batch: Batch, value: float) -> str | None:
    """Write a percentage; at the end, 0 % only means that there are no counts."""
    return percentage(value) if value or not batch.is_terminal else None


def _pace(progress: Progress) -> dict[str, str | None]:
    """Write the rate and the time left, unless nothing is left."""
    speed, left = progress.runs_per_hour, progress.remaining
    if left is not None and left < timedelta(seconds=1):
        return {}
    return {
        "Rate": None if speed is None else f"{rate(speed)} runs/h",
        "Time left": None if left is None else f"about {span(left)}",
    }
