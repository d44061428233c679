"""Pages of ListBatch and ListRunsInBatch."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final, TypeVar

from omics_batch._api.response import read_answer, unreadable
from omics_batch._models.base import ResponseModel, given
from omics_batch._models.batch import BatchListItem, RunBatchListItem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping

    from omics_batch._api.call import OperationCaller
    from omics_batch._transport.attempt import Response
    from omics_batch._transport.failure import CallFailure


PAGE: Final = 100
"""Items on a page: the most that the service gives."""


class Page(ResponseModel, frozen=True, defer_build=True, use_attribute_docstrings=False):
    """What all pages have in common.

    Its docstrings are not used as descriptions: no schema shows pages, and pydantic would inspect each loaded module.
    """

    next_token: str | None = None


class BatchPage(Page, frozen=True, defer_build=True):
    """A page of ListBatch."""

    items: tuple[BatchListItem | None, ...] | None = None


class RunsInBatchPage(Page, frozen=True, defer_build=True):
    """A page of ListRunsInBatch."""

    runs: tuple[RunBatchListItem | None, ...] | None = None


P = TypeVar("P", bound=Page)
T = TypeVar("T")


class Paginator:
    """Reads lists page by page.

    Args:
        caller: Sends the calls.
        timeout: Seconds for each call, retries included; None bounds each attempt alone.
        max_attempts: Attempts for each call; None for the policy's.
    """

    def __init__(
        self,
        caller: OperationCaller,
        *,
        timeout: float | None = None,
        max_attempts: int | None = None,
    ) -> None:
        self._caller = caller
        self._timeout = timeout
        self._max_attempts = max_attempts

    def batches(self, filters: Mapping[str, str]) -> AsyncGenerator[BatchListItem]:
        """Walk through the account's batches."""
        return self.walk("list_batch", BatchPage, lambda page: page.items, {**filters, "maxItems": PAGE})

    def runs_in_batch(self, batch_id: str, filters: Mapping[str, str]) -> AsyncGenerator[RunBatchListItem]:
        """Walk through the submissions of a batch's runs."""
        parameters = {"batchId": batch_id, **filters, "maxItems": PAGE}
        return self.walk("list_runs_in_batch", RunsInBatchPage, lambda page: page.runs, parameters)

    async def walk(
        self,
        method: str,
        model: type[P],
        items: Callable[[P], Iterable[T | None] | None],
        parameters: Mapping[str, Any],
    ) -> AsyncGenerator[T]:
        """Walk through the items of all pages of a list.

        Args:
            method: The operation as aiobotocore's client names it, such as `list_batch`.
            model: What a page is read into.
            items: Returns the items of a page.
            parameters: The parameters of each page, without its token.
        """
        operation = self._caller.transport.operation(method)

        def call(page: Mapping[str, Any], read: Callable[[Response], P | CallFailure]) -> Awaitable[P]:
            return self.call(method, page, read, parameters.get("batchId"))

        async with aclosing(walk(operation, model, parameters, call)) as pages:
            async for page in pages:
                for item in given(items(page)):
                    yield item

    async def call(
        self,
        method: str,
        parameters: Mapping[str, Any],
        read: Callable[[Response], T | CallFailure],
        batch_id: str | None,
    ) -> T:
        """Return what `read` makes of the answer to one call.

        Args:
            method: The operation as aiobotocore's client names it, such as `list_batch`.
            parameters: Its parameters, in the service's own names.
            read: Returns the caller's object from the response, or a failure.
            batch_id: The batch this is about, for errors.
        """
        return await self._caller.call(
            method,
            parameters,
            read,
            batch_id=batch_id,
            within=self._timeout,
            max_attempts=self._max_attempts,
        )


async def walk(
    operation: str,
    model: type[P],
    parameters: Mapping[str, Any],
    call: Callable[[Mapping[str, Any], Callable[[Response], P | CallFailure]], Awaitable[P]],
) -> AsyncGenerator[P]:
    """Walk through the pages of a list.

    Args:
        operation: The AWS operation, for errors.
        model: What a page is read into.
        parameters: The parameters of each page, without its token.
        call: Sends these parameters, and returns the page that the given function reads from the response.
    """
    token: dict[str, str] = {}
    seen: set[str | None] = set()

    def read(response: Response) -> P | CallFailure:
        page = read_answer(model, response, operation)
        if isinstance(page, model) and not (response.request_id or page.model_fields_set & {"items", "runs"}):
            return unreadable(operation, response, "the answer has no list, and is not marked as the service's")
        if isinstance(page, model) and page.next_token in seen:
            return unreadable(operation, response, "the list goes in circles: a next page that was read before")
        return page

    while True:
        page = await call({**parameters, **token}, read)
        yield page
        if not page.next_token:
            return
        seen.add(page.next_token)
        token = {"startingToken": page.next_token}
