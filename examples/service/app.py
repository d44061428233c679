"""A service that shows run batches: one as JSON, its progress as server-sent events, and a page that draws them.

    uvicorn --app-dir examples/service app:app

Region and credentials are found as everywhere in AWS. It has no login of its own: put it behind a proxy that has one.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, ClassVar, Final, Self, TypedDict

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, computed_field
from pydantic.alias_generators import to_camel

from omics_batch import (
    Batch,
    BatchStatus,
    ClientClosedError,
    FailedRun,
    OmicsBatchClient,
    OmicsBatchError,
    Outcome,
    Party,
    Progress,
    ResourceNotFoundError,
)

STATIC: Final = Path(__file__).parent / "static"

HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""The page runs its own script, and none that a batch's name might smuggle in."""

RECONNECT_AFTER: Final = 2000
"""Milliseconds until a browser that has lost the stream of events asks for it again."""

SHOWN: Final = 100
"""The most failed samples that are listed: each costs two calls."""

KEPT: Final = 60
"""Seconds for which such a list is kept once the batch has ended."""

log = logging.getLogger(__name__)


class BatchAnswer(Batch, frozen=True):
    """A batch in HealthOmics' own names, and beside them what follows from its counts and times."""

    outcome: ClassVar[Any] = computed_field(return_type=Outcome)(Batch.outcome)
    percent_complete: ClassVar[Any] = computed_field(return_type=float)(Batch.percent_complete)
    duration: ClassVar[Any] = computed_field(return_type=timedelta | None)(Batch.duration)

    @classmethod
    def of(cls, batch: Batch) -> Self:
        """Answer with a batch; what HealthOmics left out stays out."""
        return cls.model_validate(batch.model_dump())


class Look(BaseModel, alias_generator=to_camel, populate_by_name=True):
    """How far a batch is, for a page to draw; spelled as HealthOmics spells, like the other answers."""

    batch_id: str
    name: str | None
    status: BatchStatus
    outcome: Outcome
    failure_reason: str | None
    total_runs: int | None
    failed_runs: int
    run_counts: dict[str, int]
    counts_are_final: bool
    percent_submitted: float
    percent_complete: float
    runs_per_hour: float | None
    seconds_left: float | None

    @classmethod
    def at(cls, batch: Batch, progress: Progress) -> Self:
        """Look at a batch that `progress` has just seen."""
        left = progress.remaining
        return cls(
            batch_id=batch.id,
            name=batch.name,
            status=batch.status,
            outcome=batch.outcome,
            failure_reason=batch.failure_reason,
            total_runs=batch.total_runs,
            failed_runs=batch.failed_run_count,
            run_counts=batch.run_counts,
            counts_are_final=batch.counts_are_final,
            percent_submitted=progress.percent_submitted,
            percent_complete=progress.percent_complete,
            runs_per_hour=progress.runs_per_hour,
            seconds_left=None if left is None else left.total_seconds(),
        )


class Trouble(BaseModel):
    """Why there is no answer."""

    STATUSES: ClassVar = {
        Party.MACHINE: 500,
        Party.OWN_QUEUE: 503,
        Party.NETWORK: 504,
        Party.IN_BETWEEN: 502,
        Party.SERVICE: 503,
    }

    status: int
    detail: str

    @classmethod
    def of(cls, error: OmicsBatchError) -> Self:
        """Say what callers can fix; what only this service's operators can goes to their log."""
        if isinstance(error, ResourceNotFoundError):
            return cls(status=404, detail=f"There is no batch {error.batch_id} in this account and region.")
        if error.fault is Party.CALLER:
            return cls(status=422, detail="A batch is named by 1 to 18 digits, such as 7123456.")
        log.warning("batch %s: %s", error.batch_id, error)
        status = cls.STATUSES[error.fault]
        return cls(status=status, detail="The service could not get this from HealthOmics. Its log says why.")


class FailedRuns:
    """The lists of samples that failed: made once for all pages that ask for one, whenever they come."""

    def __init__(self, omics: OmicsBatchClient) -> None:
        self._omics = omics
        self._lists: dict[str, asyncio.Task[list[FailedRun]]] = {}

    async def of(self, batch_id: str) -> list[FailedRun]:
        """Give the first samples of a batch that failed, and why."""
        if batch_id not in self._lists:
            self._lists[batch_id] = asyncio.create_task(self._list(batch_id))
        return await asyncio.shield(self._lists[batch_id])  # who leaves takes nothing from the others

    async def _list(self, batch_id: str) -> list[FailedRun]:
        kept = 0
        try:
            batch = await self._omics.get_batch(batch_id, timeout=10)
            found: list[FailedRun] = []
            async with aclosing(self._omics.failed_runs(batch, timeout=10)) as runs:
                async for run in runs:
                    found.append(run)
                    if len(found) == SHOWN:
                        break
            kept = KEPT if batch.is_terminal else 0  # before its end there may be more at any moment
            return found
        finally:
            asyncio.get_running_loop().call_later(kept, self._lists.pop, batch_id)


class State(TypedDict):
    """What lives as long as the service."""

    omics: OmicsBatchClient
    failed_runs: FailedRuns


def omics_of(request: Request) -> OmicsBatchClient:
    """Give the one client of all requests."""
    client: OmicsBatchClient = request.state.omics
    return client


def failed_runs_of(request: Request) -> FailedRuns:
    """Give the lists that all requests share."""
    lists: FailedRuns = request.state.failed_runs
    return lists


Omics = Annotated[OmicsBatchClient, Depends(omics_of)]


async def updates_of(batch_id: str, omics: Omics) -> AsyncIterator[AsyncGenerator[Batch]]:
    """Watch a batch until it has ended, or the browser has left: then the watching is closed."""
    async with aclosing(omics.watch(batch_id)) as updates:
        yield updates


async def answer_trouble(_: Request, error: Exception) -> JSONResponse:
    """Turn what went wrong with HealthOmics into an answer of HTTP."""
    assert isinstance(error, OmicsBatchError)  # by the registration of the handler
    trouble = Trouble.of(error)
    return JSONResponse(trouble.model_dump(), trouble.status)


router = APIRouter()


@router.get("/batches/{batch_id}")
async def get_batch(batch_id: str, omics: Omics) -> BatchAnswer:
    """Give a batch as it stands now, and how far it is."""
    return BatchAnswer.of(await omics.get_batch(batch_id, timeout=10))


@router.get("/batches/{batch_id}/failed-runs")
async def get_failed_runs(batch_id: str, lists: Annotated[FailedRuns, Depends(failed_runs_of)]) -> list[FailedRun]:
    """Give the first samples that failed, and why."""
    return await lists.of(batch_id)


@router.get("/batches/{batch_id}/events", response_class=EventSourceResponse)
async def follow(
    updates: Annotated[AsyncGenerator[Batch], Depends(updates_of)],
) -> AsyncIterator[ServerSentEvent]:
    """Send each change until the batch has ended (`end`), or cannot be watched any more (`trouble`).

    The browser asks again by itself when the stream breaks, and FastAPI keeps a silent one alive.
    """
    yield ServerSentEvent(retry=RECONNECT_AFTER)
    progress = Progress()
    try:
        async for batch in updates:
            progress.see(batch)
            name = "end" if batch.is_terminal else "progress"
            yield ServerSentEvent(event=name, data=Look.at(batch, progress).model_dump(by_alias=True))
    except ClientClosedError:
        return  # the service is being stopped: the browser asks the next one
    except OmicsBatchError as error:
        yield ServerSentEvent(event="trouble", data=Trouble.of(error))  # `error` is the browser's own


class Pages(StaticFiles):
    """The page `/?batch=7123456` and what it loads."""

    def file_response(self, *arguments: Any, **settings: Any) -> Response:  # noqa: ANN401 - Starlette's own
        """Give a file with the headers that keep the page safe."""
        response = super().file_response(*arguments, **settings)
        response.headers.update(HEADERS)
        return response


def create_app(new_client: Callable[[], OmicsBatchClient] = OmicsBatchClient) -> FastAPI:
    """Make the service.

    Args:
        new_client: Makes the client of HealthOmics, when the service starts.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[State]:
        async with new_client() as client:
            client.close_at_signals()
            yield {"omics": client, "failed_runs": FailedRuns(client)}

    app = FastAPI(title="Run batches", lifespan=lifespan)
    app.include_router(router)
    app.add_exception_handler(OmicsBatchError, answer_trouble)
    app.mount("/", Pages(directory=STATIC, html=True))
    return app


app = create_app()
