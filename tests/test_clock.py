"""Durations come in as seconds or timedeltas, and all waiting goes through a clock."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, TypeAlias

import freezegun
import pytest
import time_machine

from omics_batch import Batch, Clock, InvalidInputError, PollPolicy, SystemClock, WaitTimeoutError
from omics_batch._clock import in_seconds, is_number, time_limit, timeout_in_seconds
from omics_batch.testing import Life, ManualClock, Simulator, VirtualClock, VirtualTimeLoop

Frozen: TypeAlias = Callable[[], AbstractContextManager[object]]


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        (0, 0.0),
        (5, 5.0),
        (0.05, 0.05),
        (timedelta(0), 0.0),
        (timedelta(hours=24), 86_400.0),
        (timedelta(milliseconds=50), 0.05),
        (timedelta.max, timedelta.max.total_seconds()),
        (sys.float_info.max, sys.float_info.max),
    ],
    ids=repr,
)
def test_seconds_and_timedeltas_are_durations(duration: object, seconds: float) -> None:
    found = in_seconds("timeout", duration)
    assert found == seconds
    assert type(found) is float


@pytest.mark.parametrize(
    "duration",
    [
        -1,
        -0.001,
        timedelta(seconds=-1),
        math.nan,
        math.inf,
        -math.inf,
        10**400,
        -(10**400),
        True,
        False,
        "5",
        "5s",
        None,
        Decimal(5),
        [5],
    ],
    ids=lambda duration: repr(duration)[:20],
)
def test_everything_else_is_the_callers_mistake(duration: object) -> None:
    with pytest.raises(InvalidInputError, match=r"^timeout has to be a finite number of seconds \(or a timedelta\)"):
        in_seconds("timeout", duration)


def test_a_timeout_is_seconds_or_no_limit() -> None:
    assert timeout_in_seconds(timedelta(minutes=1)) == 60.0
    assert timeout_in_seconds(0) == 0.0
    assert timeout_in_seconds(None) is None
    with pytest.raises(InvalidInputError, match="^timeout has"):
        timeout_in_seconds(-1)


async def test_the_systems_clock_is_the_monotonic_one() -> None:
    """A wall clock that is set back in the middle of a wait must not stretch it."""
    clock: Clock = SystemClock()
    before = time.monotonic()
    shown = clock.now()
    await clock.sleep(0)
    assert before <= shown <= clock.now() <= time.monotonic()


async def test_the_systems_clock_sleeps_as_long_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr("asyncio.sleep", sleep)
    await SystemClock().sleep(12.5)
    assert slept == [12.5]


@pytest.mark.parametrize("value", [0, 1, -1.5, float("inf")])
def test_a_number_is_a_number(value: float) -> None:
    assert is_number(value)


@pytest.mark.parametrize("value", ["1", None, True, float("nan"), b"one", [1]])
def test_what_cannot_be_reckoned_with_is_none(value: object) -> None:
    assert not is_number(value)


def frozen_by_freezegun() -> AbstractContextManager[object]:
    """Freeze the clock, but for asyncio: else no timer of its loop would ever be due."""
    return freezegun.freeze_time("2026-03-14", real_asyncio=True)


def frozen_by_time_machine() -> AbstractContextManager[object]:
    return time_machine.travel("2026-03-14T00:00:00+00:00", tick=False)


FROZEN: Final = pytest.mark.parametrize("frozen", [frozen_by_freezegun, frozen_by_time_machine])


@FROZEN
async def test_a_tool_that_freezes_time_does_not_stop_a_time_out(frozen: Frozen) -> None:
    often = PollPolicy(initial=0.05, maximum=0.05)
    async with Simulator() as omics, omics.client(clock=SystemClock(), poll=often) as client:
        batch_id = omics.start_batch(3)
        with frozen():
            frozen_at = datetime.now(UTC)
            with pytest.raises(WaitTimeoutError):
                await client.wait_until_processed(batch_id, timeout=0.3)
            assert datetime.now(UTC) == frozen_at


@FROZEN
def test_a_tool_that_freezes_time_does_not_stop_virtual_time(frozen: Frozen) -> None:
    async def wait() -> Batch:
        life = Life(run_length=timedelta(hours=2))
        async with Simulator(in_process=True, clock=VirtualClock(), life=life) as omics, omics.client() as client:
            return await client.wait_until_processed(omics.start_batch(3), timeout=timedelta(hours=3))

    with frozen(), asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        assert runner.run(wait()).is_processed


class WithoutTimeout:
    """A clock as users have written it before clocks had time-outs."""

    def now(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(
    "clock", [SystemClock(), WithoutTimeout(), ManualClock()], ids=lambda clock: type(clock).__name__
)
async def test_a_time_limit_of_nothing_ends_its_block(clock: Clock) -> None:
    """At the first moment at which it waits."""
    with pytest.raises(TimeoutError):
        async with time_limit(clock, 0):
            await asyncio.get_running_loop().create_future()
    async with time_limit(clock, None):
        await asyncio.sleep(0)
