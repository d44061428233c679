"""The lists of an account's batches by status, newest first: late, and in motion while somebody reads them."""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from itertools import count
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    Listings = Iterable[tuple[float, str | None]]
    """From which moments on a batch is in the list of which status; None where it is in no list."""

ACTIVE: Final = ("CREATING", "PENDING", "SUBMITTING", "INPROGRESS", "STOPPING")
PAGE: Final = 100
LAG: Final = 10.0
"""Seconds by which lists show what was."""

_NEWEST_LAST: Final = attrgetter("place")


class Entry:
    """A batch in the lists."""

    __slots__ = ("changes", "head", "id", "is_dropped", "place", "status", "tail")

    def __init__(self, batch_id: str, born: float, runs: int, listings: Listings) -> None:
        self.id = batch_id
        self.place = (born, int(batch_id))
        self.status: str | None = None
        """The list that it is in."""
        self.is_dropped = False
        self.changes = iter(listings)
        self.head = f'{{"id":"{batch_id}","name":"cohort-{batch_id}","status":"'
        self.tail = f'","createdAt":"2026-03-15T12:00:00Z","totalRuns":{runs},"workflowId":"1234567"}}'

    def written(self, status: str | None = None) -> str:
        """Write it as an item of a page."""
        return f"{self.head}{status or self.status}{self.tail}"


class Listed(NamedTuple):
    """What is on a page, and where the next one begins: None after the last."""

    entries: list[Entry]
    following: int | None


class Lists:
    """Keeps who is in which list, one change after the other, so that a page costs no more than its items."""

    def __init__(self) -> None:
        self._entries: dict[str, list[Entry]] = {status: [] for status in ACTIVE}
        self._changes: list[tuple[float, int, str | None, Entry]] = []
        self._order = count()

    def __len__(self) -> int:
        """Count the batches that are in some list."""
        return sum(len(entries) for entries in self._entries.values())

    def add(self, entry: Entry) -> None:
        """Let a batch come; what lies in the past shows from the next page on."""
        change = next(entry.changes, None)
        if change is not None:
            moment, status = change
            heapq.heappush(self._changes, (moment, next(self._order), status, entry))

    def drop(self, entry: Entry) -> None:
        """Let a batch be in no list any more."""
        entry.is_dropped = True
        self._move(entry, None)

    def page(self, status: str, position: int, now: float) -> Listed:
        """Give the page that begins at a position: whoever came or went since the page before has shifted it."""
        self._catch_up(now - LAG)
        entries = self._entries[status]
        end = max(len(entries) - position, 0)
        return Listed(entries[max(end - PAGE, 0) : end][::-1], position + PAGE if end > PAGE else None)

    def _catch_up(self, moment: float) -> None:
        while self._changes and self._changes[0][0] <= moment:
            *_, status, entry = heapq.heappop(self._changes)
            if not entry.is_dropped:
                self._move(entry, status)
                self.add(entry)

    def _move(self, entry: Entry, status: str | None) -> None:
        if entry.status is not None:
            entries = self._entries[entry.status]
            del entries[bisect_left(entries, entry.place, key=_NEWEST_LAST)]
        entry.status = status
        if status is not None:
            insort(self._entries[status], entry, key=_NEWEST_LAST)
