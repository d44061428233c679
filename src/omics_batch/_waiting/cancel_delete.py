"""Cancelling and deleting a batch, and waiting until that is done."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import omics_batch
from omics_batch._advice import in_python
from omics_batch._errors import (
    Advice,
    AdviceKind,
    ConflictError,
    OmicsBatchError,
    ResourceNotFoundError,
    ServiceError,
    WaitError,
)
from omics_batch._models.enums import CANCELLABLE, CANCELLATION, RUNS_DELETABLE, RUNS_DELETION, BatchStatus
from omics_batch._waiting.policy import (
    error_after_deletion,
    error_at_the_deadline,
    error_of_a_refusal,
    error_unless_cancelled,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from omics_batch._api.changes import BatchChanges
    from omics_batch._api.get_batch import BatchReader
    from omics_batch._clock import Clock
    from omics_batch._emitter import EventEmitter
    from omics_batch._models.batch import Batch
    from omics_batch._waiting.subscriptions import ChangeSubscription
    from omics_batch._waiting.waits import Waits

_MOST_CONFLICTS: Final = 3
"""Conflicts after which the error is raised: a look that lags may show an old status, but not this often."""


@dataclass(frozen=True, slots=True)
class DestructiveRequest:
    """A cancel or a delete: when it is allowed, and how to recognize that it was done."""

    call: str
    """The caller's own call, for messages."""
    allowed: frozenset[BatchStatus]
    """The statuses in which the service allows it."""
    obeyed: frozenset[BatchStatus]
    """The statuses that show that it was requested, by this client or another."""
    can_wait: bool
    """Whether to wait until the service allows it."""

    def advice(self, kind: AdviceKind) -> Advice:
        """Return an advice of a kind that names the caller's call."""
        return Advice(kind, {"call": self.call})


CANCEL: Final = DestructiveRequest("cancel_and_wait", CANCELLABLE, CANCELLATION, can_wait=True)
DELETE_RUNS: Final = DestructiveRequest("delete_everything", RUNS_DELETABLE, RUNS_DELETION, can_wait=False)


def is_deletion_over(batch: Batch) -> bool:
    """Whether no more runs of the batch will be deleted: all were tried, or the service deletes none (FAILED)."""
    return batch.status in (BatchStatus.FAILED, BatchStatus.RUNS_DELETED, BatchStatus.RUNS_DELETE_FAILED)


class DestructiveActions:
    """Cancels or deletes once the batch's status allows it, and waits until that is done.

    Its waits get each look, not only changes: a request may have to be sent again although the batch did not change.
    """

    def __init__(
        self, waits: Waits, changer: BatchChanges, looker: BatchReader, clock: Clock, events: EventEmitter
    ) -> None:
        """Take what sends the requests, and what follows the batch."""
        self._events = events
        self._waits = waits
        self._changer = changer
        self._looker = looker
        self._clock = clock

    async def cancel(self, wait: ChangeSubscription) -> Batch:
        """Cancel a batch once it is created, and return it when it is cancelled."""
        await self._make(CANCEL, self._changer.cancel, wait)
        return wait.result(error_unless_cancelled, self._clock.now())

    async def delete(self, wait: ChangeSubscription) -> Batch:
        """Delete the runs of a batch, then its record, and return its last known state.

        Args:
            wait: A wait that is over when `is_deletion_over`.
        """
        await self._make(DELETE_RUNS, self._changer.delete_runs, wait)
        batch = wait.result(error_after_deletion, self._clock.now())
        if not self._has_time(wait):
            elapsed = self._clock.now() - wait.started
            advice = _about_record(AdviceKind.RECORD_LEFT, batch.id)
            raise wait.facts_on(error_at_the_deadline(batch.id, batch, elapsed, advice), self._clock.now())
        if batch.status in RUNS_DELETION:
            self._advance(wait, DELETE_RUNS, _about_record(AdviceKind.RECORD_LEFT, batch.id))
        try:
            await self._changer.delete_record(batch.id, within=wait.left(self._clock.now()), is_patient=True)
        except (OmicsBatchError, asyncio.CancelledError) as error:
            if isinstance(error, ResourceNotFoundError) and error.batch is None:
                return batch  # another client deleted it first
            if batch.status in RUNS_DELETION:
                _note(error, _about_record(AdviceKind.RECORD_LEFT, batch.id))
            if isinstance(error, OmicsBatchError):
                wait.facts_on(error, self._clock.now())
            raise
        return batch

    async def _make(
        self, request: DestructiveRequest, ask: Callable[..., Awaitable[None]], wait: ChangeSubscription
    ) -> None:
        """Make a request once the batch allows it, and wait."""
        try:
            await self._ask_and_wait(request, ask, wait)
        except OmicsBatchError as raised:
            now, error = self._clock.now(), raised
            if raised.batch is None:  # else the message already says that the batch was there
                error = error_of_a_refusal(raised, wait.status, wait.seen_at, now)
            if isinstance(error, ResourceNotFoundError) and wait.shown and wait.shown.status in RUNS_DELETION:
                error.advice = None  # "check the id" is wrong here
                _note(error, _about_record(AdviceKind.RECORD_GONE, wait.batch_id))
            elif wait.advice and not isinstance(error, (ServiceError, WaitError)):
                _note(error, wait.advice)
            raise wait.facts_on(error, now) from raised.__cause__
        except asyncio.CancelledError as stopped:
            _note(stopped, wait.advice or request.advice(AdviceKind.NOT_ASKED))
            raise

    async def _ask_and_wait(
        self, request: DestructiveRequest, ask: Callable[..., Awaitable[None]], wait: ChangeSubscription
    ) -> None:
        is_made, conflicts = False, 0
        self._advance(wait, request, request.advice(AdviceKind.NOT_ASKED))
        async with aclosing(self._waits.follow(wait)) as batches:
            async for batch in batches:
                if is_made or batch.status in request.obeyed:
                    is_made = True
                    self._advance(wait, request, request.advice(AdviceKind.ASKED))
                    continue
                is_allowed = batch.status in request.allowed
                if wait.is_over(batch) or not self._has_time(wait) or (request.can_wait and not is_allowed):
                    continue
                self._advance(wait, request, request.advice(AdviceKind.MAYBE_ASKED))
                try:
                    await ask(wait.batch_id, within=wait.left(self._clock.now()))
                except ConflictError:
                    conflicts += 1
                    self._advance(wait, request, request.advice(AdviceKind.NOT_ASKED))
                    if not is_allowed or conflicts == _MOST_CONFLICTS:
                        raise
                except OmicsBatchError as error:
                    if not error.attempts:
                        self._advance(wait, request, request.advice(AdviceKind.NOT_ASKED))
                    if not self._looker.is_outage(error):
                        raise
                    wait.last_error = error
                else:
                    is_made = True
                    self._advance(wait, request, request.advice(AdviceKind.ASKED))

    def _advance(self, wait: ChangeSubscription, request: DestructiveRequest, advice: Advice) -> None:
        """Set the advice for an end at this step, and publish the step."""
        if advice != wait.advice:
            wait.advice = advice
            self._events.emit(
                "ActionAdvanced",
                lambda now: omics_batch.ActionAdvanced(
                    time=now, batch_id=wait.batch_id, wait_id=wait.wait_id, call=request.call, advice=advice
                ),
            )

    def _has_time(self, wait: ChangeSubscription) -> bool:
        return wait.deadline is None or self._clock.now() < wait.deadline


def _about_record(kind: AdviceKind, batch_id: str) -> Advice:
    return Advice(kind, {"batch_id": batch_id, "call": DELETE_RUNS.call})


def _note(error: BaseException, advice: Advice) -> None:
    """Add an advice to an error as a note; also as data, if the error has none."""
    error.add_note(in_python(advice))
    if isinstance(error, OmicsBatchError) and error.advice is None:
        error.advice = advice
