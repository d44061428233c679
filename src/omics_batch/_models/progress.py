"""The progress of a batch from one look to the next, for progress bars."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, NamedTuple

import omics_batch
from omics_batch._clock import Clock, SystemClock
from omics_batch._models.enums import BatchStatus

_STEPS: Final = 32
"""The number of steps that the rate is computed from: enough that one late run changes little."""

_UNDER_WAY: Final = (BatchStatus.SUBMITTING, BatchStatus.INPROGRESS)
_STANDSTILL: Final = 3
_LONGEST: Final = timedelta(days=365)
"""Beyond it a guess at the time that is left is worth nothing."""


class _Step(NamedTuple):
    """A moment at which more runs had ended than at any look before."""

    at: float
    ended: int
    """Runs that were never started do not count: they take no time."""


class Progress:
    """How far a batch is, for a bar: it never goes backwards, never beyond 100 %, and guesses nothing it has not seen.

    Show it each `Batch` in turn, such as those of `OmicsBatchClient.watch`::

        progress = Progress()
        async for batch in client.watch("7123456"):
            progress.see(batch)
            print(f"{progress.percent_complete:.1f} %, left: {progress.remaining}")

    GetBatch's counts lag behind the runs and may fall for a moment: how far the batch was seen once stays.

    Args:
        clock: What the rate is measured on.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        """Begin with nothing seen."""
        self._clock: Clock = clock or SystemClock()
        self._steps: tuple[_Step, ...] = ()  # never changed in place: a picture may be drawn by another thread
        self.batch: omics_batch.Batch | None = None
        """The batch as it was seen last; None before the first look."""
        self.percent_submitted: float = 0.0
        """How far the submission is, 0.0 to 100.0."""
        self.percent_complete: float = 0.0
        """How far the runs are, 0.0 to 100.0."""

    def see(self, batch: omics_batch.Batch) -> None:
        """Take in a look at the batch.

        Args:
            batch: The batch as GetBatch has just shown it; each time the same one.
        """
        self.batch = batch
        self.percent_submitted = max(self.percent_submitted, batch.percent_submitted)
        self.percent_complete = max(self.percent_complete, batch.percent_complete)
        ended = batch.finished_run_count - batch.submission_summary.failed_start_submission_count
        if ended > (self._steps[-1].ended if self._steps else 0):
            steps = () if self._stands_still(self._steps) else self._steps
            self._steps = (*steps[1 - _STEPS :], _Step(self._clock.now(), ended))

    @property
    def runs_per_hour(self) -> float | None:
        """How many runs end in an hour, by what was seen until this moment; None while that is unknown.

        That is until two looks have seen some end, and after a standstill: once nothing has ended for three times as
        long as the ends before it took, two more looks have to see some.
        """
        rate = self._rate(self._steps)
        return None if rate is None else 3600 * rate

    @property
    def remaining(self) -> timedelta | None:
        """How long the rest takes if runs go on ending at the rate seen; None where that is unknown.

        It is zero once the batch has ended, and None while there is no `runs_per_hour`, while a batch is being
        cancelled, and beyond a year.

        No rate tells how long runs take that nobody has seen end. Where all runs take about the same time it is too
        long at first, then too short for the last ones; where they end in waves it tells the wave's; and it knows
        nothing of a few that take far longer than the rest.
        """
        batch, steps = self.batch, self._steps
        if batch is None:
            return None
        if batch.is_terminal:
            return timedelta()
        rate, total = self._rate(steps), batch.total_runs
        if rate is None or not total or batch.status not in _UNDER_WAY:
            return None
        never_started = batch.submission_summary.failed_start_submission_count
        left = max(total - never_started - steps[-1].ended, 0) / rate
        return timedelta(seconds=left) if left <= _LONGEST.total_seconds() else None

    def _stands_still(self, steps: tuple[_Step, ...]) -> bool:
        """Whether nothing has ended for long, so that the rate before says nothing: early failures cause that."""
        return len(steps) > 1 and self._clock.now() - steps[-1].at > _STANDSTILL * (steps[-1].at - steps[0].at)

    def _rate(self, steps: tuple[_Step, ...]) -> float | None:
        """Runs a second, from the first step to now: a pause lowers it, look or no look."""
        if len(steps) < 2 or self._stands_still(steps):  # noqa: PLR2004 - from one look to another
            return None
        (first, second), last = steps[:2], steps[-1]
        if last.at - second.at < second.at - first.at and last is not second:
            first = second  # a run that failed long before the others ended is none of their pace
        return (last.ended - first.ended) / (self._clock.now() - first.at) if last.at > first.at else None
