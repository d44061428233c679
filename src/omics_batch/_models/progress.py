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
"""A longer estimate of the time left is not shown."""


class _Step(NamedTuple):
    """A moment at which more runs had ended than at all looks before."""

    at: float
    ended: int
    """Runs that were never started are not counted: they take no time."""


class Progress:
    """How far a batch is, for a progress bar: it never goes backwards or beyond 100 %, and uses observed counts only.

    Show it each `Batch` in turn, such as those of `OmicsBatchClient.watch`::

        progress = Progress()
        async for batch in client.watch("7123456"):
            progress.see(batch)
            print(f"{progress.percent_complete:.1f} %, left: {progress.remaining}")

    GetBatch's counts lag behind the runs and may fall for a moment: the highest percentage so far is kept.

    Args:
        clock: The clock that measures the rate.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        """Begin with nothing seen."""
        self._clock: Clock = clock or SystemClock()
        self._steps: tuple[_Step, ...] = ()  # never changed in place: another thread may draw the picture
        self.batch: omics_batch.Batch | None = None
        """The last `Batch`; None before the first look."""
        self.percent_submitted: float = 0.0
        """How far the submission is, 0.0 to 100.0."""
        self.percent_complete: float = 0.0
        """How far the runs are, 0.0 to 100.0."""

    def see(self, batch: omics_batch.Batch) -> None:
        """Update the progress with a look at the batch.

        Args:
            batch: The batch as GetBatch has just shown it; always the same batch.
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
        """How many runs end in an hour, from the looks so far; None if unknown.

        It is unknown until two looks have seen runs end. It is unknown again after a standstill, until two more looks
        have seen runs end. A standstill is three times as long as the period in which runs ended before.
        """
        rate = self._rate(self._steps)
        return None if rate is None else 3600 * rate

    @property
    def remaining(self) -> timedelta | None:
        """How long the rest takes if runs go on ending at the observed rate; None if unknown.

        It is zero once the batch has ended. It is None while there is no `runs_per_hour`, while a batch is being
        cancelled, and above a year.

        The rate is only that of the runs that have ended. If all runs take about the same time, the estimate is too
        long at first, then too short for the last runs. If runs end in groups, it is right for the present group only.
        A few runs that take far longer than the rest are not foreseen.
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
        """Whether no run has ended for so long that the rate before is of no use; early failures can cause this."""
        return len(steps) > 1 and self._clock.now() - steps[-1].at > _STANDSTILL * (steps[-1].at - steps[0].at)

    def _rate(self, steps: tuple[_Step, ...]) -> float | None:
        """Runs a second, from the first step to now: it falls while no run ends, even between looks."""
        if len(steps) < 2 or self._stands_still(steps):  # noqa: PLR2004 - from one look to another
            return None
        (first, second), last = steps[:2], steps[-1]
        if last.at - second.at < second.at - first.at and last is not second:
            first = second  # leave out a run that failed long before the others ended
        return (last.ended - first.ended) / (self._clock.now() - first.at) if last.at > first.at else None
