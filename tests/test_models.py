"""The answers of the service, frozen, and what is derived from them."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

import omics_batch
from omics_batch import (
    Accelerators,
    Batch,
    BatchListItem,
    BatchStatus,
    DefaultRunSetting,
    FailedRun,
    FailedRunsError,
    FailureKind,
    InvalidInputError,
    Outcome,
    Run,
    RunBatchListItem,
    RunConfiguration,
    RunLogLocation,
    RunStatus,
    RunSummary,
    RunVpcConfig,
    ScratchStorageMode,
    StartRunBatchResponse,
    StorageType,
    SubmissionStatus,
    SubmissionSummary,
)
from omics_batch._api.get_batch import batch_in
from omics_batch._models.base import ResponseModel
from omics_batch._models.run import RunListItem
from omics_batch._transport.attempt import Response
from tests.support import FAILED, IN_PROGRESS, JSON, batch_with, copies_of

TEN = datetime(2025, 3, 15, 10, 0, tzinfo=UTC)
NOON = datetime(2025, 3, 15, 12, 0, tzinfo=UTC)

# What GetBatch may answer


def test_the_guides_batch_under_way_reads_as_the_guide_says() -> None:
    batch = Batch.model_validate_json(IN_PROGRESS)
    assert batch.id == "7123456"
    assert batch.arn == "arn:aws:omics:us-west-2:123456789012:runBatch/7123456"
    assert batch.uuid == "96c57683-74bf-9d6d-ae7e-f09b097db14a"
    assert batch.name == "genomics-cohort-analysis"
    assert batch.status is BatchStatus.INPROGRESS
    assert batch.tags == {"project": "genomics-study"}
    assert batch.default_run_setting == DefaultRunSetting(
        workflow_id="1234567",
        role_arn="arn:aws:iam::123456789012:role/OmicsRole",
        output_uri="s3://my-bucket/output/",
    )
    assert batch.submission_summary == SubmissionSummary(
        successful_start_submission_count=94,
        failed_start_submission_count=2,
    )
    assert batch.run_summary == RunSummary(
        pending_run_count=10,
        starting_run_count=5,
        running_run_count=50,
        completed_run_count=29,
    )
    assert (batch.creation_time, batch.submitted_time) == (TEN, TEN + timedelta(minutes=5))
    assert (batch.processed_time, batch.failed_time, batch.failure_reason) == (None, None, None)
    assert (batch.total_runs, batch.finished_run_count, batch.failed_run_count) == (96, 31, 2)
    assert round(batch.percent_complete, 2) == 32.29
    assert batch.percent_submitted == 100.0
    assert (batch.is_terminal, batch.is_processed, batch.counts_are_final) == (False, False, False)
    assert batch.outcome is Outcome.IN_PROGRESS
    assert batch.duration is None


def test_the_guides_failed_batch_shows_its_reason_and_little_else() -> None:
    batch = Batch.model_validate_json(FAILED)
    assert batch.status is BatchStatus.FAILED
    assert batch.failure_reason == "Batch has 100001 runs but 100000 runs is the max."
    assert batch.failed_time == TEN + timedelta(minutes=1)
    assert batch.total_runs is None
    assert (batch.percent_complete, batch.percent_submitted) == (0.0, 0.0)
    assert (batch.submission_summary, batch.run_summary) == (SubmissionSummary(), RunSummary())
    assert (batch.is_terminal, batch.is_processed, batch.counts_are_final) == (True, False, False)
    assert batch.outcome is Outcome.FAILED
    assert batch.duration is None


def test_an_answer_from_the_future_parses_and_keeps_what_nobody_has_seen() -> None:
    document = {
        "id": "7123456",
        "status": "RUNS_ARCHIVING",
        "archivedTime": "2031-01-01T00:00:00Z",
        "defaultRunSetting": {"storageType": "QUANTUM", "accelerators": {"gpu": 8}},
        "runSummary": {"archivedRunCount": 7},
        "submissionSummary": {"retriedStartSubmissionCount": 1},
    }
    batch = Batch.model_validate_json(json.dumps(document))
    assert batch.status == "RUNS_ARCHIVING"
    assert not batch.status.is_known
    assert (batch.is_terminal, batch.is_processed, batch.outcome) == (False, False, Outcome.IN_PROGRESS)
    assert batch.default_run_setting is not None
    assert batch.default_run_setting.storage_type == StorageType("QUANTUM")
    assert batch.default_run_setting.model_extra == {"accelerators": {"gpu": 8}}
    assert batch.model_extra == {"archivedTime": "2031-01-01T00:00:00Z"}
    assert batch.run_summary.model_extra == {"archivedRunCount": 7}
    assert json.loads(batch.model_dump_json(by_alias=True)) == document


def test_only_id_and_status_are_required() -> None:
    batch = batch_with("CREATING")
    assert batch.model_dump(by_alias=True) == {"id": "7123456", "status": "CREATING"}
    assert batch.total_runs is None
    assert batch.run_summary == RunSummary()
    assert batch.default_run_setting is None


def test_null_is_as_good_as_absent() -> None:
    wire_names = [field.alias or "" for name, field in Batch.model_fields.items() if name not in {"id", "status"}]
    batch = batch_with("CREATING", **dict.fromkeys(wire_names))
    assert batch == batch_with("CREATING")
    assert batch.total_runs is None
    assert batch.submission_summary == SubmissionSummary()
    nulls = {field.alias or "": None for field in RunSummary.model_fields.values()}
    assert batch_with(runSummary=nulls).run_summary == RunSummary()


@pytest.mark.parametrize(
    "members",
    [
        {"id": None},
        {"id": ""},
        {"id": 7123456},
        {"status": None},
        {"status": 5},
        {"totalRuns": "96"},
        {"totalRuns": -1},
        {"totalRuns": 96.0},
        {"totalRuns": True},
        {"runSummary": {"completedRunCount": "29"}},
        {"runSummary": {"completedRunCount": -1}},
        {"runSummary": []},
        {"submissionSummary": {"failedStartSubmissionCount": 1.5}},
        {"creationTime": "yesterday"},
        {"creationTime": "2025-03-15T25:00:00Z"},
        {"creationTime": 1e999},
        {"tags": {"project": 5}},
        {"tags": ["project"]},
        {"defaultRunSetting": "none"},
        {"defaultRunSetting": {"priority": "high"}},
        {"failureReason": ["why"]},
    ],
    ids=repr,
)
def test_an_answer_of_wrong_types_is_malformed(members: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        batch_with(**members)


@pytest.mark.parametrize("missing", ["id", "status"])
def test_an_answer_without_id_or_status_is_malformed(missing: str) -> None:
    document = {"id": "7123456", "status": "PENDING"}
    del document[missing]
    with pytest.raises(ValidationError, match=missing):
        Batch.model_validate(document)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
@pytest.mark.parametrize(
    "place",
    [
        '"extra": %s',
        '"extra": {"deep": [1, %s]}',
        '"defaultRunSetting": {"parameters": {"depth": %s}}',
        '"defaultRunSetting": {"engineSettings": [[%s]]}',
        '"runSummary": {"extra": %s}',
    ],
)
def test_a_number_that_is_not_finite_is_malformed_wherever_it_stands(place: str, number: str) -> None:
    """JSON has none, and a NaN would make every look at an unchanged batch a change."""
    body = '{"id": "7123456", "status": "PENDING", ' + place % number + "}"
    with pytest.raises(ValidationError):
        Batch.model_validate_json(body)
    Batch.model_validate_json(body.replace(number, "1e300"))


def test_botocores_dicts_parse() -> None:
    """Its parser and its Stubber hand out datetimes, and a document as it is."""
    zone = timezone(timedelta(hours=2))
    batch = batch_with(
        "PROCESSED",
        totalRuns=1,
        creationTime=datetime(2025, 3, 15, 12, 0, tzinfo=zone),
        processedTime=NOON,
        defaultRunSetting={"parameters": {"samples": ["NA12878", 1, 2.5, None, True]}},
    )
    assert batch.creation_time == TEN
    assert batch.duration == timedelta(hours=2)
    assert batch.default_run_setting is not None
    assert batch.default_run_setting.parameters == {"samples": ["NA12878", 1, 2.5, None, True]}


def test_a_time_without_a_zone_is_utc() -> None:
    assert batch_with(creationTime="2025-03-15T10:00:00").creation_time == TEN
    assert batch_with(creationTime=datetime(2025, 3, 15, 10, 0)).creation_time == TEN  # noqa: DTZ001 - that is the point
    kept = batch_with(creationTime="2025-03-15T12:00:00+02:00").creation_time
    assert kept is not None
    assert kept.utcoffset() == timedelta(hours=2)


# Frozen, copied, written


def test_an_answer_is_frozen() -> None:
    batch = Batch.model_validate_json(IN_PROGRESS)
    with pytest.raises(ValidationError, match="frozen"):
        batch.status = BatchStatus.PROCESSED  # type: ignore[misc]  # it is frozen
    with pytest.raises(ValidationError, match="frozen"):
        batch.run_summary.completed_run_count = 96  # type: ignore[misc]  # it is frozen


@pytest.mark.parametrize("body", [IN_PROGRESS, FAILED])
def test_a_batch_survives_pickle_and_copy(body: bytes) -> None:
    batch = Batch.model_validate_json(body)
    for twin in copies_of(batch):
        assert twin == batch
        assert twin.model_dump_json(by_alias=True) == batch.model_dump_json(by_alias=True)


def test_a_batch_writes_itself_as_the_service_does() -> None:
    for body in (IN_PROGRESS, FAILED):
        assert json.loads(Batch.model_validate_json(body).model_dump_json(by_alias=True)) == json.loads(body)


def test_a_batch_writes_itself_in_snake_case_too() -> None:
    written = Batch.model_validate_json(IN_PROGRESS).model_dump(mode="json")
    assert list(written)[:3] == ["id", "status", "arn"]
    assert written["run_summary"]["completed_run_count"] == 29
    assert written["default_run_setting"]["workflow_id"] == "1234567"
    assert Batch.model_validate(written) == Batch.model_validate_json(IN_PROGRESS)


def test_what_was_absent_stays_absent_and_null_stays_null() -> None:
    written = batch_with(name=None, defaultRunSetting={"cacheId": None, "x": None}).model_dump(by_alias=True)
    assert written == {
        "id": "7123456",
        "status": "INPROGRESS",
        "name": None,
        "defaultRunSetting": {"cacheId": None, "x": None},
    }


def test_an_unknown_field_brings_no_absent_one_along() -> None:
    """`Name` is not `name`, however alike their camel cases are."""
    assert batch_with(Name="x").model_dump(by_alias=True) == {"id": "7123456", "status": "INPROGRESS", "Name": "x"}
    assert batch_with(Total_runs=1).model_dump() == {"id": "7123456", "status": "INPROGRESS", "Total_runs": 1}


def test_a_part_may_be_left_out_of_what_is_written() -> None:
    batch = Batch.model_validate_json(IN_PROGRESS)
    assert batch.model_dump(by_alias=True, include={"id", "total_runs"}) == {"id": "7123456", "totalRuns": 96}
    assert set(batch.model_dump(exclude={"tags"})) == set(batch.model_dump()) - {"tags"}


def test_models_can_be_built_by_the_fields_own_names() -> None:
    batch = Batch(
        id="7123456", status=BatchStatus.PROCESSED, total_runs=1, run_summary=RunSummary(completed_run_count=1)
    )
    assert batch == batch_with("PROCESSED", totalRuns=1, runSummary={"completedRunCount": 1})
    assert batch.outcome is Outcome.SUCCEEDED


def test_a_deep_document_comes_through() -> None:
    depth = 150
    body = '{"id":"7123456","status":"PENDING","deep":' + "[" * depth + "]" * depth + "}"
    assert Batch.model_validate_json(body).model_dump_json(by_alias=True) == body


KNOWN: dict[str, st.SearchStrategy[Any]] = {
    "name": st.none() | st.text(),
    "totalRuns": st.none() | st.integers(min_value=0, max_value=100_000),
    "creationTime": st.none() | st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    "tags": st.none() | st.dictionaries(st.text(), st.text(), max_size=2),
    "defaultRunSetting": st.none()
    | st.fixed_dictionaries(
        {},
        optional={
            "parameters": JSON,
            "engineSettings": JSON,
            "storageType": st.sampled_from(["STATIC", "QUANTUM"]),
            "x": JSON,
        },
    ),
    "runSummary": st.none()
    | st.fixed_dictionaries({}, optional={"completedRunCount": st.integers(min_value=0), "x": JSON}),
    "failureReason": st.none() | st.text(),
}
UNKNOWN = st.dictionaries(
    st.text().filter(lambda name: name not in {*Batch.model_fields, *(f.alias for f in Batch.model_fields.values())}),
    JSON,
    max_size=3,
)


@given(
    unknown=UNKNOWN,
    known=st.fixed_dictionaries({"status": st.text()}, optional=KNOWN),
)
def test_any_document_comes_back_from_what_it_wrote(unknown: dict[str, Any], known: dict[str, Any]) -> None:
    document = {"id": "7123456", **unknown, **known}
    batch = Batch.model_validate_json(json.dumps(document))
    assert Batch.model_validate_json(batch.model_dump_json(by_alias=True)) == batch
    assert Batch.model_validate(batch.model_dump(by_alias=True)) == batch
    assert Batch.model_validate(batch.model_dump()) == batch
    assert set(batch.model_dump(by_alias=True)) == set(document)
    assert batch.model_extra == unknown


# Any bytes as an answer

MEMBERS = [(field.alias or "") for field in Batch.model_fields.values()]
COUNTS = st.integers(min_value=0) | st.none()
NEARLY = st.fixed_dictionaries(
    {"id": st.just("7123456") | JSON, "status": st.sampled_from(BatchStatus) | JSON},
    optional={
        **{member: JSON for member in MEMBERS if member not in {"id", "status"}},
        "runSummary": st.dictionaries(st.sampled_from([f.alias for f in RunSummary.model_fields.values()]), COUNTS),
        "totalRuns": COUNTS,
    },
)


def use(batch: Batch) -> None:
    """Ask a batch everything there is to ask: none of it may raise but what it promises."""
    for name in dir(Batch):
        if isinstance(getattr(Batch, name), property) and not hasattr(BaseModel, name):
            getattr(batch, name)
    assert 0.0 <= batch.percent_complete <= 100.0
    assert 0.0 <= batch.percent_submitted <= 100.0
    assert batch.elapsed(NOON) is None or batch.creation_time is not None
    assert "status=" in repr(batch)
    with suppress(FailedRunsError):
        batch.raise_for_failed_runs()


@given(body=st.binary() | st.text().map(str.encode) | JSON.map(json.dumps).map(str.encode))
def test_any_bytes_as_an_answer_give_a_batch_or_a_fault(body: bytes) -> None:
    answer = batch_in(Response(body), "7123456")
    if isinstance(answer, Batch):
        use(answer)


@given(document=NEARLY)
def test_anything_like_a_batch_gives_a_batch_that_can_be_used_or_a_fault(document: dict[str, Any]) -> None:
    answer = batch_in(Response(json.dumps(document).encode()), "7123456")
    if isinstance(answer, Batch):
        use(answer)
        assert answer.id == "7123456"
    else:
        assert len(answer.detail.splitlines()) == 1


@given(document=NEARLY, cut=st.integers(min_value=0))
def test_an_answer_cut_anywhere_is_a_fault(document: dict[str, Any], cut: int) -> None:
    whole = json.dumps(document).encode()
    assert not isinstance(batch_in(Response(whole[: cut % len(whole)]), "7123456"), Batch)


# What is derived

WHOLE_LIFE: list[tuple[str, dict[str, Any], bool, bool, bool, Outcome]] = [
    # status, members, is_terminal, is_processed, counts_are_final, outcome
    ("CREATING", {}, False, False, False, Outcome.IN_PROGRESS),
    ("PENDING", {}, False, False, False, Outcome.IN_PROGRESS),
    ("SUBMITTING", {}, False, False, False, Outcome.IN_PROGRESS),
    ("INPROGRESS", {}, False, False, False, Outcome.IN_PROGRESS),
    ("STOPPING", {}, False, False, False, Outcome.IN_PROGRESS),
    ("RUNS_ARCHIVING", {}, False, False, False, Outcome.IN_PROGRESS),
    ("RUNS_ARCHIVING", {"processedTime": NOON}, False, False, False, Outcome.IN_PROGRESS),
    ("CANCELLED", {}, True, False, False, Outcome.CANCELLED),
    ("FAILED", {}, True, False, False, Outcome.FAILED),
    ("PROCESSED", {}, True, True, True, Outcome.SUCCEEDED),
    ("PROCESSED", {"processedTime": NOON}, True, True, True, Outcome.SUCCEEDED),
    ("RUNS_DELETING", {"processedTime": NOON}, True, True, False, Outcome.UNKNOWN),
    ("RUNS_DELETED", {"processedTime": NOON}, True, True, False, Outcome.UNKNOWN),
    ("RUNS_DELETE_FAILED", {"processedTime": NOON}, True, True, False, Outcome.UNKNOWN),
    ("RUNS_DELETING", {}, True, False, False, Outcome.CANCELLED),
    ("RUNS_DELETED", {}, True, False, False, Outcome.CANCELLED),
    ("RUNS_DELETE_FAILED", {}, True, False, False, Outcome.CANCELLED),
]


@pytest.mark.parametrize(
    ("status", "members", "is_terminal", "is_processed", "counts_are_final", "outcome"),
    WHOLE_LIFE,
)
def test_what_a_status_means(
    *,
    status: str,
    members: dict[str, Any],
    is_terminal: bool,
    is_processed: bool,
    counts_are_final: bool,
    outcome: Outcome,
) -> None:
    batch = batch_with(status, totalRuns=3, runSummary={"completedRunCount": 3}, **members)
    assert batch.is_terminal is is_terminal
    assert batch.is_processed is is_processed
    assert batch.counts_are_final is counts_are_final
    assert batch.outcome is outcome


@pytest.mark.parametrize(
    ("total", "runs", "failed_starts", "outcome"),
    [
        (96, {"completedRunCount": 96}, 0, Outcome.SUCCEEDED),
        (96, {"completedRunCount": 90, "failedRunCount": 4}, 2, Outcome.PARTIAL),
        (96, {"completedRunCount": 94}, 2, Outcome.PARTIAL),
        (96, {"completedRunCount": 95, "cancelledRunCount": 1}, 0, Outcome.PARTIAL),
        (96, {"completedRunCount": 1, "failedRunCount": 95}, 0, Outcome.PARTIAL),
        (96, {"failedRunCount": 96}, 0, Outcome.FAILED),
        (96, {}, 96, Outcome.FAILED),
        (96, {"cancelledRunCount": 96}, 0, Outcome.FAILED),
        (96, {"completedRunCount": 95, "deletedRunCount": 1}, 0, Outcome.UNKNOWN),
        (96, {"deletedRunCount": 96}, 0, Outcome.UNKNOWN),
        (1, {"completedRunCount": 1}, 0, Outcome.SUCCEEDED),
    ],
)
def test_processed_alone_does_not_mean_success(
    total: int | None,
    runs: dict[str, int],
    failed_starts: int,
    outcome: Outcome,
) -> None:
    starts = {"failedStartSubmissionCount": failed_starts}
    batch = batch_with("PROCESSED", totalRuns=total, runSummary=runs, submissionSummary=starts)
    assert batch.outcome is outcome
    assert batch.counts_are_final


DOUBTS: list[tuple[dict[str, Any], str]] = [
    # members of a PROCESSED batch whose counts do not show how its runs ended, and how
    ({}, "the service gives no counts of its runs"),
    ({"totalRuns": 96}, "the service gives no counts of its runs"),
    ({"totalRuns": 96, "runSummary": None, "submissionSummary": None}, "the service gives no counts of its runs"),
    ({"totalRuns": 96, "runSummary": {}, "submissionSummary": {}}, "the service gives no counts of its runs"),
    (
        {"totalRuns": 96, "submissionSummary": {"successfulStartSubmissionCount": 96}},
        "the service gives no counts of its runs",
    ),
    ({"totalRuns": 0}, "the service gives no counts of its runs"),
    (
        {"runSummary": {"completedRunCount": 96}},
        "its counts do not add up: 96 of an unknown number of runs ended",
    ),
    (
        {"totalRuns": 0, "runSummary": {"completedRunCount": 96}},
        "its counts do not add up: 96 of an unknown number of runs ended",
    ),
    ({"totalRuns": 96, "runSummary": {"completedRunCount": 94}}, "its counts do not add up: 94 of 96 runs ended"),
    ({"totalRuns": 96, "runSummary": {"completedRunCount": 97}}, "its counts do not add up: 97 of 96 runs ended"),
    (
        {"totalRuns": 96, "runSummary": {"completedRunCount": 90, "cancelledRunCount": 5}},
        "its counts do not add up: 95 of 96 runs ended",
    ),
    (
        {"totalRuns": 96, "runSummary": {"completedRunCount": 90, "runningRunCount": 6}},
        "its counts do not add up: 90 of 96 runs ended, 6 not",
    ),
    (
        {"totalRuns": 96, "runSummary": {"completedRunCount": 96, "pendingRunCount": 1}},
        "its counts do not add up: 96 of 96 runs ended, 1 not",
    ),
    (
        {
            "totalRuns": 96,
            "runSummary": {"completedRunCount": 90},
            "submissionSummary": {"pendingStartSubmissionCount": 6},
        },
        "its counts do not add up: 90 of 96 runs ended, 6 not",
    ),
    (
        {"totalRuns": 96, "runSummary": {"deletedRunCount": 1}},
        "its counts do not add up: 1 of 96 runs ended",
    ),
]


@pytest.mark.parametrize(("members", "doubt"), DOUBTS, ids=lambda value: repr(value)[:90])
def test_counts_that_do_not_add_up_allow_no_verdict_and_no_advice_that_costs_money(
    members: dict[str, Any], doubt: str
) -> None:
    batch = batch_with("PROCESSED", **members)
    assert batch.outcome is Outcome.UNKNOWN
    assert (batch.counts_are_final, batch.is_processed, batch.is_terminal) == (False, True, True)
    with pytest.raises(FailedRunsError) as raised:
        batch.raise_for_failed_runs()
    assert str(raised.value) == (
        f"batch 7123456 is PROCESSED: {doubt}. Get the batch again in a minute, before you start any run again."
    )


def test_a_known_failure_is_reported_where_the_counts_do_not_add_up() -> None:
    starts = {"failedStartSubmissionCount": 2}
    batch = batch_with("PROCESSED", totalRuns=96, runSummary={"failedRunCount": 4}, submissionSummary=starts)
    assert batch.outcome is Outcome.UNKNOWN
    with pytest.raises(FailedRunsError) as raised:
        batch.raise_for_failed_runs()
    assert str(raised.value) == (
        "batch 7123456 is PROCESSED: its counts do not add up: 6 of 96 runs ended. 4 failed, 2 failed to submit. "
        "OmicsBatchClient.failed_runs lists which ones, and why. "
        "Get the batch again in a minute, before you start any run again."
    )


SUMMARIES = st.dictionaries(st.sampled_from([f.alias for f in RunSummary.model_fields.values()]), st.integers(0, 3))


@given(
    status=st.sampled_from(BatchStatus),
    runs=SUMMARIES | st.none(),
    starts=st.dictionaries(
        st.sampled_from([f.alias for f in SubmissionSummary.model_fields.values()]), st.integers(0, 3)
    )
    | st.none(),
    total=st.integers(0, 9) | st.none(),
)
def test_a_verdict_on_a_processed_batch_and_the_advice_to_start_again_need_counts_that_add_up(
    status: BatchStatus, runs: dict[str, int] | None, starts: dict[str, int] | None, total: int | None
) -> None:
    batch = batch_with(status, totalRuns=total, runSummary=runs, submissionSummary=starts)
    counts = {**(runs or {}), **(starts or {})}
    ended = sum(
        counts.get(name, 0) for name in ("completedRunCount", "failedRunCount", "cancelledRunCount", "deletedRunCount")
    ) + counts.get("failedStartSubmissionCount", 0)
    others = ("pendingRunCount", "startingRunCount", "runningRunCount", "stoppingRunCount")
    is_clear = bool(total) and ended == total and not any(counts.get(name) for name in others)
    to_submit = counts.get("pendingStartSubmissionCount", 0)
    if batch.is_processed:
        is_final = status == BatchStatus.PROCESSED and is_clear and not to_submit
        assert batch.counts_are_final is is_final
        assert (batch.outcome is Outcome.UNKNOWN) == (not is_final or counts.get("deletedRunCount", 0) > 0)
    try:
        batch.raise_for_failed_runs()
    except FailedRunsError as error:
        if "Start a new batch" in str(error):
            never = to_submit if status == BatchStatus.CANCELLED else 0
            assert batch.counts_are_final or (status == BatchStatus.CANCELLED and ended + never == total)
        for completed in re.findall(r"(\d+ of \w+) runs? completed", str(error)):
            assert completed == f"{counts.get('completedRunCount', 0)} of {total}"
    else:
        assert batch.outcome in {Outcome.SUCCEEDED, Outcome.IN_PROGRESS, Outcome.UNKNOWN}
        assert batch.outcome is not Outcome.UNKNOWN or counts.get("deletedRunCount") or status != BatchStatus.PROCESSED


@pytest.mark.parametrize(
    ("status", "members", "created"),
    [
        ("FAILED", {}, None),
        ("FAILED", {"totalRuns": 3}, None),
        ("FAILED", {"totalRuns": 3, "submissionSummary": {"pendingStartSubmissionCount": 3}}, 0),
        ("FAILED", {"totalRuns": 3, "submissionSummary": {"failedStartSubmissionCount": 3}}, 0),
        ("FAILED", {"totalRuns": 3, "submissionSummary": {"pendingStartSubmissionCount": 2}}, None),
        ("FAILED", {"submissionSummary": {"pendingStartSubmissionCount": 3}}, None),
        ("FAILED", {"submissionSummary": {"successfulStartSubmissionCount": 2}}, 2),
        ("FAILED", {"runSummary": {"startingRunCount": 1, "completedRunCount": 1}}, 2),
        ("PENDING", {"totalRuns": 3, "submissionSummary": {"pendingStartSubmissionCount": 3}}, 0),
        ("CREATING", {}, None),
        ("PROCESSED", {"totalRuns": 3, "runSummary": {"deletedRunCount": 3}}, 3),
    ],
    ids=repr,
)
def test_how_many_runs_were_created_is_reported_where_the_counts_show_it(
    status: str, members: dict[str, Any], created: int | None
) -> None:
    assert batch_with(status, **members).created_run_count == created


def test_finished_and_failed_runs_are_counted_once() -> None:
    """A run that failed to submit is in no count of the run summary."""
    batch = batch_with(
        totalRuns=1000,
        runSummary={
            "pendingRunCount": 400,
            "startingRunCount": 200,
            "runningRunCount": 100,
            "stoppingRunCount": 50,
            "completedRunCount": 1,
            "failedRunCount": 2,
            "cancelledRunCount": 4,
            "deletedRunCount": 8,
        },
        submissionSummary={
            "successfulStartSubmissionCount": 700,
            "failedStartSubmissionCount": 16,
            "pendingStartSubmissionCount": 284,
            "successfulCancelSubmissionCount": 4,
            "failedCancelSubmissionCount": 4,
            "successfulDeleteSubmissionCount": 8,
            "failedDeleteSubmissionCount": 8,
        },
    )
    assert batch.finished_run_count == 1 + 2 + 4 + 8 + 16
    assert batch.failed_run_count == 2 + 16
    assert batch.percent_complete == 3.1
    assert batch.percent_submitted == 71.6


@pytest.mark.parametrize(
    ("status", "members", "complete", "submitted"),
    [
        ("CREATING", {}, 0.0, 0.0),
        ("CREATING", {"totalRuns": None}, 0.0, 0.0),
        ("PENDING", {"totalRuns": 0}, 0.0, 0.0),
        ("INPROGRESS", {"totalRuns": 4, "runSummary": {"completedRunCount": 1}}, 25.0, 0.0),
        ("INPROGRESS", {"totalRuns": 4, "runSummary": {"completedRunCount": 9}}, 100.0, 0.0),
        ("INPROGRESS", {"totalRuns": 4, "submissionSummary": {"successfulStartSubmissionCount": 9}}, 0.0, 100.0),
        ("STOPPING", {"totalRuns": 4, "runSummary": {"cancelledRunCount": 3}}, 75.0, 0.0),
        ("CANCELLED", {"totalRuns": 4, "runSummary": {"cancelledRunCount": 4}}, 100.0, 0.0),
        ("FAILED", {"totalRuns": 4}, 0.0, 0.0),
        ("PROCESSED", {}, 100.0, 0.0),
        ("PROCESSED", {"totalRuns": 0}, 100.0, 0.0),
        ("PROCESSED", {"totalRuns": 4, "runSummary": {"completedRunCount": 3}}, 100.0, 0.0),
        ("RUNS_DELETING", {"totalRuns": 4, "processedTime": NOON}, 100.0, 0.0),
        ("RUNS_DELETING", {"totalRuns": 4, "runSummary": {"deletedRunCount": 1}}, 25.0, 0.0),
        ("INPROGRESS", {"totalRuns": 10**400, "runSummary": {"completedRunCount": 10**399}}, 10.0, 0.0),
    ],
    ids=lambda value: repr(value)[:90],
)
def test_percentages_stay_between_0_and_100(
    status: str,
    members: dict[str, Any],
    complete: float,
    submitted: float,
) -> None:
    batch = batch_with(status, **members)
    assert batch.percent_complete == complete
    assert batch.percent_submitted == submitted
    assert {type(batch.percent_complete), type(batch.percent_submitted)} == {float}


@pytest.mark.parametrize(
    ("times", "duration"),
    [
        ({}, None),
        ({"creationTime": TEN}, None),
        ({"processedTime": NOON}, None),
        ({"creationTime": TEN, "processedTime": NOON}, timedelta(hours=2)),
        ({"creationTime": TEN, "failedTime": TEN + timedelta(minutes=1)}, timedelta(minutes=1)),
        ({"creationTime": TEN, "submittedTime": NOON}, None),
    ],
    ids=repr,
)
def test_a_duration_is_from_creation_to_the_end(times: dict[str, Any], duration: timedelta | None) -> None:
    assert batch_with(**times).duration == duration


def test_the_time_so_far_is_reported_by_a_wall_clock() -> None:
    under_way = batch_with(creationTime=TEN)
    assert under_way.elapsed(NOON) == timedelta(hours=2)
    assert under_way.elapsed(NOON.astimezone(timezone(timedelta(hours=-7)))) == timedelta(hours=2)
    assert under_way.elapsed(TEN - timedelta(seconds=3)) == timedelta()
    assert batch_with().elapsed(NOON) is None
    ended = batch_with("PROCESSED", creationTime=TEN, processedTime=TEN + timedelta(minutes=90))
    assert ended.elapsed(NOON) == timedelta(minutes=90)


def test_a_naive_now_is_the_callers_mistake() -> None:
    with pytest.raises(InvalidInputError, match="aware datetime"):
        batch_with(creationTime=TEN).elapsed(datetime(2025, 3, 15, 12, 0))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("status", "members"),
    [
        ("PROCESSED", {"totalRuns": 2, "runSummary": {"completedRunCount": 2}}),
        ("CREATING", {}),
        ("INPROGRESS", {"totalRuns": 2, "runSummary": {"completedRunCount": 1}}),
        ("STOPPING", {"totalRuns": 2, "runSummary": {"cancelledRunCount": 1}}),
        ("RUNS_ARCHIVING", {"totalRuns": 2}),
        ("RUNS_DELETED", {"totalRuns": 2, "processedTime": NOON, "runSummary": {"deletedRunCount": 2}}),
    ],
    ids=repr,
)
def test_a_batch_without_known_failures_stops_no_pipeline(status: str, members: dict[str, Any]) -> None:
    batch_with(status, **members).raise_for_failed_runs()


@pytest.mark.parametrize(
    ("status", "members"),
    [
        ("PROCESSED", {"totalRuns": 2, "runSummary": {"completedRunCount": 1, "failedRunCount": 1}}),
        ("PROCESSED", {"totalRuns": 2, "runSummary": {"completedRunCount": 1, "cancelledRunCount": 1}}),
        ("PROCESSED", {"totalRuns": 2}),
        ("INPROGRESS", {"totalRuns": 2, "runSummary": {"failedRunCount": 1}}),
        ("INPROGRESS", {"totalRuns": 2, "submissionSummary": {"failedStartSubmissionCount": 1}}),
        ("RUNS_DELETED", {"processedTime": NOON, "submissionSummary": {"failedStartSubmissionCount": 1}}),
        ("RUNS_ARCHIVING", {"runSummary": {"failedRunCount": 1}}),
        ("FAILED", {}),
        ("CANCELLED", {"totalRuns": 2, "runSummary": {"completedRunCount": 1, "cancelledRunCount": 1}}),
        ("RUNS_DELETED", {}),
    ],
    ids=repr,
)
def test_a_pipeline_stops_at_a_batch_that_did_not_complete_all_of_its_runs(
    status: str, members: dict[str, Any]
) -> None:
    batch = batch_with(status, **members)
    with pytest.raises(FailedRunsError, match=f"batch 7123456 is {status}: ") as raised:
        batch.raise_for_failed_runs()
    assert raised.value.batch is batch
    assert raised.value.batch_id == "7123456"
    assert raised.value.runs == ()


def test_the_error_of_failed_runs_counts_none_as_not_completed_that_were_deleted() -> None:
    batch = batch_with(
        "RUNS_DELETED",
        totalRuns=96,
        processedTime="2025-03-15T12:00:00Z",
        runSummary={"deletedRunCount": 94},
        submissionSummary={"failedStartSubmissionCount": 2},
    )
    with pytest.raises(FailedRunsError) as raised:
        batch.raise_for_failed_runs()
    assert str(raised.value) == (
        "batch 7123456 is RUNS_DELETED: 0 failed, 2 failed to submit. OmicsBatchClient.failed_runs lists which ones, "
        "and why. How its deleted runs ended is lost: check their output before you start any of them again."
    )


@pytest.mark.parametrize(
    ("status", "members", "reported"),
    [
        (
            "INPROGRESS",
            {
                "totalRuns": 96,
                "runSummary": {"failedRunCount": 4},
                "submissionSummary": {"failedStartSubmissionCount": 2},
            },
            (
                "4 failed, 2 failed to submit so far. OmicsBatchClient.failed_runs lists which ones, and why. "
                "Wait until the batch has ended before you start any of them again."
            ),
        ),
        (
            "FAILED",
            {"failureReason": "no such role", "runSummary": {"failedRunCount": 1}},
            (
                "no such role. 1 failed, 0 failed to submit. OmicsBatchClient.failed_runs lists which ones, and why. "
                "1 of its runs was created and may still run: check list_runs_in_batch, and leave those out of a new "
                "batch. After a transient error, send the same request with the same request_id."
            ),
        ),
        (
            "CANCELLED",
            {"totalRuns": 2, "runSummary": {"completedRunCount": 1, "cancelledRunCount": 1}},
            "it was cancelled after 1 of 2 runs completed. Start a new batch with the runs that did not complete.",
        ),
        (
            "PROCESSED",
            {"totalRuns": 2, "runSummary": {"completedRunCount": 1, "cancelledRunCount": 1}},
            (
                "1 of 2 runs completed, 0 failed, 0 failed to submit, 1 cancelled. "
                "OmicsBatchClient.failed_runs(..., cancelled=True) lists which ones, and why. "
                "Start a new batch with just those runs."
            ),
        ),
        (
            "PROCESSED",
            {"totalRuns": 1, "runSummary": {"failedRunCount": 1}},
            (
                "0 of 1 run completed, 1 failed, 0 failed to submit. OmicsBatchClient.failed_runs lists which ones, "
                "and why. Start a new batch with just those runs."
            ),
        ),
    ],
    ids=repr,
)
def test_the_error_of_failed_runs_advises_what_the_counts_support(
    status: str, members: dict[str, Any], reported: str
) -> None:
    with pytest.raises(FailedRunsError) as raised:
        batch_with(status, **members).raise_for_failed_runs()
    assert str(raised.value) == f"batch 7123456 is {status}: {reported}"


def test_the_error_of_failed_runs_counts_them_and_says_what_to_do() -> None:
    batch = batch_with(
        "PROCESSED",
        totalRuns=96,
        runSummary={"completedRunCount": 90, "failedRunCount": 4},
        submissionSummary={"failedStartSubmissionCount": 2},
    )
    with pytest.raises(FailedRunsError) as raised:
        batch.raise_for_failed_runs()
    assert str(raised.value) == (
        "batch 7123456 is PROCESSED: 90 of 96 runs completed, 4 failed, 2 failed to submit. "
        "OmicsBatchClient.failed_runs lists which ones, and why. Start a new batch with just those runs."
    )


def test_the_error_of_failed_runs_names_those_that_were_listed() -> None:
    batch = batch_with("PROCESSED", totalRuns=96, runSummary={"completedRunCount": 94, "failedRunCount": 2})
    runs = [
        FailedRun(run_setting_id=name, kind=FailureKind.RUN, reason="RUN_TASK_FAILED")
        for name in ("NA12878", "NA12891")
    ]
    with pytest.raises(FailedRunsError) as raised:
        batch.raise_for_failed_runs(run for run in runs)
    assert str(raised.value) == (
        "batch 7123456 is PROCESSED: 94 of 96 runs completed, 2 failed, 0 failed to submit. "
        "2 for RUN_TASK_FAILED (NA12878, NA12891). Start a new batch with just those runs."
    )
    assert raised.value.runs == tuple(runs)


def test_the_error_of_failed_runs_lets_no_control_characters_through() -> None:
    batch = Batch(id="7\n1", status=BatchStatus("\x1b[2JGONE\n"), run_summary=RunSummary(failed_run_count=1))
    with pytest.raises(FailedRunsError, match=r"^batch 7 1 is \[2JGONE: 1 failed, 0 failed to submit so far"):
        batch.raise_for_failed_runs()


# Spelling


PUBLIC: Final = [
    model
    for model in (getattr(omics_batch, name) for name in omics_batch.__all__)
    if isinstance(model, type) and issubclass(model, BaseModel)
]


@pytest.mark.parametrize("model", PUBLIC, ids=lambda model: model.__name__)
def test_each_model_has_both_spellings_and_reads_both(model: type[BaseModel]) -> None:
    """AWS's by alias, Python's without; ours are spelled like AWS's."""
    assert {name: field.alias for name, field in model.model_fields.items()} == {
        name: to_camel(name) for name in model.model_fields
    }
    assert model.model_config.get("populate_by_name")


def test_a_failed_run_mixes_no_spellings() -> None:
    run = Run(id="2000001", status=RunStatus.FAILED, status_message="out of memory")
    failed = FailedRun(run_setting_id="NA12878", kind=FailureKind.RUN, run_id="2000001", run=run)
    theirs, ours = failed.model_dump(mode="json", by_alias=True), failed.model_dump(mode="json")
    assert [*theirs] == ["runSettingId", "kind", "runId", "reason", "message", "run"]
    assert [*theirs["run"]] == ["id", "status", "statusMessage"]
    assert [*ours] == ["run_setting_id", "kind", "run_id", "reason", "message", "run"]
    assert [*ours["run"]] == ["id", "status", "status_message"]
    assert FailedRun.model_validate(theirs) == FailedRun.model_validate(ours) == failed


# The parts, and the items of lists


def test_a_run_setting_reads_every_field() -> None:
    document = {
        "workflowId": "1234567",
        "workflowType": "PRIVATE",
        "workflowOwnerId": "123456789012",
        "workflowVersionName": "v2",
        "roleArn": "arn:aws:iam::123456789012:role/OmicsRole",
        "name": "cohort",
        "cacheId": "1",
        "cacheBehavior": "CACHE_ALWAYS",
        "runGroupId": "2",
        "priority": 7,
        "parameters": {"ref": "s3://my-bucket/ref.fa", "depth": 30, "trim": None},
        "storageCapacity": 1200,
        "storageType": "DYNAMIC",
        "scratchStorageMode": "LOCAL",
        "outputUri": "s3://my-bucket/output/",
        "outputBucketOwnerId": "123456789012",
        "requesterPaysEnabled": True,
        "logLevel": "ALL",
        "runTags": {"project": "x"},
        "retentionMode": "REMOVE",
        "networkingMode": "VPC",
        "configurationName": "net",
        "sessionPolicy": "{}",
        "engineSettings": {"profiles": ["test"]},
    }
    setting = DefaultRunSetting.model_validate_json(json.dumps(document))
    assert [field.alias for field in DefaultRunSetting.model_fields.values()] == list(document)
    assert setting.scratch_storage_mode is ScratchStorageMode.LOCAL
    assert setting.parameters == document["parameters"]
    assert setting.model_dump(by_alias=True) == document
    assert not setting.model_extra


@pytest.mark.parametrize("parameters", [{}, {"a": None}, [], "text", 5, 2.5, True, None])
def test_parameters_are_a_free_document(parameters: object) -> None:
    setting = DefaultRunSetting.model_validate({"parameters": parameters})
    assert setting.parameters == parameters
    assert setting.model_dump(by_alias=True) == {"parameters": parameters}


def test_parameters_are_json_and_nothing_else() -> None:
    with pytest.raises(ValidationError):
        DefaultRunSetting.model_validate({"parameters": {"when": TEN}})
    with pytest.raises(ValidationError):
        DefaultRunSetting(parameters=math.nan)


def test_a_runs_item_shows_how_its_submission_went() -> None:
    item = RunBatchListItem.model_validate_json(
        b'{"runSettingId": "NA12878", "runId": "", "submissionStatus": "FAILED",'
        b' "submissionFailureReason": "ValidationException", "submissionFailureMessage": "no such workflow"}',
    )
    assert item.run_setting_id == "NA12878"
    assert item.run_id == ""
    assert item.submission_status is SubmissionStatus.FAILED
    assert item.submission_failure_reason == "ValidationException"
    assert item.submission_failure_message == "no such workflow"
    assert (item.run_arn, item.run_internal_uuid) == (None, None)
    with pytest.raises(ValidationError, match="runSettingId"):
        RunBatchListItem.model_validate({})


def test_a_lists_item_has_its_own_name_for_the_creation_time() -> None:
    item = BatchListItem.model_validate_json(
        b'{"id": "7123456", "name": "x", "status": "RUNS_ARCHIVING", "createdAt": "2025-03-15T10:00:00Z",'
        b' "totalRuns": 96, "workflowId": "1234567"}',
    )
    assert item.created_at == TEN
    assert item.status == BatchStatus("RUNS_ARCHIVING")
    assert (item.id, item.name, item.total_runs, item.workflow_id) == ("7123456", "x", 96, "1234567")
    assert not item.model_extra
    with pytest.raises(ValidationError, match="status"):
        BatchListItem.model_validate({"id": "7123456"})


def test_a_run_shows_why_it_failed_and_where_its_logs_are() -> None:
    run = Run.model_validate_json(
        b'{"id": "2000001", "status": "FAILED", "failureReason": "RUN_TASK_FAILED", "statusMessage": "no memory",'
        b' "logLocation": {"engineLogStream": "run/2000001/engine"}, "vpcConfig": {"subnetIds": ["subnet-0123abcd"]},'
        b' "startTime": "2025-03-15T10:00:00Z", "accelerators": "GPU"}',
    )
    assert (run.status, run.failure_reason, run.status_message) == (RunStatus.FAILED, "RUN_TASK_FAILED", "no memory")
    assert run.log_location is not None
    assert run.log_location.engine_log_stream == "run/2000001/engine"
    assert run.vpc_config is not None
    assert run.vpc_config.subnet_ids == ("subnet-0123abcd",)
    assert run.start_time == TEN
    assert run.accelerators is Accelerators.GPU


MODELS = [
    Batch,
    BatchListItem,
    DefaultRunSetting,
    Run,
    RunBatchListItem,
    RunConfiguration,
    RunListItem,
    RunLogLocation,
    RunSummary,
    RunVpcConfig,
    StartRunBatchResponse,
    SubmissionSummary,
]


def test_every_model_is_an_answer() -> None:
    models = [model for model in ResponseModel.__subclasses__() if not model.__name__.endswith("Page")]
    public = [model for model in models if model.__module__ != "omics_batch._models.workflow"]  # which a check reads
    assert sorted(public, key=lambda model: model.__name__) == MODELS


@pytest.mark.parametrize("model", MODELS)
def test_every_field_says_in_a_schema_what_it_is(model: type[ResponseModel]) -> None:
    for mode in ("validation", "serialization"):
        schema = model.model_json_schema(mode=mode)
        assert list(schema["properties"]) == [field.alias for field in model.model_fields.values()]
        assert schema["additionalProperties"] in ({}, True)
    assert all(field.description for field in model.model_fields.values())


def test_a_schema_asks_for_id_and_status_alone() -> None:
    assert Batch.model_json_schema()["required"] == ["id", "status"]
    assert "required" not in RunSummary.model_json_schema()
    assert Batch.model_json_schema(mode="serialization")["required"] == ["id", "status"]


def test_a_model_that_is_built_late_is_built_at_once_for_its_users() -> None:
    """FastAPI's bodies are TypeAdapters, and a late one warns where FastAPI does not expect it."""

    class Own(Batch, frozen=True):
        team: str

    assert Own.__pydantic_complete__
    assert TypeAdapter(Annotated[Batch, Field(description="a body")]).pydantic_complete
