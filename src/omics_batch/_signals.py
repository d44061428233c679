"""Functions that are called when a signal asks the process to stop."""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM)


def call_at_signals(call: Callable[[], object]) -> Callable[[], None]:
    """Call a function at SIGINT and SIGTERM, before the present handlers; return a function that undoes this.

    A signal without a Python handler still ends the process. Outside of the main thread this does nothing.

    Args:
        call: The function; it runs in the main thread, between any two of its instructions.
    """
    before = {number: handler for number in _STOPPING if callable(handler := signal.getsignal(number))}

    def handle(number: int, frame: FrameType | None) -> None:
        call()
        before[signal.Signals(number)](number, frame)

    def take_back() -> None:
        with suppress(ValueError):  # outside of the main thread
            for number, handler in before.items():
                if signal.getsignal(number) is handle:
                    signal.signal(number, handler)

    with suppress(ValueError):
        for number in before:
            signal.signal(number, handle)
    return take_back
