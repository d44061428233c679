"""How far and how fast, in a few characters."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from omics_batch import _words as words

if TYPE_CHECKING:
    from omics_batch import Batch

LAGS: Final = "~"
"""Stands before a figure that lags behind the runs."""

LEGEND: Final = f"{LAGS} lags behind the runs"

_MANY: Final = 100_000


def lags(batch: Batch) -> bool:
    """Whether what is shown of a batch's runs may be behind what they do."""
    return not batch.counts_are_final and bool(batch.run_counts)


def is_behind(batch: Batch) -> bool:
    """Whether the percentage of a batch may be behind its runs: once all have ended it is not, though counts move."""
    return lags(batch) and not batch.is_processed


def rate(runs_per_hour: float | None) -> str:
    """Write how many runs end in an hour, in up to six characters; nothing while that is not known."""
    if runs_per_hour is None:
        return ""
    if round(runs_per_hour) >= _MANY:
        return f"{runs_per_hour / 1000:.0f}k"
    return words.rate(runs_per_hour)


def left(remaining: timedelta | None) -> str:
    """Write how long something takes, in up to six characters: its two largest units; nothing if not known, or over."""
    if remaining is None or remaining < timedelta(seconds=1):
        return ""
    return words.span(remaining).replace("min", "m").replace(" ", "")
