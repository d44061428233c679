"""Who is due when."""

from __future__ import annotations

import heapq
from itertools import count
from typing import Generic, TypeVar

K = TypeVar("K")


class DeadlineHeap(Generic[K]):
    """Keys with one moment each, the earliest at hand however many there are."""

    def __init__(self) -> None:
        """Begin empty."""
        self._entries: dict[K, tuple[float, int, K]] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._order = count()

    def __contains__(self, key: K) -> bool:
        """Whether a key has a moment."""
        return key in self._entries

    def set(self, key: K, moment: float) -> None:
        """Note a key's moment; a former one no longer counts."""
        entry = self._entries[key] = (moment, next(self._order), key)
        heapq.heappush(self._heap, entry)
        self._tidy_up()

    def discard(self, key: K) -> None:
        """Forget a key, if it is there."""
        self._entries.pop(key, None)
        self._tidy_up()

    def next(self) -> float | None:
        """Return the earliest moment; None where there is none."""
        while self._heap and self._entries.get(self._heap[0][2]) is not self._heap[0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def until(self, moment: float) -> list[K]:
        """Return the keys whose moment comes by then, in no order, and leave them."""
        return [key for when, _, key in self._entries.values() if when <= moment]

    def due(self, now: float) -> list[K]:
        """Take out the keys whose moment has come, in the order of their moments."""
        keys: list[K] = []
        while (moment := self.next()) is not None and moment <= now:
            key = heapq.heappop(self._heap)[2]
            del self._entries[key]
            keys.append(key)
        return keys

    def _tidy_up(self) -> None:
        if len(self._heap) > 2 * len(self._entries):
            self._heap = list(self._entries.values())
            heapq.heapify(self._heap)
