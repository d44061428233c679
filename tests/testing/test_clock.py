from __future__ import annotations

import asyncio
import math
import threading
import time
from datetime import timedelta

import pytest

from omics_batch.testing import ManualClock, ScaledClock


async def test_a_manual_clock_stands_still() -> None:
    clock = ManualClock(start=100.0)
    assert clock.now() == 100.0
    assert clock.next_wake is None
    assert clock.sleepers == 0


async def test_advancing_wakes_sleepers_in_the_order_of_their_times() -> None:
    clock, woken = ManualClock(), list[float]()

    async def nap(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    naps = [asyncio.create_task(nap(seconds)) for seconds in (30.0, 10.0, 20.0)]
    await asyncio.sleep(0)
    assert clock.sleepers == 3
    assert clock.next_wake == 10.0

    clock.advance(timedelta(seconds=20))
    await asyncio.sleep(0)
    assert woken == [10.0, 20.0]
    assert clock.sleepers == 1
    assert clock.next_wake == 30.0

    clock.advance(10)
    await asyncio.gather(*naps)
    assert woken == [10.0, 20.0, 30.0]
    assert clock.slept == [30.0, 10.0, 20.0]


async def test_a_cancelled_sleeper_is_forgotten() -> None:
    clock = ManualClock()
    first, second = (asyncio.create_task(clock.sleep(seconds)) for seconds in (1.0, 2.0))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    assert clock.sleepers == 1
    assert clock.next_wake == 2.0

    second.cancel()
    await asyncio.sleep(0)
    clock.advance(5)
    assert clock.sleepers == 0
    assert clock.next_wake is None


async def test_sleeping_for_no_time_lets_others_run_and_is_recorded() -> None:
    clock = ManualClock()
    await clock.sleep(0)
    await clock.sleep(-1)
    assert clock.slept == [0, -1]


@pytest.mark.parametrize("duration", [-1.0, math.nan, math.inf])
def test_a_clock_never_goes_back(duration: float) -> None:
    with pytest.raises(ValueError, match="duration"):
        ManualClock().advance(duration)


async def test_a_scaled_clock_runs_faster_than_the_real_one() -> None:
    clock = ScaledClock(scale=1e9)
    before_real, before = time.monotonic(), clock.now()
    await clock.sleep(60.0)
    assert clock.now() - before >= 60.0
    assert time.monotonic() - before_real < 30.0
    await clock.sleep(-1.0)
    assert clock.scale == 1e9


@pytest.mark.parametrize("scale", [0.0, -1.0, math.inf, math.nan])
def test_a_scale_is_a_positive_number(scale: float) -> None:
    with pytest.raises(ValueError, match="scale"):
        ScaledClock(scale)


def test_a_clock_that_another_thread_moves_wakes_the_sleepers_of_a_loop() -> None:
    """A loop does not notice by itself what a thread does to its futures."""
    clock, loop = ManualClock(), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="sleepers")
    thread.start()
    try:
        sleeping, cancelled = (asyncio.run_coroutine_threadsafe(clock.sleep(seconds), loop) for seconds in (5.0, 6.0))
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(20)
        assert clock.sleepers == 2
        clock.advance(5)
        sleeping.result(20)
        assert clock.sleepers == 1
        cancelled.cancel()
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(20)
        clock.advance(5)
        assert clock.sleepers == 0
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_clock_is_moved_while_its_loop_pauses() -> None:
    """A test without a running loop may move it between two steps."""
    clock = ManualClock()
    with asyncio.Runner() as runner:
        sleeping = runner.get_loop().create_task(clock.sleep(5))
        runner.run(asyncio.sleep(0))
        clock.advance(5)
        assert clock.sleepers == 0
        runner.get_loop().run_until_complete(sleeping)
