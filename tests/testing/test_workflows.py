"""GetWorkflow and GetWorkflowVersion, as boto3 sees them."""

from __future__ import annotations

from typing import Any, Final

import pytest

from omics_batch import InvalidInputError
from omics_batch.testing import Simulator
from tests.testing._support import EPOCH, ClientError, boto_to

ARN: Final = "arn:aws:omics:us-west-2:123456789012:workflow/1234567"
TEMPLATE: Final = {"reads": {"description": "The reads", "optional": False}, "threads": {"optional": True}}


async def test_any_workflow_is_there_while_none_is_declared() -> None:
    async with Simulator() as omics, boto_to(omics) as boto:
        usual = {"status": "ACTIVE", "type": "PRIVATE"}
        assert await boto("get_workflow", id="1234567") == {"id": "1234567", "arn": ARN, **usual}
        version = await boto("get_workflow_version", workflowId="1234567", versionName="1.1")
        assert version == {"workflowId": "1234567", "versionName": "1.1", "arn": f"{ARN}/version/1.1", **usual}


async def test_a_declared_workflow_is_shown_as_it_was_declared() -> None:
    documents: list[dict[str, Any]] = [
        {"id": "1234567", "name": "align", "parameterTemplate": TEMPLATE, "creationTime": EPOCH, "status": "INACTIVE"},
        {"workflowId": "1234567", "versionName": "1.1", "parameterTemplate": {"bam": {}}},
    ]
    async with Simulator(workflows=documents) as omics, boto_to(omics) as boto:
        workflow = await boto("get_workflow", id="1234567")
        assert workflow == {**documents[0], "arn": ARN, "type": "PRIVATE"}
        version = await boto("get_workflow_version", workflowId="1234567", versionName="1.1")
        assert version["parameterTemplate"] == {"bam": {}}


async def test_what_was_not_declared_beside_others_is_not_there() -> None:
    async with Simulator() as omics, boto_to(omics) as boto:
        omics.put_workflow({"id": "1234567"})
        with pytest.raises(ClientError, match="ResourceNotFoundException.*Workflow 7654321 does not exist."):
            await boto("get_workflow", id="7654321")
        with pytest.raises(ClientError, match="Workflow version 2 of workflow 1234567 does not exist."):
            await boto("get_workflow_version", workflowId="1234567", versionName="2")


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({}, "a workflow's document has an id, and a version's has workflowId and versionName"),
        ({"id": "1", "versionName": "2"}, "a workflow's document has an id"),
        ({"workflowId": "1", "versionName": 2}, "a workflow's document has an id"),
        (
            {"id": "1", "parameterTemplates": {}},
            "workflow 1: parameterTemplates: unknown field; did you mean parameterTemplate?",
        ),
        ({"id": "1", "parameterTemplate": {"reads": {"optional": "no"}}}, "Member must be a boolean"),
        ({"workflowId": "1", "versionName": "2", "status": "NEW"}, "Member must satisfy enum value set"),
    ],
)
def test_a_document_that_is_none_is_refused(document: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidInputError, match=problem.replace("?", r"\?")):
        Simulator().put_workflow(document)


@pytest.mark.parametrize("wrong", ["align", 7, [7], {"id": "1"}])
def test_workflows_are_a_list_of_documents(wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match="workflows has to be a list of documents"):
        Simulator(workflows=wrong)
