"""A simulated day of waits while one request in five goes wrong: each ends with the truth, and nothing is left over."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
import sys
import time
import tracemalloc
from contextlib import contextmanager
from random import Random, SystemRandom
from statistics import mean
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import OmicsBatchClient, OmicsBatchError
from soaks.batches import HOUR
from soaks.service import Service
from soaks.troubles import SURVIVED, THROTTLING
from soaks.waits import Waiting
from tests.stories import client_over

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

SEED: Final = "OMICS_BATCH_SOAK_SEED"
DAY: Final = 24 * HOUR
_WARM: Final = 6 * HOUR
"""The longest time-out: from then on as many waits end as begin."""
_LEFT_OVER: Final = 0.25
"""Of what is in use, at most, once no wait is left: caches of the interpreter and of pydantic, which fill once."""
_LONGEST_GAP: Final = 5
"""Minutes."""


class Reader(logging.Handler):
    """Reads every line of the log as a service's own would, and keeps their number alone."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        assert "\n" not in self.format(record)
        self.lines += 1


@contextmanager
def read_log() -> Generator[Reader]:
    """Read the package's log; pytest, which keeps all it hears, hears nothing."""
    log, reader = logging.getLogger("omics_batch"), Reader()
    log.addHandler(reader)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        yield reader
    finally:
        log.removeHandler(reader)
        log.setLevel(logging.NOTSET)
        log.propagate = True


@pytest.fixture
def seed() -> int:
    """What all chance depends on: set the environment variable to see a soak again."""
    seed = int(os.environ.get(SEED) or SystemRandom().getrandbits(32))
    print(f"\n{SEED}={seed}")
    return seed


@pytest.mark.timeout(1800)
async def test_a_thousand_waits_for_a_day(seed: int) -> None:
    """As many waits at any moment, of every sort: each ends with the truth, at the moment it ought to."""
    await _soak(seed, waits=1000, max_rate=1000.0, throttled=0.0025, until=DAY, memory=_blocks, growth=1.1)


@pytest.mark.timeout(1800)
async def test_half_a_day_at_the_default_rate(seed: int) -> None:
    """A hundred waits and ten requests a second; every byte is traced."""
    tracemalloc.start()
    try:
        await _soak(seed, waits=100, max_rate=10.0, throttled=0.1, until=DAY / 2, memory=_bytes, growth=1.3)
    finally:
        tracemalloc.stop()


def _blocks() -> int:
    """The blocks that the interpreter has allocated: counting them costs nothing, where tracing each costs the hour."""
    return sys.getallocatedblocks()


def _bytes() -> int:
    return tracemalloc.get_traced_memory()[0]


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
    troubles: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: troubles.append(context))
    service = Service(Random(seed), throttled=throttled)
    begun = time.monotonic()
    with read_log() as log:
        async with client_over(service, service.clock, max_rate=max_rate, random=Random(seed + 1).random) as client:
            await _until_answered(client, service)
            waiting = Waiting(client, service)
            before = _in_use(memory)
            async with asyncio.TaskGroup() as group:
                for _ in range(waits):
                    group.create_task(waiting.one_after_the_other(until))
                readings = group.create_task(_readings(service, memory, until))
            await _settled()
            assert _others() == set()
            left_over = _in_use(memory) - before
    _report(service, waiting, log, readings.result(), time.monotonic() - begun)
    print(f"left over of it: {left_over:,}")
    assert troubles == []
    assert _others() == set()
    assert service.followed == {}
    assert service.closed
    _check_coverage(service, waiting)
    assert max(service.gaps) <= _LONGEST_GAP
    _check_flat(readings.result(), growth)
    assert left_over <= _LEFT_OVER * readings.result()[0][0]


async def _until_answered(client: OmicsBatchClient, service: Service) -> None:
    """Let the credentials have worked once: those that never did would end a wait."""
    followed = service.follow(share=False)
    while True:
        try:
            await client.get_batch(followed.fate.id)
        except OmicsBatchError:
            continue
        return service.leave(followed)


async def _readings(service: Service, memory: Callable[[], int], until: float) -> list[tuple[int, int]]:
    """Read, every hour after a warm-up, what is in use and the most that the process ever had."""
    readings: list[tuple[int, int]] = []
    await service.clock.sleep(_WARM)
    while service.clock.now() < until:
        readings.append((_in_use(memory), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
        await service.clock.sleep(HOUR)
    return readings


def _in_use(memory: Callable[[], int]) -> int:
    gc.collect()
    return memory()


def _check_flat(readings: list[tuple[int, int]], growth: float) -> None:
    """Compare means, of the last third with that of the first: waits come and go by chance, the fewer, the more."""
    third = len(readings) // 3
    before, after = readings[:third], readings[-third:]
    assert mean(used for used, _ in after) <= growth * mean(used for used, _ in before)
    assert mean(most for _, most in after) <= growth * mean(most for _, most in before)


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
    print(f"{service.requests} requests, {faults} of them met a fault of {len(service.met)} sorts")
    print(f"{service.renewals} renewals of credentials, {log.lines} lines of log, {seconds:.0f} s")
    print(f"at most {waiting.latest:.2f} s beyond a deadline")
    gaps = service.gaps
    shares = (f"{minutes} min: {100 * gaps[minutes] / gaps.total():.2f} %" for minutes in sorted(gaps)[:8])
    print(f"between requests for a batch: {', '.join(shares)}; the longest {max(gaps)} min")
    print(f"memory in use: {', '.join(f'{used:,}' for used, _ in readings)}")
    print(f"the process's peak: {', '.join(f'{most:,}' for _, most in readings)}")


def _others() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {current for current in [asyncio.current_task()] if current}


async def _settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
