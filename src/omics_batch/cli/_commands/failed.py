"""`omics-batch failed`."""

# ruff: noqa: TC001 - typer reads a command's options, and their types, off its parameters

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.text import Text

from omics_batch._words import KINDS, without_signature
from omics_batch.cli._connection import ConnectionOptions, connected
from omics_batch.cli._csv import STDOUT, csv_table
from omics_batch.cli._exits import Exit
from omics_batch.cli._failure_reasons import Reasons
from omics_batch.cli._list_output import write_all
from omics_batch.cli._list_progress import counting
from omics_batch.cli._options import BatchId, Json, Limit
from omics_batch.cli._output import console, say_json, say_prose, with_aws_names
from omics_batch.cli._stderr import complain
from omics_batch.cli._table import Column, Table

if TYPE_CHECKING:
    from omics_batch import FailedRun, OmicsBatchClient
    from omics_batch._files.tables import CsvWriter

_COLUMNS: Final = (
    Column("SAMPLE", is_key=True),
    Column("KIND"),
    Column("RUN"),
    Column("REASON", most=64),
    Column("MESSAGE", is_whole=True),
)

_NAMES: Final = ("runSettingId", "kind", "runId", "reason", "message")
"""The same columns in a file, as `--json` names them."""


@connected
def failed(
    batch: BatchId,
    connection: ConnectionOptions,
    *,
    no_reasons: Annotated[
        bool, typer.Option("--no-reasons", help="Do not get the reason of each run: faster if many failed.")
    ] = False,
    cancelled: Annotated[bool, typer.Option("--cancelled", help="List runs that were cancelled too.")] = False,
    limit: Limit = None,
    csv: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write them to a CSV file too, which is overwritten; - is stdout alone."),
    ] = None,
    json: Json = False,
) -> Exit:
    """List the samples that did not succeed, and why.

    It ends with a summary by reason. While the batch is under way, the list has the failed runs so far; this also
    applies to a FAILED batch, since runs that it had created may still run. The reason of each failed run takes a call,
    at ten calls a second: a thousand runs take two minutes. How deleted runs ended is lost.

    With --json, each run is one line, with the run itself as GetRun returns it.

    With --csv, the runs are also written to a UTF-8 file, in the same columns. A cell that a spreadsheet would take for
    a formula gets an apostrophe, and a message counts them. If the list ends with an error, the file stays as it was,
    and the runs so far are in a file beside it.
    """
    if csv == STDOUT and json:
        raise typer.BadParameter("--csv - and --json are two ways to write: give one.")
    output = console()
    is_printed = not json and csv != STDOUT

    async def walk(client: OmicsBatchClient, sheet: CsvWriter | None) -> Reasons:
        reasons = Reasons(await client.get_batch(batch), with_cancelled=cancelled)
        with counting(output, reasons.progress, is_printed=is_printed), Table(output, _COLUMNS) as table:

            def say(run: FailedRun) -> None:
                reasons.add(run)
                if json:
                    say_json(_document(run))
                elif is_printed:
                    table.add(run.run_setting_id, KINDS[run.kind.value], run.run_id, run.reason, run.message)
                if sheet is not None:
                    sheet.write(with_aws_names(run))

            await write_all(client.failed_runs(batch, reasons=not no_reasons, cancelled=cancelled), say, limit)
        return reasons

    with nullcontext() if csv is None else csv_table(csv, _NAMES) as sheet:
        reasons = connection.talk(lambda client: walk(client, sheet))
    if not reasons.listed:
        complain(reasons.absence())
    elif is_printed:
        say_prose(output, Text(reasons.words(is_whole=reasons.listed != limit), "bold"))
    return Exit.OK


def _document(run: FailedRun) -> dict[str, Any]:
    """Return a run as JSON, without the signature of a presigned URL: output may be kept."""
    document = with_aws_names(run)
    if document["run"] and document["run"].get("parametersUri"):
        document["run"]["parametersUri"] = without_signature(document["run"]["parametersUri"])
    return document
