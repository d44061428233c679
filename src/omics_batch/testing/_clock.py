"""Clocks for tests: one runs faster, one is moved by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final

from omics_batch._clock import Duration, in_seconds, monotonic
from omics_batch._errors import InvalidInputError
from omics_batch._loop import running_loop

_LEAST: Final = 2.0
"""The least real seconds of a limit, however fast a clock runs."""


class ScaledClock:
    """A clock that runs `scale` times as fast as the real one.

    Args:
        scale: How many of its seconds pass in a real one; 100.0 turns an hour into 36 seconds.
    """

    def __init__(self, scale: float = 1.0) -> None:
        """Start the clock; raise InvalidInputError for a scale that is not a positive number."""
        if not 0 < scale < math.inf:
            raise InvalidInputError(f"a clock's scale is a positive number, not {scale!r}")
        self._scale = float(scale)
        self._ahead = 0.0

    @property
    def scale(self) -> float:
        """How many of its seconds pass in a real one."""
        return self._scale

    def now(self) -> float:
        """Read the clock: monotonic seconds, from an arbitrary start."""
        return monotonic() * self._scale + self._ahead

    def advance(self, duration: Duration) -> None:
        """Move the clock forward; sleeps on it do not end sooner.

        Args:
            duration: By how much; a clock never goes back.

        Raises:
            InvalidInputError: The duration is negative or not finite.
        """
        self._ahead += in_seconds("duration", duration)

    async def sleep(self, seconds: float) -> None:
        """Sleep for some seconds of this clock; zero and less only let other tasks run."""
        await asyncio.sleep(max(0.0, seconds) / self._scale)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """Limit a block to some seconds of this clock, but to at least two real seconds.

        A shorter limit in real time would end requests only because the machine is slow. If `seconds` itself is less
        than two, that is the least.
        """
        return asyncio.timeout(None if seconds is None else max(seconds / self._scale, min(seconds, _LEAST)))


class ManualClock:
    """A clock that stands still until a test moves it.

    Args:
        start: What the clock shows at first, in seconds.
    """

    def __init__(self, start: float = 0.0) -> None:
        """Set the clock."""
        self._now = float(start)
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []
        self._asleep = 0
        self._limits: list[tuple[float, int, _Limit]] = []
        self.slept: list[float] = []
        """The seconds of every sleep so far, in the order of the calls."""

    @property
    def sleepers(self) -> int:
        """How many tasks sleep on the clock now."""
        return self._asleep

    @property
    def next_wake(self) -> float | None:
        """The time at which the next sleep ends; None if there is no sleep."""
        while self._waiting and self._waiting[0][2].done():
            heapq.heappop(self._waiting)
        return self._waiting[0][0] if self._waiting else None

    def now(self) -> float:
        """Read the clock."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Sleep until the clock is moved forward by some seconds; zero and less only let other tasks run."""
        self.slept.append(seconds)
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (self._now + seconds, next(self._order), woken))
        self._asleep += 1
        try:
            await woken
        finally:
            if woken.cancelled():
                self._asleep -= 1

    @asynccontextmanager
    async def timeout(self, seconds: float | None) -> AsyncGenerator[None]:
        """Limit a block: it ends with TimeoutError once the clock is moved forward by some seconds.

        A limit is not a sleep: `slept`, `sleepers` and `next_wake` do not show it.
        """
        async with asyncio.timeout(None) as scope:
            limit = _Limit(scope, asyncio.get_running_loop())
            if seconds is not None:
                heapq.heappush(self._limits, (self._now + seconds, next(self._order), limit))
                self._end_limits()
            try:
                yield
            finally:
                limit.scope = None

    def advance(self, duration: Duration) -> None:
        """Move the clock forward, and end the sleeps that are due, in the order of their times.

        Their tasks run once the caller awaits something; tasks on an event loop in another thread run there.

        Args:
            duration: By how much; a clock never goes back.

        Raises:
            InvalidInputError: The duration is negative or not finite.
        """
        self._now += in_seconds("duration", duration)
        running = running_loop()
        while self._waiting and self._waiting[0][0] <= self._now:
            woken = heapq.heappop(self._waiting)[2]
            loop = woken.get_loop()
            if loop is running or not loop.is_running():
                self._wake(woken)
            else:
                loop.call_soon_threadsafe(self._wake, woken)
        self._end_limits()

    def _end_limits(self) -> None:
        while self._limits and (self._limits[0][0] <= self._now or self._limits[0][2].scope is None):
            heapq.heappop(self._limits)[2].end()

    def _wake(self, woken: asyncio.Future[None]) -> None:
        if not woken.done():
            self._asleep -= 1
            woken.set_result(None)


@dataclass(slots=True)
class _Limit:
    """A block that ends when a clock is moved far enough."""

    scope: asyncio.Timeout | None
    """None once the block has ended, so that its task can be freed."""
    loop: asyncio.AbstractEventLoop

    def end(self) -> None:
        """End the block, from whichever thread moves the clock."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self._expire)

    def _expire(self) -> None:
        if self.scope is not None:
            self.scope.reschedule(self.loop.time())
