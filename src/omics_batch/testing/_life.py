"""`Life`: how long each phase of a batch takes, and which runs fail."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from omics_batch._clock import Duration, in_seconds
from omics_batch._errors import InvalidInputError

RunLength: TypeAlias = "Duration | tuple[Duration, Duration]"
"""How long a run is RUNNING: always the same, or drawn between two limits."""

FailedRuns: TypeAlias = Mapping[str, str | tuple[str, str]] | int | float
"""Which runs fail: by runSettingId the message, or the reason and the message; their number; or their share (a float of
0.0 to 1.0)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """The course of a batch, from StartRunBatch to its end.

    All times are durations on the simulator's clock: seconds, or a timedelta. The same life with the
    same run settings always gives the same course.

    Raises:
        InvalidInputError: A time is negative or not finite, a rate is not positive, or a run is
            said to fail both in its submission and afterwards.
    """

    creating: Duration = 2.0
    """How long the batch is CREATING."""
    pending: Duration = 3.0
    """How long it is PENDING after that."""
    submission_rate: float = 1.0
    """Runs submitted a second while it is SUBMITTING; `math.inf` submits all at once."""
    run_pending: Duration = 1.0
    """How long a submitted run is PENDING."""
    run_starting: Duration = 1.0
    """How long it is STARTING after that."""
    run_length: RunLength = (20.0, 40.0)
    """How long it is RUNNING after that; limits (low, high) give each run a random length, by `seed`."""
    failed_runs: FailedRuns = 0
    """The runs that end as FAILED: by runSettingId the message, or the reason and the message, such as
    `("INSTANCE_RESERVATION_FAILED", "No capacity.")`. The reason is RUN_TASK_FAILED if left out. Ids that a batch does
    not have are ignored. A number or share is drawn by `seed`."""
    failed_submissions: Mapping[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    """By runSettingId the reason and the message with which a submission fails, such as
    `("ValidationException", "The role cannot be assumed.")`."""
    failure_reason: str | None = None
    """If set, the batch is FAILED for this reason when its PENDING is over, or after `runs_before_failure`."""
    runs_before_failure: int = 0
    """How many runs a batch with a `failure_reason` submits before it is FAILED: they go on to their own ends."""
    failed_with_counts: bool = False
    """Whether GetBatch has the counts of a FAILED batch too; the service's documented response has none."""
    cancelled_after: Duration | None = None
    """When the batch is cancelled, counted from its creation; not before it is PENDING, nor after its end."""
    stopping: Duration = 5.0
    """How long a cancelled batch is STOPPING before it is CANCELLED; longer if some runs could not be stopped."""
    failed_cancels: Collection[str] = frozenset()
    """The runSettingIds of the runs that a cancel does not stop: they go on to their end."""
    deleting: Duration = 5.0
    """How long a batch is RUNS_DELETING before its runs are gone."""
    failed_deletions: Collection[str] = frozenset()
    """The runSettingIds of the runs that a delete does not delete; with one of them the batch is RUNS_DELETE_FAILED."""
    count_lag: Duration = 0.0
    """By how much the runSummary lags; it is exact once the batch has ended, and again once its runs are deleted."""
    seed: int = 0
    """The seed for random lengths and failures."""

    def __post_init__(self) -> None:
        """Refuse values that no batch can have."""
        for name in ("creating", "pending", "run_pending", "run_starting", "stopping", "deleting", "count_lag"):
            in_seconds(name, getattr(self, name))
        if self.cancelled_after is not None:
            in_seconds("cancelled_after", self.cancelled_after)
        low, high = self.run_lengths
        if low > high:
            raise InvalidInputError(f"run_length is (low, high), and {low:g} is more than {high:g}")
        if not self.submission_rate > 0:
            raise InvalidInputError(f"submission_rate has to be more than 0, not {self.submission_rate!r}")
        if type(self.runs_before_failure) is not int or self.runs_before_failure < 0:
            raise InvalidInputError(f"runs_before_failure has to be 0 or more, not {self.runs_before_failure!r}")
        if self.runs_before_failure and self.failure_reason is None:
            raise InvalidInputError("runs_before_failure is for a batch with a failure_reason")
        for name in ("failed_cancels", "failed_deletions"):
            if isinstance(getattr(self, name), str):
                raise InvalidInputError(f"{name} has to be a collection of runSettingIds, not one text")
        self._check_failures()

    @property
    def run_lengths(self) -> tuple[float, float]:
        """The shortest and the longest that a run is RUNNING, in seconds."""
        if isinstance(self.run_length, tuple):
            low, high = self.run_length
            return in_seconds("run_length", low), in_seconds("run_length", high)
        length = in_seconds("run_length", self.run_length)
        return length, length

    def _check_failures(self) -> None:
        _check_failed_runs(self.failed_runs)
        if isinstance(self.failed_runs, Mapping) and (both := self.failed_runs.keys() & self.failed_submissions.keys()):
            raise InvalidInputError(f"a run that fails to submit cannot fail afterwards: {', '.join(sorted(both))}")
        for name, why in self.failed_submissions.items():
            if not _is_pair_of_texts(why):
                raise InvalidInputError(f"failed_submissions has a reason and a message for each run: not for {name}")


def _is_pair_of_texts(why: object) -> bool:
    return isinstance(why, tuple) and [type(part) for part in cast("tuple[object, ...]", why)] == [str, str]


def _check_failed_runs(runs: object) -> None:
    match runs:
        case bool():
            raise InvalidInputError("failed_runs has to be a mapping, a number or a part, not a truth value")
        case int() if runs < 0:
            raise InvalidInputError(f"failed_runs has to be 0 or more, not {runs}")
        case float() if math.isnan(runs) or not 0 <= runs <= 1:
            raise InvalidInputError(f"failed_runs as a part has to be 0.0 to 1.0, not {runs}")
        case Mapping():
            failures = cast("Mapping[str, object]", runs).values()
            if not all(isinstance(failure, str) or _is_pair_of_texts(failure) for failure in failures):
                raise InvalidInputError("failed_runs has a message, a text, or a reason and a message for each run")
        case int() | float():
            pass
        case _:
            raise InvalidInputError(f"failed_runs has to be a mapping, a number or a part, not {runs!r}")
