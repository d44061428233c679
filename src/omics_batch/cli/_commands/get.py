"""`omics-batch get`."""

# ruff: noqa: TC001 - typer reads a command's options, and their types, off its parameters

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Final

from rich.constrain import Constrain

from omics_batch.cli._connection import ConnectionOptions, connected
from omics_batch.cli._exits import Exit
from omics_batch.cli._options import BatchId, Json
from omics_batch.cli._output import console, say_facts, say_json, with_aws_names
from omics_batch.cli._views.bar import Bar, counts_of
from omics_batch.cli._words import facts

_WIDEST: Final = 100


@connected
def get(batch: BatchId, connection: ConnectionOptions, *, json: Json = False) -> Exit:
    """Show the present state of a batch.

    It shows the progress of the submission and of the runs. The counts lag behind the runs until the batch is
    PROCESSED.
    """
    found = connection.talk(lambda client: client.get_batch(batch))
    if json:
        say_json(with_aws_names(found), indent=2)
        return Exit.OK
    output = console()
    say_facts(output, facts(found, datetime.now(UTC)))
    if (counts := counts_of(found)) and sys.stdout.isatty():
        output.print(Constrain(Bar(counts, found.percent_complete), _WIDEST))
    return Exit.OK
