"""A client that is shown a list of observations, so that the test of a wait reads as its story."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from unittest import mock

from omics_batch import Clock, OmicsBatchClient
from omics_batch._faults import Fault, Trouble
from omics_batch._transport import Reply
from tests.virtual_time import JumpingClock, running_clock

BATCH_ID = "7123456"

Observation: TypeAlias = Reply | Fault | Callable[[], Awaitable[Reply | Fault]]


def seen(
    status: str = "INPROGRESS", /, *, completed: int = 0, failed: int = 0, batch: str = BATCH_ID, **more: Any
) -> Reply:
    """The service shows a batch of 96 runs."""
    runs = {"completedRunCount": completed, "failedRunCount": failed}
    return Reply(None, {"id": batch, "status": status, "totalRuns": 96, "runSummary": runs, **more})


def started(batch: str = BATCH_ID) -> Reply:
    """The service has started a batch."""
    return Reply(None, {"id": batch, "status": "CREATING"}, 201)


EMPTY = Reply(None, {"items": []})
"""A list without anything in it."""

ACCEPTED = Reply(b"{}", status=202)

PROCESSED = seen("PROCESSED", completed=96, processedTime="2025-03-15T12:00:00Z")


def service(code: str, status: int, operation: str = "GetBatch", **more: Any) -> Fault:
    """The service answers with an error."""
    detail = f"{code} (HTTP {status})"
    return Fault(trouble=Trouble.SERVICE, operation=operation, detail=detail, code=code, status=status, **more)


THROTTLED = service("ThrottlingException", 429)
DENIED = service("AccessDeniedException", 403)
NOT_FOUND = service("ResourceNotFoundException", 404)
OUTAGE = service("InternalServerException", 500)


def trouble(kind: Trouble, operation: str = "GetBatch") -> Fault:
    """No answer came at all."""
    return Fault(trouble=kind, operation=operation, detail=kind.name.lower())


@dataclass
class Transport:
    """Shows the observations in turn, the last one for ever, and notes the bound of each attempt.

    They are GetBatch's answers; `others` has those of other operations, by their methods.
    """

    observations: list[Observation]
    others: dict[str, list[Observation]] = field(default_factory=dict)
    region_name: str = "us-west-2"
    bounds: list[float] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    opened: int = 1
    is_renewable: bool = True
    closed: bool = False

    @property
    def calls(self) -> int:
        return len(self.bounds)

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.sent]

    def waits_for_credentials(self, _: str, __: float) -> None:
        """Return no fault: there are always credentials."""

    def operation(self, method: str) -> str:
        return "".join(word.capitalize() for word in method.split("_"))

    async def call(self, method: str, parameters: Mapping[str, Any], *, bound: float) -> Reply | Fault:
        self.sent.append((method, dict(parameters)))
        self.bounds.append(round(bound, 6))
        self.asked.append(parameters.get("batchId", ""))
        self.at.append(running_clock().now())
        observations = self.observations if method == "get_batch" else self.others[method]
        observation = observations.pop(0) if len(observations) > 1 else observations[0]
        return await observation() if callable(observation) else observation

    async def open(self) -> None:
        self.opened += 1

    async def close(self) -> None:
        self.closed = True


@dataclass
class Story:
    """A client, what it is shown, and the clock it lives by."""

    client: OmicsBatchClient
    transport: Transport
    clock: JumpingClock

    @property
    def sleeps(self) -> list[float]:
        return self.clock.completed


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


@asynccontextmanager
async def telling(
    *observations: Observation, others: Mapping[str, list[Observation]] | None = None, **settings: Any
) -> AsyncGenerator[Story]:
    """Open a client that is shown these observations, without chance in its delays."""
    transport = Transport(list(observations), {method: list(answers) for method, answers in (others or {}).items()})
    settings.setdefault("random", lambda: 0.5)
    async with client_over(transport, running_clock(), **settings) as client:
        yield Story(client, transport, running_clock())


def repeated(observation: Observation, times: int) -> Iterable[Observation]:
    """The same, several times."""
    return [observation] * times
