"""`omics-batch wait`."""

# ruff: noqa: TC001 - typer reads a command's options, and their types, off its parameters

from __future__ import annotations

import asyncio

from omics_batch.cli import _program
from omics_batch.cli._connection import Connection, connected
from omics_batch.cli._exits import Exit
from omics_batch.cli._follow import follow
from omics_batch.cli._live import view_on
from omics_batch.cli._options import BatchId, Json, Timeout
from omics_batch.cli._output import console
from omics_batch.cli._stderr import complain, logged_to
from omics_batch.cli._views import JsonView


@connected
def wait(batch: BatchId, connection: Connection, *, timeout: Timeout = None, json: Json = False) -> Exit:
    """Wait until every run of a batch has ended.

    It ends with 0 if all runs succeeded (or their records were deleted, and no verdict is possible), 1 on an error, 2
    on wrong usage, 3 if runs failed, 4 if the batch itself failed, 5 if it was cancelled, 124 when the time is over,
    130 on Ctrl-C and 143 on SIGTERM. Stopping the wait never stops the batch.

    With --json, each change is one line, the batch as GetBatch tells it; the last line alone has exitCode, beside
    outcome, batchId, message, error, resume and batch.
    """
    limit = [] if timeout is None else ["--timeout", timeout.text]
    flags = ["--json"] if json else []
    resume = _program.command(["wait", batch, *limit, *flags, *connection.arguments()])
    view = JsonView() if json else view_on(console())
    with logged_to(complain, connection.level), view:
        ending = asyncio.run(follow(connection, batch, timeout, view, resume))
    view.end(ending)
    if not ending.is_verdict:
        complain(ending.message, *([] if ending.resume is None else [f"Resume with: {ending.resume}"]))
    return ending.exit
