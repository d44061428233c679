"""`omics-batch wait`."""

# ruff: noqa: TC001 - typer reads a command's options, and their types, off its parameters

from __future__ import annotations

from typing import Annotated

import typer

from omics_batch.cli._connection import ConnectionOptions, connected
from omics_batch.cli._exits import Exit
from omics_batch.cli._options import BatchIds, Json, Timeout
from omics_batch.cli._output import console
from omics_batch.cli._stderr import complain, logged_to
from omics_batch.cli._views.many_live import LiveLine
from omics_batch.cli._views.many_plain import JsonLines, PlainLines, ViewOfMany
from omics_batch.cli._views.one_live import is_live, view_on
from omics_batch.cli._views.one_plain import JsonView
from omics_batch.cli._waits.batch_arguments import batches_of, is_one
from omics_batch.cli._waits.follow_many import WaitForMany, as_they_end
from omics_batch.cli._waits.wait import resume_of, wait_for_many, wait_for_one


@connected
def wait(
    batches: BatchIds,
    connection: ConnectionOptions,
    *,
    new: Annotated[
        bool, typer.Option("--new", help="It was just started: for a minute, it is no error that it is not known yet.")
    ] = False,
    timeout: Timeout = None,
    json: Json = False,
) -> Exit:
    """Wait until every run of a batch, or of many, has ended.

    It ends with 0 if all runs succeeded (or their records were deleted, and no verdict is possible), 1 on an error and
    where the counts do not show how the runs ended, 2 on wrong usage, 3 if runs failed, 4 if the batch itself failed, 5
    if it was cancelled, 124 when the time is over, 130 on Ctrl-C and 143 on SIGTERM. Stopping the wait never stops a
    batch, and the command that waits on is printed.

    Many are reported one by one as they end, and at last are summed up. The worst of them decides how it ends: 1 weighs
    most, then 124, 4, 5, 3 and 0.

    With --json, one batch is a line for each change, as GetBatch returns it, and a last line that alone has exitCode,
    beside outcome, batchId, message, error, resume and batch. Each of many, and of those that stdin names, is just such
    a last line as it ends; the very last one has exitCode, message, error and resume for all of them, and batches,
    outcomes, unsuccessful and left.
    """
    resume = resume_of("wait", connection, timeout, json=json)
    named = batches_of(batches)
    with logged_to(complain, connection.level):
        if is_one(batches):
            view = JsonView() if json else view_on(console())
            return wait_for_one(connection, batches[0], timeout, view, resume, is_new=new)
        many = JsonLines() if json else _view_of_many(len(named))
        return wait_for_many(connection, WaitForMany(named, timeout, many), as_they_end, resume)


def _view_of_many(total: int) -> ViewOfMany:
    output = console()
    return LiveLine(output, total) if is_live(output) else PlainLines()
