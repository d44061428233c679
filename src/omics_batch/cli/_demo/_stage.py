"""The demo's service, in a process of its own: it serves until its stdin ends, then tells what it did."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING

import typer

from omics_batch.cli._demo._cohort import LIFE, script
from omics_batch.testing import Simulator, UnusedFaultError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omics_batch.testing import ReceivedRequest


async def play(speed: float) -> None:
    """Serve the demo's cohort: print the endpoint as a JSON line at first, and the account as one at last."""
    simulator = Simulator(life=LIFE, faults=script(), time_scale=speed)
    unused = None
    try:
        async with simulator as omics:
            typer.echo(json.dumps({"endpointUrl": omics.endpoint_url}))
            await _end_of_stdin()
    except UnusedFaultError as error:
        unused = str(error)
    typer.echo(json.dumps({**account(simulator.requests), "unused": unused}))


def account(requests: Sequence[ReceivedRequest]) -> dict[str, object]:
    """Count the requests, and those that were answered with an error by its HTTP status."""
    errors = Counter(
        request.status for request in requests if request.status and request.status >= HTTPStatus.BAD_REQUEST
    )
    return {"requests": len(requests), "errors": {str(status): number for status, number in errors.items()}}


async def _end_of_stdin() -> None:
    # Whoever started this process holds the other end: however that one dies, this one goes with it.
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
