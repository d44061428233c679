"""What a batch of 100,000 runs costs the local HealthOmics, beside one of 100: memory, and CPU for each answer.

    make bench

Everything is measured in one run, in turn, and the median of twenty is told. The answers are made without HTTP, whose
cost is the same for both.
"""

from __future__ import annotations

import time
import tracemalloc
from statistics import median
from typing import Any, Final

from omics_batch.testing import Life, ManualClock, Simulator
from omics_batch.testing._operations import HANDLERS

SIZES: Final = (100, 100_000)
ROUNDS: Final = 20
LIFE: Final = Life(submission_rate=1000, run_length=(20, 4000), failed_runs=0.01)


class Measured:
    """A batch in an account of its own."""

    def __init__(self, runs: int) -> None:
        """Start it, and let a half of its runs end."""
        tracemalloc.start()
        clock = ManualClock()
        self._account: Any = (simulator := Simulator(clock=clock, life=LIFE))._account
        self._batch_id = simulator.start_batch(runs)
        clock.advance(runs / 1000 + 2000)
        self.milliseconds("GetBatch")
        self.megabytes = tracemalloc.get_traced_memory()[0] / 1e6
        tracemalloc.stop()

    def milliseconds(self, operation: str, **members: str) -> float:
        """Return the CPU that an answer takes."""
        began = time.process_time_ns()
        HANDLERS[operation](self._account, {"batchId": self._batch_id, **members})
        return (time.process_time_ns() - began) / 1e6


ANSWERS: Final[list[tuple[str, dict[str, str]]]] = [
    ("GetBatch", {}),
    ("ListRunsInBatch", {}),
    ("ListRunsInBatch", {"submissionStatus": "FAILED"}),
    ("ListRunsInBatch", {"runSettingId": "sample-77"}),
    ("ListRuns", {"status": "FAILED"}),
    ("ListRuns", {"status": "RUNNING"}),
]


def main() -> None:
    """Measure, and print a table in Markdown."""
    small, large = (Measured(runs) for runs in SIZES)
    print(f"| | {SIZES[0]:,} runs | {SIZES[1]:,} runs |\n|---|---|---|")
    print(f"| memory, MB | {small.megabytes:.1f} | {large.megabytes:.1f} |")
    for operation, members in ANSWERS:
        rounds = [
            (small.milliseconds(operation, **members), large.milliseconds(operation, **members)) for _ in range(ROUNDS)
        ]
        few, many = (median(times) for times in zip(*rounds, strict=True))
        about = " ".join([operation, *(f"{name}={value}" for name, value in members.items())])
        print(f"| {about}, ms of CPU | {few:.2f} | {many:.2f} |")


if __name__ == "__main__":
    main()
