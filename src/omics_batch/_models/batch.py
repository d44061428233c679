"""`Batch` and the other responses about batches, with derived properties."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import Field

import omics_batch
from omics_batch._advice import with_advice, worded
from omics_batch._errors import FailedRunsError, InvalidInputError
from omics_batch._models.base import Count, NullIsEmpty, ResponseModel, Texts, Timestamp
from omics_batch._models.enums import RUNS_DELETION, TERMINAL, BatchStatus, Outcome, SubmissionStatus
from omics_batch._models.outcome import do_counts_add_up, failed_runs, outcome_of
from omics_batch._models.settings import DefaultRunSetting
from omics_batch._words import one_line


class SubmissionSummary(ResponseModel, frozen=True, defer_build=True):
    """How many runs were submitted, cancelled and deleted (GetBatch `submissionSummary`)."""

    successful_start_submission_count: Count = 0
    """Runs that were submitted; from then on `RunSummary` counts them."""
    failed_start_submission_count: Count = 0
    """Runs that could not be submitted; no count of `RunSummary` holds them."""
    pending_start_submission_count: Count = 0
    """Runs still to be submitted; 0 once the batch is INPROGRESS."""
    successful_cancel_submission_count: Count = 0
    """Runs whose cancelling was accepted, after CancelRunBatch."""
    failed_cancel_submission_count: Count = 0
    """Runs that could not be cancelled, after CancelRunBatch."""
    successful_delete_submission_count: Count = 0
    """Runs whose deletion was accepted, after DeleteRunBatch."""
    failed_delete_submission_count: Count = 0
    """Runs that could not be deleted, after DeleteRunBatch."""


class RunSummary(ResponseModel, frozen=True, defer_build=True):
    """How many submitted runs are in each state (GetBatch `runSummary`); it lags, and is exact once PROCESSED."""

    pending_run_count: Count = 0
    """Runs that were submitted and wait to be started."""
    starting_run_count: Count = 0
    """Runs whose resources are being set up."""
    running_run_count: Count = 0
    """Runs under way."""
    stopping_run_count: Count = 0
    """Runs that are being stopped."""
    completed_run_count: Count = 0
    """Runs that succeeded."""
    failed_run_count: Count = 0
    """Runs that were submitted and failed; those that failed to submit are in `SubmissionSummary`."""
    cancelled_run_count: Count = 0
    """Runs that were cancelled."""
    deleted_run_count: Count = 0
    """Runs whose record was deleted: they are no longer counted in the state in which they had ended."""


class Batch(ResponseModel, frozen=True, defer_build=True):
    """A run batch as GetBatch shows it at one moment.

    Only `id` and `status` are always there. Until the service sends it, another field is None, and a count is 0.
    """

    id: Annotated[str, Field(min_length=1)]
    """The batch's number, as text."""
    status: BatchStatus
    """The status of the batch. An unknown status counts as not finished."""
    arn: str | None = None
    """The batch's ARN."""
    uuid: str | None = None
    """The batch's UUID; also a part of its output's paths."""
    name: str | None = None
    """The name the batch was started with, if any."""
    tags: Texts | None = None
    """The batch's own tags; its runs have `DefaultRunSetting.run_tags`."""
    total_runs: Count | None = None
    """How many runs the batch has; None until the service has read the settings, and for most FAILED ones."""
    default_run_setting: DefaultRunSetting | None = None
    """What all runs share."""
    submission_summary: Annotated[SubmissionSummary, NullIsEmpty] = Field(default_factory=SubmissionSummary)
    """How the submission goes."""
    run_summary: Annotated[RunSummary, NullIsEmpty] = Field(default_factory=RunSummary)
    """How the runs go; it lags behind them until the batch is PROCESSED."""
    creation_time: Timestamp | None = None
    """When the batch was created."""
    submitted_time: Timestamp | None = None
    """When the last run had been submitted."""
    processed_time: Timestamp | None = None
    """When the last run ended. A batch with deleted runs was processed if it has this time, else cancelled."""
    failed_time: Timestamp | None = None
    """When the batch itself failed."""
    failure_reason: str | None = None
    """Why the batch itself failed; only when FAILED."""

    @property
    def is_terminal(self) -> bool:
        """Whether the batch has ended, successfully or not: no more of its runs are submitted.

        Its runs have ended too. The exception is a FAILED batch: it may have created some runs before it failed, and
        these may go on (`created_run_count`).
        """
        return self.status in TERMINAL

    @property
    def is_processed(self) -> bool:
        """Whether every run has ended, failed or not; still true when runs of it were deleted afterwards."""
        if self.status in RUNS_DELETION:
            return self.processed_time is not None
        return self.status == BatchStatus.PROCESSED

    @property
    def counts_are_final(self) -> bool:
        """Whether the counts are exact and stay: the batch is PROCESSED, and its counts add up to `total_runs`.

        `run_summary` lags before PROCESSED, and moves with deletions. Counts that are absent, or that add up
        to less or more than `total_runs`, are not final: get the batch again in a minute.
        """
        return self.status == BatchStatus.PROCESSED and do_counts_add_up(self)

    @property
    def finished_run_count(self) -> int:
        """How many runs have ended or will never start: completed, failed, cancelled, deleted, not submitted."""
        runs = self.run_summary
        return (
            runs.completed_run_count
            + runs.failed_run_count
            + runs.cancelled_run_count
            + runs.deleted_run_count
            + self.submission_summary.failed_start_submission_count
        )

    @property
    def failed_run_count(self) -> int:
        """How many runs failed, those that failed to submit included."""
        return self.run_summary.failed_run_count + self.submission_summary.failed_start_submission_count

    @property
    def created_run_count(self) -> int | None:
        """How many runs the service has created, as far as the counts show; None where they do not.

        It matters in a FAILED batch, whose runs may go on. Its documented response has no counts: then
        `OmicsBatchClient.list_runs_in_batch` shows which runs were submitted.
        """
        runs, starts = self.run_summary, self.submission_summary
        failed = starts.failed_start_submission_count
        counted = self.finished_run_count - failed + runs.pending_run_count + runs.starting_run_count
        created = max(
            counted + runs.running_run_count + runs.stopping_run_count, starts.successful_start_submission_count
        )
        is_known = self.total_runs and failed + starts.pending_start_submission_count == self.total_runs
        return created if created or is_known else None

    @property
    def run_counts(self) -> dict[str, int]:
        """The number of runs in each state; states without runs are left out.

        The order is: completed, failed, not submitted, cancelled, deleted, stopping, running, starting,
        pending, to submit. The sum is the number of all runs, if the counts are up to date.
        """
        runs, starts = self.run_summary, self.submission_summary
        counts = {
            "completed": runs.completed_run_count,
            "failed": runs.failed_run_count,
            "not submitted": starts.failed_start_submission_count,
            "cancelled": runs.cancelled_run_count,
            "deleted": runs.deleted_run_count,
            "stopping": runs.stopping_run_count,
            "running": runs.running_run_count,
            "starting": runs.starting_run_count,
            "pending": runs.pending_run_count,
            "to submit": starts.pending_start_submission_count,
        }
        return {state: number for state, number in counts.items() if number}

    @property
    def percent_complete(self) -> float:
        """How far the batch is: `finished_run_count` of `total_runs`, 0.0 to 100.0.

        100.0 once every run has ended; 0.0 while the number of runs is not known.
        """
        return 100.0 if self.is_processed else self._percent(self.finished_run_count)

    @property
    def percent_submitted(self) -> float:
        """How far the submission is, failed submissions included, 0.0 to 100.0."""
        starts = self.submission_summary
        return self._percent(starts.successful_start_submission_count + starts.failed_start_submission_count)

    @property
    def outcome(self) -> Outcome:
        """How the runs ended: PROCESSED alone does not mean success.

        SUCCEEDED if every run completed, FAILED if none did (or the batch itself failed), else
        PARTIAL. UNKNOWN once runs were deleted, since the counts no longer show how those ended. Also UNKNOWN
        while the counts of a PROCESSED batch are not final: absent, or not adding up to `total_runs`.
        """
        return outcome_of(self)

    @property
    def duration(self) -> timedelta | None:
        """From creation until the batch was processed or failed; None where the service gives no end."""
        end = self.processed_time or self.failed_time
        return None if self.creation_time is None or end is None else end - self.creation_time

    def elapsed(self, now: datetime) -> timedelta | None:
        """Return how long the batch has run, or ran until its end.

        Args:
            now: The present, as an aware datetime, such as `datetime.now(UTC)`.

        Returns:
            `duration` where that is known, else the time since the creation, at least zero; None where
            the service gives no creation time.

        Raises:
            InvalidInputError: `now` is a naive datetime.
        """
        if now.tzinfo is None:
            raise InvalidInputError("elapsed() needs an aware datetime, such as datetime.now(UTC)")
        if self.duration is not None or self.creation_time is None:
            return self.duration
        return max(now - self.creation_time, timedelta())

    def raise_for_failed_runs(self, runs: Iterable[omics_batch.FailedRun] = ()) -> None:
        """Raise unless the batch has no failed run, so that a pipeline stops at one.

        It does not raise while no run has failed yet. It does not raise either if runs were deleted and no failure is
        known; `outcome` shows that this is not success. It does raise for a PROCESSED batch whose counts are not final,
        since they do not show that all runs completed.

        Args:
            runs: The failed runs, if you listed them (`OmicsBatchClient.failed_runs`): the error
                groups them by reason, and names the first ones of each reason.

        Raises:
            FailedRunsError: Runs failed or were not submitted, or the batch ended and its counts do not show
                that all runs completed. The message advises a new batch only where the counts support it.
        """
        is_in_doubt = self.status == BatchStatus.PROCESSED and not self.counts_are_final
        is_short = self.outcome in (Outcome.PARTIAL, Outcome.FAILED, Outcome.CANCELLED)
        if not (self.failed_run_count or is_short or is_in_doubt):
            return
        listed = tuple(runs)
        happened, advice = failed_runs(self, listed)
        problem = f"batch {one_line(self.id)} is {one_line(self.status)}: {happened}"
        raise with_advice(FailedRunsError(worded(problem, advice), batch=self, runs=listed), problem, advice)

    def _repr_html_(self) -> str:
        from omics_batch._html import card  # noqa: PLC0415 - notebooks alone need it

        return card(self, datetime.now(UTC))

    def _percent(self, runs: int) -> float:
        return 100 * min(runs, self.total_runs) / self.total_runs if self.total_runs else 0.0


class StartRunBatchResponse(ResponseModel, frozen=True, defer_build=True):
    """The response of StartRunBatch about the batch that was started: give it to a wait, or keep its id."""

    id: str
    """The batch's number, as text: 1 to 18 digits."""
    status: BatchStatus
    """CREATING, as a rule."""
    arn: str | None = None
    """The batch's ARN."""
    uuid: str | None = None
    """The batch's UUID."""
    tags: Texts | None = None
    """The batch's own tags."""


class RunBatchListItem(ResponseModel, frozen=True, defer_build=True):
    """How the submission of one run of a batch went (an item of ListRunsInBatch)."""

    run_setting_id: str
    """The caller's own name of the run, unique in its batch."""
    run_id: str | None = None
    """The service's number of the run; None or empty where the submission failed."""
    run_internal_uuid: str | None = None
    """The run's UUID."""
    run_arn: str | None = None
    """The run's ARN."""
    submission_status: SubmissionStatus | None = None
    """How the submission went, not how the run went."""
    submission_failure_reason: str | None = None
    """The error's name, such as ValidationException, where the submission failed."""
    submission_failure_message: str | None = None
    """What the service says of that failure."""

    def _repr_html_(self) -> str | None:
        from omics_batch._html import table  # noqa: PLC0415 - notebooks alone need it

        return table([self])


class BatchListItem(ResponseModel, frozen=True, defer_build=True):
    """A batch as ListBatch shows it: without counts."""

    id: str
    """The batch's number, as text."""
    status: BatchStatus
    """The status of the batch. An unknown status counts as not finished."""
    name: str | None = None
    """The name the batch was started with, if any."""
    created_at: Timestamp | None = None
    """When the batch was created: GetBatch calls it `creation_time`."""
    total_runs: Count | None = None
    """How many runs the batch has."""
    workflow_id: str | None = None
    """The workflow that the runs execute."""

    def _repr_html_(self) -> str | None:
        from omics_batch._html import table  # noqa: PLC0415 - notebooks alone need it

        return table([self])
