"""How fast a client may send: the rate is a pure decision, and a queue that nobody can hold up keeps it."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from typing import TYPE_CHECKING, Final

from omics_batch._clock import is_number
from omics_batch._errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from omics_batch._clock import Clock

_LOWEST_RATE: Final = 0.5
_CAUTION: Final = 0.8
_GROWTH: Final = 0.5
_WINDOW: Final = 1.0
_UNLIMITED: Final = 20.0
"""What a client without a limit is taken to have sent when it is throttled: twice the default quota."""

_MOST_PASSED: Final = 3
"""Urgent ones that go before the others, one after the other."""


class AdaptiveRate:
    """The requests a second that the service takes from this client, learnt from what it throttles.

    Throttling lowers the rate to a bit less than what was answered in the second before, but not below
    half at once; each answer raises it again, by half a request a second for every second of full use.
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

    def answered(self, now: float) -> None:
        """The service answered a request."""
        self._answered.append(now)
        self._forget(now)
        self.rate = min(self.rate + _GROWTH / self.rate, self._highest)

    def throttled(self, now: float) -> None:
        """The service throttled a request; what was sent in the same second tells nothing new."""
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


class RateLimiter:
    """A queue for permission to send, at a rate that may change while callers wait.

    The urgent go first, but for every fourth turn, or the others might never have one. Only the head sleeps; a
    caller that is cancelled leaves the queue at once and hands on its place.
    """

    def __init__(self, clock: Clock, rate: Callable[[], float]) -> None:
        """Begin empty."""
        self._clock = clock
        self._rate = rate
        self._last = -math.inf
        self._urgent: dict[object, asyncio.Future[None]] = {}
        self._queue: dict[object, asyncio.Future[None]] = {}
        self._passed = 0
        """How many urgent ones have gone before others, one after the other."""

    async def next(self, *, is_urgent: bool = False) -> None:
        """Come back when it is the caller's turn to send."""
        loop = asyncio.get_running_loop()
        place = object()
        is_alone = not (self._urgent or self._queue)
        queue = self._urgent if is_urgent else self._queue
        queue[place] = loop.create_future()
        try:
            if not is_alone:
                await queue[place]
            while (delay := self._last + 1 / self._rate() - self._clock.now()) > 0:
                await self._clock.sleep(delay)
                if self._head() is not queue[place]:  # somebody who goes first came while this one slept
                    queue[place] = loop.create_future()
                    self._call_the_head()
                    await queue[place]
            self._last = self._clock.now()
            self._passed = self._passed + 1 if is_urgent and self._queue else 0
        finally:
            del queue[place]
            self._call_the_head()

    def _head(self) -> asyncio.Future[None] | None:
        others_first = self._queue and self._passed >= _MOST_PASSED
        first = self._queue if others_first or not self._urgent else self._urgent
        return next(iter(first.values()), None)

    def _call_the_head(self) -> None:
        head = self._head()
        if head is not None and not head.done():
            head.set_result(None)
