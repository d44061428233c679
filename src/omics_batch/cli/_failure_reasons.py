"""A summary of why runs failed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from omics_batch import BatchStatus
from omics_batch._words import KINDS, most_frequent, one_line
from omics_batch.cli._words import runs

if TYPE_CHECKING:
    from omics_batch import Batch, FailedRun


class Reasons:
    """How many runs have which reason; the runs themselves are not kept."""

    def __init__(self, batch: Batch, *, with_cancelled: bool) -> None:
        """Begin without runs.

        Args:
            batch: The batch, read before its runs were listed.
            with_cancelled: Whether cancelled runs are included.
        """
        counts = batch.run_summary
        self._batch = batch
        self._with_cancelled = with_cancelled
        self._sums: Counter[str] = Counter()
        self._expected = batch.failed_run_count + (counts.cancelled_run_count if with_cancelled else 0)

    @property
    def listed(self) -> int:
        """How many runs were listed."""
        return self._sums.total()

    def add(self, run: FailedRun) -> None:
        """Count a run."""
        self._sums[run.reason or KINDS[run.kind.value]] += 1

    def progress(self) -> str:
        """Write how many runs were listed, and how many are expected."""
        return f"{self.listed:,} of {max(self._expected, self.listed):,} runs that did not succeed ..."

    def words(self, *, is_whole: bool) -> str:
        """Write the sums: `6 did not succeed: 4 RUN_TASK_FAILED, 2 ValidationException`.

        Args:
            is_whole: Whether all runs were listed, not only the first ones.
        """
        parts = most_frequent(self._sums, lambda reason, number: f"{number:,} {one_line(reason, limit=64)}")
        head = f"{self.listed:,} did not succeed{self._so_far}" if is_whole else f"The first {self.listed:,}"
        return f"{head}: {', '.join(parts)}"

    def absence(self) -> str:
        """Say why none was listed."""
        batch = self._batch
        if batch.status == BatchStatus.FAILED and not self._expected:
            return self._absence_from_a_failed_batch()
        if batch.run_summary.deleted_run_count:
            return "no failed run can be listed: how the deleted runs ended is lost"
        if self._expected:
            return f"none is listed, although the batch counts {self._expected:,}: the lists lag, try again in a minute"
        if self._with_cancelled:
            return f"no run failed or was cancelled{self._so_far}"
        cancelled = batch.run_summary.cancelled_run_count
        return f"no run failed{self._so_far}{f'; {cancelled:,} cancelled: --cancelled lists them' if cancelled else ''}"

    @property
    def _so_far(self) -> str:
        """` so far` if more runs may fail: also after a batch FAILED, since runs that it had created may go on."""
        batch = self._batch
        has_ended = batch.is_terminal and (batch.status != BatchStatus.FAILED or batch.created_run_count == 0)
        return "" if has_ended else " so far"

    def _absence_from_a_failed_batch(self) -> str:
        batch, created = self._batch, self._batch.created_run_count
        reason = "" if batch.failure_reason is None else f": {one_line(batch.failure_reason)}"
        if created == 0:
            return f"the batch failed before it created any runs{reason}"
        some = "runs that it had created" if created is None else f"{runs(created)} that it had created"
        return f"no run failed so far. {some[0].upper()}{some[1:]} may still run. The batch itself failed{reason}"
