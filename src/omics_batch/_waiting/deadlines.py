"""A priority queue by time, from which any entry can be removed."""

from __future__ import annotations

import heapq
from itertools import count
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

K = TypeVar("K")


class DeadlineHeap(Generic[K]):
    """Keys with one moment each; the earliest is found quickly, and among equals the one that was set first."""

    def __init__(self) -> None:
        """Begin empty."""
        self._entries: dict[K, tuple[float, int, K]] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._order = count()

    def __contains__(self, key: K) -> bool:
        """Whether a key has a moment."""
        return key in self._entries

    def __len__(self) -> int:
        """Count the keys."""
        return len(self._entries)

    def __iter__(self) -> Iterator[K]:
        """Iterate over the keys, in no order."""
        return iter(self._entries)

    def set(self, key: K, moment: float) -> None:
        """Set a key's moment; a former one no longer counts."""
        entry = self._entries[key] = (moment, next(self._order), key)
        heapq.heappush(self._heap, entry)
        self._compact()

    def discard(self, key: K) -> None:
        """Remove a key, if it is there."""
        if self._entries.pop(key, None) is not None:
            self._compact()

    def next(self) -> float | None:
        """Return the earliest moment; None where there is none."""
        while self._heap and self._entries.get(self._heap[0][2]) is not self._heap[0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop(self, by: float) -> K | None:
        """Remove and return the earliest key, if its moment comes by then."""
        moment = self.next()
        if moment is None or moment > by:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._entries[key]
        return key

    def until(self, moment: float) -> list[K]:
        """Return the keys whose moment comes by then, in no order, and leave them."""
        return [key for when, _, key in self._entries.values() if when <= moment]

    def _compact(self) -> None:
        if 2 * len(self._heap) > 3 * len(self._entries):
            self._heap = list(self._entries.values())
            heapq.heapify(self._heap)
