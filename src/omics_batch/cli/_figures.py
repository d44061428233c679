"""How far and how fast, in a few characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import timedelta

    from omics_batch import Batch

LAGS: Final = "~"
"""Stands before a figure that lags behind the runs."""

LEGEND: Final = f"{LAGS} lags behind the runs"

_ALL: Final = 100.0
_MANY: Final = 100_000
_FEW: Final = 10
_LONG: Final = 100


def lags(batch: Batch) -> bool:
    """Whether what is shown of a batch's runs may be behind what they do."""
    return not batch.counts_are_final and bool(batch.run_counts)


def is_behind(batch: Batch) -> bool:
    """Whether the percentage of a batch may be behind its runs: once all have ended it is not, though counts move."""
    return lags(batch) and not batch.is_processed


def percentage(number: float) -> str:
    """Write a percentage; 100 % only when it is."""
    text = f"{number:.1f} %"
    return "99.9 %" if text == "100.0 %" and number < _ALL else text


def rate(runs_per_hour: float | None) -> str:
    """Write how many runs end in an hour, in up to six characters; nothing while that is not known."""
    if runs_per_hour is None:
        return ""
    if round(runs_per_hour) >= _MANY:
        return f"{runs_per_hour / 1000:.0f}k"
    return f"{runs_per_hour:,.0f}" if runs_per_hour >= _FEW else f"{runs_per_hour:.1f}"


def left(remaining: timedelta | None) -> str:
    """Write how long something takes, in up to six characters: its two largest units; nothing if not known, or over."""
    whole = round(remaining.total_seconds()) if remaining else 0
    if not whole:
        return ""
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d" if days >= _LONG else f"{days}d{hours}h"
    if hours:
        return f"{hours}h{minutes}m"
    return f"{minutes}m{seconds}s" if minutes else f"{seconds}s"
