"""What a wait holds while it sleeps: ten thousand of them, ours, and loops by hand that keep bare aiobotocore's dict.

    python -m benchmarks.memory ours traced

As a program it measures one sort of wait in a process of its own, in one of two ways, and writes the kB of each wait.
`traced` is what Python's allocations add up to; `resident` is what the process has more of the machine's memory.
"""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import tracemalloc
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from benchmarks.results import RATIO, Findings, Measure
from benchmarks.scaled_time import run_scaled
from benchmarks.service import service
from benchmarks.variants import bare_client
from omics_batch.testing import local_client

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
    from contextlib import AbstractAsyncContextManager

    from benchmarks.scaled_time import ScaledLoop
    from benchmarks.service import Service

    Wait = Callable[[str], Coroutine[Any, Any, object]]
    Waits = Callable[[str, ScaledLoop], AbstractAsyncContextManager[Wait]]

WAITS: Final = 10_000
BOUND: Final = 2.5
SCALE: Final = 20.0
WAYS: Final = {"traced": ("allocations that tracemalloc counts", 2), "resident": ("resident memory of the process", 3)}
"""Each with its title and its rounds: counting is slow, and the same each time."""
BY_HAND: Final = "a loop on bare aiobotocore that keeps the dict"
PAGE: Final = 100
_ASLEEP: Final = 120.0
"""Seconds after the last first look: whatever that left to do is done."""
_SAMPLES: Final = 5
_LONG: Final = 4 * 3600.0


def measure() -> Findings:
    """Measure both sorts of waits in both ways, in turn."""
    measures: list[Measure] = []
    for way, (title, rounds) in WAYS.items():
        pairs = [(_in_a_process("ours", way), _in_a_process("bare", way)) for _ in range(rounds)]
        ours = [few for few, _ in pairs]
        shares = [few / many for few, many in pairs]
        measures += [
            Measure.of(f"a wait: {title}", ours, unit="kB", bound=BOUND),
            Measure.of(f"the same, against {BY_HAND}", shares, unit=RATIO),
        ]
    return Findings(measures=measures)


def _in_a_process(who: str, way: str) -> float:
    command = [sys.executable, "-m", __name__, who, way]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


@asynccontextmanager
async def _ours(endpoint_url: str, clock: ScaledLoop) -> AsyncGenerator[Wait]:
    async with local_client(endpoint_url, clock=clock) as client:
        yield client.wait_until_processed


@asynccontextmanager
async def _bare(endpoint_url: str, clock: ScaledLoop) -> AsyncGenerator[Wait]:
    gate = asyncio.Semaphore(10)  # the pool's size: more requests would only lie about, and be counted

    async def wait(batch_id: str) -> object:
        while True:
            async with gate:
                batch = await client.get_batch(batchId=batch_id)
            if batch["status"] in {"PROCESSED", "FAILED", "CANCELLED"}:
                return batch
            await clock.sleep(_LONG)

    async with bare_client(endpoint_url) as client:
        yield wait


WAITERS: Final[Mapping[str, Waits]] = {"ours": _ours, "bare": _bare}


async def _kilobytes(omics: Service, waits: Waits, way: str, clock: ScaledLoop) -> float:
    """Return what each wait adds to a process in which one is there already."""
    async with waits(omics.endpoint_url, clock) as wait:
        first, *others = omics.batch_ids
        tasks = [asyncio.create_task(wait(first))]
        await clock.sleep(_ASLEEP)
        if way == "traced":
            tracemalloc.start()
        before = _memory(way)
        looked = _looks(omics)
        tasks += [asyncio.create_task(wait(batch_id)) for batch_id in others]
        async with asyncio.timeout(_LONG):
            while _looks(omics) - looked < len(others):
                await clock.sleep(10)
        await clock.sleep(_ASLEEP)
        samples: list[float] = []
        for _ in range(_SAMPLES):
            samples.append(_memory(way) - before)
            await clock.sleep(10)
        if any(task.done() for task in tasks):
            raise RuntimeError("a wait ended, so that too few were measured")
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
    return median(samples) / len(others) / 1000


def _looks(omics: Service) -> int:
    """Return the number of batches that the service has shown."""
    requests = omics.asked().requests
    return requests.get("GetBatch", 0) + PAGE * requests.get("ListBatch", 0)


def _memory(way: str) -> int:
    gc.collect()
    if way == "traced":
        return tracemalloc.get_traced_memory()[0]
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _main(who: str, way: str) -> float:
    with service(WAITS) as omics:
        return run_scaled(lambda clock: _kilobytes(omics, WAITERS[who], way, clock), SCALE)


if __name__ == "__main__":
    print(_main(*sys.argv[1:]))
