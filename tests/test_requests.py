"""What a batch is started with is checked when it is made, in the words of the service."""

from __future__ import annotations

import io
import json
import pickle
import traceback
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from omics_batch import (
    BatchRunSettings,
    BatchStatus,
    CacheBehavior,
    DefaultRunSettingInput,
    InlineSetting,
    InvalidInputError,
    InvalidRequestError,
    OmicsBatchError,
    StartRunBatchRequest,
    StorageType,
    SubmissionStatus,
    WorkflowType,
)
from omics_batch._models.filters import BatchFilter, RunInBatchFilter, one_filter
from tests.documents import Writer
from tests.support import JSON, copies_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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


def test_the_same_batch_is_started_again_by_another_id() -> None:
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
        made.request_id = "another"  # type: ignore[misc]  # it is frozen
    settings = [InlineSetting(run_setting_id="NA12878")]
    listed = BatchRunSettings(inline_settings=settings)
    settings.clear()
    assert listed.inline_settings == (InlineSetting(run_setting_id="NA12878"),)


def refused(make: Callable[[], object]) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        make()
    assert type(caught.value.__cause__) is ValidationError
    return str(caught.value)


def test_a_bad_request_is_caught_as_ours_and_as_pydantics() -> None:
    """However it is made; each place is named, and no value, which may be a secret."""
    bad: dict[str, Any] = {"runSettingId": "", "priority": "SECRET", "unknown": "SECRET"}
    makers: list[Callable[[], object]] = [
        lambda: InlineSetting(**bad),
        lambda: InlineSetting.model_validate(bad),
        lambda: InlineSetting.model_validate_json(json.dumps(bad)),
    ]
    for make in makers:
        for kind in (OmicsBatchError, InvalidInputError, ValidationError, ValueError):
            with pytest.raises(kind) as caught:
                make()
        error = caught.value
        assert isinstance(error, InvalidRequestError)
        assert (
            str(error)
            == error.problem
            == (
                "runSettingId: String should have at least 1 character; priority: Input should be a valid integer; "
                "unknown: Extra inputs are not permitted"
            )
        )
        assert isinstance(error.__cause__, ValidationError)
        found, original = error.errors(), error.__cause__.errors()
        for name in ("type", "loc", "msg", "input"):
            assert [each[name] for each in found] == [each[name] for each in original]
        assert "SECRET" not in "".join(traceback.format_exception(error))
        assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_many_problems_are_counted() -> None:
    settings = [{"run_setting_id": ""}] * 12
    reported = refused(lambda: BatchRunSettings.model_validate({"inline_settings": settings}))
    assert reported.startswith(
        "inline_settings.0.run_setting_id: String should have at least 1 character; inline_settings.1"
    )
    assert reported.endswith("; and 2 more")


def test_a_part_of_another_model_is_reported_as_pydantic_does_it() -> None:
    """With its place in the whole, which services answer with."""

    class Order(BaseModel):
        settings: list[InlineSetting]

    with pytest.raises(ValidationError) as caught:
        Order.model_validate({"settings": [{"runSettingId": "NA12878", "priority": -1}]})
    assert type(caught.value) is ValidationError
    assert [error["loc"] for error in caught.value.errors()] == [("settings", 0, "priority")]


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({"workflow_id": "main.wdl"}, "workflow_id: Input should be 1 to 18 digits"),
        ({"workflow_id": "1" * 19}, "workflow_id: String should have at most 18 characters"),
        ({"workflow_id": "1234567\n"}, "workflow_id: Input should be 1 to 18 digits"),
        ({"workflow_id": "١٢٣"}, "workflow_id: Input should be 1 to 18 digits"),
        ({"role_arn": "OmicsRole"}, "role_arn: Input should be an ARN"),
        ({"output_uri": "my-bucket/output"}, "output_uri: an S3 URI begins with s3://"),
        ({"output_uri": "s3://my-bucket/\x00"}, "output_uri: Input should be text without control characters"),
        ({"priority": 100_001}, "priority: Input should be less than or equal to 100000"),
        ({"priority": True}, "priority: Input should be a valid integer"),
        ({"priority": "5"}, "priority: Input should be a valid integer"),
        ({"parameters": {"depth": float("nan")}}, "a number is not finite"),
        ({"parameters": {"when": object()}}, "parameters"),
        ({"run_tags": {"": "x"}}, "run_tags..[key]: String should have at least 1 character"),
        ({"workflow_type": WorkflowType.READY2RUN}, "READY2RUN workflows cannot be run in batches"),
        ({"cache_behavior": CacheBehavior.CACHE_ALWAYS}, "cacheBehavior needs a cacheId"),
        ({"ouput_uri": "s3://my-bucket/"}, "ouput_uri: Extra inputs are not permitted"),
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
        (lambda: runs(*map(str, range(101))), "101 runs are too many: a request holds 100 at most"),
        (lambda: runs("NA12878", "NA12891", "NA12878"), "these are not: NA12878"),
        (lambda: runs("N" * 129), "at most 128 characters"),
        (lambda: BatchRunSettings(s3_uri_settings="https://my-bucket/cohort.json"), "an S3 URI begins with s3://"),
        (lambda: request(batch_name=""), "at least 1 character"),
        (lambda: request(batch_name="n" * 65), "at most 64 characters"),
        (lambda: request(batch_name="a\tb"), "Input should be text without control characters"),
        (lambda: request(request_id=""), "request_id: String should have at least 1 character"),
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
        ({"run_group_id": "all"}, "^run_group_id: Input should be 1 to 18 digits, such as 1234567$"),
    ],
)
def test_a_filter_that_cannot_be_right_is_refused(values: dict[str, Any], complaint: str) -> None:
    with pytest.raises(InvalidInputError, match=complaint):
        one_filter(BatchFilter, **values)


# Files

WRITTEN: Final = """
batchName: trio
requestId: trio-1
default_run_setting:  # both spellings will do
  workflow_id: "1234567"
  roleArn: arn:aws:iam::123456789012:role/OmicsRole
  outputUri: s3://my-bucket/output/
batchRunSettings:
  inlineSettings:
    - runSettingId: NA12878
      priority: 5
      parameters:
        interval: 20:45
        keep: NO
        known: [true, ~, 0, -7, 1.5, 1e-8, .5, 2., +3]
        texts: ["true", null of all, 007, 1_000, 0x1F, 2025-03-15, 12:30:45, "7", e5, ., -]
        empty:
"""

PARAMETERS: Final[dict[str, Any]] = {
    "interval": "20:45",
    "keep": "NO",
    "known": [True, None, 0, -7, 1.5, 1e-8, 0.5, 2.0, 3],
    "texts": ["true", "null of all", "007", "1_000", "0x1F", "2025-03-15", "12:30:45", "7", "e5", ".", "-"],
    "empty": None,
}


def trio() -> StartRunBatchRequest:
    sample = InlineSetting(run_setting_id="NA12878", priority=5, parameters=PARAMETERS)
    return request(
        batch_name="trio", request_id="trio-1", batch_run_settings=BatchRunSettings(inline_settings=[sample])
    )


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    return Writer(tmp_path, "cohort.yaml", StartRunBatchRequest.load)


def parameters_of(made: StartRunBatchRequest) -> str:
    """The first run's parameters, as text: 1 equals 1.0 and True."""
    return repr(next(setting.parameters for setting in made.batch_run_settings.inline_settings or ()))


def test_a_file_of_yaml_is_read_as_it_is_meant(write: Writer) -> None:
    """Of what stands without quotes, JSON's and YAML 1.2's words and numbers alone are no texts."""
    loaded = StartRunBatchRequest.load(write(WRITTEN))
    assert loaded == trio()
    assert parameters_of(loaded) == repr(PARAMETERS)


def test_a_file_of_json_is_what_the_request_says_of_itself(write: Writer) -> None:
    assert StartRunBatchRequest.load(str(write(trio().model_dump_json(), "cohort.JSON"))) == trio()
    assert StartRunBatchRequest.load(write(json.dumps(trio().members()), "cohort.json")) == trio()


@given(parameters=JSON)
def test_any_json_document_is_loaded_as_parameters(parameters: Any) -> None:
    sample = InlineSetting(run_setting_id="NA12878", parameters=parameters)
    made = request(request_id="r", batch_run_settings=BatchRunSettings(inline_settings=[sample]))
    loaded = StartRunBatchRequest.load(io.BytesIO(json.dumps(made.members()).encode()))
    assert loaded == made
    assert parameters_of(loaded) == parameters_of(made)


@pytest.mark.parametrize("text", [WRITTEN, json.dumps(trio().members(), indent="\t"), "\ufeff" + WRITTEN])
def test_a_stream_may_have_either(text: str) -> None:
    assert StartRunBatchRequest.load(io.BytesIO(text.encode())) == trio()


def test_what_is_wrong_with_a_stream_is_reported_under_its_name() -> None:
    with pytest.raises(InvalidInputError, match=r"^<stream>: it is empty$"):
        StartRunBatchRequest.load(io.BytesIO(b""))
    named = io.BytesIO(b'{"tags": {}, "tags": {}}')
    named.name = "<stdin>"
    with pytest.raises(InvalidInputError, match=r"^<stdin>: tags is there twice$"):
        StartRunBatchRequest.load(named)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{\n "tags": {"a" "b"}\n}', "line 2: Expecting ':' delimiter"),
        (" [1, 2", "line 1: Expecting ',' delimiter"),
        ("tags: {", "line 1: while parsing a flow node, expected the node content, but found '<stream end>'"),
        ("{tags: 5}", "line 1: batchRunSettings: is missing"),
    ],
)
def test_broken_json_is_reported_as_json_wherever_it_comes_from(write: Writer, text: str, problem: str) -> None:
    """The device of a pipe has no ending; and what begins as JSON may still be YAML."""
    assert problem in write.problems(text, "63")
    with pytest.raises(InvalidInputError) as caught:
        StartRunBatchRequest.load(io.BytesIO(text.encode()))
    assert f"<stream>: {problem}" in str(caught.value).splitlines()


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("batchName: !!binary aGk=", "!!binary"),
        ("batchName: !!timestamp 2026-01-01", "!!timestamp"),
        ("tags: !!set {a, b}", "!!set"),
        ("tags: !!omap [a: b]", "!!omap"),
        ("batchName: !!python/object/apply:os.getcwd []", "!!python/object/apply:os.getcwd"),
        ("tags: {a: !mine b}", "!mine"),
        ("!!binary YQ==: b", "!!binary"),
    ],
)
def test_a_tag_that_is_not_of_the_core_of_yaml_is_refused_with_its_line(write: Writer, text: str, tag: str) -> None:
    reported = write.problems(f"requestId: r\n{text}\n")
    assert reported == [f"line 2: the tag {tag} is not read here: write the value without it"]


def test_the_tags_of_the_core_of_yaml_are_read(write: Writer) -> None:
    tagged = "!!map {a: !!seq [!!str 7, !!int 7, !!float 7, !!bool true, !!null '', plain]}"
    made = StartRunBatchRequest.load(write(f"{WRITTEN.partition('      parameters:')[0]}      parameters: {tagged}\n"))
    assert parameters_of(made) == "{'a': ['7', 7, 7.0, True, None, 'plain']}"


def test_a_file_whose_name_shows_nothing_may_have_either(write: Writer) -> None:
    assert StartRunBatchRequest.load(write(WRITTEN, "63")) == trio()
    assert StartRunBatchRequest.load(write(json.dumps(trio().members(), indent="\t"), "63")) == trio()


def closed() -> io.BytesIO:
    stream = io.BytesIO(b"{}")
    stream.close()
    return stream


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (io.StringIO("{}"), "<stream>: it is neither a path nor a file of bytes: open it in binary mode"),
        (None, "<stream>: it is neither a path nor a file of bytes: open it in binary mode"),
        (b"{}", "<stream>: it is neither a path nor a file of bytes: open it in binary mode"),
        (closed(), "<stream>: it cannot be read: I/O operation on closed file."),
        ("a\0b", "a b: it cannot be read: embedded null byte"),
    ],
)
def test_what_cannot_be_read_is_reported(source: Any, problem: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        StartRunBatchRequest.load(source)
    assert str(caught.value) == problem


def test_a_file_that_nobody_wrote_is_not_read_to_its_end() -> None:
    with pytest.raises(InvalidInputError, match=r"^/dev/zero: it has more than 16 MB$"):
        StartRunBatchRequest.load("/dev/zero")


def test_a_file_without_an_id_is_another_request_each_time(write: Writer) -> None:
    path = write(WRITTEN.replace("requestId: trio-1\n", ""))
    one, other = StartRunBatchRequest.load(path), StartRunBatchRequest.load(path)
    assert one.request_id != other.request_id
    assert "request_id" not in one.model_fields_set


def test_every_problem_of_a_file_is_reported_with_its_line(write: Writer) -> None:
    text = """
batchNam: trio
defaultRunSetting:
  workflowId: 1234567
  workflow_id: "7"
  ouput_uri: s3://my-bucket/
batch_run_settings:
  inlineSettings:
    - runSettingId: NA12878
      priority: high
      runTags: {depth: 30}
    - name: "NA12891\\e[31m"
      prio: 7
"""
    assert [line[:80] for line in write.problems(text)] == [
        "line 2: batchNam: unknown field; did you mean batchName?",
        "line 3: defaultRunSetting.roleArn: is missing",
        "line 4: defaultRunSetting.workflowId: should be a valid string: put it in quotes",
        "line 5: defaultRunSetting.workflow_id: is there twice: workflowId is the same",
        "line 6: defaultRunSetting.ouput_uri: unknown field; did you mean output_uri?",
        "line 10: batch_run_settings.inlineSettings[0].priority: should be a valid intege",
        "line 11: batch_run_settings.inlineSettings[0].runTags.depth: should be a valid s",
        "line 12: batch_run_settings.inlineSettings[1].runSettingId: is missing",
        "line 12: batch_run_settings.inlineSettings[1].name: should be text without contr",
        "line 13: batch_run_settings.inlineSettings[1].prio: unknown field",
    ]


def test_what_is_known_instead_is_reported_in_snake_case_too(write: Writer) -> None:
    text = """
default_run_setting: {work_flow: "7", workflow_id: "7", role_arn: "arn:x"}
batch_run_settings:
  inline_settings:
    - {run_setting_id: a, run_tag: {}}
"""
    assert write.problems(text) == [
        "line 2: default_run_setting.work_flow: unknown field; did you mean workflow_id?",
        "line 5: batch_run_settings.inline_settings[0].run_tag: unknown field; did you mean run_tags?",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "line 1: the request: should be an object"),
        ("a: [", "line 1: while parsing a flow node, expected the node content, but found '<stream end>'"),
        (b"\xff", "not a UTF-8 text file"),
        (b" \n", "it is empty"),
    ],
)
def test_what_is_no_request_at_all_is_reported(write: Writer, text: str | bytes, problem: str) -> None:
    assert write.problems(text) == [problem]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"inlineSettings": []}, "batchRunSettings.inlineSettings: Value should have at least 1 item after validation"),
        (
            {"inlineSettings": [{"runSettingId": str(number)} for number in range(101)]},
            "batchRunSettings.inlineSettings: 101 runs are too many: a request holds 100 at most. Put them into",
        ),
        ({}, "batchRunSettings: give either inlineSettings or s3UriSettings"),
        ({"inlineSettings": [{"runSettingId": "a"}] * 2}, "batchRunSettings: a runSettingId is unique in its batch"),
        ({"s3UriSettings": "cohort.json"}, "batchRunSettings.s3UriSettings: an S3 URI begins with s3://"),
    ],
)
def test_runs_that_cannot_be_are_reported(write: Writer, settings: Any, problem: str) -> None:
    (reported,) = write.problems(json.dumps({**trio().members(), "batchRunSettings": settings}), "cohort.json")
    assert reported.startswith(problem)


def test_a_document_that_is_nested_too_deeply_is_reported(write: Writer) -> None:
    """With its place, whichever parser would take it."""
    for levels in (196, 220, 260, 400):
        parameters = json.loads("[" * levels + "]" * levels)
        document = trio().members()
        document["defaultRunSetting"]["parameters"] = parameters
        (reported,) = write.problems(json.dumps(document), "cohort.json")
        assert reported == "defaultRunSetting.parameters: it is nested too deeply: 195 levels are the most"


def test_what_no_parser_takes_is_reported(write: Writer) -> None:
    assert write.problems('{"defaultRunSetting": ' + "[" * 100_000, "cohort.json") == ["it is nested too deeply"]


def test_of_more_than_a_thousand_problems_the_rest_is_counted(write: Writer) -> None:
    *reported, more = write.problems("\n".join(f"unknown{number}: 1" for number in range(1100)))
    assert (len(reported), more) == (1000, "and 102 more problems")


def test_the_name_of_a_file_does_not_act_on_the_terminal(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError) as caught:
        StartRunBatchRequest.load(tmp_path / "\x1b[31m")
    assert str(caught.value) == f"{tmp_path}/ [31m: it cannot be read: No such file or directory"


nodes = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
fields = [*DefaultRunSettingInput.model_fields, *InlineSetting.model_fields, "workflowId", "runSettingId", "tags"]
entries = st.dictionaries(st.sampled_from(fields), nodes, max_size=4)
documents = st.fixed_dictionaries(
    {},
    optional={
        "defaultRunSetting": entries | nodes,
        "batch_run_settings": st.fixed_dictionaries({}, optional={"inlineSettings": st.lists(entries | nodes)}) | nodes,
        "tags": nodes,
        "requestId": nodes,
    },
)


@given(content=st.binary() | st.text("{}[]:-,&*!'\"|> \nabatches1.~<=").map(str.encode) | documents.map(json.dumps))
def test_anything_is_a_request_or_a_clear_error(content: bytes | str) -> None:
    try:
        StartRunBatchRequest.load(io.BytesIO(content.encode() if isinstance(content, str) else content))
    except InvalidInputError as error:
        for line in str(error).splitlines():
            assert line.startswith("<stream>: ")
            assert line.isprintable()
