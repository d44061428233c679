"""Joining ListRunsInBatch and ListRuns: the lists come page by page, each in an order of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from omics_batch._models.enums import RunStatus, SubmissionStatus
from omics_batch._models.run import RunResult

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from omics_batch._models.batch import RunBatchListItem
    from omics_batch._models.run import RunListItem

_STATUSES = {SubmissionStatus.DELETE_SUCCESS: RunStatus.DELETED, SubmissionStatus.CANCEL_SUCCESS: RunStatus.CANCELLED}
"""What the submission list alone shows of a run that ListRuns does not have."""


class _Submitted(NamedTuple):
    """What is kept of an item of ListRunsInBatch."""

    run_setting_id: str
    uuid: str | None
    status: SubmissionStatus | None


class _Seen(NamedTuple):
    """What is kept of an item of ListRuns."""

    status: RunStatus
    started: datetime | None
    stopped: datetime | None


class ResultJoin:
    """Puts together what two lists show of the runs of one batch.

    What one list has shown is kept until the other one shows it too: little, where their orders agree, and half of the
    runs at most, where one is the other's reverse. Each run is returned once, however often a list shows it.
    """

    def __init__(self, batch_id: str) -> None:
        """Begin with nothing."""
        self._batch_id = batch_id
        self._submitted: dict[str, _Submitted] = {}
        self._seen: dict[str, _Seen] = {}
        self._returned: set[str] = set()
        """Run ids."""
        self._never_started: set[str] = set()
        """The runSettingIds of runs without an id, which were returned."""

    def add_submission(self, item: RunBatchListItem) -> RunResult | None:
        """Take an item of ListRunsInBatch; return the result, if there is nothing to wait for."""
        if item.run_setting_id in self._never_started or item.run_id in self._returned:
            return None
        if not item.run_id:
            self._never_started.add(item.run_setting_id)
            return RunResult(
                run_setting_id=item.run_setting_id,
                status=None if item.submission_status is None else _STATUSES.get(item.submission_status),
                reason=item.submission_failure_reason,
                message=item.submission_failure_message,
                submission_status=item.submission_status,
                batch_id=self._batch_id,
            )
        submitted = _Submitted(item.run_setting_id, item.run_internal_uuid, item.submission_status)
        if (seen := self._seen.pop(item.run_id, None)) is None:
            self._submitted[item.run_id] = submitted
            return None
        return self._result(item.run_id, submitted, seen)

    def add_run(self, item: RunListItem) -> RunResult | None:
        """Take an item of ListRuns; return the result, if its submission is known."""
        if item.batch_id not in (None, self._batch_id) or item.id in self._returned:
            return None  # whatever becomes of the filter on its way
        seen = _Seen(item.status, item.start_time, item.stop_time)
        if (submitted := self._submitted.pop(item.id, None)) is None:
            self._seen[item.id] = seen
            return None
        return self._result(item.id, submitted, seen)

    def rest(self) -> Iterator[RunResult]:
        """Return the runs that ListRuns has not shown, once both lists are read: they were deleted, or are new."""
        for run_id, submitted in self._submitted.items():
            status = None if submitted.status is None else _STATUSES.get(submitted.status)
            yield self._result(run_id, submitted, None if status is None else _Seen(status, None, None))

    @property
    def unnamed(self) -> int:
        """How many runs have no runSettingId yet."""
        return len(self._seen)

    def _result(self, run_id: str, submitted: _Submitted, seen: _Seen | None) -> RunResult:
        self._returned.add(run_id)
        return RunResult(
            run_setting_id=submitted.run_setting_id,
            run_id=run_id,
            status=seen and seen.status,
            **({} if seen is None else times(seen.started, seen.stopped)),
            submission_status=submitted.status,
            run_uuid=submitted.uuid,
            batch_id=self._batch_id,
        )


def times(started: datetime | None, stopped: datetime | None) -> dict[str, Any]:
    """Return the times of a result."""
    duration = None if started is None or stopped is None else stopped - started
    return {"started": started, "stopped": stopped, "duration": duration}
