"""`omics-batch watch`."""

# ruff: noqa: TC001 - typer reads a command's options, and their types, off its parameters

from __future__ import annotations

import sys
from contextlib import nullcontext
from dataclasses import replace

from omics_batch.cli._connection import ConnectionOptions, connected
from omics_batch.cli._exits import Exit
from omics_batch.cli._manifest_batches import with_batches_of_manifests
from omics_batch.cli._manifest_source import Selection, StartedOnly, StartedRows, StartedSheet
from omics_batch.cli._options import BatchIds, Json, Timeout
from omics_batch.cli._output import console
from omics_batch.cli._stderr import complain, logged_to
from omics_batch.cli._views.many_live import LiveTable
from omics_batch.cli._views.many_plain import JsonLines, PlainLines
from omics_batch.cli._views.one_live import LiveView, is_live
from omics_batch.cli._views.one_plain import JsonView, PlainView
from omics_batch.cli._waits.batch_arguments import batches_of, is_one
from omics_batch.cli._waits.follow_many import WaitForMany, as_they_change
from omics_batch.cli._waits.wait import resume_of, wait_for_many, wait_for_one


@connected
def watch(
    batches: BatchIds,
    connection: ConnectionOptions,
    *,
    sheet: StartedSheet = None,
    rows: StartedRows = None,
    only: StartedOnly = None,
    timeout: Timeout = None,
    json: Json = False,
) -> Exit:
    """Watch a batch, or a table of several, until every run has ended.

    The table shows the progress of the submission (SUBMITTED) and of the runs (FINISHED), how many runs end in an hour,
    and the time left at this rate, if it is known. A ~ marks a percentage that may be behind the runs. If there are
    more batches than lines, those with failed runs come first, then others under way, then those that ended badly. A
    line at the end counts errors that were retried.

    It has the same exit codes as wait, and prints the command to resume watching.

    Without a terminal, each change is a line. With --json, it is a line with the batch as GetBatch returns it; the last
    lines are those of wait.
    """
    from omics_batch.cli._views.retried_errors import Notices  # noqa: PLC0415 - no other command needs the events

    resume = resume_of("watch", connection, timeout, json=json)
    batches = [*with_batches_of_manifests(batches, connection, Selection(sheet=sheet, rows=rows, only=only))]
    named = batches_of(batches)
    output = console()
    notices = Notices()
    # A log on the same terminal would write across the picture.
    is_moving = not json and is_live(output) and not (connection.verbose and sys.stderr.isatty())
    connection = replace(connection, on_event=notices)
    with nullcontext() if is_moving and sys.stderr.isatty() else logged_to(complain, connection.level):
        if is_one(batches):
            view = JsonView() if json else LiveView(output, notices.words) if is_moving else PlainView()
            return wait_for_one(connection, batches[0], timeout, view, resume)
        many = JsonLines() if json else LiveTable(output, named, notices.words) if is_moving else PlainLines()
        return wait_for_many(connection, WaitForMany(named, timeout, many), as_they_change, resume)
