"""A line of the library's log, worded for the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omics_batch import ActionAdvanced, LookFailed
from omics_batch._words import in_a_row
from omics_batch.cli._advice import in_commands

if TYPE_CHECKING:
    from omics_batch import Event


def line_of(event: Event) -> str:
    """Write an event; its advice names the options and commands of this program."""
    match event:
        case LookFailed(batch_id=batch_id, message=message, advice=advice, repeats=repeats):
            step = "" if advice is None else f" {in_commands(advice)}"
            return f"batch {batch_id}: a look failed, the wait goes on: {message}{step}{in_a_row(repeats)}"
        case ActionAdvanced(batch_id=batch_id, advice=advice):
            return f"batch {batch_id}: {in_commands(advice)}"
        case _:
            return str(event)
