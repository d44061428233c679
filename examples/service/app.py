"""A service that shows run batches: one as JSON, its progress as server-sent events, and a page that draws them.

    uvicorn --app-dir examples/service app:app --timeout-graceful-shutdown 3

Region and credentials are found as everywhere in AWS. It asks nobody who they are: put it behind what does.
"""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Annotated, Final, Self, TypedDict

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.responses import FileResponse, JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

from omics_batch import (
    AttemptTimeoutError,
    Batch,
    BatchStatus,
    ClientClosedError,
    FailedRun,
    InvalidInputError,
    OmicsBatchClient,
    OmicsBatchError,
    Outcome,
    Progress,
    RequestTimeoutError,
    ResourceNotFoundError,
    ThrottlingError,
)

STATIC: Final = Path(__file__).parent / "static"

PAGE_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
"""The page runs its own script, and none that a batch's name might smuggle in."""

RECONNECT_AFTER: Final = 2000
"""Milliseconds until a browser that has lost the stream of events asks for it again."""

log = logging.getLogger(__name__)


class State(TypedDict):
    """What lives as long as the service."""

    omics: OmicsBatchClient


class Look(BaseModel):
    """How far a batch is, for a page to draw."""

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

    status: int
    detail: str

    @classmethod
    def of(cls, error: OmicsBatchError) -> Self:
        """Say what callers can mend; what only this service's operators can goes to their log."""
        match error:
            case InvalidInputError():
                return cls(status=422, detail=str(error))
            case ResourceNotFoundError():
                return cls(status=404, detail=f"There is no batch {error.batch_id} in this account and region.")
            case ThrottlingError():
                status = 503
            case AttemptTimeoutError() | RequestTimeoutError():
                status = 504
            case _:
                status = 502
        log.warning("batch %s: %s", error.batch_id, error)
        return cls(status=status, detail="HealthOmics does not answer this service. Its log says why.")


def omics_of(request: Request) -> OmicsBatchClient:
    """Give the one client of all requests."""
    client: OmicsBatchClient = request.state.omics
    return client


Omics = Annotated[OmicsBatchClient, Depends(omics_of)]


async def updates_of(batch_id: str, omics: Omics) -> AsyncIterator[AsyncGenerator[Batch]]:
    """Watch a batch until it has ended, or the browser has left: then the watching is closed."""
    async with aclosing(omics.watch(batch_id)) as updates:
        yield updates


async def answer_trouble(_: Request, error: Exception) -> JSONResponse:
    """Turn what went wrong with HealthOmics into an answer of HTTP."""
    assert isinstance(error, OmicsBatchError)  # noqa: S101 - by the handler's registration
    trouble = Trouble.of(error)
    return JSONResponse(trouble.model_dump(), trouble.status)


router = APIRouter()


@router.get("/", include_in_schema=False)
async def show_page() -> FileResponse:
    """Give the page; which batch it shows is in its own address: `/?batch=7123456`."""
    return FileResponse(STATIC / "page.html", headers=PAGE_HEADERS)


@router.get("/batches/{batch_id}")
async def get_batch(batch_id: str, omics: Omics) -> Batch:
    """Give a batch as it stands now, in the service's own names."""
    return await omics.get_batch(batch_id, timeout=10)


@router.get("/batches/{batch_id}/failed-runs")
async def get_failed_runs(
    batch_id: str, omics: Omics, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> list[FailedRun]:
    """Give the first samples that failed, and why."""
    async with aclosing(omics.failed_runs(batch_id)) as runs:
        found: list[FailedRun] = []
        async for run in runs:
            found.append(run)
            if len(found) == limit:
                break
        return found


@router.get("/batches/{batch_id}/events", response_class=EventSourceResponse)
async def follow(
    updates: Annotated[AsyncGenerator[Batch], Depends(updates_of)],
) -> AsyncIterator[ServerSentEvent]:
    """Tell of each change until the batch has ended (`end`), or cannot be watched any more (`trouble`).

    The browser asks again by itself when the stream breaks, and FastAPI keeps a silent one alive.
    """
    yield ServerSentEvent(retry=RECONNECT_AFTER)
    progress = Progress()
    try:
        async for batch in updates:
            progress.see(batch)
            name = "end" if batch.is_terminal else "progress"
            yield ServerSentEvent(event=name, data=Look.at(batch, progress))
    except ClientClosedError:
        return  # the service is being stopped: the browser asks the next one
    except OmicsBatchError as error:
        yield ServerSentEvent(event="trouble", data=Trouble.of(error))  # `error` is the browser's own


def create_app(new_client: Callable[[], OmicsBatchClient] = OmicsBatchClient) -> FastAPI:
    """Make the service.

    Args:
        new_client: Makes the client of HealthOmics, when the service starts.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[State]:
        async with new_client() as client:
            yield {"omics": client}

    app = FastAPI(title="Run batches", lifespan=lifespan)
    app.include_router(router)
    app.add_exception_handler(OmicsBatchError, answer_trouble)
    app.mount("/static", StaticFiles(directory=STATIC))
    return app


app = create_app()
