"""The poller that all waits of a client share: it runs the scheduler's actions.

Each look and each scan is a task of its own, so that a slow one delays nothing else. Turns come from the rate limiter:
at most one turn for urgent looks and one for others are requested at a time.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import omics_batch
from omics_batch._errors import ClientClosedError, OmicsBatchError
from omics_batch._waiting.actions import (
    AskTurn,
    CancelLook,
    CancelTurns,
    End,
    Look,
    LookFailure,
    Report,
    Scan,
    StopScan,
    Update,
)
from omics_batch._waiting.scheduler import Scheduler
from omics_batch._waiting.tasks import BackgroundTasks, error_of
from omics_batch._waiting.timer import Timer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable

    from omics_batch._api.get_batch import BatchReader
    from omics_batch._clock import Clock
    from omics_batch._emitter import EventEmitter
    from omics_batch._models.batch import Batch
    from omics_batch._waiting.actions import Action
    from omics_batch._waiting.list_scan import ActiveBatch
    from omics_batch._waiting.subscriptions import Subscription

_POLLER, _SCAN = "poller", "list scan"
_TURNS: Final = {True: "urgent turns", False: "turns"}


class Poller:
    """Looks at batches for waits that have joined.

    Args:
        looker: Sends GetBatch.
        scan: Reads all lists, page by page.
        clock: The clock to sleep on.
        random: A source of numbers from 0.0 to 1.0.
        events: Publishes events.
    """

    def __init__(
        self,
        looker: BatchReader,
        scan: Callable[[], AsyncGenerator[tuple[ActiveBatch, ...]]],
        clock: Clock,
        random: Callable[[], float],
        events: EventEmitter,
    ) -> None:
        self._events = events
        self._looker = looker
        self._scan = scan
        self._clock = clock
        self._scheduler = Scheduler(random, events.is_wanted)
        self._tasks = BackgroundTasks()
        self._timer = Timer(clock)
        self._closed = False

    def join(self, wait: Subscription) -> None:
        """Follow a wait's batch, and look at it as soon as there is a turn."""
        if self._closed:
            raise ClientClosedError("the client is closed")
        self._run(self._scheduler.join(wait, self._clock.now()))

    def leave(self, wait: Subscription) -> None:
        """Remove a wait, if it is there."""
        self._run(self._scheduler.leave(wait))

    async def close(self) -> None:
        """End all waits with `ClientClosedError`, and all tasks."""
        self._closed = True
        tasks = self._tasks.cancel_all()
        self._run(
            self._scheduler.close(ClientClosedError("the client was closed under a running wait; the batch goes on"))
        )
        if tasks:
            await asyncio.wait(tasks)

    def _run(self, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Update(wait, result) | End(wait, result):
                    wait.publish(result)
                case Look(batch_id, within):
                    look = self._looker.look(batch_id, within=within)
                    self._tasks.start(f"look {batch_id}", look, partial(self._looked, batch_id))
                case CancelLook(batch_id):
                    self._tasks.cancel(f"look {batch_id}")
                case AskTurn(is_urgent):
                    self._tasks.start(_TURNS[is_urgent], self._turn(is_urgent=is_urgent), self._ended)
                case CancelTurns():
                    self._tasks.cancel(*_TURNS.values())
                case Scan():
                    self._tasks.start(_SCAN, self._scan_lists(), self._ended)
                case StopScan():
                    self._tasks.cancel(_SCAN)
                case Report(event):
                    self._events.publish(event)
                case _:
                    self._wake(action.moment)

    def _wake(self, moment: float) -> None:
        self._timer.set(moment)
        if self._scheduler and _POLLER not in self._tasks:
            self._tasks.start(_POLLER, self._poll(), self._ended)

    async def _poll(self) -> None:
        while self._scheduler:
            self._excuse_standstill()
            self._run(self._scheduler.rate(self._looker.rate))
            self._run(self._scheduler.tick(self._clock.now()))
            if self._scheduler:  # or the last wait has just timed out
                await self._timer.sleep()

    async def _turn(self, *, is_urgent: bool) -> None:
        await self._looker.turn(is_urgent=is_urgent)
        self._run(self._scheduler.turn(self._clock.now(), is_urgent=is_urgent))

    async def _scan_lists(self) -> None:
        try:
            async with aclosing(self._scan()) as pages:
                async for page in pages:
                    self._run(self._scheduler.page(page, self._clock.now()))
                    if not self._scheduler.is_scanning:
                        return
        except OmicsBatchError as error:
            self._run(self._scheduler.scan_failed(error, self._clock.now()))
        else:
            self._run(self._scheduler.scan_ended(self._clock.now()))

    def _looked(self, batch_id: str, look: asyncio.Task[Batch]) -> None:
        try:
            now, error = self._clock.now(), error_of(look)
            if error is None:
                self._run(self._scheduler.looked(batch_id, look.result(), now))
            else:
                self._excuse_standstill()  # a look that was under way then may end before the poller runs again
                self._run(self._scheduler.look_failed(batch_id, error, self._kind_of(error), now))
        except Exception as trouble:  # noqa: BLE001 - a caller's clock or chance may raise anything, and no wait may hang
            self._run(self._scheduler.close(trouble))

    def _kind_of(self, error: Exception) -> LookFailure:
        if not isinstance(error, OmicsBatchError) or isinstance(error, ClientClosedError):
            return LookFailure.BROKEN
        return LookFailure.OUTAGE if self._looker.is_outage(error) else LookFailure.REFUSAL

    def _excuse_standstill(self) -> None:
        if stood_still := self._timer.overslept():
            self._run(self._scheduler.stood_still(stood_still, self._clock.now()))
            self._events.emit(
                "ProcessStoodStill", lambda now: omics_batch.ProcessStoodStill(time=now, seconds=stood_still)
            )

    def _ended(self, task: asyncio.Task[Any]) -> None:
        """End all waits when a task that they share has failed."""
        if (error := error_of(task)) is not None:
            self._run(self._scheduler.close(error))
