"""`OmicsBatchClient`: the operations, waits, and failed runs."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import aclosing
from functools import partial
from typing import Final, TypeVar

import omics_batch
from omics_batch._api.arguments import BatchReference, several
from omics_batch._api.listing import Listing
from omics_batch._clock import Duration, timeout_in_seconds
from omics_batch._connection import Connection
from omics_batch._errors import ClientClosedError, FailedRunsError, OmicsBatchError
from omics_batch._loop import LoopIterator, start
from omics_batch._models.batch import Batch, BatchListItem, RunBatchListItem, StartRunBatchResponse
from omics_batch._waiting.cancel_delete import is_deletion_over
from omics_batch._waiting.policy import PollPolicy, checked_policy, error_at_the_end, has_ended
from omics_batch._waiting.subscriptions import ChangeSubscription, LookSubscription, Subscription

W = TypeVar("W", bound=Subscription)

_GRACE: Final = 60.0
"""Seconds for which the service may not know a batch that it has just started."""


_CANCEL: Final = 300.0
"""Seconds in which a batch is cancelled whose settings were changed while it was started."""


class OmicsBatchClient(Connection):
    """Starts, follows and ends AWS HealthOmics run batches; use it with `async with`, one for all tasks of a loop.

    It keeps its connections open, limits its rate, and retries by AWS's rules for SDKs. All of its waits share one
    poller. AWS_MAX_ATTEMPTS and AWS_RETRY_MODE have no effect.

    Methods take a batch as its id, its ARN in the client's region, or a response about it.
    """

    # The operations of the service, under AWS's own names

    async def start_run_batch(
        self, request: omics_batch.StartRunBatchRequest, *, timeout: Duration | None = None
    ) -> StartRunBatchResponse:
        """Start a batch, and return the service's response: give it to `wait_until_processed`.

        The same `request_id` starts one batch, however often the request is sent: by retries in here, or by you after
        an error or a crash. The request was checked when it was made. If the service finds a problem in the runs later,
        the batch becomes FAILED.

        Args:
            request: The batch to start.
            timeout: Seconds (or a timedelta) for the whole call. The request is retried until then; with a
                `RetryPolicy` of your own, it is sent `max_attempts` times at most. None bounds each attempt
                alone, and sends it `max_attempts` times at most.

        Raises:
            InvalidInputError: `request` is not a StartRunBatchRequest, or the installed botocore is too old to send
                it; nothing was sent.
            ConflictError: The `request_id` belongs to another batch.
            AccessDeniedError: omics:StartRunBatch, omics:StartRun or iam:PassRole is missing.
            ServiceQuotaExceededError: A quota of the account is used up.
            QueueTimeoutError: The `timeout` was over before its turn to be sent; nothing was sent.
            OmicsBatchError: Anything else; see its class. After a `TransportError` the batch may have been
                started: send the same request again.

        Source: the AWS operation StartRunBatch.
        """
        from omics_batch._models.request import checked  # noqa: PLC0415 - a wait starts without requests

        return await self._opened_here().changer.start(checked(request), within=timeout_in_seconds(timeout))

    async def get_batch(self, batch: BatchReference, *, timeout: Duration | None = None) -> Batch:
        """Return a batch as it stands now.

        Args:
            batch: The batch's id, its ARN in the client's region, or an answer that is about it.
            timeout: Seconds (or a timedelta) for the whole call, retries included; None bounds each
                attempt alone.

        Raises:
            InvalidInputError: The id or ARN cannot be right; nothing was sent.
            ResourceNotFoundError: There is no such batch in this account and region.
            AccessDeniedError: The permission omics:GetBatch is missing.
            AttemptTimeoutError: No answer came in time.
            QueueTimeoutError: The `timeout` was over before its turn to be sent; nothing was sent.
            OmicsBatchError: Anything else; see its class.

        Source: the AWS operation GetBatch.
        """
        return await self._opened_here().looker.get(self._id_of(batch), within=timeout_in_seconds(timeout))

    def list_batch(
        self,
        *,
        status: str | None = None,
        name: str | None = None,
        run_group_id: str | None = None,
        timeout: Duration | None = None,
    ) -> Listing[BatchListItem]:
        """Iterate over the account's batches in the client's region, without their counts, or await them all.

        The service takes one filter a call. Its lists lag: a batch that was just started may be missing, and one that
        just changed may have its old status.

        Args:
            status: Only batches of this status, such as `BatchStatus.INPROGRESS`.
            name: Only batches of this name, 1 to 64 characters.
            run_group_id: Only batches of this run group, 1 to 18 digits.
            timeout: Seconds (or a timedelta) for each page, retries included; None bounds each attempt alone.

        Raises:
            InvalidInputError: There are several filters, or one cannot be right; nothing was sent.
            AccessDeniedError: The permission omics:ListBatch on `*` is missing.
            QueueTimeoutError: The `timeout` was over before its turn to be sent; nothing was sent.
            OmicsBatchError: Anything else; see its class.

        Source: the AWS operation ListBatch, 100 items a page.
        """
        from omics_batch._models.filters import BatchFilter, one_filter  # noqa: PLC0415 - a wait starts without requests

        lister = self._lister(timeout)
        filters = one_filter(BatchFilter, status=status, name=name, run_group_id=run_group_id)
        return Listing(lister.batches(filters), self._opened().loop, BatchListItem)

    def list_runs_in_batch(
        self,
        batch: BatchReference,
        *,
        submission_status: str | None = None,
        run_setting_id: str | None = None,
        run_id: str | None = None,
        timeout: Duration | None = None,
    ) -> Listing[RunBatchListItem]:
        """Iterate over the runs of a batch, or await them all: how the submission of each went.

        It does not show how the runs themselves went: `failed_runs` lists the failed ones, and why.

        Args:
            batch: The batch's id, its ARN in the client's region, or an answer that is about it.
            submission_status: Only runs whose submission went this way, such as `SubmissionStatus.FAILED`.
            run_setting_id: Only the run that you gave this name.
            run_id: Only the run that the service gave this number.
            timeout: Seconds (or a timedelta) for each page, retries included; None bounds each attempt alone.

        Raises:
            InvalidInputError: There are several filters, or an argument cannot be right; nothing was sent.
            ResourceNotFoundError: There is no such batch in this account and region.
            AccessDeniedError: The permission omics:ListRunsInBatch is missing.
            QueueTimeoutError: The `timeout` was over before its turn to be sent; nothing was sent.
            OmicsBatchError: Anything else; see its class.

        Source: the AWS operation ListRunsInBatch, 100 items a page.
        """
        from omics_batch._models.filters import RunInBatchFilter, one_filter  # noqa: PLC0415 - a wait starts without requests

        filters = one_filter(
            RunInBatchFilter, submission_status=submission_status, run_setting_id=run_setting_id, run_id=run_id
        )
        runs = self._lister(timeout).runs_in_batch(self._id_of(batch), filters)
        return Listing(runs, self._opened().loop, RunBatchListItem)

    async def cancel_run_batch(self, batch: BatchReference, *, timeout: Duration | None = None) -> None:
        """Ask for a batch to be cancelled: runs not yet submitted never start, those under way are stopped.

        It does not wait (`cancel_and_wait` does), it does not touch runs that have ended, and it deletes
        nothing: neither runs, nor the batch's record, nor what was written to S3. Cancelling can fail for
        some of the runs: `Batch.submission_summary` counts them.

        Args:
            batch: The batch's id, its ARN in the client's region, or an answer that is about it.
            timeout: Seconds (or a timedelta) for the whole call. The request is retried until then; with a
                `RetryPolicy` of your own, it is sent `max_attempts` times at most. None bounds each attempt
                alone, and sends it `max_attempts` times at most.

        Raises:
            ConflictError: The batch is not PENDING, SUBMITTING or INPROGRESS, or another cancel or delete
                is under way in it.
            InvalidInputError: The id or ARN cannot be right; nothing was sent.
            ResourceNotFoundError: There is no such batch in this account and region.
            AccessDeniedError: The permission omics:CancelRunBatch is missing.
            QueueTimeoutError: The `timeout` was over before its turn to be sent; nothing was sent.
            OmicsBatchError: Anything else; see its class.

        Source: the AWS operation CancelRunBatch.
        """
        await self._opened_here().changer.cancel(
            self._id_of(batch), within=timeout_in_seconds(timeout), retry_until_deadline=True
        )

    async def delete_run_batch(self, batch: BatchReference, *, timeout: Duration | None = None) -> None:
        """Ask for the runs of a batch to be deleted.

        It does not wait (`delete_everything` does), it does not delete the batch's own record, which
        `delete_batch` does, and it deletes nothing in S3. Deleting can fail for some of the runs:
        `Batch.submission_summary` counts them. Afterwards it is unknown how the runs had ended.

        Args:
            batch: The batch's id, its ARN in the client's region, or an answer that is about it.
            timeout: Seconds (or a timedelta) for the whole call. The request is retried until then; with a
                `RetryPolicy` of your own, it is sent `max_attempts` times at most. None bounds each attempt
                alone, and sends it `max_attempts` times at most.

        Raises:
            ConflictError: The batch is neither PROCESSED nor CANCELLED, or another cancel or delete is under
                way in it.
            InvalidInputError: The id or ARN cannot be right; nothing was sent.
            ResourceNotFoundError: There is no such batch in this account and region.
            AccessDeniedError: The permission omics:DeleteRunBatch is missing.
            QueueTimeoutError: The `timeout` was over before its turn to be sent; nothing was sent.
            OmicsBatchError: Anything else; see its class.

        Source: the AWS operation DeleteRunBatch.
        """
        await self._opened_here().changer.delete_runs(
            self._id_of(batch), within=timeout_in_seconds(timeout), retry_until_deadline=True
        )

    async def delete_batch(self, batch: BatchReference, *, timeout: Duration | None = None) -> None:
        """Delete the record of a batch that has ended.

        It does not delete the batch's runs, which `delete_run_batch` does and has to do before, and it
        deletes nothing in S3. Runs that a FAILED batch had created may go on: list them first. Afterwards the
        batch can no longer be read, listed, cancelled or deleted, and the service no longer knows which runSettingId
        was which run.

        Args:
            batch: The batch's id, its ARN in the client's region, or an answer that is about it.
            timeout: Seconds (or a timedelta) for the whole call. The request is retried until then; with a
                `RetryPolicy` of your own, it is sent `max_attempts` times at most. None bounds each attempt
                alone, and sends it `max_attempts` times at most.

        Raises:
            ConflictError: The batch is not PROCESSED, CANCELLED, FAILED, RUNS_DELETED or RUNS_DELETE_FAILED.
            InvalidInputError: The id or ARN cannot be right; nothing was sent.
            ResourceNotFoundError: There is no such batch in this account and region.
            AccessDeniedError: The permission omics:DeleteBatch is missing.
            QueueTimeoutError: The `timeout` was over before its turn to be sent; nothing was sent.
            OmicsBatchError: Anything else; see its class.

        Source: the AWS operation DeleteBatch.
        """
        await self._opened_here().changer.delete_record(
            self._id_of(batch), within=timeout_in_seconds(timeout), retry_until_deadline=True
        )

    # Waits and what is made from several calls

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
            timeout: Seconds (or a timedelta) for everything; at the deadline it looks one last time. None
                waits as long as it takes, 0 looks once.
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
            LostContactError: No readable response came for `PollPolicy.max_silence`.
            OmicsBatchError: A refusal, such as `AccessDeniedError`. Each error of a wait has `batch_id`,
                the last `batch` seen, `elapsed`, `polls` and `last_error`.

        Source: the AWS operation GetBatch, and ListBatch where a client waits for many.
        """
        wait: Subscription
        if on_update is None:
            wait = self._waiting(Subscription, batch, timeout, poll)
            await self._opened_here().waits.wait(wait)
        else:
            wait = listener = self._waiting(ChangeSubscription, batch, timeout, poll)
            await self._update(listener, on_update)  # or every wait would keep the locals for this
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

        One batch's failure is yielded, and the others go on. The waits begin with the iteration and end
        with it: if you leave the loop early and keep the iterator, close it (`contextlib.aclosing`).

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
        waiting = [self._waiting(Subscription, batch, timeout, poll) for batch in several(batches)]
        return LoopIterator(self._as_they_end({wait.batch_id: wait for wait in waiting}), self._opened().loop)

    def watch(
        self,
        batch: BatchReference,
        *,
        timeout: Duration | None = None,
        poll: PollPolicy | None = None,
    ) -> AsyncGenerator[Batch]:
        """Iterate over a batch as it changes, until it has ended.

        Yields the first `Batch` and each that differs from the one before, and ends after the terminal one, whatever
        its status. The wait ends with the iterator: if you leave the loop early and keep the iterator, close it
        (`contextlib.aclosing`).

        Args:
            batch: The batch's id, its ARN in the client's region, or an answer that is about it: the answer
                of `start_run_batch` may be unknown to the service in the first minute.
            timeout: Seconds (or a timedelta) for everything; None is no limit.
            poll: When to look, if not by the client's own policy.

        Raises:
            OmicsBatchError: As `wait_until_processed`, except for how the batch ended.

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

        While the batch is under way, this lists the runs that have failed so far. The same holds for a FAILED batch:
        the runs that it had created may go on, and `list_runs_in_batch` shows them. How deleted runs ended is lost: if
        the counts show more failed runs than could be listed, a warning is logged.

        Calls: GetBatch; ListRuns, one for 100 failed runs; ListRunsInBatch, either one for 100 failed
        submissions and one for each failed run, or one for 100 runs of the batch, whichever are fewer; and
        GetRun for each failed run. They are sent one after the other at the client's rate. Each is retried
        more often than other calls, since one failure ends the iteration.

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
        from omics_batch._api.failed_runs import FailedRunFinder  # noqa: PLC0415 - a wait starts without runs

        batch_id = self._id_of(batch)
        look = partial(self.get_batch, batch_id, timeout=timeout)
        caller = self._opened().caller
        lister = self._lister(timeout, max_attempts=caller.retry.policy.patient_attempts)
        failures = FailedRunFinder(look, lister, caller.events, with_reasons=reasons, with_cancelled=cancelled)
        return Listing(failures.walk(), self._opened().loop, omics_batch.FailedRun)

    def results(
        self, batch: BatchReference, *, details: bool = False, timeout: Duration | None = None
    ) -> Listing[omics_batch.RunResult]:
        """Iterate over the results of all runs of a batch, or await them all: status and times by runSettingId.

        While the batch is under way, it has the runs that were submitted so far. A run whose record was deleted, by you
        or by `RunRetentionMode.REMOVE`, has a runSettingId but no status. The order is the service's.

        Calls: ListRunsInBatch and ListRuns, one of each for 100 runs. With `details`, GetRun for each run that was
        started: at the account's default quota of 10 a second, 1,000 runs take two minutes.

        Args:
            batch: The batch's id, its ARN in the client's region, or an answer that is about it.
            details: Ask GetRun for each run's output URI, and for why it failed. Without, failed submissions alone
                have a reason.
            timeout: Seconds (or a timedelta) for each call, retries included; None bounds each attempt alone.

        Raises:
            InvalidInputError: An argument cannot be right; nothing was sent.
            ResourceNotFoundError: There is no such batch in this account and region.
            AccessDeniedError: One of the permissions omics:ListRunsInBatch, omics:ListRuns and omics:GetRun is missing.
            OmicsBatchError: Anything else; see its class.

        Source: the AWS operations ListRunsInBatch, ListRuns and GetRun.
        """
        from omics_batch._api.results import ResultReader  # noqa: PLC0415 - a wait starts without runs

        batch_id = self._id_of(batch)
        caller = self._opened().caller
        lister = self._lister(timeout, max_attempts=caller.retry.policy.patient_attempts)
        reader = ResultReader(batch_id, lister, caller.events, with_details=details)
        return Listing(reader.walk(), self._opened().loop, omics_batch.RunResult)

    async def plan_resubmission(
        self,
        batch: BatchReference,
        *,
        request: omics_batch.StartRunBatchRequest | None = None,
        manifest: omics_batch.Manifest | None = None,
        remedies: Collection[omics_batch.Remedy] | None = None,
        cancelled: bool = False,
        default: Mapping[str, object] | None = None,
        parameters: Mapping[str, object] | None = None,
        max_attempts: int = 3,
        lineage: bool = True,
        timeout: Duration | None = None,
    ) -> omics_batch.ResubmissionPlan:
        """Plan which failed runs of a batch run again, and with what changes; nothing is started.

        Start the plan's `request` with `start_run_batch`; of more than 100 runs, start its `manifest()` with
        `start_manifest`, and with the plan's `attempt`. The same plan twice has the same `request_id`: a doubled
        resubmission starts one batch.

        The settings of the runs are those of the request or manifest that started the batch. Without, they are made of
        what GetBatch and GetRun show: then runs that were never started are left out, since the service does not show
        their settings. A request whose settings are in S3 is not enough for those either.

        Calls: those of `failed_runs`, and one GetBatch.

        Args:
            batch: The batch's id, its ARN in the client's region, or an answer that is about it. It has to have ended.
            request: The request that started it.
            manifest: The manifest that started it.
            remedies: Which failed runs run again, by `FailedRun.remedy`; None is RESUBMIT and WAIT.
            cancelled: Run those again too that were cancelled.
            default: Changed members of the default run setting, such as `{"storage_capacity": 2400}`. A run's memory
                and CPUs are set in its workflow.
            parameters: Changed parameters of the workflow, for each run that runs again.
            max_attempts: How many attempts there are at most, the first batch included; the tags of the batch show
                which one it is.
            lineage: Tag the new batch with `omics-batch:parent` and `omics-batch:attempt`. Starting it needs
                omics:TagResource then. Without, nothing counts its attempts.
            timeout: Seconds (or a timedelta) for each call, retries included; None bounds each attempt alone.

        Raises:
            InvalidInputError: A run has no such setting, the batch has not ended or FAILED itself, there were enough
                attempts, or the request or manifest is another batch's: it has another workflow, or none of the runs.
            MalformedResponseError: The service's lists or counts lag: a plan would miss runs.
            OmicsBatchError: As `failed_runs`.

        Source: the AWS operations GetBatch, ListRuns, ListRunsInBatch and GetRun.
        """
        from omics_batch._manifest.resubmission import ResubmissionPlanner  # noqa: PLC0415 - who follows a batch starts without it

        planner = ResubmissionPlanner(
            request=request,
            manifest=manifest,
            remedies={omics_batch.Remedy.RESUBMIT, omics_batch.Remedy.WAIT} if remedies is None else remedies,
            default=default,
            parameters=parameters,
            max_attempts=max_attempts,
            lineage=lineage,
        )
        planner.begin(await self.get_batch(batch, timeout=timeout))
        async for run in self.failed_runs(batch, cancelled=cancelled, timeout=timeout):
            planner.add(run)
        return planner.plan()

    async def cancel_and_wait(
        self,
        batch: BatchReference,
        *,
        timeout: Duration | None = None,
        poll: PollPolicy | None = None,
    ) -> Batch:
        """Cancel a batch, wait until none of its runs is under way, and return it with its counts.

        A batch that is CREATING is cancelled once it is created. If it is being cancelled already, this waits for
        that. `Batch.submission_summary` counts the runs that could and could not be cancelled; nothing is deleted.
        Cancelling the task only ends the waiting.

        Args:
            batch: The batch's id, its ARN in the client's region, or an answer that is about it.
            timeout: Seconds (or a timedelta) for everything; None waits as long as it takes.
            poll: When to look, if not by the client's own policy.

        Raises:
            WaitError: The batch ended by itself before it was cancelled. Runs of a FAILED one may go on: the
                service cancels them one by one.
            WaitTimeoutError: The time-out was over first; the message says whether the batch was asked to stop.
            LostContactError: No readable response came for `PollPolicy.max_silence`; the message says the same.
            ConflictError: The service keeps refusing what the batch's status allows.
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
        """Delete the runs of a batch that has ended, then its record, and return its last known state.

        The record is deleted only when no run is left, since it shows which runs are left. Nothing is deleted in
        S3. Cancelling the task only ends the waiting. After an outage or a time-out, call it again to continue.

        Of a FAILED batch only the record is deleted, since the service deletes no runs of such a batch. Runs that
        it had created may go on: note what `list_runs_in_batch` shows first.

        Args:
            batch: The batch's id, its ARN in the client's region, or an answer that is about it.
            timeout: Seconds (or a timedelta) for everything; None waits as long as it takes.
            poll: When to look, if not by the client's own policy.

        Raises:
            RunsDeleteFailedError: Some runs could not be deleted, so the record was kept; its message counts them.
            ConflictError: The batch has not ended yet: cancel it first, or wait.
            WaitTimeoutError: The time-out was over first; the message says how far the deletion is.
            LostContactError: No readable response came for `PollPolicy.max_silence`; the message says the same.
            ResourceNotFoundError: Somebody else deleted the record before all runs were known to be deleted.
            OmicsBatchError: As `delete_run_batch` and `delete_batch`; where the runs are deleted and the record may
                not be, a note on the error says so.

        Source: the AWS operations GetBatch, DeleteRunBatch and DeleteBatch.
        """
        return await self._opened_here().destructive.delete(
            self._waiting(LookSubscription, batch, timeout, poll, is_over=is_deletion_over)
        )

    # Manifests

    async def check_manifest(
        self, manifest: omics_batch.Manifest, *, timeout: Duration | None = None
    ) -> omics_batch.ManifestCheck:
        """Check a manifest against the parameter template of its workflow, before anything is started.

        Each parameter that the manifest gives has to be in the template, and each that the workflow needs has to be
        given. The template is that of the version and of the Nextflow profiles which the manifest names.

        Args:
            manifest: The manifest.
            timeout: Seconds (or a timedelta) for the call, retries included; None bounds each attempt alone.

        Returns:
            What was not checked, since only a start shows it.

        Raises:
            InvalidInputError: Parameters are unknown or missing: each line of the message names the manifest's file and
                line.
            ResourceNotFoundError: There is no such workflow, or version of it, in this account and region.
            AccessDeniedError: The permission omics:GetWorkflow or omics:GetWorkflowVersion is missing.
            QueueTimeoutError: The `timeout` was over before its turn to be sent; nothing was sent.
            OmicsBatchError: Anything else; see its class.

        Source: the AWS operations GetWorkflow and GetWorkflowVersion.
        """
        from omics_batch._manifest.check import check_manifest  # noqa: PLC0415 - who follows a batch starts without manifests

        return await check_manifest(self._opened_here().caller, manifest, within=timeout_in_seconds(timeout))

    def start_manifest(
        self,
        manifest: omics_batch.Manifest,
        *,
        attempt: int = 1,
        bucket_owner: str | None = None,
        encryption: str | None = None,
        kms_key_id: str | None = None,
        tag_batches: bool = True,
        timeout: Duration | None = None,
    ) -> AsyncGenerator[omics_batch.StartedBatch]:
        """Start the batches of a manifest, one after the other, and iterate over them.

        Each run is started once, however often this is called with the same manifest and attempt: after an error or a
        crash call it again. A batch that is there already is found by its tags and yielded too. Up to 100 runs go with
        the request; the settings of more are put into S3 first, below the manifest's `settingsUri`.

        Args:
            manifest: The manifest.
            attempt: 1, or more to start the same content again, as another batch.
            bucket_owner: The account that has to own the bucket of `settingsUri`, 12 digits.
            encryption: How S3 encrypts the settings: `aws:kms`, `aws:kms:dsse` or `AES256`. None is the bucket's way.
            kms_key_id: The key of KMS that encrypts them; with it, `encryption` is `aws:kms` if not given.
            tag_batches: Tag the batches with the id of their request and the attempt, and look for batches with these
                tags first. It needs omics:TagResource. Without it, only the service remembers what was started, and it
                is not documented for how long.
            timeout: Seconds (or a timedelta) for each call of HealthOmics, retries included; None bounds each attempt
                alone.

        Yields:
            Each batch in its order, as soon as it is started; wait for its `batch`.

        Raises:
            InvalidInputError: An argument cannot be right, or the sheet has changed since the manifest was read.
            ConflictError: Another file has the name of the settings in S3, or they were changed while the batch was
                started: then it is cancelled.
            BatchFailedError: The service answers with a batch of this content that FAILED: fix its reason, and start
                another `attempt`.
            AccessDeniedError: The message names the permission that is missing.
            QueueTimeoutError: The `timeout` was over before its turn to be sent; nothing was sent.
            OmicsBatchError: Anything else; see its class. Call it again with the same manifest and attempt.

        Source: the AWS operations ListBatch, GetBatch and StartRunBatch; before and after, those of S3 that put an
        object and look at one.
        """
        from omics_batch._manifest.find import ManifestFinder  # noqa: PLC0415 - the same
        from omics_batch._manifest.manifest import checked  # noqa: PLC0415 - the same
        from omics_batch._manifest.start import ManifestStarter, UploadOptions  # noqa: PLC0415 - the same

        requests = checked(manifest).requests(attempt=attempt)
        upload = UploadOptions(bucket_owner=bucket_owner, encryption=encryption, kms_key_id=kms_key_id)
        opened, within = self._opened(), timeout_in_seconds(timeout)
        starter = ManifestStarter(
            looker=opened.looker,
            changer=opened.changer,
            finder=ManifestFinder(looker=opened.looker, lister=self._lister(timeout), within=within),
            storage=opened.storage,
            events=opened.caller.events,
            cancel=partial(self.cancel_and_wait, timeout=_CANCEL),
            upload=upload,
            within=within,
        )
        return LoopIterator(starter.walk(manifest, requests, attempt, tags=tag_batches), opened.loop)

    async def find_manifest(
        self, manifest: omics_batch.Manifest, *, timeout: Duration | None = None
    ) -> tuple[omics_batch.StartedBatch, ...]:
        """Return the batches that were started from a manifest, of all attempts.

        They are found by their tags: not if they were started with `tag_batches=False`, nor if they FAILED, since the
        service shows no tags of those. The service's lists lag, so a batch that was just started may be missing.

        Args:
            manifest: The manifest, with the rows that were started.
            timeout: Seconds (or a timedelta) for each call, retries included; None bounds each attempt alone.

        Returns:
            The batches, by their attempt and their order in the manifest; empty if none is found.

        Raises:
            InvalidInputError: It is no manifest; nothing was sent.
            AccessDeniedError: One of the permissions omics:ListBatch and omics:GetBatch is missing.
            OmicsBatchError: Anything else; see its class.

        Source: the AWS operations ListBatch and GetBatch.
        """
        from omics_batch._manifest.find import ManifestFinder  # noqa: PLC0415 - the same
        from omics_batch._manifest.manifest import checked  # noqa: PLC0415 - the same

        looker, lister = self._opened_here().looker, self._lister(timeout)
        finder = ManifestFinder(looker=looker, lister=lister, within=timeout_in_seconds(timeout))
        return await finder.all_of(checked(manifest))

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

    async def _update(self, wait: ChangeSubscription, on_update: Callable[[Batch], Awaitable[object] | object]) -> None:
        async with aclosing(self._opened_here().waits.follow(wait)) as batches:
            async for seen in batches:
                if inspect.isawaitable(result := on_update(seen)):
                    await result

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
