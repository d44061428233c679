"""The service's model as the simulator reads it, and requests and answers held against it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

import pytest
from botocore.model import ServiceModel

from omics_batch.testing._service.http_response import Refusal, json_response
from omics_batch.testing._service.operations import HANDLERS
from omics_batch.testing._service.serialization import read_request, write_answer
from omics_batch.testing._service.service_model import error_code, find, service_model
from omics_batch.testing._service.shape_check import find_problems

MODEL: Final[Any] = service_model()


@pytest.mark.parametrize(
    ("method", "path", "operation", "said"),
    [
        ("POST", "/runBatch", "StartRunBatch", {}),
        ("GET", "/runBatch/7123456", "GetBatch", {"batchId": "7123456"}),
        ("GET", "/runBatch/71%3F", "GetBatch", {"batchId": "71?"}),
        ("GET", "/runBatch/7123456/run", "ListRunsInBatch", {"batchId": "7123456"}),
        ("GET", "/run", "ListRuns", {}),
        ("GET", "/run/1", "GetRun", {"id": "1"}),
        ("POST", "/runBatch/cancel", "CancelRunBatch", {}),
        ("DELETE", "/runBatch/delete", "DeleteBatch", {"batchId": "delete"}),
    ],
)
def test_a_request_finds_its_operation(method: str, path: str, operation: str, said: dict[str, str]) -> None:
    found = find(MODEL, method, path)
    assert found is not None
    assert (found[0].name, found[1]) == (operation, said)


@pytest.mark.parametrize("path", ["", "*", "/", "//", "/runBatch/", "/runbatch/1", "/runBatch/1/run/2", "/runBatch/1/"])
def test_other_paths_are_for_no_operation(path: str) -> None:
    assert find(MODEL, "GET", path) is None


def test_where_two_operations_fit_the_one_with_the_fixed_path_is_meant() -> None:
    def operation(path: str) -> dict[str, Any]:
        return {"http": {"method": "GET", "requestUri": path, "responseCode": 200}}

    model = ServiceModel({"shapes": {}, "operations": {"Any": operation("/x/{id}"), "One": operation("/x/one?y")}})
    found = find(model, "GET", "/x/one")
    assert found is not None
    assert found[0].name == "One"


def test_a_status_stands_for_the_error_that_has_it_in_the_model() -> None:
    assert error_code(402) == "ServiceQuotaExceededException"
    assert error_code(408) == "RequestTimeoutException"
    assert error_code(503) is None


def problems(value: object, shape: dict[str, Any]) -> str | None:
    model: Any = ServiceModel({"shapes": {**SHAPES, "Tried": shape}, "operations": {}})
    return find_problems(model.shape_for("Tried"), value)


SHAPES: dict[str, Any] = {
    "Text": {"type": "string", "min": 2, "max": 4},
    "Amount": {"type": "integer", "min": 1, "max": 9},
    "Colour": {"type": "string", "enum": ["RED", "BLUE"]},
    "Free": {"type": "structure", "members": {}, "document": True},
}

STRUCTURE: dict[str, Any] = {"type": "structure", "members": {"text": {"shape": "Text"}, "free": {"shape": "Free"}}}


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ({"text": "abc", "unknown": 1, "free": [1, {"x": None}]}, STRUCTURE),
        ({"text": None}, STRUCTURE),
        (["ab"], {"type": "list", "member": {"shape": "Text"}}),
        ({"ab": 5}, {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Amount"}}),
        ("BLUE", SHAPES["Colour"]),
        ("123", {"type": "string", "pattern": "[0-9]+"}),
        ("Zellzahl 5 µ|", {"type": "string", "pattern": r"[\p{L}||\p{Z}||\p{N}]+"}),
        ("ab", {"type": "string", "pattern": r"[\p{L}]+"}),
        ("a\n", {"type": "string", "pattern": r"[\p{L}\n\r]+"}),
        (12.5, {"type": "double"}),
    ],
)
def test_what_fits_its_shape_passes(value: object, shape: dict[str, Any]) -> None:
    assert problems(value, shape) is None


@pytest.mark.parametrize(
    ("value", "shape", "problem"),
    [
        ([], STRUCTURE, "must be an object"),
        (
            {},
            {**STRUCTURE, "required": ["text"]},
            "Value at 'text' failed to satisfy constraint: Member must not be null",
        ),
        (
            {"text": "abcde"},
            STRUCTURE,
            "Value at 'text' failed to satisfy constraint: Member must have length less than",
        ),
        ({}, {**STRUCTURE, "union": True}, "exactly one of text, free"),
        ({"text": "abc", "free": 1}, {**STRUCTURE, "union": True}, "exactly one of text, free"),
        ("ab", {"type": "list", "member": {"shape": "Text"}}, "must be a list"),
        ([], {"type": "list", "member": {"shape": "Text"}, "min": 1}, "length greater than or equal to 1"),
        (["ab", 5], {"type": "list", "member": {"shape": "Text"}}, "'.2.member'.*must be a string"),
        (5, {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Amount"}}, "must be an object"),
        ({"a": 10}, {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Amount"}}, "2 validation errors"),
        ("GREEN", SHAPES["Colour"], r"enum value set: \[RED, BLUE\]"),
        ("12x", {"type": "string", "pattern": "[0-9]+"}, "regular expression"),
        ("١٢", {"type": "string", "pattern": "[0-9]+"}, "regular expression"),
        ("a\n", {"type": "string", "pattern": r"[\p{L}||\p{Z}]+"}, "regular expression"),
        ("", {"type": "string", "pattern": r"[\p{L}]+"}, "regular expression"),
        ("5", SHAPES["Amount"], "must be an integer"),
        (True, SHAPES["Amount"], "must be an integer"),
        (0, SHAPES["Amount"], "greater than or equal to 1"),
        (10, SHAPES["Amount"], "less than or equal to 9"),
    ],
)
def test_what_does_not_fit_is_named(value: object, shape: dict[str, Any], problem: str) -> None:
    found = problems(value, shape)
    assert found is not None
    assert re.search(problem, found)


def test_every_pattern_of_a_request_can_be_read() -> None:
    r"""A pattern with `\p` is one class of characters, as the matcher takes it; none makes Python warn."""
    patterns: set[str] = set()
    todo = [MODEL.operation_model(name).input_shape for name in HANDLERS]
    while todo:
        shape = todo.pop()
        patterns |= {shape.metadata["pattern"]} if "pattern" in shape.metadata else set()
        todo += getattr(shape, "members", {}).values()
        todo += [getattr(shape, name) for name in ("member", "key", "value") if hasattr(shape, name)]
    assert len(patterns) >= 5
    for pattern in patterns:
        assert r"\p" not in pattern or re.fullmatch(r"\[[^]]*\]\+", pattern)
        problems("x", {"type": "string", "pattern": pattern})


def read(operation: str, *, query: dict[str, list[str]] | None = None, body: bytes = b"", **uri: str) -> dict[str, Any]:
    return read_request(MODEL.operation_model(operation), uri, query or {}, body)


def test_members_are_read_from_where_the_model_says_they_are() -> None:
    query = {"maxItems": ["5"], "submissionStatus": ["FAILED"], "unknown": ["x"]}
    assert read("ListRunsInBatch", batchId="7", query=query, body=b"not looked at") == {
        "batchId": "7",
        "maxItems": 5,
        "submissionStatus": "FAILED",
    }
    assert read("GetRun", id="7", query={"export": ["DEFINITION"]}) == {"id": "7", "export": ["DEFINITION"]}


@pytest.mark.parametrize("number", ["", "x", "1e3", "0x1", "٣", "1" * 5000, "101", "0"])
def test_a_number_in_the_query_is_digits_within_its_range(number: str) -> None:
    with pytest.raises(Refusal, match="maxItems"):
        read("ListRunsInBatch", batchId="7", query={"maxItems": [number]})


@pytest.mark.parametrize(
    "body",
    [b"{", b"[1]", b"null", b'{"requestId": NaN}', b"\xff", b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}"],
    ids=["cut", "list", "null", "NaN", "bad UTF-8", "nested", "long number"],
)
def test_a_body_that_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refusal, match="400 SerializationException"):
        read("StartRunBatch", body=body)


def test_an_empty_body_lacks_what_is_required() -> None:
    with pytest.raises(Refusal, match="3 validation errors"):
        read("StartRunBatch")


def test_an_answer_holds_only_what_its_shape_knows() -> None:
    shape = MODEL.operation_model("GetBatch").output_shape
    answer = {
        "id": "7",
        "name": None,
        "unknown": 1,
        "defaultRunSetting": {"parameters": {"x": None}, "y": 1},
        "tags": {},
    }
    assert write_answer(shape, answer) == {
        "id": "7",
        "defaultRunSetting": {"parameters": {"x": None}},
        "tags": {},
    }


def test_times_are_written_in_utc() -> None:
    moment = datetime(2025, 3, 15, 10, 0, 0, 250_000, tzinfo=UTC)
    assert json_response(200, [moment, moment.replace(tzinfo=None)]).body == (
        b'["2025-03-15T10:00:00.250000Z","2025-03-15T10:00:00.250000Z"]'
    )
    with pytest.raises(TypeError, match="bytes"):
        json_response(200, b"")
