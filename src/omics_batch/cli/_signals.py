"""Ctrl-C, SIGTERM and a closed terminal: they cancel the work, and are not reported as errors."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING, Any, Final, TypeVar

from omics_batch._threads import Unawaited
from omics_batch.cli._exits import Exit

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")

_NAMES: Final = ("SIGINT", "SIGTERM", "SIGHUP")
"""The signals that ask the program to end; Windows has no SIGHUP."""


class SignalledError(Exception):
    """A signal asked the program to end."""

    def __init__(self, number: int) -> None:
        """Keep the signal."""
        super().__init__(f"ended by {signal.Signals(number).name}")
        self.exit: Exit = Exit(128 + number)


async def until_signalled(work: Coroutine[Any, Any, T]) -> T:
    """Run work; at a signal, cancel it and let it clean up. Its threads are not awaited.

    A signal that was ignored when the program began stays ignored, as under `nohup`.

    Raises:
        SignalledError: One of the signals came.
    """
    came: list[int] = []
    loop = asyncio.get_running_loop()
    loop.set_default_executor(Unawaited())

    def stop(number: int) -> None:
        came.append(number)
        task.cancel()

    numbers = [number for name in _NAMES if (number := getattr(signal, name, None)) and not _is_ignored(number)]
    try:
        for number in numbers:
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
        for number in numbers:
            loop.remove_signal_handler(number)


def _is_ignored(number: int) -> bool:
    return signal.getsignal(number) is signal.SIG_IGN
