"""`kill -9` at every step of `start_manifest`, and again: each run is started once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch.testing import Simulator, faults

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from omics_batch.testing import Fault

pytestmark = pytest.mark.slow

PROGRAM: Final = """
import asyncio, os, signal, sys
from omics_batch import DefaultRunSettingInput, Manifest, OmicsBatchClient
from omics_batch._manifest import manifest as manifests, settings_file

settings_file.MAX_RUNS = manifests.MAX_RUNS = 120  # 250 runs are three batches
killed_in_upload = int(sys.argv[1])  # of that batch; -1 for none


class Dying(Manifest):
    def settings(self, batch=0):
        first, *others = super().settings(batch)
        yield first
        if batch == killed_in_upload:
            os.kill(os.getpid(), signal.SIGKILL)
        yield from others


async def main():
    setting = DefaultRunSettingInput(workflow_id="1", role_arn="arn:aws:iam::123456789012:role/R")
    rows = [{"sample": f"S{number:04}"} for number in range(250)]
    manifest = Dying(
        batch_name="cohort",
        default_run_setting=setting,
        runs={"runSettingId": "{sample}"},
        rows=rows,
        settings_uri="s3://my-bucket/settings",
    )
    async with OmicsBatchClient() as client:
        async for started in client.start_manifest(manifest):
            print(started.id, flush=True)


asyncio.run(main())
"""

STORE: Final = ["PutObject", "HeadObject", "StartRunBatch", "GetBatch", "HeadObject"]
STEPS: Final = ["ListBatch", *STORE, *STORE, "StartRunBatch", "GetBatch"]
"""What an undisturbed program asks for."""


class Killer:
    """Kills a program at one of its requests: before the service does anything, or once it has."""

    def __init__(self, step: int, *, is_done: bool) -> None:
        self.left = step
        self.is_done = is_done
        self.process: asyncio.subprocess.Process | None = None
        self.loop = asyncio.get_running_loop()

    def __call__(self, _: str, members: Mapping[str, Any]) -> Fault | None:
        self.left -= 1
        if self.left != -1 or self.process is None:
            return None
        if self.is_done:  # the answer is begun, and then the program is gone
            self.loop.call_later(0.05, self.process.kill)
            return faults.stalled("*")
        self.process.kill()
        return faults.reset("*")


async def started_in(omics: Simulator, killed_in_upload: int = -1, killer: Killer | None = None) -> int:
    """Run the program, and return how it ended."""
    environment = {**os.environ, **omics.environment}
    arguments = (sys.executable, "-c", PROGRAM, str(killed_in_upload))
    process = await asyncio.create_subprocess_exec(*arguments, env=environment, stdout=PIPE, stderr=PIPE)
    if killer is not None:
        killer.process = process
    _, trouble = await process.communicate()
    assert trouble == b""
    assert process.returncode is not None
    return process.returncode


async def runs_of(omics: Simulator) -> list[str]:
    async with omics.client(max_rate=None) as client:
        batches = await client.list_batch()
        runs = [run for batch in batches for run in await client.list_runs_in_batch(batch.id)]
    return sorted(run.run_setting_id for run in runs)


ALL: Final = [f"S{number:04}" for number in range(250)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "my-bucket").mkdir()
    return tmp_path


async def test_an_undisturbed_program_takes_these_steps(folder: Path) -> None:
    async with Simulator(s3=folder, time_scale=1000) as omics:
        assert await started_in(omics) == 0
        assert [request.operation for request in omics.requests] == STEPS


@pytest.mark.parametrize(
    ("step", "is_done"),
    [
        pytest.param(step, is_done, id=f"{'after' if is_done else 'before'}-{step}-{name}")
        for step, name in enumerate(STEPS)
        for is_done in (False, True)
        if not (is_done and name in {"PutObject", "HeadObject"})  # whose answers have no body to be cut in half
    ],
)
async def test_killed_at_a_request_and_started_again(folder: Path, step: int, *, is_done: bool) -> None:
    killer = Killer(step, is_done=is_done)
    async with Simulator(s3=folder, faults=killer, time_scale=1000) as omics:
        assert await started_in(omics, killer=killer) == -signal.SIGKILL
        assert omics.requests[-1].operation == STEPS[step]
        assert await started_in(omics) == 0
        omics.advance(hours=1)
        assert await runs_of(omics) == ALL


@pytest.mark.parametrize("batch", [0, 1])
async def test_killed_in_an_upload_and_started_again(folder: Path, batch: int) -> None:
    async with Simulator(s3=folder, time_scale=1000) as omics:
        assert await started_in(omics, killed_in_upload=batch) == -signal.SIGKILL
        assert omics.requests_of("StartRunBatch") == batch
        assert await started_in(omics) == 0
        omics.advance(hours=1)
        assert await runs_of(omics) == ALL


async def test_two_programs_at_once(folder: Path) -> None:
    async with Simulator(s3=folder, time_scale=1000) as omics:
        assert set(await asyncio.gather(started_in(omics), started_in(omics))) == {0}
        omics.advance(hours=1)
        assert await runs_of(omics) == ALL
