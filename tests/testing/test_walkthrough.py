"""The user guide's walk-through by three clients, each as it is: what they read is the same, field by field."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import pytest

from omics_batch import ServiceError, StartRunBatchRequest
from omics_batch.testing import Life, ManualClock, Simulator
from tests.testing._support import EPOCH, SETTING, ClientError, boto_to

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from omics_batch import OmicsBatchClient
    from tests.testing._support import Boto

LIFE: Final = Life(
    submission_rate=1.0,
    run_length=600,
    failed_submissions={"NA12892": ("ValidationException", "The input does not exist.")},
)

REQUEST: Final = {
    "requestId": "trio-1",
    "batchName": "trio",
    "tags": {"project": "genomics-study"},
    "defaultRunSetting": {**SETTING, "outputUri": "s3://my-bucket/output/", "parameters": {"reference": "GRCh38"}},
    "batchRunSettings": {
        "inlineSettings": [
            {"runSettingId": name, "parameters": {"sample": name}} for name in ("NA12878", "NA12891", "NA12892")
        ],
    },
}


class Client(Protocol):
    """Somebody who calls the service, and shows a refusal by its code."""

    async def call(self, operation: str, **members: Any) -> Any:
        """Return what an operation answers, as JSON with moments; or the code of a refusal."""
        ...


class Ours:
    """This package's own client."""

    def __init__(self, client: OmicsBatchClient) -> None:
        self._client = client

    async def call(self, operation: str, **members: Any) -> Any:
        try:
            return await self._answer(operation, **members)
        except ServiceError as error:
            return error.code

    async def _answer(self, operation: str, **members: Any) -> Any:
        batch = members.pop("batchId", None)
        match operation:
            case "start_run_batch":
                return dumped(await self._client.start_run_batch(StartRunBatchRequest.model_validate(members)))
            case "get_batch":
                return dumped(await self._client.get_batch(batch))
            case "list_batch":
                return {"items": [dumped(item) async for item in self._client.list_batch(**members)]}
            case "list_runs_in_batch":
                filters = {"submission_status": members.get("submissionStatus")}
                return {"runs": [dumped(run) async for run in self._client.list_runs_in_batch(batch, **filters)]}
            case _:
                return await getattr(self._client, operation)(batch) or {}


def dumped(model: Any) -> dict[str, Any]:
    document: dict[str, Any] = model.model_dump(by_alias=True, mode="json")
    return document


class ByBoto3:
    """boto3, with the answers as it parses them."""

    def __init__(self, boto: Boto) -> None:
        self._boto = boto

    async def call(self, operation: str, **members: Any) -> Any:
        try:
            return await self._boto(operation, **members)
        except ClientError as error:
            code: str = vars(error)["response"]["Error"]["Code"]
            return code


class ByAwsCli:
    """`aws omics ...` in a process of its own, with a HOME of its own."""

    def __init__(self, omics: Simulator, home: Path) -> None:
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_MAX_ATTEMPTS": "1",
            **omics.environment,
        }

    async def call(self, operation: str, **members: Any) -> Any:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "ignore", "-m", "awscli", "omics", operation.replace("_", "-"), "--output", "json"),
            *("--cli-input-json", json.dumps(members)),
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        if process.returncode:
            return errors.decode().partition("(")[2].partition(")")[0]
        return json.loads(output or b"{}")


def moments(value: Any) -> Any:
    """Read the times in an answer, which each client writes in its own way."""
    if isinstance(value, dict):
        return {name: moments(part) for name, part in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [moments(part) for part in cast("Sequence[Any]", value)]
    is_time = isinstance(value, str) and value[:4].isdigit() and value[4:5] == "-"
    return datetime.fromisoformat(value) if is_time else value


async def walk(client: Client, clock: ManualClock) -> list[Any]:
    """Start, get, list, list runs, find failed submissions, cancel, delete the runs, delete the record."""
    batch = {"batchId": "7123456"}
    steps: list[tuple[str, dict[str, Any], float]] = [
        ("start_run_batch", REQUEST, 0),
        ("get_batch", batch, 7),
        ("get_batch", batch, 60),
        ("get_batch", batch, 0),
        ("list_batch", {"status": "INPROGRESS"}, 0),
        ("list_batch", {"name": "another"}, 0),
        ("list_runs_in_batch", batch, 0),
        ("list_runs_in_batch", {**batch, "submissionStatus": "FAILED"}, 0),
        ("delete_run_batch", batch, 0),
        ("cancel_run_batch", batch, 0),
        ("cancel_run_batch", batch, 0),
        ("get_batch", batch, 60),
        ("get_batch", batch, 0),
        ("list_runs_in_batch", batch, 0),
        ("delete_run_batch", batch, 0),
        ("delete_batch", batch, 60),
        ("get_batch", batch, 0),
        ("list_runs_in_batch", {**batch, "submissionStatus": "DELETE_SUCCESS"}, 0),
        ("delete_batch", batch, 0),
        ("get_batch", batch, 0),
        ("list_batch", {}, 0),
    ]
    seen: list[Any] = []
    for operation, members, seconds in steps:
        seen.append(moments(await client.call(operation, **members)))
        clock.advance(seconds)
    return seen


@asynccontextmanager
async def ours(omics: Simulator, _: Path) -> AsyncGenerator[Client]:
    async with omics.client(max_rate=None) as client:
        yield Ours(client)


@asynccontextmanager
async def by_boto3(omics: Simulator, _: Path) -> AsyncGenerator[Client]:
    async with boto_to(omics) as boto:
        yield ByBoto3(boto)


@asynccontextmanager
async def by_aws_cli(omics: Simulator, home: Path) -> AsyncGenerator[Client]:
    yield ByAwsCli(omics, home)


async def walked(opened: Callable[[Simulator, Path], AbstractAsyncContextManager[Client]], home: Path) -> list[Any]:
    """Walk through a life that is the same each time: its ids and times too."""
    clock = ManualClock()
    async with Simulator(life=LIFE, clock=clock, epoch=EPOCH) as omics, opened(omics, home) as client:
        return await walk(client, clock)


async def test_it_shows_each_step_of_a_life(tmp_path: Path) -> None:
    """What the steps are about; that others read the same is reported below."""
    seen = await walked(ours, tmp_path)
    words = [step if isinstance(step, str) else step.get("status") for step in seen]
    assert words == [
        *("CREATING", "CREATING", "SUBMITTING", "INPROGRESS"),
        *(None, None, None, None),
        *("ConflictException", None, "ConflictException", "STOPPING", "CANCELLED", None),
        *(None, "ConflictException", "RUNS_DELETED", None, None, "ResourceNotFoundException", None),
    ]
    assert [run["submissionFailureReason"] for run in seen[7]["runs"]] == ["ValidationException"]
    assert [run["submissionStatus"] for run in seen[13]["runs"]] == ["CANCEL_SUCCESS", "CANCEL_SUCCESS", "FAILED"]
    assert [run["runSettingId"] for run in seen[17]["runs"]] == ["NA12878", "NA12891"]


async def test_boto3_reads_what_we_read(tmp_path: Path) -> None:
    assert await walked(by_boto3, tmp_path) == await walked(ours, tmp_path)


@pytest.mark.slow
async def test_the_aws_command_line_reads_what_we_read(tmp_path: Path) -> None:
    assert await walked(by_aws_cli, tmp_path) == await walked(ours, tmp_path)
