"""`OmicsBatchClient`: what people call."""

from __future__ import annotations

import inspect
import random as _random
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self, cast

from omics_batch._caller import Caller
from omics_batch._clock import Clock, Duration, SystemClock, deadline_after, in_seconds
from omics_batch._errors import ClientClosedError, FailedRunsError, InvalidInputError
from omics_batch._inputs import batch_id_of
from omics_batch._looker import BatchLooker
from omics_batch._pace import Pace
from omics_batch._places import Waiter
from omics_batch._retry import Retrier, RetryPolicy
from omics_batch._transport import open_transport
from omics_batch._wait import PollPolicy, error_at_the_end
from omics_batch._watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from types import TracebackType

    from aiobotocore.session import AioSession
    from types_aiobotocore_omics import OmicsClient

    from omics_batch._models import Batch

_KEEPALIVE: Final = 1.5
"""Of the longest poll interval: an idle connection has to outlast it, jitter included."""


class OmicsBatchClient:
    """Follows AWS HealthOmics run batches; use it with `async with`, one for all tasks of an event loop.

    It keeps its connections, paces its requests, retries by AWS's rules for SDKs, and lets all of its
    waits share one poller. AWS_MAX_ATTEMPTS and AWS_RETRY_MODE change nothing.
    """

    def __init__(
        self,
        *,
        region_name: str | None = None,
        profile_name: str | None = None,
        endpoint_url: str | None = None,
        allow_http: bool = False,
        session: AioSession | None = None,
        max_rate: float | None = 10.0,
        retry: RetryPolicy = RetryPolicy(),
        poll: PollPolicy = PollPolicy(),
        clock: Clock = SystemClock(),
        random: Callable[[], float] = _random.random,
    ) -> None:
        """Take the settings; nothing is looked up or sent before `async with`.

        Args:
            region_name: The AWS region, such as us-west-2; None takes the environment's or the profile's.
            profile_name: A profile of the shared AWS configuration files; None takes AWS_PROFILE's.
            endpoint_url: Another endpoint than the region's own; None takes AWS_ENDPOINT_URL_OMICS's, if any.
            allow_http: Let plain http go to other machines; the session token can be read on the way.
            session: An aiobotocore session of your own, for its credentials; it stays as it is.
            max_rate: Requests a second at most: the account's default quota, which all its clients share.
                Throttling lowers the rate, calm raises it again; waits use half of it. None is no limit.
            retry: How often and how fast failed requests are sent again.
            poll: When waits look again.
            clock: What tells the time and sleeps; tests bring their own.
            random: A source of numbers from 0.0 to 1.0 for delays and jitter.
        """
        if session is not None and profile_name is not None:
            raise InvalidInputError("give either session or profile_name: a session has its own profile")
        self._region_name = region_name
        self._profile_name = profile_name
        self._endpoint_url = endpoint_url
        self._allow_http = allow_http
        self._session = session
        self._retry = retry
        self._poll = poll
        self._clock = clock
        self._random = random
        self._pace = Pace(max_rate)
        self._entered = False
        self._open: _Open | None = None

    async def __aenter__(self) -> Self:
        """Find region, credentials and endpoint, and be ready.

        Raises:
            InvalidInputError: A setting cannot be right, or there is no region.
            CredentialsError: The credentials are incomplete.
        """
        if self._entered:
            raise ClientClosedError("a client is entered once, and serves all tasks of its loop: make another one")
        self._entered = True
        transport = await open_transport(
            region_name=self._region_name,
            profile_name=self._profile_name,
            endpoint_url=self._endpoint_url,
            allow_http=self._allow_http,
            session=self._session,
            attempt_timeout=in_seconds("attempt_timeout", self._retry.attempt_timeout),
            keepalive=_KEEPALIVE * in_seconds("maximum", self._poll.maximum),
        )
        caller = Caller(transport, Retrier(self._retry, self._clock, self._random), self._pace, self._clock)
        looker = BatchLooker(caller)
        self._open = _Open(caller, looker, Watcher(looker, self._clock, self._random))
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections; waits and calls under way end with `ClientClosedError`."""
        await self.close()

    async def close(self) -> None:
        """Close the connections; waits and calls under way end with `ClientClosedError`.

        `async with` does it by itself. A closed client stays closed.
        """
        if self._open is None:
            return
        was_open, self._open = self._open, None
        try:
            await was_open.watcher.close()
        finally:
            await was_open.caller.close()

    async def get_batch(self, batch: str, *, timeout: Duration | None = None) -> Batch:
        """Return a batch as it stands now.

        Args:
            batch: The batch's id, or its ARN in the client's region.
            timeout: Seconds (or a timedelta) for the whole call, retries included; None bounds each
                attempt alone.

        Raises:
            InvalidInputError: The id or ARN cannot be right; nothing was sent.
            ResourceNotFoundError: There is no such batch in this account and region.
            AccessDeniedError: The permission omics:GetBatch is missing.
            AttemptTimeoutError: No answer came in time.
            OmicsBatchError: Anything else; the class tells what.

        Source: the AWS operation GetBatch.
        """
        opened = self._opened()
        batch_id = batch_id_of(batch, opened.region_name)
        return await opened.looker.get(batch_id, deadline=deadline_after("timeout", timeout, self._clock))

    async def wait_until_processed(
        self,
        batch: str,
        *,
        timeout: Duration | None = None,
        on_update: Callable[[Batch], Awaitable[object] | object] | None = None,
        raise_on_failed_runs: bool = False,
        poll: PollPolicy | None = None,
    ) -> Batch:
        """Wait until every run of a batch has ended, and return the batch.

        Outages, throttling and unreadable answers do not end the wait. Cancelling the task ends this
        wait alone, never the batch.

        Args:
            batch: The batch's id, or its ARN in the client's region.
            timeout: Seconds (or a timedelta) for everything; at their end it looks one last time. None
                waits as long as it takes, 0 is one look.
            on_update: Called with the first `Batch`, each that differs from the one before, and the
                last; awaited, if it returns an awaitable. What it raises, the wait raises.
            raise_on_failed_runs: Raise `FailedRunsError` where runs did not complete, instead of returning; where
                deleted runs make the outcome UNKNOWN, only for known failures.
            poll: When to look, if not by the client's own policy.

        Returns:
            The processed batch, failed runs or not: see `Batch.outcome`.

        Raises:
            BatchFailedError: The batch itself failed; the message has the service's reason.
            BatchCancelledError: The batch was cancelled.
            FailedRunsError: Not all runs completed, and `raise_on_failed_runs` is set.
            WaitTimeoutError: The time-out was over first.
            LostContactError: Nothing readable was heard for `PollPolicy.max_silence`.
            OmicsBatchError: A refusal, such as `AccessDeniedError`. Each error of a wait has `batch_id`,
                the last `batch` seen, `elapsed`, `polls` and `last_error`.

        Source: the AWS operation GetBatch.
        """
        opened = self._opened()
        waiter = self._waiter(batch, timeout, poll)
        async with aclosing(opened.watcher.follow(waiter)) as batches:
            async for seen in batches:
                told = on_update(seen) if on_update else None
                if inspect.isawaitable(told):
                    await told
        return self._result(waiter, raise_on_failed_runs=raise_on_failed_runs)

    def watch(
        self,
        batch: str,
        *,
        timeout: Duration | None = None,
        poll: PollPolicy | None = None,
    ) -> AsyncGenerator[Batch]:
        """Iterate over a batch as it changes, until it has ended.

        Yields the first `Batch`, each that differs from the one before, and ends after the terminal one,
        whatever that shows. The watching ends with the iterator: where you leave the loop early and keep
        the iterator, close it (`contextlib.aclosing`).

        Args:
            batch: The batch's id, or its ARN in the client's region.
            timeout: Seconds (or a timedelta) for everything; None is no limit.
            poll: When to look, if not by the client's own policy.

        Raises:
            OmicsBatchError: As `wait_until_processed`, for trouble alone: not for how the batch ended.

        Source: the AWS operation GetBatch.
        """
        return self._opened().watcher.follow(self._waiter(batch, timeout, poll))

    @property
    def retry_quota(self) -> int:
        """What is left of the tokens that all retries of this client are paid with."""
        return self._opened().caller.retrier.quota.left

    @property
    def aws(self) -> OmicsClient:
        """The aiobotocore client underneath, for operations that are not wrapped here.

        Calls through it are neither retried nor paced, and raise botocore's own errors. Its type comes
        from `types-aiobotocore-omics`, where you have that installed.
        """
        return self._opened().caller.transport.aws

    def _opened(self) -> _Open:
        if self._open is None:
            raise ClientClosedError("the client is not open: use it inside `async with OmicsBatchClient() as client`")
        return self._open

    def _waiter(self, batch: str, timeout: Duration | None, poll: PollPolicy | None) -> Waiter:
        batch_id = batch_id_of(batch, self._opened().region_name)
        seconds = None if timeout is None else in_seconds("timeout", timeout)
        return Waiter(batch_id, poll or self._poll, seconds, self._clock.now())

    def _result(self, waiter: Waiter, *, raise_on_failed_runs: bool) -> Batch:
        batch = cast("Batch", waiter.shown)  # a wait that ends without an error has shown one
        now = self._clock.now()
        if error := error_at_the_end(batch):
            raise waiter.facts_on(error, now)
        if raise_on_failed_runs:
            try:
                batch.raise_for_failed_runs()
            except FailedRunsError as failed:
                raise waiter.facts_on(failed, now) from None
        return batch


@dataclass(frozen=True, slots=True)
class _Open:
    """What a client has while it is open."""

    caller: Caller
    looker: BatchLooker
    watcher: Watcher

    @property
    def region_name(self) -> str:
        return self.caller.transport.region_name
