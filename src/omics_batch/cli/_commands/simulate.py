"""`omics-batch simulate`."""

# ruff: noqa: TC003 - typer reads a command's options, and their types, off its parameters

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from omics_batch.cli._exits import Exit
from omics_batch.cli._output import say_json
from omics_batch.cli._signals import until_signalled
from omics_batch.cli._stderr import complain


def simulate(
    *,
    port: Annotated[
        int, typer.Option(metavar="PORT", min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8080,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Address to listen on; any but a loopback address lets others in.")
    ] = "127.0.0.1",
    advertise: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Print this URL, at which others reach it, such as http://omics:8080."),
    ] = None,
    scenario: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Play a scenario: a file of YAML or JSON.")
    ] = None,
    time_scale: Annotated[
        float | None,
        typer.Option(metavar="FACTOR", help="Simulated seconds in a real one.  [default: the scenario's, or 1]"),
    ] = None,
    runs: Annotated[
        int | None, typer.Option(metavar="N", min=1, max=100_000, help="Start with one batch of N runs.")
    ] = None,
    failed_runs: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="How many runs of each batch fail.")
    ] = None,
    region: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Region that it stands for.  [default: the scenario's, or us-west-2]"),
    ] = None,
    s3: Annotated[
        str | None,
        typer.Option(
            "--s3",
            metavar="PLACE",
            help="Serve S3 from this folder, s3://bucket/key from bucket/key; or read from a local S3 at this URL.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print connection details as one line of JSON.")] = False,
    scenario_schema: Annotated[
        bool, typer.Option("--scenario-schema", help="Print the JSON schema of a scenario's file, and end.")
    ] = False,
) -> Exit:
    """Run a local HealthOmics until Ctrl-C, for trials and tests.

    It prints the environment variables that point boto3, the AWS command line or another SDK at it.
    """
    from omics_batch.cli._simulate import serve  # noqa: PLC0415 - no other command needs a server
    from omics_batch.testing import Life, PlacedBatch, Scenario, ScenarioError, Simulator  # noqa: PLC0415 - no other command needs a server

    if scenario_schema:
        say_json(Scenario.schema(), indent=2)
        return Exit.OK
    if scenario is None:
        batches = [] if runs is None else [PlacedBatch(runs=runs, name="simulated-cohort")]
        played = Scenario(batches=batches, life=Life(failed_runs=failed_runs or 0))
    elif runs is not None or failed_runs is not None:
        raise typer.BadParameter("a scenario says itself which batches there are: leave --runs and --failed-runs away")
    else:
        try:
            played = Scenario.load(scenario)
        except ScenarioError as error:
            complain(*str(error).splitlines())
            return Exit.USAGE
    wanted = {
        "time_scale": time_scale,
        "region_name": region,
        "host": host,
        "port": port,
        "advertise": advertise,
        "s3": s3,
    }
    given: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    try:
        simulator = Simulator(**{**played.settings, **given})
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    return asyncio.run(until_signalled(serve(simulator, played, host=host, port=port, as_json=json)))
