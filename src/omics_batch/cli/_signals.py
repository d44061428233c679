"""Ctrl-C and SIGTERM: they cancel the work, and are not reported as errors."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any, TypeVar

from omics_batch._threads import Unawaited
from omics_batch.cli._exits import Exit

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


class SignalledError(Exception):
    """A signal asked the program to end."""

    def __init__(self, number: int) -> None:
        """Keep the signal."""
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.exit: Exit = Exit(128 + number)


async def until_signalled(work: Coroutine[Any, Any, T]) -> T:
    """Run work; on Ctrl-C or SIGTERM, cancel it and let it clean up. Its threads are not awaited.

    Raises:
        SignalledError: One of the signals came.
    """
    came: list[int] = []
    loop = asyncio.get_running_loop()
    loop.set_default_executor(Unawaited())

    def stop(number: int) -> None:
        came.append(number)
        task.cancel()

    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop, number)
    except NotImplementedError:
        # On Windows Ctrl-C raises a KeyboardInterrupt, after asyncio has cancelled all tasks.
        return await work
    task = asyncio.ensure_future(work)  # after the handlers are set, since it may take its first step at once
    try:
        return await task
    except asyncio.CancelledError:
        if came:
            raise SignalledError(came[0]) from None
        raise
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
