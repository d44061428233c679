"""Which failed runs of a batch run again, with what changes, and that a doubled resubmission starts one batch."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import (
    Batch,
    BatchRunSettings,
    DefaultRunSettingInput,
    FailedRun,
    FailureKind,
    InlineSetting,
    InvalidInputError,
    MalformedResponseError,
    Manifest,
    Party,
    Remedy,
    ResubmissionPlan,
    Run,
    StartRunBatchRequest,
)
from omics_batch._manifest.resubmission import ResubmissionPlanner
from omics_batch.testing import Life, Simulator
from tests.markup import cells, read, words
from tests.stories import seen
from tests.support import batch_with
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from omics_batch import OmicsBatchClient

pytestmark = pytest.mark.virtual_time

ALL: Final = frozenset(Remedy)
ROLE: Final = "arn:aws:iam::123456789012:role/OmicsRole"
DEFAULTS: Final = DefaultRunSettingInput(
    workflow_id="1234567",
    role_arn=ROLE,
    output_uri="s3://my-bucket/out/",
    parameters={"reference": "GRCh38", "memory_gb": 16},
    run_tags={"cohort": "trio"},
)
SAMPLES: Final = ["HG1", "HG2", "HG3", "HG4", "HG5"]
LIFE: Final = Life(
    submission_rate=1000,
    run_length=60,
    failed_runs={"HG2": "out of memory"},
    failed_submissions={
        "HG3": ("ThrottlingException", "slow down"),
        "HG4": ("ServiceQuotaExceededException", "too many"),
        "HG5": ("AccessDeniedException", "no"),
    },
)
ALL_WELL: Final = Life(submission_rate=1000, run_length=60)


def cohort(*samples: str, **members: Any) -> StartRunBatchRequest:
    settings = [
        InlineSetting(
            run_setting_id=sample,
            name=f"run of {sample}",
            parameters={"reads": f"s3://my-bucket/{sample}.cram", "memory_gb": 32},
            run_tags={"sample": sample},
        )
        for sample in samples or SAMPLES
    ]
    return StartRunBatchRequest(
        batch_name="trio",
        default_run_setting=members.pop("default_run_setting", DEFAULTS),
        batch_run_settings=BatchRunSettings(inline_settings=settings),
        tags={"project": "x"},
        **members,
    )


def sheet_of(
    defaults: DefaultRunSettingInput = DEFAULTS, *, runs: int = 3, reads: str = "s3://b/", **members: Any
) -> Manifest:
    rows = [{"sample": f"HG{number}", "reads": f"{reads}HG{number}"} for number in range(1, runs + 1)]
    return Manifest(
        default_run_setting=defaults,
        runs={"runSettingId": "{sample}", "parameters": {"reads": "{reads}"}},
        rows=rows,
        **members,
    )


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator(in_process=True, life=LIFE, clock=running_clock()) as running:
        yield running


@pytest.fixture
async def client(omics: Simulator) -> AsyncIterator[OmicsBatchClient]:
    async with omics.client(max_rate=None, random=lambda: 0.5) as running:
        yield running


async def processed(client: OmicsBatchClient, request: StartRunBatchRequest) -> Batch:
    return await client.wait_until_processed(await client.start_run_batch(request))


def names(plan: ResubmissionPlan) -> list[str]:
    return [run.run_setting_id for run in plan.runs]


def left_out(plan: ResubmissionPlan) -> dict[str, str]:
    return {left.run.run_setting_id: left.why for left in plan.left_out}


def settings_of(plan: ResubmissionPlan) -> list[dict[str, Any]]:
    assert plan.request is not None
    settings: list[dict[str, Any]] = plan.request.members()["batchRunSettings"]["inlineSettings"]
    return settings


# What runs again


async def test_what_aws_says_to_try_again_runs_again_and_the_rest_is_left_out_with_the_reason(
    client: OmicsBatchClient,
) -> None:
    request = cohort()
    batch = await processed(client, request)
    plan = await client.plan_resubmission(batch, request=request)
    assert (names(plan), plan.attempt) == (["HG3", "HG4"], 2)
    assert [run.remedy for run in plan.runs] == [Remedy.RESUBMIT, Remedy.WAIT]
    assert left_out(plan).keys() == {"HG2", "HG5"}
    assert "read the message and the logs" in left_out(plan)["HG2"]
    assert "fix the workflow, the role" in left_out(plan)["HG5"]
    assert plan.request is not None
    assert plan.request.tags == {"project": "x", "omics-batch:parent": batch.id, "omics-batch:attempt": "2"}
    assert plan.request.batch_name == "trio"
    first = {setting["runSettingId"]: setting for setting in request.members()["batchRunSettings"]["inlineSettings"]}
    assert settings_of(plan) == [first["HG3"], first["HG4"]]
    assert plan.request.default_run_setting == request.default_run_setting
    assert any("for want of a quota" in note for note in plan.notes)


async def test_a_plan_is_shown_in_a_notebook_with_what_it_leaves_out(client: OmicsBatchClient) -> None:
    request = cohort()
    batch = await processed(client, request)
    plan = await client.plan_resubmission(batch, request=request)
    throttled, over_quota = ["HG3", "not submitted", ""], ["HG4", "not submitted", ""]
    failed, refused = ["HG2", "failed", "2000002"], ["HG5", "not submitted", ""]
    assert cells(plan._repr_html_()) == [
        ["Sample", "Kind", "Run", "Reason", "Message"],
        [*throttled, "ThrottlingException", "slow down"],
        [*over_quota, "ServiceQuotaExceededException", "too many"],
        ["Sample", "Kind", "Run", "Reason", "Message", "Why it is left out"],
        [*failed, "RUN_TASK_FAILED", "out of memory", left_out(plan)["HG2"]],
        [*refused, "AccessDeniedException", "no", left_out(plan)["HG5"]],
    ]
    text = words(read(plan._repr_html_()))
    assert text.startswith(f"Runs that run again, as attempt 2 of batch {batch.id}: 2")
    assert all(note in text for note in plan.notes)


async def test_a_plan_without_a_run_is_shown_too(client: OmicsBatchClient) -> None:
    request = cohort("HG5")
    batch = await processed(client, request)
    plan = await client.plan_resubmission(batch, request=request)
    assert "as attempt 2 of batch 7123456: 0 Runs that are left out: 1" in words(read(plan._repr_html_()))


async def test_a_rerun_runs_to_its_end_and_the_next_one_is_the_third_attempt(client: OmicsBatchClient) -> None:
    request = cohort()
    first = await processed(client, request)
    plan = await client.plan_resubmission(first, request=request, remedies=ALL)
    assert plan.request is not None
    second = await processed(client, plan.request)
    assert (second.id != first.id, second.total_runs, second.failed_run_count) == (True, 4, 4)
    third = await client.plan_resubmission(second, request=plan.request, remedies=ALL)
    assert third.request is not None
    assert (third.attempt, third.request.tags and third.request.tags["omics-batch:parent"]) == (3, second.id)
    assert names(third) == names(plan)
    last = await processed(client, third.request)
    with pytest.raises(
        InvalidInputError, match=r"attempt 4 of 3: batch .* is attempt 3, by its tags\. .* raise max_attempts\."
    ):
        await client.plan_resubmission(last, request=third.request, remedies=ALL)
    fourth = await client.plan_resubmission(last, request=third.request, remedies=ALL, max_attempts=4)
    assert fourth.attempt == 4


@pytest.mark.parametrize("lineage", [True, False])
async def test_a_doubled_resubmission_starts_one_batch(client: OmicsBatchClient, *, lineage: bool) -> None:
    """Planned twice, by two people: the same id, whether the batch is tagged or not."""
    request = cohort()
    batch = await processed(client, request)
    plans = [
        await client.plan_resubmission(batch, request=request, remedies=ALL, lineage=lineage, parameters={"seed": 1})
        for _ in range(2)
    ]
    started = [await client.start_run_batch(plan.request) for plan in plans if plan.request is not None]
    assert started[0].id == started[1].id != batch.id
    other = await client.plan_resubmission(batch, request=request, remedies=ALL, lineage=lineage)
    again = await processed(client, plans[0].request) if plans[0].request else batch
    after = await client.plan_resubmission(again, request=plans[0].request, remedies=ALL, lineage=lineage)
    ids = [plan.request and plan.request.request_id for plan in (*plans, other, after)]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert plans[0].request is not None
    assert ("omics-batch:parent" in (plans[0].request.tags or {})) is lineage


async def test_what_a_first_plan_left_out_is_planned_by_its_remedies_alone(client: OmicsBatchClient) -> None:
    """A second plan with all remedies has the runs of the first one again."""
    request = cohort()
    batch = await processed(client, request)
    first = await client.plan_resubmission(batch, request=request)
    rest = await client.plan_resubmission(batch, request=request, remedies=ALL - {Remedy.RESUBMIT, Remedy.WAIT})
    assert (names(first), names(rest)) == (["HG3", "HG4"], ["HG2", "HG5"])


async def test_the_id_is_the_same_on_every_machine() -> None:
    plan = planned(batch_with("PROCESSED", **COUNTS, uuid="u"), request=cohort("HG1"))
    assert plan.request is not None
    assert plan.request.request_id == "ecd893b3-0854-57f6-9cf8-e35cb6298cba"


async def test_without_the_request_runs_are_rebuilt_and_those_that_never_started_are_left_out(
    client: OmicsBatchClient,
) -> None:
    request = cohort()
    batch = await processed(client, request)
    plan = await client.plan_resubmission(batch, remedies=ALL)
    assert names(plan) == ["HG2"]
    assert plan.request is not None
    assert plan.request.default_run_setting == request.default_run_setting
    original = next(
        each for each in request.members()["batchRunSettings"]["inlineSettings"] if each["runSettingId"] == "HG2"
    )
    assert settings_of(plan) == [original]
    assert (plan.request.batch_name, plan.request.tags) == (
        "trio",
        {"project": "x", "omics-batch:parent": batch.id, "omics-batch:attempt": "2"},
    )
    assert left_out(plan)["HG3"].startswith("it was never started, so the service does not show its settings: give")


async def test_of_a_request_with_settings_in_s3_the_runs_are_rebuilt_too(client: OmicsBatchClient) -> None:
    request = cohort()
    batch = await processed(client, request)
    in_s3 = BatchRunSettings(s3_uri_settings="s3://my-bucket/settings.json")
    kept = request.model_copy(update={"batch_run_settings": in_s3})
    plan = await client.plan_resubmission(batch, request=kept, remedies=ALL)
    assert names(plan) == ["HG2"]
    assert "they are in s3://my-bucket/settings.json: give the batch's manifest" in left_out(plan)["HG3"]


async def test_a_manifest_has_the_settings_of_all_runs(client: OmicsBatchClient) -> None:
    manifest = sheet_of(runs=5, batch_name="cohort", tags={"project": "y"})
    batch = await processed(client, manifest.requests()[0])
    plan = await client.plan_resubmission(batch, manifest=manifest)
    assert names(plan) == ["HG3", "HG4"]
    assert [setting["parameters"] for setting in settings_of(plan)] == [
        {"reads": "s3://b/HG3"},
        {"reads": "s3://b/HG4"},
    ]
    assert plan.request is not None
    assert (plan.request.batch_name, (plan.request.tags or {})["project"]) == ("cohort", "y")


async def test_more_runs_than_a_request_holds_are_a_manifest(client: OmicsBatchClient) -> None:
    """250 of 1,000 runs were not submitted: their settings go into a file in S3, named for its content."""
    throttled = {f"HG{number}": ("ThrottlingException", "") for number in range(1, 1001, 4)}
    manifest = sheet_of(runs=1000, settings_uri="s3://my-bucket/settings")
    plan = planned(
        batch_with("PROCESSED", totalRuns=1000, **counts(750, 250)), manifest=manifest, failed=not_submitted(throttled)
    )
    assert (len(plan.runs), plan.request) == (250, None)
    rerun = plan.manifest()
    (request,) = rerun.requests(attempt=plan.attempt)
    (file,) = rerun.batches
    assert (rerun.runs, file.settings_uri) == (250, request.batch_run_settings.s3_uri_settings)
    settings = json.loads(b"".join(rerun.settings()))
    assert [setting["runSettingId"] for setting in settings] == list(throttled)
    assert settings[0]["parameters"] == {"reads": "s3://b/HG1"}
    assert rerun == plan.manifest()
    elsewhere = plan.manifest("s3://my-bucket/elsewhere/").requests()[0].batch_run_settings.s3_uri_settings
    assert elsewhere is not None
    assert elsewhere.startswith("s3://my-bucket/elsewhere/")


def test_more_runs_than_a_request_holds_need_a_place_for_their_settings() -> None:
    failed = [lost(f"HG{number}") for number in range(101)]
    plan = planned(batch_with("PROCESSED", **{**COUNTS, **counts(0, 0, failed=101), "totalRuns": 101}), failed=failed)
    assert len(plan.runs) == 101
    with pytest.raises(
        InvalidInputError, match="101 runs are more than the 100 that a request holds: give settings_uri"
    ):
        plan.manifest()
    assert plan.manifest("s3://my-bucket/settings").runs == 101


async def test_a_few_runs_may_be_a_manifest_too() -> None:
    plan = planned(batch_with("PROCESSED", **COUNTS), request=cohort("HG1"))
    assert plan.request is not None
    (request,) = plan.manifest().requests()
    assert request.batch_run_settings == plan.request.batch_run_settings


async def test_where_nothing_is_worth_it_there_is_no_request(client: OmicsBatchClient) -> None:
    request = cohort()
    batch = await processed(client, request)
    plan = await client.plan_resubmission(batch, request=request, remedies=set())
    assert (plan.request, plan.runs, plan.notes, len(plan.left_out)) == (None, (), (), 4)
    assert "RESUBMIT, was not asked for" in left_out(plan)["HG3"]
    with pytest.raises(InvalidInputError, match="no run is planned"):
        plan.manifest()


async def test_calls_are_those_of_the_failed_runs_and_one_more(omics: Simulator, client: OmicsBatchClient) -> None:
    request = cohort()
    batch = await processed(client, request)
    before = len(omics.requests)
    await client.plan_resubmission(batch, request=request)
    sent = [each.operation for each in omics.requests[before:]]
    assert {name: sent.count(name) for name in sent} == {
        "GetBatch": 2,
        "ListRuns": 1,
        "ListRunsInBatch": 1,
        "GetRun": 1,
    }


async def test_cancelled_runs_run_again_where_that_is_asked_for(client: OmicsBatchClient) -> None:
    request = cohort()
    started = await client.start_run_batch(request)
    await running_clock().sleep(40)
    batch = await client.cancel_and_wait(started)
    assert batch.run_summary.cancelled_run_count == 2
    plan = await client.plan_resubmission(batch, request=request)
    assert names(plan) == ["HG3", "HG4"]
    assert "2 cancelled runs are not in this plan." in plan.notes
    whole = await client.plan_resubmission(batch, request=request, cancelled=True)
    assert names(whole) == ["HG1", "HG2", "HG3", "HG4"]


# What is changed


async def test_parameters_are_changed_for_each_run_that_runs_again(client: OmicsBatchClient) -> None:
    request = cohort()
    batch = await processed(client, request)
    plan = await client.plan_resubmission(batch, request=request, remedies=ALL, parameters={"memory_gb": 64, "seed": 7})
    assert plan.request is not None
    assert plan.request.default_run_setting.parameters == {"reference": "GRCh38", "memory_gb": 64, "seed": 7}
    assert [setting["parameters"] for setting in settings_of(plan)] == [
        {"reads": f"s3://my-bucket/{sample}.cram"} for sample in ("HG2", "HG3", "HG4", "HG5")
    ]
    assert "No run had the parameter seed before: check that the workflow takes it." in plan.notes


def test_what_all_runs_share_is_changed_and_goes_before_what_a_run_has_of_its_own() -> None:
    request = cohort("HG1")
    changes = {
        "name": "again",
        "workflowVersionName": "v2",
        "runTags": {"sample": "changed"},
        "engine_settings": {"a": 1},
    }
    plan = planned(batch_with("PROCESSED", **COUNTS), request=request, default=changes)
    assert plan.request is not None
    shared = plan.request.default_run_setting
    assert (shared.name, shared.workflow_version_name, shared.engine_settings) == ("again", "v2", {"a": 1})
    assert shared.run_tags == {"cohort": "trio", "sample": "changed"}
    (setting,) = settings_of(plan)
    assert "name" not in setting
    assert setting["runTags"] == {"sample": "changed"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"default": {"memory": 64}},
            "a run has no memory: memory, CPUs and time limits of tasks are set in its workflow",
        ),
        ({"default": {"memory_gb": 64}}, "a run has no memory_gb: memory, CPUs"),
        ({"default": {"cpus": 4}}, "name another version of the workflow: workflowVersionName"),
        ({"default": {"storage": 1}}, "a run has no setting 'storage'"),
        ({"default": {"storage_capasity": 1}}, "storage_capacity"),
        ({"default": {"parameters": {}}}, "changed by their names. Give them as parameters, not in default."),
        ({"default": {"run_setting_id": "x"}}, "a rerun keeps the runSettingId"),
        ({"default": ["x"]}, "default is a mapping"),
        ({"parameters": "x"}, "parameters is a mapping"),
        ({"parameters": {1: 2}}, "parameters is a mapping"),
        ({"parameters": {"x": float("nan")}}, "a change is JSON"),
        ({"parameters": {"x": object()}}, "a change is JSON"),
        ({"remedies": "LOOK"}, "remedies is a set of Remedy"),
        ({"remedies": {"LOOK"}}, "remedies is a set of Remedy"),
        ({"max_attempts": 0}, "max_attempts is 1 or more"),
        ({"max_attempts": True}, "max_attempts is 1 or more"),
        ({"request": "x"}, "request is a StartRunBatchRequest, not a str"),
        ({"manifest": 1}, "manifest is a Manifest, not a int"),
        ({"request": 1, "manifest": 1}, "give either the request or the manifest"),
    ],
)
async def test_what_cannot_be_is_refused_before_anything_is_sent(
    omics: Simulator, client: OmicsBatchClient, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        await client.plan_resubmission("7123456", **changes)
    assert message in str(caught.value)
    assert len(omics.requests) == 0


@pytest.mark.parametrize(
    ("request_", "changes", "message"),
    [
        (cohort("HG1"), {"default": {"storageCapacity": -1}}, "storageCapacity"),
        (
            cohort("HG1"),
            {"parameters": {"x": "y" * 60_000}},
            "run HG1 has 60,0.* bytes of parameters: a run takes 51,200",
        ),
        (
            cohort("HG1", default_run_setting=DEFAULTS.model_copy(update={"parameters": [1]})),
            {"parameters": {"x": 1}},
            "the parameters that all runs share are no JSON object",
        ),
    ],
)
def test_a_change_that_a_run_cannot_have_is_refused(
    request_: StartRunBatchRequest, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        planned(batch_with("PROCESSED", **COUNTS), request=request_, **changes)


def test_a_run_whose_parameters_are_a_list_keeps_them_or_is_refused_by_its_name() -> None:
    setting = InlineSetting(run_setting_id="HG1", parameters=[1])
    request = cohort("HG1").model_copy(update={"batch_run_settings": BatchRunSettings(inline_settings=[setting])})
    plan = planned(batch_with("PROCESSED", **COUNTS), request=request)
    assert settings_of(plan) == [{"runSettingId": "HG1", "parameters": [1]}]
    with pytest.raises(InvalidInputError, match="the parameters that run HG1 has are no JSON object"):
        planned(batch_with("PROCESSED", **COUNTS), request=request, parameters={"x": 1})


# Notes


@pytest.mark.parametrize(
    ("before", "change", "note"),
    [
        ({}, {}, "No run cache: each run starts from its first task."),
        ({}, {"cacheId": "1"}, "Run cache 1 has nothing of the first batch, which did not use it"),
        ({"cacheId": "1"}, {}, "Run cache 1 has the finished tasks of failed runs of the first batch"),
        ({"cacheId": "1", "cacheBehavior": "CACHE_ALWAYS"}, {}, "Run cache 1 has the finished tasks of all runs"),
        ({"cacheId": "2"}, {"cacheId": "1"}, "Run cache 1 has nothing of the first batch"),
    ],
)
def test_a_run_cache_helps_only_if_the_first_batch_had_it(
    before: dict[str, str], change: dict[str, str], note: str
) -> None:
    defaults = DefaultRunSettingInput.model_validate({**DEFAULTS.model_dump(mode="json", by_alias=True), **before})
    shown = {"defaultRunSetting": defaults.model_dump(mode="json", by_alias=True, exclude_none=True)}
    plan = planned(
        batch_with("PROCESSED", **{**COUNTS, **shown}),
        request=cohort("HG1", default_run_setting=defaults),
        default=change,
    )
    assert plan.notes[0].startswith(note)


def test_without_a_change_what_needs_one_fails_again() -> None:
    failed = [FailedRun(run_setting_id="HG1", kind=FailureKind.RUN, run_id="1", reason="FILE_SYSTEM_OUT_OF_SPACE")]
    batch = batch_with("PROCESSED", **COUNTS)
    plan = planned(batch, request=cohort("HG1"), failed=failed)
    assert "1 of them fail again for the same reason unless it was fixed: no setting is changed." in plan.notes
    changed = planned(batch, request=cohort("HG1"), failed=failed, default={"storageCapacity": 2400})
    assert not [note for note in changed.notes if "fail again" in note]


def test_how_deleted_runs_ended_is_lost() -> None:
    batch = batch_with(
        "RUNS_DELETED",
        totalRuns=2,
        processedTime="2025-03-15T12:00:00Z",
        runSummary={"deletedRunCount": 1},
        submissionSummary={"failedStartSubmissionCount": 1},
    )
    plan = planned(batch, request=cohort("HG1"), failed=not_submitted({"HG1": ("ThrottlingException", "")}))
    assert names(plan) == ["HG1"]
    assert "1 runs were deleted, and how they ended is lost: they are not in this plan." in plan.notes


# What the service does not show


@pytest.mark.parametrize(
    ("run", "why"),
    [
        (None, "its record is gone, and with it its settings"),
        (Run.model_validate({"id": "1", "status": "FAILED", "parametersUri": "s3://b/p.json"}), "parametersUri"),
    ],
)
def test_a_run_whose_settings_are_not_known_is_left_out(run: Run | None, why: str) -> None:
    failed = [FailedRun(run_setting_id="HG1", kind=FailureKind.RUN, run_id="1", reason="SERVICE_ERROR", run=run)]
    plan = planned(batch_with("PROCESSED", **COUNTS), failed=failed)
    assert plan.runs == ()
    assert why in left_out(plan)["HG1"]


def test_a_run_that_shares_everything_has_nothing_of_its_own() -> None:
    shown = DEFAULTS.model_dump(mode="json", by_alias=True, exclude_none=True)
    run = {"id": "1", "status": "FAILED", **shown, "tags": {**shown["runTags"], "aws:x": "1"}}
    failed = [lost("HG1", run=Run.model_validate(run))]
    batch = batch_with("PROCESSED", **{**COUNTS, "defaultRunSetting": {**shown, "novelty": 1}})
    assert settings_of(planned(batch, failed=failed)) == [{"runSettingId": "HG1"}]
    other = Run.model_validate({**run, "parameters": [1], "priority": 5})
    assert settings_of(planned(batch, failed=[lost("HG1", run=other)])) == [
        {"runSettingId": "HG1", "priority": 5, "parameters": [1]}
    ]


def test_the_order_in_which_runs_are_listed_makes_no_other_request() -> None:
    batch = batch_with("PROCESSED", **{**COUNTS, **counts(0, 0, failed=2), "totalRuns": 2})
    plans = [planned(batch, failed=[lost(name) for name in names]) for names in (["HG1", "HG2"], ["HG2", "HG1"])]
    assert plans[0].request == plans[1].request


def test_a_batch_whose_settings_are_not_shown_needs_its_request() -> None:
    batch = batch_with("PROCESSED", **{**COUNTS, "defaultRunSetting": None})
    with pytest.raises(InvalidInputError, match="GetBatch shows no settings of batch 7123456: give its request"):
        planned(batch)


def test_a_run_that_is_not_in_the_request_is_left_out_and_another_batchs_request_refused() -> None:
    batch = batch_with("PROCESSED", **{**COUNTS, **counts(0, 0, failed=2), "totalRuns": 2})
    failed = [lost("HG1"), lost("HG9")]
    plan = planned(batch, request=cohort("HG1"), failed=failed)
    assert (names(plan), left_out(plan)) == (["HG1"], {"HG9": "it is not in the request"})
    with pytest.raises(
        InvalidInputError, match="none of the failed runs .* is in the manifest, such as HG8, HG9: is it"
    ):
        planned(batch, manifest=sheet_of(runs=3), failed=[lost("HG8"), lost("HG9")])


# Whether the request or manifest is the batch's


OTHER_WORKFLOW: Final = DEFAULTS.model_copy(update={"workflow_id": "7654321"})


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({"request": cohort("HG1", default_run_setting=OTHER_WORKFLOW)}, "request"),
        ({"manifest": sheet_of(OTHER_WORKFLOW)}, "manifest"),
    ],
)
def test_settings_of_another_workflow_are_refused(given: dict[str, Any], source: str) -> None:
    """With the names of the same runs it would start another pipeline on other files."""
    batch = batch_with("PROCESSED", **COUNTS)
    with pytest.raises(
        InvalidInputError,
        match=f"the {source} has the workflow 7654321, and batch 7123456 the workflow 1234567: give the {source} that "
        "started this batch, or none",
    ):
        planned(batch, **given)
    assert names(planned(batch, **given, default={"workflow_id": "1234567"})) == ["HG1"]  # the batch's own
    unknown = batch_with("PROCESSED", **{**COUNTS, "defaultRunSetting": None})
    assert names(planned(unknown, **given)) == ["HG1"]


def other_settings(plan: ResubmissionPlan) -> str:
    head = "The rerun takes these settings from the request, and the batch has others: "
    return "".join(note.removeprefix(head) for note in plan.notes if note.startswith(head))


@pytest.mark.parametrize(
    ("shown", "changes", "note"),
    [
        ({}, {}, ""),
        ({"outputUri": "s3://my-bucket/out"}, {}, ""),  # the same place
        ({"storageType": "STATIC", "novelty": 1}, {}, ""),  # which the service may fill in
        ({"outputUri": "s3://b/"}, {}, "outputUri s3://my-bucket/out/ (batch: s3://b/)."),
        ({"outputUri": "s3://b/"}, {"default": {"output_uri": "s3://c/"}}, ""),
        ({"workflowVersionName": "v2"}, {}, "workflowVersionName none (batch: v2)."),
        ({"roleArn": None}, {}, f"roleArn {ROLE} (batch: none)."),
        ({"runTags": {"cohort": "x"}}, {}, 'runTags {"cohort":"trio"} (batch: {"cohort":"x"}).'),
        ({"parameters": {"reference": "GRCh38", "memory_gb": 64}}, {}, "parameters.memory_gb 16 (batch: 64)."),
        ({"parameters": {"reference": "GRCh38", "memory_gb": 64}}, {"parameters": {"memory_gb": 32}}, ""),
        ({"parameters": [1]}, {}, 'parameters {"memory_gb":16,"reference":"GRCh38"} (batch: [1]).'),
        (
            {"parameters": {"seed": 1}, "outputUri": "s3://b/"},
            {},
            (
                "outputUri s3://my-bucket/out/ (batch: s3://b/), parameters.memory_gb 16 (batch: none), "
                "parameters.reference GRCh38 (batch: none) and 1 more."
            ),
        ),
    ],
)
def test_other_settings_than_those_of_the_batch_are_noted(
    shown: dict[str, Any], changes: dict[str, Any], note: str
) -> None:
    batch = batch_with("PROCESSED", **{**COUNTS, "defaultRunSetting": {**COUNTS["defaultRunSetting"], **shown}})
    assert other_settings(planned(batch, request=cohort("HG1"), **changes)) == note


def is_noted(plan: ResubmissionPlan) -> bool:
    return any("the manifest or its sheet has changed since batch" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (sheet_of(), False),
        (sheet_of(reads="s3://elsewhere/"), True),
        (sheet_of(runs=4), True),
        (sheet_of(runs=4).select(runs=range(1, 4)), False),
    ],
)
@pytest.mark.parametrize("attempt", [1, 2])
async def test_a_sheet_that_has_changed_since_the_start_is_noted(
    client: OmicsBatchClient, manifest: Manifest, attempt: int, *, expected: bool
) -> None:
    (started,) = [each async for each in client.start_manifest(sheet_of(), attempt=attempt)]
    batch = await client.wait_until_processed(started.batch)
    assert is_noted(await client.plan_resubmission(batch, manifest=manifest)) is expected


@pytest.mark.parametrize("lineage", [True, False])
async def test_the_manifest_of_the_first_batch_may_plan_the_rerun_of_a_rerun(
    client: OmicsBatchClient, *, lineage: bool
) -> None:
    """Also where the rerun was started from a manifest of the plan, whose request is another one."""
    manifest = sheet_of(tags={"project": "y"})
    batch = await processed(client, manifest.requests()[0])
    plan = await client.plan_resubmission(batch, manifest=manifest, lineage=lineage)
    assert not is_noted(plan)
    (second,) = [each async for each in client.start_manifest(plan.manifest(), attempt=2, tag_batches=lineage)]
    again = await client.wait_until_processed(second.batch)
    assert not is_noted(await client.plan_resubmission(again, manifest=manifest))


def test_each_batch_of_a_cohort_is_its_manifests() -> None:
    manifest = sheet_of(runs=100_001, settings_uri="s3://my-bucket/settings")
    for request in manifest.requests(attempt=2):
        tags = {"omics-batch:request": request.request_id, "omics-batch:attempt": "2"}
        assert not is_noted(planned(batch_with("PROCESSED", **COUNTS, tags=tags), manifest=manifest))
    tags = {"omics-batch:request": manifest.requests()[0].request_id, "omics-batch:attempt": "2"}
    assert is_noted(planned(batch_with("PROCESSED", **COUNTS, tags=tags), manifest=manifest))


# When there is nothing to plan


@pytest.mark.parametrize(
    ("status", "members", "message"),
    [
        ("INPROGRESS", {}, "batch 7123456 is INPROGRESS: wait until it has ended"),
        ("FAILED", {"failureReason": "bad JSON."}, "itself FAILED: bad JSON. Runs that it had created may go on"),
        ("FAILED", {}, "the service gave no reason"),
    ],
)
def test_a_batch_that_has_not_ended_or_failed_itself_is_not_resubmitted(
    status: str, members: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        planned(batch_with(status, **members), request=cohort())


async def test_lists_that_lag_make_no_plan(omics: Simulator, client: OmicsBatchClient) -> None:
    """A plan of some of the runs would be another request than a later one of all."""
    request = cohort()
    batch = await processed(client, request)
    omics.script(replace(seen("PROCESSED", batch=batch.id), operation="GetBatch"))
    with pytest.raises(
        MalformedResponseError,
        match="gives no counts of its runs. A plan of them would not be complete. Try again in a minute",
    ) as caught:
        await client.plan_resubmission(batch, request=request)
    assert (caught.value.fault, caught.value.batch_id) == (Party.SERVICE, batch.id)
    with pytest.raises(MalformedResponseError, match="1 of 2 failed runs are listed"):
        planned(batch_with("PROCESSED", totalRuns=2, **counts(0, 0, failed=2)), request=cohort(), failed=[lost("HG1")])


@pytest.mark.parametrize(("tag", "attempt"), [("2", 3), ("0", 2), ("x", 2), ("-1", 2), ("\u0663", 2), ("", 2)])
def test_the_attempt_is_the_one_after_that_of_the_tag(tag: str, attempt: int) -> None:
    batch = batch_with("PROCESSED", **COUNTS, tags={"omics-batch:attempt": tag, "aws:x": "1"})
    plan = planned(batch, failed=[lost("HG1")])
    assert plan.attempt == attempt
    assert plan.request is not None
    assert plan.request.tags == {"omics-batch:parent": "7123456", "omics-batch:attempt": str(attempt)}


# Without a service


def counts(completed: int, never: int, *, failed: int = 0) -> dict[str, Any]:
    return {
        "runSummary": {"completedRunCount": completed, "failedRunCount": failed},
        "submissionSummary": {"failedStartSubmissionCount": never},
    }


COUNTS: Final[dict[str, Any]] = {
    "totalRuns": 1,
    **counts(0, 0, failed=1),
    "defaultRunSetting": DEFAULTS.model_dump(mode="json", by_alias=True, exclude_none=True),
}


def lost(name: str, run: Run | None = None) -> FailedRun:
    shown = run or Run.model_validate({"id": "1", "status": "FAILED", "parameters": {"reads": name}})
    return FailedRun(run_setting_id=name, kind=FailureKind.RUN, run_id="1", reason="SERVICE_ERROR", run=shown)


def not_submitted(reasons: dict[str, tuple[str, str]]) -> list[FailedRun]:
    return [
        FailedRun(run_setting_id=name, kind=FailureKind.SUBMISSION, reason=reason, message=message)
        for name, (reason, message) in reasons.items()
    ]


def planned(
    batch: Batch,
    *,
    failed: list[FailedRun] | None = None,
    request: StartRunBatchRequest | None = None,
    manifest: Manifest | None = None,
    default: dict[str, Any] | None = None,
    parameters: dict[str, Any] | None = None,
) -> ResubmissionPlan:
    planner = ResubmissionPlanner(
        request=request,
        manifest=manifest,
        remedies=ALL,
        default=default,
        parameters=parameters,
        max_attempts=10,
        lineage=True,
    )
    planner.begin(batch)
    for run in [lost("HG1")] if failed is None else failed:
        planner.add(run)
    return planner.plan()
