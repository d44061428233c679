"""What the service lists, page by page: batches, the runs of a batch, and single runs."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from omics_batch._answer import Answer
from omics_batch._clock import deadline_after
from omics_batch._errors import AttemptTimeoutError
from omics_batch._models import BatchListItem, RunBatchListItem
from omics_batch._plan import PAGE
from omics_batch._reading import read_answer, unreadable
from omics_batch._runs import Run, RunListItem
from omics_batch._statuses import ACTIVE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Mapping

    from omics_batch._caller import Caller
    from omics_batch._clock import Clock
    from omics_batch._faults import Fault
    from omics_batch._transport import Reply


class _Page(Answer, frozen=True):
    next_token: str | None = None


class BatchPage(_Page, frozen=True):
    """A page of ListBatch."""

    items: tuple[BatchListItem, ...] = ()


class ActiveBatch(BaseModel, frozen=True, extra="ignore"):
    """What a sweep reads of a listed batch, whatever else stands there."""

    id: str
    status: str


class ActivePage(_Page, frozen=True):
    """A page of ListBatch, as a sweep reads it."""

    items: tuple[ActiveBatch, ...] = ()


class RunsInBatchPage(_Page, frozen=True):
    """A page of ListRunsInBatch."""

    runs: tuple[RunBatchListItem, ...] = ()


class RunPage(_Page, frozen=True):
    """A page of ListRuns."""

    items: tuple[RunListItem, ...] = ()


P = TypeVar("P", bound=_Page)
T = TypeVar("T")


class Lister:
    """Walks through lists, however many pages they have.

    Args:
        caller: What sends the calls.
        clock: What their time-outs are measured on.
        timeout: Seconds for each call, retries included; None bounds each attempt alone.
        max_attempts: Attempts for each call, where not as many as the policy's.
    """

    def __init__(
        self,
        caller: Caller,
        clock: Clock,
        *,
        timeout: float | None = None,
        max_attempts: int | None = None,
    ) -> None:
        self._caller = caller
        self._clock = clock
        self._timeout = timeout
        self._max_attempts = max_attempts

    def batches(self, filters: Mapping[str, str]) -> AsyncGenerator[BatchListItem]:
        """Walk through the account's batches."""
        return self._walk("list_batch", BatchPage, lambda page: page.items, {**filters, "maxItems": PAGE})

    async def active_batches(self, *, deadline: float) -> AsyncGenerator[tuple[ActiveBatch, ...]]:
        """Walk page by page through the batches that have not ended, status by status in the order of life.

        Args:
            deadline: The moment on the clock by which all of it is over.

        Raises:
            AttemptTimeoutError: It is not over by then.
        """
        for status in ACTIVE:
            parameters = {"status": status.value, "maxItems": PAGE}
            async with aclosing(self._pages("list_batch", ActivePage, parameters, sweep_until=deadline)) as pages:
                async for page in pages:
                    yield page.items
                    if self._clock.now() >= deadline:
                        raise AttemptTimeoutError(f"the list of {status.value} batches goes on and on")

    def runs_in_batch(self, batch_id: str, filters: Mapping[str, str]) -> AsyncGenerator[RunBatchListItem]:
        """Walk through the submissions of a batch's runs."""
        parameters = {"batchId": batch_id, **filters, "maxItems": PAGE}
        return self._walk("list_runs_in_batch", RunsInBatchPage, lambda page: page.runs, parameters)

    def runs(self, batch_id: str, status: str) -> AsyncGenerator[RunListItem]:
        """Walk through the runs of a batch that have a status."""
        parameters = {"batchId": batch_id, "status": status, "maxResults": PAGE}
        return self._walk("list_runs", RunPage, lambda page: page.items, parameters)

    async def run(self, run_id: str, batch_id: str) -> Run:
        """Return one run of a batch."""

        def read(reply: Reply) -> Run | Fault:
            run = read_answer(Run, reply, "GetRun")
            if isinstance(run, Run) and run.id != run_id:
                return unreadable("GetRun", reply, f"the answer is about run {run.id}")
            return run

        return await self._call("get_run", {"id": run_id}, read, batch_id)

    async def _walk(
        self, method: str, model: type[P], items: Callable[[P], Iterable[T]], parameters: Mapping[str, Any]
    ) -> AsyncGenerator[T]:
        async with aclosing(self._pages(method, model, parameters)) as pages:
            async for page in pages:
                for item in items(page):
                    yield item

    async def _pages(
        self, method: str, model: type[P], parameters: Mapping[str, Any], *, sweep_until: float | None = None
    ) -> AsyncGenerator[P]:
        operation = self._caller.transport.operation(method)
        token: dict[str, str] = {}
        seen: set[str | None] = set()

        def read(reply: Reply) -> P | Fault:
            page = read_answer(model, reply, operation)
            if isinstance(page, model) and not (reply.request_id or page.model_fields_set & {"items", "runs"}):
                return unreadable(operation, reply, "the answer has no list, and is not marked as the service's")
            if isinstance(page, model) and page.next_token in seen:
                return unreadable(operation, reply, "the list goes in circles: a next page that was read before")
            return page

        while True:
            page = await self._call(method, {**parameters, **token}, read, parameters.get("batchId"), sweep_until)
            yield page
            if not page.next_token:
                return
            seen.add(page.next_token)
            token = {"startingToken": page.next_token}

    async def _call(
        self,
        method: str,
        parameters: Mapping[str, Any],
        read: Callable[[Reply], T | Fault],
        batch_id: str | None,
        sweep_until: float | None = None,
    ) -> T:
        is_sweep = sweep_until is not None
        if is_sweep:
            await self._caller.watching_turn(is_urgent=True)
        return await self._caller.call(
            method,
            parameters,
            read,
            batch_id=batch_id,
            deadline=sweep_until if is_sweep else deadline_after("timeout", self._timeout, self._clock),
            watching=is_sweep,
            has_turn=is_sweep,
            max_attempts=self._max_attempts,
        )
