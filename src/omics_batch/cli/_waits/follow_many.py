"""Waiting for many batches."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeAlias

from omics_batch import InvalidInputError, OmicsBatchError
from omics_batch.cli._signals import SignalledError, until_signalled
from omics_batch.cli._waits import many_result, one_result
from omics_batch.cli._waits.batch_arguments import just_started
from omics_batch.cli._waits.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from omics_batch import OmicsBatchClient
    from omics_batch.cli._connection import ConnectionOptions
    from omics_batch.cli._durations import Span
    from omics_batch.cli._views.many_plain import ViewOfMany
    from omics_batch.cli._waits.many_result import ManyResult
    from omics_batch.cli._waits.one_result import OneResult
    from omics_batch.cli._waits.resume_command import Resume

_TICK: Final = 0.25
"""Seconds between two moments at which a picture may move."""


@dataclass(frozen=True, slots=True)
class WaitForMany:
    """The batches to wait for, and the view that shows them."""

    named: Mapping[str, str]
    """The batches by their ids, each as it is given to the client."""
    timeout: Span | None
    """How long to wait; None is no limit."""
    view: ViewOfMany
    is_new: bool = False
    """Whether they were just started, so that the service may not know them yet."""
    tally: Tally = field(init=False)
    began: float = field(init=False, default_factory=monotonic)

    def __post_init__(self) -> None:
        """Begin with all of them left."""
        object.__setattr__(self, "tally", Tally(self.named))

    @property
    def seconds(self) -> float | None:
        """The seconds that are left; None for no limit."""
        return None if self.timeout is None else self.timeout.left_since(self.began)

    def ended(self, ending: OneResult) -> None:
        """Count a result, and show it."""
        self.tally.add(ending)
        self.view.ended(ending)


Way: TypeAlias = "Callable[[OmicsBatchClient, WaitForMany], Awaitable[None]]"
"""A function that waits until each batch has ended, or its wait has failed."""


async def as_they_end(client: OmicsBatchClient, wait: WaitForMany) -> None:
    """Wait only for the results, which takes few calls even for many batches."""
    batches = [just_started(batch) if wait.is_new else batch for batch in wait.named.values()]
    async with aclosing(client.as_processed(batches, timeout=wait.seconds)) as endings:
        async for batch_id, outcome in endings:
            if isinstance(outcome, OmicsBatchError):
                wait.ended(one_result.failed(outcome, batch_id, outcome.batch))
            else:
                wait.ended(one_result.processed(outcome))


async def as_they_change(client: OmicsBatchClient, wait: WaitForMany) -> None:
    """Look at each batch repeatedly, and show each change."""

    async def watch(batch_id: str, batch: str) -> None:
        try:
            seen = await client.wait_until_processed(batch, timeout=wait.seconds, on_update=wait.view.show)
        except InvalidInputError:  # the whole command is wrong: end all waits
            raise
        except OmicsBatchError as error:
            wait.ended(one_result.failed(error, batch_id, error.batch))
        else:
            wait.ended(one_result.processed(seen))

    try:
        async with asyncio.TaskGroup() as group:
            for batch_id, batch in wait.named.items():
                group.create_task(watch(batch_id, batch))
    except ExceptionGroup as troubles:
        raise troubles.exceptions[0] from None


async def follow_many(connection: ConnectionOptions, wait: WaitForMany, way: Way, resume: Resume) -> ManyResult:
    """Wait for batches until all have ended, the time is over, or a signal comes.

    Args:
        connection: Where the batches are.
        wait: The batches and the view.
        way: How they are waited for.
        resume: The command to resume waiting.
    """

    async def work() -> None:
        async with connection.client(wait.seconds) as client:
            with wait.view:  # only now: a source of credentials may prompt before
                clock = asyncio.create_task(_tick(wait.view))
                try:
                    await way(client, wait)
                finally:
                    clock.cancel()

    def again() -> str | None:
        left = wait.tally.left
        return resume.of([wait.named[batch_id] for batch_id in left]) if left else None

    def reasons() -> str | None:
        batch = wait.tally.first_with_failed_runs
        return None if batch is None else one_result.reasons_of(batch, connection)

    try:
        await until_signalled(work())
    except SignalledError as signalled:
        return many_result.signalled(signalled.exit, wait.tally, again(), reasons())
    except OmicsBatchError as error:
        return many_result.failed(error, wait.tally)
    return many_result.came_to_its_end(wait.tally, again(), reasons())


async def _tick(view: ViewOfMany) -> None:
    while True:
        view.tick()
        await asyncio.sleep(_TICK)
