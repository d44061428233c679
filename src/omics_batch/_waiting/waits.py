"""Starting and ending waits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import omics_batch
from omics_batch._errors import ClientClosedError, OmicsBatchError, QueueTimeoutError, WaitTimeoutError
from omics_batch._loop import start
from omics_batch._waiting.news import show_status
from omics_batch._waiting.policy import error_at_the_deadline
from omics_batch._waiting.poller import Poller
from omics_batch._waiting.scheduler import own_copy
from omics_batch._waiting.tasks import CANCELLED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from omics_batch._api.get_batch import BatchReader
    from omics_batch._clock import Clock
    from omics_batch._emitter import EventEmitter
    from omics_batch._models.batch import Batch
    from omics_batch._waiting.list_scan import ActiveBatch
    from omics_batch._waiting.subscriptions import ChangeSubscription, Result, Subscription


class Waits:
    """Follows batches for any number of waits."""

    def __init__(
        self,
        looker: BatchReader,
        scan: Callable[[], AsyncGenerator[tuple[ActiveBatch, ...]]],
        clock: Clock,
        random: Callable[[], float],
        events: EventEmitter,
    ) -> None:
        """Begin with no wait; the arguments are those of `Poller`."""
        self._events = events
        self._looker = looker
        self._clock = clock
        self._poller = Poller(looker, scan, clock, random, events)
        self._last_looks: dict[str, _LastLook] = {}

    async def wait(self, wait: Subscription) -> None:
        """Wait until the batch has ended; then it is in `wait.shown`.

        Args:
            wait: A wait that was not used before.

        Raises:
            OmicsBatchError: The error that ended the wait, with the wait's facts.
        """
        try:
            self._join(wait)
            batch = await self._batch_of(await wait.next(), wait)
            wait.show(batch)
            if not wait.is_over(batch):
                raise self._timed_out(wait)  # noqa: TRY301 - its end is published too
        except BaseException as error:
            self._leave(wait, type(error))
            raise
        self._leave(wait, None)

    async def follow(self, wait: ChangeSubscription) -> AsyncGenerator[Batch]:
        """Yield the first `Batch`, each that differs from the one before, and end after a terminal one.

        Args:
            wait: A wait that was not used before.

        Raises:
            OmicsBatchError: The error that ended the wait, with the wait's facts.
        """
        try:
            self._join(wait)
            while True:
                result = await wait.next()
                batch = await self._batch_of(result, wait)
                if wait.wants_each or batch != wait.shown:
                    wait.show(batch)
                    yield batch
                if wait.is_over(batch):
                    break
                if result is None:
                    raise self._timed_out(wait)  # noqa: TRY301 - its end is published too
        except BaseException as error:
            self._leave(wait, type(error))
            raise
        self._leave(wait, None)

    async def close(self) -> None:
        """End all waits with `ClientClosedError`."""
        await self._poller.close()

    # Not a context manager: thousands of waits are between these two at a time, and each would keep one.

    def _join(self, wait: Subscription) -> None:
        self._events.emit("WaitStarted", lambda now: _started(wait, now))
        self._poller.join(wait)

    def _leave(self, wait: Subscription, error: type[BaseException] | None) -> None:
        self._poller.leave(wait)
        reported = asyncio.CancelledError if error is GeneratorExit else error
        self._events.emit("WaitEnded", lambda now: _ended(wait, reported, now))

    async def _batch_of(self, result: Result, wait: Subscription) -> Batch:
        """Return the batch of a result; at the deadline, make a last look."""
        if isinstance(result, Exception):
            raise wait.facts_on(result, self._clock.now())
        return result or await self._last_look(wait)

    async def _last_look(self, wait: Subscription) -> Batch:
        look = self._last_looks.get(wait.batch_id)
        if look is None:
            last_look = self._looker.last_look(wait.batch_id, is_lost=wait.is_lost)
            looking = start(last_look, f"omics_batch last look {wait.batch_id}")
            look = self._last_looks[wait.batch_id] = _LastLook(looking)
        look.sharers += 1
        try:
            batch = await asyncio.shield(look.task)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if look.task.cancelled() and not (task and task.cancelling()):
                raise wait.facts_on(ClientClosedError(CANCELLED), self._clock.now()) from None
            raise
        except OmicsBatchError as error:
            wait.polls += min(error.attempts, 1)
            if not (self._looker.is_outage(error) or wait.survives(error, self._clock.now())):
                raise wait.facts_on(own_copy(error), self._clock.now()) from error.__cause__
            wait.last_error = error
            unsent = error if isinstance(error, QueueTimeoutError) else None
            timed_out = self._timed_out(wait, unsent)
            timed_out.fault = error.fault
            raise timed_out from error
        finally:
            look.sharers -= 1
            if not look.sharers:
                look.task.cancel()
                self._last_looks.pop(wait.batch_id, None)
        now = self._clock.now()
        wait.looked(now)
        for event in show_status(wait, batch.status.value, batch, now, self._events.is_wanted):
            self._events.publish(event)
        return batch

    def _timed_out(self, wait: Subscription, unsent: QueueTimeoutError | None = None) -> WaitTimeoutError:
        now = self._clock.now()
        error = error_at_the_deadline(
            wait.batch_id,
            wait.shown,
            now - wait.started,
            wait.advice,
            listed=wait.listed,
            unsent=unsent,
            last=wait.last_error,
        )
        return wait.facts_on(error, now)


def _started(wait: Subscription, now: float) -> omics_batch.WaitStarted:
    return omics_batch.WaitStarted(time=now, batch_id=wait.batch_id, wait_id=wait.wait_id, timeout=wait.left(now))


def _ended(wait: Subscription, error: type[BaseException] | None, now: float) -> omics_batch.WaitEnded:
    outcome = wait.shown.outcome if error is None and wait.shown else None
    return omics_batch.WaitEnded(
        time=now,
        batch_id=wait.batch_id,
        wait_id=wait.wait_id,
        outcome=outcome,
        error=error,
        elapsed=now - wait.started,
        polls=wait.polls,
    )


@dataclass(slots=True)
class _LastLook:
    """The last look at a batch, shared by the waits that reach their deadlines during it."""

    task: asyncio.Task[Batch]
    sharers: int = 0
