"""What a batch is started with is checked when it is made, in the words of the service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from omics_batch import (
    BatchRunSettings,
    BatchStatus,
    CacheBehavior,
    DefaultRunSettingInput,
    InlineSetting,
    InvalidInputError,
    StartRunBatchRequest,
    StorageType,
    SubmissionStatus,
    WorkflowType,
)
from omics_batch._requests import BatchFilter, RunInBatchFilter, one_filter
from tests.support import JSON, copies_of

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULTS: Final = DefaultRunSettingInput(
    workflow_id="1234567",
    role_arn="arn:aws:iam::123456789012:role/OmicsRole",
    output_uri="s3://my-bucket/output/",
)


def runs(*names: str) -> BatchRunSettings:
    return BatchRunSettings(inline_settings=[InlineSetting(run_setting_id=name) for name in names])


def request(**members: Any) -> StartRunBatchRequest:
    needed: dict[str, Any] = {"default_run_setting": DEFAULTS, "batch_run_settings": runs("NA12878")}
    return StartRunBatchRequest(**{**needed, **members})


def test_it_goes_out_under_the_services_own_names() -> None:
    sample = InlineSetting(
        run_setting_id="NA12878",
        parameters={"sample": "NA12878", "adapters": None},
        run_tags={"sample": "NA12878"},
        priority=5,
    )
    made = StartRunBatchRequest(
        batch_name="trio",
        request_id="trio-1",
        tags={"project": "genomics-study"},
        default_run_setting=DEFAULTS.model_copy(update={"storage_type": StorageType.DYNAMIC}),
        batch_run_settings=BatchRunSettings(inline_settings=[sample]),
    )
    assert made.members() == {
        "batchName": "trio",
        "requestId": "trio-1",
        "tags": {"project": "genomics-study"},
        "defaultRunSetting": {
            "workflowId": "1234567",
            "roleArn": "arn:aws:iam::123456789012:role/OmicsRole",
            "outputUri": "s3://my-bucket/output/",
            "storageType": "DYNAMIC",
        },
        "batchRunSettings": {
            "inlineSettings": [
                {
                    "runSettingId": "NA12878",
                    "parameters": {"sample": "NA12878", "adapters": None},
                    "runTags": {"sample": "NA12878"},
                    "priority": 5,
                },
            ],
        },
    }


def test_each_request_has_an_id_of_its_own_and_keeps_it() -> None:
    """Sending a request again, even after a crash, is sending it with the same id."""
    one, other = request(), request()
    assert one.request_id != other.request_id
    assert one.members() == one.members()
    assert StartRunBatchRequest.model_validate_json(one.model_dump_json()) == one
    assert all(copy == one for copy in copies_of(one))


def test_the_same_batch_is_started_anew_by_another_id() -> None:
    one = request(request_id="trio-1")
    other = one.anew()
    assert other.request_id not in ("trio-1", request().request_id)
    assert {**other.members(), "requestId": "trio-1"} == one.members()


def test_it_reads_what_the_aws_command_line_reads() -> None:
    made = request(batch_run_settings=BatchRunSettings(s3_uri_settings="s3://my-bucket/cohort.json"))
    assert StartRunBatchRequest.model_validate_json(json.dumps(made.members())) == made


def test_it_is_frozen() -> None:
    made = request()
    with pytest.raises(ValidationError, match="frozen"):
        made.request_id = "another"  # type: ignore[misc]
    settings = [InlineSetting(run_setting_id="NA12878")]
    listed = BatchRunSettings(inline_settings=settings)
    settings.clear()
    assert listed.inline_settings == (InlineSetting(run_setting_id="NA12878"),)


def refused(make: Callable[[], object]) -> str:
    with pytest.raises(ValidationError) as caught:
        make()
    return str(caught.value)


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({"workflow_id": "main.wdl"}, "workflow_id\n  String should match pattern"),
        ({"workflow_id": "1" * 19}, "workflow_id\n  String should have at most 18 characters"),
        ({"workflow_id": "1234567\n"}, "workflow_id\n  String should match pattern"),
        ({"workflow_id": "١٢٣"}, "workflow_id\n  String should match pattern"),
        ({"role_arn": "OmicsRole"}, "role_arn\n  String should match pattern"),
        ({"output_uri": "my-bucket/output"}, "output_uri\n  Value error, an S3 URI begins with s3://"),
        ({"output_uri": "s3://my-bucket/\x00"}, "output_uri\n  String should match pattern"),
        ({"priority": 100_001}, "priority\n  Input should be less than or equal to 100000"),
        ({"priority": True}, "priority\n  Input should be a valid integer"),
        ({"priority": "5"}, "priority\n  Input should be a valid integer"),
        ({"parameters": {"depth": float("nan")}}, "a number is not finite"),
        ({"parameters": {"when": object()}}, "parameters"),
        ({"run_tags": {"": "x"}}, "run_tags..[key]\n  String should have at least 1 character"),
        ({"workflow_type": WorkflowType.READY2RUN}, "READY2RUN workflows cannot be run in batches"),
        ({"cache_behavior": CacheBehavior.CACHE_ALWAYS}, "cacheBehavior needs a cacheId"),
        ({"ouput_uri": "s3://my-bucket/"}, "ouput_uri\n  Extra inputs are not permitted"),
    ],
)
def test_a_default_that_the_service_would_refuse_is_refused_here(members: dict[str, Any], complaint: str) -> None:
    made: dict[str, Any] = {**DEFAULTS.model_dump(exclude_none=True), **members}
    assert complaint in refused(lambda: DefaultRunSettingInput(**made))


def test_a_cache_may_have_a_behaviour() -> None:
    cached = DefaultRunSettingInput(
        workflow_id="1", role_arn="arn:x", cache_id="7", cache_behavior=CacheBehavior.CACHE_ALWAYS
    )
    assert cached.cache_behavior == "CACHE_ALWAYS"


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (BatchRunSettings, "give either inlineSettings or s3UriSettings"),
        (
            lambda: BatchRunSettings(
                inline_settings=[InlineSetting(run_setting_id="a")], s3_uri_settings="s3://my-bucket/cohort.json"
            ),
            "give either inlineSettings or s3UriSettings",
        ),
        (runs, "at least 1 item"),
        (lambda: runs(*map(str, range(101))), "at most 100 items"),
        (lambda: runs("NA12878", "NA12891", "NA12878"), "these are not: NA12878"),
        (lambda: runs("N" * 129), "at most 128 characters"),
        (lambda: BatchRunSettings(s3_uri_settings="https://my-bucket/cohort.json"), "an S3 URI begins with s3://"),
        (lambda: request(batch_name=""), "at least 1 character"),
        (lambda: request(batch_name="n" * 65), "at most 64 characters"),
        (lambda: request(batch_name="a\tb"), "should match pattern"),
        (lambda: request(request_id=""), "request_id\n  String should have at least 1 character"),
        (lambda: request(tags={"project": "x" * 257}), "at most 256 characters"),
    ],
)
def test_runs_and_names_that_the_service_would_refuse_are_refused_here(
    make: Callable[[], object], complaint: str
) -> None:
    assert complaint in refused(make)


def test_a_hundred_runs_are_a_batch() -> None:
    assert len(runs(*map(str, range(100))).inline_settings or ()) == 100


@given(parameters=JSON)
def test_any_json_document_goes_through_as_parameters(parameters: Any) -> None:
    setting = InlineSetting(run_setting_id="NA12878", parameters=parameters)
    sent = request(batch_run_settings=BatchRunSettings(inline_settings=[setting])).members()
    (out,) = sent["batchRunSettings"]["inlineSettings"]
    assert out.get("parameters") == parameters


@given(name=st.text())
def test_any_name_is_either_refused_or_goes_through_as_it_is(name: str) -> None:
    try:
        made = request(batch_name=name)
    except ValidationError:
        assert not 1 <= len(name) <= 64 or not name.isprintable()
    else:
        assert made.members()["batchName"] == name


# Filters


def test_a_list_takes_one_filter() -> None:
    assert one_filter(BatchFilter) == {}
    assert one_filter(BatchFilter, status=None, name="trio") == {"name": "trio"}
    assert one_filter(BatchFilter, status=BatchStatus.INPROGRESS) == {"status": "INPROGRESS"}
    assert one_filter(BatchFilter, run_group_id="42") == {"runGroupId": "42"}
    assert one_filter(RunInBatchFilter, submission_status=SubmissionStatus.FAILED) == {"submissionStatus": "FAILED"}
    assert one_filter(RunInBatchFilter, run_setting_id="NA12878") == {"runSettingId": "NA12878"}
    assert one_filter(RunInBatchFilter, run_id="2000001") == {"runId": "2000001"}


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"status": "FAILED", "name": "trio"}, r"^the service takes one filter a call, not status and name: filter"),
        ({"name": ""}, "^name: String should have at least 1 character"),
        ({"name": "n" * 65}, "^name: String should have at most 64 characters"),
        ({"name": 5}, "^name: Input should be a valid string"),
        ({"run_group_id": "all"}, "^run_group_id: String should match pattern"),
    ],
)
def test_a_filter_that_cannot_be_right_is_refused(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        one_filter(BatchFilter, **values)
