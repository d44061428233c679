"""The local HealthOmics in the foreground."""

from __future__ import annotations

import asyncio
import errno
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import typer

from omics_batch.cli._exits import ProgramError

if TYPE_CHECKING:
    from omics_batch.testing import Simulator


async def serve(simulator: Simulator, *, host: str, port: int, runs: int | None) -> None:
    """Serve until it is cancelled, and say on stdout how to talk to it.

    Args:
        simulator: One that is not running yet.
        host: Where it is going to listen, for the complaint if it cannot.
        port: The same.
        runs: How many runs a batch has that is placed at once; None places none.

    Raises:
        ProgramError: It cannot listen there.
    """
    async with AsyncExitStack() as stack:
        try:
            omics = await stack.enter_async_context(simulator)
        except OSError as error:
            raise ProgramError(why_not(error, host, port)) from None
        batch_id = None if runs is None else omics.start_batch(runs, name="simulated-cohort")
        typer.echo(instructions(omics.endpoint_url, omics.region_name, batch_id))
        await asyncio.Event().wait()


def instructions(endpoint_url: str, region_name: str, batch_id: str | None) -> str:
    """Write how to talk to the simulator from another shell."""
    lines = [
        f"The local HealthOmics listens on {endpoint_url} until Ctrl-C. In another shell:",
        "",
        f"  export AWS_ENDPOINT_URL_OMICS={endpoint_url}",
        f"  export AWS_DEFAULT_REGION={region_name}",
        "  export AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local",
        "  export AWS_DISABLE_HOST_PREFIX_INJECTION=true  # for boto3 and the AWS command line",
    ]
    if batch_id is not None:
        lines.append(f"  omics-batch wait {batch_id}")
    return "\n".join(lines)


def why_not(error: OSError, host: str, port: int) -> str:
    """Say why the simulator cannot listen."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use: choose another with --port, or --port 0 for a free one"
    return f"cannot listen on {host}, port {port}: {error.strerror}"
