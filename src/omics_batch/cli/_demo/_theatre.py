"""The demo's service, seen from the client's process: it is started, asked for its account, and ended."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from omics_batch.cli import _program
from omics_batch.cli._demo._findings import Account
from omics_batch.cli._exits import ProgramError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator


class Stage:
    """A service that listens."""

    def __init__(self, process: Process, endpoint_url: str) -> None:
        """Take a process that has said where it listens."""
        self._process = process
        self.endpoint_url: str = endpoint_url
        """Where it listens."""

    async def close(self) -> Account:
        """End the service, and return what it says that it did."""
        _let_go(self._process)
        told = await _line_of(self._process)
        return Account(**told)


@asynccontextmanager
async def raised(speed: float) -> AsyncGenerator[Stage]:
    """Start the service in a process of its own, whose clock runs so many times as fast.

    Raises:
        ProgramError: It did not start.
    """
    # A session of its own, or Ctrl-C would end the service under the client.
    process = await asyncio.create_subprocess_exec(
        *_program.itself(),
        "demo-service",
        str(speed),
        stdin=PIPE,
        stdout=PIPE,
        env=_program.environment(),
        start_new_session=True,
    )
    try:
        yield Stage(process, (await _line_of(process))["endpointUrl"])
    finally:
        _let_go(process)
        await process.wait()


async def _line_of(process: Process) -> dict[str, Any]:
    line = await cast("asyncio.StreamReader", process.stdout).readline()
    if not line:
        raise ProgramError(f"the demo's service ended with exit code {await process.wait()}")
    told: dict[str, Any] = json.loads(line)
    return told


def _let_go(process: Process) -> None:
    """Close the pipe that keeps the service going."""
    cast("asyncio.StreamWriter", process.stdin).close()
