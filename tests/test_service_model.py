"""botocore's service model against ours: whatever the service can say, we know by name.

The day a newer botocore knows more than this package, these tests name it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, get_args, get_origin

import botocore.session
import pytest

from omics_batch import Batch, BatchListItem, BatchStatus, RunBatchListItem, ServiceError
from omics_batch import _errors as errors
from omics_batch._answer import Answer
from omics_batch._faults import Retry, classify
from omics_batch._statuses import OpenEnum
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

LEAVES: Final = {"string": str, "integer": int, "timestamp": datetime, "map": dict}

MODEL: Final[Any] = botocore.session.Session().get_service_model("omics")


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
    if get_origin(annotation) is dict:
        return [dict]
    return [kind for part in get_args(annotation) for kind in kinds_in(part)]


def gaps(shape: Any, model: type[Answer], path: str) -> list[str]:
    """What the service may say at a place and we have no word for."""
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
        (part,) = (kind for kind in kinds if issubclass(kind, Answer))
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
        ("ListBatch", ["items"], BatchListItem),
        ("ListRunsInBatch", ["runs"], RunBatchListItem),
        ("StartRunBatch", [], Batch),
    ],
)
def test_every_member_and_every_enum_value_of_an_answer_is_in_our_models(
    operation: str,
    path: list[str],
    model: type[Answer],
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


def test_the_models_operations_on_run_batches_are_the_seven() -> None:
    uris = {name: MODEL.operation_model(name).http["requestUri"] for name in MODEL.operation_names}
    assert {name for name, uri in uris.items() if uri.startswith("/runBatch")} == set(OPERATIONS)


def modelled_errors() -> dict[str, int]:
    """Each error that the seven operations model, with its status."""
    shapes = [shape for operation in OPERATIONS for shape in MODEL.operation_model(operation).error_shapes]
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
