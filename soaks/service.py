"""A transport double: the batches that waits follow, and requests of which some meet a fault of the table."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

from omics_batch import Clock, CredentialsError, OmicsBatchClient
from omics_batch._transport import Reply
from omics_batch.testing import VirtualClock
from soaks.batches import Fate, fate
from soaks.troubles import DENIED, SURVIVED, THROTTLING, Row

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from random import Random

    from omics_batch._faults import Fault

_VAIN: Final = 0.2
_SLOW: Final = 0.1
_KINDS: Final = list(SURVIVED.values())


@asynccontextmanager
async def client_over(transport: object, clock: Clock, **settings: Any) -> AsyncGenerator[OmicsBatchClient]:
    """Open a client whose requests all go to a double."""

    async def open_transport(**_: object) -> object:
        return transport

    client = OmicsBatchClient(clock=clock, **settings)
    with mock.patch("omics_batch._connection.open_transport", open_transport):
        await client.__aenter__()
    try:
        yield client
    finally:
        await client.close()


@dataclass(slots=True)
class Followed:
    """A batch that waits follow now, and what their looks were told of it."""

    fate: Fate
    waits: int = 0
    is_shared: bool = False
    """Whether there were ever two waits at a time."""
    dawdlers: int = 0
    """Waits that may be busy with their callback, long after their last look."""
    asked: float = 0.0
    """When the last request for it came."""
    heard: float = 0.0
    """When the last true answer to a look went out."""
    ends: list[float] = field(default_factory=list[float])
    """When looks were told that it has ended."""


class Service:
    """Stands where the transport does; it allows no lists.

    Args:
        random: What its faults depend on.
        faults: The share of requests that meet a fault.
        throttled: The share of throttling among the faults. Where it comes by chance, whatever the rate, the pacer
            sinks to a rate that this share alone decides.
    """

    region_name = "us-west-2"

    def __init__(self, random: Random, *, throttled: float, faults: float = 0.2) -> None:
        self.random = random
        self._faults = faults
        self._throttled = throttled
        self.clock = VirtualClock()
        self.followed: dict[str, Followed] = {}
        self.requests = 0
        self.met: Counter[str] = Counter()
        """How often a request met each row of the table."""
        self.gaps: Counter[int] = Counter()
        """How many minutes, rounded up, a batch that is waited for was left alone."""
        self.renewals = 0
        self.is_renewable = True
        self.closed = False
        self._numbers = iter(range(1, 10**18))

    def follow(self, *, share: bool) -> Followed:
        """Give a wait its batch: a new one, or one that others wait for."""
        if share and self.followed:
            followed = self.random.choice(list(self.followed.values()))
        else:
            born = self._born(next(self._numbers))
            followed = self.followed[born.id] = Followed(born, asked=self.clock.now())
        followed.is_shared |= followed.waits > 0
        if followed.waits == followed.dawdlers:
            followed.asked = self.clock.now()
        followed.waits += 1
        return followed

    def leave(self, followed: Followed) -> None:
        """Forget a batch that nobody waits for any more, so that the double's own memory is flat."""
        followed.waits -= 1
        if not followed.waits:
            del self.followed[followed.fate.id]

    def waits_for_credentials(self, _: str, __: float) -> None:
        """Return no fault: there are always credentials."""

    def operation(self, method: str) -> str:
        return {"get_batch": "GetBatch", "list_batch": "ListBatch"}[method]

    async def call(self, method: str, parameters: Mapping[str, Any], *, bound: float) -> Reply | Fault:
        if method == "list_batch":
            return DENIED.brings
        self.requests += 1
        followed = self.followed[parameters["batchId"]]
        now = self.clock.now()
        if not followed.dawdlers and not followed.fate.has_ended(followed.asked):
            self.gaps[int((now - followed.asked) // 60) + 1] += 1
        followed.asked = now
        is_withdrawn = followed.fate.is_withdrawn(now)
        if self.random.random() < self._faults or (is_withdrawn and followed.fate.is_silent):
            return await self._bring(self._row(), bound)
        if is_withdrawn:
            return await self._bring(followed.fate.refusal, bound)
        await self.clock.sleep(min(self.random.uniform(0, 2), bound) if self.random.random() < _SLOW else 0)
        return self._truth(followed)

    async def open(self) -> None:
        """Find credentials anew, now and then in vain."""
        self.renewals += 1
        if self.random.random() < _VAIN:
            raise CredentialsError("the source of the credentials gave no answer")

    async def close(self) -> None:
        self.closed = True

    def _born(self, number: int) -> Fate:
        return fate(self.random, number, self.clock.now())

    def _truth(self, followed: Followed) -> Reply:
        now = self.clock.now()
        task = asyncio.current_task()
        if task is not None and task.get_name().startswith("omics_batch") and "last look" not in task.get_name():
            followed.heard = now
            if followed.fate.has_ended(now):
                followed.ends.append(now)
        return Reply(followed.fate.shown(now))

    def _row(self) -> Row:
        rows = THROTTLING if self.random.random() < self._throttled else self.random.choice(_KINDS)
        return self.random.choice(rows)

    async def _bring(self, row: Row, bound: float) -> Reply | Fault:
        self.met[row.name] += 1
        await self.clock.sleep(bound if row.takes_all_the_time else self.random.choice([0.0, 0.0, 0.0, 0.2]))
        return row.brings
