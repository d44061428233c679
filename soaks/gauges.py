"""What is read off while a soak runs: the log, the memory, the tasks."""

from __future__ import annotations

import asyncio
import gc
import logging
import resource
import sys
import tracemalloc
from contextlib import contextmanager
from statistics import mean
from typing import TYPE_CHECKING, Any, Final

from omics_batch import ListScanFailed
from soaks.batches import HOUR

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from omics_batch import Clock

_WARM: Final = 6 * HOUR
"""The longest time-out: from then on as many waits end as begin."""


class Reader(logging.Handler):
    """Formats every record of the log, as the handler of a service would, counts the lines and keeps none of them."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines = 0
        self.denials = 0
        """How often the log says that lists may not be read."""

    def emit(self, record: logging.LogRecord) -> None:
        assert "\n" not in self.format(record)
        self.lines += 1
        self.denials += isinstance(record.msg, ListScanFailed) and record.msg.is_denied


@contextmanager
def read_log() -> Generator[Reader]:
    """Read the package's log; pytest, which keeps all that it gets, gets nothing."""
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


def blocks() -> int:
    """The blocks that the interpreter has allocated: counting them costs nothing, where tracing each costs the hour."""
    return sys.getallocatedblocks()


def traced_bytes() -> int:
    return tracemalloc.get_traced_memory()[0]


async def memory_readings(clock: Clock, memory: Callable[[], int], until: float) -> list[tuple[int, int]]:
    """Read, every hour after a warm-up, what is in use and the most that the process ever had."""
    readings: list[tuple[int, int]] = []
    await clock.sleep(_WARM)
    while clock.now() < until:
        readings.append((in_use(memory), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
        await clock.sleep(HOUR)
    return readings


def in_use(memory: Callable[[], int]) -> int:
    gc.collect()
    return memory()


def check_flat(readings: list[tuple[int, int]], growth: float) -> None:
    """Compare means, of the last third with that of the first: waits come and go by chance, the fewer, the more."""
    third = len(readings) // 3
    before, after = readings[:third], readings[-third:]
    assert mean(used for used, _ in after) <= growth * mean(used for used, _ in before)
    assert mean(most for _, most in after) <= growth * mean(most for _, most in before)


def other_tasks() -> set[asyncio.Task[Any]]:
    return asyncio.all_tasks() - {current for current in [asyncio.current_task()] if current}


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)
