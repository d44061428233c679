"""An event loop on which hours pass in no time, and nothing else is different.

Whenever no callback is ready and no socket has data, the loop's clock jumps to its next sleeper or time-out.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING

from omics_batch.testing import ManualClock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from selectors import SelectorKey

    from _typeshed import FileDescriptorLike


class JumpingClock(ManualClock):
    """A clock by hand that remembers the sleeps that ran their full length."""

    def __init__(self) -> None:
        super().__init__()
        self.completed: list[float] = []

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.completed.append(round(seconds, 6))

    def jump(self) -> bool:
        """Go to the next sleeper's moment, or to the next limit; False where there is neither."""
        self._end_limits()
        limits = [self._limits[0][0]] if self._limits else []
        moments = [moment for moment in (self.next_wake, *limits) if moment is not None]
        if not moments:
            return False
        self.advance(max(min(moments) - self.now(), 0.0))
        return True


class Selector(selectors.BaseSelector):
    """Stands before the real selector: what is left to say is how long it waits."""

    def __init__(self) -> None:
        self._real = selectors.DefaultSelector()

    def register(self, fileobj: FileDescriptorLike, events: int, data: object = None) -> SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: FileDescriptorLike) -> SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: FileDescriptorLike, events: int, data: object = None) -> SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[FileDescriptorLike, SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


class _Jumping(Selector):
    """Asks the real selector for what is there already, and lets the clock jump where that is nothing."""

    def __init__(self, clock: JumpingClock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        ready = self._real.select(0)
        idle = not ready and (timeout is None or timeout > 0)
        if idle and not self._clock.jump():
            return self._real.select(timeout)
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """The loop; `clock` is what to hand to a client."""

    def __init__(self) -> None:
        self.clock = JumpingClock()
        super().__init__(_Jumping(self.clock))


def running_clock() -> JumpingClock:
    """Return the clock of the virtual loop that a test runs on."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop), "mark the test with virtual_time"
    return loop.clock
