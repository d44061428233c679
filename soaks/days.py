"""An event loop on which days pass as fast as there is nothing to do: its every timer is in simulated time.

Unlike the stories' loop, where the bound around an attempt stays in real time, so that a day's calls end at their
deadlines however long they queued for their turn.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tests.virtual_time import Selector

if TYPE_CHECKING:
    from selectors import SelectorKey


_LEAST: Final = 1e-9
"""Seconds that pass however much there is to do: sleepers with less than that left would wake each other for ever."""


class _Impatient(Selector):
    """Never waits: it notes by how much the loop would have, and asks for what is there already."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        assert timeout is not None, "nothing is left to run, and nothing to wait for: the soak hangs"
        self.waited += max(timeout, _LEAST)
        return self._real.select(0) if timeout else []


class DayLoop(asyncio.SelectorEventLoop):
    """The loop, and the clock that goes with it."""

    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return self._impatient.waited

    now = time

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def running_loop() -> DayLoop:
    """Return the loop that a soak runs on: a `Clock` as it stands."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, DayLoop)
    return loop
