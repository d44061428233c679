"""The `wait` command's work: for one batch, and for many."""

from __future__ import annotations

import asyncio
from time import monotonic
from typing import TYPE_CHECKING

from omics_batch import OmicsBatchError, Progress
from omics_batch.cli._output import console
from omics_batch.cli._signals import SignalledError, until_signalled
from omics_batch.cli._stderr import complain, logged_to
from omics_batch.cli._views.many_live import LiveLine
from omics_batch.cli._views.many_plain import JsonLines, PlainLines
from omics_batch.cli._views.one_live import is_live, view_on
from omics_batch.cli._views.one_plain import JsonView
from omics_batch.cli._waits import one_result
from omics_batch.cli._waits.batch_arguments import batches_of, is_one, just_started
from omics_batch.cli._waits.follow_many import WaitForMany, as_they_end, follow_many
from omics_batch.cli._waits.resume_command import Resume, advice, limit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omics_batch import Batch
    from omics_batch.cli._connection import ConnectionOptions
    from omics_batch.cli._durations import Span
    from omics_batch.cli._exits import Exit
    from omics_batch.cli._views.many_plain import ViewOfMany
    from omics_batch.cli._views.one_plain import View
    from omics_batch.cli._waits.follow_many import Way
    from omics_batch.cli._waits.one_result import OneResult


def wait_for(
    batches: Sequence[str], connection: ConnectionOptions, timeout: Span | None, *, is_new: bool, json: bool
) -> Exit:
    """Wait until one or more batches have ended, and show that: the work of the command `wait`.

    Args:
        batches: Their ids or ARNs; - is stdin.
        connection: Where they are.
        timeout: How long to wait; None is no limit.
        is_new: Whether they were just started, so that the service may not know them yet.
        json: Whether to write JSON lines.
    """
    resume = resume_of("wait", connection, timeout, json=json)
    named = batches_of(batches)
    with logged_to(complain, connection.level):
        if is_one(batches):
            view = JsonView() if json else view_on(console())
            return wait_for_one(connection, batches[0], timeout, view, resume, is_new=is_new)
        many = JsonLines() if json else _view_of_many(len(named))
        return wait_for_many(connection, WaitForMany(named, timeout, many, is_new=is_new), as_they_end, resume)


def _view_of_many(total: int) -> ViewOfMany:
    output = console()
    return LiveLine(output, total) if is_live(output) else PlainLines()


def resume_of(command: str, connection: ConnectionOptions, timeout: Span | None, *, json: bool) -> Resume:
    """Return the command to resume waiting, without the batches."""
    flags = ["--json"] if json else []
    return Resume(command, [*limit(timeout), *flags, *connection.arguments()])


def wait_for_one(
    connection: ConnectionOptions,
    batch: str,
    timeout: Span | None,
    view: View,
    resume: Resume,
    *,
    is_new: bool = False,
) -> Exit:
    """Wait for a batch, show it in a view, and return the exit code."""
    ending = asyncio.run(follow(connection, batch, timeout, view, resume.of([batch]), is_new=is_new))
    view.end(ending)
    if not ending.is_verdict:
        complain(*ending.complaint, *advice(ending.resume))
    return ending.exit


async def follow(
    connection: ConnectionOptions,
    batch_id: str,
    timeout: Span | None,
    view: View,
    resume: str,
    *,
    is_new: bool = False,
) -> OneResult:
    """Wait for a batch until it has ended, its time is over, or a signal comes.

    Args:
        connection: Where the batch is.
        batch_id: Its id or ARN.
        timeout: How long to wait; None is no limit.
        view: Where each change is shown.
        resume: The command to resume waiting.
        is_new: Whether it was just started, so that the service may not know it yet.
    """
    progress, began = Progress(), monotonic()

    def show(batch: Batch) -> None:
        progress.see(batch)
        view.show(batch)

    async def wait() -> Batch:
        async with connection.client(None if timeout is None else timeout.seconds) as client:
            limit = None if timeout is None else timeout.left_since(began)
            with view:  # only now: a source of credentials may prompt before
                batch = just_started(batch_id) if is_new else batch_id
                return await client.wait_until_processed(batch, timeout=limit, on_update=show)

    try:
        batch = await until_signalled(wait())
    except SignalledError as signalled:
        return one_result.signalled(signalled.exit, batch_id, progress, resume)
    except OmicsBatchError as error:
        return one_result.failed(error, batch_id, progress.batch, resume, connection)
    return one_result.processed(batch, connection)


def wait_for_many(connection: ConnectionOptions, wait: WaitForMany, way: Way, resume: Resume) -> Exit:
    """Wait for several batches, show them in a view, and return the exit code."""
    conclusion = asyncio.run(follow_many(connection, wait, way, resume))
    wait.view.conclude(conclusion)
    if conclusion.complaint is not None:
        complain(conclusion.complaint, *filter(None, [conclusion.next_step]), *advice(conclusion.resume))
    return conclusion.exit
