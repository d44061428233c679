"""How fast a client may send, and which request is next.

AWS has a quota for each operation, so each operation has a rate of its own. Together they stay within `max_rate`.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from enum import IntEnum
from itertools import count
from typing import TYPE_CHECKING, Final

from omics_batch._clock import is_number
from omics_batch._errors import InvalidInputError
from omics_batch._loop import start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omics_batch._clock import Clock

WAITS_SHARE: Final = 0.5
"""The share of each rate that the looks of waits may use; last looks do not count."""

MOST_CALLS_BEFORE_A_LOOK: Final = 4
"""Calls of one operation that are sent while its first look in the queue waits."""

_MOST_PASSES: Final = 3
"""How often a request lets one of a higher priority pass, when both may be sent."""

_ROUNDING: Final = 1e-9
"""Seconds of tolerance: a sum of floats may be a bit less than the exact moment, and a look would miss its turn."""

_LOWEST_RATE: Final = 0.5
_CAUTION: Final = 0.8
_GROWTH: Final = 0.5
_WINDOW: Final = 1.0
_UNLIMITED: Final = 20.0
"""The rate that an unlimited client is assumed to have when it is throttled: twice the default quota."""


class AdaptiveRate:
    """The requests a second that the service accepts for one operation, learnt from throttling.

    Throttling lowers the rate to a bit less than what was answered in the last second, but at most by half.
    Each answer raises it: by half a request a second in each second in which calls use the full rate, or waits their
    full share of it.
    """

    def __init__(self, max_rate: float | None) -> None:
        """Begin at the highest rate.

        Raises:
            InvalidInputError: The rate is not above 0.
        """
        if max_rate is not None and not (is_number(max_rate) and 0 < max_rate < math.inf):
            raise InvalidInputError(f"max_rate has to be above 0 requests a second, or None, not {max_rate!r}")
        self._highest = math.inf if max_rate is None else max_rate
        self.rate: float = self._highest
        """Requests a second; infinite while nothing limits it."""
        self._answered: deque[float] = deque()
        self._lowered_at = -math.inf

    def answered(self, now: float, share: float = 1.0) -> None:
        """The service answered a request.

        Args:
            now: The moment on the clock.
            share: The share of the rate that requests like this one may use.
        """
        self._answered.append(now)
        self._forget(now)
        self.rate = min(self.rate + _GROWTH / (self.rate * share), self._highest)

    def throttled(self, now: float) -> None:
        """The service throttled a request; other requests of the same second count as one."""
        if now - self._lowered_at < _WINDOW:
            return
        self._lowered_at = now
        self._forget(now)
        answered = len(self._answered) / _WINDOW
        half = (_UNLIMITED if math.isinf(self.rate) else self.rate) / 2
        lower = max(answered * _CAUTION, half, _LOWEST_RATE)
        self.rate = min(self.rate, lower)

    def _forget(self, now: float) -> None:
        while self._answered and self._answered[0] <= now - _WINDOW:
            self._answered.popleft()


class Priority(IntEnum):
    """Which request is sent first, when several may be sent; the lowest number goes first."""

    LAST_LOOK = 0
    """The look at the deadline of a wait: it has 5 s."""
    URGENT_LOOK = 1
    """A look at a batch that no list shows, the retry of a look, or a page of a list that many waits share."""
    LOOK = 2
    """Another look of a wait."""
    CALL = 3
    """A call that the user of the client made."""

    @property
    def is_shared(self) -> bool:
        """Whether it uses the share of the waits."""
        return self in (Priority.URGENT_LOOK, Priority.LOOK)


class QueuedRequest:
    """A request in the queue."""

    __slots__ = ("arrival", "calls_before", "method", "passes", "priority", "woken")

    def __init__(self, method: str, priority: Priority, arrival: int) -> None:
        """Begin with all counts at 0."""
        self.method: str = method
        self.priority: Priority = priority
        self.arrival: int = arrival
        self.passes: int = 0
        """How many others were sent while this one could have been sent."""
        self.calls_before: int = 0
        """How many calls of its operation were sent while it was the first look of its priority."""
        self.woken: asyncio.Future[None] | None = None
        """Done once the request has to check whether it is its turn; None while it does so."""

    def wake(self, error: BaseException | None = None) -> None:
        """Let the request check whether it is its turn, or raise an error."""
        if self.woken is None or self.woken.done():
            return
        if error is None:
            self.woken.set_result(None)
        else:
            self.woken.set_exception(error)


class _Spacing:
    """The spacing of requests, 1 / rate seconds: a pause saves up no requests."""

    __slots__ = ("_rate", "last")

    def __init__(self, rate: Callable[[], float]) -> None:
        self._rate = rate
        self.last: float = -math.inf

    @property
    def free_at(self) -> float:
        return self.last + 1 / self._rate()


class _Operation:
    """The rate of one operation, and its requests in the queue by their priorities."""

    def __init__(self, max_rate: float | None) -> None:
        self.rate: AdaptiveRate = AdaptiveRate(max_rate)
        self.all: _Spacing = _Spacing(lambda: self.rate.rate)
        self.looks: _Spacing = _Spacing(lambda: self.rate.rate * WAITS_SHARE)
        self.queues: dict[Priority, dict[QueuedRequest, None]] = {priority: {} for priority in Priority}

    def heads(self) -> Iterator[QueuedRequest]:
        for queue in self.queues.values():
            if queue:
                yield next(iter(queue))

    def looks_in_front(self) -> Iterator[QueuedRequest]:
        return (head for head in self.heads() if head.priority.is_shared)


class TurnQueue:
    """Decides which request is sent next, and when: no I/O, and the time is an argument.

    The lowest priority number goes first, with two exceptions. A request that could have been sent lets three others
    pass, then it goes first. While a look waits, at most four calls of its operation are sent.
    """

    def __init__(self, max_rate: float | None) -> None:
        """Begin empty.

        Raises:
            InvalidInputError: The rate is not above 0.
        """
        self._max_rate = max_rate
        highest = AdaptiveRate(max_rate).rate
        self._all = _Spacing(lambda: highest)
        self._looks = _Spacing(lambda: highest * WAITS_SHARE)
        self._operations: dict[str, _Operation] = {}
        self._arrivals = count()
        self._length = 0

    def __len__(self) -> int:
        """How many requests wait."""
        return self._length

    def rate(self, method: str) -> AdaptiveRate:
        """Return the rate of an operation."""
        return self._operation(method).rate

    def add(self, method: str, priority: Priority) -> QueuedRequest:
        """Put a request at the end of its queue, and return it."""
        request = QueuedRequest(method, priority, next(self._arrivals))
        self._operation(method).queues[priority][request] = None
        self._length += 1
        return request

    def discard(self, request: QueuedRequest) -> None:
        """Remove a request from its queue: it was sent, or it was given up."""
        del self._operation(request.method).queues[request.priority][request]
        self._length -= 1

    def first(self, now: float) -> QueuedRequest | None:
        """Return the request that may be sent now; None where none may."""
        return min(self._ready(now), key=_urgency, default=None)

    def oldest(self) -> QueuedRequest | None:
        """Return the request that has waited longest; None where none waits."""
        return min(self._heads(), key=lambda request: request.arrival, default=None)

    def next_moment(self) -> float:
        """Return the earliest moment at which a request may be sent; infinite where none waits."""
        return min((self._free_at(head) for head in self._heads()), default=math.inf)

    def take(self, request: QueuedRequest, now: float) -> None:
        """Note that a request, the first of its queue, is sent now."""
        for other in self._ready(now):
            other.passes += other is not request
        operation = self._operation(request.method)
        if request.priority is Priority.CALL:
            for look in operation.looks_in_front():
                look.calls_before += 1
        for spacing in self._spacings(operation, request.priority):
            spacing.last = now

    def pass_at_once(self, method: str, priority: Priority, now: float) -> bool:
        """Note a request as sent now, if none waits and the rates allow it; else return False."""
        if self._length:
            return False
        spacings = self._spacings(self._operation(method), priority)
        if any(spacing.free_at > now + _ROUNDING for spacing in spacings):
            return False
        for spacing in spacings:
            spacing.last = now
        return True

    def _ready(self, now: float) -> list[QueuedRequest]:
        """Return the oldest request of each priority that may be sent now."""
        oldest: dict[Priority, QueuedRequest] = {}
        for head in self._heads():
            other = oldest.get(head.priority)
            if (other is None or head.arrival < other.arrival) and self._free_at(head) <= now + _ROUNDING:
                oldest[head.priority] = head
        return list(oldest.values())

    def _free_at(self, request: QueuedRequest) -> float:
        operation = self._operation(request.method)
        if request.priority is Priority.CALL and any(
            look.calls_before >= MOST_CALLS_BEFORE_A_LOOK for look in operation.looks_in_front()
        ):
            return math.inf
        return max(spacing.free_at for spacing in self._spacings(operation, request.priority))

    def _spacings(self, operation: _Operation, priority: Priority) -> tuple[_Spacing, ...]:
        if priority.is_shared:
            return self._all, operation.all, self._looks, operation.looks
        return self._all, operation.all

    def _heads(self) -> Iterator[QueuedRequest]:
        for operation in self._operations.values():
            yield from operation.heads()

    def _operation(self, method: str) -> _Operation:
        operation = self._operations.get(method)
        if operation is None:
            operation = self._operations[method] = _Operation(self._max_rate)
        return operation


def _urgency(request: QueuedRequest) -> tuple[int, Priority]:
    return -request.passes if request.passes >= _MOST_PASSES else 0, request.priority


class RateLimiter:
    """Makes requests wait for their turns.

    While requests wait, one task sleeps until the next turn. A request that is cancelled leaves the queue at once.

    Args:
        clock: What the rates are measured on.
        queue: Decides whose turn it is.
    """

    def __init__(self, clock: Clock, queue: TurnQueue) -> None:
        self._clock = clock
        self._queue = queue
        self._timer: asyncio.Task[None] | None = None
        self._wakes_at = math.inf

    def __len__(self) -> int:
        """How many requests wait."""
        return len(self._queue)

    def rate(self, method: str) -> float:
        """Return the requests a second that an operation may send now; infinite while nothing limits them."""
        return self._queue.rate(method).rate

    def answered(self, method: str, *, is_shared: bool = False) -> None:
        """The service answered a request, which used the share of the waits or not."""
        self._queue.rate(method).answered(self._clock.now(), WAITS_SHARE if is_shared else 1.0)

    def throttled(self, method: str) -> None:
        """The service throttled a request."""
        self._queue.rate(method).throttled(self._clock.now())

    async def turn(self, method: str, priority: Priority = Priority.CALL) -> None:
        """Wait until the request may be sent.

        Args:
            method: The operation as aiobotocore's client names it, such as `get_batch`.
            priority: Which requests it goes before.
        """
        if self._queue.pass_at_once(method, priority, self._clock.now()):
            return
        request = self._queue.add(method, priority)
        try:
            while self._queue.first(now := self._clock.now()) is not request:
                request.woken = asyncio.get_running_loop().create_future()
                self._wake_first()
                await request.woken
            self._queue.take(request, now)
        finally:
            self._queue.discard(request)
            self._wake_first()

    def _wake_first(self) -> None:
        """Wake the request whose turn it is, or set the timer for it."""
        first = self._queue.first(self._clock.now())
        if first is None:
            self._set_timer(self._queue.next_moment())
        else:
            first.wake()

    def _set_timer(self, moment: float) -> None:
        if self._timer is not None:
            if self._wakes_at <= moment < math.inf:
                return  # where that is too early, it is set again then
            self._timer.cancel()
            self._timer = None
        if moment < math.inf:
            self._wakes_at = moment
            self._timer = start(self._sleep_until(moment), "omics_batch rate limiter")
            self._timer.add_done_callback(self._timer_ended)

    async def _sleep_until(self, moment: float) -> None:
        await self._clock.sleep(moment - self._clock.now())

    def _timer_ended(self, timer: asyncio.Task[None]) -> None:
        if timer is not self._timer:
            return
        self._timer = None
        error = None if timer.cancelled() else timer.exception()
        if error is not None and (oldest := self._queue.oldest()):
            oldest.wake(error)  # the clock is broken; the next request sets the timer again
        else:  # the time is over, or somebody cancelled the timer
            self._wake_first()
