"""A bar of a batch's runs, by state."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

from omics_batch._html.style import filled
from omics_batch._html.tags import tag
from omics_batch._models.enums import BatchStatus
from omics_batch._words import counted, may_counts_change, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from omics_batch._models.batch import Batch

_THINNEST: Final = 0.8
"""Per cent of the bar: even one failed run of 100,000 has to be visible."""

LAG: Final = "counts lag"


def states(batch: Batch) -> dict[str, int]:
    """Count the runs by state; last come the runs in no count, since counts lag or since the runs never started."""
    counts = batch.run_counts
    rest = (batch.total_runs or 0) - sum(counts.values())
    return {**counts, "not counted": rest} if rest > 0 else counts


def do_counts_lag(batch: Batch) -> bool:
    """Whether counts are shown that may still change."""
    return may_counts_change(batch) and bool(batch.run_counts or not batch.is_terminal)


def caveat(batch: Batch) -> str | None:
    """Say that the counts lag, or do not add up; None if they are exact."""
    if batch.status == BatchStatus.PROCESSED and not batch.counts_are_final:
        return "counts do not add up to the runs"
    return LAG if do_counts_lag(batch) else None


def shares(numbers: Sequence[int]) -> list[float]:
    """Divide 100 per cent in proportion, but with a visible minimum for each part."""
    whole = sum(numbers)
    wanted = [max(100 * number / whole, _THINNEST) for number in numbers]
    return [100 * share / sum(wanted) for share in wanted]


def bar(batch: Batch) -> Element:
    """Draw the bar; a segment shows its number under the pointer."""
    counts = states(batch)
    widths = shares([*counts.values()])
    segments = [
        tag(
            "rect",
            tag("title", f"{number:,} {state}"),
            x=f"{start:.3f}%",
            width=f"{width:.3f}%",
            height="100%",
            **filled(state),
        )
        for (state, number), width, start in zip(counts.items(), widths, accumulate(widths, initial=0.0), strict=False)
    ]
    empty = tag("rect", width="100%", height="100%", **filled("not counted"))
    label = f"Runs of batch {one_line(batch.id, limit=64)}: {counted(counts) or 'none yet'}"
    return tag("svg", *(segments or [empty]), class_="ob-bar", height="14", role="img", width="100%", aria_label=label)


def legend(batch: Batch) -> Element:
    """Write the numbers, each beside its colour."""
    counts = states(batch)
    return tag(
        "ul", *(tag("li", coloured(state, f"{counts[state]:,} {state}")) for state in counts), class_="ob-legend"
    )


def coloured(state: str, text: str) -> Element:
    """Write a text beside a state's colour."""
    square = tag("rect", width="10", height="10", rx="2", **filled(state))
    return tag("span", tag("svg", square, width="10", height="10", aria_hidden="true"), text, class_="ob-state")
