"""When each batch is looked at, and when the lists are scanned. Pure: inputs in, actions out.

Each input is a method that takes the moment on the clock and returns actions. The poller executes them. What a
batch is doing is one `BatchState`, and `states` has every way from one to another.
"""

from __future__ import annotations

import math
from copy import copy
from itertools import islice
from typing import TYPE_CHECKING, Final

from omics_batch._errors import OmicsBatchError
from omics_batch._log import LOG
from omics_batch._waiting.actions import (
    AskTurn,
    CancelLook,
    CancelTurns,
    End,
    Look,
    LookFailure,
    Scan,
    StopScan,
    Update,
    WakeAt,
)
from omics_batch._waiting.compressed import CompressedBatch
from omics_batch._waiting.cost import (
    BELIEVED,
    CONFIRMING_CALLS,
    SOON,
    ListCost,
    Need,
    can_confirm,
    is_active,
    is_later,
    is_scan_cheaper,
    longest_useful,
)
from omics_batch._waiting.deadlines import DeadlineHeap
from omics_batch._waiting.list_order import ListOrder
from omics_batch._waiting.policy import error_after_silence, silence_allowed
from omics_batch._waiting.states import TRANSITIONS, BatchState, Trigger
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from omics_batch._models import Batch
    from omics_batch._waiting.actions import Action
    from omics_batch._waiting.list_scan import ActiveBatch
    from omics_batch._waiting.subscriptions import Subscription

_BREATH: Final = 0.1
"""Seconds in which batches become due together, so that thousands do not wake the poller one by one."""
_SECOND_CHANCE: Final = 30.0
"""Seconds after which another scan may show batches that are missing, if the looks at them take longer."""
_RETRIES_FIRST: Final = 3
"""Failed looks in a row after which a batch keeps its place among the LISTED, where a round may take minutes."""
_REMEMBERED: Final = 1000
"""Batches of which it is known when they had ended, to measure how far lists lag."""
_REMEMBERED_FOR: Final = 600.0
"""Seconds for which it is of use."""

_QUEUES: Final = {
    True: (BatchState.MISSING,),
    False: (BatchState.DUE, BatchState.LISTED, BatchState.MISSING),
}
"""Which batches a turn is for, by whether it is urgent."""
_IN_LISTS: Final = {BatchState.IN_SCAN, BatchState.LISTED, BatchState.MISSING}
"""The batches that lists should show."""
_QUEUES_LISTED_FIRST: Final = (BatchState.LISTED, BatchState.DUE, BatchState.MISSING)


class TrackedBatch:
    """A batch, and the waits that share its looks."""

    __slots__ = (
        "batch_id",
        "confirm_at",
        "due_at",
        "failures",
        "interval",
        "listed_in",
        "looked_in",
        "looks",
        "missed_at",
        "place",
        "queue_key",
        "queued_at",
        "retries",
        "shown_at",
        "state",
        "status",
        "waits",
    )

    def __init__(self, batch_id: str, now: float) -> None:
        """Begin with no wait, and without an answer."""
        self.batch_id: str = batch_id
        self.state: BatchState = BatchState.SCHEDULED
        self.waits: tuple[Subscription, ...] = ()
        self.status: str | None = None
        self.looks: int = 0
        """How many looks and lists in a row brought nothing new, less one."""
        self.failures: int = 0
        """How many looks in a row failed."""
        self.interval: float = 0.0
        """Seconds from the last look to the next."""
        self.due_at: float = -math.inf
        """The moment on the clock at which the next look is due; queues begin with those that are due for longest."""
        self.queued_at: float = now
        """The moment on the clock since which a look is wanted."""
        self.shown_at: float = now
        """When a look or a list showed the batch last; before the first, when it was joined."""
        self.queue_key: float = -math.inf
        """What orders the LISTED: the lowest is first."""
        self.retries: int = 0
        """How many looks failed since one showed the batch."""
        self.confirm_at: float | None = None
        """When a look has to confirm what lists show; None before the first look."""
        self.missed_at: float | None = None
        """When a scan did not show the batch that should have; None where a list has shown it since."""
        self.listed_in: int = 0
        """The number of the scan that has shown the batch last; 0 where none has since the last look."""
        self.looked_in: int = 0
        """The number of the last scan that had begun when a look showed the batch."""
        self.place: int = -1
        """Where in the order of a scan the batch was shown last; below 0 where it never was."""

    @property
    def wants_counts(self) -> bool:
        """Whether any of the waits needs GetBatch for each look."""
        return any(wait.wants_counts for wait in self.waits)


class Scheduler:
    """Knows all waits of a client, and decides what is sent next.

    Args:
        chance: Returns a number from 0.0 to 1.0, at random: batches are not to be polled in step.
    """

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._rate = math.inf
        self._batches: dict[str, TrackedBatch] = {}
        self._in: dict[BatchState, DeadlineHeap[TrackedBatch]] = {state: DeadlineHeap() for state in BatchState}
        """The batches by what they are doing; SCHEDULED by their moments, and the queues by who is first."""
        self._deadlines: DeadlineHeap[Subscription] = DeadlineHeap()
        self._unconfirmed: DeadlineHeap[TrackedBatch] = DeadlineHeap()
        """The batches that lists show, by when a look has to confirm it."""
        self._calls = self._looks = 0
        """How many calls, and how many of them GetBatch, were made since one confirmed the lists."""
        self._asked: set[bool] = set()
        """The turns that are asked for, by whether they are urgent."""
        self._due_first = False
        self._cost = ListCost()
        self._order = ListOrder()
        self._scans = 0
        self._last_whole_scan = 0
        self._scan_began: float | None = None
        """The moment on the clock; None while no scan is under way."""
        self._pages = 0
        self._rescan_at = math.inf
        """The moment on the clock from which a scan is of use for batches that are LISTED or MISSING."""
        self._next_choice = -math.inf
        """The moment on the clock before which nothing is weighed again, however many batches there are to weigh."""
        self._ended_at: dict[str, float] = {}
        """When looks showed that batches have ended: lists that show them later lag by that much."""
        self._out: list[Action] = []

    def __len__(self) -> int:
        """Count the batches."""
        return len(self._batches)

    @property
    def is_scanning(self) -> bool:
        """Whether a scan is under way."""
        return self._scan_began is not None

    # Inputs

    def join(self, wait: Subscription, now: float) -> list[Action]:
        """Follow a wait's batch, and look at it as soon as there is a turn."""
        batch = self._batches.get(wait.batch_id)
        if batch is None:
            batch = self._batches[wait.batch_id] = TrackedBatch(wait.batch_id, now)
            batch.interval = wait.poll.interval(0, 0.5)
        batch.waits += (wait,)
        batch.looks = -1
        wait.heard = now  # an iteration may begin long after it was asked for
        if wait.deadline is not None:
            self._deadlines.set(wait, wait.deadline)
        if batch.state not in {BatchState.LOOKING, BatchState.MISSING}:
            self._wake(batch, now)
        return self._answer(WakeAt(now))

    def leave(self, wait: Subscription) -> list[Action]:
        """Forget a wait, if it is known; with the last one of its batch, the batch."""
        self._forget(wait)
        return self._answer()

    def rate(self, rate: float) -> list[Action]:
        """Set the calls a second that the waits may make; infinite for no limit."""
        self._rate = rate
        return self._answer()

    def tick(self, now: float) -> list[Action]:
        """End what is over, queue what is due, and choose between looks and a scan."""
        while (wait := self._deadlines.pop(now)) is not None:
            self._end(wait, None)
        while (batch := self._in[BatchState.SCHEDULED].pop(now)) is not None:
            self._wake(batch, now)
        self._confirm(now)
        choice = self._next_choice
        self._choose(now)
        self._ask_turns()
        return self._answer(WakeAt(min(self._moments(now, choice), default=math.inf)))

    def turn(self, now: float, *, is_urgent: bool) -> list[Action]:
        """Spend a turn on the batch that is first; without one, the turn is lost."""
        self._asked.discard(is_urgent)
        batch = self._first(is_urgent=is_urgent)
        if batch is not None:
            for wait in batch.waits:
                wait.excuse(now - batch.queued_at, now)
            self._calls += 1
            self._looks += 1
            self._unconfirmed.discard(batch)
            self._move(batch, Trigger.TURN, now)
            self._out.append(Look(batch.batch_id, max(wait.limit(now) for wait in batch.waits)))
        self._ask_turns()
        if is_urgent and not self._in[BatchState.MISSING]:
            self._out.append(WakeAt(now))  # a scan may have been put off until now
        return self._answer()

    def looked(self, batch_id: str, seen: Batch, now: float) -> list[Action]:
        """Take in what GetBatch shows."""
        batch = self._batches[batch_id]
        self._move(batch, Trigger.ANSWER, now)
        is_news = batch.status != seen.status
        batch.looks = 0 if is_news else batch.looks + 1
        batch.status = seen.status.value
        batch.shown_at, batch.failures, batch.listed_in, batch.looked_in = now, 0, 0, self._scans
        batch.retries = 0
        if is_news:
            LOG.info("batch %s: %s, %.1f %% complete", batch_id, one_line(seen.status), seen.percent_complete)
        if not is_active(batch.status):
            self._ended_at[batch_id] = now
            if len(self._ended_at) > _REMEMBERED:
                del self._ended_at[next(iter(self._ended_at))]
        compressed: CompressedBatch | None = None
        for wait in batch.waits:
            wait.looked(seen, now)
            if wait.is_over(seen):
                self._end(wait, seen)
            elif wait.wants_counts:
                self._out.append(Update(wait, seen))
            else:
                compressed = compressed or CompressedBatch(seen)
                wait.show(compressed)
        if batch.waits:
            self._schedule(batch, now)
            batch.queue_key = batch.due_at
            batch.confirm_at = now + max(BELIEVED, batch.interval)
        return self._answer(WakeAt(now))

    def look_failed(self, batch_id: str, error: Exception, kind: LookFailure, now: float) -> list[Action]:
        """Take in that GetBatch failed."""
        batch = self._batches[batch_id]
        self._move(batch, Trigger.ANSWER, now)
        for wait in batch.waits:
            if kind is LookFailure.BROKEN or not isinstance(error, OmicsBatchError):
                self._end(wait, error)
            elif kind is LookFailure.REFUSAL and not wait.survives(error, now):
                wait.polls += min(error.attempts, 1)
                self._end(wait, error)
            else:
                if kind is LookFailure.REFUSAL:
                    wait.heard = now
                wait.look_failed(error)
                if wait.patience <= now:
                    self._end(wait, _silence(wait, error))
        if batch.waits:
            LOG.warning("batch %s: a look failed, the wait goes on: %s", batch_id, error)
            batch.looks += 1
            batch.failures += 1
            batch.retries += 1
            batch.listed_in = 0
            self._schedule(batch, now)
            if batch.retries % (_RETRIES_FIRST + 1) == 0:
                batch.queue_key = batch.due_at
            batch.confirm_at = now + batch.interval
        return self._answer(WakeAt(now))

    def page(self, page: Iterable[ActiveBatch], now: float) -> list[Action]:
        """Take in a page of the lists: what it shows goes on, which is no answer, but spares a look."""
        began = self._running_scan()
        self._pages += 1
        self._calls += 1
        lag = 0.0
        for item in page:
            if item.id is None or item.status is None or not is_active(item.status):
                continue
            batch, ended_at = self._batches.get(item.id), self._ended_at.get(item.id, -math.inf)
            if now - ended_at <= _REMEMBERED_FOR:
                lag = max(lag, now - ended_at)
            elif batch is not None and batch.listed_in != self._scans:
                self._show(batch, item.status, now)
                for skipped in self._order.skipped(batch):
                    self._miss(skipped, now)
        longest = longest_useful(len(self._batches), self._rate)
        if lag > longest:
            self._cost.lag(lag, now)
            self._stop_scan(now)
        elif now - began > longest:
            self._cost.stopped(self._pages, len(self._batches), now)
            self._stop_scan(now)
        return self._answer(WakeAt(now))

    def scan_ended(self, now: float) -> list[Action]:
        """Take in that all lists were read: a batch that they should have shown is missing."""
        self._running_scan()
        self._cost.read(self._pages, len(self._batches), now)
        self._last_whole_scan = self._scans
        for batch in self._batches.values():
            self._miss(batch, now)
        self._end_scan(now)
        return self._answer(WakeAt(now))

    def scan_failed(self, error: OmicsBatchError, now: float) -> list[Action]:
        """Take in that a page cannot be had."""
        self._running_scan()
        price = self._cost.price(len(self._batches), now)
        self._cost.failed(error, self._pages, price, self._rate, now)
        self._end_scan(now)
        return self._answer(WakeAt(now))

    def stood_still(self, seconds: float, now: float) -> list[Action]:
        """Do not count as silence that the process stood still: it was stopped, or the loop was blocked."""
        for wait in (wait for batch in self._batches.values() for wait in batch.waits):
            wait.heard = min(wait.heard + seconds, now)
        return self._answer()

    def close(self, error: Exception) -> list[Action]:
        """End all waits."""
        for wait in [wait for batch in self._batches.values() for wait in batch.waits]:
            self._end(wait, error)
        return self._answer()

    # What a batch goes through

    def _move(self, batch: TrackedBatch, trigger: Trigger, now: float) -> None:
        before, after = batch.state, TRANSITIONS[batch.state].get(trigger)
        if after is None:
            raise RuntimeError(f"batch {batch.batch_id} is {before.name}, where {trigger.name} cannot come")
        if after is BatchState.LISTED:
            self._rescan_at = min(self._rescan_at, now + batch.interval)
        if after is before:
            return
        self._in[before].discard(batch)
        batch.state = after
        self._in[after].set(batch, _place_in(after, batch))
        if before is BatchState.SCHEDULED:
            batch.queued_at = now

    def _schedule(self, batch: TrackedBatch, now: float) -> None:
        chance = self._chance()
        batch.interval = min(wait.poll.interval(batch.looks, chance) for wait in batch.waits)
        patience = min(wait.patience for wait in batch.waits)
        batch.due_at = min(now + batch.interval, patience)
        self._in[BatchState.SCHEDULED].set(batch, batch.due_at)

    def _wake(self, batch: TrackedBatch, now: float) -> None:
        """Have a batch looked at that is due, unless a scan under way will show it."""
        if batch.missed_at is not None:  # no scan holds it: an unknown status is in no list, for one
            self._move(batch, Trigger.MISS if batch.failures else Trigger.WAKE, now)
        elif batch.place >= 0 and max(batch.listed_in, batch.looked_in) < self._last_whole_scan:
            batch.missed_at = now
            self._move(batch, Trigger.MISS, now)
        elif (self.is_scanning and batch.place >= 0) or (batch.wants_counts and self._in[BatchState.LISTED]):
            self._wait_for_list(batch, now)
        else:
            self._move(batch, Trigger.WAKE, now)

    def _wait_for_list(self, batch: TrackedBatch, now: float) -> None:
        self._move(batch, Trigger.ASK if batch.wants_counts else Trigger.SCAN, now)

    def _show(self, batch: TrackedBatch, status: str, now: float) -> None:
        is_news = is_later(status, batch.status)
        batch.looks = 0 if is_news else batch.looks + 1
        batch.shown_at, batch.failures, batch.missed_at, batch.listed_in = now, 0, None, self._scans
        if is_news:
            batch.status = status
            LOG.info("batch %s: listed as %s", batch.batch_id, one_line(status))
        for wait in batch.waits:
            wait.was_listed(status, now)
        before, wants_counts = batch.state, batch.wants_counts
        self._move(batch, Trigger.SHOW, now)
        if batch.state is not BatchState.SCHEDULED:
            return
        if not wants_counts:
            self._schedule(batch, now)
            if batch not in self._unconfirmed:
                first = now + BELIEVED * self._chance() if batch.confirm_at is None else batch.confirm_at
                self._unconfirmed.set(batch, first)
        elif before is not BatchState.SCHEDULED:  # a list without counts does not put off a look that has its moment
            self._move(batch, Trigger.ASK, now)

    def _miss(self, batch: TrackedBatch, now: float) -> None:
        """Look at a batch that the present scan should have shown, unless a look is under way."""
        was_to_be_shown = (
            batch.state in _IN_LISTS
            or (batch.state is BatchState.SCHEDULED and batch.listed_in)
            or (batch.state is BatchState.DUE and batch.missed_at is not None)
        )
        if was_to_be_shown and batch.listed_in != self._scans and self._batches.get(batch.batch_id) is batch:
            batch.missed_at = now
            self._move(batch, Trigger.MISS, now)
            self._rescan_at = min(self._rescan_at, now + max(batch.interval, _SECOND_CHANCE))

    def _confirm(self, now: float) -> None:
        """Ask for batches that lists have shown for long, longest ago first."""
        while can_confirm(len(self._batches), self._rate) or self._is_confirming_look():
            batch = self._unconfirmed.pop(now)
            if batch is None:
                return
            if batch.state in {BatchState.SCHEDULED, BatchState.IN_SCAN}:
                self._calls = self._looks = 0
                batch.due_at = batch.queue_key = now
                self._move(batch, Trigger.ASK, now)

    def _is_confirming_look(self) -> bool:
        """Whether enough calls were made since the last one that confirms; enough looks, while others are queued."""
        return (self._looks if self._in[BatchState.LISTED] else self._calls) >= CONFIRMING_CALLS

    def _end(self, wait: Subscription, result: Batch | Exception | None) -> None:
        self._forget(wait)
        self._out.append(End(wait, own_copy(result) if isinstance(result, Exception) else result))

    def _forget(self, wait: Subscription) -> None:
        batch = self._batches.get(wait.batch_id)
        if batch is None or wait not in batch.waits:
            return
        batch.waits = tuple(other for other in batch.waits if other is not wait)
        self._deadlines.discard(wait)
        if batch.waits:
            return
        del self._batches[batch.batch_id]
        self._in[batch.state].discard(batch)
        self._unconfirmed.discard(batch)
        if batch.state is BatchState.LOOKING:
            self._out.append(CancelLook(batch.batch_id))
        if not self._batches:
            self._stop_scan(-math.inf)
            self._asked.clear()
            self._order = ListOrder()
            self._out += [CancelTurns(), WakeAt(-math.inf)]

    # What is sent next

    def _choose(self, now: float) -> None:
        """Begin a scan where it is cheaper than looks."""
        if self.is_scanning or now < self._next_choice:
            return
        is_rescan = now >= self._rescan_at
        if is_rescan:
            self._rescan_at = now + _SECOND_CHANCE
        watched, missing = len(self._batches), self._in[BatchState.MISSING]
        price = self._cost.price(watched, now)
        to_look_at = islice((batch for batch in missing if not batch.failures), math.ceil(price))
        if not self._cost.are_open(now) or 0 < sum(1 for _ in to_look_at) < price:
            return  # those whom the last scan did not show come first, unless they are very many
        queued = [batch for batch in self._in[BatchState.DUE] if _may_be_listed(batch, now)]
        if is_rescan:
            queued += [*missing, *self._in[BatchState.LISTED]]
        if not queued:
            return
        self._next_choice = now + _BREATH
        interval = min(batch.interval for batch in queued)
        soon = self._in[BatchState.SCHEDULED].until(now + SOON * interval)
        needed = [*queued, *(batch for batch in soon if _may_be_listed(batch, now))]
        counts = sum(batch.wants_counts for batch in needed)
        if not is_scan_cheaper(Need(len(needed) - counts, counts, interval), price=price, rate=self._rate):
            return
        for batch in queued:
            if batch.state is not BatchState.MISSING:
                self._wait_for_list(batch, now)
        self._scans += 1
        self._scan_began, self._pages, self._rescan_at = now, 0, math.inf
        self._order.begin()
        self._out.append(Scan())

    def _running_scan(self) -> float:
        if self._scan_began is None:
            raise RuntimeError("no scan is under way")
        return self._scan_began

    def _stop_scan(self, now: float) -> None:
        if self.is_scanning:
            self._out.append(StopScan())
            self._end_scan(now)

    def _end_scan(self, now: float) -> None:
        self._scan_began = None
        for batch in list(self._in[BatchState.IN_SCAN]):
            self._move(batch, Trigger.RELEASE, now)
        self._rescan_at = min(self._rescan_at, now + _SECOND_CHANCE)

    def _ask_turns(self) -> None:
        for is_urgent in (True, False):
            if is_urgent not in self._asked and any(self._in[state] for state in _QUEUES[is_urgent]):
                self._asked.add(is_urgent)
                self._out.append(AskTurn(is_urgent))

    def _first(self, *, is_urgent: bool) -> TrackedBatch | None:
        """Return the batch for a turn: other turns than urgent ones alternate between DUE and LISTED."""
        self._due_first ^= not is_urgent
        queues = _QUEUES[is_urgent] if is_urgent or self._due_first else _QUEUES_LISTED_FIRST
        return next(filter(None, (self._in[state].pop(math.inf) for state in queues)), None)

    def _moments(self, now: float, choice: float) -> Iterator[float]:
        """Yield the moments at which something is due."""
        if (deadline := self._deadlines.next()) is not None:
            yield deadline
        if (wake := self._in[BatchState.SCHEDULED].next()) is not None:
            yield max(wake, now + _BREATH)
        if (confirm := self._unconfirmed.next()) is not None and can_confirm(len(self._batches), self._rate):
            yield max(confirm, now + _BREATH)
        if self._in[BatchState.DUE] and now < choice:
            yield choice
        if not self.is_scanning and (self._in[BatchState.LISTED] or self._in[BatchState.MISSING]):
            yield max(self._rescan_at, self._next_choice, now + _BREATH)

    def _answer(self, *actions: Action) -> list[Action]:
        out, self._out = [*self._out, *actions], []
        return out


def _place_in(state: BatchState, batch: TrackedBatch) -> float:
    """Return what orders the batches of a state: the lowest is first."""
    match state:
        case BatchState.MISSING:
            return batch.shown_at
        case BatchState.LISTED:
            return batch.queue_key
        case _:
            return batch.due_at


def _may_be_listed(batch: TrackedBatch, now: float) -> bool:
    """Whether a scan may be made for a batch's sake: not where one did not show it, though it went on, a moment ago."""
    return batch.missed_at is None or now - batch.missed_at >= BELIEVED


def own_copy(error: Exception) -> Exception:
    """Return an error that one wait may put its facts on, while others put theirs on the same."""
    if not isinstance(error, OmicsBatchError):
        return error
    own = copy(error)
    own.__cause__ = error.__cause__
    return own


def _silence(wait: Subscription, error: OmicsBatchError) -> Exception:
    silence = silence_allowed(wait.poll)
    return error_after_silence(wait.batch_id, wait.shown, silence, error, wait.advice, listed=wait.listed)
