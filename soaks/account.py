"""An account of thousands of batches with lists: those that waits are for, and in waves those of others."""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final

from omics_batch.testing import Fault, Life
from soaks.batches import HOUR, MANY, End, Placed, drawn, drawn_under_way, place
from soaks.failures import PAGES, REFUSALS, SURVIVED, THROTTLING, edited
from soaks.pages import Whims
from soaks.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from random import Random
    from typing import Any

ACTIVE: Final = ("CREATING", "PENDING", "SUBMITTING", "INPROGRESS", "STOPPING")
PAGE: Final = 100
_FAULTS: Final = 0.05
_TIDE: Final = 3 * HOUR
_ANSWERED: Final = [row for kind, rows in SURVIVED.items() for row in rows if kind != "no batch"]
_REFUSED_ONCE: Final = [row for row, error in REFUSALS if error.__name__ != "AccessDeniedError"]
_SLOWEST: Final = 5.0
"""Seconds in which a true answer is there, and that a batch is kept after its end."""
_IDS: Final = re.compile(rb'"id":"([0-9]+)"')


class Account(Service):
    """The service with lists.

    Args:
        random: What its batches and faults depend on.
        others: How many batches of others there are when the tide is highest.
        no_lists: What every request for a list meets, if there are to be none.
    """

    def __init__(self, random: Random, *, others: int, no_lists: Fault | None = None) -> None:
        super().__init__(random, throttled=0.05, faults=_FAULTS)
        self.whims = Whims(random)
        self.met_by_lists: Counter[str] = Counter()
        """How often a list met each row of the table."""
        self.needless = 0
        """How often a batch was asked for that no wait is for any more."""
        self.is_scanning = False
        """Whether the last list that was asked for is not the last of a scan."""
        self.others = 0
        """How many batches of others there are."""
        self._no_lists = no_lists
        self._under_way: list[Placed] = []
        self._tide = self._drawn_others(others)
        self._let_others_come(next(self._tide))

    def fill(self, number: int) -> None:
        """Start batches that have been under way for long, for the next waits: the oldest first, as lists have them."""
        ages = sorted((drawn_under_way(self.random, MANY) for _ in range(number)), key=lambda one: -one[0])
        self._under_way = [self._placed(place(self.omics, fate, age)) for age, fate in ages]
        self.random.shuffle(self._under_way)

    def _born(self) -> Placed:
        while self._under_way:
            placed = self._under_way.pop()
            if placed.over_at > self.clock.now():
                return placed
        has_ended = self.random.random() < 0.02
        age = self.random.uniform(1, 2) * MANY.longest if has_ended else 0.0
        return self._placed(place(self.omics, drawn(self.random, MANY), age))

    def _placed(self, placed: Placed) -> Placed:
        """Remove a batch some time after its end, so that the memory is flat; lists have the active ones alone."""
        if placed.end is not End.NEVER:
            asyncio.get_running_loop().call_later(placed.over_at + _SLOWEST - self.clock.now(), self._over, placed)
        return placed

    def _over(self, placed: Placed) -> None:
        is_kept = self.omics._account.batch(placed.id) is not None
        if is_kept and (placed.id not in self.followed or placed.is_withdrawn(self.clock.now())):
            self.omics.remove_batch(placed.id)

    def _left(self, placed: Placed) -> None:
        """Remove a batch that no wait is for any more, if that was not done, and will not be."""
        is_over = placed.over_at + _SLOWEST <= self.clock.now() and placed.fate.withdrawn == math.inf
        if is_over or placed.end is End.NEVER:
            self.omics.remove_batch(placed.id)

    def _meets_look(self, batch_id: str) -> Fault:
        self.needless += batch_id not in self.followed
        return super()._meets_look(batch_id)

    def _meets_list(self, members: Mapping[str, Any]) -> Fault:
        assert members.keys() <= {"status", "maxItems", "startingToken"}
        assert members["maxItems"] == PAGE
        assert members["status"] in ACTIVE
        self.is_scanning = members["status"] != ACTIVE[-1]
        if self._no_lists is not None or self.random.random() < self._faults:
            row = self._no_lists or self._row_for_list()
            self.met_by_lists[row.name] += 1
            return self._noted(row)
        return self._at_leisure(edited(partial(self._listed, members.get("startingToken"))))

    def _listed(self, token: str | None, page: bytes) -> bytes:
        """Note whom a true page has, and rewrite it."""
        now = self.clock.now()
        for batch_id in _IDS.findall(page):
            followed = self.followed.get(batch_id.decode())
            if followed is not None:
                followed.last_contact = now
        return self.whims.rewritten(page, token)

    def _row(self) -> Fault:
        """Draw what a request for a batch meets: a row as likely as any other, so that time-outs are few."""
        if self.random.random() < self._throttled:
            return self.random.choice(THROTTLING)
        return self.random.choice([*_ANSWERED, *SURVIVED["no batch"]])

    def _row_for_list(self) -> Fault:
        if self.random.random() < self._throttled:
            return self.random.choice(THROTTLING)
        if self.random.random() < 0.01:
            return self.random.choice(_REFUSED_ONCE)
        return self.random.choice([*_ANSWERED, *PAGES])

    def _let_others_come(self, other: tuple[float, Life]) -> None:
        """Start the batches of others whose time has come, and wait for the next one."""
        loop, now = asyncio.get_running_loop(), self.clock.now()
        while other[0] <= now:
            born, life = other
            batch_id = self.omics.start_batch(1, life=life, age=now - born)
            assert isinstance(life.cancelled_after, float)
            assert isinstance(life.stopping, float)
            left = born + life.cancelled_after + life.stopping - now
            loop.call_later(left, self._let_other_go, batch_id)
            self.others += 1
            other = next(self._tide)
        loop.call_later(other[0] - now, self._let_others_come, other)

    def _let_other_go(self, batch_id: str) -> None:
        self.omics.remove_batch(batch_id)
        self.others -= 1

    def _drawn_others(self, most: int) -> Iterator[tuple[float, Life]]:
        """Draw the batches of others in waves, each for an hour or so; those that are over by now are left out."""
        random, now = self.random, self.clock.now()
        born = now - 2 * HOUR
        while True:
            height = (1.1 + math.cos(2 * math.pi * born / _TIDE)) / 2.1
            born += random.expovariate(height * max(most, 1) / HOUR)
            creating, pending = random.uniform(0, 20), random.uniform(0, 280)
            submitting = random.uniform(1, 600)
            under_way = creating + pending + submitting + random.uniform(0, 1.5 * HOUR)
            life = Life(
                creating=creating,
                pending=pending,
                submission_rate=1 / submitting,
                run_length=2 * HOUR,
                cancelled_after=under_way,
                stopping=random.uniform(5, 60),
            )
            if born + under_way > now:
                yield born, life
