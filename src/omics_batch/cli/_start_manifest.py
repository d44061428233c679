"""Starting the batches of a manifest from the command line, and its dry run."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import typer
from rich.text import Text

from omics_batch import AccessDeniedError, BatchFailedError, OmicsBatchError
from omics_batch._words import one_line
from omics_batch.cli._dry_run import SHOWN, print_runs, rehearse, runs_of, shared_facts
from omics_batch.cli._exits import exit_of, may_succeed_later, message_of
from omics_batch.cli._output import console, say_facts, say_json
from omics_batch.cli._signals import SignalledError, until_signalled
from omics_batch.cli._stderr import complain
from omics_batch.cli._words import runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omics_batch import Manifest, OmicsBatchClient, StartedBatch
    from omics_batch.cli._connection import ConnectionOptions
    from omics_batch.cli._durations import Span


def rehearse_manifest(manifest: Manifest, *, as_json: bool) -> None:
    """Check the requests of a manifest on a built-in simulator, and print what would be sent and uploaded."""
    requests = manifest.requests()
    for request in requests:
        asyncio.run(until_signalled(rehearse(request)))
    uploads = [batch for batch in manifest.batches if batch.settings_uri is not None]
    if as_json:
        files = [{"uri": batch.settings_uri, "runs": batch.runs, "size": batch.size} for batch in uploads]
        say_json({"requests": [request.members() for request in requests], "uploads": files}, indent=2)
        return
    first = _first_runs(manifest)
    found = [
        ("Name", manifest.batch_name),
        ("Runs", runs_of(manifest.runs, first)),
        ("Batches", f"{len(requests)}: {', '.join(request.request_id for request in requests)}"),
        *(("Upload", f"{batch.size:,} bytes to {batch.settings_uri}") for batch in uploads),
    ]
    output = console()
    shown = [(label, one_line(value)) for label, value in found if value]
    say_facts(output, [*shown, *shared_facts(manifest.default_run_setting)])
    print_runs(output, first)
    output.print(Text("Valid. No batch was started.", "bold"))


def start_manifest(
    manifest: Manifest, connection: ConnectionOptions, retried_for: Span | None, *, attempt: int, again: bool
) -> list[StartedBatch]:
    """Start the batches of a manifest, each once, and return them.

    Args:
        manifest: The manifest.
        connection: Where to.
        retried_for: How long each call is retried.
        attempt: Which attempt is started.
        again: Whether attempts that are there already are passed over, from `attempt` on.
    """
    timeout = None if retried_for is None else retried_for.seconds

    async def begin(client: OmicsBatchClient) -> list[StartedBatch]:
        nonlocal attempt
        await _check(client, manifest)
        failed = {batch.id async for batch in client.list_batch(status="FAILED")} if again else set[str]()
        while True:
            try:
                started = [each async for each in client.start_manifest(manifest, attempt=attempt, timeout=timeout)]
            except BatchFailedError as error:
                if error.batch_id not in failed:  # it failed now: another attempt would fail too, and cost money
                    raise
            else:
                if not again or not all(each.existed for each in started):
                    return started
            attempt += 1

    try:
        return connection.talk(begin)
    except (SignalledError, KeyboardInterrupt):
        complain("stopped: batches may have been started", _resume(attempt, again=again))
        raise
    except OmicsBatchError as error:
        if not may_succeed_later(error):
            raise
        complain(message_of(error), _resume(attempt, again=again))
        raise typer.Exit(exit_of(error)) from None


def _resume(attempt: int, *, again: bool) -> str:
    """Say how to go on: --again once more would start an attempt more."""
    how = f" with --attempt {attempt} in place of --again" if again else ""
    return f"Run the same command{how or ' again'}: what was started is found, and not started twice"


def print_batches(started: Sequence[StartedBatch], manifest: Manifest, next_step: str, *, as_json: bool) -> None:
    """Print what was started, and the command that waits for it."""
    if as_json:
        found = [
            {"id": each.id, "arn": each.batch.arn, "requestId": each.request.request_id, "existed": each.existed}
            for each in started
        ]
        say_json({"batches": found}, indent=2)
        return
    output = console()
    for each, batch in zip(started, manifest.batches, strict=True):
        state = f"already there, {each.batch.status}" if each.existed else "started"
        say_facts(output, [("Batch", f"{each.id}: {runs(batch.runs)}, {one_line(state)}")])
    say_facts(output, [("Next", next_step)])


async def _check(client: OmicsBatchClient, manifest: Manifest) -> None:
    """Check the parameters against the workflow's template, if that may be read."""
    try:
        await client.check_manifest(manifest)
    except AccessDeniedError as error:
        complain(f"the parameters are not checked against the workflow: {message_of(error)}")


def _first_runs(manifest: Manifest) -> list[dict[str, Any]]:
    few = manifest.select(runs=range(1, SHOWN + 1))
    settings: list[dict[str, Any]] = json.loads(b"".join(few.settings()))
    return settings
