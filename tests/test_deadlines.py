"""No call and no wait overruns its deadline by more than 50 ms, whatever the service does, on the real clock.

A busy machine holds everybody up, so the best of three tries counts: a bound that is missing misses three times.
"""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from omics_batch import AttemptTimeoutError, OmicsBatchError, PollPolicy, RetryPolicy, WaitTimeoutError
from omics_batch.testing import Fault, Simulator, faults, local_client

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

OVERRUN = 0.05
TIMEOUT = 0.3
TRIES = 3

HANGING = [
    faults.unanswered(times=TRIES),
    faults.stalled(times=TRIES),
    faults.dripped(0.01, times=TRIES),
    faults.delayed(60, times=TRIES),
    faults.throttled(times=TRIES, retry_after_ms=60_000),
]


async def least_overrun(
    omics: Simulator | None, limit: float, act: Callable[[], Awaitable[object]], error: type[OmicsBatchError]
) -> float:
    """Try three times; return by how much the quickest failure came after the limit."""
    overruns: list[float] = []
    for _ in range(TRIES):
        begun = time.monotonic()
        with pytest.raises(error):
            await act()
        overruns.append(time.monotonic() - begun - limit)
    if omics is not None:
        omics.forget_script()  # on a busy machine, a limit may be over before anything is sent
    return min(overruns)


@pytest.mark.parametrize("fault", HANGING, ids=lambda fault: fault.name)
async def test_a_call_is_over_at_its_timeout(fault: Fault) -> None:
    """Neither the attempt's limit of 30 s nor a service that asks for a minute's patience lengthens it."""
    async with Simulator() as omics:
        omics.script(fault)
        batch_id = omics.start_batch(1)
        async with omics.client(random=lambda: 1.0, max_rate=None) as client:
            overrun = await least_overrun(
                omics, TIMEOUT, lambda: client.get_batch(batch_id, timeout=TIMEOUT), OmicsBatchError
            )
    assert overrun < OVERRUN


@pytest.mark.parametrize("fault", HANGING[:3], ids=lambda fault: fault.name)
async def test_an_attempt_is_over_at_its_limit(fault: Fault) -> None:
    """The bound is around the whole attempt: a drip that never stalls does not escape it."""
    async with Simulator() as omics:
        omics.script(fault)
        batch_id = omics.start_batch(1)
        policy = RetryPolicy(max_attempts=1, attempt_timeout=TIMEOUT)
        async with omics.client(retry=policy) as client:
            overrun = await least_overrun(omics, TIMEOUT, lambda: client.get_batch(batch_id), AttemptTimeoutError)
    assert overrun < OVERRUN


async def test_a_wait_is_over_at_its_timeout_and_its_last_look() -> None:
    """The last look has a bound of its own: here the attempt's limit, which is less than 5 s."""
    last_look = 0.2
    async with Simulator() as omics:
        omics.script(faults.unanswered(faults.ANY, times=1000))
        batch_id = omics.start_batch(1)
        policy = RetryPolicy(max_attempts=1, attempt_timeout=last_look)
        poll = PollPolicy(initial=0.1, maximum=0.1)
        async with omics.client(retry=policy, poll=poll) as client:
            overrun = await least_overrun(
                omics, 0.25 + last_look, lambda: client.wait_until_processed(batch_id, timeout=0.25), WaitTimeoutError
            )
        assert overrun < OVERRUN
        omics.forget_script()


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
    async with local_client(f"http://127.0.0.1:{port_that_accepts_nobody}", retry=policy) as client:
        overrun = await least_overrun(None, TIMEOUT, lambda: client.get_batch("7"), AttemptTimeoutError)
    assert overrun < OVERRUN
