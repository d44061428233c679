"""A life applied to run settings: what the service shows of a batch at any second of its age."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from omics_batch._clock import in_seconds

if TYPE_CHECKING:
    from omics_batch.testing._life import Life

MAX_RUNS: Final = 100_000
FAILED_RUN_MESSAGE: Final = "The run failed because a task failed."

_TICKS: Final = 6
"""Decimal places of a second: sums of floats have to meet the clock's time at the exact moment."""

_SUBMISSION_FAILED: Final = -1.0


@dataclass(frozen=True, slots=True)
class RunCounts:
    """How many of a batch's submitted runs are in each state (GetBatch `runSummary`)."""

    pending: int = 0
    starting: int = 0
    running: int = 0
    stopping: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0


@dataclass(frozen=True, slots=True)
class SubmissionCounts:
    """How the submissions of a batch went (GetBatch `submissionSummary`); None while nothing was cancelled."""

    successful: int = 0
    failed: int = 0
    pending: int = 0
    cancelled: int | None = None


@dataclass(frozen=True, slots=True)
class RunState:
    """One submitted run at one moment; times are seconds of the batch's age."""

    status: str
    created: float
    started: float | None = None
    stopped: float | None = None
    failure: str | None = None


class Timeline:
    """What becomes of a batch's runs, worked out once; every question is about an age in seconds.

    Args:
        life: How the batch lives.
        run_setting_ids: Its run settings, in the order of their submission.
    """

    def __init__(self, life: Life, run_setting_ids: Sequence[str]) -> None:
        """Work out when each run is submitted and ends."""
        self._life = life
        self._ids = run_setting_ids
        self._pending_at = _tick(in_seconds("creating", life.creating))
        self._submitting_at = _tick(self._pending_at + in_seconds("pending", life.pending))
        self._to_start = in_seconds("run_pending", life.run_pending)
        self._to_run = self._to_start + in_seconds("run_starting", life.run_starting)
        self._failures = _failures(life, run_setting_ids)
        self.failure_reason = life.failure_reason or _flaw(run_setting_ids)

        self._ends = array("d")
        self._successes = array("d")
        self._refusals = array("d")
        completions: list[float] = []
        failures: list[float] = []
        for index, (run_setting_id, length) in enumerate(zip(run_setting_ids, self._lengths(), strict=True)):
            submitted = self._submission_of(index)
            if run_setting_id in life.failed_submissions:
                self._refusals.append(submitted)
                self._ends.append(_SUBMISSION_FAILED)
                continue
            end = _tick(submitted + self._to_run + length)
            self._successes.append(submitted)
            self._ends.append(end)
            (failures if index in self._failures else completions).append(end)
        self._completions = array("d", sorted(completions))
        self._failed_ends = array("d", sorted(failures))

        self.submitted_at = self._submission_of(len(run_setting_ids) - 1)
        self.processed_at = max((self.submitted_at, *self._ends))
        self.failed_at = self._submitting_at
        self._cancelled_at, self._stopped_at = self._cancellation()

    def status(self, age: float) -> str:
        """Give the batch's status."""
        if age < self._pending_at:
            return "CREATING"
        if self._is_cancelled(age):
            return "STOPPING" if age < self._stopped_at else "CANCELLED"
        if age < self._submitting_at:
            return "PENDING"
        if self.failure_reason is not None:
            return "FAILED"
        if age < self.submitted_at:
            return "SUBMITTING"
        return "INPROGRESS" if age < self.processed_at else "PROCESSED"

    def has_ended(self, age: float) -> bool:
        """Tell whether nothing more will happen by itself."""
        return self.status(age) in {"CANCELLED", "FAILED", "PROCESSED"}

    def submitted_by(self, age: float) -> float | None:
        """Give when the last submission was done; None until then, and after a cancel that came before it."""
        return self.submitted_at if self._while_alive(age) >= self.submitted_at else None

    def submissions(self, age: float) -> SubmissionCounts:
        """Count the submissions; a cancel leaves what it found unsubmitted as pending."""
        at = self._while_alive(age)
        successful, failed = _until(self._successes, at), _until(self._refusals, at)
        cancelled = self._under_way(at) if self._is_cancelled(age) else None
        return SubmissionCounts(successful, failed, len(self._ids) - successful - failed, cancelled)

    def runs(self, age: float) -> RunCounts:
        """Count the submitted runs by state, as late as the life's `count_lag` says until the batch has ended."""
        seen = age if self.has_ended(age) else age - in_seconds("count_lag", self._life.count_lag)
        at = self._while_alive(seen)
        completed, failed = _until(self._completions, at), _until(self._failed_ends, at)
        if self._is_cancelled(seen):
            stopping = self._under_way(at)
            if seen < self._stopped_at:
                return RunCounts(stopping=stopping, completed=completed, failed=failed)
            return RunCounts(cancelled=stopping, completed=completed, failed=failed)
        created = _until(self._successes, at)
        starting = _until(self._successes, _tick(at - self._to_start))
        running = _until(self._successes, _tick(at - self._to_run))
        return RunCounts(
            pending=created - starting,
            starting=starting - running,
            running=running - completed - failed,
            completed=completed,
            failed=failed,
        )

    def was_submitted(self, index: int, age: float) -> bool:
        """Tell whether a run's submission was tried by then, successful or not."""
        return self.failure_reason is None and self._submission_of(index) <= self._while_alive(age)

    def submission_failure(self, index: int) -> tuple[str, str] | None:
        """Give the reason and the message with which a run's submission fails; None if it succeeds."""
        return self._life.failed_submissions.get(self._ids[index])

    def run(self, index: int, age: float) -> RunState | None:
        """Show one run; None while it does not exist, or never will."""
        if not self.was_submitted(index, age) or self.submission_failure(index) is not None:
            return None
        at = self._while_alive(age)
        created, end = self._submission_of(index), self._ends[index]
        running_from = _tick(created + self._to_run)
        started = running_from if at >= running_from else None
        if at >= end:
            failure = self._failures.get(index)
            return RunState("COMPLETED" if failure is None else "FAILED", created, started, end, failure)
        if self._is_cancelled(age):
            if age < self._stopped_at:
                return RunState("STOPPING", created, started)
            return RunState("CANCELLED", created, started, self._stopped_at)
        if started is not None:
            return RunState("RUNNING", created, started)
        return RunState("STARTING" if at >= _tick(created + self._to_start) else "PENDING", created)

    def _submission_of(self, index: int) -> float:
        return _tick(self._submitting_at + (index + 1) / self._life.submission_rate)

    def _lengths(self) -> list[float]:
        low, high = self._life.run_lengths
        random = Random(self._life.seed)  # noqa: S311 - reproducible lengths, no secret
        return [low if low == high else random.uniform(low, high) for _ in self._ids]

    def _cancellation(self) -> tuple[float, float]:
        """Give the moments of the cancel and of its end: infinitely far where there is none."""
        end = self.processed_at if self.failure_reason is None else self.failed_at
        if self._life.cancelled_after is None:
            return math.inf, math.inf
        cancelled_at = _tick(max(self._pending_at, in_seconds("cancelled_after", self._life.cancelled_after)))
        if cancelled_at >= end:
            return math.inf, math.inf
        return cancelled_at, _tick(cancelled_at + in_seconds("stopping", self._life.stopping))

    def _is_cancelled(self, age: float) -> bool:
        return age >= self._cancelled_at

    def _while_alive(self, age: float) -> float:
        """Stop time for the runs at the moment of a cancel."""
        return min(age, self._cancelled_at)

    def _under_way(self, at: float) -> int:
        return _until(self._successes, at) - _until(self._completions, at) - _until(self._failed_ends, at)


def _tick(seconds: float) -> float:
    return round(seconds, _TICKS)


def _until(times: array[float], at: float) -> int:
    return bisect_right(times, at)


def _flaw(run_setting_ids: Sequence[str]) -> str | None:
    """Find what the service finds wrong with run settings once it has read them all."""
    count, unique = len(run_setting_ids), len(set(run_setting_ids))
    if count > MAX_RUNS:
        return f"Batch has {count} runs but {MAX_RUNS} runs is the max."
    if unique < count:
        return f"Expected {count} unique runSettingIds but there were {unique}"
    return None


def _failures(life: Life, run_setting_ids: Sequence[str]) -> dict[int, str]:
    """Choose the runs that fail, with their messages, among those that can be submitted."""
    if isinstance(life.failed_runs, Mapping):
        return {
            index: life.failed_runs[run_setting_id]
            for index, run_setting_id in enumerate(run_setting_ids)
            if run_setting_id in life.failed_runs
        }
    able = [index for index, name in enumerate(run_setting_ids) if name not in life.failed_submissions]
    wanted = life.failed_runs if isinstance(life.failed_runs, int) else round(life.failed_runs * len(able))
    random = Random(life.seed)  # noqa: S311 - reproducible failures, no secret
    return dict.fromkeys(random.sample(able, min(wanted, len(able))), FAILED_RUN_MESSAGE)
