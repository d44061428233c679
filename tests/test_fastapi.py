"""A `Batch` is a response model as it stands."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from omics_batch import Batch, BatchStatus
from tests.support import FAILED, IN_PROGRESS

APP = FastAPI()


@APP.get("/batches/{name}")
async def get_batch(name: str) -> Batch:
    return Batch.model_validate_json({"in-progress": IN_PROGRESS, "failed": FAILED}[name])


@APP.get("/snake-case", response_model_by_alias=False)
async def get_batch_in_snake_case() -> Batch:
    return Batch.model_validate_json(FAILED)


@APP.get("/batches")
async def list_batches(status: BatchStatus) -> list[Batch]:
    return [Batch.model_validate({"id": "1", "status": status, "archivedBy": {"team": "x"}})]


@APP.post("/batches")
async def receive_batch(batch: Batch) -> str:
    return f"{batch.id} {batch.status} {batch.percent_complete:.2f}"


@pytest.fixture
def service() -> TestClient:
    return TestClient(APP)


@pytest.fixture
def schemas(service: TestClient) -> dict[str, Any]:
    document: dict[str, Any] = service.get("/openapi.json").json()
    found: dict[str, Any] = document["components"]["schemas"]
    return found


@pytest.mark.parametrize(("name", "body"), [("in-progress", IN_PROGRESS), ("failed", FAILED)])
def test_a_service_answers_with_what_aws_answered(service: TestClient, name: str, body: bytes) -> None:
    assert service.get(f"/batches/{name}").json() == json.loads(body)


def test_a_service_may_answer_in_snake_case(service: TestClient) -> None:
    assert service.get("/snake-case").json() == {
        "id": "7123456",
        "status": "FAILED",
        "arn": "arn:aws:omics:us-west-2:123456789012:runBatch/7123456",
        "failure_reason": "Batch has 100001 runs but 100000 runs is the max.",
        "failed_time": "2025-03-15T10:01:00Z",
    }


@pytest.mark.parametrize("status", ["PROCESSED", "RUNS_ARCHIVING"])
def test_a_status_may_be_a_parameter_known_or_not(service: TestClient, status: str) -> None:
    answer = service.get("/batches", params={"status": status})
    assert answer.json() == [{"id": "1", "status": status, "archivedBy": {"team": "x"}}]


def test_a_service_may_receive_a_batch(service: TestClient) -> None:
    assert service.post("/batches", json=json.loads(IN_PROGRESS)).json() == "7123456 INPROGRESS 32.29"
    assert service.post("/batches", json={"id": "1", "status": "CREATING", "totalRuns": "96"}).status_code == 422


def test_an_open_enum_is_a_string_with_examples_in_the_schema(schemas: dict[str, Any]) -> None:
    """A closed `enum` would make generated clients refuse the words to come."""
    status = schemas["BatchStatus"]
    assert status == {"type": "string", "title": "BatchStatus", "examples": [member.value for member in BatchStatus]}
    assert '"enum"' not in json.dumps(schemas)


def test_a_schema_describes_the_fields_by_the_services_names(schemas: dict[str, Any]) -> None:
    (batch,) = (schema for name, schema in schemas.items() if name in {"Batch", "Batch-Output"})
    assert batch["required"] == ["id", "status"]
    assert batch["properties"]["status"]["$ref"] == "#/components/schemas/BatchStatus"
    assert batch["properties"]["failureReason"]["description"] == "Why the batch itself failed; only when FAILED."
    assert {"totalRuns", "runSummary", "defaultRunSetting"} < batch["properties"].keys()
