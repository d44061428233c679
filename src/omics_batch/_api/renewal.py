"""Finding new credentials after the service refused the old ones; all calls share one search."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import omics_batch
from omics_batch._errors import CredentialsError, OmicsBatchError
from omics_batch._loop import start
from omics_batch._transport.failure import CallFailure, FailureStage, classify

if TYPE_CHECKING:
    from omics_batch._emitter import EventEmitter
    from omics_batch._transport.in_process import InProcess
    from omics_batch._transport.request import Transport

_PAUSE: Final = 1.0
"""Real seconds between two renewals while the service accepts no credentials: a source may start a process."""


class CredentialsRenewal:
    """Makes a transport look for its credentials again; calls that need this at the same time share one renewal."""

    def __init__(self, transport: Transport | InProcess, events: EventEmitter) -> None:
        """Begin with credentials that were not refused."""
        self._transport = transport
        self._events = events
        self._task: asyncio.Task[OmicsBatchError | None] | None = None
        self._not_before = 0.0
        self._worked = self._is_rejected = False
        self._said = ""

    def can_help(self, failure: CallFailure) -> bool:
        """Whether new credentials may repair a failure."""
        is_theirs = classify(failure).error is CredentialsError
        return is_theirs and self._transport.is_renewable and not (failure.is_final or failure.is_silence)

    def succeeded(self) -> None:
        """Note that the service accepts the credentials."""
        if self._is_rejected:
            self._events.emit("CredentialsRenewed", lambda now: omics_batch.CredentialsRenewed(time=now))
        self._worked, self._not_before, self._is_rejected, self._said = True, 0.0, False, ""

    async def run(self, failure: CallFailure, generation: int) -> CallFailure | None:
        """Look for new credentials.

        Args:
            failure: The failure of a call.
            generation: The credentials of the transport that the call used.

        Returns:
            None if there are other credentials now; else the failure, with what is wrong with the source.
        """
        if self._transport.generation != generation:
            return None
        if self._task is None or self._task.done():
            self._task = start(self._renew(), "omics_batch renewal")
        task = self._task  # while this waits, another call may begin the next one
        await asyncio.wait({task})
        if self._transport.generation != generation:
            return None
        error = None if task.cancelled() else task.result()
        if not isinstance(error, CredentialsError):
            return failure
        detail = error.problem
        if failure.stage is FailureStage.SERVICE:
            detail = f"{failure.detail.rstrip('.')}. There are no new ones: {detail}"
        return replace(failure, detail=detail, next_step=error.next_step, is_final=error.is_final)

    async def close(self) -> None:
        """End a renewal that is under way."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def _renew(self) -> OmicsBatchError | None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(self._not_before - loop.time())
        if self._worked and not self._is_rejected:
            self._is_rejected = True
            self._events.emit("CredentialsRejected", lambda now: omics_batch.CredentialsRejected(time=now))
        try:
            await self._transport.open()
        except OmicsBatchError as error:
            if self._worked and (message := str(error)) != self._said:
                self._said = message
                self._events.emit(
                    "CredentialsRenewalFailed",
                    lambda now: omics_batch.CredentialsRenewalFailed(time=now, message=message, are_valid=False),
                )
            return error
        finally:
            self._not_before = loop.time() + _PAUSE
        return None
