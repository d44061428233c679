"""Background tasks by name, with a callback at the end of each."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from omics_batch._errors import ClientClosedError
from omics_batch._loop import start

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

CANCELLED: Final = "a task that this wait needs was cancelled by somebody else; the batch goes on: wait for it again"


class BackgroundTasks:
    """Tasks by name, one at a time for each."""

    def __init__(self) -> None:
        """Begin without tasks."""
        self._tasks: dict[str, asyncio.Task[Any]] = {}

    def __contains__(self, name: str) -> bool:
        """Whether a task of this name is under way."""
        task = self._tasks.get(name)
        return task is not None and not task.done()

    def start(self, name: str, work: Coroutine[Any, Any, T], then: Callable[[asyncio.Task[T]], None]) -> None:
        """Start a task.

        Args:
            name: Its name; an earlier task of this name has ended, or was cancelled.
            work: The coroutine.
            then: Called when it has ended, but not after `cancel`.
        """
        task = self._tasks[name] = start(work, f"omics_batch {name}")
        task.add_done_callback(partial(self._ended, name, then))

    def cancel(self, *names: str) -> None:
        """Cancel the tasks of these names, if there are any."""
        for name in names:
            if name in self._tasks:
                self._tasks.pop(name).cancel()

    def cancel_all(self) -> list[asyncio.Task[Any]]:
        """Cancel all tasks, and return them: they still have to be awaited."""
        tasks = list(self._tasks.values())
        self.cancel(*self._tasks)
        return tasks

    def _ended(self, name: str, then: Callable[[asyncio.Task[T]], None], task: asyncio.Task[T]) -> None:
        error_of(task)  # asyncio logs an error that is never looked at
        if self._tasks.get(name) is task:
            del self._tasks[name]
            then(task)


def error_of(task: asyncio.Task[Any]) -> Exception | None:
    """Return the exception of a task; for a task that was cancelled from outside, a ClientClosedError."""
    if task.cancelled():
        return ClientClosedError(CANCELLED)
    error = task.exception()
    return error if isinstance(error, Exception) or error is None else ClientClosedError(CANCELLED)
