"""Reading the lists of all batches that have not ended, instead of GetBatch for each."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

import omics_batch
from omics_batch._api.pagination import PAGE, Page, walk
from omics_batch._errors import AccessDeniedError, OmicsBatchError, ServiceError, ValidationError
from omics_batch._models.base import given
from omics_batch._models.enums import ACTIVE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from omics_batch._api.call import OperationCaller
    from omics_batch._transport.attempt import Response
    from omics_batch._transport.failure import CallFailure

_TRIES: Final = 3
"""Calls for one page, of several attempts each: one failed page must not end a scan of a hundred pages."""
_A_MINUTE: Final = 60.0
"""Seconds that each of these calls may take, retries included."""


class ActiveBatch(BaseModel, frozen=True, extra="ignore", defer_build=True):
    """The fields of a listed batch that a scan reads; others are ignored."""

    id: str | None = None
    status: str | None = None


class ActivePage(Page, frozen=True, defer_build=True, cache_strings="keys"):
    """A page of ListBatch, as a scan reads it. Its ids do not go into pydantic's cache of strings, which keeps them."""

    items: tuple[ActiveBatch | None, ...] | None = None


async def scan_lists(
    caller: OperationCaller, survives: Callable[[OmicsBatchError], bool]
) -> AsyncGenerator[tuple[ActiveBatch, ...]]:
    """Read the lists page by page, status by status in the order of life.

    Args:
        caller: Sends the calls; each page takes an urgent turn of the waits.
        survives: Whether an error is an outage. After an outage, or a refusal that may concern this page only, the
            page is requested again.

    Raises:
        OmicsBatchError: A page cannot be read.
    """
    pages_read = 0

    def page_failed(error: OmicsBatchError, *, is_requested_again: bool) -> None:
        kind, message = type(error), error.problem
        caller.events.emit(
            "ListPageFailed",
            lambda now: omics_batch.ListPageFailed(
                time=now, error=kind, message=message, is_requested_again=is_requested_again
            ),
        )

    async def call(parameters: Mapping[str, Any], read: Callable[[Response], ActivePage | CallFailure]) -> ActivePage:
        tries = 0
        while True:
            await caller.watching_turn(is_urgent=True, method="list_batch")
            tries += 1
            try:
                return await caller.call(
                    "list_batch",
                    parameters,
                    read,
                    batch_id=None,
                    within=_A_MINUTE,
                    watching=True,
                )
            except OmicsBatchError as error:
                is_first = not pages_read, "startingToken" not in parameters
                if tries == _TRIES or not (survives(error) or _concerns_one_page(error, *is_first)):
                    raise
                page_failed(error, is_requested_again=True)

    refused = 0
    for status in ACTIVE:
        pages_before = pages_read
        parameters = {"status": status.value, "maxItems": PAGE}
        try:
            async with aclosing(walk("ListBatch", ActivePage, parameters, call)) as pages:
                async for page in pages:
                    pages_read += 1
                    yield given(page.items)
        except ValidationError as error:  # a service that does not know the status yet has no such list
            refused += 1
            if refused == len(ACTIVE) or pages_read > pages_before:
                raise
            page_failed(error, is_requested_again=False)


def _concerns_one_page(error: OmicsBatchError, is_first_of_all: bool, is_first_of_list: bool) -> bool:  # noqa: FBT001 - where a page is
    """Whether a refusal may concern one page only, since earlier pages were not refused."""
    if isinstance(error, AccessDeniedError):
        return not is_first_of_all
    return isinstance(error, ServiceError) and not (isinstance(error, ValidationError) and is_first_of_list)
