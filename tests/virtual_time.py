"""The event loop of the stories that take hours, with a clock that notes what was slept on it."""

from __future__ import annotations

import asyncio

from omics_batch.testing import VirtualClock, VirtualTimeLoop


class NotingClock(VirtualClock):
    """Virtual time that notes the sleeps that ran their full length."""

    def __init__(self) -> None:
        super().__init__()
        self.completed: list[float] = []

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.completed.append(round(seconds, 6))


class StoryLoop(VirtualTimeLoop):
    """The loop; `clock` is what to hand to a client."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = NotingClock()


def running_clock() -> NotingClock:
    """Return the clock of the virtual time that a test runs on."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, StoryLoop), "mark the test with virtual_time"
    return loop.clock
