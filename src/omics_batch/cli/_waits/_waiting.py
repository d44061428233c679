"""A wait from its first look to what is said at its end: for one batch, and for many."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from omics_batch.cli._stderr import complain
from omics_batch.cli._waits._follow import follow
from omics_batch.cli._waits._follow_many import follow_many
from omics_batch.cli._waits._resume import Resume, advice, limit

if TYPE_CHECKING:
    from omics_batch.cli._connection import Connection
    from omics_batch.cli._durations import Span
    from omics_batch.cli._exits import Exit
    from omics_batch.cli._views._of_one import View
    from omics_batch.cli._waits._follow_many import Wait, Way


def resume_of(command: str, connection: Connection, timeout: Span | None, *, json: bool) -> Resume:
    """Tell how a command that waits is typed once more."""
    flags = ["--json"] if json else []
    return Resume(command, [*limit(timeout), *flags, *connection.arguments()])


def wait_for_one(connection: Connection, batch: str, timeout: Span | None, view: View, resume: Resume) -> Exit:
    """Wait for a batch in front of a view."""
    ending = asyncio.run(follow(connection, batch, timeout, view, resume.of([batch])))
    view.end(ending)
    if not ending.is_verdict:
        complain(*ending.complaint, *advice(ending.resume))
    return ending.exit


def wait_for_many(connection: Connection, wait: Wait, way: Way, resume: Resume) -> Exit:
    """Wait for many batches in front of a view."""
    conclusion = asyncio.run(follow_many(connection, wait, way, resume))
    wait.view.conclude(conclusion)
    if conclusion.complaint is not None:
        complain(conclusion.complaint, *filter(None, [conclusion.next_step]), *advice(conclusion.resume))
    return conclusion.exit
