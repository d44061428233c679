"""`omics-batch results`."""

# ruff: noqa: TC001 - typer reads a command's options, and their types, off its parameters

from __future__ import annotations

from collections import Counter
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.text import Text

from omics_batch import RunStatus, SubmissionStatus
from omics_batch._words import KINDS, lowered, span
from omics_batch.cli._connection import ConnectionOptions, connected
from omics_batch.cli._csv import STDOUT, csv_table
from omics_batch.cli._exits import Exit
from omics_batch.cli._list_output import write_all
from omics_batch.cli._list_progress import counting
from omics_batch.cli._manifest_batches import with_batches_of_manifests
from omics_batch.cli._manifest_source import Selection, StartedOnly, StartedRows, StartedSheet
from omics_batch.cli._options import BatchIds, Json, Limit
from omics_batch.cli._output import console, say_json, say_prose, with_aws_names
from omics_batch.cli._stderr import advise, complain
from omics_batch.cli._table import Column, Table
from omics_batch.cli._waits.batch_arguments import batches_of
from omics_batch.cli._words import runs, timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from omics_batch import OmicsBatchClient, RunResult
    from omics_batch._files.tables import CsvWriter

_COLUMNS: Final = (
    Column("SAMPLE", most=20, is_key=True),
    Column("STATUS"),
    Column("RUN"),
    Column("STARTED"),
    Column("TOOK"),
    Column("REASON", most=64),
    Column("MESSAGE", is_whole=True),
)

_NAMES: Final = (
    *("runSettingId", "runId", "status", "started", "stopped", "durationSeconds", "outputUri", "reason", "message"),
    *("submissionStatus", "runUuid", "batchId"),
)
"""The columns in a file, as `--json` names them; a spreadsheet can add up seconds."""


@connected
def results(
    batches: BatchIds,
    connection: ConnectionOptions,
    *,
    details: Annotated[
        bool, typer.Option("--details", help="Ask for each run's output URI too, and why it failed: one call a run.")
    ] = False,
    sheet: StartedSheet = None,
    rows: StartedRows = None,
    only: StartedOnly = None,
    limit: Limit = None,
    csv: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write them to a CSV file too, which is overwritten; - is stdout alone."),
    ] = None,
    json: Json = False,
) -> Exit:
    """List how every run of a batch went, by your name of it.

    Ends with a summary by status. With several batches, such as a batch and its rerun, one list has the runs of all. A
    manifest stands for its batches, those of its last attempt.
    While a batch is under way these are the runs that were submitted so far. With --details, each run takes a call, at
    ten a second: a thousand take two minutes.

    With --json, each run is one line.

    With --csv, they are in a file for spreadsheets too, in UTF-8. A cell that a spreadsheet would take for a formula
    gets an apostrophe before it; how many cells is printed. If the list breaks off, the file stays as it was, and the
    runs so far are in one beside it.
    """
    if csv == STDOUT and json:
        raise typer.BadParameter("--csv - and --json are two ways to write: give one.")
    named = batches_of(with_batches_of_manifests(batches, connection, Selection(sheet=sheet, rows=rows, only=only)))
    with nullcontext() if csv is None else csv_table(csv, _NAMES) as table:
        listed = _Listed(table, as_json=json, is_printed=not json and csv != STDOUT)
        connection.talk(lambda client: listed.walk(client, named.values(), details=details, limit=limit))
    if not listed.sums:
        complain("no run is listed")
    elif listed.is_printed:
        say_prose(console(), Text(_summary(listed.sums, is_whole=listed.sums.total() != limit), "bold"))
        if not details and listed.sums[lowered(RunStatus.FAILED)]:
            advise("the reasons of failed runs are not shown: add --details for them, at one call a run")
    return Exit.OK


class _Listed:
    """Writes results as they come, and counts them."""

    def __init__(self, sheet: CsvWriter | None, *, as_json: bool, is_printed: bool) -> None:
        self._sheet = sheet
        self._as_json = as_json
        self.is_printed = is_printed
        self.sums: Counter[str] = Counter()

    async def walk(self, client: OmicsBatchClient, batches: Iterable[str], *, details: bool, limit: int | None) -> None:
        """Write the results of batches, one batch after the other."""
        found = [await client.get_batch(batch) for batch in batches]
        total = sum(batch.total_runs or 0 for batch in found)
        output = console()
        progress = "{} of {} runs ...".format  # as `counting` asks for it
        with (
            counting(output, lambda: progress(self.sums.total(), total), is_printed=self.is_printed),
            Table(output, _COLUMNS) as table,
        ):
            for batch in found:
                left = None if limit is None else limit - self.sums.total()
                if left != 0:
                    await write_all(client.results(batch, details=details), partial(self._say, table), left)

    def _say(self, table: Table, result: RunResult) -> None:
        self.sums[_status(result)] += 1
        if self._as_json:
            say_json(with_aws_names(result))
        elif self.is_printed:
            table.add(*_row(result))
        if self._sheet is not None:
            self._sheet.write({**with_aws_names(result), "durationSeconds": result.duration})


def _summary(sums: Counter[str], *, is_whole: bool) -> str:
    counts = ", ".join(f"{number:,} {status}" for status, number in sums.most_common())
    return f"{'' if is_whole else 'The first '}{runs(sums.total())}: {counts}"


def _status(result: RunResult) -> str:
    if result.submission_status == SubmissionStatus.FAILED:
        return KINDS["SUBMISSION"]
    return lowered(result.status) if result.status else "not listed"


def _row(result: RunResult) -> list[str | None]:
    started = None if result.started is None else timestamp(result.started)
    took = None if result.duration is None else span(result.duration)
    return [result.run_setting_id, _status(result), result.run_id, started, took, result.reason, result.message]
