"""The waits that follow batches through the poller they share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from omics_batch._errors import ClientClosedError, OmicsBatchError
from omics_batch._log import LOG
from omics_batch._loop import start
from omics_batch._waiting.policy import error_at_the_deadline
from omics_batch._waiting.poller import Poller, own_copy
from omics_batch._waiting.subscriptions import LastLook
from omics_batch._waiting.tasks import CANCELLED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from omics_batch._clock import Clock
    from omics_batch._looker import BatchLooker
    from omics_batch._models import Batch
    from omics_batch._waiting.subscriptions import ChangeSubscription, News, Subscription


class Waits:
    """Follows batches for any number of waits."""

    def __init__(self, looker: BatchLooker, clock: Clock, random: Callable[[], float]) -> None:
        """Begin with no wait."""
        self._looker = looker
        self._clock = clock
        self._poller = Poller(looker, clock, random)
        self._last_looks: dict[str, LastLook] = {}

    async def wait(self, waiter: Subscription) -> None:
        """Wait until the batch has ended, which the waiter then shows.

        Args:
            waiter: A wait that has not been followed yet.

        Raises:
            OmicsBatchError: What ended the wait, with the wait's facts on it.
        """
        self._poller.join(waiter)
        try:
            waiter.shown = batch = await self._batch_of(await waiter.news(), waiter)
            if not waiter.is_over(batch):
                raise self._timed_out(waiter)
        finally:
            self._leave(waiter)

    async def follow(self, waiter: ChangeSubscription) -> AsyncGenerator[Batch]:
        """Yield the first `Batch`, each that differs from the one before, and end after a terminal one.

        Args:
            waiter: A wait that has not been followed yet.

        Raises:
            OmicsBatchError: What ended the wait, with the wait's facts on it.
        """
        self._poller.join(waiter)
        try:
            while True:
                news = await waiter.news()
                batch = await self._batch_of(news, waiter)
                if waiter.is_eager or batch != waiter.shown:
                    waiter.shown = batch
                    yield batch
                if waiter.is_over(batch):
                    return
                if news is None:
                    raise self._timed_out(waiter)
        finally:
            self._leave(waiter)

    async def close(self) -> None:
        """End all waits with `ClientClosedError`."""
        await self._poller.close()

    def _leave(self, waiter: Subscription) -> None:
        self._poller.leave(waiter)
        seconds = self._clock.now() - waiter.started
        LOG.info("batch %s: a wait ended after %.0f s and %d looks", waiter.batch_id, seconds, waiter.polls)

    async def _batch_of(self, news: News, waiter: Subscription) -> Batch:
        """Return the batch that a wait was told of; at its deadline, what a last look shows."""
        if isinstance(news, Exception):
            raise waiter.facts_on(news, self._clock.now())
        return news or await self._last_look(waiter)

    async def _last_look(self, waiter: Subscription) -> Batch:
        look = self._last_looks.get(waiter.batch_id)
        if look is None:
            looking = start(self._looker.last_look(waiter.batch_id), f"omics_batch last look {waiter.batch_id}")
            look = self._last_looks[waiter.batch_id] = LastLook(looking)
        look.sharers += 1
        try:
            batch = await asyncio.shield(look.task)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if look.task.cancelled() and not (task and task.cancelling()):
                raise waiter.facts_on(ClientClosedError(CANCELLED), self._clock.now()) from None
            raise
        except OmicsBatchError as error:
            waiter.polls += min(error.attempts, 1)
            if not (self._looker.is_outage(error) or waiter.survives(error, self._clock.now())):
                raise waiter.facts_on(own_copy(error), self._clock.now()) from error.__cause__
            waiter.last_error = error
            raise self._timed_out(waiter) from error
        finally:
            look.sharers -= 1
            if not look.sharers:
                look.task.cancel()
                self._last_looks.pop(waiter.batch_id, None)
        waiter.note(batch, self._clock.now())
        return batch

    def _timed_out(self, waiter: Subscription) -> Exception:
        now = self._clock.now()
        seconds = now - waiter.started
        return waiter.facts_on(
            error_at_the_deadline(waiter.batch_id, waiter.shown, seconds, waiter.advice, listed=waiter.listed), now
        )
