"""Running the local HealthOmics in the foreground."""

from __future__ import annotations

import asyncio
import errno
import json
import shlex
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import typer

from omics_batch.cli._exits import Exit, ProgramError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omics_batch.testing import Scenario, Simulator

_MAX_SHOWN: Final = 10
_URL: Final = "AWS_ENDPOINT_URL_OMICS"
_HERE: Final = {"127.0.0.1", "::1", "localhost"}
"""The hosts to which commands send plain http without an option."""


async def serve(simulator: Simulator, scenario: Scenario, *, host: str, port: int, as_json: bool) -> Exit:
    """Serve until cancelled, and print the connection details on stdout.

    Args:
        simulator: A simulator that is not running yet.
        scenario: The batches that it starts with.
        host: The address to listen on, for the error message.
        port: The port, for the same.
        as_json: Whether to print one line of JSON, for programs.

    Raises:
        ProgramError: It cannot listen there.
    """
    async with AsyncExitStack() as stack:
        try:
            omics = await stack.enter_async_context(simulator)
        except OSError as error:
            raise ProgramError(why_not(error, host, port)) from None
        batch_ids = scenario.place(omics)
        typer.echo(facts(omics, batch_ids) if as_json else instructions(omics, batch_ids))
        return await asyncio.Future[Exit]()


def instructions(omics: Simulator, batch_ids: Sequence[str]) -> str:
    """Write the lines to paste into another shell, to use the simulator there."""
    url = omics.environment[_URL]
    lines = [f"The local HealthOmics listens on {url} until Ctrl-C.", "In another shell:", ""]
    lines += [f"  export {name}={shlex.quote(value)}" for name, value in omics.environment.items()]
    parts = urlsplit(url)
    options = " --allow-http" if parts.scheme == "http" and parts.hostname not in _HERE else ""
    lines += [f"  omics-batch wait {batch_id}{options}" for batch_id in batch_ids[:_MAX_SHOWN]]
    if len(batch_ids) > _MAX_SHOWN:
        lines.append(f"  # and {len(batch_ids) - _MAX_SHOWN} more batches, up to {batch_ids[-1]}")
    return "\n".join(lines)


def facts(omics: Simulator, batch_ids: Sequence[str]) -> str:
    """Write the same facts as a line of JSON."""
    return json.dumps(
        {
            "endpointUrl": omics.environment[_URL],
            "region": omics.region_name,
            "environment": omics.environment,
            "batchIds": batch_ids,
        }
    )


def why_not(error: OSError, host: str, port: int) -> str:
    """Write why the simulator cannot listen."""
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use: choose another with --port, or --port 0 for a free one"
    return f"cannot listen on {host}, port {port}: {error.strerror}"
