"""What users write, for type checkers alone: nothing here is run.

A change that breaks one of these lines breaks somebody's type check.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_type

from omics_batch import (
    AccessDeniedError,
    AdviceKind,
    AttemptTimeoutError,
    Batch,
    BatchFailedError,
    BatchListItem,
    BatchRunSettings,
    BatchStatus,
    Clock,
    DefaultRunSetting,
    DefaultRunSettingInput,
    Duration,
    Event,
    FailedRun,
    FailedRunsError,
    FailureKind,
    InlineSetting,
    InvalidInputError,
    Listing,
    Manifest,
    ManifestBatch,
    OmicsBatchClient,
    OmicsBatchError,
    Outcome,
    Party,
    PollPolicy,
    QueueTimeoutError,
    RequestFailed,
    RetryPolicy,
    Rows,
    Run,
    RunBatchListItem,
    RunSummary,
    ServiceError,
    StartRunBatchRequest,
    StartRunBatchResponse,
    StorageType,
    SubmissionStatus,
    SubmissionSummary,
    SystemClock,
    ThrottlingError,
    TransportError,
    WaitEnded,
    WaitError,
    WaitTimeoutError,
    __version__,
)
from omics_batch.blocking import BlockingClient
from omics_batch.notebook import LiveBar

if TYPE_CHECKING:
    from aiobotocore.session import AioSession

VERSION: str = __version__


# The client


class MyClock:
    """A clock is whatever has these two methods."""

    def now(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None: ...


def clients(session: AioSession) -> list[OmicsBatchClient]:
    clock: Clock = MyClock()
    return [
        OmicsBatchClient(),
        OmicsBatchClient(region_name="us-west-2", profile_name="research"),
        OmicsBatchClient(endpoint_url="http://127.0.0.1:8080", allow_http=False),
        OmicsBatchClient(session=session, max_rate=None, clock=clock, random=lambda: 0.5),
        OmicsBatchClient(max_rate=5, clock=SystemClock()),
        OmicsBatchClient(
            retry=RetryPolicy(max_attempts=5, base=0.1, throttling_base=timedelta(seconds=1), cap=20, quota=100),
            poll=PollPolicy(initial=1, factor=2, maximum=timedelta(minutes=2), jitter=0, max_silence=7200),
        ),
    ]


def record(event: Event) -> None:
    assert_type(event.time, float)
    if isinstance(event, WaitEnded):
        assert_type(event.wait_id, int)
        assert_type(event.outcome, Outcome | None)
        assert_type(event.error, type[BaseException] | None)
    if isinstance(event, RequestFailed):
        assert_type(event.error, type[OmicsBatchError])
        assert_type(event.delay, float | None)


RECORDING: OmicsBatchClient = OmicsBatchClient(on_event=record)
LISTED: list[Event] = []
KEEPING: OmicsBatchClient = OmicsBatchClient(on_event=LISTED.append)


def advised(error: OmicsBatchError) -> str:
    assert_type(error.fault, Party)
    assert_type(error.problem, str)
    if error.advice is not None and error.advice.kind is AdviceKind.RENEW_CREDENTIALS:
        return str(error.advice.values["step"])
    return error.problem


async def service(client: OmicsBatchClient) -> Batch:
    assert_type(await client.get_batch("7123456", timeout=timedelta(seconds=2)), Batch)
    assert_type(await client.get_batch("7123456", timeout=2), Batch)
    return await client.get_batch("7123456")


async def pipeline(spans: list[Duration]) -> None:
    async with OmicsBatchClient() as client:
        assert_type(client, OmicsBatchClient)
        assert_type(client.retry_quota, int)
        batch = await client.wait_until_processed(
            "7123456",
            timeout=spans[0],
            on_update=print,
            raise_on_failed_runs=True,
            poll=PollPolicy(),
        )
        assert_type(batch, Batch)

        async def on_update(seen: Batch) -> None: ...

        def count(seen: Batch) -> int:
            return seen.finished_run_count

        await client.wait_until_processed("7123456", on_update=on_update)
        await client.wait_until_processed("7123456", on_update=count)
        await client.wait_until_processed("7123456", on_update=lambda seen: str(seen.status))

        ending = client.as_processed(["7123456", batch], timeout=timedelta(days=2), poll=PollPolicy())
        assert_type(ending, AsyncGenerator[tuple[str, Batch | OmicsBatchError], None])
        async for batch_id, outcome in ending:
            assert_type(batch_id, str)
            assert_type(outcome, Batch | OmicsBatchError)

        watching = client.watch("7123456", timeout=None)
        assert_type(watching, AsyncGenerator[Batch, None])
        async for seen in watching:
            assert_type(seen, Batch)


# The operations, and what is built on them


def script() -> Batch:
    with BlockingClient(region_name="us-west-2", on_event=record) as client:
        for item in client.list_batch(status=BatchStatus.INPROGRESS):
            assert_type(item, BatchListItem)
        for batch_id, ended in client.as_processed(["7123456"], timeout=timedelta(days=1)):
            assert_type(batch_id, str)
            assert_type(ended, Batch | OmicsBatchError)
        assert_type(next(client.watch("7123456")), Batch)
        assert_type(client.failed_runs("7123456").all(), Rows[FailedRun])
        with closing(client.list_runs_in_batch("7123456")) as runs:
            assert_type(next(runs), RunBatchListItem)
        assert_type(client.retry_quota, int)
        return client.wait_until_processed("7123456", on_update=print)


def request() -> StartRunBatchRequest:
    runs = [InlineSetting(run_setting_id="NA12878", parameters={"sample": "NA12878"}, priority=5)]
    return StartRunBatchRequest(
        batch_name="trio",
        default_run_setting=DefaultRunSettingInput(
            workflow_id="1234567",
            role_arn="arn:aws:iam::123456789012:role/OmicsRole",
            storage_type=StorageType.DYNAMIC,
        ),
        batch_run_settings=BatchRunSettings(inline_settings=runs),
        tags={"project": "genomics-study"},
    )


async def from_start_to_end(client: OmicsBatchClient) -> None:
    started = await client.start_run_batch(request(), timeout=timedelta(minutes=1))
    assert_type(started, StartRunBatchResponse)
    assert_type(started.id, str)
    batch = await client.wait_until_processed(started)
    failures = client.failed_runs(batch, reasons=True, cancelled=True)
    assert_type(failures, Listing[FailedRun])
    either_way: AsyncGenerator[FailedRun] = failures
    async for run in either_way:
        assert_type(run.run_setting_id, str)
        assert_type(run.kind, FailureKind)
        assert_type(run.reason, str | None)
        assert_type(run.run, Run | None)
    batch.raise_for_failed_runs([run async for run in client.failed_runs(started.id)])
    rows = await client.failed_runs(started.id)
    assert_type(rows, Rows[FailedRun])
    assert_type(rows[0], FailedRun)
    assert_type(rows[:3], Rows[FailedRun])
    a_list: list[FailedRun] = rows
    batch.raise_for_failed_runs(a_list)
    assert_type(await client.list_batch(), Rows[BatchListItem])
    assert_type(await client.list_runs_in_batch(batch), Rows[RunBatchListItem])
    assert_type(Rows([batch]), Rows[Batch])
    async with aclosing(client.list_batch()) as listing:
        assert_type(await anext(listing), BatchListItem)
    both = await asyncio.gather(client.failed_runs("1"), client.list_batch())
    assert_type(both, tuple[Rows[FailedRun], Rows[BatchListItem]])
    await client.wait_until_processed(started, on_update=LiveBar())
    await client.wait_until_processed(started, on_update=LiveBar(MyClock()))

    async for item in client.list_batch(status=BatchStatus.INPROGRESS):
        assert_type(item, BatchListItem)
        assert_type(await client.cancel_run_batch(item), None)
    async for submission in client.list_runs_in_batch(batch, submission_status="FAILED"):
        assert_type(submission.run_setting_id, str)
    assert_type(await client.cancel_and_wait(started), Batch)
    assert_type(await client.delete_run_batch(batch), None)
    assert_type(await client.delete_batch(batch.id), None)
    assert_type(await client.delete_everything("7123456"), Batch)


# The answers


def report(batch: Batch, item: BatchListItem, run: RunBatchListItem) -> str:
    assert_type(batch.id, str)
    assert_type(batch.status, BatchStatus)
    assert_type(batch.status.is_known, bool)
    assert_type(batch.arn, str | None)
    assert_type(batch.tags, dict[str, str] | None)
    assert_type(batch.total_runs, int | None)
    assert_type(batch.default_run_setting, DefaultRunSetting | None)
    assert_type(batch.submission_summary, SubmissionSummary)
    assert_type(batch.submission_summary.failed_start_submission_count, int)
    assert_type(batch.run_summary, RunSummary)
    assert_type(batch.run_summary.completed_run_count, int)
    assert_type(batch.creation_time, datetime | None)
    assert_type(batch.failure_reason, str | None)
    assert_type(batch.is_terminal, bool)
    assert_type(batch.is_processed, bool)
    assert_type(batch.counts_are_final, bool)
    assert_type(batch.outcome, Outcome)
    assert_type(batch.finished_run_count, int)
    assert_type(batch.failed_run_count, int)
    assert_type(batch.created_run_count, int | None)
    assert_type(batch.percent_submitted, float)
    assert_type(batch.percent_complete, float)
    assert_type(batch.duration, timedelta | None)
    assert_type(batch.elapsed(datetime.now(UTC)), timedelta | None)
    assert_type(batch.raise_for_failed_runs(), None)
    assert_type(batch.model_extra, dict[str, Any] | None)
    if batch.default_run_setting is not None:
        assert_type(batch.default_run_setting.storage_type, StorageType | None)
        assert_type(batch.default_run_setting.priority, int | None)
    assert_type(item.created_at, datetime | None)
    assert_type(run.submission_status, SubmissionStatus | None)
    return f"{batch.status}: {batch.percent_complete:.1f}%"


def models(document: Mapping[str, object], body: bytes) -> list[Batch]:
    return [
        Batch.model_validate(document),
        Batch.model_validate_json(body),
        Batch(id="7123456", status=BatchStatus.PROCESSED),
        Batch(id="7123456", status=BatchStatus("RUNS_ARCHIVING"), total_runs=96, run_summary=RunSummary()),
    ]


def by_status(batch: Batch) -> str:
    match batch.status:
        case BatchStatus.PROCESSED:
            return "done"
        case BatchStatus.FAILED | BatchStatus.CANCELLED:
            return "over"
        case other:
            text: str = other
            return text


def by_outcome(batch: Batch) -> int:
    """Outcomes are ours, so that a `match` over them can be complete; statuses are the service's."""
    match batch.outcome:
        case Outcome.SUCCEEDED | Outcome.UNKNOWN:
            return 0
        case Outcome.PARTIAL | Outcome.IN_PROGRESS:
            return 3
        case Outcome.FAILED | Outcome.CANCELLED:
            return 4


# The errors


async def careful(client: OmicsBatchClient) -> Batch | None:
    try:
        return await client.wait_until_processed("7123456", timeout=timedelta(hours=24))
    except WaitTimeoutError as error:
        late: TimeoutError = error
        assert_type(error.batch, Batch | None)
        assert_type(error.batch_id, str | None)
        assert_type(error.elapsed, timedelta | None)
        assert_type(error.polls, int)
        assert_type(error.last_error, OmicsBatchError | None)
        raise late from None
    except (BatchFailedError, WaitError) as error:
        return error.batch
    except FailedRunsError as error:
        assert_type(error.runs, tuple[FailedRun, ...])
        assert_type(error.by_reason, Mapping[str, tuple[FailedRun, ...]])
        return error.batch
    except (AttemptTimeoutError, QueueTimeoutError) as error:
        too_late: TimeoutError = error
        raise too_late from None
    except (ThrottlingError, AccessDeniedError) as error:
        assert_type(error.code, str)
        assert_type(error.request_id, str | None)
        raise
    except ServiceError as error:
        assert_type(error.status_code, int)
        assert_type(error.operation, str)
        assert_type(error.retryable, bool)
        raise
    except TransportError as error:
        assert_type(error.status_code, int | None)
        raise
    except InvalidInputError as error:
        mistake: ValueError = error
        raise mistake from None
    except OmicsBatchError as error:
        assert_type(error.attempts, int)
        raise


def from_a_sheet(defaults: DefaultRunSettingInput) -> tuple[StartRunBatchRequest, ...]:
    manifest = Manifest.load("cohort.yaml", sheet=Path("samples.csv"))
    assert_type(manifest, Manifest)
    assert_type(manifest.batches, tuple[ManifestBatch, ...])
    assert_type(manifest.batches[0].settings_uri, str | None)
    assert_type(manifest.runs, int)
    assert_type(manifest.settings(0), Iterator[bytes])
    assert_type(manifest.requests(), tuple[StartRunBatchRequest, ...])
    rows = [{"sample": "NA12878", "depth": 30.5}]
    made = Manifest(default_run_setting=defaults, runs={"runSettingId": "{sample}"}, rows=rows, tags={"a": "b"})
    return made.requests(attempt=2)
