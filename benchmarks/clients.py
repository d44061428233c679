"""What it takes to make a client: the first of a process, and a second one, ours and bare aiobotocore's.

    python -m benchmarks.clients ours

As a program it makes two in a process of its own, and writes how many milliseconds of CPU each took as a line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from aiobotocore.session import AioSession

from benchmarks.results import RATIO, Findings, Measure
from omics_batch import OmicsBatchClient

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

ROUNDS: Final = 11
BOUND: Final = 10.0
REGION: Final = "us-west-2"
CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "none"}

MAKERS: Final[Mapping[str, Callable[[], AbstractAsyncContextManager[Any]]]] = {
    "ours": lambda: OmicsBatchClient(region_name=REGION),
    "bare": lambda: AioSession().create_client("omics", region_name=REGION),
}


def measure() -> Findings:
    """Measure both, in fresh processes in turn."""
    rounds = [{name: _two(name) for name in MAKERS} for _ in range(ROUNDS)]
    firsts = [one["ours"][0] for one in rounds]
    seconds = [one["ours"][1] for one in rounds]
    bare_seconds = [one["bare"][1] for one in rounds]
    against_first = [second / first for second, first in zip(seconds, firsts, strict=True)]
    against_bare = [second / bare for second, bare in zip(seconds, bare_seconds, strict=True)]
    return Findings(
        measures=[
            Measure.of("a second client of a process", seconds, unit="ms", bound=BOUND),
            Measure.of("the same, against the first", against_first, unit=RATIO),
            Measure.of("the same, against a second one of bare aiobotocore", against_bare, unit=RATIO),
        ]
    )


def _two(name: str) -> list[float]:
    command = [sys.executable, "-m", __name__, name]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | CREDENTIALS)
    times: list[float] = json.loads(done.stdout)
    return times


async def _make_two(name: str) -> list[float]:
    times: list[float] = []
    for _ in range(2):
        began = time.process_time()
        async with MAKERS[name]():
            times.append((time.process_time() - began) * 1e3)
    return times


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_make_two(sys.argv[1]))))
