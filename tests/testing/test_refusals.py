"""What the service refuses, by its model and by its guide, as boto3 sees it: the code and the HTTP status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch.testing import Life, ManualClock, Simulator
from omics_batch.testing._service.operations import HANDLERS
from omics_batch.testing._service.rules import ALLOWED
from omics_batch.testing._service.service_model import service_model
from omics_batch.testing._service.shape_check import find_problems
from tests.testing._support import SETTING, Boto, ClientError, Wire, boto_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

MODEL: Final[Any] = service_model()

INLINE: Final[dict[str, Any]] = {"runSettingId": "NA12878"}
START: Final[dict[str, Any]] = {
    "requestId": "request-1",
    "defaultRunSetting": SETTING,
    "batchRunSettings": {"inlineSettings": [INLINE]},
}


@pytest.fixture
async def unchecked(omics: Simulator) -> AsyncIterator[Boto]:
    """boto3 without its own check of what it sends."""
    async with boto_to(omics, parameter_validation=False) as connected:
        yield connected


async def refusal_of(boto: Boto, operation: str, **members: object) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        await boto(operation, **members)
    response: dict[str, Any] = getattr(caught.value, "response")  # noqa: B009 - the class is imported without its type
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"], response["Error"]["Message"]


@pytest.mark.parametrize(
    ("members", "problem"),
    [
        ({"defaultRunSetting": {**SETTING, "workflowType": "READY2RUN"}}, "READY2RUN workflows are not supported"),
        ({"defaultRunSetting": {**SETTING, "cacheBehavior": "CACHE_ALWAYS"}}, "requires defaultRunSetting.cacheId"),
        ({"defaultRunSetting": {**SETTING, "outputUri": "https://bucket/"}}, "must begin with s3://"),
        ({"batchRunSettings": {"inlineSettings": [INLINE, {**INLINE, "outputUri": "/tmp"}]}}, "must begin with s3://"),  # noqa: S108 - is refused
        ({"batchRunSettings": {}}, "exactly one of inlineSettings, s3UriSettings"),
        ({"batchRunSettings": {"inlineSettings": [INLINE], "s3UriSettings": "s3://b/k"}}, "exactly one of"),
        ({"batchRunSettings": {"inlineSettings": []}}, "length greater than or equal to 1"),
        ({"batchRunSettings": {"inlineSettings": [{"runSettingId": str(n)} for n in range(101)]}}, "equal to 100"),
        ({"batchRunSettings": {"inlineSettings": [{"name": "x"}]}}, "'batchRunSettings.inlineSettings.1.member.run"),
        ({"requestId": "x" * 129}, "'requestId'"),
        ({"batchName": "bell\a"}, "'batchName'"),
        ({"defaultRunSetting": {"workflowId": "1"}}, "'defaultRunSetting.roleArn'"),
        ({"defaultRunSetting": {**SETTING, "workflowId": "x"}}, "'defaultRunSetting.workflowId'"),
        ({"defaultRunSetting": {**SETTING, "priority": 100_001}}, "'defaultRunSetting.priority'"),
        ({"defaultRunSetting": {**SETTING, "storageType": "FLOPPY"}}, "STATIC, DYNAMIC"),
        ({"tags": {"": "x"}}, "'tags.key'"),
    ],
    ids=str,
)
async def test_a_batch_that_is_not_as_it_should_be_is_not_started(
    unchecked: Boto, members: dict[str, Any], problem: str
) -> None:
    status, code, message = await refusal_of(unchecked, "start_run_batch", **{**START, **members})
    assert (status, code) == (400, "ValidationException")
    assert problem in message
    assert (await unchecked("list_batch"))["items"] == []


@pytest.mark.parametrize(
    ("operation", "members", "problem"),
    [
        ("get_batch", {"batchId": "12345678901234567890"}, "'batchId'"),
        ("get_batch", {"batchId": "sample"}, "'batchId'"),
        ("list_runs_in_batch", {"batchId": "1", "maxItems": 0}, "'maxItems'"),
        ("list_runs_in_batch", {"batchId": "1", "maxItems": 101}, "'maxItems'"),
        ("list_runs_in_batch", {"batchId": "1", "submissionStatus": "LATE"}, "enum value set: [SUCCESS, FAILED"),
        ("list_runs_in_batch", {"batchId": "1", "runId": "1", "runSettingId": "x"}, "Only one filter per call"),
        ("list_batch", {"maxItems": 0}, "'maxItems'"),
        ("list_batch", {"maxItems": 101}, "'maxItems'"),
        ("list_batch", {"status": "LATE"}, "Member must satisfy enum value set: ["),
        ("list_batch", {"status": "FAILED", "name": "trio"}, "Only one filter per call"),
        ("list_batch", {"runGroupId": "7", "name": "trio"}, "Only one filter per call"),
        ("list_batch", {"runGroupId": "group"}, "'runGroupId'"),
        ("list_batch", {"name": "x" * 65}, "'name'"),
        ("list_batch", {"startingToken": "x"}, "Invalid startingToken"),
        ("list_batch", {"startingToken": "x" * 129}, "'startingToken'"),
        ("list_runs", {"maxResults": 101}, "'maxResults'"),
        ("list_runs", {"status": "LATE"}, "enum value set: [PENDING, STARTING"),
        ("list_runs", {"startingToken": "x"}, "Invalid startingToken"),
        ("get_run", {"id": "sample"}, "'id'"),
        ("get_run", {"id": "1", "export": ["PDF"]}, "'export.1.member'"),
        ("cancel_run_batch", {"batchId": "sample"}, "'batchId'"),
        ("cancel_run_batch", {}, "'batchId'"),
        ("delete_run_batch", {"batchId": ""}, "'batchId'"),
        ("delete_batch", {"batchId": "sample"}, "'batchId'"),
    ],
    ids=str,
)
async def test_a_request_that_is_not_as_it_should_be_is_refused(
    unchecked: Boto, operation: str, members: dict[str, Any], problem: str
) -> None:
    status, code, message = await refusal_of(unchecked, operation, **members)
    assert (status, code) == (400, "ValidationException")
    assert problem in message


@pytest.mark.parametrize(
    "operation", ["get_batch", "list_runs_in_batch", "cancel_run_batch", "delete_run_batch", "delete_batch"]
)
async def test_a_batch_that_does_not_exist_is_not_found(boto: Boto, operation: str) -> None:
    status, code, message = await refusal_of(boto, operation, batchId="1")
    assert (status, code) == (404, "ResourceNotFoundException")
    assert message == "Run batch with ID 1 does not exist."


async def test_a_run_that_does_not_exist_is_not_found(boto: Boto) -> None:
    assert (await refusal_of(boto, "get_run", id="1"))[:2] == (404, "ResourceNotFoundException")


STATUSES: Final = MODEL.shape_for("BatchStatus").enum


@pytest.mark.parametrize("operation", ["cancel_run_batch", "delete_run_batch", "delete_batch"])
async def test_a_status_allows_a_change_or_forbids_it(omics: Simulator, boto: Boto, operation: str) -> None:
    """The statuses are those of the guide; the refusal names what the batch is, and what it has to be."""
    allowed = {
        "cancel_run_batch": ["PENDING", "SUBMITTING", "INPROGRESS"],
        "delete_run_batch": ["PROCESSED", "CANCELLED"],
        "delete_batch": ["PROCESSED", "FAILED", "CANCELLED", "RUNS_DELETE_FAILED", "RUNS_DELETED"],
    }[operation]
    for number, batch_status in enumerate(STATUSES):
        batch_id = omics.put_batch({"id": str(42 + number), "status": batch_status})
        if batch_status in allowed:
            assert await boto(operation, batchId=batch_id) == {}
            continue
        status, code, message = await refusal_of(boto, operation, batchId=batch_id)
        assert (status, code) == (409, "ConflictException")
        assert f"is {batch_status}: it has to be {', '.join(allowed)}." in message


async def test_one_cancel_or_delete_is_under_way_at_a_time(omics: Simulator, clock: ManualClock, boto: Boto) -> None:
    batch_id = omics.start_batch(2, life=Life(creating=0, pending=0))
    await boto("cancel_run_batch", batchId=batch_id)
    for operation in ("cancel_run_batch", "delete_run_batch", "delete_batch"):
        assert (await refusal_of(boto, operation, batchId=batch_id))[:2] == (409, "ConflictException")
    clock.advance(10)
    await boto("delete_run_batch", batchId=batch_id)
    for operation in ("cancel_run_batch", "delete_run_batch", "delete_batch"):
        assert (await refusal_of(boto, operation, batchId=batch_id))[:2] == (409, "ConflictException")


async def test_a_request_id_belongs_to_one_request(boto: Boto) -> None:
    await boto("start_run_batch", **START)
    refusal = await refusal_of(boto, "start_run_batch", **{**START, "batchName": "another"})
    assert refusal[:2] == (409, "ConflictException")


async def test_a_body_that_is_no_json_is_refused(wire: Wire) -> None:
    for path in ("/runBatch", "/runBatch/cancel", "/runBatch/delete"):
        response = await wire.ask("POST", path, b"{")
        assert (response.status, response.code) == (400, "SerializationException")


def test_the_states_that_forbid_a_call_are_of_the_model() -> None:
    assert set(ALLOWED) <= set(HANDLERS)
    later = {"RUNS_DELETE_FAILED"}  # than run batches themselves: older models lack it
    assert {status for allowed in ALLOWED.values() for status in allowed} <= {*STATUSES, *later}


@dataclass(frozen=True)
class Breach:
    """A value that breaks one constraint of the model."""

    path: tuple[str, ...]
    value: object
    problem: str


def scalar_breaches(shape: Any, path: tuple[str, ...]) -> Iterator[Breach]:
    is_text = shape.type_name == "string"
    about = shape.metadata
    if is_text and about.get("min", 0) > 0:
        yield Breach(path, "", "length greater than or equal to")
    if not is_text and "min" in about:
        yield Breach(path, about["min"] - 1, "value greater than or equal to")
    if "max" in about:
        longer = about["max"] + 1
        yield Breach(path, "x" * longer if is_text else longer, "less than or equal to")
    if "enum" in about:
        yield Breach(path, "Z", "enum value set")
    if "pattern" in about:
        yield Breach(path, "\a", "regular expression")
    yield Breach(path, {}, f"Member must be {'a string' if is_text else 'an integer'}")


def breaches(shape: Any, path: tuple[str, ...]) -> Iterator[Breach]:
    """Walk through a request's shape, and break each constraint that it states."""
    kind = shape.type_name
    if kind in {"string", "integer"}:
        yield from scalar_breaches(shape, path)
    elif kind == "list":
        yield Breach(path, {}, "Member must be a list")
        yield from breaches(shape.member, (*path, "1", "member"))
    elif kind == "map":
        yield Breach(path, [], "Member must be an object")
        yield from (found for found in scalar_breaches(shape.key, (*path, "key")) if found.value != {})
        yield from breaches(shape.value, (*path, "value"))
    elif not shape.metadata.get("document"):
        yield Breach(path, [], "Member must be an object")
        for name in shape.required_members:
            yield Breach((*path, name), None, "must not be null")
        for name, member in shape.members.items():
            yield from breaches(member, (*path, name))


def placed(path: tuple[str, ...], value: object) -> object:
    """Put a value where its path says."""
    match path:
        case ():
            return value
        case ("1", "member", *rest):
            return [placed(tuple(rest), value)]
        case ("key",):
            return {value: "x"}
        case ("value",):
            return {"x": value}
        case _:
            return {path[0]: placed(path[1:], value)}


@pytest.mark.parametrize("operation", sorted(HANDLERS))
def test_every_constraint_of_the_model_is_held(operation: str) -> None:
    """Each length, range, pattern, enum, type and required member of a request, one after the other."""
    shape = MODEL.operation_model(operation).input_shape
    for breach in breaches(shape, ()):
        problem = find_problems(shape, placed(breach.path, breach.value))
        assert problem is not None
        assert f"'{'.'.join(breach.path)}'" in problem
        assert breach.problem in problem
