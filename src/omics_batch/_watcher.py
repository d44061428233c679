"""One poller that all waits of a client share, and the waits that follow a batch through it.

Each wait has a mailbox that the poller fills, and waits for one batch share its looks. The poller
sleeps until the next look or the next deadline is due; looks run beside it, so that a slow one holds up
nobody else.
"""

from __future__ import annotations

import asyncio
from copy import copy
from typing import TYPE_CHECKING, Final, Protocol

from omics_batch._clock import in_seconds
from omics_batch._errors import ClientClosedError, OmicsBatchError
from omics_batch._log import LOG
from omics_batch._places import LastLook, Target, Waiter
from omics_batch._text import one_line
from omics_batch._timetable import Timetable
from omics_batch._wait import error_after_silence, error_at_the_deadline

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from omics_batch._clock import Clock
    from omics_batch._models import Batch


_ANOTHER_MINUTE: Final = 60.0

_CANCELLED: Final = "a task that this wait needs was cancelled by somebody else; the batch goes on: wait for it again"


class Looker(Protocol):
    """How the watcher sees a batch, and what it makes of not seeing it."""

    async def look(self, batch_id: str, *, deadline: float) -> Batch:
        """Return the batch, trying again as the retry policy allows, until the deadline on the clock."""
        ...

    async def last_look(self, batch_id: str) -> Batch:
        """Return the batch at the first attempt, within a few seconds."""
        ...

    def is_outage(self, error: OmicsBatchError) -> bool:
        """Whether a wait survives the error."""
        ...


class Watcher:
    """Follows batches for any number of waits."""

    def __init__(self, looker: Looker, clock: Clock, random: Callable[[], float]) -> None:
        """Begin with no wait: the poller runs only while there is one."""
        self._looker = looker
        self._clock = clock
        self._random = random
        self._targets: dict[str, Target] = {}
        self._timetable: Timetable[Target | Waiter] = Timetable()
        self._poller: asyncio.Task[None] | None = None
        self._nap: asyncio.Future[None] | None = None
        self._last_looks: dict[str, LastLook] = {}
        self._closed = False

    async def follow(self, waiter: Waiter) -> AsyncGenerator[Batch]:
        """Yield the first `Batch`, each that differs from the one before, and end after a terminal one.

        Args:
            waiter: A wait that has not been followed yet.

        Raises:
            OmicsBatchError: What ended the wait, with the wait's facts on it.
        """
        self._join(waiter)
        try:
            while True:
                news = await waiter.news()
                if isinstance(news, Exception):
                    raise waiter.facts_on(news, self._clock.now())
                batch = news or await self._last_look(waiter)
                self._wonder_once(batch, waiter)
                if waiter.is_eager or batch != waiter.shown:
                    waiter.shown = batch
                    yield batch
                if waiter.is_over(batch):
                    return
                if news is None:
                    raise self._timed_out(waiter)
        finally:
            self._leave(waiter)
            seconds = self._clock.now() - waiter.started
            LOG.info("batch %s: a wait ended after %.0f s and %d looks", waiter.batch_id, seconds, waiter.polls)

    async def close(self) -> None:
        """End all waits with `ClientClosedError`."""
        self._closed = True
        looks = [target.look for target in self._targets.values() if target.look is not None]
        self._end_all(ClientClosedError("the client was closed under a running wait; the batch goes on"))
        if self._poller is not None:
            self._poller.cancel()
            looks.append(self._poller)
        if looks:
            await asyncio.wait(looks)

    def _join(self, waiter: Waiter) -> None:
        if self._closed:
            raise ClientClosedError("the client is closed")
        target = self._targets.setdefault(waiter.batch_id, Target(waiter.batch_id))
        target.waiters[waiter] = None
        target.looks = -1
        if waiter.deadline is not None:
            self._timetable.set(waiter, waiter.deadline)
        if target.look is None:
            self._timetable.set(target, self._clock.now())
        self._rouse()

    def _leave(self, waiter: Waiter) -> None:
        target = self._targets.get(waiter.batch_id)
        if target is None or waiter not in target.waiters:
            return
        del target.waiters[waiter]
        self._timetable.discard(waiter)
        if target.waiters:
            return
        del self._targets[target.batch_id]
        self._timetable.discard(target)
        if target.look is not None:
            target.look.cancel()
        self._rouse()

    def _rouse(self) -> None:
        if self._nap is not None:
            self._nap.cancel()
        if self._targets and self._poller is None:
            self._poller = asyncio.create_task(self._poll(), name="omics_batch poller")

    async def _poll(self) -> None:
        try:
            while self._targets:
                for key in self._timetable.due(self._clock.now()):
                    if isinstance(key, Waiter):
                        self._leave(key)
                        key.tell(None)
                    elif key.waiters:
                        key.look = asyncio.create_task(self._look(key), name=f"omics_batch look {key.batch_id}")
                if self._targets:  # or the last wait has just timed out
                    await self._sleep_until(self._timetable.next())
        except asyncio.CancelledError:
            self._end_all(ClientClosedError(_CANCELLED))
            raise
        except Exception as error:  # noqa: BLE001 - a caller's clock may raise anything, and no wait may hang for it
            self._end_all(error)
        finally:
            self._poller = None

    async def _sleep_until(self, moment: float | None) -> None:
        self._nap = (
            asyncio.get_running_loop().create_future()
            if moment is None
            else asyncio.ensure_future(self._clock.sleep(moment - self._clock.now()))
        )
        try:
            await asyncio.wait((self._nap,))
        finally:
            self._nap.cancel()
            await asyncio.wait((self._nap,))
        if not self._nap.cancelled():
            self._nap.result()

    async def _look(self, target: Target) -> None:
        try:
            seen: Batch | Exception = await self._looker.look(target.batch_id, deadline=target.limit)
        except asyncio.CancelledError:
            self._end(target, ClientClosedError(_CANCELLED))
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the waits have to hear of it
            seen = error
        target.look = None
        if not isinstance(seen, Exception):
            self._saw(target, seen)
        elif not isinstance(seen, OmicsBatchError):
            self._end(target, seen)
        elif self._looker.is_outage(seen):
            self._missed(target, seen)
        else:
            self._refused(target, seen)
        self._rouse()

    def _saw(self, target: Target, batch: Batch) -> None:
        before, target.batch = target.batch, batch
        changed = before is None or before.status != batch.status
        target.looks = 0 if changed else target.looks + 1
        if changed:
            LOG.info("batch %s: %s, %.1f %% complete", batch.id, one_line(batch.status), batch.percent_complete)
        for waiter in target.waiters:
            waiter.heard = self._clock.now()
            waiter.polls += 1
            waiter.tell(batch)
        if not all(waiter.is_over(batch) for waiter in target.waiters):
            self._schedule(target)

    def _refused(self, target: Target, error: OmicsBatchError) -> None:
        now = self._clock.now()
        for waiter in list(target.waiters):
            if waiter.survives(error, now):
                waiter.heard = now
            else:
                waiter.polls += min(error.attempts, 1)
                self._leave(waiter)
                waiter.tell(_own_copy(error))
        if target.waiters:
            self._missed(target, error)

    def _missed(self, target: Target, error: OmicsBatchError) -> None:
        now = self._clock.now()
        target.looks += 1
        LOG.warning("batch %s: a look failed, the wait goes on: %s", target.batch_id, error)
        for waiter in list(target.waiters):
            if not error.attempts:
                # Nothing was sent, for want of a turn: that is no silence of the service, which gets another minute.
                waiter.lengthen_patience(now + _ANOTHER_MINUTE)
                continue
            waiter.polls += 1
            waiter.last_error = error
            if waiter.patience <= now:
                self._leave(waiter)
                silence = in_seconds("max_silence", waiter.poll.max_silence)
                waiter.tell(error_after_silence(target.batch_id, waiter.shown, silence, error, waiter.advice))
        if target.waiters:
            self._schedule(target)

    def _schedule(self, target: Target) -> None:
        chance = self._random()
        interval = min(waiter.poll.interval(target.looks, chance) for waiter in target.waiters)
        patience = min(waiter.patience for waiter in target.waiters)
        self._timetable.set(target, min(self._clock.now() + interval, patience))

    def _end(self, target: Target, error: Exception) -> None:
        for waiter in list(target.waiters):
            self._leave(waiter)
            waiter.tell(_own_copy(error))

    def _end_all(self, error: Exception) -> None:
        for target in list(self._targets.values()):
            self._end(target, error)

    async def _last_look(self, waiter: Waiter) -> Batch:
        look = self._last_looks.get(waiter.batch_id)
        if look is None:
            looking = asyncio.create_task(
                self._looker.last_look(waiter.batch_id), name=f"omics_batch last look {waiter.batch_id}"
            )
            look = self._last_looks[waiter.batch_id] = LastLook(looking)
        look.sharers += 1
        try:
            batch = await asyncio.shield(look.task)
        except OmicsBatchError as error:
            waiter.polls += min(error.attempts, 1)
            if not (self._looker.is_outage(error) or waiter.survives(error, self._clock.now())):
                raise waiter.facts_on(_own_copy(error), self._clock.now()) from error.__cause__
            waiter.last_error = error
            raise self._timed_out(waiter) from error
        finally:
            look.sharers -= 1
            if not look.sharers:
                look.task.cancel()
                self._last_looks.pop(waiter.batch_id, None)
        waiter.polls += 1
        return batch

    def _wonder_once(self, batch: Batch, waiter: Waiter) -> None:
        if not (batch.status.is_known or waiter.puzzled):
            waiter.puzzled = True
            LOG.warning("batch %s: unknown status %s counts as not finished", batch.id, one_line(batch.status))

    def _timed_out(self, waiter: Waiter) -> Exception:
        now = self._clock.now()
        return waiter.facts_on(
            error_at_the_deadline(waiter.batch_id, waiter.shown, now - waiter.started, waiter.advice), now
        )


def _own_copy(error: Exception) -> Exception:
    """Return an error that one wait may put its facts on, while others put theirs on the same."""
    if not isinstance(error, OmicsBatchError):
        return error
    own = copy(error)
    own.__cause__ = error.__cause__
    return own
