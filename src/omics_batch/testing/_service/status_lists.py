"""The batches by status, now or some seconds ago: what ListBatch reads."""

from __future__ import annotations

import heapq
import math
from bisect import bisect_left, insort
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from omics_batch.testing._service.batch import AGE_DIGITS, StoredBatch
from omics_batch.testing._service.records import status_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omics_batch.testing._service.records import Record
    from omics_batch.testing._service.service_model import Document

_HAIR: Final = 1e-6
"""Seconds by which changes are looked for too early: a rounded age may reach a moment before the clock does."""

_FEW: Final = 1000
"""The most future changes of removed records that are kept, in addition to two for each record in the lists."""

_AT_A_TIME: Final = 128
"""Records that are read at a time: a page, in most cases."""


@dataclass(slots=True)
class Listed:
    """A record in the lists."""

    place: int
    record: Record
    status: str
    item: Document | None = None
    """Its item on a page; None until it was on one."""


class StatusLists:
    """The records that the lists show, in one list for each status.

    A batch's status changes by itself. At each read the batches whose time has come are moved to their next list. So
    the cost of a read depends on the changes since the last one, not on the number of batches.

    Args:
        lag: The seconds until the lists show a change.
    """

    def __init__(self, lag: float) -> None:
        """Begin empty."""
        self._lag = lag
        self._news: deque[tuple[float, int, Record | None]] = deque()
        self._listed: dict[int, Listed] = {}
        self._shelves: defaultdict[str | None, list[int]] = defaultdict(list)
        """The places of the records by their status, and of all records, in their order."""
        self._changes: list[tuple[float, int]] = []

    def note(self, now: float, place: int, record: Record | None) -> None:
        """Note a new or changed record at a place; None if it was removed."""
        self._news.append((now, place, record))
        self._catch_up(now)

    def walk(self, now: float, status: str | None, start: int | None) -> Iterator[Listed]:
        """Iterate over the listed records from a place on, or from the newest, to the oldest.

        Args:
            now: The moment on the clock.
            status: The only status; all if None.
            start: The place; None for the newest.
        """
        self._catch_up(now)
        shelf = self._shelves[status]
        return self._walk(status, shelf[-1:] if start is None else [start])

    def _walk(self, status: str | None, newest: list[int]) -> Iterator[Listed]:
        """Iterate over a list, some places at a time; these are copied, since the list may change meanwhile."""
        shelf, before = self._shelves[status], max(newest, default=-1) + 1
        while places := shelf[max(0, (end := bisect_left(shelf, before)) - _AT_A_TIME) : end]:
            before = places[0]
            found = map(self._listed.get, reversed(places))
            yield from (listed for listed in found if listed is not None and status in (None, listed.status))

    def _catch_up(self, now: float) -> None:
        while self._news and round(now - self._news[0][0], AGE_DIGITS) >= self._lag:
            _, place, record = self._news.popleft()
            self._shelve(now, place, record)
        due: list[int] = []
        while self._changes and self._changes[0][0] <= now:
            due.append(heapq.heappop(self._changes)[1])
        for place in due:
            if (listed := self._listed.get(place)) is not None:  # else it was removed in the meantime
                self._shelve(now, place, listed.record)
        if len(self._changes) > 2 * len(self._listed) + _FEW:
            self._changes = [change for change in self._changes if change[1] in self._listed]
            heapq.heapify(self._changes)

    def _shelve(self, now: float, place: int, record: Record | None) -> None:
        """Put a record into the list of its status."""
        seen_at = now - self._lag
        if (before := self._listed.pop(place, None)) is not None:
            for name in (None, before.status):
                shelf = self._shelves[name]
                del shelf[bisect_left(shelf, place)]
        if record is not None:
            self._listed[place] = after = Listed(place, record, status_at(record, seen_at))
            for name in (None, after.status):
                insort(self._shelves[name], place)
        if isinstance(record, StoredBatch):
            moment = record.created + record.timeline.next_change(record.age(seen_at)) + self._lag
            if moment < math.inf:
                heapq.heappush(self._changes, (moment - _HAIR, place))
