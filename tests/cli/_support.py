"""What the command line's tests share: the program as its users start it, and batches for it."""

from __future__ import annotations

import asyncio
import os
from asyncio.subprocess import PIPE, Process
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from omics_batch.cli import _program_name, main
from tests.conftest import MEASURED
from tests.forked import PROGRAM, Forked, may_be_forked

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

    import pytest

    from omics_batch.testing import Simulator

ID: Final = "7123456"
REGION: Final = ("--region", "us-west-2")


@dataclass(frozen=True)
class Ran:
    """What the program did."""

    code: int
    stdout: str
    stderr: str

    @property
    def lines(self) -> list[str]:
        return self.stdout.splitlines()

    @property
    def complaints(self) -> list[str]:
        return self.stderr.splitlines()


@dataclass(frozen=True)
class Here:
    """The program in this process, where a process of its own would show nothing more."""

    omics: Simulator
    captured: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Ran:
        code = main(arguments)
        said = self.captured.readouterr()
        return Ran(code, said.out, said.err)


class Shell:
    """A shell whose environment leads to a simulator.

    What its processes run counts for coverage only if they are `measured`: nearly all of it runs within the tests'
    own process too.
    """

    def __init__(self, omics: Simulator, *, measured: bool) -> None:
        self.environment = {**os.environ, **omics.environment, **(MEASURED if measured else {})}

    async def run(
        self, *arguments: str, program: Sequence[str] = PROGRAM, settings: Mapping[str, str] | None = None
    ) -> Ran:
        async with self.started(*arguments, program=program, settings=settings) as process:
            stdout, stderr = await process.communicate(b"")
            return Ran(process.returncode or 0, stdout.decode(), stderr.decode())

    @asynccontextmanager
    async def started(
        self,
        *arguments: str,
        program: Sequence[str] = PROGRAM,
        settings: Mapping[str, str] | None = None,
        stdout: int = PIPE,
    ) -> AsyncGenerator[Process | Forked]:
        environment = {**self.environment, **(settings or {})}
        command = (*program, *arguments)
        process = (
            await Forked.piped(command[len(PROGRAM) :], environment, stdout)
            if may_be_forked(command, environment)
            else await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=stdout, stderr=PIPE, env=environment)
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()


def printed(*words: str) -> str:
    """A command in that region, as the program prints it to be pasted."""
    return _program_name.command([*words, *REGION])


async def line_of(process: Process | Forked) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode()


def document(status: str = "INPROGRESS", **members: Any) -> dict[str, Any]:
    """A batch of ten runs as GetBatch shows it."""
    runs = {"completedRunCount": 3, "runningRunCount": 7}
    return {
        "id": ID,
        "status": status,
        "totalRuns": 10,
        "runSummary": runs,
        "creationTime": "2025-03-15T10:00:00Z",
        **members,
    }


def processed(**counts: int) -> dict[str, Any]:
    """A batch of ten runs that have all ended, a quarter of an hour after its creation."""
    failed_starts = counts.pop("failedStartSubmissionCount", 0)
    return document(
        "PROCESSED",
        runSummary=counts,
        submissionSummary={"failedStartSubmissionCount": failed_starts},
        processedTime="2025-03-15T10:15:00Z",
    )
