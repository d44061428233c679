"""Cancelling at every point of a call and of a wait: at once, and the client is as good as new."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from omics_batch import Batch, OmicsBatchClient, PollPolicy, RetryPolicy
from omics_batch.testing import Fault, Life, Simulator, faults

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


async def _cancelled_at_every_turn(begin: Callable[[], Coroutine[object, object, Batch]]) -> int:
    """Start again again and again, some turns of the loop later each time, until it ends by itself first."""
    turns = 0
    while True:
        task = asyncio.create_task(begin())
        for _ in range(turns):
            await asyncio.sleep(0)
        if task.done():
            assert task.result().id
            return turns
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        turns += 1 + turns // 10


@pytest.mark.parametrize("fault", [None, faults.throttled(), faults.closed()], ids=["sound", "throttled", "closed"])
async def test_a_call_may_be_cancelled_at_every_await(fault: Fault | None) -> None:
    """In the middle of sending, of reading, of a delay before a retry: CancelledError, and the next call answers."""
    async with Simulator() as omics:
        batch_id = omics.start_batch(1)
        async with omics.client(max_rate=None, retry=RetryPolicy(base=0.001, throttling_base=0.001)) as client:
            if fault:
                omics.script(fault)
            turns = await _cancelled_at_every_turn(lambda: client.get_batch(batch_id))
            assert (await client.get_batch(batch_id)).id == batch_id
    assert turns > 5


async def test_a_wait_may_be_cancelled_at_every_await() -> None:
    """The same for a wait, its poller and its looks."""
    async with Simulator(
        life=Life(creating=0, pending=0, submission_rate=1e6, run_pending=0, run_starting=0.005, run_length=0.005)
    ) as omics:
        batch_id = omics.start_batch(1)
        poll = PollPolicy(initial=0.001, maximum=0.001)
        async with omics.client(max_rate=None, poll=poll) as client:
            turns = await _cancelled_at_every_turn(lambda: client.wait_until_processed(batch_id))
            assert (await client.wait_until_processed(batch_id)).is_processed
    assert turns > 5


async def test_cancelling_takes_one_turn_of_the_loop() -> None:
    """Nothing is awaited on the way out."""
    async with Simulator() as omics:
        omics.script(faults.unanswered(times=2))
        batch_id = omics.start_batch(1)
        async with omics.client() as client:
            for begin in (client.get_batch, client.wait_until_processed):
                task = asyncio.create_task(_batch_of(begin, batch_id))
                asked = len(omics.requests)
                while len(omics.requests) == asked:  # noqa: ASYNC110 - the request has to be on the wire
                    await asyncio.sleep(0)
                task.cancel()
                await asyncio.sleep(0)
                await asyncio.sleep(0)
                assert task.cancelled()


async def _batch_of(begin: Callable[[str], Coroutine[object, object, Batch]], batch_id: str) -> Batch:
    return await begin(batch_id)


async def test_two_hundred_calls_in_the_queue_are_cancelled_at_once() -> None:
    """A throttled client whose queue is dropped answers the next call without delay."""
    async with Simulator() as omics:
        batch_id = omics.start_batch(1)
        async with omics.client(max_rate=4.0) as client:
            await client.get_batch(batch_id)
            calls = [asyncio.create_task(client.get_batch(batch_id)) for _ in range(200)]
            await asyncio.sleep(0)
            for call in calls:
                call.cancel()
            done = await asyncio.gather(*calls, return_exceptions=True)
            assert all(isinstance(one, asyncio.CancelledError) for one in done)
            assert (await client.get_batch(batch_id, timeout=30)).id == batch_id
            assert omics.requests_of("GetBatch") == 2


async def test_a_client_that_is_entered_may_be_cancelled() -> None:
    """Opening takes a while; leaving in the middle leaves nothing behind."""
    async with Simulator() as omics:
        for turns in range(20):
            client: OmicsBatchClient = omics.client()
            task = asyncio.create_task(client.__aenter__())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await client.close()
