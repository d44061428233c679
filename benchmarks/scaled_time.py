"""An event loop on which time runs faster: its own timers, sleeps, aiohttp's, and the clock of a client alike."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar
from unittest import mock

from omics_batch.testing._virtual_time import RealSelector

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from selectors import SelectorKey

T = TypeVar("T")


class _Scaled(RealSelector):
    """Waits for a shorter time than its argument says."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self._scale = scale

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / self._scale)


class ScaledLoop(asyncio.SelectorEventLoop):
    """The loop: it is a `Clock` as well, to hand to a client.

    Args:
        scale: How many of its seconds pass in a real one.
    """

    def __init__(self, scale: float) -> None:
        self._scale = scale
        super().__init__(_Scaled(scale))

    def time(self) -> float:
        """Monotonic seconds, of which `scale` pass in a real one."""
        return super().time() * self._scale

    now = time

    async def sleep(self, seconds: float) -> None:
        """Sleep for some seconds of this loop."""
        await asyncio.sleep(seconds)


def run_scaled(main: Callable[[ScaledLoop], Coroutine[Any, Any, T]], scale: float) -> T:
    """Run something on such a loop, which it is given as a clock.

    Args:
        main: What to run.
        scale: How many of the loop's seconds pass in a real one.
    """
    loop = ScaledLoop(scale)
    # aiohttp uses the machine's clock, not the loop's, to measure how long a connection was idle.
    with mock.patch("aiohttp.connector.monotonic", loop.time), asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main(loop))
