"""An account of batches that a client's waits look at: by GetBatch and by ListBatch, in virtual time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from omics_batch import PollPolicy, RetryPolicy
from omics_batch.testing import Simulator
from tests.stories import Seam, client_over, document, service, shown
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence

    from omics_batch import Batch, OmicsBatchClient
    from omics_batch.testing import Fault

HALF_A_MINUTE: Final = PollPolicy(initial=30, factor=1, maximum=30)
TWO_MINUTES: Final = PollPolicy(initial=120, factor=1, maximum=120)
ONE_ATTEMPT: Final = RetryPolicy(max_attempts=1)
LIST_DENIED: Final = service("AccessDeniedException", 403)
LIST_DOWN: Final = service("InternalServerException", 500)
LISTS: Final = ["CREATING", "PENDING", "SUBMITTING", "INPROGRESS", "STOPPING"]

_LONG_AGO: Final = -1e6

Life = dict[float, str]
"""The status that a batch has from each moment on."""


def ends(moment: float, status: str = "PROCESSED") -> Life:
    """A batch that is under way until a moment."""
    return {_LONG_AGO: "INPROGRESS", moment: status}


GOES_ON: Final[Life] = {_LONG_AGO: "INPROGRESS"}


@dataclass
class Account:
    """The local HealthOmics, with the batches of a story, and what was asked of it.

    Args:
        lives: The batches by their ids.
        lag: By how many seconds lists show what was.
        failures: What a request of an operation meets instead of an answer, by its method: in turn, the last for ever.
        latency: Seconds that an answer takes.
        others: More batches, by their status.
    """

    lives: dict[str, Life]
    lag: float = 0.0
    failures: dict[str, list[Fault | None]] = field(default_factory=dict[str, list["Fault | None"]])
    latency: float = 0.0
    others: Mapping[str, Sequence[str]] = field(default_factory=dict[str, "Sequence[str]"])
    seam: Seam = field(init=False)
    _omics: Simulator = field(init=False)

    def __post_init__(self) -> None:
        self._omics = Simulator(in_process=True, clock=running_clock(), list_lag=self.lag)
        now = running_clock().now()
        self._put({batch_id: {_LONG_AGO: status} for status, ids in self.others.items() for batch_id in ids}, now)
        self._put(dict(reversed(self.lives.items())), now)

    @asynccontextmanager
    async def client(self, **settings: Any) -> AsyncGenerator[OmicsBatchClient]:
        """Open a client of the account."""
        async with self._omics:
            async with client_over(self._omics, self.meets, **settings) as (client, self.seam):
                yield client
            self._omics.forget_script()

    async def meets(self, method: str, parameters: Mapping[str, Any]) -> Fault | None:
        """Give what a request meets instead of the truth."""
        del parameters
        failures = self.failures.get(method, [None])
        failure = failures.pop(0) if len(failures) > 1 else failures[0]
        if self.latency:
            await running_clock().sleep(self.latency)
        return failure

    @property
    def sent(self) -> list[tuple[float, str, str]]:
        """Each request: when it came, its method, and the batch or the status it asked for."""
        about = [sent.get("batchId") or sent["status"] for _, sent in self.seam.sent]
        return list(zip(self.seam.at, self.seam.methods, about, strict=True))

    def asked(self, batch_id: str) -> list[float]:
        """When GetBatch was asked for a batch."""
        return [at for at, method, about in self.sent if method == "get_batch" and about == batch_id]

    @property
    def looks(self) -> list[str]:
        """The batches that GetBatch was asked for."""
        return [about for _, method, about in self.sent if method == "get_batch"]

    @property
    def pages(self) -> list[str]:
        """The statuses of which a page was listed."""
        return [about for _, method, about in self.sent if method == "list_batch"]

    def page(self, status: str, start: int = 0, *, size: int = 100, also: Sequence[Mapping[str, str]] = ()) -> Fault:
        """Give a page of those that live under a status now, as a service would whose tokens count from the first."""
        now = running_clock().now()
        listed = [batch_id for batch_id, life in self.lives.items() if _status(life, now) == status]
        items = [{"id": batch_id, "status": status} for batch_id in listed[start : start + size]]
        token = str(start + size) if start + size < len(listed) else None
        return shown({"items": [*items, *also], "nextToken": token})

    def live_on(self, batch_id: str, life: Life) -> None:
        """Give a batch another life from now on."""
        self._put({batch_id: life}, running_clock().now())

    def _put(self, lives: Mapping[str, Life], now: float) -> None:
        for batch_id, life in lives.items():
            for moment, status in life.items():
                self._omics._account.put(document(status, batch=batch_id), now + moment)


def _status(life: Life, now: float) -> str | None:
    return next((status for moment, status in reversed(life.items()) if moment <= now), None)


@asynccontextmanager
async def following(account: Account, **settings: Any) -> AsyncGenerator[OmicsBatchClient]:
    """Open a client of the account, without chance in its delays."""
    async with account.client(**{"poll": HALF_A_MINUTE, **settings}) as client:
        yield client


def cohort(number: int, life: Life | None = None) -> dict[str, Life]:
    """A number of batches with the same life; without a life they never end."""
    return {str(1000 + place): life or GOES_ON for place in range(number)}


@asynccontextmanager
async def waiting(account: Account, **settings: Any) -> AsyncGenerator[dict[str, asyncio.Task[Batch]]]:
    """Wait for every batch of an account, all from the same moment on; what still waits at the end is cancelled."""
    async with following(account, **settings) as client:
        waits = {batch_id: asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in account.lives}
        try:
            yield waits
        finally:
            await cancel_all(waits.values())


async def cancel_all(waits: Iterable[asyncio.Task[Any]]) -> None:
    tasks = list(waits)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def tasks_of_ours() -> list[str]:
    return sorted(task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("omics_batch"))
