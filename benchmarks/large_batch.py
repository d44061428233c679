"""What a batch of 100,000 runs costs the local HealthOmics, beside one of 100: memory, and CPU for each answer.

Everything is measured in one run, in turn. The answers are made without HTTP, whose cost is the same for both.
"""

from __future__ import annotations

import time
import tracemalloc
from typing import Any, Final

from benchmarks.results import RATIO, Findings, Measure
from omics_batch.testing import Life, ManualClock, Simulator
from omics_batch.testing._service.operations import HANDLERS

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


def measure() -> Findings:
    """Measure both batches, answer by answer."""
    small, large = (Measured(runs) for runs in SIZES)
    measures = [Measure(name="memory of the larger one", value=large.megabytes, unit="MB")]
    for operation, members in ANSWERS:
        about = " ".join([operation, *(f"{name}={value}" for name, value in members.items())])
        ratios = [
            large.milliseconds(operation, **members) / small.milliseconds(operation, **members) for _ in range(ROUNDS)
        ]
        measures.append(Measure.of(f"{about}, CPU of an answer", ratios, unit=RATIO))
    return Findings(measures=measures)
