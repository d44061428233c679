"""Clocks for tests: one that runs faster than the real one, one that is moved by hand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
import time
from typing import TYPE_CHECKING

from omics_batch._clock import in_seconds
from omics_batch._errors import InvalidInputError
from omics_batch._loop import running_loop

if TYPE_CHECKING:
    from omics_batch._clock import Duration


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

    @property
    def scale(self) -> float:
        """How many of its seconds pass in a real one."""
        return self._scale

    def now(self) -> float:
        """Read the clock: monotonic seconds, from an arbitrary start."""
        return time.monotonic() * self._scale

    async def sleep(self, seconds: float) -> None:
        """Sleep for as many of the clock's own seconds; zero and less only let other tasks run."""
        await asyncio.sleep(max(0.0, seconds) / self._scale)


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
        self.slept: list[float] = []
        """Every sleep that was asked for, in seconds and in the order of asking."""

    @property
    def sleepers(self) -> int:
        """How many tasks sleep on the clock now."""
        return self._asleep

    @property
    def next_wake(self) -> float | None:
        """When the next sleeper is due, as the clock will show it; None while nobody sleeps."""
        while self._waiting and self._waiting[0][2].done():
            heapq.heappop(self._waiting)
        return self._waiting[0][0] if self._waiting else None

    def now(self) -> float:
        """Read the clock."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Sleep until the clock was moved on by as many seconds; zero and less only let other tasks run."""
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

    def advance(self, duration: Duration) -> None:
        """Move the clock on, and wake who is due by then in the order of their times.

        The woken tasks run once the caller awaits something; tasks on an event loop in another thread run there.

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

    def _wake(self, woken: asyncio.Future[None]) -> None:
        if not woken.done():
            self._asleep -= 1
            woken.set_result(None)
