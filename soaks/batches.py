"""The batches that waits are for: what becomes of each is drawn, and the simulator knows it at any moment."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

from omics_batch.testing import Life
from omics_batch.testing._service.http_response import json_response
from omics_batch.testing._service.responses import whole_batch
from omics_batch.testing._service.schedule import Schedule, tick
from omics_batch.testing._service.timeline import Timeline
from soaks.failures import REFUSALS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

    from omics_batch import OmicsBatchError
    from omics_batch.testing import Fault, Simulator
    from omics_batch.testing._service.batch import StoredBatch

HOUR: Final = 3600.0
FAILURE: Final = "the role cannot be assumed"
STRANGE: Final = "DEFRAGMENTING"
_FOR_EVER: Final = 1000 * HOUR
_ENDS: Final = ("PROCESSED", "FAILED", "CANCELLED")


class End(Enum):
    """How a batch ends, and so a wait for it."""

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
    """Which share of them shows an unknown status for a while."""


SOME: Final = Mix(
    ends={End.PROCESSED: 40, End.FAILED: 10, End.CANCELLED: 15, End.REFUSED: 8, End.SILENCE: 4, End.NEVER: 15},
    shortest=1.0,
    longest=6 * HOUR,
    strange=0.2,
)
"""Every end is frequent."""


MANY: Final = Mix(
    ends={End.PROCESSED: 84, End.FAILED: 3, End.CANCELLED: 8, End.REFUSED: 2, End.SILENCE: 0.1, End.NEVER: 3},
    shortest=HOUR / 12,
    longest=12 * HOUR,
    strange=0.01,
)
"""Batches of two hours on average: what half of ten requests a second can see the end of, ten thousand at a time."""


class Strange(Timeline):
    """A batch that for a while has a status which the client does not know."""

    def __init__(self, timeline: Timeline, begin: float, until: float) -> None:
        self._strange = begin, until
        super().__init__(timeline._schedule, timeline._events)

    def _all_changes(self) -> list[tuple[float, str]]:
        begin, until = self._strange
        changes = super()._all_changes()
        ended_at = _ended_at(changes)
        if begin >= ended_at:
            return changes
        before = [change for change in changes if change[0] < begin]
        if until >= ended_at:
            return [*before, (begin, STRANGE), *(change for change in changes if change[0] >= ended_at)]
        _, after = max((moment, place) for place, (moment, _) in enumerate(changes) if moment <= until)
        return [*before, (begin, STRANGE), (until, changes[after][1]), *changes[after + 1 :]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What is to become of a batch."""

    end: End
    runs: int
    life: Life
    is_deleted: bool
    """Whether its runs are deleted as soon as it has ended, so that its last status says little."""
    strange: tuple[float, float]
    """Between which ages its status is unknown."""
    withdrawn: float
    """At which age the service begins to refuse all requests, or falls silent."""
    refusal: Fault
    error: type[OmicsBatchError]

    def fulfilled(self, timeline: Timeline) -> Timeline:
        """Give the timeline of a batch that has this life, with all that happens to it."""
        if self.is_deleted:
            timeline = timeline.runs_deleted(_ended_at(timeline._changes))
        return timeline if self.strange[0] == math.inf else Strange(timeline, *self.strange)

    def over(self, timeline: Timeline) -> float:
        """Give the age from which on the truth, or a refusal, or the silence, ends a wait."""
        return min(self.withdrawn, _ended_at(timeline._changes))


class Placed:
    """A batch of the simulator, and what becomes of it."""

    __slots__ = ("_omics", "batch", "fate", "id", "over_at")

    def __init__(self, omics: Simulator, batch: StoredBatch, fate: Fate) -> None:
        self._omics = omics
        self.id = batch.id
        self.batch = batch
        self.fate = fate
        self.over_at = batch.created + fate.over(batch.timeline)
        """From which moment on the truth, or a refusal, or the silence, ends a wait."""

    @property
    def end(self) -> End:
        return self.fate.end

    @property
    def error(self) -> type[OmicsBatchError]:
        """What a wait ends with whose batch is refused."""
        return self.fate.error

    @property
    def is_silent(self) -> bool:
        """Whether every request meets failure once the batch is withdrawn."""
        return self.fate.end is End.SILENCE

    def is_withdrawn(self, now: float) -> bool:
        """Whether there is no truth to be had any more."""
        return self.batch.age(now) >= self.fate.withdrawn

    def has_ended(self, now: float) -> bool:
        """Whether the truth of a moment ends a wait."""
        return self.batch.timeline.has_ended(self.batch.age(now))

    def shown(self, now: float) -> bytes:
        """Write GetBatch's true answer of a moment."""
        return json_response(200, whole_batch(self._omics._account, self.batch, self.batch.age(now))).body


def place(omics: Simulator, fate: Fate, age: float = 0.0) -> Placed:
    """Start a batch in the simulator, so long ago."""
    account = omics._account
    batch = account.batch(omics.start_batch(fate.runs, life=fate.life, age=age))
    assert batch is not None
    if (timeline := fate.fulfilled(batch.timeline)) is not batch.timeline:
        account.change(batch, timeline)
    return Placed(omics, batch, fate)


def drawn_under_way(random: Random, mix: Mix) -> tuple[float, Fate]:
    """Draw one of the batches that are under way at a moment, with its age: the longer they are, the more of them."""
    lasting = replace(mix, ends={end: mix.ends[end] for end in (End.PROCESSED, End.CANCELLED, End.NEVER)})
    fate = drawn(random, lasting, random.uniform(mix.shortest, mix.longest))
    timeline = Timeline(Schedule(fate.life, [str(run) for run in range(fate.runs)]))
    return random.uniform(0, min(fate.over(timeline), mix.longest)), fate


def drawn(random: Random, mix: Mix = SOME, length: float | None = None) -> Fate:
    """Draw what is to become of a batch."""
    length = spread(random, mix.shortest, mix.longest) if length is None else length
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
        deleting=0.0,
        count_lag=random.choice([0.0, 30.0]),
        seed=random.getrandbits(32),
    )
    is_deleted = end in (End.PROCESSED, End.CANCELLED) and random.random() < 0.2
    strange_from = spread(random, 1.0, HOUR) if random.random() < mix.strange else math.inf
    strange_until = strange_from + spread(random, 10.0, HOUR)
    return Fate(
        end=end,
        runs=runs,
        life=life,
        is_deleted=is_deleted,
        strange=(tick(strange_from), tick(strange_until)),
        withdrawn=spread(random, 1.0, 3 * HOUR) if end in (End.REFUSED, End.SILENCE) else math.inf,
        refusal=refusal,
        error=error,
    )


def _ended_at(changes: list[tuple[float, str]]) -> float:
    return next(moment for moment, status in changes if status in _ENDS)


def spread(random: Random, low: float, high: float) -> float:
    """Draw a span of time: as often minutes as hours."""
    return math.exp(random.uniform(math.log(low), math.log(high)))
