"""`omics-batch get`."""

# ruff: noqa: TC001 - typer reads a command's options, and their types, off its parameters

from __future__ import annotations

from datetime import UTC, datetime

from rich.text import Text

from omics_batch.cli._connection import Connection, connected
from omics_batch.cli._exits import Exit
from omics_batch.cli._options import BatchId, Json
from omics_batch.cli._output import as_the_service_tells, console, say_json
from omics_batch.cli._words import facts


@connected
def get(batch: BatchId, connection: Connection, *, json: Json = False) -> Exit:
    """Show a batch as it stands now."""
    found = connection.talk(lambda client: client.get_batch(batch))
    if json:
        say_json(as_the_service_tells(found), indent=2)
        return Exit.OK
    output = console()
    for label, value in facts(found, datetime.now(UTC)):
        output.print(Text.assemble((f"{label:<10}", "bold"), value), soft_wrap=True)
    return Exit.OK
