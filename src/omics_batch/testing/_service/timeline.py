"""A batch's state at any time: its schedule, and its cancel and delete."""

from __future__ import annotations

import math
import re
from array import array
from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from omics_batch._clock import in_seconds
from omics_batch.testing._service.schedule import COMPLETES, FAILS, NEVER, REFUSED, tick
from omics_batch.testing._service.states import RunCounts, RunState, SubmissionCounts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omics_batch.testing._service.schedule import Schedule

_CANCELLED: Final = "k"
_DELETED: Final = "d"
_COMPLETED: Final = COMPLETES + COMPLETES.upper()
_FAILED: Final = FAILS + FAILS.upper()
_RUNS_ON: Final = _COMPLETED + _FAILED
"""An upper-case letter is a run that should have been cancelled, but could not be."""

_SETTLED: Final = frozenset({"PROCESSED", "CANCELLED", "FAILED", "RUNS_DELETED", "RUNS_DELETE_FAILED"})

_AT_FIRST: Final = {"SUCCESS": _RUNS_ON + _CANCELLED, "FAILED": REFUSED}
_AFTER_CANCEL: Final = {
    "SUCCESS": COMPLETES + FAILS,
    "FAILED": REFUSED,
    "CANCEL_SUCCESS": _CANCELLED,
    "CANCEL_FAILED": (COMPLETES + FAILS).upper(),
}
_AFTER_DELETE: Final = {"FAILED": REFUSED, "DELETE_SUCCESS": _DELETED, "DELETE_FAILED": _RUNS_ON + _CANCELLED}
"""The fates for each submissionStatus."""

_NOWHERE: Final = ("", 0, 0)


@dataclass(frozen=True, slots=True)
class Events:
    """When a batch was cancelled and its runs were deleted, as ages in seconds; infinite for never."""

    cancelled_at: float = math.inf
    runs_deleted_at: float = math.inf


class Timeline:
    """A batch's state at each age in seconds, with its cancel and its delete.

    A cancel leaves ended runs as they are. Runs under way are STOPPING, then CANCELLED, unless the life says that
    they cannot be cancelled. Runs that are not submitted by then never exist: their submission stays pending, and
    neither ListRunsInBatch nor the counts of the cancel include them.

    A delete finds all runs ended. Runs that it deletes are gone once it is over: ListRuns and GetRun no longer have
    them, as documented for DeleteRun. ListRunsInBatch still has them.

    Args:
        schedule: The batch without a cancel and a delete.
        events: The cancel and the delete; if None, those of the life.
    """

    def __init__(self, schedule: Schedule, events: Events | None = None) -> None:
        """Apply the events to the schedule; the schedule itself does not change."""
        self._schedule = schedule
        self._events = events or Events(cancelled_at=schedule.cancelled_at)
        self._fates = _after_cancel(schedule, self._events.cancelled_at)
        self._records = _after_delete(schedule, self._fates, self._events.runs_deleted_at)
        self._stopped_at = tick(self._events.cancelled_at + in_seconds("stopping", schedule.life.stopping))
        self._deleted_at = tick(self._events.runs_deleted_at + in_seconds("deleting", schedule.life.deleting))
        self._changes = self._all_changes()
        self._moments = array("d", [moment for moment, _ in self._changes])
        self.failure_reason = schedule.failure_reason
        self.submitting_at = schedule.submitting_at
        self.failed_at = schedule.failed_at
        self.has_counts_when_failed = schedule.life.failed_with_counts

    def cancelled(self, age: float) -> Timeline:
        """Return the timeline of the same batch, cancelled at an age."""
        return Timeline(self._schedule, replace(self._events, cancelled_at=age))

    def runs_deleted(self, age: float) -> Timeline:
        """Return the timeline of the same batch, with its runs deleted from an age on."""
        return Timeline(self._schedule, replace(self._events, runs_deleted_at=age))

    def status(self, age: float) -> str:
        """Return the batch's status."""
        return self._changes[bisect_right(self._moments, age) - 1][1]

    def next_change(self, age: float) -> float:
        """Return the age of the next status change; infinite if there is none by itself."""
        following = bisect_right(self._moments, age)
        return self._moments[following] if following < len(self._moments) else math.inf

    def has_ended(self, age: float) -> bool:
        """Whether the batch changes no more by itself; runs of a FAILED batch go on."""
        return self.status(age) in _SETTLED

    def submitted_by(self, age: float) -> float | None:
        """Return when the last run was submitted; None before that, and if a cancel came first."""
        submitted_at = self._schedule.submitted_at
        return submitted_at if min(age, self._events.cancelled_at) >= submitted_at else None

    def processed_by(self, age: float) -> float | None:
        """Return when the last run ended; None before that, and for a cancelled batch."""
        processed_at = self._schedule.processed_at
        return processed_at if age >= processed_at and self._events.cancelled_at == math.inf else None

    def submissions(self, age: float) -> SubmissionCounts:
        """Count the submissions; after a cancel, runs that were not submitted stay pending."""
        tried = self._submitted(age)
        failed = self._fates.count(REFUSED, 0, tried)
        counts = SubmissionCounts(tried - failed, failed, len(self._fates) - tried)
        if age >= self._events.cancelled_at:
            counts = replace(
                counts,
                cancelled=_count(self._fates, _AFTER_CANCEL["CANCEL_SUCCESS"]),
                not_cancelled=_count(self._fates, _AFTER_CANCEL["CANCEL_FAILED"]),
            )
        if age >= self._events.runs_deleted_at:
            counts = replace(
                counts,
                deleted=_count(self._records, _AFTER_DELETE["DELETE_SUCCESS"]),
                not_deleted=_count(self._records, _AFTER_DELETE["DELETE_FAILED"]),
            )
        return counts

    def runs(self, age: float) -> RunCounts:
        """Count the runs by state, with the lag of the life's `count_lag` until the batch has ended."""
        at = self._seen_at(age)
        fates, places = self._fates_at(at), self._places(at)
        completed, failed = self._ended(at)
        return RunCounts(
            pending=_count(fates, *places["PENDING"]),
            starting=_count(fates, *places["STARTING"]),
            running=_count(fates, *places["RUNNING"]) - completed - failed,
            stopping=_count(fates, *places["STOPPING"]),
            completed=completed,
            failed=failed,
            cancelled=_count(fates, *places["CANCELLED"]),
            deleted=_count(fates, _DELETED),
        )

    def run(self, index: int, age: float) -> RunState | None:
        """Return the state of one run; None if it does not exist yet, never will, or was deleted."""
        fate = self._fates_at(age)[index]
        schedule = self._schedule
        created, end = schedule.submission_of(index), schedule.ends[index]
        if age < created or fate in REFUSED + NEVER + _DELETED:
            return None
        running_from = tick(created + schedule.to_run)
        if fate == _CANCELLED and age >= self._events.cancelled_at:
            started = running_from if running_from <= self._events.cancelled_at else None
            if age < self._stopped_at:
                return RunState("STOPPING", created, started)
            return RunState("CANCELLED", created, started, self._stopped_at)
        if age >= end:
            status = "COMPLETED" if fate in _COMPLETED else "FAILED"
            return RunState(status, created, running_from, end, schedule.failures.get(index))
        if age >= running_from:
            return RunState("RUNNING", created, running_from)
        return RunState("STARTING" if age >= tick(created + schedule.to_start) else "PENDING", created)

    def submission(self, index: int, age: float) -> str | None:
        """Return the submissionStatus of a run; None before its submission."""
        if index >= self._submitted(age):
            return None
        fates, meanings = self._submissions_at(age)
        return next(status for status, letters in meanings.items() if fates[index] in letters)

    def submission_failure(self, index: int) -> tuple[str, str] | None:
        """Return the reason and the message of a failed submission; None if it succeeds."""
        return self._schedule.life.failed_submissions.get(self._schedule.run_setting_ids[index])

    def submissions_in(self, status: str | None, age: float, start: int = 0) -> Iterator[int]:
        """Return the indexes of runs with a submissionStatus, or with any, from an index on."""
        fates, meanings = self._submissions_at(age)
        letters = "".join(meanings.values()) if status is None else meanings.get(status, "")
        return _find(fates, letters, start, self._submitted(age))

    def runs_in(self, status: str | None, age: float, start: int = 0) -> Iterator[int]:
        """Return the indexes of runs in a state, or in any, from an index on."""
        letters, first, end = self._places(age).get(status, _NOWHERE)
        found, ends = _find(self._fates_at(age), letters, max(start, first), end), self._schedule.ends
        if status == "RUNNING":
            return (index for index in found if ends[index] > age)
        if status in {"COMPLETED", "FAILED"}:
            return (index for index in found if ends[index] <= age)
        return found

    def _submitted(self, age: float) -> int:
        """Count the runs that were submitted; they are the first ones in the order of their settings."""
        return self._schedule.submitted(min(age, self._events.cancelled_at))

    def _places(self, at: float) -> Mapping[str | None, tuple[str, int, int]]:
        """Return the fates and the range of indexes of the runs in each state.

        Runs start in the order of their submission, so the runs of a state are in one range. They end in any order, so
        the range of RUNNING also has ended runs.
        """
        schedule, created = self._schedule, self._submitted(at)
        starting = min(created, schedule.submitted(at, since=schedule.to_start))
        running = min(created, schedule.submitted(at, since=schedule.to_run))
        is_cancelled, is_stopped = at >= self._events.cancelled_at, at >= self._stopped_at
        going = _RUNS_ON if is_cancelled else _RUNS_ON + _CANCELLED
        stopping = (_CANCELLED, 0, created)
        return {
            None: (_RUNS_ON + _CANCELLED, 0, created),
            "PENDING": (going, starting, created),
            "STARTING": (going, running, starting),
            "RUNNING": (going, 0, running),
            "STOPPING": stopping if is_cancelled and not is_stopped else _NOWHERE,
            "COMPLETED": (_COMPLETED, 0, running),
            "FAILED": (_FAILED, 0, running),
            "CANCELLED": stopping if is_stopped else _NOWHERE,
        }

    def _ended(self, at: float) -> tuple[int, int]:
        """Count the runs that have ended by themselves: completed and failed."""
        if at >= self._deleted_at:
            return _count(self._records, _COMPLETED), _count(self._records, _FAILED)
        return bisect_right(self._completions, at), bisect_right(self._failures, at)

    def _fates_at(self, at: float) -> str:
        return self._records if at >= self._deleted_at else self._fates

    def _submissions_at(self, age: float) -> tuple[str, Mapping[str, str]]:
        """Return the fates, and the fates for each submissionStatus."""
        if age >= self._events.runs_deleted_at:
            return self._records, _AFTER_DELETE
        return self._fates, _AFTER_CANCEL if age >= self._events.cancelled_at else _AT_FIRST

    def _seen_at(self, age: float) -> float:
        """Return the moment that counts reflect: `age - count_lag`, never before the latest settled state."""
        exact = [moment for moment, status in self._changes if moment <= age and status in _SETTLED]
        return max((age - in_seconds("count_lag", self._schedule.life.count_lag), *exact))

    def _all_changes(self) -> list[tuple[float, str]]:
        """Return the statuses, each with the moment of its beginning; an event replaces the later ones."""
        changes = [change for change in self._schedule.changes if change[0] < self._events.cancelled_at]
        if self._events.cancelled_at < math.inf:
            ends = (end for end, fate in zip(self._schedule.ends, self._fates, strict=True) if fate.isupper())
            changes += [
                (self._events.cancelled_at, "STOPPING"),
                (max((self._stopped_at, *ends)), "CANCELLED"),
            ]
        if self._events.runs_deleted_at < math.inf:
            kept = _count(self._records, _AFTER_DELETE["DELETE_FAILED"])
            changes += [
                (self._events.runs_deleted_at, "RUNS_DELETING"),
                (self._deleted_at, "RUNS_DELETE_FAILED" if kept else "RUNS_DELETED"),
            ]
        return changes

    @cached_property
    def _completions(self) -> array[float]:
        return self._sorted_ends(_COMPLETED)

    @cached_property
    def _failures(self) -> array[float]:
        return self._sorted_ends(_FAILED)

    def _sorted_ends(self, fates: str) -> array[float]:
        return array(
            "d", sorted(self._schedule.ends[index] for index in _find(self._fates, fates, 0, len(self._fates)))
        )


def _after_cancel(schedule: Schedule, cancelled_at: float) -> str:
    """Return the fates after a cancel: runs never submitted, cancelled, or not cancellable."""
    if cancelled_at == math.inf:
        return schedule.fates
    submitted, spared = schedule.submitted(cancelled_at), frozenset(schedule.life.failed_cancels)

    def fate(index: int, before: str) -> str:
        if before == REFUSED or schedule.ends[index] <= cancelled_at:
            return before
        return before.upper() if schedule.run_setting_ids[index] in spared else _CANCELLED

    fates = "".join(fate(index, before) for index, before in enumerate(schedule.fates[:submitted]))
    return fates.ljust(len(schedule.fates), NEVER)


def _after_delete(schedule: Schedule, fates: str, deleted_at: float) -> str:
    """Return the fates after a delete: runs deleted, or not deletable."""
    if deleted_at == math.inf:
        return fates
    spared = frozenset(schedule.life.failed_deletions)
    return "".join(
        fate if fate in REFUSED + NEVER or name in spared else _DELETED
        for fate, name in zip(fates, schedule.run_setting_ids, strict=True)
    )


def _count(fates: str, letters: str, start: int = 0, end: int | None = None) -> int:
    return sum(fates.count(letter, start, end) for letter in letters)


def _find(fates: str, letters: str, start: int, end: int) -> Iterator[int]:
    """Return the indexes of runs with some fates in a range, by a regular expression, which is fast."""
    wanted = re.compile(f"[{letters}]" if letters else "(?!)")
    return (match.start() for match in wanted.finditer(fates, start, end))
