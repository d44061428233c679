"""Nulls in an answer, as AWS's own clients read them: skipped in a map or a list, no list where one is null."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omics_batch import Batch, MalformedResponseError, Party, ResourceNotFoundError, RetryPolicy, ServiceError
from omics_batch._models.run import Run
from omics_batch.testing import Simulator, faults
from tests.virtual_time import running_clock

pytestmark = pytest.mark.virtual_time


def as_json(**members: Any) -> bytes:
    return json.dumps(members).encode()


async def test_a_null_tag_is_skipped() -> None:
    async with Simulator(in_process=True, clock=running_clock()) as omics, omics.client() as client:
        omics.put_batch(
            {
                "id": "7",
                "status": "PROCESSED",
                "tags": {"a": None, "b": "c"},
                "defaultRunSetting": {"runTags": {"a": None}, "parameters": {"a": None, "b": [None]}},
            }
        )
        batch = await client.get_batch("7")
    assert batch.tags == {"b": "c"}
    assert batch.default_run_setting is not None
    assert batch.default_run_setting.run_tags == {}
    assert batch.default_run_setting.parameters == {"a": None, "b": [None]}  # a free document keeps them


@pytest.mark.parametrize("items", [None, [], [None]])
async def test_a_list_of_nulls_is_empty(items: object) -> None:
    async with Simulator(in_process=True, clock=running_clock()) as omics, omics.client() as client:
        omics.script(
            faults.body(as_json(items=items), operation="ListBatch"),
            faults.body(as_json(runs=items), operation="ListRunsInBatch"),
        )
        assert await client.list_batch() == []
        assert await client.list_runs_in_batch("7") == []


async def test_null_items_between_others_are_skipped() -> None:
    item = {"id": "7", "status": "PENDING"}
    async with Simulator(in_process=True, clock=running_clock()) as omics, omics.client() as client:
        omics.script(faults.body(as_json(items=[None, item, None]), operation="ListBatch"))
        assert [batch.id for batch in await client.list_batch()] == ["7"]


def test_null_names_and_digests_of_a_run_are_skipped() -> None:
    run = Run.model_validate_json(
        as_json(id="1", status="FAILED", resourceDigests={"s3://a": None}, vpcConfig={"subnetIds": [None, "subnet-1"]})
    )
    assert run.resource_digests == {}
    assert run.vpc_config is not None
    assert run.vpc_config.subnet_ids == ("subnet-1",)


def test_a_dict_of_botocore_is_read_alike() -> None:
    assert Batch.model_validate({"id": "7", "status": "PENDING", "tags": {"a": None}}).tags == {}


async def test_tags_that_are_no_map_are_refused() -> None:
    once = RetryPolicy(max_attempts=1)
    async with Simulator(in_process=True, clock=running_clock()) as omics, omics.client(retry=once) as client:
        omics.put_batch({"id": "7", "status": "PENDING", "tags": "a"})
        with pytest.raises(MalformedResponseError, match="tags"):
            await client.get_batch("7")


async def test_an_operation_that_is_not_served_is_not_a_missing_batch() -> None:
    """It is another service's endpoint, or a region without run batches: no batch is missing, and no wait goes on."""
    unknown = faults.error("UnknownOperationException", 404, times=2)
    async with Simulator(in_process=True, clock=running_clock()) as omics, omics.client() as client:
        batch_id = omics.start_batch(1)
        omics.script(unknown)
        for ask in (client.get_batch, client.wait_until_processed):
            with pytest.raises(ServiceError, match="region and the endpoint") as caught:
                await ask(batch_id)
            assert not isinstance(caught.value, ResourceNotFoundError)
            assert caught.value.fault is Party.MACHINE
        assert omics.requests_of("GetBatch") == 2
