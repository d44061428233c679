"""How every run of a batch went: ListRunsInBatch joined with ListRuns, and GetRun where it is asked for."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import omics_batch
from omics_batch._api.result_join import ResultJoin, times
from omics_batch._api.run_lists import RunPaginator, is_same_run
from omics_batch._errors import ResourceNotFoundError
from omics_batch._models.enums import RunStatus

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from omics_batch._api.pagination import Paginator
    from omics_batch._emitter import EventEmitter
    from omics_batch._models.run import Run, RunResult


class ResultReader:
    """Reads how the runs of one batch went.

    Args:
        batch_id: The batch.
        lister: What the calls go through.
        events: What publishes that some are missing.
        with_details: Whether GetRun is asked about each run that was started.
    """

    def __init__(self, batch_id: str, lister: Paginator, events: EventEmitter, *, with_details: bool) -> None:
        self._batch_id = batch_id
        self._lister = lister
        self._runs = RunPaginator(lister)
        self._events = events
        self._with_details = with_details

    async def walk(self) -> AsyncGenerator[RunResult]:
        """Yield them, each as soon as both lists have shown it."""
        join = ResultJoin(self._batch_id)
        async with (
            aclosing(self._lister.runs_in_batch(self._batch_id, {})) as submissions,
            aclosing(self._runs.runs(self._batch_id)) as runs,
        ):
            lists: list[tuple[AsyncGenerator[Any], Callable[[Any], RunResult | None]]]
            lists = [(submissions, join.add_submission), (runs, join.add_run)]
            while lists:
                for items, add in tuple(lists):
                    item = await anext(items, None)
                    if item is None:
                        lists.remove((items, add))
                    elif (result := add(item)) is not None:
                        yield await self._detailed(result)
        for result in join.rest():
            yield await self._detailed(result)
        if missing := join.unnamed:
            self._events.emit(
                "ResultsMissing",
                lambda now: omics_batch.ResultsMissing(time=now, batch_id=self._batch_id, missing=missing),
            )

    async def _detailed(self, result: RunResult) -> RunResult:
        run = await self._run(result)
        if run is None:
            return result
        details = {
            "status": run.status,
            **times(run.start_time, run.stop_time),
            "output_uri": run.run_output_uri or run.output_uri,
            "reason": run.failure_reason,
            "message": run.status_message,
        }
        return result.model_copy(update=details)

    async def _run(self, result: RunResult) -> Run | None:
        """Return the run itself, if it is asked for and there; another run may have the id of one that was deleted."""
        if not self._with_details or result.run_id is None or result.status == RunStatus.DELETED:
            return None
        try:
            run = await self._runs.run(result.run_id, self._batch_id)
        except ResourceNotFoundError:
            return None
        return run if is_same_run(run, self._batch_id, result.run_uuid) else None
