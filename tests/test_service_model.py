"""botocore's service model against ours: whatever the service can say, we know by name.

The day a newer botocore knows more than this package, these tests name it.
"""

from __future__ import annotations

import copy
import os
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args, get_origin

import botocore
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from omics_batch import (
    Batch,
    BatchListItem,
    BatchRunSettings,
    BatchStatus,
    DefaultRunSettingInput,
    InlineSetting,
    Run,
    RunBatchListItem,
    ServiceError,
    StartRunBatchRequest,
    StartRunBatchResponse,
)
from omics_batch import _errors as errors
from omics_batch._api.pagination import BatchPage, RunsInBatchPage
from omics_batch._api.run_lists import RunPage
from omics_batch._models.base import ResponseModel
from omics_batch._models.enums import OpenEnum
from omics_batch._models.filters import BatchFilter, RunInBatchFilter
from omics_batch._models.run import RunListItem
from omics_batch._patterns import VISIBLE
from omics_batch._transport.failure import Retry, classify
from omics_batch._transport.model_check import FIRST_BOTOCORE, unsendable
from tests.support import service_fault

OPERATIONS: Final = (
    "CancelRunBatch",
    "DeleteBatch",
    "DeleteRunBatch",
    "GetBatch",
    "ListBatch",
    "ListRunsInBatch",
    "StartRunBatch",
)

if TYPE_CHECKING:
    from pydantic import BaseModel

LEAVES: Final = {"string": str, "integer": int, "boolean": bool, "timestamp": datetime, "map": dict, "list": tuple}

_NEWER: Final = [path for path in [os.environ.get("BOTOCORE_DATA")] if path]

DATA: Final[Any] = Loader(extra_search_paths=_NEWER).load_service_model("omics", "service-2")
"""The installed botocore's data of the service, or a newer one's: CI looks what the models lack of the newest."""

MODEL: Final[Any] = ServiceModel(DATA, "omics")


def output_of(operation: str, *path: str) -> Any:
    shape = MODEL.operation_model(operation).output_shape
    for member in path:
        shape = shape.members[member].member
    return shape


def kinds_in(annotation: object) -> list[type]:
    """The classes in a field's annotation, such as `str` and `NoneType` in `Annotated[str, ...] | None`."""
    if get_origin(annotation) is Annotated:
        return kinds_in(get_args(annotation)[0])
    if isinstance(annotation, type):
        return [annotation]
    if get_origin(annotation) in (dict, tuple):
        return [get_origin(annotation) or object]
    return [kind for part in get_args(annotation) for kind in kinds_in(part)]


def gaps(shape: Any, model: type[ResponseModel], path: str) -> list[str]:
    """What the service may say at a place and we have no word for."""
    model.model_rebuild()  # before its first use, an older pydantic has not named the fields yet
    fields = {field.alias: field for field in model.model_fields.values()}
    found: list[str] = []
    for name, member in shape.members.items():
        place = f"{path}.{name}"
        if name not in fields:
            found.append(f"{place} is no field of {model.__name__}")
        elif not is_document(member):
            found += gaps_in_member(member, kinds_in(fields[name].annotation), place)
    return found


def gaps_in_member(member: Any, kinds: list[type], place: str) -> list[str]:
    if member.type_name == "structure":
        (part,) = (kind for kind in kinds if issubclass(kind, ResponseModel))
        return gaps(member, part, place)
    if getattr(member, "enum", None):
        enums = [kind for kind in kinds if issubclass(kind, OpenEnum)]
        if not enums:
            return [f"{place} is an enum and no enum of ours"]
        return [
            f"{value} of {place} is not in {enums[0].__name__}" for value in member.enum if value not in list(enums[0])
        ]
    return (
        []
        if LEAVES[member.type_name] in kinds
        else [f"{place} is a {member.type_name} and no {LEAVES[member.type_name]}"]
    )


def is_document(shape: Any) -> bool:
    return bool(getattr(shape, "is_document_type", False)) or (shape.type_name == "structure" and not shape.members)


@pytest.mark.parametrize(
    ("operation", "path", "model"),
    [
        ("GetBatch", [], Batch),
        ("ListBatch", [], BatchPage),
        ("ListBatch", ["items"], BatchListItem),
        ("ListRunsInBatch", [], RunsInBatchPage),
        ("ListRunsInBatch", ["runs"], RunBatchListItem),
        ("StartRunBatch", [], StartRunBatchResponse),
        ("ListRuns", [], RunPage),
        ("ListRuns", ["items"], RunListItem),
        ("GetRun", [], Run),
    ],
)
def test_every_member_and_every_enum_value_of_an_answer_is_in_our_models(
    operation: str,
    path: list[str],
    model: type[ResponseModel],
) -> None:
    shape = output_of(operation, *path)
    assert shape.members
    assert gaps(shape, model, operation) == []


def test_a_gap_would_be_named() -> None:
    """Otherwise the test above would prove nothing."""
    found = gaps(output_of("GetBatch"), BatchListItem, "GetBatch")
    assert "GetBatch.runSummary is no field of BatchListItem" in found
    status = output_of("GetBatch").members["status"]
    assert gaps_in_member(status, [str], "status") == ["status is an enum and no enum of ours"]
    assert gaps_in_member(status, [BatchStatus], "status") == []
    run = output_of("ListRunsInBatch", "runs").members["submissionStatus"]
    assert "CANCEL_SUCCESS of run is not in BatchStatus" in gaps_in_member(run, [BatchStatus], "run")
    assert gaps_in_member(output_of("GetBatch").members["id"], [int], "id") == ["id is a string and no <class 'str'>"]


def test_free_documents_are_free() -> None:
    assert is_document(output_of("GetBatch").members["defaultRunSetting"].members["parameters"])
    assert not is_document(output_of("GetBatch").members["defaultRunSetting"])


# What we send


def input_of(operation: str, *path: str) -> Any:
    shape = MODEL.operation_model(operation).input_shape
    for member in path:
        shape = shape.members[member]
        shape = shape.member if shape.type_name == "list" else shape
    return shape


REQUESTS: Final[dict[str, tuple[type[BaseModel], Any]]] = {
    "StartRunBatch": (StartRunBatchRequest, input_of("StartRunBatch")),
    "StartRunBatch.defaultRunSetting": (DefaultRunSettingInput, input_of("StartRunBatch", "defaultRunSetting")),
    "StartRunBatch.batchRunSettings": (BatchRunSettings, input_of("StartRunBatch", "batchRunSettings")),
    "StartRunBatch.inlineSettings": (InlineSetting, input_of("StartRunBatch", "batchRunSettings", "inlineSettings")),
}

PATTERNS: Final = {
    "[\\p{L}||\\p{M}||\\p{Z}||\\p{S}||\\p{N}||\\p{P}]+": VISIBLE,
    "[\\p{L}\\p{M}\\p{Z}\\p{S}\\p{N}\\p{P}\\t\\n\\r]+": VISIBLE.replace("]", "\\t\\n\\r]"),
}
"""The service's patterns in Java's words, and in those of pydantic's engine."""


def limits_of_shape(shape: Any) -> dict[str, object]:
    """What the service demands of a text, a number or a list."""
    about = dict(shape.metadata)
    words = {"string": ("minLength", "maxLength"), "list": ("minItems", "maxItems"), "integer": ("minimum", "maximum")}
    low, high = words.get(shape.type_name, ("", ""))
    pattern = about.get("pattern")
    # Twelve digits are twelve digits: the length says nothing that the pattern does not.
    if low == "minLength" and about.get("min") == about.get("max") == 12:
        return {"pattern": "^[0-9]{12}$"}
    none = 0 if shape.type_name == "string" else None
    least = None if about.get("min") == none else about.get("min")
    limits = {} if about.get("enum") else {low: least, high: about.get("max")}
    limits["pattern"] = pattern and PATTERNS.get(pattern, f"^{pattern}$")
    return {name: limit for name, limit in limits.items() if limit is not None}


def limits_of_field(schema: dict[str, Any]) -> dict[str, object]:
    """What a field of ours demands."""
    (said,) = [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    return {
        name: said[name]
        for name in said.keys() & {"minLength", "maxLength", "pattern", "minItems", "maxItems", "minimum", "maximum"}
    }


@pytest.mark.parametrize("place", REQUESTS)
def test_a_request_takes_what_the_service_takes_within_its_limits(place: str) -> None:
    model, shape = REQUESTS[place]
    fields = model.model_json_schema()["properties"]
    assert fields.keys() >= shape.members.keys()
    assert fields.keys() - shape.members.keys() <= FIRST_BOTOCORE.keys()
    assert set(model.model_json_schema().get("required", ())) == set(shape.required_members) - {"requestId"}
    for name, member in shape.members.items():
        if not is_document(member) and member.type_name not in ("structure", "map"):
            assert limits_of_field(fields[name]) == limits_of_shape(member), f"{place}.{name}"


def example(shape: Any) -> Any:
    """A value that has everything that a shape may have."""
    match shape.type_name:
        case _ if is_document(shape):
            return {"any": ["document", None]}
        case "structure":
            return {name: example(member) for name, member in shape.members.items()}
        case "list":
            return [example(shape.member)]
        case "map":
            return {"key": "value"}
        case "integer" | "boolean":
            return shape.type_name == "boolean" or 1
        case _:
            return next(iter(shape.enum), "123456789012")


def test_a_request_with_everything_in_it_goes_out_as_it_is() -> None:
    shape = input_of("StartRunBatch")
    members = example(shape)
    del members["batchRunSettings"]["s3UriSettings"]
    for setting in (members["defaultRunSetting"], *members["batchRunSettings"]["inlineSettings"]):
        setting["outputUri"] = "s3://my-bucket/output/"
    members["defaultRunSetting"]["roleArn"] = "arn:aws:iam::123456789012:role/OmicsRole"
    sent = StartRunBatchRequest.model_validate(members).members()
    assert sent == members
    assert ParamValidator().validate(sent, shape).generate_report() == ""
    assert unsendable(shape, sent) is None


def older(field: str) -> Any:
    """StartRunBatch's input in a model that does not have a field yet."""
    raw: Any = copy.deepcopy(DATA)
    for shape in ("DefaultRunSetting", "InlineSetting"):
        raw["shapes"][shape]["members"].pop(field, None)
    return ServiceModel(raw).operation_model("StartRunBatch").input_shape


@pytest.mark.parametrize(("field", "version"), FIRST_BOTOCORE.items())
def test_what_botocore_cannot_send_yet_is_named_with_the_version_that_can(field: str, version: str) -> None:
    members = {"defaultRunSetting": {"workflowId": "1234567", field: "x"}}
    assert unsendable(older(field), members) == (
        f"botocore {botocore.__version__} cannot send defaultRunSetting.{field} (the first that can is {version}): "
        "correct it, or update aiobotocore"
    )


def test_a_word_that_only_this_release_knows_is_sent() -> None:
    """Any word goes out, and the list of them in botocore may be older than ours."""
    raw: Any = copy.deepcopy(DATA)
    words = raw["shapes"]["BatchStatus"]["enum"]
    words[:] = [word for word in words if word != "RUNS_DELETE_FAILED"]
    shape = ServiceModel(raw).operation_model("ListBatch").input_shape
    assert unsendable(shape, {"status": "RUNS_DELETE_FAILED"}) is None


@pytest.mark.parametrize("document", [[1, 2], [], "text", 5, {"a": [None]}])
def test_a_document_is_anything(document: object) -> None:
    assert unsendable(input_of("StartRunBatch"), {"defaultRunSetting": {"parameters": document}}) is None


def test_what_nobody_knows_is_named_too() -> None:
    settings: list[dict[str, object]] = [{"runSettingId": "a"}, {"runSettingId": "b", "engineSettings": {}, "mood": 5}]
    reported = unsendable(older("engineSettings"), {"batchRunSettings": {"inlineSettings": settings}})
    assert reported is not None
    assert "cannot send batchRunSettings.inlineSettings.engineSettings (the first" in reported
    assert reported.endswith("; batchRunSettings.inlineSettings.mood: correct it, or update aiobotocore")
    assert unsendable(input_of("ListBatch"), {"status": BatchStatus.CREATING.value}) is None
    reported = unsendable(input_of("StartRunBatch"), {"defaultRunSetting": {"storageType": "TAPE\n"}})
    assert reported is not None
    assert (
        "cannot send 'TAPE' as defaultRunSetting.storageType, which is one of STATIC, DYNAMIC: correct it" in reported
    )


@pytest.mark.parametrize(("operation", "filters"), [("ListBatch", BatchFilter), ("ListRunsInBatch", RunInBatchFilter)])
def test_a_list_takes_the_filters_of_the_service(operation: str, filters: type[BatchFilter | RunInBatchFilter]) -> None:
    shape = input_of(operation)
    ours = filters.model_json_schema()["properties"].keys()
    assert ours == shape.members.keys() - {"batchId", "maxItems", "startingToken"}
    for field in filters.model_fields.values():
        for enum in (kind for kind in kinds_in(field.annotation) if issubclass(kind, OpenEnum)):
            assert set(enum) >= set(shape.members[field.alias].enum)


def test_tags_have_the_limits_of_the_service() -> None:
    shape = input_of("StartRunBatch").members["tags"]
    assert limits_of_shape(shape.key) == {"minLength": 1, "maxLength": 128}
    assert limits_of_shape(shape.value) == {"maxLength": 256}
    (tags,) = [
        part for part in StartRunBatchRequest.model_json_schema()["properties"]["tags"]["anyOf"] if "type" in part
    ][:1]
    assert tags["propertyNames"] == {"minLength": 1, "maxLength": 128}
    assert tags["additionalProperties"] == {"type": "string", "maxLength": 256}


def test_the_models_operations_on_run_batches_are_the_seven() -> None:
    uris = {name: MODEL.operation_model(name).http["requestUri"] for name in MODEL.operation_names}
    assert {name for name, uri in uris.items() if uri.startswith("/runBatch")} == set(OPERATIONS)


def modelled_errors() -> dict[str, int]:
    """Each error that the operations we call model, with its status."""
    shapes = [
        shape
        for operation in (*OPERATIONS, "ListRuns", "GetRun")
        for shape in MODEL.operation_model(operation).error_shapes
    ]
    return {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in shapes}


def test_each_modelled_error_has_its_own_class() -> None:
    codes = modelled_errors()
    assert len(codes) >= 8
    classes = {code: classify(service_fault(code, status)).error for code, status in codes.items()}
    assert ServiceError not in classes.values()
    assert len(set(classes.values())) == len(codes)
    names = {code: code.removesuffix("Exception") + "Error" for code in codes}
    assert {code: kind.__name__ for code, kind in classes.items()} == names


@pytest.mark.parametrize(("code", "status"), sorted(modelled_errors().items()))
def test_a_modelled_error_is_known_by_its_code_and_by_its_status(code: str, status: int) -> None:
    """Behind a proxy that drops the header, the status is all there is; 400 alone says too little."""
    by_both = classify(service_fault(code, status))
    assert issubclass(by_both.error, ServiceError)
    assert classify(service_fault(code, 418)) == by_both
    if status != 400:
        assert classify(service_fault("", status)) == by_both
    assert by_both.error.retryable == (by_both.retry is not Retry.NEVER)


def test_every_class_for_an_error_of_the_service_is_of_a_modelled_one() -> None:
    ours = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ServiceError)}
    modelled = {classify(service_fault(code, status)).error for code, status in modelled_errors().items()}
    assert ours - {ServiceError} == modelled
