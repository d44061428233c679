"""The served operations as boto3 sees them, and what they refuse."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch.testing import Life, ManualClock, Simulator
from omics_batch.testing._service.operations import HANDLERS
from omics_batch.testing._service.service_model import service_model
from omics_batch.testing._service.store import Store
from tests.testing._support import EPOCH, SETTING, Boto, ClientError, boto_to

if TYPE_CHECKING:
    from collections.abc import Mapping

SAMPLES = ("NA12878", "NA12891", "NA12892", "NA24385")

LIFE = Life(
    run_length=10,
    failed_runs={"NA12891": "A task ran out of memory."},
    failed_submissions={"NA12892": ("ValidationException", "The role cannot be assumed.")},
)

INLINE_SETTING: Final[Any] = service_model().shape_for("InlineSetting")


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


async def test_a_failed_batch_is_reported_in_five_members(omics: Simulator, clock: ManualClock, boto: Boto) -> None:
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


async def test_a_batch_is_cancelled_and_deleted_bit_by_bit(clock: ManualClock) -> None:
    """A run of it can be neither cancelled nor deleted; the record goes last, and that run stays."""
    life = Life(run_length=10, failed_cancels=["NA12891"], failed_deletions=["NA12891"])
    async with Simulator(clock=clock, epoch=EPOCH, life=life) as omics, boto_to(omics) as boto:
        batch_id = omics.start_batch(SAMPLES, name="trio")
        clock.advance(8)
        assert await boto("cancel_run_batch", batchId=batch_id) == {}
        batch = await boto("get_batch", batchId=batch_id)
        assert (batch["status"], batch["runSummary"]["runningRunCount"]) == ("STOPPING", 0)
        assert batch["submissionSummary"] == {
            "successfulStartSubmissionCount": 3,
            "failedStartSubmissionCount": 0,
            "pendingStartSubmissionCount": 1,
            "successfulCancelSubmissionCount": 2,
            "failedCancelSubmissionCount": 1,
        }
        clock.advance(60)
        assert (await boto("get_batch", batchId=batch_id))["status"] == "CANCELLED"

        assert await boto("delete_run_batch", batchId=batch_id) == {}
        clock.advance(5)
        batch = await boto("get_batch", batchId=batch_id)
        assert (batch["status"], batch["runSummary"]["deletedRunCount"]) == ("RUNS_DELETE_FAILED", 2)
        assert batch["submissionSummary"]["successfulDeleteSubmissionCount"] == 2
        assert batch["submissionSummary"]["failedDeleteSubmissionCount"] == 1
        runs = (await boto("list_runs_in_batch", batchId=batch_id))["runs"]
        assert [run["submissionStatus"] for run in runs] == ["DELETE_SUCCESS", "DELETE_FAILED", "DELETE_SUCCESS"]
        left = (await boto("list_runs", batchId=batch_id))["items"]
        assert [(run["id"], run["status"]) for run in left] == [(runs[1]["runId"], "COMPLETED")]

        assert await boto("delete_batch", batchId=batch_id) == {}
        assert (await boto("list_batch"))["items"] == []
        assert (await boto("list_runs", batchId=batch_id))["items"] == left
        for operation in ("get_batch", "list_runs_in_batch", "cancel_run_batch", "delete_run_batch", "delete_batch"):
            with pytest.raises(ClientError, match="ResourceNotFoundException"):
                await boto(operation, batchId=batch_id)


async def test_batches_are_listed_from_the_newest_and_by_one_filter(
    omics: Simulator, clock: ManualClock, boto: Boto
) -> None:
    """Pages do not shift when a batch is started or deleted between them."""
    old, failed = omics.start_batch(1, name="trio"), omics.start_batch(["a", "a"])
    grouped = (await start(boto, defaultRunSetting={**SETTING, "runGroupId": "77"}))["id"]
    clock.advance(60)
    new = omics.start_batch(3, name="trio")
    assert (await boto("list_batch"))["items"][0] == {
        "id": new,
        "name": "trio",
        "status": "CREATING",
        "createdAt": EPOCH + timedelta(seconds=60),
        "workflowId": "1234567",
    }

    async def ids(**members: object) -> list[str]:
        return [batch["id"] for batch in (await boto("list_batch", **members))["items"]]

    assert await ids() == [new, grouped, failed, old]
    assert await ids(name="trio") == [new, old]
    assert await ids(status="PROCESSED") == [grouped, old]
    assert await ids(runGroupId="77") == [grouped]

    first = await boto("list_batch", maxItems=2)
    omics.start_batch(1)
    await boto("delete_batch", batchId=grouped)
    assert await ids(startingToken=first["nextToken"]) == [failed, old]


async def test_a_document_that_was_put_is_listed_as_far_as_it_shows(omics: Simulator, boto: Boto) -> None:
    batch_id = omics.start_batch(1)
    omics.put_batch({"id": "42", "status": "PENDING", "defaultRunSetting": None})
    omics.put_batch({"id": batch_id, "name": "put", "status": "PROCESSED", "totalRuns": 5, "creationTime": EPOCH})
    assert (await boto("list_batch"))["items"] == [
        {"id": "42", "status": "PENDING"},
        {"id": batch_id, "name": "put", "status": "PROCESSED", "totalRuns": 5, "createdAt": EPOCH},
    ]
    assert (await boto("list_runs_in_batch", batchId="42"))["runs"] == []


def test_a_document_that_was_put_is_what_is_shown(clock: ManualClock) -> None:
    account = Store(region_name="us-west-2", clock=clock, epoch=EPOCH, lives=Life())
    account.put({"id": "42", "status": "REHEARSING"})
    assert HANDLERS["GetBatch"](account, {"batchId": "42"}) == {"id": "42", "status": "REHEARSING"}


async def test_a_document_that_was_put_stays_as_it_is_until_it_is_deleted(omics: Simulator, boto: Boto) -> None:
    """What may be done to it depends on the status that it shows."""
    omics.put_batch({"id": "42", "status": "PENDING"})
    await boto("cancel_run_batch", batchId="42")
    assert (await boto("get_batch", batchId="42")) == {"id": "42", "status": "PENDING"}
    with pytest.raises(ClientError, match="ConflictException"):
        await boto("delete_batch", batchId="42")
    omics.put_batch({"id": "42", "status": "FAILED"})
    await boto("delete_batch", batchId="42")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        await boto("get_batch", batchId="42")


async def test_a_request_whose_batch_was_deleted_starts_again(omics: Simulator, clock: ManualClock, boto: Boto) -> None:
    first = await start(boto)
    clock.advance(60)
    await boto("delete_batch", batchId=first["id"])
    again = await start(boto)
    assert again["id"] != first["id"]
    assert await start(boto) == again


async def test_the_batch_of_an_earlier_request_can_be_deleted_after_the_request_started_another(
    omics: Simulator, clock: ManualClock, boto: Boto
) -> None:
    settings = {"inlineSettings": [{"runSettingId": "a"}, {"runSettingId": "a"}]}
    first = await start(boto, batchRunSettings=settings)
    clock.advance(60)
    second = await start(boto, batchRunSettings=settings)
    await boto("delete_batch", batchId=first["id"])
    assert await start(boto, batchRunSettings=settings) == second


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


@pytest.mark.skipif(
    "engineSettings" not in INLINE_SETTING.members,
    reason="this botocore cannot send engineSettings",
)
async def test_engine_settings_of_a_run_take_the_place_of_the_default_ones(clock: ManualClock, boto: Boto) -> None:
    """They are overridden as a whole, where parameters and tags are merged."""
    default = {**SETTING, "engineSettings": {"profile": "standard", "resume": True}}
    settings = [{"runSettingId": "a", "engineSettings": {"profile": "gpu"}}, {"runSettingId": "b"}]
    await start(boto, defaultRunSetting=default, batchRunSettings={"inlineSettings": settings})
    clock.advance(8)
    assert (await boto("get_run", id="2000001"))["engineSettings"] == {"profile": "gpu"}
    assert (await boto("get_run", id="2000002"))["engineSettings"] == {"profile": "standard", "resume": True}


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


async def test_a_request_whose_batch_failed_starts_again(clock: ManualClock) -> None:
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
