"""Virtual time: it jumps where nothing else can happen, and stands still where something can."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from omics_batch import BatchStatus, InvalidInputError, OmicsBatchClient, WaitTimeoutError
from omics_batch.testing import Life, ManualClock, Simulator, VirtualClock, VirtualTimeLoop, faults
from omics_batch.testing import _virtual_time as virtual_time

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any, TypeVar

    T = TypeVar("T")

DAY = 86_400.0


def run(story: Coroutine[Any, Any, T]) -> T:
    """Run on a loop of its own; time that passed for real would take a test longer than it may take."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(story)


def now() -> float:
    return asyncio.get_running_loop().time()


def test_sleeps_and_time_outs_take_no_time_and_are_exact() -> None:
    async def story() -> None:
        await asyncio.sleep(2 * DAY)
        assert now() == 2 * DAY
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await asyncio.Event().wait()
        assert now() == 2 * DAY + 0.1

    run(story())


def test_sleepers_wake_in_the_order_of_their_times() -> None:
    async def nap(seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((seconds, now()))

    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            for seconds in (30.0, 10.0, 20.0):
                group.create_task(nap(seconds))

    woken: list[tuple[float, float]] = []
    run(story())
    assert woken == [(10.0, 10.0), (20.0, 20.0), (30.0, 30.0)]


def test_a_long_wait_is_over_at_once() -> None:
    """The client has the real clock, which the loop's takes the place of."""

    async def story() -> None:
        async with Simulator(in_process=True, clock=VirtualClock(), life=Life(run_length=DAY / 8)) as omics:
            async with OmicsBatchClient(endpoint_url=omics.endpoint_url, region_name="us-west-2") as client:
                batch = await client.wait_until_processed(omics.start_batch(96), timeout=DAY)
            assert batch.is_processed
            assert DAY / 8 < omics.clock.now() < DAY / 8 + 200

    run(story())


def test_a_time_out_of_a_wait_is_exact() -> None:
    async def story() -> None:
        simulator = Simulator(in_process=True, clock=VirtualClock(), faults=[faults.unanswered()])
        async with simulator as omics, omics.client() as client:
            with pytest.raises(WaitTimeoutError):
                await client.wait_until_processed(omics.start_batch(1), timeout=5)
        assert now() == 5

    run(story())


def test_a_job_in_a_thread_holds_the_time() -> None:
    async def story() -> None:
        limit = asyncio.create_task(asyncio.sleep(1))
        await asyncio.to_thread(may_go_on.wait)
        assert now() == 0
        await limit
        assert now() == 1

    may_go_on = threading.Event()
    threading.Timer(0.05, may_go_on.set).start()
    run(story())


def test_a_thread_that_is_busy_when_the_loop_is_closed_holds_the_time() -> None:
    """From Python 3.13 on, a time-out of five minutes limits how long its end is waited for."""

    async def story() -> None:
        job = asyncio.ensure_future(asyncio.to_thread(may_go_on.wait))
        await asyncio.sleep(0)
        job.cancel()
        await asyncio.wait({job})

    may_go_on = threading.Event()
    threading.Timer(0.05, may_go_on.set).start()
    run(story())


def test_a_job_whose_caller_left_holds_the_time_no_more() -> None:
    async def story() -> None:
        job = asyncio.ensure_future(asyncio.to_thread(may_go_on.wait))
        await asyncio.sleep(0)
        job.cancel()
        await asyncio.wait({job})
        await asyncio.sleep(DAY)
        may_go_on.set()

    may_go_on = threading.Event()
    run(story())


def test_a_socket_holds_the_time() -> None:
    """What comes over it comes before a time-out, however slow the other side is."""

    async def story() -> bytes:
        here, there = socket.socketpair()
        reader, writer = await asyncio.open_connection(sock=here)
        threading.Timer(0.05, lambda: there.sendall(b"done")).start()
        async with asyncio.timeout(0.01):
            answer = await reader.read(4)
        assert now() == 0
        writer.close()
        await writer.wait_closed()
        there.close()
        await asyncio.sleep(DAY)
        return answer

    assert run(story()) == b"done"


def test_a_socket_that_is_silent_for_long_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather that than a test that hangs for two days."""

    async def story() -> None:
        here, there = socket.socketpair()
        with contextlib.closing(here), contextlib.closing(there):
            _, writer = await asyncio.open_connection(sock=here)
            try:
                await asyncio.sleep(DAY)
            finally:
                writer.close()

    monkeypatch.setattr(virtual_time, "_PATIENCE", 0.05)
    with pytest.raises(RuntimeError, match="virtual time stands still"):
        run(story())


def test_a_socket_that_is_read_and_written_at_a_time_holds_it_until_it_is_let_go() -> None:
    async def story() -> None:
        loop, readable, writable = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        here, there = socket.socketpair()
        with contextlib.closing(here), contextlib.closing(there):
            loop.add_reader(here, readable.set)
            loop.add_writer(here, writable.set)
            await writable.wait()
            loop.remove_writer(here)
            there.send(b"x")
            await readable.wait()
            loop.remove_reader(here)
            await asyncio.sleep(DAY)

    run(story())


def test_a_timer_of_the_past_is_due_at_once() -> None:
    async def story() -> None:
        await asyncio.sleep(60)
        called = asyncio.Event()
        asyncio.get_running_loop().call_at(30, called.set)
        await called.wait()
        assert now() == 60

    run(story())


def test_a_thread_may_wake_a_loop_on_which_nothing_is_planned() -> None:
    async def story() -> str:
        woken: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        loop = asyncio.get_running_loop()
        threading.Timer(0.05, lambda: loop.call_soon_threadsafe(woken.set_result, "woken")).start()
        return await woken

    assert run(story()) == "woken"


def test_sleeps_that_are_too_short_to_show_end_all_the_same() -> None:
    """Added to the time of a far day, a billionth of a second is nothing."""

    async def story() -> None:
        await asyncio.sleep(1e9)
        end = now() + 1e-6
        while now() < end:  # noqa: ASYNC110 - as a limiter does that waits for its turn
            await asyncio.sleep(end - now())

    run(story())


def test_a_clock_shows_the_time_of_the_loop_around_it_and_goes_on_on_the_next() -> None:
    async def story() -> None:
        await clock.sleep(60)
        async with clock.timeout(None):
            clock.advance(40)

    clock = VirtualClock()
    assert clock.now() == 0
    clock.advance(1)
    run(story())
    assert clock.now() == 101
    clock.advance(5)
    run(story())
    assert clock.now() == 206


async def test_on_another_loop_a_clock_says_what_to_do() -> None:
    with pytest.raises(InvalidInputError, match=r"asyncio.Runner\(loop_factory=VirtualTimeLoop\)"):
        VirtualClock().now()


def test_time_that_is_let_pass_makes_timers_late() -> None:
    """As after a laptop's sleep."""

    async def story() -> list[float]:
        naps = [asyncio.create_task(asyncio.sleep(seconds)) for seconds in (1, 2, 500)]
        await asyncio.sleep(0)
        VirtualClock().advance(100)
        moments: list[float] = []
        for nap in naps:
            await nap
            moments.append(now())
        return moments

    assert run(story()) == [100, 100, 500]


def test_batches_are_moved_by_hand() -> None:
    async def story() -> BatchStatus:
        async with Simulator(in_process=True, clock=VirtualClock(), life=Life(run_length=2 * DAY)) as omics:
            batch_id = omics.start_batch(3)
            omics.advance(days=3)
            async with omics.client() as client:
                return BatchStatus((await client.get_batch(batch_id)).status)

    assert run(story()) is BatchStatus.PROCESSED


def test_a_clock_of_its_own_is_kept() -> None:
    """Who gives a client a clock means that one."""

    async def story() -> None:
        clock = ManualClock()
        async with Simulator(in_process=True, clock=clock) as omics, omics.client() as client:
            waiting = asyncio.create_task(client.wait_until_processed(omics.start_batch(1)))
            await asyncio.sleep(DAY)
            assert not waiting.done()
            assert omics.requests_of("GetBatch") == 1
            waiting.cancel()

    run(story())
