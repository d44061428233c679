"""`omics-batch cancel` and `omics-batch delete`."""

# ruff: noqa: TC001 - typer reads a command's options, and their types, off its parameters

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer
from rich.text import Text

from omics_batch.cli._connection import ConnectionOptions, connected
from omics_batch.cli._destructive.action import fulfil
from omics_batch.cli._destructive.cancel import CancelAction
from omics_batch.cli._destructive.confirm import check_answerable
from omics_batch.cli._destructive.delete import DeleteAction
from omics_batch.cli._exits import Exit
from omics_batch.cli._options import BatchId, Json, Timeout
from omics_batch.cli._output import console, say_json, say_prose
from omics_batch.cli._stderr import complain
from omics_batch.cli._waits.resume_command import advice, limit

if TYPE_CHECKING:
    from omics_batch.cli._durations import Span
    from omics_batch.cli._waits.one_result import OneResult

Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Go on without being asked.")]


@connected
def cancel(
    batch: BatchId,
    connection: ConnectionOptions,
    *,
    yes: Yes = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="Send the request, and do not wait.")] = False,
    timeout: Timeout = None,
    json: Json = False,
) -> Exit:
    """Cancel a batch, and wait until no run of it is under way.

    It shows the batch and asks first. Runs not yet submitted never start, those under way are stopped, and at the
    end it reports how many could not be stopped. Nothing is deleted.

    Exit codes: 0 once the batch is cancelled, by this command or another; 1 on error, if you answer no, or if the batch
    ended by itself; 2 on wrong usage, or without a terminal to ask on; 124 when the time is over; 130 on Ctrl-C; 143 on
    SIGTERM. Stopping the wait does not undo the cancel.
    """
    if not yes:
        check_answerable("cancel")
    given = {"--yes": yes, "--no-wait": no_wait, "--json": json}
    resume = _resume("cancel", batch, given, timeout, connection)
    intent = CancelAction(connection, waits=not no_wait)
    return _print(fulfil(intent, connection, batch, asks=not yes, timeout=timeout, resume=resume), as_json=json)


@connected
def delete(
    batch: BatchId,
    connection: ConnectionOptions,
    *,
    yes: Yes = False,
    runs_only: Annotated[bool, typer.Option("--runs-only", help="Keep the batch's record; do not wait.")] = False,
    record_only: Annotated[bool, typer.Option("--record-only", help="Delete the batch's record, but no run.")] = False,
    timeout: Timeout = None,
    json: Json = False,
) -> Exit:
    """Delete the records of a batch and its runs.

    It shows the batch, what is deleted and what is kept, and asks for the batch's id. The runs' records are deleted
    first, then the batch's record once none is left. Nothing in S3 is touched. Afterwards it is lost how the runs
    ended: save the list of failed runs first. Of a FAILED batch only the record is deleted, and runs that it had
    created may still run.

    Exit codes: 0 once all is deleted; 1 on error, on another answer, or if a run could not be deleted; 2 on wrong
    usage, or without a terminal to ask on; 124 when the time is over; 130 on Ctrl-C; 143 on SIGTERM. Stopping the wait
    does not undo the deletion.
    """
    if runs_only and record_only:
        raise typer.BadParameter("--runs-only and --record-only exclude each other; without them both are deleted.")
    if not yes:
        check_answerable("delete")
    given = {"--yes": yes, "--runs-only": runs_only, "--record-only": record_only, "--json": json}
    resume = _resume("delete", batch, given, timeout, connection)
    intent = DeleteAction(connection, runs=not record_only, record=not runs_only)
    return _print(fulfil(intent, connection, batch, asks=not yes, timeout=timeout, resume=resume), as_json=json)


def _resume(
    command: str, batch: str, given: dict[str, bool], timeout: Span | None, connection: ConnectionOptions
) -> str:
    flags = [flag for flag, is_set in given.items() if is_set]
    return connection.command(command, batch, *flags, *limit(timeout))


def _print(ending: OneResult, *, as_json: bool) -> Exit:
    if as_json:
        say_json(ending.document(), indent=2)
    elif ending.exit is Exit.OK:
        say_prose(console(), Text(ending.message))
    if ending.exit is not Exit.OK:
        complain(ending.message, *advice(ending.resume))
    return ending.exit
