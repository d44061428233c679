"""The seven operations on run batches, under AWS's own names."""

from __future__ import annotations

import omics_batch
from omics_batch._api.arguments import BatchReference
from omics_batch._api.listing import Listing
from omics_batch._clock import Duration, timeout_in_seconds
from omics_batch._connection import Connection
from omics_batch._models.batch import Batch, BatchListItem, RunBatchListItem, StartRunBatchResponse


class Operations(Connection):
    """One method for each operation of the service, with its retries, its pace and its time-out.

    A batch is named by its id, by its ARN in the client's region, or by an answer that is about it.
    """

    async def start_run_batch(
        self, request: omics_batch.StartRunBatchRequest, *, timeout: Duration | None = None
    ) -> StartRunBatchResponse:
        """Start a batch, and return what started: wait for it with `wait_until_processed`.

        The request's `request_id` makes sure that there is one batch, however often it is sent: by the
        retries in here, or by you after an error or a crash. What the request says was checked when it was
        made; what the service finds wrong with the runs later makes the batch FAILED.

        Args:
            request: The batch to start.
            timeout: Seconds (or a timedelta) for the whole call. The request is retried until then; with a
                `RetryPolicy` of your own, it is sent `max_attempts` times at most. None bounds each attempt
                alone, and sends it `max_attempts` times at most.

        Raises:
            InvalidInputError: It is no request, or the botocore that is installed is too old to send it; nothing was
                sent.
            ConflictError: The `request_id` belongs to another batch.
            AccessDeniedError: omics:StartRunBatch, omics:StartRun or iam:PassRole is missing.
            ServiceQuotaExceededError: A quota of the account is used up.
            QueueTimeoutError: The `timeout` was over before its turn to be sent; nothing was sent.
            OmicsBatchError: Anything else; see its class. After a `TransportError` the batch may have been
                started: send the same request again.

        Source: the AWS operation StartRunBatch.
        """
        from omics_batch._models.request import checked  # noqa: PLC0415 - who follows a batch starts without requests

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

        The service takes one filter a call. Its lists lag behind: a batch that was started or has moved
        on just now may be missing, or shown as it was.

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
        from omics_batch._models.request import BatchFilter, one_filter  # noqa: PLC0415 - the same

        lister = self._lister(timeout)
        filters = one_filter(BatchFilter, status=status, name=name, run_group_id=run_group_id)
        return Listing(lister.batches(filters), self._opened().loop)

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
        from omics_batch._models.request import RunInBatchFilter, one_filter  # noqa: PLC0415 - the same

        filters = one_filter(
            RunInBatchFilter, submission_status=submission_status, run_setting_id=run_setting_id, run_id=run_id
        )
        return Listing(self._lister(timeout).runs_in_batch(self._id_of(batch), filters), self._opened().loop)

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
            self._id_of(batch), within=timeout_in_seconds(timeout), until_deadline=True
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
            self._id_of(batch), within=timeout_in_seconds(timeout), until_deadline=True
        )

    async def delete_batch(self, batch: BatchReference, *, timeout: Duration | None = None) -> None:
        """Delete the record of a batch that has ended.

        It does not delete the batch's runs, which `delete_run_batch` does and has to do before, and it
        deletes nothing in S3. Runs that a FAILED batch had created may go on: list them first. Afterwards the
        batch cannot be read, listed, cancelled or deleted any more, and nobody can tell which runSettingId was
        which run.

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
            self._id_of(batch), within=timeout_in_seconds(timeout), until_deadline=True
        )
