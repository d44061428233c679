"""GetBatch: reading one batch, and checking that the response is about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from omics_batch._api.rate_limiter import Priority
from omics_batch._api.response import read_answer, unreadable
from omics_batch._errors import CredentialsError, QueueTimeoutError, ServiceError, TransportError
from omics_batch._models.batch import Batch

if TYPE_CHECKING:
    from omics_batch._api.call import OperationCaller
    from omics_batch._clock import Clock
    from omics_batch._errors import OmicsBatchError
    from omics_batch._transport.attempt import Response
    from omics_batch._transport.failure import CallFailure

LAST_LOOK: Final = 5.0
"""Seconds that the last look may take: at a wait's deadline, or when its silence has lasted too long."""

_LOST_LOOK: Final = 1.5
"""Seconds that it may take if no look has ever succeeded."""

_LAST_ATTEMPTS: Final = 10
"""Attempts of a last look: their delays add up to about as long as it may take."""


class BatchReader:
    """Reads batches, for callers and for waits."""

    def __init__(self, caller: OperationCaller, clock: Clock) -> None:
        """Take what sends the calls."""
        self._caller = caller
        self._clock = clock

    @property
    def rate(self) -> float:
        """The calls a second that waits may make now; infinite while nothing limits them."""
        return self._caller.watching_rate

    async def turn(self, *, is_urgent: bool) -> None:
        """Wait until a wait may send: its look follows at once."""
        await self._caller.watching_turn(is_urgent=is_urgent)

    async def get(self, batch_id: str, *, within: float | None) -> Batch:
        """Return the batch within some seconds, for a caller."""
        return await self._get(batch_id, within=within)

    async def look(self, batch_id: str, *, within: float) -> Batch:
        """Return the batch within some seconds, for waits, after a `turn`."""
        return await self._get(batch_id, within=within, watching=True)

    async def last_look(self, batch_id: str, *, is_lost: bool) -> Batch:
        """Return the batch within a few seconds, with retries: a stopped process may have lost its connections.

        Args:
            batch_id: The batch.
            is_lost: Whether looks have failed so far and none succeeded. Then there is one attempt only.
        """
        seconds, attempts = (_LOST_LOOK, 1) if is_lost else (LAST_LOOK, _LAST_ATTEMPTS)
        limit = min(self._caller.attempt_timeout, seconds)
        return await self._get(batch_id, within=limit, priority=Priority.LAST_LOOK, max_attempts=attempts)

    def is_outage(self, error: OmicsBatchError) -> bool:
        """Whether a wait goes on after the error."""
        return is_outage(error, credentials_worked=self._caller.is_trusted)

    async def _get(
        self,
        batch_id: str,
        *,
        within: float | None,
        watching: bool = False,
        priority: Priority = Priority.CALL,
        max_attempts: int | None = None,
    ) -> Batch:
        return await self._caller.call(
            "get_batch",
            {"batchId": batch_id},
            lambda response: batch_in(response, batch_id),
            batch_id=batch_id,
            within=within,
            watching=watching,
            priority=priority,
            max_attempts=max_attempts,
        )


def batch_in(response: Response, batch_id: str) -> Batch | CallFailure:
    """Read a GetBatch response; it is a failure if it does not parse, or is about another batch."""
    batch = read_answer(Batch, response, "GetBatch")
    if isinstance(batch, Batch) and batch.id != batch_id:
        return unreadable("GetBatch", response, f"the answer is about batch {batch.id}")
    return batch


def is_outage(error: OmicsBatchError, *, credentials_worked: bool) -> bool:
    """Whether a wait goes on after the error and looks again later; a refusal ends it.

    Credentials that worked before may work again. If they never worked, the wait ends.
    """
    if isinstance(error, ServiceError):
        return error.retryable
    if isinstance(error, CredentialsError):
        return credentials_worked and not error.is_final
    return isinstance(error, (TransportError, QueueTimeoutError))
