"""A simulated day of waits while one request in five goes wrong: each ends with the truth, and nothing is left over."""

from __future__ import annotations

import asyncio
import time
import tracemalloc
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pytest

from soaks.batches import HOUR
from soaks.failures import SURVIVED, THROTTLING
from soaks.gauges import (
    Reader,
    blocks,
    check_flat,
    in_use,
    memory_readings,
    other_tasks,
    read_log,
    settled,
    traced_bytes,
)
from soaks.service import Service
from soaks.waits import Waiting, until_answered

if TYPE_CHECKING:
    from collections.abc import Callable

DAY: Final = 24 * HOUR
_LEFT_OVER: Final = 0.25
"""Of what is in use, at most, once no wait is left: caches of the interpreter and of pydantic, which fill once."""
_LONGEST_GAP: Final = 5
"""Minutes."""


@pytest.mark.timeout(1800)
async def test_a_thousand_waits_for_a_day(seed: int) -> None:
    """As many waits at any moment, of every sort: each ends with the truth, at the moment it ought to."""
    await _soak(seed, waits=1000, max_rate=1000.0, throttled=0.0025, until=DAY, memory=blocks, growth=1.1)


@pytest.mark.timeout(1800)
async def test_half_a_day_at_the_default_rate(seed: int) -> None:
    """A hundred waits and ten requests a second; every byte is traced."""
    tracemalloc.start()
    try:
        await _soak(seed, waits=100, max_rate=10.0, throttled=0.1, until=DAY / 2, memory=traced_bytes, growth=1.3)
    finally:
        tracemalloc.stop()


async def _soak(
    seed: int,
    *,
    waits: int,
    max_rate: float,
    throttled: float,
    until: float,
    memory: Callable[[], int],
    growth: float,
) -> None:
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    service = Service(Random(seed), throttled=throttled)
    begun = time.monotonic()
    with read_log() as log:
        async with service.omics, service.client(max_rate=max_rate, random=Random(seed + 1).random) as client:
            await until_answered(client, service)
            waiting = Waiting(client, service)
            before = in_use(memory)
            async with asyncio.TaskGroup() as group:
                for _ in range(waits):
                    group.create_task(waiting.one_after_the_other(until))
                readings = group.create_task(memory_readings(service.clock, memory, until))
            await settled()
            assert other_tasks() == set()
            left_over = in_use(memory) - before
    _report(service, waiting, log, readings.result(), time.monotonic() - begun)
    print(f"left over of it: {left_over:,}")
    assert failures == []
    assert other_tasks() == set()
    assert service.followed == {}
    _check_coverage(service, waiting)
    assert max(service.gaps) <= _LONGEST_GAP
    check_flat(readings.result(), growth)
    assert left_over <= _LEFT_OVER * readings.result()[0][0]


def _check_coverage(service: Service, waiting: Waiting) -> None:
    """A soak that met only some of the table, or only some ends, has not shown what it says."""
    rows = {row.name for rows in (THROTTLING, *SURVIVED.values()) for row in rows}
    assert rows <= service.met.keys()
    ends = {
        "Batch",
        "BatchFailedError",
        "BatchCancelledError",
        "CancelledError",
        "FailedRunsError",
        "LostContactError",
        "WaitTimeoutError",
    }
    assert ends <= waiting.outcomes.keys()


def _report(service: Service, waiting: Waiting, log: Reader, readings: list[tuple[int, int]], seconds: float) -> None:
    faults = sum(service.met.values())
    print(f"{waiting.outcomes.total()} waits ended: {dict(waiting.outcomes.most_common())}")
    print(f"{service.asked_for['GetBatch']} requests, {faults} of them met a fault of {len(service.met)} sorts")
    print(f"{service.renewals} renewals of credentials, {log.lines} lines of log, {seconds:.0f} s")
    print(f"at most {waiting.judge.latest:.2f} s beyond a deadline")
    gaps = service.gaps
    shares = (f"{minutes} min: {100 * gaps[minutes] / gaps.total():.2f} %" for minutes in sorted(gaps)[:8])
    print(f"between requests for a batch: {', '.join(shares)}; the longest {max(gaps)} min")
    print(f"memory in use: {', '.join(f'{used:,}' for used, _ in readings)}")
    print(f"the process's peak: {', '.join(f'{most:,}' for _, most in readings)}")
