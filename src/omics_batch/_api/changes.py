"""The calls that change something: start, cancel, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

import omics_batch
from omics_batch._advice import with_advice, worded
from omics_batch._api.arguments import is_batch_id
from omics_batch._api.response import read_acceptance, read_answer, unreadable
from omics_batch._errors import (
    Advice,
    AdviceKind,
    AttemptTimeoutError,
    ClientClosedError,
    ConflictError,
    OmicsBatchError,
    ResourceNotFoundError,
)
from omics_batch._models.batch import StartRunBatchResponse
from omics_batch._models.enums import CANCELLATION, RUNS_DELETION
from omics_batch._transport.failure import leaves_doubt
from omics_batch._words import one_line

if TYPE_CHECKING:
    from omics_batch._api.call import OperationCaller
    from omics_batch._api.get_batch import BatchReader
    from omics_batch._clock import Clock
    from omics_batch._models.batch import Batch
    from omics_batch._models.enums import BatchStatus
    from omics_batch._models.request import StartRunBatchRequest
    from omics_batch._transport.attempt import Response
    from omics_batch._transport.failure import CallFailure


class BatchChanges:
    """Starts, cancels and deletes.

    If a response is lost, the first attempt may have worked. Its retry may then get a 409 or 404 for what the first
    attempt did. So the batch's status is checked before the error is raised.
    """

    def __init__(self, caller: OperationCaller, looker: BatchReader, clock: Clock) -> None:
        """Take what sends the calls, and what reads the batch where a response is in doubt."""
        self._caller = caller
        self._looker = looker
        self._clock = clock

    async def start(self, request: StartRunBatchRequest, *, within: float | None) -> StartRunBatchResponse:
        """Start one batch, however often the request is sent; it is retried until its time is over."""
        met: list[CallFailure] = []

        def read(response: Response) -> StartRunBatchResponse | CallFailure:
            started = read_answer(StartRunBatchResponse, response, "StartRunBatch")
            if isinstance(started, StartRunBatchResponse) and not is_batch_id(started.id):
                return unreadable("StartRunBatch", response, f"{started.id} is no id of a batch")
            return started

        try:
            started = await self._caller.call(
                "start_run_batch",
                request.members(),
                read,
                batch_id=None,
                within=within,
                retry_until_deadline=True,
                met=met,
            )
        except OmicsBatchError as error:
            if _is_in_doubt(met) or (error.attempts and isinstance(error, (AttemptTimeoutError, ClientClosedError))):
                advice = Advice(AdviceKind.SEND_AGAIN, {"request_id": one_line(request.request_id)})
                problem = error.problem
                error.args = (worded(str(error), advice),)
                with_advice(error, problem, advice)
            raise
        self._caller.events.emit(
            "BatchStarted",
            lambda now: omics_batch.BatchStarted(time=now, batch_id=started.id, request_id=request.request_id),
        )
        return started

    async def cancel(self, batch_id: str, *, within: float | None, retry_until_deadline: bool = False) -> None:
        """Cancel the runs of a batch; with `retry_until_deadline`, it is retried until its time is over."""
        await self._unless_obeyed(
            "cancel_run_batch", batch_id, CANCELLATION, within, retry_until_deadline=retry_until_deadline
        )

    async def delete_runs(self, batch_id: str, *, within: float | None, retry_until_deadline: bool = False) -> None:
        """Delete the runs of a batch; with `retry_until_deadline`, it is retried until its time is over."""
        await self._unless_obeyed(
            "delete_run_batch", batch_id, RUNS_DELETION, within, retry_until_deadline=retry_until_deadline
        )

    async def delete_record(
        self, batch_id: str, *, within: float | None, is_patient: bool = False, retry_until_deadline: bool = False
    ) -> None:
        """Delete the record of a batch; with `is_patient` there are more attempts.

        Use `is_patient` where the runs were deleted before: an error then leaves the deletion half done.
        """
        met: list[CallFailure] = []
        attempts = self._caller.retry.policy.patient_attempts if is_patient else None
        try:
            await self._send(
                "delete_batch", batch_id, within, met, max_attempts=attempts, retry_until_deadline=retry_until_deadline
            )
        except ResourceNotFoundError as error:
            # A 404 without a code is from a proxy, and not from the service.
            if not (error.code and _is_in_doubt(met)):
                raise

    async def _unless_obeyed(
        self,
        method: str,
        batch_id: str,
        obeyed: frozenset[BatchStatus],
        within: float | None,
        *,
        retry_until_deadline: bool,
    ) -> None:
        met: list[CallFailure] = []
        began = self._clock.now()
        try:
            await self._send(method, batch_id, within, met, retry_until_deadline=retry_until_deadline)
        except ConflictError as conflict:
            if not _is_in_doubt(met):
                raise
            try:
                conflict.batch = await self._looker.get(batch_id, within=self._left(began, within))
            except OmicsBatchError as trouble:
                raise conflict from trouble
            if conflict.batch.status not in obeyed:
                raise

    async def _send(
        self,
        method: str,
        batch_id: str,
        within: float | None,
        met: list[CallFailure],
        *,
        retry_until_deadline: bool,
        max_attempts: int | None = None,
    ) -> None:
        operation = self._caller.transport.operation(method)
        began = self._clock.now()

        async def send(since: float | None = None) -> None:
            await self._caller.call(
                method,
                {"batchId": batch_id},
                lambda response: read_acceptance(response, operation),
                batch_id=batch_id,
                within=within,
                max_attempts=max_attempts,
                retry_until_deadline=retry_until_deadline,
                met=met,
                since=since,
            )

        try:
            await send()
        except ResourceNotFoundError:
            # The service may answer 404 once for a batch that exists. After a lost response, the batch may be gone.
            seen = None if _is_in_doubt(met) else await self._seen(batch_id, self._left(began, within))
            if seen is None:
                raise
            try:
                await send(began)
            except ResourceNotFoundError as error:
                _note_that_it_is_there(error, seen)
                raise

    async def _seen(self, batch_id: str, within: float | None) -> Batch | None:
        """Return the batch; None if it cannot be read."""
        try:
            return await self._looker.get(batch_id, within=within)
        except OmicsBatchError:
            return None

    def _left(self, began: float, within: float | None) -> float | None:
        return None if within is None else max(began + within - self._clock.now(), 0.0)


def _note_that_it_is_there(error: ResourceNotFoundError, batch: Batch) -> None:
    error.batch = batch
    advice = Advice(AdviceKind.TRY_LATER)
    problem = f"{error.problem} But GetBatch shows that it is {one_line(batch.status)}."
    error.args = (worded(problem, advice),)
    with_advice(error, problem, advice)


def _is_in_doubt(met: list[CallFailure]) -> bool:
    return any(leaves_doubt(failure) for failure in met)
