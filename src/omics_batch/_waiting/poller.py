"""One poller for all waits of a client: it sleeps until a look or a deadline is due, and has looks made.

Others help it, for as long as there is work. Two take turns to send, urgent ones and others, and spend each on
the look that comes next; the looks run beside them, so that a slow one holds up nobody else. One sweeps through
the lists of active batches where that is cheaper: whom a list shows is spared its look, and whom none shows is
looked at, since a list that does not show a batch proves nothing.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import aclosing
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Final

from omics_batch._clock import in_seconds, is_real
from omics_batch._errors import ClientClosedError, OmicsBatchError
from omics_batch._log import LOG
from omics_batch._loop import start
from omics_batch._waiting.cost import ListCost
from omics_batch._waiting.deadlines import DeadlineHeap
from omics_batch._waiting.list_order import ListOrder
from omics_batch._waiting.look_queue import LookQueue
from omics_batch._waiting.plan import SOON, Need, is_sign_of_life, is_sweep_cheaper, moves_on, time_for_sweep
from omics_batch._waiting.policy import error_after_silence
from omics_batch._waiting.subscriptions import TrackedBatch
from omics_batch._waiting.tasks import BackgroundTasks, error_of
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from omics_batch._clock import Clock
    from omics_batch._looker import BatchLooker
    from omics_batch._models import Batch
    from omics_batch._waiting.list_scan import ActiveBatch
    from omics_batch._waiting.subscriptions import Subscription

_POLLER, _SWEEP, _URGENT_TURNS, _TURNS = "poller", "sweep", "urgent turns", "turns"
_BREATH: Final = 0.1
"""Seconds in which looks become due together, lest each of thousands wake the poller."""
_NOTABLE: Final = 5.0
"""Seconds by which a busy loop may be late."""
_HEARTBEAT: Final = 60.0
"""Seconds after which the poller runs again though nothing is due, to notice when the process stood still."""
_SECOND_CHANCE: Final = 30.0
"""Seconds after which another sweep may find those whom this one missed, if they are too many to be asked by then."""
_TRUST: Final = 12 * 3600.0
"""Seconds after which a batch is looked at though lists go on showing it: they might be stuck."""


class Poller:
    """Looks at batches for waits that have joined."""

    def __init__(self, looker: BatchLooker, clock: Clock, random: Callable[[], float]) -> None:
        """Begin with no wait: tasks run only while there is one."""
        self._looker = looker
        self._clock = clock
        self._random = random
        self._targets: dict[str, TrackedBatch] = {}
        self._looks: DeadlineHeap[TrackedBatch] = DeadlineHeap()
        self._deadlines: DeadlineHeap[Subscription] = DeadlineHeap()
        self._line = LookQueue()
        self._held: dict[TrackedBatch, None] = {}
        """Those that are due, and that a sweep under way will show."""
        self._lists = ListCost()
        self._order = ListOrder()
        self._sweeps = 0
        self._next_choice = -math.inf
        """The moment on the clock before which nothing is weighed again, however many batches there are to weigh."""
        self._nap: asyncio.Future[None] | None = None
        self._awake_by = math.inf
        """The moment on the clock by which this runs again, unless the process stands still."""
        self._hands = BackgroundTasks(self._end_all)
        self._closed = False

    def join(self, waiter: Subscription) -> None:
        """Follow a wait's batch, and look at it as soon as there is a turn."""
        if self._closed:
            raise ClientClosedError("the client is closed")
        target = self._targets.get(waiter.batch_id)
        if target is None:
            target = self._targets[waiter.batch_id] = TrackedBatch(waiter.batch_id)
            target.interval = waiter.poll.interval(0, 0.5)
        target.waiters[waiter] = None
        target.looks = -1
        waiter.heard = self._clock.now()  # an iteration may begin long after it was asked for
        if waiter.deadline is not None:
            self._deadlines.set(waiter, waiter.deadline)
        if target.look is None:
            self._looks.set(target, self._clock.now())
        self._rouse()

    def leave(self, waiter: Subscription) -> None:
        """Forget a wait, if it is known; with the last one of its batch, the batch."""
        target = self._targets.get(waiter.batch_id)
        if target is None or waiter not in target.waiters:
            return
        del target.waiters[waiter]
        self._deadlines.discard(waiter)
        if target.waiters:
            return
        del self._targets[target.batch_id]
        self._looks.discard(target)
        self._line.discard(target)
        self._held.pop(target, None)
        if target.look is not None:
            target.look.cancel()
        self._rouse()
        if not self._targets:
            self._hands.dismiss(_SWEEP, _URGENT_TURNS, _TURNS)
            self._order = ListOrder()

    async def close(self) -> None:
        """End all waits with `ClientClosedError`, and all tasks."""
        self._closed = True
        looks = [target.look for target in self._targets.values() if target.look is not None]
        hands = self._hands.dismiss(_POLLER, _SWEEP, _URGENT_TURNS, _TURNS)
        self._end_all(ClientClosedError("the client was closed under a running wait; the batch goes on"))
        if looks or hands:
            await asyncio.wait([*looks, *hands])

    def _rouse(self) -> None:
        if self._nap is not None:
            self._nap.cancel()
        if self._targets:
            self._hands.employ(_POLLER, self._poll)

    async def _poll(self) -> None:
        while self._targets:
            now = self._clock.now()
            self._excuse_standstill(now)
            for waiter in self._deadlines.due(now):
                self.leave(waiter)
                waiter.tell(None)
            for target in self._looks.due(now):
                self._expect(target)
            chosen = self._next_choice
            self._set_to_work()
            if self._targets:  # or the last wait has just timed out
                look, deadline = self._looks.next(), self._deadlines.next()
                moments = [] if look is None else [max(look, now + _BREATH)]
                moments += [] if deadline is None else [deadline]
                moments += [chosen] if self._line.due and now < chosen else []
                moments += [now + _HEARTBEAT] if is_real(self._clock) else []
                await self._sleep_until(min(moments, default=None))

    def _expect(self, target: TrackedBatch) -> None:
        """Have a batch looked at that is due, unless a sweep under way will show it."""
        self._want(target)
        if _SWEEP in self._hands and target.listed_in:
            self._held[target] = None
            if target.is_listened:
                self._line.want(target)
        else:
            self._line.expect(target)

    async def _sleep_until(self, moment: float | None) -> None:
        self._nap = (
            asyncio.get_running_loop().create_future()
            if moment is None
            else asyncio.ensure_future(self._clock.sleep(moment - self._clock.now()))
        )
        self._awake_by = math.inf if moment is None else moment
        try:
            await asyncio.wait((self._nap,))
        finally:
            self._nap.cancel()
            await asyncio.wait((self._nap,))
        if not self._nap.cancelled():
            self._nap.result()

    def _excuse_standstill(self, now: float) -> None:
        """Count no time as silence in which the process stood still: it was stopped, or the loop was blocked."""
        stood_still = now - self._awake_by
        self._awake_by = math.inf
        if is_real(self._clock) and stood_still > _NOTABLE:
            LOG.info("the process stood still for %.0f s", stood_still)
            for waiter in (waiter for target in self._targets.values() for waiter in target.waiters):
                waiter.heard = min(waiter.heard + stood_still, now)

    def _want(self, target: TrackedBatch) -> None:
        if target.since is None:
            target.since = self._clock.now()

    def _set_to_work(self) -> None:
        """Have a sweep made where that is cheaper, and the looks that are due where it is not."""
        now = self._clock.now()
        if _SWEEP not in self._hands and now >= self._next_choice and self._is_sweep_due(now):
            self._hands.employ(_SWEEP, self._sweep)
        if self._line.urgent:
            self._hands.employ(_URGENT_TURNS, self._serve_urgently)
        if self._line:
            self._hands.employ(_TURNS, self._serve)

    def _is_sweep_due(self, now: float) -> bool:
        """Decide between a sweep and looks; for a sweep, hold those that it will show."""
        price = self._lists.price(len(self._targets), now)
        if not self._lists.are_open(now) or 0 < self._line.urgent < price:
            return False  # those whom the last sweep did not show come first, unless they are very many
        due = list(self._line.due)
        if not due:
            return False
        self._next_choice = now + _BREATH
        interval = min(target.interval for target in due)
        soon = self._looks.until(now + SOON * interval)
        alone = sum(not target.is_listened for target in (*due, *soon))
        need = Need(alone, len(due) + len(soon) - alone, interval)
        if not is_sweep_cheaper(need, price=price, rate=self._looker.rate):
            return False
        for target in soon:
            self._looks.discard(target)
            self._want(target)
            self._line.expect(target)
        for target in (*due, *soon):
            self._line.hold(target)
            self._held[target] = None
        return True

    async def _serve(self) -> None:
        """Spend one turn after the other on who is next."""
        while self._line:
            await self._looker.turn(is_urgent=False)
            self._spend_turn(is_urgent=False)

    async def _serve_urgently(self) -> None:
        """Spend urgent turns, for as long as somebody needs them; a sweep under way takes every other one."""
        while self._line.urgent:
            await self._looker.turn(is_urgent=True)
            self._spend_turn(is_urgent=True)
        self._rouse()

    def _spend_turn(self, *, is_urgent: bool) -> None:
        target = self._line.take(is_urgent=is_urgent)
        if target is None:  # whom a list has shown meanwhile, or who has left
            return
        now = self._clock.now()
        self._looks.discard(target)
        if target.since is not None:
            for waiter in target.waiters:
                waiter.excuse(now - target.since, now)
        target.since = None
        looking = self._looker.look(target.batch_id, deadline=target.limit(now))
        target.look = start(looking, f"omics_batch look {target.batch_id}")
        target.look.add_done_callback(partial(self._looked, target))

    async def _sweep(self) -> None:
        """Let the lists tell who goes on, and look at the others, as soon as somebody is passed over."""
        self._sweeps += 1
        self._order.begin()
        began, pages, is_whole = self._clock.now(), 0, False
        try:
            async with aclosing(self._looker.active_batches()) as lists:
                async for page in lists:
                    pages += 1
                    self._take_in(page)
                    if self._clock.now() - began > time_for_sweep(len(self._targets), self._looker.rate):
                        self._lists.grew(pages, len(self._targets), self._clock.now())
                        break
                else:
                    self._lists.read(pages, len(self._targets), self._clock.now())
                    is_whole = True
        except OmicsBatchError as error:
            self._lists.failed(error, self._clock.now())
        if is_whole:
            self._miss(target for target in self._targets.values() if target.listed_in or target in self._held)
        held, self._held = self._held, {}
        for target in held:
            if target.look is None:
                self._line.expect(target)
        self._rouse()

    def _take_in(self, page: Iterable[ActiveBatch]) -> None:
        for listed in page:
            target = self._targets.get(listed.id or "")
            if target and listed.status and is_sign_of_life(listed.status) and target.listed_in != self._sweeps:
                self._listed(target, listed.status)
                self._miss(self._order.passed_over(target))

    def _miss(self, targets: Iterable[TrackedBatch]) -> None:
        """Look at those that the present sweep has not shown, unless somebody looks at them already."""
        for target in targets:
            if target.waiters and target.look is None and target.listed_in != self._sweeps:
                self._held.pop(target, None)
                self._want(target)
                self._line.miss(target)
                self._looks.set(target, self._clock.now() + max(target.interval, _SECOND_CHANCE))
                self._rouse()

    def _listed(self, target: TrackedBatch, status: str) -> None:
        """A list shows a batch as active: that is no answer, but spares it a look."""
        now = self._clock.now()
        is_news = moves_on(target.status, status)
        target.looks = 0 if is_news else target.looks + 1
        target.listed_in = self._sweeps
        if is_news:
            target.status = status
            LOG.info("batch %s: listed as %s", target.batch_id, one_line(status))
        for waiter in target.waiters:
            waiter.hear(status, now)
        if target.look is not None:
            return
        self._line.see(target)
        self._held.pop(target, None)
        target.since = None
        if not (target.is_listened and target in self._looks):  # who listens is not put off by lists without counts
            self._schedule_next(target)
        if target.trust is None:
            target.trust = now + _TRUST * self._random()
        if target.trust <= now:
            self._want(target)
            self._line.miss(target)

    def _looked(self, target: TrackedBatch, look: asyncio.Task[Batch]) -> None:
        """Take in what a look has brought; whatever it is, the waits have to hear of it."""
        target.look = None
        error = error_of(look)
        try:
            if error is None:
                self._saw(target, look.result())
            elif not isinstance(error, OmicsBatchError) or isinstance(error, ClientClosedError):
                self._end(target, error)
            elif self._looker.is_outage(error):
                self._missed(target, error)
            else:
                self._refused(target, error)
        except Exception as trouble:  # noqa: BLE001 - a caller's clock or chance may raise anything, and no wait may hang
            self._end(target, trouble)
        self._rouse()

    def _saw(self, target: TrackedBatch, batch: Batch) -> None:
        now = self._clock.now()
        is_news = target.status != batch.status
        target.looks = 0 if is_news else target.looks + 1
        target.status = batch.status.value
        target.trust = now + _TRUST
        target.listed_in = 0
        if is_news:
            LOG.info("batch %s: %s, %.1f %% complete", batch.id, one_line(batch.status), batch.percent_complete)
        target.see(batch, now)
        if not all(waiter.is_over(batch) for waiter in target.waiters):
            self._schedule_next(target)

    def _refused(self, target: TrackedBatch, error: OmicsBatchError) -> None:
        now = self._clock.now()
        for waiter in list(target.waiters):
            if waiter.survives(error, now):
                waiter.heard = now
            else:
                waiter.polls += min(error.attempts, 1)
                self.leave(waiter)
                waiter.tell(own_copy(error))
        if target.waiters:
            self._missed(target, error)

    def _missed(self, target: TrackedBatch, error: OmicsBatchError) -> None:
        now = self._clock.now()
        self._excuse_standstill(now)  # a look under way then ends before the poller runs again
        target.looks += 1
        LOG.warning("batch %s: a look failed, the wait goes on: %s", target.batch_id, error)
        for waiter in list(target.waiters):
            waiter.polls += min(error.attempts, 1)
            waiter.miss(error)
            if waiter.patience <= now:
                self.leave(waiter)
                silence = in_seconds("max_silence", waiter.poll.max_silence)
                waiter.tell(
                    error_after_silence(
                        target.batch_id, waiter.shown, silence, error, waiter.advice, listed=waiter.listed
                    )
                )
        if target.waiters:
            self._schedule_next(target)

    def _schedule_next(self, target: TrackedBatch) -> None:
        chance = self._random()
        target.interval = min(waiter.poll.interval(target.looks, chance) for waiter in target.waiters)
        patience = min(waiter.patience for waiter in target.waiters)
        self._looks.set(target, min(self._clock.now() + target.interval, patience))

    def _end(self, target: TrackedBatch, error: Exception) -> None:
        for waiter in list(target.waiters):
            self.leave(waiter)
            waiter.tell(own_copy(error))

    def _end_all(self, error: Exception) -> None:
        for target in list(self._targets.values()):
            self._end(target, error)


def own_copy(error: Exception) -> Exception:
    """Return an error that one wait may put its facts on, while others put theirs on the same."""
    if not isinstance(error, OmicsBatchError):
        return error
    own = copy(error)
    own.__cause__ = error.__cause__
    return own
