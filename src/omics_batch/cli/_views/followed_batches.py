"""Many batches that are waited for: the status of each, and totals."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from enum import IntEnum, auto
from typing import TYPE_CHECKING, Final

from omics_batch import Progress
from omics_batch.cli._exits import Exit
from omics_batch.cli._words import is_behind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omics_batch import Batch
    from omics_batch.cli._waits.one_result import OneResult

UNSEEN: Final = "unseen"
ERROR: Final = "error"


class Rank(IntEnum):
    """The order in which batches are shown, if not all fit."""

    TROUBLED = auto()
    """Under way, with failed runs or an unknown status."""
    UNDER_WAY = auto()
    ENDED_BADLY = auto()
    UNSEEN = auto()
    ENDED_WELL = auto()


class FollowedBatch:
    """A batch that is waited for."""

    __slots__ = ("batch_id", "ending", "place", "progress", "rank")

    def __init__(self, batch_id: str, place: int) -> None:
        """Begin with nothing seen."""
        self.batch_id: str = batch_id
        self.place: int = place
        """Its place in the order in which the batches were given."""
        self.progress: Progress | None = None
        """Its progress; None until it was seen."""
        self.ending: OneResult | None = None
        """The result of its wait; None until that has ended."""
        self.rank: Rank = Rank.UNSEEN

    @property
    def batch(self) -> Batch | None:
        """The last `Batch`."""
        return None if self.progress is None else self.progress.batch

    @property
    def status(self) -> str:
        """Its status: the service's, or `unseen` or `error`."""
        if self.ending is not None and self.ending.exit is Exit.ERROR and self.ending.error is not None:
            return ERROR
        return UNSEEN if self.batch is None else self.batch.status.value

    @property
    def is_behind(self) -> bool:
        """Whether its percentage may be behind its runs."""
        return self.batch is not None and is_behind(self.batch)

    @property
    def counts(self) -> dict[str, int]:
        """Its runs by state."""
        return {} if self.batch is None else self.batch.run_counts


class FollowedBatches:
    """All batches with their totals. Totals are updated with each change, so that drawing takes time only per line."""

    def __init__(self, batch_ids: Iterable[str]) -> None:
        """Begin with nothing seen."""
        self._entries = {batch_id: FollowedBatch(batch_id, place) for place, batch_id in enumerate(batch_ids)}
        self._order = [*self._entries.values()]
        self._ranks: dict[Rank, list[int]] = {rank: [] for rank in Rank}
        self._ranks[Rank.UNSEEN] = list(range(len(self._order)))
        self.ended: int = 0
        """How many batches have ended, or cannot be waited for."""
        self.statuses: Counter[str] = Counter({UNSEEN: len(self._order)})
        """How many batches have each status."""
        self.behind: int = 0
        """How many have a percentage that may be behind their runs."""
        self.runs: Counter[str] = Counter()
        """How many runs of all batches are in each state."""

    def __len__(self) -> int:
        """How many batches there are."""
        return len(self._order)

    def see(self, batch: Batch) -> None:
        """Update a batch after a look."""
        entry = self._entries[batch.id]
        self._take_out(entry)
        if entry.progress is None:
            entry.progress = Progress()
        entry.progress.see(batch)
        self._put_in(entry)

    def end(self, ending: OneResult) -> None:
        """Update a batch after its wait has ended."""
        entry = self._entries[ending.batch_id]
        self._take_out(entry)
        entry.ending = ending
        self.ended += not ending.goes_on
        self._put_in(entry)

    def foremost(self, number: int) -> list[FollowedBatch]:
        """Return all batches in the given order if they fit, else the first ones by rank."""
        if number >= len(self._order):
            return self._order
        places: list[int] = []
        for rank in Rank:
            places += self._ranks[rank][: number - len(places)]
        return [self._order[place] for place in places]

    def _take_out(self, entry: FollowedBatch) -> None:
        places = self._ranks[entry.rank]
        del places[bisect_left(places, entry.place)]
        self.statuses[entry.status] -= 1
        self.behind -= entry.is_behind
        self.runs.subtract(entry.counts)

    def _put_in(self, entry: FollowedBatch) -> None:
        entry.rank = rank_of(entry)
        insort(self._ranks[entry.rank], entry.place)
        self.statuses[entry.status] += 1
        self.behind += entry.is_behind
        self.runs.update(entry.counts)


def rank_of(entry: FollowedBatch) -> Rank:
    """Return the rank of a batch that was seen, or whose wait has ended."""
    if entry.ending is not None:
        return Rank.ENDED_WELL if entry.ending.exit is Exit.OK else Rank.ENDED_BADLY
    if entry.batch is not None and (entry.batch.failed_run_count or not entry.batch.status.is_known):
        return Rank.TROUBLED
    return Rank.UNDER_WAY
