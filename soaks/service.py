"""The simulator, the batches that waits are for, and the faults that requests meet by chance."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from omics_batch import CredentialsError, OmicsBatchClient
from omics_batch.testing import Fault, Simulator, VirtualClock, faults
from soaks.batches import Placed, drawn, place
from soaks.failures import DENIED, SURVIVED, THROTTLING, delayed, edited

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from random import Random

    from omics_batch import Clock

LAG: Final = 10.0
"""Seconds by which lists show what was."""
_VAIN: Final = 0.2
_SLOW: Final = 0.1
_KINDS: Final = list(SURVIVED.values())
_REQUESTS_KEPT: Final = 1000


@dataclass(slots=True)
class Followed:
    """A batch that waits follow now, and what the answers to their looks said."""

    fate: Placed
    waits: int = 0
    is_shared: bool = False
    """Whether there were ever two waits at a time."""
    dawdlers: int = 0
    """Waits that may be busy with their callback, long after their last look."""
    asked: float = 0.0
    """When the last request for it came."""
    last_contact: float = 0.0
    """When the last true answer to a look went out."""
    ends: list[float] = field(default_factory=list[float])
    """When looks were answered that it has ended."""


class Service:
    """The service, which denies all lists.

    Args:
        random: What its faults depend on.
        faults: The share of requests that meet a fault.
        throttled: The share of throttling among the faults. Where it comes by chance, whatever the rate, the client
            sinks to a rate that this share alone decides.
    """

    def __init__(self, random: Random, *, throttled: float, faults: float = 0.2) -> None:
        self.random = random
        self._faults = faults
        self._throttled = throttled
        self.omics = Simulator(in_process=True, clock=VirtualClock(), list_lag=LAG, faults=self._meets)
        self.followed: dict[str, Followed] = {}
        self.asked_for: Counter[str] = Counter()
        """How many requests came, by operation."""
        self.met: Counter[str] = Counter()
        """How often a request for a batch met each row of the table."""
        self.gaps: Counter[int] = Counter()
        """How many minutes, rounded up, a batch that is waited for was left alone."""
        self.renewals = 0

    @property
    def clock(self) -> Clock:
        return self.omics.clock

    @asynccontextmanager
    async def client(self, **settings: Any) -> AsyncGenerator[OmicsBatchClient]:
        """Open a client, which looks for its credentials at times in vain."""
        async with OmicsBatchClient(
            region_name=self.omics.region_name, endpoint_url=self.omics.endpoint_url, clock=self.clock, **settings
        ) as client:
            transport = client._opened().caller.transport
            open_again = transport.open

            async def renew() -> None:
                self._look_for_credentials()
                await open_again()

            vars(transport).update(open=renew)
            yield client

    def follow(self, *, share: bool) -> Followed:
        """Give a wait its batch: a new one, or one that others wait for."""
        if share and self.followed:
            followed = self.random.choice(list(self.followed.values()))
        else:
            placed = self._born()
            followed = self.followed[placed.id] = Followed(placed, asked=self.clock.now())
        followed.is_shared |= followed.waits > 0
        if followed.waits == followed.dawdlers:
            followed.asked = self.clock.now()
        followed.waits += 1
        return followed

    def leave(self, followed: Followed) -> None:
        """Remove a batch that no wait is for any more, so that the memory is flat."""
        followed.waits -= 1
        if not followed.waits:
            del self.followed[followed.fate.id]
            self._left(followed.fate)

    def _left(self, placed: Placed) -> None:
        self.omics.remove_batch(placed.id)

    def _born(self) -> Placed:
        return place(self.omics, drawn(self.random))

    def _look_for_credentials(self) -> None:
        """Find credentials, now and then in vain."""
        self.renewals += 1
        if self.random.random() < _VAIN:
            raise CredentialsError("the source of the credentials gave no answer")

    def _meets(self, operation: str, members: Mapping[str, Any]) -> Fault:
        """Give what a request meets."""
        self.asked_for[operation] += 1
        if self.asked_for.total() % _REQUESTS_KEPT == 0:
            self.omics.forget_requests()
        return self._meets_list(members) if operation == "ListBatch" else self._meets_look(members["batchId"])

    def _meets_list(self, members: Mapping[str, Any]) -> Fault:
        return DENIED

    def _meets_look(self, batch_id: str) -> Fault:
        followed = self.followed.get(batch_id)
        if followed is None:
            return faults.answered()
        now, placed = self.clock.now(), followed.fate
        if not followed.dawdlers and not placed.has_ended(followed.asked):
            self.gaps[int((now - followed.asked) // 60) + 1] += 1
        followed.asked = now
        is_withdrawn = placed.is_withdrawn(now)
        if self.random.random() < self._faults or (is_withdrawn and placed.is_silent):
            return self._noted(self._row())
        if is_withdrawn:
            return self._noted(placed.fate.refusal)
        return self._at_leisure(edited(partial(self._answered, followed)))

    def _answered(self, followed: Followed, answer: bytes) -> bytes:
        """Note that a look got a true answer."""
        now = self.clock.now()
        task = asyncio.current_task()
        if task is not None and task.get_name().startswith("omics_batch") and "last look" not in task.get_name():
            followed.last_contact = now
            if followed.fate.has_ended(now):
                followed.ends.append(now)
        return answer

    def _row(self) -> Fault:
        rows = THROTTLING if self.random.random() < self._throttled else self.random.choice(_KINDS)
        return self.random.choice(rows)

    def _noted(self, row: Fault) -> Fault:
        self.met[row.name] += 1
        return self._delayed(row)

    def _delayed(self, row: Fault) -> Fault:
        return delayed(0.2, row) if self.random.random() < 0.25 else row  # as long as an answer takes

    def _at_leisure(self, answer: Fault) -> Fault:
        return delayed(self.random.uniform(0, 2), answer) if self.random.random() < _SLOW else answer
