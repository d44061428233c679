"""Pages of ListRuns, and GetRun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omics_batch._api.pagination import PAGE, Page
from omics_batch._api.response import read_answer, unreadable
from omics_batch._models.run import Run, RunListItem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from omics_batch._api.pagination import Paginator
    from omics_batch._transport.attempt import Response
    from omics_batch._transport.failure import CallFailure


class RunPage(Page, frozen=True):
    """A page of ListRuns."""

    items: tuple[RunListItem | None, ...] | None = None


class RunPaginator:
    """Lists and reads runs.

    Args:
        lister: What the calls go through.
    """

    def __init__(self, lister: Paginator) -> None:
        self._lister = lister

    def runs(self, batch_id: str, status: str | None = None) -> AsyncGenerator[RunListItem]:
        """Walk through the runs of a batch: all, or those that have a status."""
        filters = {} if status is None else {"status": status}
        parameters = {"batchId": batch_id, **filters, "maxResults": PAGE}
        return self._lister.walk("list_runs", RunPage, lambda page: page.items, parameters)

    async def run(self, run_id: str, batch_id: str) -> Run:
        """Return one run of a batch."""

        def read(response: Response) -> Run | CallFailure:
            run = read_answer(Run, response, "GetRun")
            if isinstance(run, Run) and run.id != run_id:
                return unreadable("GetRun", response, f"the answer is about run {run.id}")
            return run

        return await self._lister.call("get_run", {"id": run_id}, read, batch_id)


def is_same_run(run: Run, batch_id: str, uuid: str | None) -> bool:
    """Whether a run is the one that was listed: the service reuses the ids of deleted runs.

    Args:
        run: The run from GetRun.
        batch_id: The batch of the listed run.
        uuid: The UUID of the listed run; None if unknown.
    """
    listed = ((batch_id, run.batch_id), (uuid, run.uuid))
    return all(found is None or known is None or found == known for known, found in listed)
