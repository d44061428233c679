"""Batches whose truth is a pure function of time: what the service would show of each at any moment."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from omics_batch.testing import Life
from omics_batch.testing._schedule import Schedule
from omics_batch.testing._timeline import Timeline
from soaks.troubles import REFUSALS, Row

if TYPE_CHECKING:
    from random import Random

    from omics_batch import OmicsBatchError

HOUR: Final = 3600.0
FAILURE: Final = "the role cannot be assumed"
STRANGE: Final = "DEFRAGMENTING"
_FOR_EVER: Final = 1000 * HOUR
_PROCESSED_TIME: Final = "2026-03-15T12:00:00Z"


class End(Enum):
    """How a batch ends, as a wait is to tell it."""

    PROCESSED = auto()
    FAILED = auto()
    CANCELLED = auto()
    REFUSED = auto()
    SILENCE = auto()
    NEVER = auto()


@dataclass(frozen=True, slots=True)
class Fate:
    """One batch: when it was born, and what becomes of it."""

    id: str
    born: float
    end: End
    timeline: Timeline
    runs: int
    deleted: bool
    """Whether its runs are deleted as soon as it has ended, so that its last status tells little."""
    strange: tuple[float, float]
    """Between which ages its status is one that nobody knows."""
    withdrawn: float
    """At which age the service begins to refuse all requests, or falls silent."""
    refusal: Row
    error: type[OmicsBatchError]

    @property
    def is_silent(self) -> bool:
        """Whether every request meets trouble once the batch is withdrawn."""
        return self.end is End.SILENCE

    def is_withdrawn(self, now: float) -> bool:
        """Whether there is no truth to be had any more."""
        return now - self.born >= self.withdrawn

    def has_ended(self, now: float) -> bool:
        """Whether the truth of a moment ends a wait."""
        return self.timeline.has_ended(now - self.born)

    def shown(self, now: float) -> bytes:
        """Write GetBatch's true answer of a moment."""
        age = now - self.born
        status, runs, starts = self.timeline.status(age), self.timeline.runs(age), self.timeline.submissions(age)
        document: dict[str, object] = {"id": self.id, "status": status, "totalRuns": self.runs}
        document["submissionSummary"] = {
            "successfulStartSubmissionCount": starts.successful,
            "pendingStartSubmissionCount": starts.pending,
        }
        document["runSummary"] = {
            "pendingRunCount": runs.pending,
            "runningRunCount": runs.running,
            "completedRunCount": runs.completed,
            "failedRunCount": runs.failed,
            "cancelledRunCount": runs.cancelled,
        }
        if self.timeline.has_ended(age):
            if status == "PROCESSED":
                document["processedTime"] = _PROCESSED_TIME
            if status == "FAILED":
                document["failureReason"] = FAILURE
            if self.deleted:
                document["status"] = "RUNS_DELETED"
        elif self.strange[0] <= age < self.strange[1]:
            document["status"] = STRANGE
        return json.dumps(document).encode()


def fate(random: Random, number: int, now: float) -> Fate:
    """Draw a batch that is born now."""
    end = random.choices(list(End), weights=(40, 10, 15, 8, 4, 15))[0]
    runs = random.randint(1, 12)
    length = spread(random, 1.0, 6 * HOUR)
    refusal, error = random.choice(REFUSALS)
    life = Life(
        creating=random.uniform(0, 20),
        pending=random.uniform(0, 300),
        submission_rate=random.choice([0.1, 1.0, math.inf]),
        run_length=(length / 2, length) if end in (End.PROCESSED, End.CANCELLED) else _FOR_EVER,
        failed_runs=random.choice([0, 0, 1, 1.0]),
        failure_reason=FAILURE if end is End.FAILED else None,
        cancelled_after=random.uniform(0, length / 2) if end is End.CANCELLED else None,
        count_lag=random.choice([0.0, 30.0]),
        seed=random.getrandbits(32),
    )
    strange_from = spread(random, 1.0, HOUR) if random.random() < 0.2 else math.inf
    return Fate(
        id=str(number),
        born=now,
        end=end,
        timeline=Timeline(Schedule(life, [f"sample-{run}" for run in range(runs)])),
        runs=runs,
        deleted=end in (End.PROCESSED, End.CANCELLED) and random.random() < 0.2,
        strange=(strange_from, strange_from + spread(random, 10.0, HOUR)),
        withdrawn=spread(random, 1.0, 3 * HOUR) if end in (End.REFUSED, End.SILENCE) else math.inf,
        refusal=refusal,
        error=error,
    )


def spread(random: Random, low: float, high: float) -> float:
    """Draw a span of time: as often minutes as hours."""
    return math.exp(random.uniform(math.log(low), math.log(high)))
