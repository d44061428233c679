from __future__ import annotations

import asyncio
import math
import threading
import time
from datetime import timedelta

import pytest

from omics_batch import InvalidInputError, SystemClock
from omics_batch.testing import Life, ManualClock, ScaledClock, Simulator


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
    before, before_real = clock.now(), time.monotonic()
    await clock.sleep(3600.0)  # for longer than a test may take
    real = time.monotonic() - before_real
    assert clock.now() - before >= max(3600.0, 0.999e9 * real)
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


async def held(clock: ManualClock, seconds: float | None) -> str:
    """Stay in a block with a limit of some seconds until it ends."""
    try:
        async with clock.timeout(seconds):
            await asyncio.get_running_loop().create_future()
    except TimeoutError:
        return f"over at {clock.now():g}"
    raise AssertionError


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_time_limit_ends_when_the_clock_was_moved_that_far() -> None:
    """It is no sleep: nothing that counts sleepers shows it."""
    clock = ManualClock()
    blocks = [asyncio.create_task(held(clock, seconds)) for seconds in (60, 30, 0)]
    await settle()
    assert (clock.slept, clock.sleepers, clock.next_wake) == ([], 0, None)
    assert [block.done() for block in blocks] == [False, False, True]
    clock.advance(59.9)
    await settle()
    assert [block.done() for block in blocks] == [False, True, True]
    clock.advance(0.1)
    assert [await block for block in blocks] == ["over at 60", "over at 59.9", "over at 0"]


async def test_a_block_that_has_ended_is_left_alone() -> None:
    """By a clock that is moved beyond its limit later, and by one that is moved in the moment in which it ends."""
    clock = ManualClock()
    async with clock.timeout(10):
        pass
    clock.advance(20)
    async with clock.timeout(10):
        clock.advance(10)
    await settle()
    block = asyncio.create_task(held(clock, None))
    await settle()
    clock.advance(1e9)
    await settle()
    block.cancel()
    with pytest.raises(asyncio.CancelledError):
        await block


async def test_a_thread_that_moves_the_clock_ends_blocks_too() -> None:
    clock = ManualClock()
    block = asyncio.create_task(held(clock, 60))
    await settle()
    await asyncio.to_thread(clock.advance, 60)
    assert await block == "over at 60"


def test_a_clock_outlives_the_loop_of_a_block() -> None:
    """A limit of a loop that was closed has nothing left to end."""
    clock = ManualClock()
    loop = asyncio.new_event_loop()
    block = loop.create_task(held(clock, 60))
    loop.run_until_complete(asyncio.sleep(0))
    block.cancel()
    loop.close()
    clock.advance(60)


@pytest.mark.parametrize(
    ("scale", "seconds", "real"),
    [
        (1, 60, 60),
        (1, 0.3, 0.3),
        (1000, 60, 2),
        (1000, 0.5, 0.5),
        (1000, 86_400, 86.4),
        (0.5, 10, 20),
        (1000, None, None),
    ],
)
async def test_a_limit_of_a_fast_clock_leaves_two_real_seconds_to_requests(
    scale: float, seconds: float | None, real: float | None
) -> None:
    """A machine that is slow is no service that does not answer."""
    now = asyncio.get_running_loop().time()
    async with ScaledClock(scale).timeout(seconds) as limit:
        assert isinstance(limit, asyncio.Timeout)
        ends = limit.when()
    assert ends is None if real is None else ends == pytest.approx(now + real, abs=0.2)


async def test_a_simulator_is_moved_by_hand() -> None:
    """What has become of a batch shows at once, on a clock that runs and on one that stands still."""
    for clock in (None, ManualClock()):
        async with Simulator(clock=clock, life=Life(run_length=3600)) as omics, omics.client() as client:
            batch_id = omics.start_batch(1)
            assert not (await client.get_batch(batch_id)).is_processed
            omics.advance(hours=3)
            assert (await client.get_batch(batch_id)).is_processed
            with pytest.raises(InvalidInputError):
                omics.advance(seconds=-1)


async def test_a_clock_of_the_callers_own_is_moved_by_its_owner() -> None:
    async with Simulator(clock=SystemClock()) as omics:
        with pytest.raises(InvalidInputError, match="move it yourself"):
            omics.advance(hours=1)
