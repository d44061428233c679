"""The AWS command line, as it is, against the simulator."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.testing._support import SETTING

if TYPE_CHECKING:
    from pathlib import Path

    from omics_batch.testing import ManualClock, Simulator

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(importlib.util.find_spec("awscli") is None, reason="awscli is not installed"),
]


class AwsCli:
    """`aws omics ...` in a process of its own, with a HOME of its own."""

    def __init__(self, omics: Simulator, home: Path) -> None:
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "AWS_MAX_ATTEMPTS": "1",
            **omics.environment,
        }

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "ignore", "-m", "awscli", "omics", *arguments),
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
        return process.returncode or 0, output.decode(), errors.decode()

    async def json(self, *arguments: str) -> dict[str, Any]:
        code, output, errors = await self.run(*arguments, "--output", "json")
        assert code == 0, errors
        document: dict[str, Any] = json.loads(output)
        return document


async def test_it_walks_through_a_batch(omics: Simulator, clock: ManualClock, tmp_path: Path) -> None:
    aws = AwsCli(omics, tmp_path)
    started = await aws.json(
        "start-run-batch",
        *("--batch-name", "trio"),
        *("--default-run-setting", json.dumps(SETTING)),
        *("--batch-run-settings", json.dumps({"inlineSettings": [{"runSettingId": "NA12878"}]})),
    )
    assert started["status"] == "CREATING"

    clock.advance(60)
    batch = await aws.json("get-batch", "--batch-id", started["id"])
    assert (batch["name"], batch["status"], batch["runSummary"]["completedRunCount"]) == ("trio", "PROCESSED", 1)
    runs = await aws.json("list-runs-in-batch", "--batch-id", started["id"])
    assert [run["runSettingId"] for run in runs["runs"]] == ["NA12878"]
    assert (await aws.json("get-run", "--id", runs["runs"][0]["runId"]))["status"] == "COMPLETED"

    code, _, errors = await aws.run("get-batch", "--batch-id", "1")
    assert code != 0
    assert "ResourceNotFoundException" in errors
