"""`OmicsBatchClient`: what people call."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Final, TypeVar

import omics_batch
from omics_batch._api.arguments import BatchReference
from omics_batch._api.listing import Listing
from omics_batch._clock import Duration, timeout_in_seconds
from omics_batch._errors import ClientClosedError, FailedRunsError, InvalidInputError, OmicsBatchError
from omics_batch._loop import LoopIterator, start
from omics_batch._models.base import ResponseModel
from omics_batch._models.batch import Batch, StartRunBatchResponse
from omics_batch._operations import Operations
from omics_batch._waiting.cancel_delete import is_deletion_over
from omics_batch._waiting.policy import PollPolicy, checked_policy, error_at_the_end, has_ended
from omics_batch._waiting.subscriptions import ChangeSubscription, LookSubscription, Subscription

W = TypeVar("W", bound=Subscription)

_GRACE: Final = 60.0
"""Seconds for which the service may not know a batch that it has just started."""


class OmicsBatchClient(Operations):
    """Starts, follows and ends AWS HealthOmics run batches; use it with `async with`, one for all tasks of a loop.

    It keeps its connections, paces its requests, retries by AWS's rules for SDKs, and lets all of its
    waits share one poller. AWS_MAX_ATTEMPTS and AWS_RETRY_MODE change nothing.
    """

    async def wait_until_processed(
        self,
        batch: BatchReference,
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
            batch: The batch's id, its ARN in the client's region, or an answer that is about it. After
                `start_run_batch`, give its answer: the service may not know the new batch for some moments,
                and in the first minute that does not end the wait.
            timeout: Seconds (or a timedelta) for everything; at their end it looks one last time. None
                waits as long as it takes, 0 is one look.
            on_update: Called with the first `Batch`, each that differs from the one before, and the
                last; awaited, if it returns an awaitable. What it raises, the wait raises.
            raise_on_failed_runs: Raise `FailedRunsError` where the counts do not show that all runs completed,
                instead of returning; where deleted runs make the outcome UNKNOWN, only for known failures.
            poll: When to look, if not by the client's own policy.

        Returns:
            The processed batch, failed runs or not; see `Batch.outcome`.

        Raises:
            BatchFailedError: The batch itself failed; the message has the service's reason. Runs that it had
                created may go on.
            BatchCancelledError: The batch was cancelled.
            FailedRunsError: `raise_on_failed_runs` is set, and not all runs completed, or the counts are absent
                or do not add up. `failed_runs` lists the failed runs and their reasons.
            WaitTimeoutError: The time-out was over first.
            LostContactError: Nothing readable was heard for `PollPolicy.max_silence`.
            OmicsBatchError: A refusal, such as `AccessDeniedError`. Each error of a wait has `batch_id`,
                the last `batch` seen, `elapsed`, `polls` and `last_error`.

        Source: the AWS operation GetBatch, and ListBatch where a client waits for many.
        """
        opened = self._opened_here()
        wait: Subscription
        if on_update is None:
            wait = self._waiting(Subscription, batch, timeout, poll)
            await opened.waits.wait(wait)
        else:
            wait = listener = self._waiting(ChangeSubscription, batch, timeout, poll)
            async with aclosing(opened.waits.follow(listener)) as batches:
                async for seen in batches:
                    if inspect.isawaitable(told := on_update(seen)):
                        await told
        processed = wait.result(error_at_the_end, self._clock.now())
        if raise_on_failed_runs:
            try:
                processed.raise_for_failed_runs()
            except FailedRunsError as failed:
                raise wait.facts_on(failed, self._clock.now()) from None
        return processed

    def as_processed(
        self,
        batches: Iterable[BatchReference],
        *,
        timeout: Duration | None = None,
        poll: PollPolicy | None = None,
    ) -> AsyncGenerator[tuple[str, Batch | OmicsBatchError]]:
        """Iterate over many batches as they end: each one's id, and the `Batch` or what ended its wait instead.

        One batch's failure is a value, not the end of the others. The waits begin with the iteration and end
        with it: where you leave the loop early and keep the iterator, close it (`contextlib.aclosing`).

        Args:
            batches: Their ids, their ARNs in the client's region, or answers that are about them. One that is
                named twice is yielded once.
            timeout: Seconds (or a timedelta) from this call for each of them; None waits as long as it takes.
            poll: When to look, if not by the client's own policy.

        Yields:
            The batch's id, and the processed `Batch`, or the error that `wait_until_processed` would raise, such
            as a `WaitError` or a `ResourceNotFoundError`.

        Raises:
            InvalidInputError: One of them cannot be right; nothing was sent.
            ClientClosedError: The client was closed before the rest ended.

        Source: the AWS operations GetBatch and ListBatch.
        """
        if isinstance(batches, (str, ResponseModel)):
            raise InvalidInputError("as_processed takes several batches, such as a list of ids: for one, wait for it")
        waiting = [self._waiting(Subscription, batch, timeout, poll) for batch in batches]
        return LoopIterator(self._as_they_end({wait.batch_id: wait for wait in waiting}), self._opened().loop)

    def watch(
        self,
        batch: BatchReference,
        *,
        timeout: Duration | None = None,
        poll: PollPolicy | None = None,
    ) -> AsyncGenerator[Batch]:
        """Iterate over a batch as it changes, until it has ended.

        Yields the first `Batch`, each that differs from the one before, and ends after the terminal one,
        whatever that shows. The watching ends with the iterator: where you leave the loop early and keep
        the iterator, close it (`contextlib.aclosing`).

        Args:
            batch: The batch's id, its ARN in the client's region, or an answer that is about it: the answer
                of `start_run_batch` may be unknown to the service in the first minute.
            timeout: Seconds (or a timedelta) for everything; None is no limit.
            poll: When to look, if not by the client's own policy.

        Raises:
            OmicsBatchError: As `wait_until_processed`, for trouble alone: not for how the batch ended.

        Source: the AWS operation GetBatch.
        """
        opened = self._opened()
        return LoopIterator(opened.waits.follow(self._waiting(ChangeSubscription, batch, timeout, poll)), opened.loop)

    def failed_runs(
        self,
        batch: BatchReference,
        *,
        reasons: bool = True,
        cancelled: bool = False,
        timeout: Duration | None = None,
    ) -> Listing[omics_batch.FailedRun]:
        """Iterate over every sample of a batch that did not succeed, or await them all: which, how, and why.

        While the batch is under way these are the ones that have failed so far. So are those of a batch that
        FAILED: the runs that it had created may go on, and `list_runs_in_batch` shows them. Of runs that were deleted
        nobody can tell how they had ended: where the counts tell of more than could be listed, a warning
        is logged.

        Calls: GetBatch; ListRuns, one for 100 failed runs; ListRunsInBatch, either one for 100 failed
        submissions and one for each failed run, or one for 100 runs of the batch, whichever are fewer; and
        GetRun for each failed run. They go one after the other at the client's pace, and each is tried
        more often than other calls, since one that fails ends the iteration.

        Args:
            batch: The batch's id, its ARN in the client's region, or an answer that is about it.
            reasons: Ask GetRun why each failed run failed, and where its logs are. Without, failed submissions
                alone have a reason.
            cancelled: Yield runs that were cancelled too.
            timeout: Seconds (or a timedelta) for each call, retries included; None bounds each attempt alone.

        Raises:
            InvalidInputError: An argument cannot be right; nothing was sent.
            ResourceNotFoundError: There is no such batch in this account and region.
            AccessDeniedError: One of the permissions omics:GetBatch, omics:ListRuns, omics:ListRunsInBatch and
                omics:GetRun is missing.
            MalformedResponseError: The service's lists contradict each other.
            OmicsBatchError: Anything else; see its class.

        Source: the AWS operations GetBatch, ListRuns, ListRunsInBatch and GetRun.
        """
        from omics_batch._api.failed_runs import FailedRunFinder  # noqa: PLC0415 - who follows a batch starts without its runs

        batch_id = self._id_of(batch)
        look = partial(self.get_batch, batch_id, timeout=timeout)
        caller = self._opened().caller
        lister = self._lister(timeout, max_attempts=caller.retry.policy.patient_attempts)
        failures = FailedRunFinder(look, lister, caller.events, with_reasons=reasons, with_cancelled=cancelled)
        return Listing(failures.walk(), self._opened().loop)

    async def cancel_and_wait(
        self,
        batch: BatchReference,
        *,
        timeout: Duration | None = None,
        poll: PollPolicy | None = None,
    ) -> Batch:
        """Cancel a batch, wait until none of its runs is under way, and return it with its counts.

        A batch that is CREATING is cancelled as soon as that is over, and one that is being cancelled
        already is waited for. How many runs could and could not be cancelled stands in
        `Batch.submission_summary`; nothing is deleted. Cancelling the task ends the waiting alone.

        Args:
            batch: The batch's id, its ARN in the client's region, or an answer that is about it.
            timeout: Seconds (or a timedelta) for everything; None waits as long as it takes.
            poll: When to look, if not by the client's own policy.

        Raises:
            WaitError: The batch ended by itself before it was cancelled. Runs of a FAILED one may go on: the
                service cancels them one by one.
            WaitTimeoutError: The time-out was over first; the message says whether the batch was asked to stop.
            LostContactError: Nothing readable was heard for `PollPolicy.max_silence`; it says so too.
            ConflictError: The service goes on refusing what the batch's status allows.
            OmicsBatchError: As `cancel_run_batch`.

        Source: the AWS operations GetBatch and CancelRunBatch.
        """
        return await self._opened_here().destructive.cancel(self._waiting(LookSubscription, batch, timeout, poll))

    async def delete_everything(
        self,
        batch: BatchReference,
        *,
        timeout: Duration | None = None,
        poll: PollPolicy | None = None,
    ) -> Batch:
        """Delete the runs of a batch that has ended, then its record, and return what was seen last of it.

        The record is deleted only when no run is left: it shows which ones are. Nothing is deleted in
        S3. Cancelling the task ends the waiting alone; after an outage or a time-out, calling it again goes on
        where the last one ended.

        Of a FAILED batch only the record goes, since the service deletes no runs of such a batch. Runs that
        it had created may go on: note what `list_runs_in_batch` shows first.

        Args:
            batch: The batch's id, its ARN in the client's region, or an answer that is about it.
            timeout: Seconds (or a timedelta) for everything; None waits as long as it takes.
            poll: When to look, if not by the client's own policy.

        Raises:
            RunsDeleteFailedError: Some runs could not be deleted, so the record was kept; its message counts them.
            ConflictError: The batch has not ended yet: cancel it first, or wait.
            WaitTimeoutError: The time-out was over first; the message says how far the deletion is.
            LostContactError: Nothing readable was heard for `PollPolicy.max_silence`; it says so too.
            ResourceNotFoundError: Somebody else deleted the record before all runs were known to be deleted.
            OmicsBatchError: As `delete_run_batch` and `delete_batch`; where the runs are deleted and the record may
                not be, a note on the error says so.

        Source: the AWS operations GetBatch, DeleteRunBatch and DeleteBatch.
        """
        return await self._opened_here().destructive.delete(
            self._waiting(LookSubscription, batch, timeout, poll, is_over=is_deletion_over)
        )

    async def _as_they_end(
        self, subscriptions: Mapping[str, Subscription]
    ) -> AsyncGenerator[tuple[str, Batch | OmicsBatchError]]:
        ended: asyncio.Queue[asyncio.Task[Batch]] = asyncio.Queue()
        waits = {start(self._processed(wait)): batch_id for batch_id, wait in subscriptions.items()}
        del subscriptions  # or each keeps its `Batch` until all have ended
        for wait in waits:
            wait.add_done_callback(ended.put_nowait)
        try:
            while waits:
                wait = await ended.get()
                batch_id, error = waits.pop(wait), wait.exception()
                if isinstance(error, OmicsBatchError) and not isinstance(error, ClientClosedError):
                    yield batch_id, error
                else:
                    yield batch_id, wait.result()
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _processed(self, wait: Subscription) -> Batch:
        await self._opened_here().waits.wait(wait)
        return wait.result(error_at_the_end, self._clock.now())

    def _waiting(
        self,
        kind: type[W],
        batch: BatchReference,
        timeout: Duration | None,
        poll: PollPolicy | None,
        *,
        is_over: Callable[[Batch], bool] = has_ended,
    ) -> W:
        batch_id = self._id_of(batch)
        policy = self._poll if poll is None else checked_policy(poll)
        grace = _GRACE if isinstance(batch, StartRunBatchResponse) else 0.0
        return kind(batch_id, policy, timeout_in_seconds(timeout), self._clock.now(), grace=grace, is_over=is_over)
