"""Which samples of a batch failed, and why: all of them, in as few calls as the service allows."""

from __future__ import annotations

import logging
import sys
import tracemalloc
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import (
    AccessDeniedError,
    BatchFailedError,
    BatchStatus,
    FailedRun,
    FailedRunsError,
    FailureKind,
    InvalidInputError,
    MalformedResponseError,
    Remedy,
    RetryPolicy,
    RunStatus,
    ThrottlingError,
)
from omics_batch._api.failed_runs import is_scan_cheaper
from omics_batch.testing import Life, Simulator, faults
from tests.stories import PROCESSED, seen, service, shown, telling
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from omics_batch import Batch, OmicsBatchClient
    from tests.stories import Observation

pytestmark = pytest.mark.virtual_time

COHORT: Final = Life(
    submission_rate=1000,
    run_length=60,
    failed_runs={"sample-3": "The aligner ran out of memory.", "sample-77": "The aligner ran out of memory."},
    failed_submissions={
        "sample-5": ("ValidationException", "The input does not exist."),
        "sample-96": ("AccessDeniedException", "The role may not read the input."),
    },
)


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator(in_process=True, clock=running_clock()) as running:
        yield running


@pytest.fixture
async def client(omics: Simulator) -> AsyncIterator[OmicsBatchClient]:
    async with omics.client(max_rate=None, random=lambda: 0.5) as running:
        yield running


def calls_of(omics: Simulator) -> dict[str, int]:
    """The calls so far, by operation, without those that only waited."""
    operations = [request.operation for request in omics.requests]
    return {
        operation: operations.count(operation) for operation in dict.fromkeys(operations) if operation != "GetBatch"
    }


@pytest.mark.parametrize("with_counts", [False, True])
async def test_of_a_batch_that_failed_the_runs_that_it_had_created_go_on_and_fail(
    omics: Simulator, client: OmicsBatchClient, *, with_counts: bool
) -> None:
    """Five of 96 were tried before it failed: one could not be submitted, one fails later, three complete."""
    life = replace(COHORT, failure_reason="no quota", runs_before_failure=5, failed_with_counts=with_counts)
    batch_id = omics.start_batch(96, life=life)
    with pytest.raises(BatchFailedError) as caught:
        await client.wait_until_processed(batch_id)
    assert caught.value.batch is not None
    assert caught.value.batch.created_run_count == (4 if with_counts else None)
    reported = "4 of its 96 runs were created" if with_counts else "Some of its runs may have been created"
    assert f"no quota. {reported} and may still run: check list_runs_in_batch" in str(caught.value)
    submitted = {run.run_setting_id: run.run_id async for run in client.list_runs_in_batch(batch_id)}
    assert [*submitted] == [f"sample-{number}" for number in range(1, 6)]
    assert [run.run_setting_id async for run in client.failed_runs(batch_id)] == ["sample-5"]  # the others go on
    await running_clock().sleep(120)
    failed = {run.run_setting_id: run async for run in client.failed_runs(batch_id)}
    assert {name: (run.kind, run.reason) for name, run in failed.items()} == {
        "sample-3": (FailureKind.RUN, "RUN_TASK_FAILED"),
        "sample-5": (FailureKind.SUBMISSION, "ValidationException"),
    }
    assert failed["sample-3"].run_id == submitted["sample-3"]


async def test_every_sample_that_failed_is_reported_with_its_reason(omics: Simulator, client: OmicsBatchClient) -> None:
    """96 runs: two failed, and two were never started."""
    batch = await client.wait_until_processed(omics.start_batch(96, life=COHORT))
    failed = {run.run_setting_id: run async for run in client.failed_runs(batch)}
    assert {name: (run.kind, run.reason, run.message) for name, run in failed.items()} == {
        "sample-3": (FailureKind.RUN, "RUN_TASK_FAILED", "The aligner ran out of memory."),
        "sample-77": (FailureKind.RUN, "RUN_TASK_FAILED", "The aligner ran out of memory."),
        "sample-5": (FailureKind.SUBMISSION, "ValidationException", "The input does not exist."),
        "sample-96": (FailureKind.SUBMISSION, "AccessDeniedException", "The role may not read the input."),
    }
    assert failed["sample-5"].run_id is None
    run = failed["sample-3"].run
    assert run is not None
    assert (run.id, run.status) == (failed["sample-3"].run_id, RunStatus.FAILED)
    assert calls_of(omics) == {"ListRuns": 1, "ListRunsInBatch": 1, "GetRun": 2}


@pytest.mark.parametrize(
    ("kind", "reason", "remedy"),
    [
        (FailureKind.RUN, "SERVICE_ERROR", Remedy.RESUBMIT),
        (FailureKind.RUN, "INSTANCE_RESERVATION_FAILED", Remedy.RESUBMIT),
        (FailureKind.RUN, "MODIFIED_INPUT_RESOURCE", Remedy.RESUBMIT),
        (FailureKind.RUN, "FILE_SYSTEM_OUT_OF_SPACE", Remedy.CHANGE),
        (FailureKind.RUN, "OUT_OF_MEMORY_ERROR", Remedy.FIX),
        (FailureKind.RUN, "RUN_TASK_FAILED", Remedy.LOOK),
        (FailureKind.RUN, "A_REASON_OF_TOMORROW", Remedy.LOOK),
        (FailureKind.RUN, "ThrottlingException", Remedy.LOOK),
        (FailureKind.RUN, None, Remedy.LOOK),
        (FailureKind.SUBMISSION, "ThrottlingException", Remedy.RESUBMIT),
        (FailureKind.SUBMISSION, "RequestTimeoutException", Remedy.RESUBMIT),
        (FailureKind.SUBMISSION, "InternalServerException", Remedy.RESUBMIT),
        (FailureKind.SUBMISSION, "ServiceQuotaExceededException", Remedy.WAIT),
        (FailureKind.SUBMISSION, "ValidationException", Remedy.CHANGE),
        (FailureKind.SUBMISSION, "AccessDeniedException", Remedy.FIX),
        (FailureKind.SUBMISSION, "ConflictException", Remedy.LOOK),
        (FailureKind.CANCELLED, "SERVICE_ERROR", Remedy.LOOK),
    ],
)
def test_what_can_be_done_about_a_failed_run(kind: FailureKind, reason: str | None, remedy: Remedy) -> None:
    """Only what AWS documents as "try again" is resubmitted as it is; what is not known is for a person to look at."""
    assert FailedRun(run_setting_id="NA12878", kind=kind, reason=reason).remedy is remedy


async def test_the_error_of_a_pipeline_names_them(omics: Simulator, client: OmicsBatchClient) -> None:
    batch = await client.wait_until_processed(omics.start_batch(96, life=COHORT))
    with pytest.raises(FailedRunsError) as caught:
        batch.raise_for_failed_runs([run async for run in client.failed_runs(batch)])
    reported = str(caught.value)
    assert "2 for RUN_TASK_FAILED (sample-3, sample-77)" in reported
    assert "1 for ValidationException (sample-5)" in reported
    assert list(caught.value.by_reason) == ["RUN_TASK_FAILED", "ValidationException", "AccessDeniedException"]


async def test_without_reasons_no_run_is_asked_for(omics: Simulator, client: OmicsBatchClient) -> None:
    batch = await client.wait_until_processed(omics.start_batch(96, life=COHORT))
    failed = {run.run_setting_id: run async for run in client.failed_runs(batch, reasons=False)}
    assert failed.keys() == {"sample-3", "sample-77", "sample-5", "sample-96"}
    assert (failed["sample-3"].reason, failed["sample-3"].run) == (None, None)
    assert failed["sample-5"].reason == "ValidationException"
    assert "GetRun" not in calls_of(omics)


async def test_a_batch_without_a_failure_has_none(omics: Simulator, client: OmicsBatchClient) -> None:
    batch = await client.wait_until_processed(omics.start_batch(96, life=Life(submission_rate=1000)))
    assert [run async for run in client.failed_runs(batch)] == []
    assert calls_of(omics) == {"ListRuns": 1, "ListRunsInBatch": 1}


async def test_a_few_failures_of_many_runs_are_asked_for_one_by_one(omics: Simulator, client: OmicsBatchClient) -> None:
    """5 failures of 1,000 runs: 5 calls instead of 10 pages, and one for what was not submitted."""
    life = Life(submission_rate=1e6, failed_runs=5)
    batch = await client.wait_until_processed(omics.start_batch(1000, life=life))
    assert len([run async for run in client.failed_runs(batch, reasons=False)]) == 5
    assert calls_of(omics) == {"ListRuns": 1, "ListRunsInBatch": 1 + 5}


async def test_for_many_failures_the_whole_list_is_read_once(omics: Simulator, client: OmicsBatchClient) -> None:
    """50 failures of 1,000 runs: 10 pages instead of 50 calls, and they show what was not submitted too."""
    life = Life(submission_rate=1e6, failed_runs=50, failed_submissions={"sample-9": ("ConflictException", "")})
    batch = await client.wait_until_processed(omics.start_batch(1000, life=life))
    failed = [run async for run in client.failed_runs(batch, reasons=False)]
    assert len({run.run_setting_id for run in failed}) == len(failed) == 51
    assert calls_of(omics) == {"ListRuns": 1, "ListRunsInBatch": 10}


@pytest.mark.parametrize(
    ("total", "filtered", "failed", "scan"),
    [
        (0, [0], 0, False),
        (96, [2], 0, False),
        (96, [2], 1, True),
        (1000, [0], 9, False),
        (1000, [0], 10, True),
        (1000, [250], 7, False),
        (1000, [250], 8, True),
        (1000, [250, 120], 5, False),
        (1000, [250, 120], 6, True),
        (100_000, [0], 999, False),
        (100_000, [0], 1000, True),
    ],
)
def test_what_takes_fewer_calls(total: int, filtered: list[int], failed: int, *, scan: bool) -> None:
    """A filter takes one call for 100 that it finds, and one where it finds none."""
    assert is_scan_cheaper(total=total, filtered=filtered, failed=failed) is scan


async def test_cancelled_runs_are_reported_on_request(omics: Simulator, client: OmicsBatchClient) -> None:
    life = Life(submission_rate=0.01, run_length=3600, failed_submissions={"sample-2": ("ConflictException", "")})
    batch_id = omics.start_batch(6, life=life)
    async for batch in client.watch(batch_id):
        if batch.submission_summary.successful_start_submission_count == 3:
            break
    batch = await client.cancel_and_wait(batch_id)
    assert batch.run_summary.cancelled_run_count == 3

    failed = [run async for run in client.failed_runs(batch)]
    assert [run.run_setting_id for run in failed] == ["sample-2"]
    everything = {run.run_setting_id: run async for run in client.failed_runs(batch, cancelled=True)}
    assert everything["sample-2"].kind is FailureKind.SUBMISSION
    kinds = {name: run.kind for name, run in everything.items() if run.run_id}
    assert kinds == dict.fromkeys(["sample-1", "sample-3", "sample-4"], FailureKind.CANCELLED)


async def test_a_batch_under_way_has_failed_so_far(omics: Simulator, client: OmicsBatchClient) -> None:
    life = Life(submission_rate=0.01, run_length=30, failed_runs={"sample-1": "no memory", "sample-4": "no memory"})
    batch_id = omics.start_batch(4, life=life)
    async for batch in client.watch(batch_id):
        if batch.run_summary.failed_run_count:
            break
    assert [run.run_setting_id async for run in client.failed_runs(batch_id)] == ["sample-1"]


async def test_one_failing_call_does_not_end_a_long_list(omics: Simulator, client: OmicsBatchClient) -> None:
    """Calls of a list are tried nine times, where others are tried three times."""
    batch = await client.wait_until_processed(omics.start_batch(96, life=COHORT))
    omics.script(faults.throttled(operation="ListRunsInBatch", times=8), faults.status(503, "GetRun", times=4))
    assert len([run async for run in client.failed_runs(batch)]) == 4
    omics.script(faults.throttled(operation="ListRunsInBatch", times=9))
    with pytest.raises(ThrottlingError) as caught:
        _ = [run async for run in client.failed_runs(batch)]
    assert caught.value.attempts == 9


async def test_who_wants_no_retries_gets_none(omics: Simulator) -> None:
    batch_id = omics.start_batch(1)
    omics.script(faults.throttled(operation="ListRuns"))
    async with omics.client(retry=RetryPolicy(max_attempts=1)) as client:
        with pytest.raises(ThrottlingError):
            await anext(client.failed_runs(batch_id))


async def test_a_permission_that_is_missing_is_said_so(omics: Simulator, client: OmicsBatchClient) -> None:
    batch_id = omics.start_batch(1)
    omics.script(faults.error("AccessDeniedException", 403, operation="ListRuns"))
    with pytest.raises(AccessDeniedError, match="^ListRuns of batch"):
        await anext(client.failed_runs(batch_id))


async def test_bad_input_is_refused_before_anything_is_sent(omics: Simulator, client: OmicsBatchClient) -> None:
    with pytest.raises(InvalidInputError, match="no batch id"):
        client.failed_runs("../7123456")
    with pytest.raises(InvalidInputError, match="^timeout"):
        client.failed_runs("7123456", timeout=-1)
    assert omics.requests == ()


# What the lists say of each other


def lists(failed: list[str], submissions: list[Mapping[str, Any]], **more: Observation) -> dict[str, list[Observation]]:
    runs = [{"id": run_id, "status": "FAILED"} for run_id in failed]
    return {
        "list_runs": [shown({"items": runs})],
        "list_runs_in_batch": [shown({"runs": submissions})],
        **{method: [answer] for method, answer in more.items()},
    }


async def test_a_run_that_is_deleted_in_between_is_reported_without_its_reason() -> None:
    gone = service("ResourceNotFoundException", 404)
    others = lists(["2000001"], [{"runSettingId": "NA12878", "runId": "2000001"}], get_run=gone)
    async with telling(PROCESSED, others=others) as story:
        (run,) = [run async for run in story.client.failed_runs("7123456")]
    assert run == FailedRun(run_setting_id="NA12878", run_id="2000001", kind=FailureKind.RUN)


UUID: Final = "11111111-1111-1111-1111-111111111111"
OTHER_UUID: Final = "22222222-2222-2222-2222-222222222222"


@pytest.mark.parametrize(
    ("found", "is_theirs"),
    [
        ({}, True),
        ({"batchId": "7123456"}, True),
        ({"batchId": "7123456", "uuid": UUID}, True),
        ({"uuid": UUID}, True),
        ({"batchId": "7999999"}, False),
        ({"batchId": "7999999", "uuid": UUID}, False),
        ({"batchId": "7123456", "uuid": OTHER_UUID}, False),
        ({"uuid": OTHER_UUID}, False),
    ],
)
async def test_another_run_that_has_the_id_of_a_deleted_one_explains_nothing(
    found: dict[str, str], caplog: pytest.LogCaptureFixture, *, is_theirs: bool
) -> None:
    """The service gives ids of deleted runs again."""
    answer = shown({"id": "2000001", "status": "FAILED", "failureReason": "OUT_OF_MEMORY", **found})
    item = {"runSettingId": "NA12878", "runId": "2000001", "runInternalUuid": UUID}
    async with telling(PROCESSED, others=lists(["2000001"], [item], get_run=answer)) as story:
        (run,) = [run async for run in story.client.failed_runs("7123456")]
    assert (run.run_setting_id, run.kind) == ("NA12878", FailureKind.RUN)
    assert (run.reason, run.run is not None) == (("OUT_OF_MEMORY", True) if is_theirs else (None, False))
    warned = [
        record for record in caplog.records if "was deleted before its reason could be read" in record.getMessage()
    ]
    assert len(warned) == (0 if is_theirs else 1)


async def test_without_a_uuid_in_the_list_the_batch_decides() -> None:
    answer = shown({"id": "2000001", "status": "FAILED", "failureReason": "OUT_OF_MEMORY", "uuid": OTHER_UUID})
    others = lists(["2000001"], [{"runSettingId": "NA12878", "runId": "2000001"}], get_run=answer)
    async with telling(PROCESSED, others=others) as story:
        (run,) = [run async for run in story.client.failed_runs("7123456")]
    assert run.reason == "OUT_OF_MEMORY"


async def test_a_run_that_was_cancelled_before_it_was_submitted_is_cancelled() -> None:
    """It has no number: whether the service lists it at all is nowhere said."""
    others = lists([], [{"runSettingId": "NA12878", "runId": "", "submissionStatus": "CANCEL_SUCCESS"}])
    async with telling(seen("CANCELLED"), others=others) as story:
        (run,) = [run async for run in story.client.failed_runs("7123456", cancelled=True, reasons=False)]
        assert run == FailedRun(run_setting_id="NA12878", kind=FailureKind.CANCELLED)
        assert [run async for run in story.client.failed_runs("7123456")] == []


async def test_a_run_whose_cancel_was_accepted_is_not_cancelled_for_that() -> None:
    """It may have completed all the same: ListRuns knows."""
    others = lists([], [{"runSettingId": "NA12878", "runId": "2000001", "submissionStatus": "CANCEL_SUCCESS"}])
    async with telling(seen("CANCELLED"), others=others) as story:
        assert [run async for run in story.client.failed_runs("7123456", cancelled=True)] == []


async def test_a_few_cancelled_runs_of_many_are_asked_for_by_how_their_submission_went() -> None:
    """20 of 1,000, one of them before it was submitted: 2 calls instead of 10 pages."""
    run_ids = [str(2_000_000 + number) for number in range(19)]
    cancelled = [
        {"runSettingId": f"sample of {run_id}", "runId": run_id, "submissionStatus": "CANCEL_SUCCESS"}
        for run_id in [*run_ids, ""]
    ]
    others: dict[str, list[Observation]] = {
        "list_runs": [
            shown({"items": []}),
            shown({"items": [{"id": run_id, "status": "CANCELLED"} for run_id in run_ids]}),
        ],
        "list_runs_in_batch": [shown({"runs": []}), shown({"runs": cancelled})],
    }
    counts = {"successfulCancelSubmissionCount": 20}
    async with telling(seen("CANCELLED", totalRuns=1000, submissionSummary=counts), others=others) as story:
        found = [run async for run in story.client.failed_runs("7123456", cancelled=True, reasons=False)]
    assert [run.run_id for run in found] == [*run_ids, None]
    filters = [sent.get("submissionStatus") for method, sent in story.transport.sent if method == "list_runs_in_batch"]
    assert filters == ["FAILED", "CANCEL_SUCCESS"]


async def test_cancelled_runs_that_nobody_asked_for_are_no_reason_to_warn(caplog: pytest.LogCaptureFixture) -> None:
    batch = seen("CANCELLED", completed=90, runSummary={"completedRunCount": 90, "cancelledRunCount": 6})
    async with telling(batch, others=lists([], [])) as story:
        assert [run async for run in story.client.failed_runs("7123456")] == []
    assert caplog.messages == []


async def test_every_call_has_the_time_out() -> None:
    denied = service("AccessDeniedException", 403)
    others = lists(["2000001"], [{"runSettingId": "NA12878", "runId": "2000001"}], get_run=denied)
    async with telling(PROCESSED, others=others) as story:
        with pytest.raises(AccessDeniedError) as caught:
            await anext(story.client.failed_runs("7123456", timeout=10))
    assert caught.value.batch_id == "7123456"
    assert max(story.transport.bounds) <= 10


async def test_a_run_that_no_list_knows_is_not_passed_over() -> None:
    others = lists(["2000001", "2000002"], [{"runSettingId": "NA12878", "runId": "2000001"}])
    async with telling(PROCESSED, others=others) as story:
        with pytest.raises(MalformedResponseError, match="ListRuns shows 1 runs .* such as 2000002") as caught:
            _ = [run async for run in story.client.failed_runs("7123456", reasons=False)]
    assert caught.value.batch_id == "7123456"


async def test_a_run_of_another_status_is_not_believed_to_have_failed() -> None:
    """A filter that gets lost on its way must not turn the whole batch into failures."""
    listed = {"items": [{"id": "2000001", "status": "COMPLETED"}]}
    others: dict[str, list[Observation]] = {
        "list_runs": [shown(listed)],
        "list_runs_in_batch": [shown({"runs": []})],
    }
    async with telling(PROCESSED, others=others) as story:
        assert [run async for run in story.client.failed_runs("7123456")] == []


async def test_runs_that_were_cancelled_one_by_one_are_found_by_a_scan() -> None:
    """CancelRun leaves their submission as it was: no filter finds them, and each alone would cost a call."""
    ids = [str(2_000_000 + number) for number in range(50)]
    cancelled = {"items": [{"id": run_id, "status": "CANCELLED"} for run_id in ids]}
    submissions = [{"runSettingId": run_id, "runId": run_id, "submissionStatus": "SUCCESS"} for run_id in ids]
    others: dict[str, list[Observation]] = {
        "list_runs": [shown({"items": []}), shown(cancelled)],
        "list_runs_in_batch": [shown({"runs": submissions})],
    }
    async with telling(seen("PROCESSED", completed=46), others=others) as story:
        runs = [run async for run in story.client.failed_runs("7123456", cancelled=True, reasons=False)]
        assert len(runs) == 50
        assert story.transport.methods.count("list_runs_in_batch") == 1


async def test_an_answer_about_another_run_is_not_believed() -> None:
    other = shown({"id": "2000009", "status": "FAILED"})
    others = lists(["2000001"], [{"runSettingId": "NA12878", "runId": "2000001"}], get_run=other)
    async with telling(PROCESSED, others=others) as story:
        with pytest.raises(MalformedResponseError, match="the answer is about run 2000009"):
            await anext(story.client.failed_runs("7123456"))


async def test_fewer_than_the_counts_report_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """Records of runs are gone once they are deleted, or once newer ones need their place."""
    counted = seen("PROCESSED", completed=90, failed=6)
    async with telling(counted, others=lists(["2000001"], [{"runSettingId": "NA12878", "runId": "2000001"}])) as story:
        assert len([run async for run in story.client.failed_runs("7123456", reasons=False)]) == 1
    assert caplog.messages == [
        "batch 7123456: 1 of 6 runs that did not succeed are listed",
    ]


async def test_deleted_runs_are_warned_of(
    omics: Simulator, client: OmicsBatchClient, caplog: pytest.LogCaptureFixture
) -> None:
    batch = await client.wait_until_processed(omics.start_batch(96, life=COHORT))
    await client.delete_run_batch(batch)
    await omics.clock.sleep(60)
    assert (await client.get_batch(batch)).status is BatchStatus.RUNS_DELETED
    with caplog.at_level(logging.WARNING):
        failed = [run.run_setting_id async for run in client.failed_runs(batch)]
    assert failed == ["sample-5", "sample-96"]
    assert "batch 7123456: how its 94 deleted runs ended is lost" in caplog.text


# Leaving early


async def test_a_walk_that_is_left_early_leaves_nothing_open() -> None:
    """Closing it closes the list behind it too, which would otherwise wait for the garbage collector and the loop."""
    failed = ["2000001", "2000002"]
    others = lists(failed, [{"runSettingId": f"sample of {run_id}", "runId": run_id} for run_id in failed])
    left_open: list[AsyncGenerator[object]] = []
    async with telling(PROCESSED, others=others) as story:
        usual = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(finalizer=left_open.append)
        try:
            async with aclosing(story.client.failed_runs("7123456", reasons=False)) as runs:
                assert (await anext(runs)).run_id == "2000001"
        finally:
            sys.set_asyncgen_hooks(*usual)
    assert left_open == []


# Size


async def found_with_memory(client: OmicsBatchClient, batch: Batch) -> tuple[list[str], int]:
    """The samples that failed, and the bytes that finding them took at most."""
    tracemalloc.start()
    try:
        found = [run.run_setting_id async for run in client.failed_runs(batch, reasons=False)]
        return found, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
async def test_memory_holds_one_page_and_the_ids_of_the_failed_runs(omics: Simulator, client: OmicsBatchClient) -> None:
    """30 failures of 3,000 runs: memory does not grow with them."""
    life = Life(submission_rate=1e6, failed_runs=30)
    batch = await client.wait_until_processed(omics.start_batch(3000, life=life))
    found, peak = await found_with_memory(client, batch)
    assert len(set(found)) == len(found) == 30
    assert calls_of(omics) == {"ListRuns": 1, "ListRunsInBatch": 30}
    assert peak < 3e6


@pytest.mark.slow
async def test_a_thousand_failures_of_a_hundred_thousand_runs(omics: Simulator, client: OmicsBatchClient) -> None:
    """All of them in 10 + 1,000 calls, and 1,000 more for the reasons, while memory grows by less than 50 MB.

    ListRuns has 100 failed runs a page. Asking ListRunsInBatch for each, and for what was not submitted, would take
    1,001 calls, so that its 1,000 pages are read. GetRun knows one reason a call.
    """
    life = Life(submission_rate=1e6, failed_runs=1000)
    batch = await client.wait_until_processed(omics.start_batch(100_000, life=life))
    found, peak = await found_with_memory(client, batch)
    assert len(set(found)) == len(found) == batch.failed_run_count == 1000
    assert calls_of(omics) == {"ListRuns": 10, "ListRunsInBatch": 1000}
    assert peak < 50e6

    assert [run.run_setting_id async for run in client.failed_runs(batch) if run.reason] == found
    assert calls_of(omics) == {"ListRuns": 20, "ListRunsInBatch": 2000, "GetRun": 1000}
