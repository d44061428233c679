"""In which order lists show the batches: one that is passed over has probably left them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omics_batch._waiting.subscriptions import TrackedBatch

_FEW: Final = 10
"""As many at once may have left. Where more are passed over, the order is another one, and tells nothing."""


class ListOrder:
    """The batches in the order of the last sweep, held against that of the present one.

    A sweep of a hundred pages takes twenty seconds. Most of its pages show what they showed the last time, so
    who is missing between two neighbours can be looked at before the sweep is over. Where the service changes
    its order, nothing is lost: the end of the sweep tells who was in no list.
    """

    def __init__(self) -> None:
        """Begin before the first sweep."""
        self._before: list[TrackedBatch] = []
        self._now: list[TrackedBatch] = []
        self._next = 0

    def begin(self) -> None:
        """A sweep begins."""
        self._before, self._now, self._next = self._now, [], 0

    def passed_over(self, target: TrackedBatch) -> Sequence[TrackedBatch]:
        """Return those that stood just before this one in the last sweep, after all that this one has shown so far."""
        place = target.place
        stood_there = 0 <= place < len(self._before) and self._before[place] is target
        target.place = len(self._now)
        self._now.append(target)
        if not stood_there or place < self._next:
            return ()
        between = self._before[self._next : place]
        self._next = place + 1
        return between if len(between) <= _FEW else ()
