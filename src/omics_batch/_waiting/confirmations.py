"""Which listed batches get a look to confirm the lists, since lists may lag. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omics_batch._waiting.cost import BELIEVED, CONFIRMING_CALLS, can_confirm
from omics_batch._waiting.deadlines import DeadlineHeap
from omics_batch._waiting.states import BatchState

if TYPE_CHECKING:
    from omics_batch._waiting.tracked_batch import TrackedBatch


class Confirmations:
    """The batches that lists show, ordered by when a look has to confirm that.

    If there are few enough batches, each is confirmed within the time for which lists are believed. If there are more,
    one call in ten goes to the batch that was confirmed longest ago.
    """

    def __init__(self) -> None:
        """Begin without batches."""
        self._waiting: DeadlineHeap[TrackedBatch] = DeadlineHeap()
        self._calls = self._looks = 0
        """How many calls, and how many of them GetBatch, were made since one confirmed the lists."""

    def __contains__(self, batch: TrackedBatch) -> bool:
        """Whether a look has to confirm the batch."""
        return batch in self._waiting

    def add(self, batch: TrackedBatch, now: float, chance: float) -> None:
        """Schedule a look that confirms a listed batch.

        Args:
            batch: The batch.
            now: The moment on the clock.
            chance: 0.0 to 1.0, at random: it spreads out the first looks.
        """
        self._waiting.set(batch, now + BELIEVED * chance if batch.confirm_at is None else batch.confirm_at)

    def discard(self, batch: TrackedBatch) -> None:
        """Remove a batch, since it gets a look, or no wait needs it."""
        self._waiting.discard(batch)

    def called(self, *, is_look: bool) -> None:
        """Count a call of the waits."""
        self._calls += 1
        self._looks += is_look

    def next(self, watched: int, rate: float) -> float | None:
        """Return the moment of the next look that confirms; None if no moment is set.

        Args:
            watched: The number of batches that are waited for.
            rate: How many calls a second the waits may make.
        """
        return self._waiting.next() if can_confirm(watched, rate) else None

    def pop(self, now: float, watched: int, rate: float, *, others_are_queued: bool) -> TrackedBatch | None:
        """Return the batch that was confirmed longest ago, if a look may confirm it now.

        Args:
            now: The moment on the clock.
            watched: The number of batches that are waited for.
            rate: How many calls a second the waits may make.
            others_are_queued: Whether listed batches are queued: then looks are counted, and not calls.
        """
        calls = self._looks if others_are_queued else self._calls
        if calls < CONFIRMING_CALLS and not can_confirm(watched, rate):
            return None
        while (batch := self._waiting.pop(now)) is not None:
            if batch.state in {BatchState.SCHEDULED, BatchState.IN_SCAN}:
                self._calls = self._looks = 0
                return batch
        return None
