"""How many batches ended how, and one exit code for all."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from omics_batch import Outcome
from omics_batch.cli._exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omics_batch import Batch
    from omics_batch.cli._waits.one_result import OneResult

GOES_ON: Final = "IN_PROGRESS"
ERROR: Final = "ERROR"

_SUMS: Final = {
    "SUCCEEDED": "succeeded",
    "PARTIAL": "partial",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "UNKNOWN": "without a verdict",
    ERROR: "not waited for because of an error",
    GOES_ON: "not seen to end",
}
"""How a batch may have ended, and how that is shown: an `Outcome`, or what kept the wait from one."""

_WEIGHTS: Final = (
    Exit.OK,
    Exit.FAILED_RUNS,
    Exit.BATCH_CANCELLED,
    Exit.BATCH_FAILED,
    Exit.TIMED_OUT,
    Exit.ERROR,
    Exit.USAGE,
    Exit.PIPE_CLOSED,
    Exit.INTERRUPTED,
    Exit.TERMINATED,
)

_MOST_NAMED: Final = 10


def worst(exits: Iterable[Exit]) -> Exit:
    """Give the exit code that stands for several: the one that weighs most."""
    return max(exits, key=_WEIGHTS.index, default=Exit.OK)


class Tally:
    """How many batches came to what, and which are left; of the batches themselves one at most is kept."""

    def __init__(self, batch_ids: Iterable[str]) -> None:
        """Begin with all of them left."""
        self._left = dict.fromkeys(batch_ids)
        self._sums: Counter[str] = Counter()
        self.total: int = len(self._left)
        """How many batches there are."""
        self.unsuccessful: list[str] = []
        """The ids of those that ended otherwise than well, in the order in which they ended."""
        self.with_failed_runs: int = 0
        """How many were processed without all of their runs completed."""
        self.first_with_failed_runs: Batch | None = None
        """The first of these, to show how its runs are asked for."""
        self.exit: Exit = Exit.OK
        """The exit code of the endings so far."""

    def add(self, ending: OneResult) -> None:
        """Take in how the wait for a batch ended."""
        self.exit = worst([self.exit, ending.exit])
        if ending.goes_on:
            return
        del self._left[ending.batch_id]
        self._sums[_sum_of(ending)] += 1
        if ending.exit is not Exit.OK:
            self.unsuccessful.append(ending.batch_id)
        if ending.exit is Exit.FAILED_RUNS:
            self.with_failed_runs += 1
            self.first_with_failed_runs = self.first_with_failed_runs or ending.batch

    @property
    def left(self) -> list[str]:
        """The ids of those that go on, in the order in which they were named."""
        return list(self._left)

    @property
    def ended(self) -> int:
        """How many have ended."""
        return self.total - len(self._left)

    def words(self) -> str:
        """Write the sums: `40 batches: 38 succeeded, 1 partial, 1 cancelled`."""
        sums = ", ".join(f"{number:,} {_SUMS[kind]}" for kind, number in self._all().items() if number)
        return f"{self.total:,} {'batch' if self.total == 1 else 'batches'}: {sums}"

    def names(self) -> str:
        """Name those that ended otherwise than well, not too many of them; nothing where there is none."""
        named, more = self.unsuccessful[:_MOST_NAMED], len(self.unsuccessful) - _MOST_NAMED
        return " ".join(named) + (f" and {more:,} more" if more > 0 else "")

    def document(self) -> dict[str, Any]:
        """Write the sums for a program."""
        return {
            "batches": self.total,
            "outcomes": self._all(),
            "unsuccessful": self.unsuccessful,
            "left": self.left,
        }

    def _all(self) -> dict[str, int]:
        return {kind: self._sums[kind] for kind in _SUMS} | {GOES_ON: len(self._left)}


def _sum_of(ending: OneResult) -> str:
    if ending.batch is None or (ending.exit is Exit.ERROR and ending.error is not None):
        return ERROR
    outcome = ending.batch.outcome
    return (Outcome.PARTIAL if outcome is Outcome.UNKNOWN and ending.exit is Exit.FAILED_RUNS else outcome).value
