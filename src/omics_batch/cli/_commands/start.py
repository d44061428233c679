"""`omics-batch start`."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.text import Text

from omics_batch import InvalidInputError, OmicsBatchError
from omics_batch._words import one_line
from omics_batch.cli._connection import ConnectionOptions, connected
from omics_batch.cli._dry_run import facts, print_runs, read_settings, rehearse
from omics_batch.cli._exits import Exit, ProgramError, SetupError, exit_of, may_succeed_later, message_of
from omics_batch.cli._manifest_source import STDIN, SheetOptions, is_request, read_source, rows_of
from omics_batch.cli._options import Json, StartTimeout, text_up_to
from omics_batch.cli._output import console, say_facts, say_json, with_aws_names
from omics_batch.cli._signals import SignalledError, until_signalled
from omics_batch.cli._start_manifest import print_batches, rehearse_manifest, start_manifest
from omics_batch.cli._stderr import advise, complain
from omics_batch.cli._waits.resume_command import limit
from omics_batch.cli._waits.wait import wait_for
from omics_batch.cli._words import timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omics_batch import Batch, Manifest, OmicsBatchClient, StartedBatch, StartRunBatchRequest, StartRunBatchResponse
    from omics_batch.cli._durations import Span

_LOOK: Final = 5.0
"""Seconds for a GetBatch that checks whether the batch existed before."""

_WHOLE_SECONDS: Final = 1.0
"""Seconds by which the Date header, which has whole seconds, may differ from the service's other clocks."""

AGAIN: Final = "The same request again, which starts no second batch: "


@connected
def start(
    connection: ConnectionOptions,
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="A request or a manifest, in YAML or JSON; - reads it from stdin."),
    ] = None,
    *,
    sheet: Annotated[
        str | None, typer.Option(metavar="FILE", help="The sheet (.csv, .tsv, .jsonl), if not the manifest's own.")
    ] = None,
    rows: Annotated[
        range | None,
        typer.Option(metavar="N-M", parser=rows_of, help="Only these runs of the sheet, such as 1-10, or 7."),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Only the runs that a CSV file names, such as that of failed --csv."),
    ] = None,
    workflow_id: Annotated[str | None, typer.Option(metavar="ID", help="Without FILE: the workflow.")] = None,
    role_arn: Annotated[str | None, typer.Option(metavar="ARN", help="Without FILE: the role of the runs.")] = None,
    output_uri: Annotated[
        str | None, typer.Option(metavar="URI", help="Without FILE: the place in S3 for the output.")
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=TEMPLATE",
            help="Without FILE: a parameter, such as reads={fastq_1}; can be given several times.",
        ),
    ] = None,
    settings_uri: Annotated[
        str | None, typer.Option(metavar="URI", help="Without FILE: the place in S3 for the settings of over 100 runs.")
    ] = None,
    name: Annotated[str | None, typer.Option(metavar="TEXT", help="Without FILE: the name of the batch.")] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Start all runs of a manifest once more, in new batches.")
    ] = False,
    attempt: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Start this attempt of a manifest, which --again counts.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the end, as the command wait does.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check it, and start nothing.")] = False,
    request_id: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", parser=text_up_to(128), help="Send it under this id, and not under the file's requestId."
        ),
    ] = None,
    retried_for: StartTimeout = None,
    json: Json = False,
) -> Exit:
    """Start a batch from a request, or those of a manifest.

    A request has the members of StartRunBatch, in AWS's own names or in snake_case. A requestId starts one batch,
    however often it is sent. A file without a requestId starts a new batch each time.

    A manifest says how each row of a sheet becomes a run. The same manifest and sheet start each run once, however
    often this is repeated; --again starts all of them once more. Over 100 runs, their settings are put into S3
    first. Without FILE, give --sheet, --workflow-id and --role-arn: the first column of the sheet names the runs.

    Problems are reported line by line, with exit code 2, and nothing is sent. With --dry-run, a built-in simulator
    checks the requests: no credentials are needed, unless settings in S3 are to be read.
    """
    options = SheetOptions(
        sheet=sheet,
        rows=rows,
        only=only,
        workflow_id=workflow_id,
        role_arn=role_arn,
        output_uri=output_uri,
        settings_uri=settings_uri,
        name=name,
        parameters=param or [],
    )
    try:
        source = read_source(file, options)
    except InvalidInputError as error:
        complain(*str(error).splitlines())
        return Exit.USAGE
    if source.default_run_setting.cache_id is None and not json:
        advise("defaultRunSetting has no cacheId: a later rerun computes every task again")
    if not is_request(source):
        if request_id is not None:
            raise typer.BadParameter("--request-id is for a request: the ids of a manifest follow from its content.")
        if again and attempt is not None:
            raise typer.BadParameter("--again and --attempt are two ways to start it once more: give one.")
        if dry_run:
            rehearse_manifest(source, as_json=json)
            return Exit.OK
        _check_stdout()
        started_batches = start_manifest(
            source, connection, retried_for, attempt=attempt or (2 if again else 1), again=again
        )
        return _printed(started_batches, source, connection, wait=wait, json=json)
    if again or attempt is not None:
        raise typer.BadParameter("--again and --attempt are for a manifest: for a request, give another --request-id.")
    request = source if request_id is None else source.model_copy(update={"request_id": request_id})
    file = str(file)
    if dry_run:
        asyncio.run(until_signalled(rehearse(request)))
        stored = read_settings(request, connection)
        _print_request(request, stored, as_json=json)
        return Exit.OK
    _check_stdout()
    resend = connection.command("start", file, "--request-id", request.request_id, *limit(retried_for))
    started = sent(
        request, retried_for, connection, f"{AGAIN}{resend}{' (with the same on stdin)' if file == STDIN else ''}"
    )
    try:
        print_started(started, request, connection, as_json=json)
    except BaseException:  # a full disk, a reader who has left, Ctrl-C
        complain(f"batch {started.id} was started by the request {request.request_id}; its id could not be written")
        raise
    return wait_for([started.id], connection, None, is_new=True, json=json) if wait else Exit.OK


def _check_stdout() -> None:
    if sys.__stdout__ is None:  # which was closed before the program began
        raise ProgramError("stdout is closed, so the batch's id cannot be printed: nothing was sent", Exit.USAGE)


def _printed(
    started: list[StartedBatch], manifest: Manifest, connection: ConnectionOptions, *, wait: bool, json: bool
) -> Exit:
    """Print the batches of a manifest, and wait for them if that is wanted."""
    ids = [batch.id for batch in started]
    try:
        print_batches(started, manifest, connection.command("wait", *ids, "--new"), as_json=json)
    except BaseException:  # a full disk, a reader who has left, Ctrl-C
        complain(f"the batches {', '.join(ids)} were started; their ids could not be written")
        raise
    return wait_for(ids, connection, None, is_new=True, json=json) if wait else Exit.OK


def sent(
    request: StartRunBatchRequest, retried_for: Span | None, connection: ConnectionOptions, again: str
) -> StartRunBatchResponse:
    """Send a request; if it is unknown whether it arrived, print that, and the command that sends it again."""
    is_under_way = False
    has_own_id = "request_id" in request.model_fields_set

    async def send(client: OmicsBatchClient) -> StartRunBatchResponse:
        nonlocal is_under_way
        is_under_way = True
        began = time.monotonic()
        started = await client.start_run_batch(request, timeout=None if retried_for is None else retried_for.seconds)
        if has_own_id and (before := await _created_before(client, started, began)) is not None:
            created, seconds = before
            complain(
                f"batch {started.id} already existed: its requestId started it at {timestamp(created)}, "
                f"{timedelta(seconds=round(seconds))} before this command"
            )
        return started

    try:
        return connection.talk(send)
    except SetupError:
        asyncio.run(until_signalled(rehearse(request)))  # what is wrong with the request comes first
        raise
    except (SignalledError, KeyboardInterrupt):
        if is_under_way:
            complain("stopped: the batch may have been started", again)
        raise
    except OmicsBatchError as error:
        if not may_succeed_later(error):
            raise
        complain(message_of(error), again)
        raise typer.Exit(exit_of(error)) from None


async def _created_before(
    client: OmicsBatchClient, started: StartRunBatchResponse, began: float
) -> tuple[datetime, float] | None:
    """Return when a batch was created, and how many seconds before the request that was; None if the batch is new.

    The response of StartRunBatch does not show this. Only the service's clock is used: this machine's may be wrong.

    Args:
        client: The client.
        started: The batch.
        began: When the request was sent, on the monotonic clock.

    Returns:
        None if it is new, or if that cannot be found out.
    """
    try:
        async with asyncio.timeout(_LOOK):
            answer = await client.aws.get_batch(batchId=started.id)  # for its headers
        now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        created: datetime = answer["creationTime"]
    except Exception:  # noqa: BLE001 - the batch was started: no error here may hide that
        return None
    earlier = (now - created).total_seconds() - (time.monotonic() - began)
    return (created, earlier) if earlier > _WHOLE_SECONDS else None


def print_started(
    started: StartRunBatchResponse | Batch,
    request: StartRunBatchRequest,
    connection: ConnectionOptions,
    *,
    as_json: bool,
) -> None:
    if as_json:
        say_json({**with_aws_names(started), "requestId": request.request_id}, indent=2)
        return
    found = [
        ("Batch", started.id),
        ("ARN", started.arn),
        ("Status", started.status),
        ("Request", request.request_id),
    ]
    following = ("Next", connection.command("wait", started.id, "--new"))
    say_facts(console(), [*((label, one_line(value)) for label, value in found if value), following])


def _print_request(request: StartRunBatchRequest, stored: Sequence[Any] | None, *, as_json: bool) -> None:
    if as_json:
        say_json(request.members(), indent=2)
        return
    output = console()
    say_facts(output, facts(request, stored))
    print_runs(output, stored or [])
    output.print(Text("Valid. No batch was started.", "bold"))
