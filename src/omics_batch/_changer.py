"""The calls that change something: start, cancel, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omics_batch._errors import ConflictError, ResourceNotFoundError
from omics_batch._faults import leaves_doubt
from omics_batch._inputs import is_batch_id
from omics_batch._models import StartRunBatchResponse
from omics_batch._reading import read_acceptance, read_answer, unreadable
from omics_batch._statuses import CANCELLATION, RUNS_DELETION

if TYPE_CHECKING:
    from omics_batch._caller import Caller
    from omics_batch._faults import Fault
    from omics_batch._looker import BatchLooker
    from omics_batch._requests import StartRunBatchRequest
    from omics_batch._statuses import BatchStatus
    from omics_batch._transport import Reply


class Changer:
    """Starts, cancels and deletes.

    An answer that is lost leaves open whether the request was obeyed, and its retry is then refused for
    what the first one did: such a refusal is held against what the batch shows.
    """

    def __init__(self, caller: Caller, looker: BatchLooker) -> None:
        """Send through a caller, and look where an answer leaves doubts."""
        self._caller = caller
        self._looker = looker

    async def start(self, request: StartRunBatchRequest, *, deadline: float | None) -> StartRunBatchResponse:
        """Start a batch: one, however often the request is sent."""

        def read(reply: Reply) -> StartRunBatchResponse | Fault:
            started = read_answer(StartRunBatchResponse, reply, "StartRunBatch")
            if isinstance(started, StartRunBatchResponse) and not is_batch_id(started.id):
                return unreadable("StartRunBatch", reply, f"{started.id} is no id of a batch")
            return started

        return await self._caller.call("start_run_batch", request.members(), read, batch_id=None, deadline=deadline)

    async def cancel(self, batch_id: str, *, deadline: float | None, by_anyone: bool = False) -> None:
        """Cancel the runs of a batch; where it may be by anyone, one that is being cancelled is no conflict."""
        await self._make("cancel_run_batch", batch_id, CANCELLATION, deadline, by_anyone=by_anyone)

    async def delete_runs(self, batch_id: str, *, deadline: float | None, by_anyone: bool = False) -> None:
        """Delete the runs of a batch; where it may be by anyone, runs that are being deleted are no conflict."""
        await self._make("delete_run_batch", batch_id, RUNS_DELETION, deadline, by_anyone=by_anyone)

    async def delete_record(self, batch_id: str, *, deadline: float | None) -> None:
        """Delete the record of a batch."""
        met: list[Fault] = []
        try:
            await self._send("delete_batch", batch_id, deadline, met)
        except ResourceNotFoundError:
            if not any(leaves_doubt(fault) for fault in met):
                raise

    async def _make(
        self, method: str, batch_id: str, obeyed: frozenset[BatchStatus], deadline: float | None, *, by_anyone: bool
    ) -> None:
        met: list[Fault] = []
        try:
            await self._send(method, batch_id, deadline, met)
        except ConflictError:
            if not (by_anyone or any(leaves_doubt(fault) for fault in met)):
                raise
            batch = await self._looker.get(batch_id, deadline=deadline)
            if batch.status not in obeyed:
                raise

    async def _send(self, method: str, batch_id: str, deadline: float | None, met: list[Fault]) -> None:
        operation = self._caller.transport.operation(method)
        await self._caller.call(
            method,
            {"batchId": batch_id},
            lambda reply: read_acceptance(reply, operation),
            batch_id=batch_id,
            deadline=deadline,
            met=met,
        )
