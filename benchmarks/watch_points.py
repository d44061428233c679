"""One point of the pictures: how many batches are waited for, what that costs, and how late their ends are noticed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHARED: Final = "shared scans"
OWN: Final = "own polling"

_ENOUGH: Final = 20
"""The least number of ends for a median."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What was measured, or reckoned by the model."""

    kind: str
    waits: int
    """How many batches are waited for at any moment."""
    is_model: bool
    minutes: float
    calls: Mapping[str, float]
    """Calls a minute by operation."""
    ends: int
    """How many batches ended."""
    throttled: float
    """The share of calls that the service throttled."""
    median: float | None
    """Seconds from the end of a batch to its notice; None where too few ended."""
    p99: float | None

    @property
    def calls_beside_ends(self) -> float:
        """All calls a minute, minus one for each end, which every client needs."""
        return sum(self.calls.values()) - self.ends / self.minutes


def point(
    kind: str,
    waits: int,
    *,
    minutes: float,
    requests: Mapping[str, int],
    throttled: int,
    late: Sequence[float],
    is_model: bool = False,
) -> Point:
    """Sum up a point.

    Args:
        kind: How was waited.
        waits: For how many batches at any moment.
        minutes: How long.
        requests: How many there were, by operation.
        throttled: How many of them were.
        late: The seconds from the end of each batch to its notice, or to now where it was not noticed yet.
        is_model: Whether it was reckoned, and not measured.
    """
    ordered = sorted(late)
    is_enough = len(ordered) >= _ENOUGH
    return Point(
        kind=kind,
        waits=waits,
        is_model=is_model,
        minutes=minutes,
        calls={name: count / minutes for name, count in requests.items()},
        ends=len(ordered),
        throttled=throttled / max(1, sum(requests.values())),
        median=ordered[len(ordered) // 2] if is_enough else None,
        p99=ordered[int(len(ordered) * 0.99)] if is_enough else None,
    )
