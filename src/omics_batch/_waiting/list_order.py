"""The order of the batches in the lists: a batch that is skipped has probably ended. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omics_batch._waiting.tracked_batch import TrackedBatch

_FEW: Final = 10
"""The most batches that count as skipped at once; if more are skipped, the order has changed."""


class ListOrder:
    """The batches in the order of the last scan, compared with the present one.

    A scan of a hundred pages takes twenty seconds. Most pages show the same as in the last scan. So if a batch is
    missing between its two neighbours, it can be looked at before the scan ends. If the service changes its order,
    nothing is lost: at the end of the scan it is known which batches were in no list.
    """

    def __init__(self) -> None:
        """Begin before the first scan."""
        self._before: list[TrackedBatch] = []
        self._now: list[TrackedBatch] = []
        self._next = 0

    def begin(self) -> None:
        """Begin a scan."""
        self._before, self._now, self._next = self._now, [], 0

    def skipped(self, batch: TrackedBatch) -> Sequence[TrackedBatch]:
        """Add a batch that a list shows.

        Returns:
            The batches listed just before this one in the last scan but not yet in this scan.
        """
        place = batch.place
        was_there = 0 <= place < len(self._before) and self._before[place] is batch
        batch.place = len(self._now)
        self._now.append(batch)
        if not was_there or place < self._next:
            return ()
        between = self._before[self._next : place]
        self._next = place + 1
        return between if len(between) <= _FEW else ()
