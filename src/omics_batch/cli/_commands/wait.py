"""`omics-batch wait`."""

# ruff: noqa: TC001 - typer reads a command's options, and their types, off its parameters

from __future__ import annotations

from typing import Annotated

import typer

from omics_batch.cli._connection import ConnectionOptions, connected
from omics_batch.cli._exits import Exit
from omics_batch.cli._manifest_batches import with_batches_of_manifests
from omics_batch.cli._manifest_source import Selection, StartedOnly, StartedRows, StartedSheet
from omics_batch.cli._options import BatchIds, Json, Timeout
from omics_batch.cli._waits.wait import wait_for


@connected
def wait(
    batches: BatchIds,
    connection: ConnectionOptions,
    *,
    new: Annotated[
        bool, typer.Option("--new", help="It was just started: for a minute, the service may not know it yet.")
    ] = False,
    sheet: StartedSheet = None,
    rows: StartedRows = None,
    only: StartedOnly = None,
    timeout: Timeout = None,
    json: Json = False,
) -> Exit:
    """Wait until every run of one or more batches has ended.

    Exit codes: 0 if all runs succeeded (or records were deleted, so that it is unknown); 1 on error, or if the counts
    do not show how the runs ended; 2 on wrong usage; 3 if runs failed; 4 if the batch itself failed; 5 if it was
    cancelled; 124 when the time is over; 130 on Ctrl-C; 143 on SIGTERM. Stopping the wait never stops a batch: it
    prints the command to resume waiting.

    With several batches, each result is printed as it finishes, then a summary. The worst result decides the exit
    code: 1 is worst, then 124, 4, 5, 3 and 0.

    With --json, there is one line for each change, with the batch as GetBatch returns it. Only the last line has
    exitCode; it also has outcome, batchId, message, error, resume and batch. With several batches, or batches from
    stdin, one such line is printed per batch as it finishes. The last line then has exitCode, message, error and resume
    for all batches, and batches, outcomes, unsuccessful and left.
    """
    selection = Selection(sheet=sheet, rows=rows, only=only)
    batches = [*with_batches_of_manifests(batches, connection, selection, is_new=new)]
    return wait_for(batches, connection, timeout, is_new=new, json=json)
