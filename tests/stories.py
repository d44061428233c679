"""A client that is shown a list of observations, so that the test of a wait reads as its story."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeAlias

from omics_batch import OmicsBatchClient
from omics_batch._transport.attempt import LARGEST_ANSWER
from omics_batch._transport.failure import FailureStage
from omics_batch._transport.in_process import InProcess
from omics_batch.testing import Fault, Simulator, faults
from tests.virtual_time import NotingClock, running_clock

BATCH_ID = "7123456"

Observation: TypeAlias = Fault | Callable[[], Awaitable[Fault | None]] | None

Meets: TypeAlias = Callable[[str, Mapping[str, Any]], Awaitable[Fault | None]]
"""What a request meets instead of the truth, by its method and its parameters."""


def shown(document: Mapping[str, Any], status: int = 200) -> Fault:
    """The service answers with just this document."""
    return faults.body(json.dumps(document).encode(), status)


def seen(
    status: str = "INPROGRESS", /, *, completed: int = 0, failed: int = 0, batch: str = BATCH_ID, **more: Any
) -> Fault:
    """The service shows a batch of 96 runs."""
    return shown(document(status, completed=completed, failed=failed, batch=batch, **more))


def document(status: str, *, completed: int = 0, failed: int = 0, batch: str = BATCH_ID, **more: Any) -> dict[str, Any]:
    """What GetBatch answers about it."""
    runs = {"completedRunCount": completed, "failedRunCount": failed}
    return {"id": batch, "status": status, "totalRuns": 96, "runSummary": runs, **more}


def started(batch: str = BATCH_ID) -> Fault:
    """The service has started a batch."""
    return shown({"id": batch, "status": "CREATING"}, 201)


EMPTY = shown({"items": []})
"""A list without anything in it."""

ACCEPTED = shown({}, 202)

PROCESSED = seen("PROCESSED", completed=96, processedTime="2025-03-15T12:00:00Z")


def service(code: str, status: int, message: str = "") -> Fault:
    """The service answers with an error."""
    return faults.error(code, status, message)


THROTTLED = service("ThrottlingException", 429)
DENIED = service("AccessDeniedException", 403)
NOT_FOUND = service("ResourceNotFoundException", 404)
OUTAGE = service("InternalServerException", 500)


_FAILURES: Final = {
    FailureStage.CONNECTION: faults.reset(),
    FailureStage.TIMEOUT: faults.unanswered(),
    FailureStage.UNREADABLE: faults.huge(2 * LARGEST_ANSWER),
    FailureStage.REDIRECT: faults.redirected(307, "https://portal.example.org/"),
    FailureStage.CREDENTIALS: faults.expired_token(),
}


def failing_at(kind: FailureStage) -> Fault:
    """No answer came at all."""
    return _FAILURES[kind]


@dataclass
class Seam:
    """What a client sends, as it leaves the client, and what its requests meet instead of the truth."""

    omics: Simulator
    meets: Meets
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    bounds: list[float] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    opened: int = 1
    closed: bool = False

    @property
    def calls(self) -> int:
        return len(self.bounds)

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.sent]

    @property
    def asked(self) -> list[str]:
        return [parameters.get("batchId", "") for _, parameters in self.sent]

    def follow(self, client: OmicsBatchClient) -> None:
        """Take part in what goes through a client's transport from now on."""
        transport = client._opened().caller.transport
        assert isinstance(transport, InProcess)
        call, renew, close = transport.call, transport.open, transport.close

        async def noted(method: str, parameters: Mapping[str, Any], *, bound: float) -> Any:
            self.sent.append((method, dict(parameters)))
            self.bounds.append(round(bound, 6))
            self.at.append(running_clock().now())
            if (fault := await self.meets(method, parameters)) is not None:
                self.omics.script(replace(fault, operation=transport.operation(method)))
            return await call(method, parameters, bound=bound)

        async def opened() -> None:
            await renew()
            self.opened += 1

        async def closed() -> None:
            await close()
            self.closed = True

        vars(transport).update(call=noted, open=opened, close=closed)


@dataclass
class Observations:
    """What requests meet in turn, the last for ever, by the method; None is the truth."""

    by_method: dict[str, list[Observation]]

    async def __call__(self, method: str, _: Mapping[str, Any]) -> Fault | None:
        observations = self.by_method.get(method, [None])
        observation = observations.pop(0) if len(observations) > 1 else observations[0]
        return await observation() if callable(observation) else observation


@dataclass
class Story:
    """A client, what it is shown, and the clock it lives by."""

    client: OmicsBatchClient
    transport: Seam
    clock: NotingClock

    @property
    def sleeps(self) -> list[float]:
        return self.clock.completed


@asynccontextmanager
async def client_over(omics: Simulator, meets: Meets, **settings: Any) -> AsyncGenerator[tuple[OmicsBatchClient, Seam]]:
    """Open a client of a simulator in process, without chance in its delays, whose requests meet what is given."""
    settings = {"clock": running_clock(), "random": lambda: 0.5, "region_name": "us-west-2", **settings}
    async with OmicsBatchClient(endpoint_url=omics.endpoint_url, **settings) as client:
        seam = Seam(omics, meets)
        seam.follow(client)
        yield client, seam


@asynccontextmanager
async def telling(
    *observations: Observation, others: Mapping[str, Sequence[Observation]] | None = None, **settings: Any
) -> AsyncGenerator[Story]:
    """Open a client that GetBatch shows these observations, and other operations what `others` has by their methods."""
    by_method = {method: list(answers) for method, answers in {**(others or {}), "get_batch": observations}.items()}
    async with Simulator(in_process=True, clock=running_clock()) as omics:
        async with client_over(omics, Observations(by_method), **settings) as (client, seam):
            yield Story(client, seam, running_clock())
        omics.forget_script()


def repeated(observation: Fault, times: int) -> Iterable[Fault]:
    """The same, several times."""
    return [observation] * times
