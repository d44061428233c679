"""Who is due when."""

from __future__ import annotations

import heapq
from itertools import count
from typing import Generic, TypeVar

K = TypeVar("K")


class Timetable(Generic[K]):
    """Keys with one moment each, the earliest at hand however many there are."""

    def __init__(self) -> None:
        """Begin empty."""
        self._moments: dict[K, tuple[float, int]] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._order = count()

    def set(self, key: K, moment: float) -> None:
        """Note a key's moment; a former one no longer counts."""
        entry = (moment, next(self._order))
        self._moments[key] = entry
        heapq.heappush(self._heap, (*entry, key))
        if len(self._heap) > 2 * len(self._moments) + 16:
            self._heap = [(*entry, key) for key, entry in self._moments.items()]
            heapq.heapify(self._heap)

    def discard(self, key: K) -> None:
        """Forget a key, if it is there."""
        self._moments.pop(key, None)

    def next(self) -> float | None:
        """Return the earliest moment; None where there is none."""
        self._drop_the_outdated()
        return self._heap[0][0] if self._heap else None

    def due(self, now: float) -> list[K]:
        """Take out the keys whose moment has come, in the order of their moments."""
        keys: list[K] = []
        while (moment := self.next()) is not None and moment <= now:
            key = heapq.heappop(self._heap)[2]
            del self._moments[key]
            keys.append(key)
        return keys

    def _drop_the_outdated(self) -> None:
        while self._heap and self._moments.get(self._heap[0][2]) != self._heap[0][:2]:
            heapq.heappop(self._heap)
