"""The `Clock` protocol: time, sleeping and time limits for everything that waits."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Final, Protocol, TypeAlias

from omics_batch._errors import InvalidInputError

Duration: TypeAlias = float | timedelta
"""A span of time: seconds, or a timedelta."""

_LONGEST: Final = sys.float_info.max

_MONOTONIC: Final = (time.monotonic,)
"""In a tuple, where tools that freeze time in tests do not find it."""


class Clock(Protocol):
    """What a client needs of a clock: give your own to make tests of your pipeline instant.

    A clock may also have `timeout(seconds)`, an asynchronous context manager like `asyncio.timeout` (None is no
    limit). If it has, time-outs run on it too; otherwise they run in real seconds.
    """

    def now(self) -> float:
        """Monotonic seconds since any fixed moment."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Sleep for a number of seconds of this clock."""
        ...


def monotonic() -> float:
    """Monotonic seconds of the machine, whatever a test has frozen."""
    return _MONOTONIC[0]()


class SystemClock:
    """The machine's monotonic clock.

    Some systems do not count the time that a laptop was asleep. There, a time-out takes that much longer.
    """

    def now(self) -> float:
        """Monotonic seconds since any fixed moment."""
        return monotonic()

    async def sleep(self, seconds: float) -> None:
        """Come back after that many real seconds."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """Limit a block to that many real seconds."""
        return asyncio.timeout(seconds)


def is_real(clock: Clock) -> bool:
    """Whether a clock shows real time, which also passes while this process is stopped; other clocks are for tests."""
    return isinstance(clock, SystemClock)


def clock_here(clock: Clock) -> Clock:
    """Return the running event loop's virtual clock in place of a real one, if that loop has virtual time."""
    return getattr(asyncio.get_running_loop(), "virtual_clock", clock) if is_real(clock) else clock


def time_limit(clock: Clock, seconds: float | None) -> AbstractAsyncContextManager[object]:
    """Limit a block to some seconds of a clock, or to real ones where the clock has no `timeout`; None is no limit."""
    timeout: Callable[[float | None], AbstractAsyncContextManager[object]] | None = getattr(clock, "timeout", None)
    return timeout(seconds) if callable(timeout) else asyncio.timeout(seconds)


def in_seconds(name: str, duration: object) -> float:
    """Return a caller's duration in seconds.

    Args:
        name: The argument's name, for the error.
        duration: Seconds or a timedelta; not negative, finite.

    Raises:
        InvalidInputError: It is negative, not finite, or no duration at all.
    """
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds <= _LONGEST:
        raise InvalidInputError(
            f"{name} has to be a finite number of seconds (or a timedelta) of 0 or more, not {duration!r}",
        )
    return float(seconds)


def is_number(value: object) -> bool:
    """Whether a caller's value is a number, and not NaN; True and False do not count."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value == value  # noqa: PLR0124 - NaN


def timeout_in_seconds(timeout: Duration | None) -> float | None:
    """Return a caller's `timeout` in seconds; None for no limit.

    Raises:
        InvalidInputError: It is negative, not finite, or no duration at all.
    """
    return None if timeout is None else in_seconds("timeout", timeout)
