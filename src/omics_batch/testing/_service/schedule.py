"""When each run of a batch is submitted and when it ends, by its `Life`."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from random import Random
from typing import TYPE_CHECKING, Final

from omics_batch._clock import in_seconds

if TYPE_CHECKING:
    from omics_batch.testing._life import Life

MAX_RUNS: Final = 100_000
_REASON: Final = "RUN_TASK_FAILED"
_MESSAGE: Final = "The run failed because a task failed."

COMPLETES: Final = "c"
FAILS: Final = "f"
REFUSED: Final = "r"
NEVER: Final = "n"
"""The fate of a run is a letter, and the fates of a batch are a string: counting and searching strings is fast."""

_TICKS: Final = 6
"""Decimal places of a second: rounded sums of floats are equal to the clock's time at the exact moment."""


class Schedule:
    """When each run of a batch is submitted, starts and ends by itself; all times are seconds of the batch's age.

    Args:
        life: The batch's life.
        run_setting_ids: Its run settings, in the order of their submission.
    """

    def __init__(self, life: Life, run_setting_ids: Sequence[str]) -> None:
        """Compute the schedule."""
        self.life = life
        self.run_setting_ids = run_setting_ids
        self.pending_at = tick(in_seconds("creating", life.creating))
        self.submitting_at = tick(self.pending_at + in_seconds("pending", life.pending))
        self.to_start = in_seconds("run_pending", life.run_pending)
        """Seconds from a run's submission to its STARTING."""
        self.to_run = self.to_start + in_seconds("run_starting", life.run_starting)
        """Seconds from a run's submission to its RUNNING."""
        flaw = _flaw(run_setting_ids)
        self.failure_reason = life.failure_reason or flaw
        """Why the batch is FAILED instead of being submitted whole; None if it is not."""
        is_whole = self.failure_reason is None
        self.tried = len(run_setting_ids) if is_whole else 0 if flaw else life.runs_before_failure
        """How many runs are submitted, unless the batch is cancelled before."""
        self.tried = min(self.tried, len(run_setting_ids))
        self.failures = _failures(life, run_setting_ids[: self.tried])
        """The messages of the runs that fail, by index."""
        self.fates = "".join(self._fate(index, name) for index, name in enumerate(run_setting_ids))
        """A letter for each run."""
        self.ends = array("d", self._ends())
        """When each run ends by itself; without meaning for a run that is never submitted."""
        self.submitted_at = self.submission_of(len(run_setting_ids) - 1)
        self.processed_at = max((self.submitted_at, *self.ends))
        self.failed_at = self.submission_of(self.tried - 1) if self.tried else self.submitting_at
        """When a batch with a failure reason fails."""
        self.cancelled_at = self._cancelled_from_outside()
        """When the life cancels the batch; infinite if it does not."""

    @property
    def changes(self) -> list[tuple[float, str]]:
        """The batch's statuses, each with the moment of its beginning."""
        begun = [(0.0, "CREATING"), (self.pending_at, "PENDING")]
        if self.failure_reason is not None:
            submitting = [(self.submitting_at, "SUBMITTING")] if self.tried else []
            return [*begun, *submitting, (self.failed_at, "FAILED")]
        return [
            *begun,
            (self.submitting_at, "SUBMITTING"),
            (self.submitted_at, "INPROGRESS"),
            (self.processed_at, "PROCESSED"),
        ]

    def submission_of(self, index: int) -> float:
        """Return the moment of a run's submission."""
        return tick(self.submitting_at + (index + 1) / self.life.submission_rate)

    def submitted(self, at: float, since: float = 0.0) -> int:
        """Count the runs that were submitted at least `since` seconds before a time."""
        return bisect_right(range(self.tried), at, key=lambda index: tick(self.submission_of(index) + since))

    def _fate(self, index: int, run_setting_id: str) -> str:
        if index >= self.tried:
            return NEVER
        if run_setting_id in self.life.failed_submissions:
            return REFUSED
        return FAILS if index in self.failures else COMPLETES

    def _ends(self) -> list[float]:
        low, high = self.life.run_lengths
        random = Random(self.life.seed)  # noqa: S311 - reproducible lengths, no secret
        return [
            self.submission_of(index)
            if fate == REFUSED
            else tick(self.submission_of(index) + self.to_run + (low if low == high else random.uniform(low, high)))
            for index, fate in enumerate(self.fates)
        ]

    def _cancelled_from_outside(self) -> float:
        if self.life.cancelled_after is None:
            return math.inf
        end = self.processed_at if self.failure_reason is None else self.failed_at
        cancelled_at = tick(max(self.pending_at, in_seconds("cancelled_after", self.life.cancelled_after)))
        return cancelled_at if cancelled_at < end else math.inf


def tick(seconds: float) -> float:
    """Round a moment to the precision of the clock."""
    return round(seconds, _TICKS)


def _flaw(run_setting_ids: Sequence[str]) -> str | None:
    """Return the problem that the service finds once it has read all run settings; None if there is none."""
    count, unique = len(run_setting_ids), len(set(run_setting_ids))
    if count > MAX_RUNS:
        return f"Batch has {count} runs but {MAX_RUNS} runs is the max."
    if unique < count:
        return f"Expected {count} unique runSettingIds but there were {unique}"
    return None


def _failures(life: Life, run_setting_ids: Sequence[str]) -> dict[int, tuple[str, str]]:
    """Choose the runs that fail among those that can be submitted; return their reasons and messages by index."""
    if isinstance(life.failed_runs, Mapping):
        return {
            index: (_REASON, failure) if isinstance(failure, str) else failure
            for index, run_setting_id in enumerate(run_setting_ids)
            if (failure := life.failed_runs.get(run_setting_id)) is not None
        }
    able = [index for index, name in enumerate(run_setting_ids) if name not in life.failed_submissions]
    wanted = life.failed_runs if isinstance(life.failed_runs, int) else round(life.failed_runs * len(able))
    random = Random(life.seed)  # noqa: S311 - reproducible failures, no secret
    return dict.fromkeys(random.sample(able, min(wanted, len(able))), (_REASON, _MESSAGE))
