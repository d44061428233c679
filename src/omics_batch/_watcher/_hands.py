"""The tasks that work for many waits at once: when one of them cannot go on, no wait may hang for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from omics_batch._errors import ClientClosedError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

CANCELLED: Final = "a task that this wait needs was cancelled by somebody else; the batch goes on: wait for it again"


class Hands:
    """Tasks by the names of their work, one at a time for each.

    Args:
        give_up: What is done with the error that kept one of them from its work.
    """

    def __init__(self, give_up: Callable[[Exception], None]) -> None:
        self._give_up = give_up
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __contains__(self, name: str) -> bool:
        """Whether somebody is at this work."""
        return name in self._tasks

    def employ(self, name: str, work: Callable[..., Coroutine[None, None, None]], *about: object) -> None:
        """Have a work done, unless somebody is at it already."""
        if name not in self._tasks:
            doing = self._see_through(name, work, *about)
            self._tasks[name] = asyncio.create_task(doing, name=f"omics_batch {name}")

    def dismiss(self, *names: str) -> None:
        """Let these works stop, which nobody needs any more."""
        for name in names:
            if name in self._tasks:
                self._tasks.pop(name).cancel()

    def dismiss_all(self) -> list[asyncio.Task[None]]:
        """Let all works stop; return the tasks, to be waited for."""
        tasks = list(self._tasks.values())
        self.dismiss(*self._tasks.copy())
        return tasks

    async def _see_through(self, name: str, work: Callable[..., Coroutine[None, None, None]], *about: object) -> None:
        error: Exception | None = ClientClosedError(CANCELLED)
        try:
            await work(*about)
            error = None
        except Exception as trouble:  # noqa: BLE001 - a caller's clock may raise anything
            error = trouble
        finally:
            if self._tasks.get(name) is asyncio.current_task():  # or it was dismissed
                del self._tasks[name]
                if error is not None:
                    self._give_up(error)
