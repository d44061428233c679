"""No call and no wait overruns its deadline by more than 50 ms, whatever the service does, on the real clock.

What the machine itself holds the event loop up by is measured beside it and allowed for.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from omics_batch import AttemptTimeoutError, OmicsBatchError, PollPolicy, RetryPolicy, WaitTimeoutError
from omics_batch.testing import Fault, Simulator, faults, local_client

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

OVERRUN = 0.05
TIMEOUT = 0.3
PULSE = 0.005

HANGING = [
    faults.unanswered(),
    faults.stalled(),
    faults.dripped(0.01),
    faults.delayed(60),
    faults.throttled(retry_after_ms=60_000),
]


class Lag:
    """The longest time that the loop was held up."""

    longest = 0.0


@asynccontextmanager
async def measured_lag() -> AsyncGenerator[Lag]:
    lag = Lag()

    async def feel_the_pulse() -> None:
        while True:
            begun = time.monotonic()
            await asyncio.sleep(PULSE)
            lag.longest = max(lag.longest, time.monotonic() - begun - PULSE)

    pulse = asyncio.create_task(feel_the_pulse())
    try:
        yield lag
    finally:
        pulse.cancel()


@pytest.mark.parametrize("fault", HANGING, ids=lambda fault: fault.name)
async def test_a_call_is_over_at_its_timeout(fault: Fault) -> None:
    """Neither the attempt's limit of 30 s nor a service that asks for a minute's patience lengthens it."""
    async with Simulator() as omics:
        omics.script(fault)
        batch_id = omics.start_batch(1)
        async with omics.client(random=lambda: 1.0) as client, measured_lag() as lag:
            begun = time.monotonic()
            with pytest.raises(OmicsBatchError):
                await client.get_batch(batch_id, timeout=TIMEOUT)
            assert time.monotonic() - begun < TIMEOUT + OVERRUN + lag.longest


@pytest.mark.parametrize("fault", HANGING[:3], ids=lambda fault: fault.name)
async def test_an_attempt_is_over_at_its_limit(fault: Fault) -> None:
    """The bound is around the whole attempt: a drip that never stalls does not escape it."""
    async with Simulator() as omics:
        omics.script(fault)
        batch_id = omics.start_batch(1)
        policy = RetryPolicy(max_attempts=1, attempt_timeout=TIMEOUT)
        async with omics.client(retry=policy) as client, measured_lag() as lag:
            begun = time.monotonic()
            with pytest.raises(AttemptTimeoutError):
                await client.get_batch(batch_id)
            assert time.monotonic() - begun < TIMEOUT + OVERRUN + lag.longest


async def test_a_wait_is_over_at_its_timeout_and_its_last_look() -> None:
    """The last look has a bound of its own: here the attempt's limit, which is less than 5 s."""
    last_look = 0.2
    async with Simulator() as omics:
        omics.script(faults.answered(), faults.unanswered(), faults.unanswered())
        batch_id = omics.start_batch(1)
        policy = RetryPolicy(max_attempts=1, attempt_timeout=last_look)
        poll = PollPolicy(initial=0.1, maximum=0.1)
        async with omics.client(retry=policy, poll=poll) as client, measured_lag() as lag:
            begun = time.monotonic()
            with pytest.raises(WaitTimeoutError) as caught:
                await client.wait_until_processed(batch_id, timeout=0.25)
            assert time.monotonic() - begun < 0.25 + last_look + OVERRUN + lag.longest
    assert isinstance(caught.value.last_error, AttemptTimeoutError)
    assert caught.value.batch is not None


@pytest.fixture
def port_that_accepts_nobody() -> Generator[int]:
    """A listening socket whose queue is full: a connection to it is neither made nor refused."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        queue = [socket.socket() for _ in range(3)]
        for waiting in queue:
            waiting.settimeout(0)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]
        for waiting in queue:
            waiting.close()


async def test_a_connection_that_hangs_is_over_at_its_limit(port_that_accepts_nobody: int) -> None:
    """Connecting is a part of the attempt."""
    policy = RetryPolicy(max_attempts=1, attempt_timeout=TIMEOUT)
    async with (
        local_client(f"http://127.0.0.1:{port_that_accepts_nobody}", retry=policy) as client,
        measured_lag() as lag,
    ):
        begun = time.monotonic()
        with pytest.raises(AttemptTimeoutError):
            await client.get_batch("7")
        assert time.monotonic() - begun < TIMEOUT + OVERRUN + lag.longest
