"""The tasks that work for many waits at once: when one of them cannot go on, no wait may hang for it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from omics_batch._errors import ClientClosedError
from omics_batch._loop import start

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine

CANCELLED: Final = "a task that this wait needs was cancelled by somebody else; the batch goes on: wait for it again"


class BackgroundTasks:
    """Tasks by the names of their work, one at a time for each.

    Args:
        give_up: What is done with the error that kept one of them from its work.
    """

    def __init__(self, give_up: Callable[[Exception], None]) -> None:
        self._give_up = give_up
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __contains__(self, name: str) -> bool:
        """Whether somebody is at this work."""
        task = self._tasks.get(name)
        return task is not None and not task.done()

    def employ(self, name: str, work: Callable[[], Coroutine[None, None, None]]) -> None:
        """Have a work done, unless somebody is at it already."""
        if name not in self:
            task = self._tasks[name] = start(work(), f"omics_batch {name}")
            task.add_done_callback(partial(self._see_off, name))

    def dismiss(self, *names: str) -> list[asyncio.Task[None]]:
        """Let these works stop, which nobody needs any more; return the tasks, to be waited for."""
        tasks = [self._tasks.pop(name) for name in names if name in self._tasks]
        for task in tasks:
            task.cancel()
        return tasks

    def _see_off(self, name: str, task: asyncio.Task[None]) -> None:
        error = error_of(task)
        if self._tasks.get(name) is task:  # or it was dismissed
            del self._tasks[name]
            if error is not None:
                self._give_up(error)


def error_of(task: asyncio.Task[object]) -> Exception | None:
    """Return what kept a task from its end, which may be that somebody cancelled it, even before it began."""
    if task.cancelled():
        return ClientClosedError(CANCELLED)
    error = task.exception()
    return error if isinstance(error, Exception) or error is None else ClientClosedError(CANCELLED)
