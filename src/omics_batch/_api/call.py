"""One call of the service: rate limit, attempts, time limit, and its result or error."""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

import omics_batch
from omics_batch._api.rate_limiter import WAITS_SHARE, Priority, RateLimiter
from omics_batch._api.renewal import CredentialsRenewal
from omics_batch._clock import Clock, in_seconds, time_limit
from omics_batch._errors import ClientClosedError, OmicsBatchError, ThrottlingError
from omics_batch._transport.failure import CallFailure, FailureStage, classify, error_of, party_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from omics_batch._api.retry import RetryHandler
    from omics_batch._emitter import EventEmitter
    from omics_batch._transport.attempt import Response
    from omics_batch._transport.in_process import InProcess
    from omics_batch._transport.request import Transport

T = TypeVar("T")

_RENEWED: Final = 5.0
"""Seconds that a call has with new credentials, however long it took to find them."""


class OperationCaller:
    """Sends calls at the client's rate and with its retry policy; raises only this package's errors."""

    def __init__(
        self,
        transport: Transport | InProcess,
        retry: RetryHandler,
        limiter: RateLimiter,
        clock: Clock,
        events: EventEmitter,
    ) -> None:
        """Take what all calls share."""
        self.events: EventEmitter = events
        self.retry: RetryHandler = retry
        self.transport: Transport | InProcess = transport
        self.is_trusted: bool = False
        """Whether the service has answered a request with success: then the credentials are valid."""
        self._closed = False
        self._unpaid = 0
        """How many requests were not sent again since the last success, because too few tokens were left."""
        self._renewal = CredentialsRenewal(transport, events)
        self._under_way: set[asyncio.Timeout] = set()
        self._clock = clock
        self.attempt_timeout: float = in_seconds("attempt_timeout", retry.policy.attempt_timeout)
        """Seconds that one request may take."""
        self._limiter = limiter

    async def call(
        self,
        method: str,
        parameters: Mapping[str, Any],
        read: Callable[[Response], T | CallFailure],
        *,
        batch_id: str | None,
        within: float | None,
        watching: bool = False,
        priority: Priority = Priority.CALL,
        max_attempts: int | None = None,
        retry_until_deadline: bool = False,
        met: list[CallFailure] | None = None,
        since: float | None = None,
        about: str = "",
        attempt_timeout: float = 0.0,
    ) -> T:
        """Return what `read` makes of the answer.

        Args:
            method: The operation as aiobotocore's client names it, such as `get_batch`.
            parameters: Its parameters, in the service's own names.
            read: Returns the caller's object from the response, or a failure if the response cannot be trusted.
            batch_id: The batch this is about, for errors.
            within: Seconds for the whole call, its turn included; None for no limit.
            watching: True for looks and scans of waits: they have a `watching_turn` for the first attempt already, and
                their retries take urgent turns.
            priority: The priority in the queue, if `watching` is False.
            max_attempts: The number of attempts; None for the policy's.
            retry_until_deadline: Whether it is retried until its time is over, under the default policy.
            met: A list to which the failure of each attempt is added.
            since: The moment on the clock at which the time began; None for now.
            about: What the call is about, for errors, if it is not about a batch.
            attempt_timeout: Seconds for each request, if it needs more than usual, as a large one does.

        Raises:
            OmicsBatchError: Its class shows what went wrong.
        """
        call = _Call(method, batch_id, within, [] if met is None else met, about)
        call.longest = max(self.attempt_timeout, attempt_timeout)
        began = self._clock.now() if self.events.is_wanted("CallEnded") else None
        error: type[BaseException] | None = None
        try:
            return await self._call(
                call,
                parameters,
                read,
                watching,
                priority,
                max_attempts=max_attempts,
                retry_until_deadline=retry_until_deadline,
                since=since,
            )
        except BaseException as raised:
            error = type(raised)
            raise
        finally:
            if began is not None:
                now, operation = self._clock.now(), self.transport.operation(method)
                self.events.publish(
                    omics_batch.CallEnded(
                        time=now,
                        operation=operation,
                        batch_id=batch_id,
                        elapsed=now - began,
                        attempts=call.attempts,
                        error=error,
                    )
                )

    async def _call(
        self,
        call: _Call,
        parameters: Mapping[str, Any],
        read: Callable[[Response], T | CallFailure],
        watching: bool,  # noqa: FBT001 - as in `call`
        priority: Priority,
        *,
        max_attempts: int | None,
        retry_until_deadline: bool,
        since: float | None,
    ) -> T:
        if self._closed:
            raise ClientClosedError("the client is closed")
        method, within = call.method, call.within
        ends = math.inf if within is None else within + (self._clock.now() if since is None else since)
        bound = call.longest if within is None else min(call.longest, within)

        async def attempt() -> T | CallFailure:
            call.is_sent = False
            if not watching:
                await self._limiter.turn(method, priority)
            elif call.attempts:
                await self.watching_turn(is_urgent=True, method=method)
            call.is_sent = True
            call.attempts += 1
            call.generation = self.transport.generation
            response = await self.transport.call(method, parameters, bound=bound)
            answer = response if isinstance(response, CallFailure) else read(response)
            self._learn_from(method, answer, watching=watching)
            if isinstance(answer, CallFailure):
                call.met.append(answer)
            return answer

        async def attempts() -> T | CallFailure:
            return await self.retry.run(
                attempt,
                partial(self._request_failed, call),
                deadline=None if within is None else ends,
                max_attempts=max_attempts,
                retry_until_deadline=retry_until_deadline,
            )

        answer = await self._answer(call, attempts, within if since is None else self._left(ends, 0.0))
        if isinstance(answer, CallFailure) and self._renewal.can_help(answer):
            least = _RENEWED if watching else 0.0
            if (still := await self._renewed(answer, call, ends, watching)) is not None:
                raise self._error_of(still, call)
            answer = await self._answer(call, attempts, self._left(ends, least))
        if isinstance(answer, CallFailure):
            raise self._error_of(answer, call)
        return answer

    async def _answer(
        self, call: _Call, attempts: Callable[[], Awaitable[T | CallFailure]], left: float | None
    ) -> T | CallFailure:
        """Make the attempts of a call in the time that is left, and return the result or the failure."""
        try:
            async with self._open_for(left):
                return await attempts()
        except TimeoutError:
            return self._failure_at_the_limit(call, call.within or 0.0)

    def _left(self, ends: float, least: float) -> float | None:
        """Return the seconds until a moment on the clock, but not less than `least`; None for no limit."""
        return None if ends == math.inf else max(ends - self._clock.now(), least)

    async def _renewed(
        self,
        failure: CallFailure,
        call: _Call,
        ends: float,
        watching: bool,  # noqa: FBT001 - as in `call`
    ) -> CallFailure | None:
        """Renew the credentials; return None if there are new ones before a moment on the clock, else the failure."""
        try:
            async with self._open_for(None if watching else self._left(ends, 0.0)):
                still = await self._renewal.run(failure, call.generation)
        except TimeoutError:
            return failure
        if still is None and failure.stage is FailureStage.CREDENTIALS:
            call.attempts -= 1  # it could not be signed, and was not sent
        return still

    @asynccontextmanager
    async def _open_for(self, left: float | None) -> AsyncGenerator[None]:
        """Limit a block to some seconds of the clock, and to the life of the client."""
        open_until = asyncio.timeout(None)
        self._under_way.add(open_until)
        try:
            async with open_until, time_limit(self._clock, left):
                yield
        finally:
            self._under_way.discard(open_until)

    def _failure_at_the_limit(self, call: _Call, limit: float) -> CallFailure:
        operation, seconds = self.transport.operation(call.method), f"{round(limit, 2):g} s"
        if call.is_sent:
            waiting = self.transport.waits_for_credentials(call.method, min(self.attempt_timeout, limit))
            before = f"; the attempt before: {call.met[-1].detail.rstrip('.')}" if call.met else ""
            detail = f"no answer within the call's {seconds}{before}"
            failure = waiting or CallFailure(stage=FailureStage.TIMEOUT, operation=operation, detail=detail)
            if not self._closed:
                self._request_failed(call, failure, None)
            return failure
        turn = f"it waited for its turn until the call's {seconds} were over"
        if call.met:
            last = call.met[-1]
            return replace(last, detail=f"{last.detail.rstrip('.')}. The next attempt was not sent: {turn}")
        rate = f"{round(self._limiter.rate(call.method), 2):g} requests a second"
        return CallFailure(stage=FailureStage.QUEUE, operation=operation, detail=f"not sent: {turn}, at {rate}")

    def _error_of(self, failure: CallFailure, call: _Call) -> OmicsBatchError:
        if self._closed:
            closed = "while a call was under way" if call.attempts else "before the call was sent"
            error: OmicsBatchError = ClientClosedError(f"the client was closed {closed}")
            error.batch_id, error.attempts = call.batch_id, call.attempts
            return error
        return error_of(failure, batch_id=call.batch_id, attempts=call.attempts, about=call.about)

    async def watching_turn(self, *, is_urgent: bool = False, method: str = "get_batch") -> None:
        """Wait until a wait may send a request, within the share of the waits.

        Args:
            is_urgent: Whether it is sent before the other looks of waits.
            method: The operation that is sent then.
        """
        await self._limiter.turn(method, Priority.URGENT_LOOK if is_urgent else Priority.LOOK)

    @property
    def watching_rate(self) -> float:
        """The looks a second that waits may send now; infinite while nothing limits them."""
        return self._limiter.rate("get_batch") * WAITS_SHARE

    async def close(self) -> None:
        """Close the connections; calls under way end with `ClientClosedError`."""
        self._closed = True
        for open_until in self._under_way:
            if not open_until.expired():
                open_until.reschedule(asyncio.get_running_loop().time())
        await self._renewal.close()
        await self.transport.close()

    def _learn_from(self, method: str, answer: object, *, watching: bool) -> None:
        if not isinstance(answer, CallFailure):
            self.is_trusted = True
            self._unpaid = 0
            self._renewal.succeeded()
            self._limiter.answered(method, is_shared=watching)
        elif classify(answer).error is ThrottlingError:
            self._limiter.throttled(method)
            operation, rate = answer.operation, self._limiter.rate(method)
            self.events.emit(
                "RateChanged", lambda now: omics_batch.RateChanged(time=now, operation=operation, rate=rate)
            )

    def _request_failed(
        self, call: _Call, failure: CallFailure, delay: float | None, *, is_quota_used_up: bool = False
    ) -> None:
        self.events.emit(
            "RequestFailed",
            lambda now: omics_batch.RequestFailed(
                time=now,
                operation=failure.operation,
                batch_id=call.batch_id,
                attempt=call.attempts,
                error=classify(failure).error,
                fault=party_of(failure),
                message=failure.detail,
                code=failure.code,
                status_code=failure.status,
                request_id=failure.request_id,
                delay=delay,
            ),
        )
        if is_quota_used_up:
            repeats, self._unpaid = self._unpaid, self._unpaid + 1
            self.events.emit(
                "RetryQuotaUsedUp",
                lambda now: omics_batch.RetryQuotaUsedUp(
                    time=now,
                    operation=failure.operation,
                    batch_id=call.batch_id,
                    message=failure.detail,
                    repeats=repeats,
                ),
            )


@dataclass(slots=True)
class _Call:
    """A call under way."""

    method: str
    batch_id: str | None
    within: float | None
    met: list[CallFailure]
    """The failures that its attempts met."""
    about: str = ""
    """What it is about, if it is about no batch."""
    longest: float = 0.0
    """Seconds that one request may take."""
    attempts: int = 0
    """How many requests may have been sent."""
    generation: int = 0
    """Which credentials of the transport the last of them was signed with."""
    is_sent: bool = False
    """Whether the last of them may have been sent; False while the next one waits for its turn."""
