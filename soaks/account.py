"""A transport double that lists as well: the batches that waits follow, and in waves those of everybody else."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from omics_batch._faults import Fault
from soaks.batches import HOUR, End, Fate, Mix, fate, fate_under_way
from soaks.lists import ACTIVE, PAGE, Entry, Lists
from soaks.pages import Pages
from soaks.service import Followed, Service
from soaks.troubles import PAGES, REFUSALS, SURVIVED, THROTTLING, UNKNOWN, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from random import Random
    from typing import Any

    from omics_batch._transport import Reply

MANY: Final = Mix(
    ends={End.PROCESSED: 84, End.FAILED: 3, End.CANCELLED: 8, End.REFUSED: 2, End.SILENCE: 0.1, End.NEVER: 3},
    shortest=HOUR / 12,
    longest=12 * HOUR,
    strange=0.01,
)
"""Batches of two hours on average: what half of ten requests a second can see the end of, ten thousand at a time."""

_FAULTS: Final = 0.05
_TIDE: Final = 3 * HOUR
_ANSWERED: Final = [row for kind, rows in SURVIVED.items() for row in rows if kind != "no batch"]
_REFUSED_ONCE: Final = [row for row, error in REFUSALS if error.__name__ != "AccessDeniedError"]


class Account(Service):
    """Stands where the transport does.

    Args:
        random: What its batches and faults depend on.
        others: How many batches of others there are when the tide is highest.
        no_lists: What every request for a list meets, if there are to be none.
    """

    def __init__(self, random: Random, *, others: int, no_lists: Row | None = None) -> None:
        super().__init__(random, throttled=0.05, faults=_FAULTS)
        self.lists = Lists()
        self.pages = Pages(random)
        self.asked_for: Counter[str] = Counter()
        """How many requests came, by method."""
        self.met_by_lists: Counter[str] = Counter()
        """How often a list met each row of the table."""
        self.needless = 0
        """How often a batch was asked for that nobody waits for any more."""
        self.is_sweeping = False
        """Whether the last list that was asked for is not the last of a sweep."""
        self.fills_until = -math.inf
        """Until when the batches that waits follow have been under way for long."""
        self._entries: dict[str, Entry] = {}
        self._no_lists = no_lists
        self._tide = self._others(others)
        self._next_other: Entry | None = None

    async def call(self, method: str, parameters: Mapping[str, Any], *, bound: float) -> Reply | Fault:
        self.asked_for[method] += 1
        if method == "list_batch":
            return await self._list(parameters, bound)
        if parameters["batchId"] not in self.followed:
            self.needless += 1
            return UNKNOWN.brings
        return await super().call(method, parameters, bound=bound)

    def leave(self, followed: Followed) -> None:
        """Forget a batch that nobody waits for any more; the lists have it until its end, if it has one."""
        super().leave(followed)
        if not followed.waits:
            entry = self._entries.pop(followed.fate.id)
            if followed.fate.end in (End.NEVER, End.SILENCE):
                self.lists.drop(entry)

    def _born(self, number: int) -> Fate:
        now = self.clock.now()
        born = (fate_under_way if now < self.fills_until else fate)(self.random, number, now, MANY)
        if self.random.random() < 0.02:
            born = replace(born, born=now - self.random.uniform(1, 2) * MANY.longest)  # it has ended already
        entry = self._entries[born.id] = Entry(born.id, born.born, born.runs, born.listings)
        self.lists.add(entry)
        return born

    async def _list(self, parameters: Mapping[str, Any], bound: float) -> Reply | Fault:
        assert parameters.keys() <= {"status", "maxItems", "startingToken"}
        assert parameters["maxItems"] == PAGE
        assert parameters["status"] in ACTIVE
        self.is_sweeping = parameters["status"] != ACTIVE[-1]
        if self._no_lists is not None:
            return await self._bring_for_list(self._no_lists, bound)
        if self.random.random() < self._faults:
            return await self._bring_for_list(self._row_for_list(), bound)
        await self.clock.sleep(min(self.random.uniform(0, 2), bound) if self.random.random() < 0.1 else 0)
        now = self.clock.now()
        self._let_others_come(now)
        token = parameters.get("startingToken")
        position = self.pages.position(token)
        listed = self.lists.page(parameters["status"], position, now)
        for entry in listed.entries:
            followed = self.followed.get(entry.id)
            if followed is not None:
                followed.heard = now
        return self.pages.written(listed, position, token)

    def _row(self) -> Row:
        """Draw what a request for a batch meets: a row as likely as any other, so that time-outs are few."""
        if self.random.random() < self._throttled:
            return self.random.choice(THROTTLING)
        return self.random.choice([*_ANSWERED, *SURVIVED["no batch"]])

    def _row_for_list(self) -> Row:
        if self.random.random() < self._throttled:
            return self.random.choice(THROTTLING)
        if self.random.random() < 0.01:
            return self.random.choice(_REFUSED_ONCE)
        return self.random.choice([*_ANSWERED, *PAGES])

    async def _bring_for_list(self, row: Row, bound: float) -> Reply | Fault:
        brings = replace(row.brings, operation="ListBatch") if isinstance(row.brings, Fault) else row.brings
        self.met_by_lists[row.name] += 1
        await self._bring(row, bound)
        return brings

    def _let_others_come(self, now: float) -> None:
        while self._next_other is None or self._next_other.place[0] <= now:
            if self._next_other is not None:
                self.lists.add(self._next_other)
            self._next_other = next(self._tide)

    def _others(self, most: int) -> Iterator[Entry]:
        """Let batches of others come in waves, each for an hour or so."""
        random, born = self.random, -2 * HOUR
        while True:
            height = (1.1 + math.cos(2 * math.pi * born / _TIDE)) / 2.1
            born += random.expovariate(height * max(most, 1) / HOUR)
            ages = [0.0, *sorted([random.uniform(0, 20), random.uniform(20, 300), random.uniform(300, 900)])]
            ends = born + ages[-1] + random.uniform(0, 1.5 * HOUR)
            moments = [*(born + age for age in ages), ends, ends + random.uniform(5, 60)]
            statuses: tuple[str | None, ...] = (*ACTIVE, None)
            yield Entry(str(next(self._numbers)), born, random.randint(1, 100), zip(moments, statuses, strict=True))


class Way:
    """One client's own way to an account that several clients share."""

    region_name = "us-west-2"
    is_renewable = True

    def __init__(self, account: Account) -> None:
        self._account = account
        self.closed = False
        self.is_sweeping = False
        """Whether the last list that it asked for is not the last of a sweep."""

    def waits_for_credentials(self, _: str, __: float) -> None:
        """Return no fault: there are always credentials."""

    def operation(self, method: str) -> str:
        return self._account.operation(method)

    async def call(self, method: str, parameters: Mapping[str, Any], *, bound: float) -> Reply | Fault:
        assert not self.closed
        if method == "list_batch":
            self.is_sweeping = parameters["status"] != ACTIVE[-1]
        return await self._account.call(method, parameters, bound=bound)

    async def open(self) -> None:
        await self._account.open()

    async def close(self) -> None:
        self.closed = True
