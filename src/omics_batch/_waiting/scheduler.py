"""When to look at each batch, and when to scan the lists. Pure: inputs in, actions out.

Each input is a method that takes the moment on the clock and returns actions. The poller runs the actions. Each batch
is in one `BatchState`, and `states` has all transitions.
"""

from __future__ import annotations

import math
from copy import copy
from sys import intern
from typing import TYPE_CHECKING, Final

import omics_batch
from omics_batch._errors import OmicsBatchError
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
    WakeAt,
)
from omics_batch._waiting.batch_table import BatchTable
from omics_batch._waiting.compressed import CompressedBatch
from omics_batch._waiting.confirmations import Confirmations
from omics_batch._waiting.cost import BELIEVED, is_active, is_later
from omics_batch._waiting.deadlines import DeadlineHeap
from omics_batch._waiting.news import show_status
from omics_batch._waiting.policy import error_after_silence, error_of_a_refusal, silence_allowed
from omics_batch._waiting.scans import BREATH, Scans
from omics_batch._waiting.states import BatchState, Trigger
from omics_batch._waiting.tracked_batch import TrackedBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from omics_batch._models.batch import Batch
    from omics_batch._waiting.actions import Action
    from omics_batch._waiting.list_scan import ActiveBatch
    from omics_batch._waiting.subscriptions import Subscription

_RETRIES_FIRST: Final = 3
"""Failed looks in a row with which a LISTED batch keeps its place in the queue, where a round may take minutes."""
_QUEUES: Final = {
    True: (BatchState.MISSING,),
    False: (BatchState.DUE, BatchState.LISTED, BatchState.MISSING),
}
"""The queues that a turn serves, by whether it is urgent."""
_IN_LISTS: Final = {BatchState.IN_SCAN, BatchState.LISTED, BatchState.MISSING}
"""The batches that lists should show."""
_QUEUES_LISTED_FIRST: Final = (BatchState.LISTED, BatchState.DUE, BatchState.MISSING)


class Scheduler:
    """Knows all waits of a client, and decides what is sent next.

    Args:
        chance: Returns a number from 0.0 to 1.0, at random, so that batches are not polled at the same time.
        is_wanted: Whether events of a kind are wanted: others are not built.
    """

    def __init__(self, chance: Callable[[], float], is_wanted: Callable[[str], bool]) -> None:
        self._chance = chance
        self._is_wanted = is_wanted
        self._rate = math.inf
        self._batches = BatchTable()
        self._deadlines: DeadlineHeap[Subscription] = DeadlineHeap()
        self._confirmations = Confirmations()
        self._scans = Scans(self._batches)
        self._asked: set[bool] = set()
        """The turns that are requested, by whether they are urgent."""
        self._due_first = False
        self._out: list[Action] = []
        self._news: list[omics_batch.Event] = []

    def __len__(self) -> int:
        """Count the batches."""
        return len(self._batches)

    @property
    def is_scanning(self) -> bool:
        """Whether a scan is under way."""
        return self._scans.is_under_way

    # Inputs

    def join(self, wait: Subscription, now: float) -> list[Action]:
        """Follow a wait's batch, and look at it as soon as there is a turn."""
        batch = self._batches.get(wait.batch_id)
        if batch is None:
            batch = TrackedBatch(wait.batch_id, now)
            self._batches.add(batch)
            batch.interval = wait.poll.interval(0, 0.5)
        batch.join(wait)
        batch.looks = -1
        wait.last_contact = now  # an iteration may begin long after it was made
        if wait.deadline is not None:
            self._deadlines.set(wait, wait.deadline)
        if batch.state not in {BatchState.LOOKING, BatchState.MISSING}:
            self._wake(batch, now)
        return self._answer(WakeAt(now))

    def leave(self, wait: Subscription) -> list[Action]:
        """Remove a wait, if it is there; with the last wait of a batch, also the batch."""
        self._forget(wait)
        return self._answer()

    def rate(self, rate: float) -> list[Action]:
        """Set the calls a second that the waits may make; infinite for no limit."""
        self._rate = rate
        return self._answer()

    def tick(self, now: float) -> list[Action]:
        """End waits at their deadlines, queue the batches that are due, and choose between looks and a scan."""
        while (wait := self._deadlines.pop(now)) is not None:
            self._end(wait, None)
        while (batch := self._batches.those(BatchState.SCHEDULED).pop(now)) is not None:
            self._wake(batch, now)
        self._confirm(now)
        choice = self._scans.next_choice
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
            self._confirmations.called(is_look=True)
            self._confirmations.discard(batch)
            self._move(batch, Trigger.TURN, now)
            self._out.append(Look(batch.batch_id, max(wait.time_for_look(now) for wait in batch.waits)))
        self._ask_turns()
        if is_urgent and not self._batches.those(BatchState.MISSING):
            self._out.append(WakeAt(now))  # a scan may have been put off until now
        return self._answer()

    def looked(self, batch_id: str, seen: Batch, now: float) -> list[Action]:
        """Take the result of a look."""
        batch = self._batches[batch_id]
        self._move(batch, Trigger.ANSWER, now)
        is_news = batch.status != seen.status
        batch.looks = 0 if is_news else batch.looks + 1
        batch.status = seen.status.value
        batch.shown_at, batch.failures, batch.listed_in, batch.looked_in = now, 0, 0, self._scans.number
        batch.retries = 0
        if not is_active(batch.status):
            self._scans.ended(batch_id, now)
        compressed: CompressedBatch | None = None
        for wait in batch.waits:
            wait.looked(now)
            self._news += show_status(wait, batch.status, seen, now, self._is_wanted)
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
        """Take the error of a look."""
        batch = self._batches[batch_id]
        self._move(batch, Trigger.ANSWER, now)
        for wait in batch.waits:
            if kind is LookFailure.BROKEN or not isinstance(error, OmicsBatchError):
                self._end(wait, error)
            elif kind is LookFailure.REFUSAL and not wait.survives(error, now):
                wait.polls += min(error.attempts, 1)
                self._end(wait, error_of_a_refusal(error, wait.status, wait.seen_at, now))
            else:
                if kind is LookFailure.REFUSAL:
                    wait.last_contact = now
                    if wait.seen_at is not None:
                        batch.looks = -1  # look again soon: the service missed it once, or it is gone
                wait.look_failed(error)
                if wait.patience <= now:
                    self._end(wait, _silence(wait, error))
                else:
                    self._note_failure(wait, error, now)
        if batch.waits:
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
        """Take a page of the lists: batches on it go on, so they need no look now."""
        self._scans.page()
        self._confirmations.called(is_look=False)
        longest_lag = 0.0
        for item in page:
            if item.id is None or item.status is None or not is_active(item.status):
                continue
            batch, lag = self._batches.get(item.id), self._scans.lag(item.id, now)
            if lag is not None:
                longest_lag = max(longest_lag, lag)
            elif batch is not None and batch.listed_in != self._scans.number:
                self._show(batch, intern(item.status), now)  # one copy for all waits, which keep it
                for skipped in self._scans.skipped(batch):
                    self._miss(skipped, now)
        was_paused = self._scans.is_paused
        if self._scans.is_in_vain(longest_lag, self._rate, now):
            self._note_change(was_paused, "ListsLagging", lambda: omics_batch.ListsLagging(time=now, lag=longest_lag))
            self._stop_scan(now)
        return self._answer(WakeAt(now))

    def scan_ended(self, now: float) -> list[Action]:
        """Take the end of a scan: batches that the lists should have shown are missing."""
        was_paused = self._scans.is_paused
        self._scans.read(now)
        self._note_change(was_paused, "ListScanRecovered", lambda: omics_batch.ListScanRecovered(time=now))
        for batch in self._batches:
            self._miss(batch, now)
        self._end_scan(now)
        return self._answer(WakeAt(now))

    def scan_failed(self, error: OmicsBatchError, now: float) -> list[Action]:
        """Take the error of a scan."""
        was_paused, is_denied = self._scans.is_paused, self._scans.are_denied(error)
        self._scans.failed(error, self._rate, now)
        kind, message = type(error), error.problem
        self._note_change(
            was_paused,
            "ListScanFailed",
            lambda: omics_batch.ListScanFailed(time=now, error=kind, message=message, is_denied=is_denied),
        )
        self._end_scan(now)
        return self._answer(WakeAt(now))

    def stood_still(self, seconds: float, now: float) -> list[Action]:
        """Take a standstill of the process or its event loop: it does not count as silence."""
        for wait in (wait for batch in self._batches for wait in batch.waits):
            wait.last_contact = min(wait.last_contact + seconds, now)
        return self._answer()

    def close(self, error: Exception) -> list[Action]:
        """End all waits."""
        for wait in [wait for batch in self._batches for wait in batch.waits]:
            self._end(wait, error)
        return self._answer()

    # Changes of a batch's state

    def _move(self, batch: TrackedBatch, trigger: Trigger, now: float) -> None:
        self._batches.move(batch, trigger, now)
        if batch.state is BatchState.LISTED:
            self._scans.want(now + batch.interval)

    def _schedule(self, batch: TrackedBatch, now: float) -> None:
        chance = self._chance()
        batch.interval = min(wait.poll.interval(batch.looks, chance) for wait in batch.waits)
        patience = min(wait.patience for wait in batch.waits)
        batch.due_at = min(now + batch.interval, patience)
        self._batches.place(batch)

    def _wake(self, batch: TrackedBatch, now: float) -> None:
        """Queue a batch for a look, or wait for the scan under way if that will show it."""
        if batch.missed_at is not None:  # scans do not show it, for example since its status is unknown
            self._move(batch, Trigger.MISS if batch.failures else Trigger.WAKE, now)
        elif batch.place >= 0 and max(batch.listed_in, batch.looked_in) < self._scans.last_whole:
            batch.missed_at = now
            self._move(batch, Trigger.MISS, now)
        elif (self.is_scanning and batch.place >= 0) or (batch.wants_counts and self._batches.those(BatchState.LISTED)):
            self._wait_for_list(batch, now)
        else:
            self._move(batch, Trigger.WAKE, now)

    def _wait_for_list(self, batch: TrackedBatch, now: float) -> None:
        self._move(batch, Trigger.ASK if batch.wants_counts else Trigger.SCAN, now)

    def _show(self, batch: TrackedBatch, status: str, now: float) -> None:
        is_news = is_later(status, batch.status)
        batch.looks = 0 if is_news else batch.looks + 1
        batch.shown_at, batch.failures, batch.missed_at, batch.listed_in = now, 0, None, self._scans.number
        if is_news:
            batch.status = status
        for wait in batch.waits:
            wait.was_listed(status, now)
            if status == batch.status:  # else the list lags
                self._news += show_status(wait, status, None, now, self._is_wanted)
        before, wants_counts = batch.state, batch.wants_counts
        self._move(batch, Trigger.SHOW, now)
        if batch.state is not BatchState.SCHEDULED:
            return
        if not wants_counts:
            self._schedule(batch, now)
            if batch not in self._confirmations:
                self._confirmations.add(batch, now, self._chance())
        elif before is not BatchState.SCHEDULED:  # a list has no counts, so it does not delay a scheduled look
            self._move(batch, Trigger.ASK, now)

    def _miss(self, batch: TrackedBatch, now: float) -> None:
        """Queue an urgent look at a batch that the present scan should have shown, unless a look is under way."""
        was_to_be_shown = (
            batch.state in _IN_LISTS
            or (batch.state is BatchState.SCHEDULED and batch.listed_in)
            or (batch.state is BatchState.DUE and batch.missed_at is not None)
        )
        if was_to_be_shown and batch.listed_in != self._scans.number and self._batches.get(batch.batch_id) is batch:
            batch.missed_at = now
            self._move(batch, Trigger.MISS, now)
            self._scans.want_for(batch, now)

    def _confirm(self, now: float) -> None:
        """Queue looks that confirm the lists, the batch that was confirmed longest ago first."""
        while (batch := self._next_to_confirm(now)) is not None:
            batch.due_at = batch.queue_key = now
            self._move(batch, Trigger.ASK, now)

    def _next_to_confirm(self, now: float) -> TrackedBatch | None:
        are_queued = bool(self._batches.those(BatchState.LISTED))
        return self._confirmations.pop(now, len(self._batches), self._rate, others_are_queued=are_queued)

    def _note(self, kind: str, make: Callable[[], omics_batch.Event]) -> None:
        if self._is_wanted(kind):
            self._news.append(make())

    def _note_change(self, was_paused: bool, kind: str, make: Callable[[], omics_batch.Event]) -> None:  # noqa: FBT001 - as it was before
        """Report that the lists can no longer be read, or can be read again."""
        if self._scans.is_paused is not was_paused:
            self._note(kind, make)

    def _note_failure(self, wait: Subscription, error: OmicsBatchError, now: float) -> None:
        self._note(
            "LookFailed",
            lambda: omics_batch.LookFailed(
                time=now,
                batch_id=wait.batch_id,
                wait_id=wait.wait_id,
                error=type(error),
                fault=error.fault,
                message=error.problem,
                advice=error.advice,
                repeats=wait.repeats,
            ),
        )

    def _end(self, wait: Subscription, result: Batch | Exception | None) -> None:
        self._forget(wait)
        self._out.append(End(wait, own_copy(result) if isinstance(result, Exception) else result))

    def _forget(self, wait: Subscription) -> None:
        batch = self._batches.get(wait.batch_id)
        if batch is None or wait not in batch.waits:
            return
        batch.leave(wait)
        self._deadlines.discard(wait)
        if batch.waits:
            return
        self._batches.remove(batch)
        self._confirmations.discard(batch)
        if batch.state is BatchState.LOOKING:
            self._out.append(CancelLook(batch.batch_id))
        if not self._batches:
            self._stop_scan(-math.inf)
            self._asked.clear()
            self._scans.forget()
            self._out += [CancelTurns(), WakeAt(-math.inf)]

    # Choosing the next request

    def _choose(self, now: float) -> None:
        """Begin a scan where it is cheaper than looks."""
        due = self._scans.due(self._rate, now)
        for batch in due:
            if batch.state is not BatchState.MISSING:
                self._wait_for_list(batch, now)
        if due:
            self._scans.begin(now)
            self._out.append(Scan())

    def _stop_scan(self, now: float) -> None:
        if self._scans.is_under_way:
            self._out.append(StopScan())
            self._end_scan(now)

    def _end_scan(self, now: float) -> None:
        for batch in list(self._batches.those(BatchState.IN_SCAN)):
            self._move(batch, Trigger.RELEASE, now)
        self._scans.end(now)

    def _ask_turns(self) -> None:
        for is_urgent in (True, False):
            if is_urgent not in self._asked and any(map(self._batches.those, _QUEUES[is_urgent])):
                self._asked.add(is_urgent)
                self._out.append(AskTurn(is_urgent))

    def _first(self, *, is_urgent: bool) -> TrackedBatch | None:
        """Return the batch for a turn. Normal turns alternate between DUE batches and LISTED ones."""
        self._due_first ^= not is_urgent
        queues = _QUEUES[is_urgent] if is_urgent or self._due_first else _QUEUES_LISTED_FIRST
        return next(filter(None, (self._batches.those(state).pop(math.inf) for state in queues)), None)

    def _moments(self, now: float, choice: float) -> Iterator[float]:
        """Yield the moments at which something is due."""
        if (deadline := self._deadlines.next()) is not None:
            yield deadline
        if (wake := self._batches.those(BatchState.SCHEDULED).next()) is not None:
            yield max(wake, now + BREATH)
        if (confirm := self._confirmations.next(len(self._batches), self._rate)) is not None:
            yield max(confirm, now + BREATH)
        yield from self._scans.moments(now, choice)

    def _answer(self, *actions: Action) -> list[Action]:
        out, self._out = [*self._out, *actions, *map(Report, self._news)], []
        self._news.clear()
        return out


def own_copy(error: Exception) -> Exception:
    """Copy an error, so that each wait can set its own facts on it."""
    if not isinstance(error, OmicsBatchError):
        return error
    own = copy(error)
    own.__cause__ = error.__cause__
    return own


def _silence(wait: Subscription, error: OmicsBatchError) -> Exception:
    silence = silence_allowed(wait.poll)
    return error_after_silence(wait.batch_id, wait.shown, silence, error, wait.advice, listed=wait.listed)
