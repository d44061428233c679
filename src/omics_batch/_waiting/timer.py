"""The poller's timer: its moment can be changed, and it detects that the process stood still."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Final

from omics_batch._clock import is_real

if TYPE_CHECKING:
    from omics_batch._clock import Clock

_NOTABLE: Final = 5.0
"""Seconds by which a sleep may end late in a busy loop."""
_HEARTBEAT: Final = 60.0
"""The longest sleep on a real clock, in seconds, so that a standstill during it is noticed."""


class Timer:
    """Sleeps until a moment on a clock.

    Args:
        clock: The clock to sleep on.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._moment = math.inf
        self._sleep: asyncio.Future[None] | None = None
        self._awake_by = math.inf
        """The moment on the clock by which the sleep ends, unless the process stands still."""

    def set(self, moment: float) -> None:
        """Set the moment, which may be infinite; a sleep under way ends, and its caller checks what to do."""
        self._moment = moment
        if self._sleep is not None:
            self._sleep.cancel()

    async def sleep(self) -> None:
        """Sleep until the moment, or until another one is set, or for a minute of real time.

        Raises:
            Exception: What the clock raises.
        """
        now = self._clock.now()
        moment = min(self._moment, now + _HEARTBEAT if is_real(self._clock) else math.inf)
        self._sleep = (
            asyncio.get_running_loop().create_future()
            if math.isinf(moment)
            else asyncio.ensure_future(self._clock.sleep(moment - now))
        )
        self._awake_by = moment
        try:
            await asyncio.wait((self._sleep,))
        finally:
            self._sleep.cancel()
            await asyncio.wait((self._sleep,))
        if not self._sleep.cancelled():
            self._sleep.result()

    def overslept(self) -> float:
        """Return by how many seconds the last sleep was too long, once; 0.0 if that is little."""
        late, self._awake_by = self._clock.now() - self._awake_by, math.inf
        return late if is_real(self._clock) and late > _NOTABLE else 0.0
