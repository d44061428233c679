"""The local HealthOmics in its own process, so that its CPU and memory are measured apart.

    python -m benchmarks.service 10

As a program it has that many batches, for ever in progress, writes where it is and what it has as a line of JSON, and
for each line that it reads another one: what it was asked for so far.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, cast

from omics_batch.testing import Life, ManualClock, Simulator

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

RUNS: Final = 96
_LIFE: Final = Life(run_length=(20_000, 40_000), failed_runs=0.04)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the service was asked for so far."""

    connections: int
    """How many connections were opened."""
    requests: Mapping[str, int]
    """By the operation's name."""


class Service:
    """The service, as the process that measures sees it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        """Read where it is."""
        self._to, self._from = cast("IO[str]", process.stdin), cast("IO[str]", process.stdout)
        facts = json.loads(self._from.readline())
        self.endpoint_url: str = facts["endpoint_url"]
        self.batch_ids: Sequence[str] = facts["batch_ids"]

    def asked(self) -> Asked:
        """Ask it what it was asked for."""
        self._to.write("\n")
        self._to.flush()
        return Asked(**json.loads(self._from.readline()))


@contextmanager
def service(batches: int = 1) -> Generator[Service]:
    """Run the service, with a number of batches in progress."""
    command = [sys.executable, "-m", __name__, str(batches)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Service(process)
        finally:
            process.kill()


async def _serve(batches: int) -> None:
    clock = ManualClock()
    async with Simulator(clock=clock, life=_LIFE) as omics:
        batch_ids = [omics.start_batch(RUNS) for _ in range(batches)]
        clock.advance(1000)
        _say({"endpoint_url": omics.endpoint_url, "batch_ids": batch_ids})
        while await asyncio.to_thread(sys.stdin.readline):
            requests = Counter(request.operation for request in omics.requests)
            _say({"connections": omics.connections, "requests": requests})


def _say(facts: dict[str, Any]) -> None:
    print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
