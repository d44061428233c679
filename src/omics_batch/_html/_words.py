"""Numbers and spans of time, as people say them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import timedelta

_UNITS: Final = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
_FEW: Final = 10


def percent(value: float) -> str:
    """Write a percentage; 100 % only when it is."""
    text = f"{value:.1f} %"
    return "99.9 %" if text == "100.0 %" and value < 100 else text  # noqa: PLR2004 - 100 % is all


def span(time: timedelta) -> str:
    """Write how long something takes in its two largest units: `2 d 3 h`, `1 h 5 min`, `12 s`."""
    left = int(time.total_seconds())
    parts: list[str] = []
    for unit, seconds in _UNITS:
        number, left = divmod(left, seconds)
        if number or parts:
            parts.append(f"{number} {unit}")
    return " ".join(part for part in parts[:2] if part[:2] != "0 ") or "less than 1 s"


def rate(runs_per_hour: float) -> str:
    """Write how fast runs end."""
    return f"{runs_per_hour:,.0f} runs/h" if runs_per_hour >= _FEW else f"{runs_per_hour:.1f} runs/h"
