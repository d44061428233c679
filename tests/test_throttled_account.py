"""Thirty tasks against a quota of ten requests a second, for ten seconds of virtual time."""

from __future__ import annotations

import asyncio

import pytest

from omics_batch import OmicsBatchClient, ThrottlingError
from omics_batch.testing import Simulator
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
