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
    from omics_batch import OmicsBatchClient, StartRunBatchRequest, StartRunBatchResponse
    from omics_batch.cli._durations import Span

_STDIN: Final = "-"
_LOOK: Final = 5.0
"""Seconds for a look at a batch that may have existed before."""

_WHOLE_SECONDS: Final = 1.0
"""Seconds that the service's Date, which has no fractions, and its other clocks may differ by."""

_AGAIN: Final = "The same request again, which starts no second batch: "


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

    The file has what StartRunBatch takes, in AWS's own names or in snake_case: what is wrong with it is reported
    line by line, with exit code 2, and nothing is sent. The service knows a request by its requestId: the same one
    starts one batch, however often it is sent. A file without one is a new batch each time.

    With --dry-run, a local HealthOmics in this process takes the request and is gone: no credentials are needed.
    """
    try:
        request = _read(file, request_id)
    except InvalidInputError as error:
        complain(*str(error).splitlines())
        return Exit.USAGE
    if dry_run:
        asyncio.run(until_signalled(rehearse(request)))
        _tell_what_would_be_sent(request, as_json=json)
        return Exit.OK
    if sys.__stdout__ is None:  # which was closed before the program began
        raise ProgramError("stdout is closed, where the batch's id would be told: nothing was sent", Exit.USAGE)
    again = connection.command("start", file, "--request-id", request.request_id, *limit(retried_for))
    started = _sent(
        request, retried_for, connection, f"{_AGAIN}{again}{' (with the same on stdin)' if file == _STDIN else ''}"
    )
    try:
        _tell(started, request, connection, as_json=json)
    except BaseException:  # a full disk, a reader who has left, Ctrl-C
        complain(f"batch {started.id} was started by the request {request.request_id}; its id could not be written")
        raise
    return Exit.OK


def _read(file: str, request_id: str | None) -> StartRunBatchRequest:
    from omics_batch import StartRunBatchRequest  # noqa: PLC0415 - help starts without pydantic

    request = StartRunBatchRequest.load(sys.stdin.buffer if file == _STDIN else file)
    return request if request_id is None else request.model_copy(update={"request_id": request_id})


def _sent(
    request: StartRunBatchRequest, retried_for: Span | None, connection: ConnectionOptions, again: str
) -> StartRunBatchResponse:
    """Send a request; where nobody knows whether it arrived, say so, and how to send it once more."""
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
    """Return when a batch was created, and how many seconds that was before the request was sent.

    StartRunBatch answers the same in both cases. By the service's clock alone the batch is too old to be new: this
    machine's may be wrong.

    Args:
        client: The client.
        started: The batch.
        began: When the request was sent, on the monotonic clock.

    Returns:
        None where it is new, or where that cannot be found out.
    """
    try:
        async with asyncio.timeout(_LOOK):
            answer = await client.aws.get_batch(batchId=started.id)  # for its headers
        now = parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])
        created: datetime = answer["creationTime"]
    except Exception:  # noqa: BLE001 - whatever it is: the batch was started, and that is what counts
        return None
    earlier = (now - created).total_seconds() - (time.monotonic() - began)
    return (created, earlier) if earlier > _WHOLE_SECONDS else None


def _may_succeed_later(error: OmicsBatchError) -> bool:
    """Whether the request may have arrived, or may be sent again as it is: all but a refusal of the first attempt."""
    return (
        error.attempts > 1 or isinstance(error, TransportError) or (isinstance(error, ServiceError) and error.retryable)
    )


def _tell(
    started: StartRunBatchResponse, request: StartRunBatchRequest, connection: ConnectionOptions, *, as_json: bool
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


def _tell_what_would_be_sent(request: StartRunBatchRequest, *, as_json: bool) -> None:
    if as_json:
        say_json(request.members(), indent=2)
        return
    output = console()
    say_facts(output, facts(request))
    output.print(Text("It can be sent; nothing was.", "bold"))
