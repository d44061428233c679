"""A sweep through the lists of all batches that have not ended: what many waits ask instead of GetBatch for each."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from omics_batch._errors import AccessDeniedError, OmicsBatchError, ServiceError, ValidationError
from omics_batch._lister import PAGE, Page, walk
from omics_batch._log import LOG
from omics_batch._statuses import ACTIVE

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping

    from omics_batch._caller import Caller
    from omics_batch._clock import Clock
    from omics_batch._faults import Fault
    from omics_batch._transport import Reply

_TRIES: Final = 3
"""Calls for one page, of several attempts each: not a hundred pages are given up for one that fails."""
_A_MINUTE: Final = 60.0
"""What each of them may take, retries included."""


class ActiveBatch(BaseModel, frozen=True, extra="ignore"):
    """What a sweep reads of a listed batch, whatever else stands there."""

    id: str | None = None
    status: str | None = None


class ActivePage(Page, frozen=True):
    """A page of ListBatch, as a sweep reads it."""

    items: tuple[ActiveBatch, ...] = ()


async def sweep(
    caller: Caller, clock: Clock, survives: Callable[[OmicsBatchError], bool]
) -> AsyncGenerator[tuple[ActiveBatch, ...]]:
    """Walk page by page through the lists, status by status in the order of life.

    Args:
        caller: What sends the calls; each page takes an urgent turn of the waits.
        clock: What the time for a page is measured on.
        survives: Whether an error is an outage. After one, or after a refusal that may concern one page alone, the
            page is requested again.

    Raises:
        OmicsBatchError: A page cannot be had.
    """

    async def call(parameters: Mapping[str, Any], read: Callable[[Reply], ActivePage | Fault]) -> ActivePage:
        tries = 0
        while True:
            await caller.watching_turn(is_urgent=True)
            tries += 1
            try:
                return await caller.call(
                    "list_batch",
                    parameters,
                    read,
                    batch_id=None,
                    deadline=clock.now() + _A_MINUTE,
                    watching=True,
                )
            except OmicsBatchError as error:
                if tries == _TRIES or not (survives(error) or _is_of_one_page(error)):
                    raise
                LOG.info("a page of a sweep failed, and is asked for again: %s", error)

    refused = 0
    for status in ACTIVE:
        parameters = {"status": status.value, "maxItems": PAGE}
        try:
            async with aclosing(walk("ListBatch", ActivePage, parameters, call)) as pages:
                async for page in pages:
                    yield page.items
        except ValidationError as error:  # a service that has yet to learn a status, whose batches no list shows then
            refused += 1
            if refused == len(ACTIVE):
                raise
            LOG.info("the service has no list of %s batches: %s", status.value, error)


def _is_of_one_page(error: OmicsBatchError) -> bool:
    """Whether a refusal may concern one page alone; a missing permission or an unknown status concerns the list."""
    return isinstance(error, ServiceError) and not isinstance(error, AccessDeniedError | ValidationError)
