"""What the service lists, page by page: batches, the runs of a batch, and single runs."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, TypeVar

from omics_batch._answer import Answer
from omics_batch._clock import deadline_after
from omics_batch._models import BatchListItem, RunBatchListItem
from omics_batch._reading import read_answer, unreadable
from omics_batch._runs import Run, RunListItem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping

    from omics_batch._caller import Caller
    from omics_batch._clock import Clock
    from omics_batch._faults import Fault
    from omics_batch._transport import Reply


PAGE: Final = 100
"""Items on a page: the most that the service gives."""


class Page(Answer, frozen=True):
    """What all pages have in common."""

    next_token: str | None = None


class BatchPage(Page, frozen=True):
    """A page of ListBatch."""

    items: tuple[BatchListItem, ...] = ()


class RunsInBatchPage(Page, frozen=True):
    """A page of ListRunsInBatch."""

    runs: tuple[RunBatchListItem, ...] = ()


class RunPage(Page, frozen=True):
    """A page of ListRuns."""

    items: tuple[RunListItem, ...] = ()


P = TypeVar("P", bound=Page)
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
        operation = self._caller.transport.operation(method)

        def call(page: Mapping[str, Any], read: Callable[[Reply], P | Fault]) -> Awaitable[P]:
            return self._call(method, page, read, parameters.get("batchId"))

        async with aclosing(walk(operation, model, parameters, call)) as pages:
            async for page in pages:
                for item in items(page):
                    yield item

    async def _call(
        self, method: str, parameters: Mapping[str, Any], read: Callable[[Reply], T | Fault], batch_id: str | None
    ) -> T:
        return await self._caller.call(
            method,
            parameters,
            read,
            batch_id=batch_id,
            deadline=deadline_after("timeout", self._timeout, self._clock),
            max_attempts=self._max_attempts,
        )


async def walk(
    operation: str,
    model: type[P],
    parameters: Mapping[str, Any],
    call: Callable[[Mapping[str, Any], Callable[[Reply], P | Fault]], Awaitable[P]],
) -> AsyncGenerator[P]:
    """Walk through the pages of a list.

    Args:
        operation: The AWS operation, for errors.
        model: What a page is read into.
        parameters: The parameters of each page, but for its token.
        call: Returns the page of these parameters, read by this function.
    """
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
        page = await call({**parameters, **token}, read)
        yield page
        if not page.next_token:
            return
        seen.add(page.next_token)
        token = {"startingToken": page.next_token}
