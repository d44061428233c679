"""How many connections one wait of ten polls opens, 30 s apart: five minutes, which the loop makes ten seconds."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from benchmarks.results import Findings, Measure
from benchmarks.scaled_time import run_scaled
from benchmarks.service import service
from benchmarks.variants import bare_client
from omics_batch import PollPolicy
from omics_batch.testing import local_client

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from benchmarks.service import Service
    from omics_batch import Clock

SCALE: Final = 30.0
POLLS: Final = 10
INTERVAL: Final = 30.0


def measure() -> Findings:
    """Let each wait, and count."""
    return Findings(
        measures=[
            Measure(name="omics-batch", value=_connections(_ours), bound=1),
            Measure(
                name="a loop on bare aiobotocore",
                value=_connections(_bare),
                note="it keeps an idle connection for 12 s",
            ),
        ]
    )


def _connections(wait: Callable[[Service, Clock], Coroutine[Any, Any, None]]) -> int:
    with service() as omics:
        run_scaled(lambda clock: wait(omics, clock), SCALE)
        asked = omics.asked()
    if asked.requests != {"GetBatch": POLLS}:
        raise RuntimeError(f"the wait was to ask for the batch {POLLS} times, and asked for {asked.requests}")
    return asked.connections


async def _ours(omics: Service, clock: Clock) -> None:
    poll = PollPolicy(initial=INTERVAL, factor=1.0, maximum=INTERVAL, jitter=0.0)
    async with local_client(omics.endpoint_url, poll=poll, clock=clock) as client:
        with suppress(TimeoutError):
            async with asyncio.timeout((POLLS - 0.5) * INTERVAL):  # in the middle between two looks
                await client.wait_until_processed(omics.batch_ids[0])


async def _bare(omics: Service, clock: Clock) -> None:
    async with bare_client(omics.endpoint_url) as client:
        for _ in range(POLLS):
            await client.get_batch(batchId=omics.batch_ids[0])
            await clock.sleep(INTERVAL)
