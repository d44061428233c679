"""The counts of a batch and the state of a run at one time."""

from __future__ import annotations

from dataclasses import dataclass


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
    deleted: int = 0


@dataclass(frozen=True, slots=True)
class SubmissionCounts:
    """How the submissions of a batch went (GetBatch `submissionSummary`).

    The counts of a cancel or a delete are None before it.
    """

    successful: int = 0
    failed: int = 0
    pending: int = 0
    cancelled: int | None = None
    not_cancelled: int | None = None
    deleted: int | None = None
    not_deleted: int | None = None


@dataclass(frozen=True, slots=True)
class RunState:
    """One submitted run at one moment; times are seconds of the batch's age."""

    status: str
    created: float
    started: float | None = None
    stopped: float | None = None
    failure: tuple[str, str] | None = None
    """The reason and the message of a failed run."""
