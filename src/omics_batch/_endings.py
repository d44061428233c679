"""Bringing a batch to an end on purpose: cancelled, or gone."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from omics_batch._errors import OmicsBatchError
from omics_batch._statuses import CANCELLATION, RUNS_DELETION, BatchStatus
from omics_batch._wait import error_after_deletion, error_unless_cancelled

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from omics_batch._changer import Changer
    from omics_batch._clock import Clock
    from omics_batch._models import Batch
    from omics_batch._places import Waiter
    from omics_batch._watcher import Watcher

_LEFTOVER: Final = "the runs of batch {} are deleted, and its record is not: delete_batch deletes it"


def is_deletion_over(batch: Batch) -> bool:
    """Whether no run of the batch will be deleted any more: there was none, or all was tried."""
    return batch.status in (BatchStatus.FAILED, BatchStatus.RUNS_DELETED, BatchStatus.RUNS_DELETE_FAILED)


class Endings:
    """Asks for an end once the batch allows it, and waits until it is there."""

    def __init__(self, watcher: Watcher, changer: Changer, clock: Clock) -> None:
        """Ask through a changer, and look through a watcher."""
        self._watcher = watcher
        self._changer = changer
        self._clock = clock

    async def cancel(self, waiter: Waiter) -> Batch:
        """Cancel a batch, once it is created, and return it cancelled."""
        is_asked = False
        async with aclosing(self._watcher.follow(waiter)) as batches:
            async for batch in batches:
                is_asked = is_asked or batch.status in CANCELLATION
                if not is_asked and batch.status != BatchStatus.CREATING:
                    asking = self._changer.cancel(waiter.batch_id, deadline=waiter.deadline, by_anyone=True)
                    await self._ask(asking, waiter)
                    is_asked = True
        return waiter.result(error_unless_cancelled, self._clock.now())

    async def delete(self, waiter: Waiter) -> Batch:
        """Delete the runs of a batch, then its record, and return what was seen last of it.

        Args:
            waiter: A wait that is over when `is_deletion_over`.
        """
        is_asked = False
        async with aclosing(self._watcher.follow(waiter)) as batches:
            async for batch in batches:
                if not (is_asked or batch.status in RUNS_DELETION or is_deletion_over(batch)):
                    asking = self._changer.delete_runs(waiter.batch_id, deadline=waiter.deadline, by_anyone=True)
                    await self._ask(asking, waiter)
                    is_asked = True
        batch = waiter.result(error_after_deletion, self._clock.now())
        asking = self._changer.delete_record(waiter.batch_id, deadline=waiter.deadline)
        await self._ask(asking, waiter, _LEFTOVER.format(batch.id))
        return batch

    async def _ask(self, asking: Awaitable[None], waiter: Waiter, note: str | None = None) -> None:
        try:
            await asking
        except OmicsBatchError as error:
            if note is not None:
                error.add_note(note)
            waiter.facts_on(error, self._clock.now())
            raise
