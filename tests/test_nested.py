"""Documents that are nested deeply: what may be started can be read again, and what others started as well."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from pydantic import ValidationError

from omics_batch import (
    Batch,
    BatchRunSettings,
    DefaultRunSettingInput,
    InlineSetting,
    MalformedResponseError,
    RetryPolicy,
    Run,
)
from omics_batch import StartRunBatchRequest as Request
from omics_batch._models.base import SENT_LEVELS, from_json
from omics_batch.testing import Simulator, faults
from tests.virtual_time import running_clock

pytestmark = pytest.mark.virtual_time


def nested(levels: int, *, in_lists: bool = False) -> Any:
    document: Any = "innermost"
    for _ in range(levels):
        document = [document] if in_lists else {"a": document}
    return document


def request_with(document: Any) -> Request:
    role = "arn:aws:iam::123456789012:role/OmicsRole"
    return Request(
        default_run_setting=DefaultRunSettingInput(workflow_id="1", role_arn=role, parameters=document),
        batch_run_settings=BatchRunSettings(inline_settings=[InlineSetting(run_setting_id="a", parameters=document)]),
    )


@pytest.mark.parametrize("in_lists", [False, True])
async def test_the_deepest_document_that_may_be_started_can_be_read(*, in_lists: bool) -> None:
    request = request_with(nested(SENT_LEVELS, in_lists=in_lists))
    assert Request.model_validate_json(request.model_dump_json()) == request
    async with Simulator(in_process=True, clock=running_clock()) as omics, omics.client() as client:
        batch = await client.wait_until_processed(await client.start_run_batch(request))
    assert batch.default_run_setting is not None
    assert batch.default_run_setting.parameters == request.default_run_setting.parameters


@pytest.mark.parametrize("levels", [SENT_LEVELS + 1, 220, 253, 300, 5000])
@pytest.mark.parametrize("in_lists", [False, True])
def test_a_deeper_one_is_refused_before_it_is_started(levels: int, *, in_lists: bool) -> None:
    document = nested(levels, in_lists=in_lists)
    with pytest.raises(ValidationError, match="nested too deeply"):
        request_with(document)
    with pytest.raises(ValidationError, match="nested too deeply"):
        InlineSetting(run_setting_id="a", engine_settings=document)


@pytest.mark.parametrize("levels", [199, 220, 250])
async def test_what_others_started_deeper_is_read(levels: int) -> None:
    """boto3 starts it: neither a call nor a wait, which keeps what it saw last, may fail because of it."""
    document = nested(levels)
    put = {"id": "7", "status": "INPROGRESS", "defaultRunSetting": {"parameters": document}, "later": nested(levels)}
    async with Simulator(in_process=True, clock=running_clock()) as omics, omics.client() as client:
        omics.put_batch(put)
        omics.put_batch({**put, "status": "PROCESSED"}, after=60)
        seen = [batch async for batch in client.watch("7")]
    assert [batch.status for batch in seen] == ["INPROGRESS", "PROCESSED"]
    assert seen[0].default_run_setting is not None
    assert seen[0].default_run_setting.parameters == document
    assert seen[0].model_extra == {"later": document}


@pytest.mark.parametrize("levels", [251, 255, 260, 1000, 5000])
@pytest.mark.parametrize("in_lists", [False, True])
async def test_what_nobody_can_write_again_is_unreadable(levels: int, *, in_lists: bool) -> None:
    """And the message does not name each level."""
    once = RetryPolicy(max_attempts=1)
    document = "[" * levels + "]" * levels if in_lists else '{"a":' * levels + "1" + "}" * levels
    answer = f'{{"id": "7", "status": "PENDING", "defaultRunSetting": {{"parameters": {document}}}}}'
    async with Simulator(in_process=True, clock=running_clock()) as omics, omics.client(retry=once) as client:
        omics.script(faults.body(answer.encode()))
        with pytest.raises(MalformedResponseError, match="it is nested too deeply: 250 levels are the most") as caught:
            await client.get_batch("7")
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("levels", [199, 240])
async def test_a_run_with_a_deep_document_is_read(levels: int) -> None:
    answer = {"id": "1", "status": "FAILED", "parameters": nested(levels), "engineSettings": nested(levels)}
    run = from_json(Run, json.dumps(answer).encode())
    assert run.parameters == nested(levels)
    with pytest.raises(ValueError, match="it is nested too deeply: 250 levels are the most"):
        from_json(Run, json.dumps({**answer, "parameters": nested(300)}).encode())


async def test_a_deep_document_is_copied() -> None:
    """It cannot be changed, so that a deep copy of it is the same."""
    batch = Batch.model_validate({"id": "7", "status": "PENDING", "defaultRunSetting": {"parameters": nested(250)}})
    assert deepcopy(batch) == batch
    lists = Batch.model_validate({"id": "7", "status": "PENDING", "later": nested(250, in_lists=True)})
    assert deepcopy(lists) == lists
