"""The event loop that a client belongs to: its tasks, and the check that it is the running loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, Final, TypeVar

from omics_batch._errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

_CLIENT: Final = "the client belongs to another event loop: make one client for each loop"
_ITERATOR: Final = "the iterator belongs to another event loop: advance and close it there"
_NONE: Final = "no asyncio event loop is running here: await this on the loop where it was opened"


class OwnLoop:
    """The loop that something was opened on.

    Futures and sockets work only there. On another loop a wait would hang, or two loops would read from one socket.
    """

    def __init__(self) -> None:
        """Take the running loop.

        Raises:
            InvalidInputError: None is running.
        """
        loop = running_loop()
        if loop is None:
            raise InvalidInputError(
                "no asyncio event loop is running here: use `async with` inside of one, or "
                "omics_batch.blocking.BlockingClient without"
            )
        self._loop = loop

    def check(self, problem: str = _CLIENT) -> None:
        """Make sure that this loop is the running one, before something is awaited.

        Args:
            problem: The message where another loop is running.

        Raises:
            InvalidInputError: Another loop is running, or none.
        """
        running = running_loop()
        if running is not self._loop:
            raise InvalidInputError(_NONE if running is None else problem)

    def check_caller(self) -> None:
        """Make sure that no other loop is running. Methods that await nothing may also be called outside of any loop.

        Raises:
            InvalidInputError: Another loop is running.
        """
        if running_loop() is not None:
            self.check()

    def run_soon(self, work: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Run something as a task of this loop, from any thread; do nothing once the loop is closed."""
        if not self._loop.is_closed():
            asyncio.run_coroutine_threadsafe(work(), self._loop)

    def may_close(self, problem: str) -> bool:
        """Whether this loop is still open: if it was closed before, its tasks ended with it.

        Args:
            problem: The message where another loop is running.

        Raises:
            InvalidInputError: Another loop is running, or none, and this one is not closed.
        """
        if self._loop.is_closed():
            return False
        self.check(problem)
        return True


class LoopIterator(AsyncGenerator[T, None]):
    """An iteration of a client: each step checks that it runs on the client's loop.

    A step is checked when it is awaited, not when it is made, so that
    `asyncio.run_coroutine_threadsafe(anext(iterator), loop)` works from any thread.

    Args:
        walk: What yields the items.
        loop: The client's loop; None takes steps on any.
    """

    def __init__(self, walk: AsyncGenerator[T], loop: OwnLoop | None = None) -> None:
        self._walk = walk
        self._loop = loop

    def __anext__(self) -> Coroutine[Any, Any, T]:
        return self.asend(None)

    async def asend(self, value: None, /) -> T:
        """Return the next item, as `anext` does."""
        self._begin()
        return await self._walk.asend(value)

    async def athrow(self, *error: Any) -> T:  # noqa: ANN401 - in either form that generators take
        """Raise an error where the iteration stands."""
        self._begin()
        return await self._walk.athrow(*error)

    async def aclose(self) -> None:
        """End the iteration, and close its generator; if the loop is closed, there is nothing to close."""
        if self._loop is None or self._loop.may_close(_ITERATOR):
            self._begin()
            await self._walk.aclose()

    def _begin(self) -> None:
        """Take a step."""
        if self._loop is not None:
            self._loop.check(_ITERATOR)


def start(work: Coroutine[Any, Any, T], name: str | None = None) -> asyncio.Task[T]:
    """Start a task that takes its first step only after its creator has gone on.

    A loop's task factory may run that step at once (`asyncio.eager_task_factory`). Then work would be done before its
    creator has noted the task, and a wait would end before it waits. So the factory is not used.

    Args:
        work: What the task does.
        name: Its name.
    """
    return asyncio.Task(work, loop=asyncio.get_running_loop(), name=name)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop that is running in this thread; None where none is."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
