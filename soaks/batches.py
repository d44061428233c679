"""Batches whose truth is a pure function of time: what the service would show of each at any moment."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from omics_batch.testing import Life
from omics_batch.testing._schedule import Schedule
from omics_batch.testing._timeline import Timeline
from soaks.troubles import REFUSALS, Row

if TYPE_CHECKING:
    from collections.abc import Mapping
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What batches are drawn from."""

    ends: Mapping[End, float]
    """How often they end which way."""
    shortest: float
    longest: float
    """Between which lengths their runs take."""
    strange: float
    """Which share of them shows a status nobody knows for a while."""


SOME: Final = Mix(
    ends={End.PROCESSED: 40, End.FAILED: 10, End.CANCELLED: 15, End.REFUSED: 8, End.SILENCE: 4, End.NEVER: 15},
    shortest=1.0,
    longest=6 * HOUR,
    strange=0.2,
)
"""Every end is frequent."""


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
    def over_at(self) -> float:
        """From which moment on the truth, or a refusal, or the silence, ends a wait."""
        return min(moment for moment, _, is_over in self._changes if is_over)

    @property
    def listings(self) -> list[tuple[float, str | None]]:
        """From which moments on lists have it, and with which status; None where it is in no list."""
        over_at = self.over_at
        return [(moment, status) for moment, status, _ in self._changes if moment <= over_at and moment < _FOR_EVER]

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

    @property
    def _changes(self) -> list[tuple[float, str | None, bool]]:
        ages, age = {*self.strange, self.withdrawn}, 0.0
        while age < math.inf:
            ages.add(age)
            age = self.timeline.next_change(age)
        return [(self.born + age, self._listed(age), self._is_over(age)) for age in sorted(ages)]

    def _listed(self, age: float) -> str | None:
        is_missing = self._is_over(age) or self.strange[0] <= age < self.strange[1]
        return None if is_missing else self.timeline.status(age)

    def _is_over(self, age: float) -> bool:
        return age >= self.withdrawn or self.timeline.has_ended(age)


def fate(random: Random, number: int, now: float, mix: Mix = SOME) -> Fate:
    """Draw a batch that is born now."""
    return _fate(random, number, now, mix, spread(random, mix.shortest, mix.longest))


def fate_under_way(random: Random, number: int, now: float, mix: Mix) -> Fate:
    """Draw one of the batches that are under way at a moment: the longer they are, the more of them."""
    lasting = replace(mix, ends={end: mix.ends[end] for end in (End.PROCESSED, End.CANCELLED, End.NEVER)})
    drawn = _fate(random, number, now, lasting, random.uniform(mix.shortest, mix.longest))
    return replace(drawn, born=now - random.uniform(0, min(drawn.over_at - now, mix.longest)))


def _fate(random: Random, number: int, now: float, mix: Mix, length: float) -> Fate:
    end = random.choices(list(mix.ends), weights=list(mix.ends.values()))[0]
    runs = random.randint(1, 12)
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
    strange_from = spread(random, 1.0, HOUR) if random.random() < mix.strange else math.inf
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
