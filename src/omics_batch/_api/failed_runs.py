"""Finding which runs of a batch failed, and why: ListRunsInBatch joined with ListRuns and GetRun."""

from __future__ import annotations

from contextlib import aclosing
from math import ceil
from typing import TYPE_CHECKING

import omics_batch
from omics_batch._advice import with_advice, worded
from omics_batch._api.pagination import PAGE
from omics_batch._api.run_lists import RunPaginator, is_same_run
from omics_batch._errors import (
    Advice,
    AdviceKind,
    MalformedResponseError,
    Party,
    ResourceNotFoundError,
)
from omics_batch._models.enums import FailureKind, RunStatus, SubmissionStatus
from omics_batch._models.run import FailedRun

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterable

    from omics_batch._api.pagination import Paginator
    from omics_batch._emitter import EventEmitter
    from omics_batch._models.batch import Batch, RunBatchListItem
    from omics_batch._models.run import Run


def is_scan_cheaper(*, total: int, filtered: Iterable[int], failed: int) -> bool:
    """Whether reading all of ListRunsInBatch takes fewer calls than reading filtered lists.

    Args:
        total: The number of runs in the batch.
        filtered: For each filter, the number of runs that it finds.
        failed: The number of runs that no filter finds: each of them takes one call.
    """
    return _pages(total) < sum(_pages(found) for found in filtered) + failed


def _pages(items: int) -> int:
    return max(1, ceil(items / PAGE))


class FailedRunFinder:
    """Finds the runs of one batch that did not succeed.

    ListRuns shows which runs failed. ListRunsInBatch shows their runSettingIds, and which runs were never started.
    GetRun shows the reasons. In memory are one page at a time, and the ids of the failed runs.

    Args:
        look: Returns the batch.
        lister: Sends the list calls.
        events: Publishes an event if some runs are missing.
        with_reasons: Whether GetRun is called for each failed run.
        with_cancelled: Whether cancelled runs are included.
    """

    def __init__(
        self,
        look: Callable[[], Awaitable[Batch]],
        lister: Paginator,
        events: EventEmitter,
        *,
        with_reasons: bool,
        with_cancelled: bool,
    ) -> None:
        self._look = look
        self._events = events
        self._lister = lister
        self._runs = RunPaginator(lister)
        self._with_reasons = with_reasons
        self._with_cancelled = with_cancelled
        self._sought: dict[str, FailureKind] = {}
        """The kinds of failure of the runs whose runSettingId is not found yet, by run id."""

    async def walk(self) -> AsyncGenerator[FailedRun]:
        """Yield them, and warn of failed runs that are counted but not listed."""
        found = 0
        batch = await self._look()
        await self._seek(batch, RunStatus.FAILED, FailureKind.RUN)
        if self._with_cancelled:
            await self._seek(batch, RunStatus.CANCELLED, FailureKind.CANCELLED)
        for filters in self._questions(batch):
            async with aclosing(self._lister.runs_in_batch(batch.id, filters)) as submissions:
                async for item in submissions:
                    if failed := await self._failed(batch, item):
                        found += 1
                        yield failed
        self._account_for(batch, found)

    async def _seek(self, batch: Batch, status: RunStatus, kind: FailureKind) -> None:
        async for run in self._runs.runs(batch.id, status):
            if run.status == status:  # even if the filter is ignored
                self._sought[run.id] = kind

    def _questions(self, batch: Batch) -> Generator[dict[str, str]]:
        """Yield the filters for ListRunsInBatch, then one for each run that these did not find."""
        yield from self._filters(batch)
        for run_id in list(self._sought):
            yield {"runId": run_id}

    def _filters(self, batch: Batch) -> list[dict[str, str]]:
        """Choose the filters for ListRunsInBatch that take the fewest calls."""
        starts = batch.submission_summary
        filters = {SubmissionStatus.FAILED: starts.failed_start_submission_count}
        if self._with_cancelled:
            filters[SubmissionStatus.CANCEL_SUCCESS] = starts.successful_cancel_submission_count
        # No filter finds a run that was cancelled on its own, with CancelRun.
        failed = len(self._sought) - (starts.successful_cancel_submission_count if self._with_cancelled else 0)
        if is_scan_cheaper(total=batch.total_runs or 0, filtered=filters.values(), failed=max(failed, 0)):
            return [{}]
        return [{"submissionStatus": status.value} for status in filters]

    async def _failed(self, batch: Batch, item: RunBatchListItem) -> FailedRun | None:
        if item.submission_status == SubmissionStatus.FAILED:
            return FailedRun(
                run_setting_id=item.run_setting_id,
                kind=FailureKind.SUBMISSION,
                reason=item.submission_failure_reason,
                message=item.submission_failure_message,
            )
        if item.run_id and (kind := self._sought.pop(item.run_id, None)):
            return await self._explained(batch, item, item.run_id, kind)
        if self._with_cancelled and not item.run_id and item.submission_status == SubmissionStatus.CANCEL_SUCCESS:
            return FailedRun(run_setting_id=item.run_setting_id, kind=FailureKind.CANCELLED)
        return None

    async def _explained(self, batch: Batch, item: RunBatchListItem, run_id: str, kind: FailureKind) -> FailedRun:
        run = await self._run(batch, item, run_id) if self._with_reasons else None
        if self._with_reasons and run is None:
            self._events.emit(
                "RunReasonMissing",
                lambda now: omics_batch.RunReasonMissing(time=now, batch_id=batch.id, run_id=run_id),
            )
        return FailedRun(
            run_setting_id=item.run_setting_id,
            run_id=run_id,
            kind=kind,
            reason=run and run.failure_reason,
            message=run and run.status_message,
            run=run,
        )

    async def _run(self, batch: Batch, item: RunBatchListItem, run_id: str) -> Run | None:
        """Return the run that was listed; None if it was deleted since. Another run may have its id then."""
        try:
            run = await self._runs.run(run_id, batch.id)
        except ResourceNotFoundError:
            return None
        return run if is_same_run(run, batch.id, item.run_internal_uuid) else None

    def _account_for(self, batch: Batch, found: int) -> None:
        if self._sought:
            problem = (
                f"ListRuns shows {len(self._sought)} runs of batch {batch.id} that did not succeed and that "
                f"ListRunsInBatch does not have, such as {next(iter(self._sought))}: its lists may lag."
            )
            advice = Advice(AdviceKind.TRY_LATER)
            error = with_advice(MalformedResponseError(worded(problem, advice)), problem, advice)
            error.fault = Party.SERVICE
            error.batch_id, error.batch = batch.id, batch
            raise error
        counts = batch.run_summary
        expected = batch.failed_run_count + (counts.cancelled_run_count if self._with_cancelled else 0)
        if counts.deleted_run_count or found < expected:
            self._events.emit(
                "FailedRunsMissing",
                lambda now: omics_batch.FailedRunsMissing(
                    time=now, batch_id=batch.id, listed=found, expected=expected, deleted=counts.deleted_run_count
                ),
            )
