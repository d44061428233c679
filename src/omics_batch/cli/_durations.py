"""Durations as people type them: 90s, 30m, 24h, 2d, 1h30m, or plain seconds."""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import timedelta

_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NUMBER: Final = r"[0-9]+(?:\.[0-9]+)?"
_PART: Final = re.compile(rf"({_NUMBER})([smhd])")
_SPAN: Final = re.compile(rf"(?:{_NUMBER}[smhd])+")


@dataclass(frozen=True, slots=True)
class Span:
    """A duration, and how it was typed."""

    text: str
    seconds: float

    def left_since(self, began: float) -> float:
        """Return the seconds that are left of it.

        Args:
            began: When it began, by `time.monotonic`.
        """
        return max(self.seconds - (time.monotonic() - began), 0.0)


def span_of(text: str) -> Span:
    """Read a duration.

    Args:
        text: Numbers with the units s, m, h or d, or a number of seconds alone; not negative.

    Raises:
        ValueError: It is not a duration.
    """
    if re.fullmatch(_NUMBER, text):
        seconds = float(text)
    elif _SPAN.fullmatch(text):
        seconds = sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text))
    else:
        raise ValueError(f"{text!a} is not a valid duration: give one such as 90s, 30m, 24h or 2d")
    if math.isinf(seconds):
        raise ValueError(f"{text!a} is too long")
    return Span(text, seconds)


def written(duration: timedelta) -> str:
    """Write a duration as h:mm:ss, whatever its length."""
    minutes, seconds = divmod(int(duration.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
