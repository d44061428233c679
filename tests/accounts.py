"""An account of batches that a client's waits look at: by GetBatch and by ListBatch, in virtual time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from omics_batch import PollPolicy, RetryPolicy
from omics_batch._transport import Reply
from tests.stories import client_over, seen, service
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping

    from omics_batch import Batch, OmicsBatchClient
    from omics_batch._faults import Fault

HALF_A_MINUTE: Final = PollPolicy(initial=30, factor=1, maximum=30)
ONE_ATTEMPT: Final = RetryPolicy(max_attempts=1)
LIST_DENIED: Final = service("AccessDeniedException", 403, "ListBatch")
LIST_DOWN: Final = service("InternalServerException", 500, "ListBatch")
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
    """The service, where a transport stands: what its batches show, and what was asked of it.

    Args:
        lives: The batches by their ids.
        lag: By how many seconds lists show what was.
        troubles: What a request of an operation meets instead of an answer, by its method: in turn, the last for ever.
        page: How many batches a page of a list has.
        latency: Seconds that an answer takes.
    """

    lives: dict[str, Life]
    lag: float = 0.0
    troubles: dict[str, list[Fault | None]] = field(default_factory=dict[str, list["Fault | None"]])
    page: int = 100
    latency: float = 0.0
    others: Mapping[str, list[dict[str, str]]] = field(default_factory=dict[str, list[dict[str, str]]])
    """More items of a list, by its status."""
    region_name: str = "us-west-2"
    is_renewable: bool = False
    sent: list[tuple[float, str, str]] = field(default_factory=list)
    """Each request: when it came, its method, and the batch or the status it asked for."""

    def waits_for_credentials(self, _: str, __: float) -> None:
        """Return no fault: there are always credentials."""

    def operation(self, method: str) -> str:
        return "".join(word.capitalize() for word in method.split("_"))

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

    async def call(self, method: str, parameters: Mapping[str, Any], *, bound: float) -> Reply | Fault:
        now = running_clock().now()
        self.sent.append((now, method, parameters.get("batchId") or parameters["status"]))
        trouble = self._trouble(method)
        if self.latency:
            await running_clock().sleep(min(self.latency, bound))
        if trouble is not None:
            return trouble
        if method == "get_batch":
            batch_id = parameters["batchId"]
            return seen(self.status(batch_id, running_clock().now()), batch=batch_id)
        return self.listed(parameters["status"], int(parameters.get("startingToken", 0)))

    def status(self, batch_id: str, now: float) -> str:
        return [status for moment, status in self.lives[batch_id].items() if moment <= now][-1]

    def listed(self, status: str, start: int) -> Reply:
        now = running_clock().now() - self.lag
        items = [{"id": batch_id, "status": status} for batch_id in self.lives if self._was(batch_id, now) == status]
        items += self.others.get(status, [])
        document: dict[str, Any] = {"items": items[start : start + self.page]}
        if len(items) > start + self.page:
            document["nextToken"] = str(start + self.page)
        return Reply(None, document)

    async def open(self) -> None:
        raise AssertionError("nothing is to be renewed")

    async def close(self) -> None:
        """Nothing is open."""

    def _trouble(self, method: str) -> Fault | None:
        troubles = self.troubles.get(method, [None])
        return troubles.pop(0) if len(troubles) > 1 else troubles[0]

    def _was(self, batch_id: str, now: float) -> str | None:
        return self.status(batch_id, now) if now >= min(self.lives[batch_id]) else None


@asynccontextmanager
async def following(account: Account, **settings: Any) -> AsyncGenerator[OmicsBatchClient]:
    """Open a client of the account, without chance in its delays."""
    settings.setdefault("random", lambda: 0.5)
    settings.setdefault("poll", HALF_A_MINUTE)
    async with client_over(account, running_clock(), **settings) as client:
        yield client


def cohort(number: int, life: Life | None = None) -> dict[str, Life]:
    """So many batches of one life, which go on for ever if none is given."""
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
