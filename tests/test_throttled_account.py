"""What clients send while the service throttles, and after it did."""

from __future__ import annotations

import asyncio

import pytest

from omics_batch import OmicsBatchClient, PollPolicy, ThrottlingError, WaitTimeoutError
from omics_batch.testing import Life, Simulator, faults
from tests.virtual_time import running_clock

TASKS, SECONDS, QUOTA = 30, 10.0, 10.0


async def _ask_for_ten_seconds(omics: Simulator, client: OmicsBatchClient, batch_id: str) -> int:
    until = omics.clock.now() + SECONDS
    answers = 0

    async def ask() -> None:
        nonlocal answers
        while omics.clock.now() < until:
            try:
                await client.get_batch(batch_id)
            except ThrottlingError:
                continue
            answers += omics.clock.now() < until

    await asyncio.gather(*(ask() for _ in range(TASKS)))
    return answers


@pytest.mark.virtual_time
@pytest.mark.parametrize("max_rate", [None, 10.0])
@pytest.mark.slow
async def test_the_client_learns_the_quota(max_rate: float | None) -> None:
    """Without a limit it is throttled at first and then hardly ever; with the default one never."""
    async with Simulator(in_process=True, quota=QUOTA, clock=running_clock()) as omics:
        batch_id = omics.start_batch(1)
        async with omics.client(max_rate=max_rate) as client:
            answers = await _ask_for_ten_seconds(omics, client, batch_id)
        begun = omics.requests[0].time
        later = [request for request in omics.requests if request.time >= begun + 2]
        throttled = [request for request in later if request.status == 429]
    assert answers >= 70
    assert len(throttled) <= len(later) / 10
    assert max_rate is None or not [request for request in omics.requests if request.status == 429]


@pytest.mark.virtual_time
async def test_waits_have_their_rate_again_ten_seconds_after_they_were_throttled_once() -> None:
    """From half of their five looks a second, by half a request a second each second, as calls have it."""
    async with (
        Simulator(in_process=True, clock=running_clock()) as omics,
        omics.client(max_rate=10.0) as client,
    ):
        batches = [omics.start_batch(1, life=Life(run_length=3600.0)) for _ in range(4)]
        poll = PollPolicy(initial=0.5, factor=1.0, maximum=0.5)

        async def follow(batch_id: str) -> None:
            with pytest.raises(WaitTimeoutError):
                async for _ in client.watch(batch_id, timeout=30, poll=poll):
                    pass

        omics.script(faults.throttled())
        await asyncio.gather(*(follow(batch_id) for batch_id in batches))
        looks = [request.time - omics.requests[0].time for request in omics.requests if request.operation == "GetBatch"]
    assert sum(1 <= look < 3 for look in looks) == pytest.approx(6, abs=1)
    assert sum(12 <= look < 14 for look in looks) == pytest.approx(10, abs=1)
