"""The served operations as boto3 sees them, and what they refuse."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch.testing import Life, ManualClock, Simulator
from tests.testing._support import EPOCH, SETTING, Boto, ClientError, Wire, boto_to

if TYPE_CHECKING:
    from collections.abc import Mapping

SAMPLES = ("NA12878", "NA12891", "NA12892", "NA24385")

LIFE = Life(
    run_length=10,
    failed_runs={"NA12891": "A task ran out of memory."},
    failed_submissions={"NA12892": ("ValidationException", "The role cannot be assumed.")},
)


async def start(boto: Boto, **members: object) -> dict[str, Any]:
    settings = [{"runSettingId": sample, "name": f"run of {sample}"} for sample in SAMPLES]
    request: dict[str, object] = {
        "requestId": "request-1",
        "defaultRunSetting": SETTING,
        "batchRunSettings": {"inlineSettings": settings},
    }
    return await boto("start_run_batch", **{**request, **members})


async def test_a_batch_is_followed_from_its_start_to_its_end(clock: ManualClock) -> None:
    async with Simulator(clock=clock, epoch=EPOCH, life=LIFE) as omics, boto_to(omics) as boto:
        started = await start(boto, batchName="trio", tags={"project": "genomics"})
        assert (started["id"], started["status"], started["tags"]) == ("7123456", "CREATING", {"project": "genomics"})
        assert started["arn"] == "arn:aws:omics:us-west-2:123456789012:runBatch/7123456"

        assert await boto("get_batch", batchId="7123456") == {
            **started,
            "name": "trio",
            "defaultRunSetting": SETTING,
            "creationTime": EPOCH,
        }

        clock.advance(8)
        batch = await boto("get_batch", batchId="7123456")
        assert batch["status"] == "SUBMITTING"
        assert batch["totalRuns"] == 4
        assert batch["submissionSummary"] == {
            "successfulStartSubmissionCount": 2,
            "failedStartSubmissionCount": 1,
            "pendingStartSubmissionCount": 1,
        }
        assert "submittedTime" not in batch

        clock.advance(1)
        assert (await boto("get_batch", batchId="7123456"))["submittedTime"] == EPOCH + timedelta(seconds=9)

        clock.advance(12)
        batch = await boto("get_batch", batchId="7123456")
        assert batch["status"] == "PROCESSED"
        assert batch["processedTime"] == EPOCH + timedelta(seconds=21)
        assert batch["runSummary"] == {
            "pendingRunCount": 0,
            "startingRunCount": 0,
            "runningRunCount": 0,
            "stoppingRunCount": 0,
            "completedRunCount": 2,
            "deletedRunCount": 0,
            "failedRunCount": 1,
            "cancelledRunCount": 0,
        }


async def test_a_failed_batch_is_told_in_five_members(omics: Simulator, clock: ManualClock, boto: Boto) -> None:
    batch_id = omics.start_batch(["a", "a"])
    clock.advance(60)
    assert await boto("get_batch", batchId=batch_id) == {
        "id": batch_id,
        "arn": f"arn:aws:omics:us-west-2:123456789012:runBatch/{batch_id}",
        "status": "FAILED",
        "failureReason": "Expected 2 unique runSettingIds but there were 1",
        "failedTime": EPOCH + timedelta(seconds=5),
    }
    assert (await boto("list_runs_in_batch", batchId=batch_id))["runs"] == []


async def test_a_cancelled_batch_counts_its_cancels(omics: Simulator, clock: ManualClock, boto: Boto) -> None:
    batch_id = omics.start_batch(3, life=Life(cancelled_after=7.0))
    clock.advance(30)
    batch = await boto("get_batch", batchId=batch_id)
    assert batch["status"] == "CANCELLED"
    assert batch["submissionSummary"] == {
        "successfulStartSubmissionCount": 2,
        "failedStartSubmissionCount": 0,
        "pendingStartSubmissionCount": 1,
        "successfulCancelSubmissionCount": 2,
        "failedCancelSubmissionCount": 0,
    }
    assert "processedTime" not in batch
    runs = (await boto("list_runs_in_batch", batchId=batch_id))["runs"]
    assert [run["submissionStatus"] for run in runs] == ["CANCEL_SUCCESS", "CANCEL_SUCCESS"]


async def test_submissions_are_listed_with_their_outcome_and_by_one_filter(clock: ManualClock) -> None:
    async with Simulator(clock=clock, life=LIFE) as omics, boto_to(omics) as boto:
        batch_id = omics.start_batch(SAMPLES)
        clock.advance(7)
        assert len((await boto("list_runs_in_batch", batchId=batch_id))["runs"]) == 2
        clock.advance(60)

        pages = await boto.paginate("list_runs_in_batch", batchId=batch_id, PaginationConfig={"PageSize": 3})
        assert [[run["runSettingId"] for run in page["runs"]] for page in pages] == [list(SAMPLES[:3]), [SAMPLES[3]]]

        failed = (await boto("list_runs_in_batch", batchId=batch_id, submissionStatus="FAILED"))["runs"]
        assert failed == [
            {
                "runSettingId": "NA12892",
                "submissionStatus": "FAILED",
                "submissionFailureReason": "ValidationException",
                "submissionFailureMessage": "The role cannot be assumed.",
            }
        ]
        (second,) = (await boto("list_runs_in_batch", batchId=batch_id, runSettingId="NA12891"))["runs"]
        assert second["runArn"].endswith(f":run/{second['runId']}")
        assert (await boto("list_runs_in_batch", batchId=batch_id, runId=second["runId"]))["runs"] == [second]

        with pytest.raises(ClientError, match="Only one filter per call"):
            await boto("list_runs_in_batch", batchId=batch_id, runId="1", runSettingId="x")


async def test_runs_are_listed_over_all_batches_or_filtered(clock: ManualClock) -> None:
    async with Simulator(clock=clock, life=LIFE) as omics, boto_to(omics) as boto:
        other = omics.start_batch(2, life=Life(run_length=1000))
        started = await start(boto, defaultRunSetting={**SETTING, "runGroupId": "77"})
        clock.advance(60)

        everything = await boto("list_runs")
        assert [run["status"] for run in everything["items"]] == [
            *("RUNNING", "RUNNING"),
            *("COMPLETED", "FAILED", "COMPLETED"),
        ]
        pages = await boto.paginate("list_runs", PaginationConfig={"PageSize": 2})
        assert [run for page in pages for run in page["items"]] == everything["items"]

        async def ids(**filters: str) -> list[str]:
            return [run["id"] for run in (await boto("list_runs", **filters))["items"]]

        assert await ids(batchId=other) == ["2000001", "2000002"]
        assert await ids(batchId=started["id"], status="FAILED") == ["2000004"]
        assert await ids(name="run of NA24385") == ["2000006"]
        assert await ids(runGroupId="77") == ["2000003", "2000004", "2000006"]
        assert await ids(batchId="1") == []


async def test_a_run_is_shown_with_its_own_settings_over_the_default_ones(
    omics: Simulator, clock: ManualClock, boto: Boto
) -> None:
    default = {
        **SETTING,
        "name": "default",
        "priority": 1,
        "outputUri": "s3://bucket/out/",
        "parameters": {"genome": "GRCh38", "mode": "fast"},
        "runTags": {"project": "trio"},
    }
    settings = [
        {"runSettingId": "a", "name": "own", "parameters": {"mode": "exact"}},
        {"runSettingId": "b", "priority": 5},
    ]
    await start(boto, defaultRunSetting=default, batchRunSettings={"inlineSettings": settings})
    clock.advance(8)
    run = await boto("get_run", id="2000001")
    assert {name: run[name] for name in ("name", "priority", "parameters", "tags", "status", "batchId")} == {
        "name": "own",
        "priority": 1,
        "parameters": {"genome": "GRCh38", "mode": "exact"},
        "tags": {"project": "trio"},
        "status": "RUNNING",
        "batchId": "7123456",
    }
    assert run["runOutputUri"] == "s3://bucket/out/2000001"
    assert (run["creationTime"], run["startTime"]) == (EPOCH + timedelta(seconds=6), EPOCH + timedelta(seconds=8))
    assert "stopTime" not in run
    assert "runSettingId" not in run
    other = await boto("get_run", id="2000002")
    assert (other["name"], other["priority"], other["status"]) == ("default", 5, "STARTING")


async def test_a_failed_run_says_why(clock: ManualClock) -> None:
    async with Simulator(clock=clock, epoch=EPOCH, life=LIFE) as omics, boto_to(omics) as boto:
        omics.start_batch(SAMPLES)
        clock.advance(60)
        run = await boto("get_run", id="2000002")
        assert (run["failureReason"], run["statusMessage"]) == ("RUN_TASK_FAILED", "A task ran out of memory.")
        assert run["stopTime"] == EPOCH + timedelta(seconds=19)


@pytest.mark.parametrize("run_id", ["1", "2000001", "2000003", "2000004", "999999999999999999"])
async def test_a_run_that_was_not_submitted_does_not_exist(clock: ManualClock, run_id: str) -> None:
    async with Simulator(clock=clock, life=LIFE) as omics, boto_to(omics) as boto:
        if run_id != "1":
            omics.start_batch(["NA12892", "a", "b"])
        clock.advance(7)
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            await boto("get_run", id=run_id)


async def test_the_same_request_starts_one_batch(omics: Simulator, clock: ManualClock, boto: Boto) -> None:
    first = await start(boto)
    clock.advance(10)
    assert await start(boto) == first
    assert (await start(boto, requestId="request-2"))["id"] != first["id"]
    with pytest.raises(ClientError, match="ConflictException"):
        await start(boto, batchName="another")


async def test_a_request_whose_batch_failed_starts_anew(clock: ManualClock) -> None:
    """The service's advice after a transient error is to submit the same batch with the same requestId."""
    transient = "There was a transient error in the service. Retry the batch."
    lives = iter([Life(failure_reason=transient), Life()])
    async with Simulator(clock=clock, life=lambda _: next(lives)) as omics, boto_to(omics) as boto:
        first = await start(boto)
        clock.advance(5)
        assert (await boto("get_batch", batchId=first["id"]))["failureReason"] == transient
        assert (await start(boto))["id"] != first["id"]


async def test_a_life_can_be_chosen_by_the_request(clock: ManualClock) -> None:
    def choose(request: Mapping[str, Any]) -> Life:
        return Life(creating=0 if request["batchName"] == "quick" else 100)

    async with Simulator(clock=clock, life=choose) as omics, boto_to(omics) as boto:
        quick, slow = omics.start_batch(1, name="quick"), omics.start_batch(1, name="slow")
        assert (await boto("get_batch", batchId=quick))["status"] == "PENDING"
        assert (await boto("get_batch", batchId=slow))["status"] == "CREATING"


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"defaultRunSetting": {**SETTING, "workflowType": "READY2RUN"}}, "READY2RUN workflows are not supported"),
        ({"batchRunSettings": {"s3UriSettings": "s3://bucket/runs.json"}}, "send the run settings as inlineSettings"),
        ({"batchRunSettings": {}}, "exactly one of inlineSettings, s3UriSettings"),
        ({"batchRunSettings": {"inlineSettings": []}}, "length greater than or equal to 1"),
        ({"batchRunSettings": {"inlineSettings": [{"runSettingId": str(n)} for n in range(101)]}}, "equal to 100"),
        ({"batchRunSettings": {"inlineSettings": [{"name": "x"}]}}, r"inlineSettings.1.member.runSettingId'"),
        ({"requestId": "x" * 129}, "'requestId'.*128"),
        ({"batchName": "bell\a"}, "'batchName'.*pattern"),
        ({"defaultRunSetting": {"workflowId": "1"}}, "'defaultRunSetting.roleArn'"),
        ({"defaultRunSetting": {**SETTING, "workflowId": "x"}}, "'defaultRunSetting.workflowId'"),
        ({"defaultRunSetting": {**SETTING, "priority": 100_001}}, "'defaultRunSetting.priority'"),
        ({"defaultRunSetting": {**SETTING, "storageType": "FLOPPY"}}, "STATIC, DYNAMIC"),
        ({"tags": {"": "x"}}, "'tags.key'"),
    ],
)
async def test_what_the_service_does_not_take_is_refused(wire: Wire, members: dict[str, Any], problem: str) -> None:
    reply = await wire.start(**members)
    assert (reply.status, reply.code) == (400, "ValidationException")
    assert reply.headers["x-amzn-requestid"]
    with pytest.raises(ValueError, match=problem):
        raise ValueError(reply.message)


async def test_a_batch_that_does_not_exist_is_not_found(boto: Boto) -> None:
    for operation in ("get_batch", "list_runs_in_batch"):
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            await boto(operation, batchId="1")
