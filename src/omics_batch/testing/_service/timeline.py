"""A batch's state at any time: its schedule, and what was done to it."""

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
"""A capital is a run that was to be cancelled and could not be."""

_SETTLED: Final = frozenset({"PROCESSED", "CANCELLED", "FAILED", "RUNS_DELETED", "RUNS_DELETE_FAILED"})

_AT_FIRST: Final = {"SUCCESS": _RUNS_ON + _CANCELLED, "FAILED": REFUSED}
_AFTER_CANCEL: Final = {
    "SUCCESS": COMPLETES + FAILS,
    "FAILED": REFUSED,
    "CANCEL_SUCCESS": _CANCELLED,
    "CANCEL_FAILED": (COMPLETES + FAILS).upper(),
}
_AFTER_DELETE: Final = {"FAILED": REFUSED, "DELETE_SUCCESS": _DELETED, "DELETE_FAILED": _RUNS_ON + _CANCELLED}
"""The fates that each submissionStatus stands for."""

_NOWHERE: Final = ("", 0, 0)


@dataclass(frozen=True, slots=True)
class Events:
    """What was done to a batch, each at an age in seconds: infinitely late where it was not."""

    cancelled_at: float = math.inf
    runs_deleted_at: float = math.inf


class Timeline:
    """A batch's life with all that was done to it; every question is about an age in seconds.

    A cancel finds each submitted run either ended, or under way: that one is STOPPING, then
    CANCELLED, unless the life says that it cannot be cancelled. A run that was not submitted by
    then never exists: its submission stays pending, and ListRunsInBatch never has it, as it lists
    runs, and the counts of a cancel are of runs as well.

    A delete finds all runs ended. Those that it deletes are gone once it is over: ListRuns and
    GetRun have them no longer, as the service says of DeleteRun, but ListRunsInBatch has.

    Args:
        schedule: What happens by itself.
        events: What was done; if None, what the life says of it.
    """

    def __init__(self, schedule: Schedule, events: Events | None = None) -> None:
        """Apply the events to the schedule, which stays as it is."""
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
        """Give the timeline of the same batch, cancelled at an age."""
        return Timeline(self._schedule, replace(self._events, cancelled_at=age))

    def runs_deleted(self, age: float) -> Timeline:
        """Give the timeline of the same batch, its runs deleted from an age on."""
        return Timeline(self._schedule, replace(self._events, runs_deleted_at=age))

    def status(self, age: float) -> str:
        """Give the batch's status."""
        return self._changes[bisect_right(self._moments, age) - 1][1]

    def next_change(self, age: float) -> float:
        """Give the age at which the batch will have another status; infinite if it never will by itself."""
        following = bisect_right(self._moments, age)
        return self._moments[following] if following < len(self._moments) else math.inf

    def has_ended(self, age: float) -> bool:
        """Whether the batch changes no more by itself; runs of one that FAILED go on."""
        return self.status(age) in _SETTLED

    def submitted_by(self, age: float) -> float | None:
        """Give when the last submission was done; None until then, and after a cancel that came before it."""
        submitted_at = self._schedule.submitted_at
        return submitted_at if min(age, self._events.cancelled_at) >= submitted_at else None

    def processed_by(self, age: float) -> float | None:
        """Give when the last run had ended; None until then, and in a batch that was cancelled."""
        processed_at = self._schedule.processed_at
        return processed_at if age >= processed_at and self._events.cancelled_at == math.inf else None

    def submissions(self, age: float) -> SubmissionCounts:
        """Count the submissions; a cancel leaves what it found unsubmitted as pending."""
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
        """Count the runs by state, as late as the life's `count_lag` says, until the batch has ended."""
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
        """Show one run; None while it does not exist, and where it never will or no longer does."""
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
        """Give the submissionStatus of a run; None while its submission was not tried."""
        if index >= self._submitted(age):
            return None
        fates, meanings = self._submissions_at(age)
        return next(status for status, letters in meanings.items() if fates[index] in letters)

    def submission_failure(self, index: int) -> tuple[str, str] | None:
        """Give the reason and the message with which a run's submission fails; None if it succeeds."""
        return self._schedule.life.failed_submissions.get(self._schedule.run_setting_ids[index])

    def submissions_in(self, status: str | None, age: float, start: int = 0) -> Iterator[int]:
        """Find the runs that have a submissionStatus, or any, from an index on."""
        fates, meanings = self._submissions_at(age)
        letters = "".join(meanings.values()) if status is None else meanings.get(status, "")
        return _find(fates, letters, start, self._submitted(age))

    def runs_in(self, status: str | None, age: float, start: int = 0) -> Iterator[int]:
        """Find the runs that are in a state, or in any, from an index on."""
        letters, first, end = self._places(age).get(status, _NOWHERE)
        found, ends = _find(self._fates_at(age), letters, max(start, first), end), self._schedule.ends
        if status == "RUNNING":
            return (index for index in found if ends[index] > age)
        if status in {"COMPLETED", "FAILED"}:
            return (index for index in found if ends[index] <= age)
        return found

    def _submitted(self, age: float) -> int:
        """Count the runs whose submission was tried; in the order of their settings, they are the first ones."""
        return self._schedule.submitted(min(age, self._events.cancelled_at))

    def _places(self, at: float) -> Mapping[str | None, tuple[str, int, int]]:
        """Return where the runs of a state are: their fates, and between which indexes.

        Runs start in the order of their submission, so those that could be PENDING, STARTING or
        beyond are the first ones. They end in any order: among the RUNNING are the ended ones here.
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
        """Count the runs that have ended by themselves: the completed, and the failed ones."""
        if at >= self._deleted_at:
            return _count(self._records, _COMPLETED), _count(self._records, _FAILED)
        return bisect_right(self._completions, at), bisect_right(self._failures, at)

    def _fates_at(self, at: float) -> str:
        return self._records if at >= self._deleted_at else self._fates

    def _submissions_at(self, age: float) -> tuple[str, Mapping[str, str]]:
        """Give the fates, and which of them each submissionStatus stands for."""
        if age >= self._events.runs_deleted_at:
            return self._records, _AFTER_DELETE
        return self._fates, _AFTER_CANCEL if age >= self._events.cancelled_at else _AT_FIRST

    def _seen_at(self, age: float) -> float:
        """Give the moment whose counts show: late, but never before the last one at which the batch had ended."""
        exact = [moment for moment, status in self._changes if moment <= age and status in _SETTLED]
        return max((age - in_seconds("count_lag", self._schedule.life.count_lag), *exact))

    def _all_changes(self) -> list[tuple[float, str]]:
        """Give the statuses, each with the moment from which on it shows: an event replaces what would have come."""
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
    """Give the fates after a cancel: what was not submitted, what is cancelled, what could not be."""
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
    """Give the fates after a delete: what is deleted, and what could not be."""
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
    """Find the runs of some fates between two indexes, without a step in Python for each of the others."""
    wanted = re.compile(f"[{letters}]" if letters else "(?!)")
    return (match.start() for match in wanted.finditer(fates, start, end))
