"""The commands."""

# ruff: noqa: FBT002, PLR0917, TC001, TC003 - typer reads a command's options, and their types, off its parameters

from __future__ import annotations

import asyncio
import io
import logging
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer
from rich.text import Text

from omics_batch import OmicsBatchError, __version__
from omics_batch.cli import _live, _program
from omics_batch.cli._connection import Connection
from omics_batch.cli._exits import Exit, ProgramError, exit_of
from omics_batch.cli._follow import follow
from omics_batch.cli._options import AllowHttp, BatchId, EndpointUrl, Json, Profile, Region, Timeout, Verbose
from omics_batch.cli._signals import SignalledError, until_signalled
from omics_batch.cli._stderr import complain, logged_to
from omics_batch.cli._views import JsonView, PlainView, View, as_json
from omics_batch.cli._words import facts

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence

    from rich.console import Console

    from omics_batch import Batch

T = TypeVar("T")

# Both of typer's own click and the one it came from: all that is wrong with a command line is one of these.
_UsageError: Final = typer.BadParameter.__mro__[1]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)


def run(arguments: Sequence[str]) -> int:
    """Run the program and return its exit code; whatever goes wrong is told in a line or two.

    Args:
        arguments: What follows the program's name.
    """
    _let_every_text_out()
    try:
        code: int | None = typer.main.get_command(app).main(list(arguments), _program.NAME, standalone_mode=False)
    except SystemExit as end:  # the reader of a pipe has left: click and rich end quietly
        return int(end.code or 0)
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a trace helps neither a user nor a log
        return _told(error)
    return code or Exit.OK


def _told(error: Exception) -> Exit:
    """Say what has gone wrong, and give the exit code."""
    if isinstance(error, SignalledError):
        return error.exit
    if isinstance(error, _UsageError):
        usage: Any = error
        complain(usage.format_message(), f"Try '{usage.ctx.command_path if usage.ctx else _program.NAME} --help'.")
        return Exit.USAGE
    if isinstance(error, (OmicsBatchError, ProgramError)):
        complain(str(error))
        return exit_of(error)
    logging.getLogger("omics_batch").debug("unexpected", exc_info=error)
    complain(f"unexpected {type(error).__name__}: {error}. This is a defect: please report it.")
    return Exit.ERROR


def _let_every_text_out() -> None:
    # A batch's name may hold what the terminal's encoding lacks; that is no reason to end.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        typer.echo(f"{_program.NAME} {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True, epilog="Example: omics-batch wait 7123456 --timeout 24h")
def overview(
    context: typer.Context,
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")] = False,
) -> Exit:
    """Follow AWS HealthOmics run batches: get one, wait for it, see how its runs fared."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        return Exit.USAGE
    return Exit.OK


@app.command(epilog="Example: omics-batch get 7123456")
def get(
    batch: BatchId,
    json: Json = False,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    allow_http: AllowHttp = False,
    verbose: Verbose = False,
) -> Exit:
    """Show a batch as it stands now."""
    connection = Connection(region=region, profile=profile, endpoint_url=endpoint_url, allow_http=allow_http)

    async def read() -> Batch:
        async with connection.client() as client:
            return await client.get_batch(batch)

    with logged_to(complain, _level(verbose=verbose)):
        found = _run(read())
    if json:
        typer.echo(as_json(found.model_dump(mode="json", by_alias=True), indent=2))
        return Exit.OK
    output = _live.console()
    for label, value in facts(found, datetime.now(UTC)):
        output.print(Text.assemble((f"{label:<10}", "bold"), value), soft_wrap=True)
    return Exit.OK


@app.command(epilog="Example: omics-batch wait 7123456 --timeout 24h && echo all runs succeeded")
def wait(
    batch: BatchId,
    timeout: Timeout = None,
    json: Json = False,
    region: Region = None,
    profile: Profile = None,
    endpoint_url: EndpointUrl = None,
    allow_http: AllowHttp = False,
    verbose: Verbose = False,
) -> Exit:
    """Wait until every run of a batch has ended.

    It ends with 0 if all runs succeeded (or their records were deleted, and no verdict is possible), 1 on an error, 2
    on wrong usage, 3 if runs failed, 4 if the batch itself failed, 5 if it was cancelled, 124 when the time is over,
    130 on Ctrl-C and 143 on SIGTERM. Stopping the wait never stops the batch.

    With --json, each change is one line, the batch as GetBatch tells it; the last line alone has exitCode, beside
    outcome, batchId, message, error, resume and batch.
    """
    connection = Connection(region=region, profile=profile, endpoint_url=endpoint_url, allow_http=allow_http)
    flags = [flag for flag, is_set in (("--json", json), ("--verbose", verbose)) if is_set]
    limit = [] if timeout is None else ["--timeout", timeout.text]
    resume = _program.command(["wait", batch, *limit, *connection.arguments(), *flags])
    view = JsonView() if json else _view(_live.console())
    with logged_to(complain, _level(verbose=verbose)), view:
        ending = asyncio.run(follow(connection, batch, timeout, view, resume))
    view.end(ending)
    if not ending.is_verdict:
        complain(ending.message, *([] if ending.resume is None else [f"Resume with: {ending.resume}"]))
    return ending.exit


@app.command(epilog="Example: omics-batch simulate --runs 96 --time-scale 10")
def simulate(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 8080,
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but a loopback address lets others in.")
    ] = "127.0.0.1",
    scenario: Annotated[
        Path | None, typer.Option(help="Play a scenario: a file of YAML, or of JSON if it is named .json.")
    ] = None,
    time_scale: Annotated[
        float | None, typer.Option(help="Simulated seconds in a real one.  [default: the scenario's, or 1]")
    ] = None,
    runs: Annotated[int | None, typer.Option(min=1, max=100_000, help="Place a batch of so many runs at once.")] = None,
    failed_runs: Annotated[int | None, typer.Option(min=0, help="How many runs of each batch fail.")] = None,
    region: Annotated[
        str | None, typer.Option(help="Region that it stands for.  [default: the scenario's, or us-west-2]")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Say how to talk to it as one line of JSON.")] = False,
    scenario_schema: Annotated[
        bool, typer.Option("--scenario-schema", help="Print the JSON schema of a scenario's file, and end.")
    ] = False,
) -> None:
    """Serve a local HealthOmics until Ctrl-C, to try and test against.

    It prints the environment variables that point boto3, the AWS command line or another SDK at it.
    """
    from omics_batch.cli._simulate import serve  # noqa: PLC0415 - no other command needs a server
    from omics_batch.testing import Life, PlacedBatch, Scenario, ScenarioError, Simulator  # noqa: PLC0415 - the same

    if scenario_schema:
        typer.echo(as_json(Scenario.schema(), indent=2))
        return
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
            raise typer.Exit(Exit.USAGE) from None
    wanted = {"time_scale": time_scale, "region_name": region, "host": host, "port": port}
    given: dict[str, Any] = {name: value for name, value in wanted.items() if value is not None}
    try:
        simulator = Simulator(**{**played.settings, **given})
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    _run(serve(simulator, played, host=host, port=port, as_json=json))


@app.command(epilog="Example: omics-batch demo")
def demo(
    speed: Annotated[float, typer.Option(help="How many times as fast.", min=0.1, max=100, show_default=False)] = 1.0,
) -> Exit:
    """Watch 96 runs on a local HealthOmics, in about 15 seconds.

    It needs no AWS account, no credentials and no configuration. It ends with 0 if all went as scripted.
    """
    from omics_batch.cli import _demo  # noqa: PLC0415 - no other command needs it
    from omics_batch.cli._cohort import SAMPLES  # noqa: PLC0415 - the same
    from omics_batch.cli._findings import deviations  # noqa: PLC0415 - the same
    from omics_batch.cli._summary import summary  # noqa: PLC0415 - the same

    output = _live.console()
    view = _view(output)
    output.print(Text(f"{len(SAMPLES)} samples on a HealthOmics of this machine, a process of its own.\n", "bold"))

    def tell(text: str) -> None:
        if text.startswith(_demo.OPERATION):
            view.note(text.removeprefix(_demo.OPERATION))

    with logged_to(tell, logging.INFO):
        findings = _run(_demo.perform(view, speed))
    differences = deviations(findings)
    output.print(summary(findings, differences))
    return Exit.ERROR if differences else Exit.OK


@app.command(hidden=True)
def demo_service(speed: float) -> None:
    """Serve the demo's cohort until stdin ends."""
    from omics_batch.cli._stage import play  # noqa: PLC0415 - no other command needs it

    _run(play(speed))


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(until_signalled(work))


def _view(output: Console) -> View:
    return _live.LiveView(output) if _live.is_live(output) else PlainView()


def _level(*, verbose: bool) -> int:
    return logging.DEBUG if verbose else logging.WARNING
