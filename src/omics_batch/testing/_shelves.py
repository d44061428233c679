"""What ListBatch looks into: the records by status, as they are now or were a while ago."""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from omics_batch.testing._batch import AGE_DIGITS, Batch
from omics_batch.testing._records import status_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from omics_batch.testing._records import Record

_HAIR: Final = 1e-6
"""Seconds that a change is looked for too early: an age is rounded, and so may get there before the clock does."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A record as the lists show it."""

    place: int
    record: Record
    status: str


class Shelves:
    """Every record that the lists show, on the shelf of its status.

    A batch's status changes by itself, so it is put on its next shelf when somebody looks and its time
    has come: a look costs as much as has changed since the last one, and not as much as there is.

    Args:
        lag: How many seconds pass until the lists show what has happened.
    """

    def __init__(self, lag: float) -> None:
        """Begin without any record."""
        self._lag = lag
        self._news: deque[tuple[float, int, Record | None]] = deque()
        self._listed: list[Listed | None] = []
        self._shelves: dict[str, list[int]] = {}
        self._changes: list[tuple[float, int]] = []

    def note(self, now: float, place: int, record: Record | None) -> None:
        """Take in that a record came to a place, or that something was done to it; None where it was removed."""
        self._news.append((now, place, record))
        self._catch_up(now)

    def walk(self, now: float, status: str | None, start: int | None) -> Iterator[Listed]:
        """Walk through what the lists show from a place on, or from the newest, to the oldest.

        Args:
            now: What the clock shows.
            status: The only status to look for; all if None.
            start: The place; None for the newest.
        """
        self._catch_up(now)
        end = len(self._listed) if start is None else min(start + 1, len(self._listed))
        places: Sequence[int] = range(end)
        if status is not None:
            shelf = self._shelves.get(status, [])
            places = shelf[: bisect_left(shelf, end)]  # a copy: things move while somebody walks along the shelf
        found = (self._listed[place] for place in reversed(places))
        return (listed for listed in found if listed is not None and status in {None, listed.status})

    def _catch_up(self, now: float) -> None:
        while self._news and round(now - self._news[0][0], AGE_DIGITS) >= self._lag:
            _, place, record = self._news.popleft()
            self._shelve(now, place, record)
        due: list[int] = []
        while self._changes and self._changes[0][0] <= now:
            due.append(heapq.heappop(self._changes)[1])
        for place in due:
            if (listed := self._listed[place]) is not None:  # or it was removed in the meantime
                self._shelve(now, place, listed.record)

    def _shelve(self, now: float, place: int, record: Record | None) -> None:
        """Put a record on the shelf of its status."""
        seen_at = now - self._lag
        self._listed.extend([None] * (place + 1 - len(self._listed)))
        if (before := self._listed[place]) is not None:
            shelf = self._shelves[before.status]
            del shelf[bisect_left(shelf, place)]
        self._listed[place] = after = None if record is None else Listed(place, record, status_at(record, seen_at))
        if after is not None:
            insort(self._shelves.setdefault(after.status, []), place)
        if isinstance(record, Batch):
            moment = record.created + record.timeline.next_change(record.age(seen_at)) + self._lag
            if moment < math.inf:
                heapq.heappush(self._changes, (moment - _HAIR, place))
