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
    ERROR: "with an error",
    GOES_ON: "not seen to end",
}
"""The kinds of results, an `Outcome` or an end without one, and how each is shown."""

_WEIGHTS: Final = (
    Exit.OK,
    Exit.FAILED_RUNS,
    Exit.BATCH_CANCELLED,
    Exit.BATCH_FAILED,
    Exit.TIMED_OUT,
    Exit.ERROR,
    Exit.USAGE,
    Exit.PIPE_CLOSED,
    Exit.HUNG_UP,
    Exit.INTERRUPTED,
    Exit.TERMINATED,
)

_MOST_NAMED: Final = 10


def worst(exits: Iterable[Exit]) -> Exit:
    """Return the worst of several exit codes."""
    return max(exits, key=_WEIGHTS.index, default=Exit.OK)


class Tally:
    """How many batches had which result, and which batches are left."""

    def __init__(self, batch_ids: Iterable[str]) -> None:
        """Begin with all of them left."""
        self._left = dict.fromkeys(batch_ids)
        self._sums: Counter[str] = Counter()
        self.total: int = len(self._left)
        """How many batches there are."""
        self.unsuccessful: list[str] = []
        """The ids of those that did not succeed, in the order in which they ended."""
        self.with_failed_runs: int = 0
        """How many were processed with failed runs."""
        self.first_with_failed_runs: Batch | None = None
        """The first of these, for the command that lists its failed runs."""
        self.exit: Exit = Exit.OK
        """The worst exit code so far."""

    def add(self, ending: OneResult) -> None:
        """Count a result."""
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
        """The ids of those that go on, in the order in which they were given."""
        return list(self._left)

    @property
    def ended(self) -> int:
        """How many have ended."""
        return self.total - len(self._left)

    def words(self) -> str:
        """Write the totals: `40 batches: 38 succeeded, 1 partial, 1 cancelled`."""
        sums = ", ".join(f"{number:,} {_SUMS[kind]}" for kind, number in self._all().items() if number)
        return f"{self.total:,} {'batch' if self.total == 1 else 'batches'}: {sums}"

    def names(self) -> str:
        """Write the ids of the first batches that did not succeed; empty if there are none."""
        named, more = self.unsuccessful[:_MOST_NAMED], len(self.unsuccessful) - _MOST_NAMED
        return " ".join(named) + (f" and {more:,} more" if more > 0 else "")

    def document(self) -> dict[str, Any]:
        """Return the totals for JSON."""
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
