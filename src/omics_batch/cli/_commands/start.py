"""`omics-batch start`."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.text import Text

from omics_batch import InvalidInputError, OmicsBatchError, ServiceError, TransportError
from omics_batch._words import one_line
from omics_batch.cli._connection import ConnectionOptions, connected
from omics_batch.cli._dry_run import facts, rehearse
from omics_batch.cli._exits import Exit, ProgramError, SetupError, exit_of, message_of
from omics_batch.cli._options import Json, StartTimeout, text_up_to
from omics_batch.cli._output import as_the_service_tells, console, say_facts, say_json
from omics_batch.cli._signals import SignalledError, until_signalled
from omics_batch.cli._stderr import complain
from omics_batch.cli._waits.resume_command import limit
from omics_batch.cli._words import timestamp

if TYPE_CHECKING:
    from omics_batch import Batch, OmicsBatchClient, StartRunBatchRequest, StartRunBatchResponse
    from omics_batch.cli._durations import Span

_STDIN: Final = "-"
_LOOK: Final = 5.0
"""Seconds for a GetBatch that checks whether the batch existed before."""

_WHOLE_SECONDS: Final = 1.0
"""Seconds by which the Date header, which has whole seconds, may differ from the service's other clocks."""

AGAIN: Final = "The same request again, which starts no second batch: "


@connected
def start(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The request, in YAML or JSON; - reads it from stdin.")],
    connection: ConnectionOptions,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check it, and send nothing to AWS.")] = False,
    request_id: Annotated[
        str | None,
        typer.Option(
            metavar="TEXT", parser=text_up_to(128), help="Send it under this id, and not under the file's requestId."
        ),
    ] = None,
    retried_for: StartTimeout = None,
    json: Json = False,
) -> Exit:
    """Start a batch from a request in a file, and print its id.

    The file has the members of StartRunBatch, in AWS's own names or in snake_case. Problems in it are reported line by
    line, with exit code 2, and nothing is sent. A requestId starts one batch, however often it is sent. A file without
    a requestId starts a new batch each time.

    With --dry-run, a built-in simulator checks the request: no credentials are needed.
    """
    try:
        request = _read(file, request_id)
    except InvalidInputError as error:
        complain(*str(error).splitlines())
        return Exit.USAGE
    if dry_run:
        asyncio.run(until_signalled(rehearse(request)))
        _print_request(request, as_json=json)
        return Exit.OK
    if sys.__stdout__ is None:  # which was closed before the program began
        raise ProgramError("stdout is closed, so the batch's id cannot be printed: nothing was sent", Exit.USAGE)
    again = connection.command("start", file, "--request-id", request.request_id, *limit(retried_for))
    started = sent(
        request, retried_for, connection, f"{AGAIN}{again}{' (with the same on stdin)' if file == _STDIN else ''}"
    )
    try:
        print_started(started, request, connection, as_json=json)
    except BaseException:  # a full disk, a reader who has left, Ctrl-C
        complain(f"batch {started.id} was started by the request {request.request_id}; its id could not be written")
        raise
    return Exit.OK


def _read(file: str, request_id: str | None) -> StartRunBatchRequest:
    from omics_batch import StartRunBatchRequest  # noqa: PLC0415 - help starts without pydantic

    request = StartRunBatchRequest.load(sys.stdin.buffer if file == _STDIN else file)
    return request if request_id is None else request.model_copy(update={"request_id": request_id})


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
        if not _may_succeed_later(error):
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


def _may_succeed_later(error: OmicsBatchError) -> bool:
    """Whether the request may have arrived, or may succeed if sent again: not for a refusal of the first attempt."""
    return (
        error.attempts > 1 or isinstance(error, TransportError) or (isinstance(error, ServiceError) and error.retryable)
    )


def print_started(
    started: StartRunBatchResponse | Batch,
    request: StartRunBatchRequest,
    connection: ConnectionOptions,
    *,
    as_json: bool,
) -> None:
    if as_json:
        say_json({**as_the_service_tells(started), "requestId": request.request_id}, indent=2)
        return
    found = [
        ("Batch", started.id),
        ("ARN", started.arn),
        ("Status", started.status),
        ("Request", request.request_id),
    ]
    following = ("Next", connection.command("wait", started.id, "--new"))
    say_facts(console(), [*((label, one_line(value)) for label, value in found if value), following])


def _print_request(request: StartRunBatchRequest, *, as_json: bool) -> None:
    if as_json:
        say_json(request.members(), indent=2)
        return
    output = console()
    say_facts(output, facts(request))
    output.print(Text("Valid. Nothing was sent.", "bold"))
