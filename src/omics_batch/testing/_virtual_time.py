"""Virtual time: an event loop whose clock jumps to the next timer."""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from contextlib import AbstractAsyncContextManager
from contextvars import Context
from selectors import SelectorKey
from typing import TYPE_CHECKING, Any, Final, TypeVar

from omics_batch._clock import Duration, in_seconds
from omics_batch._errors import InvalidInputError
from omics_batch._loop import running_loop

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike


T = TypeVar("T")

_PATIENCE: Final = 10.0
"""Real seconds for which open sockets may be silent."""

_HELD: Final = (
    f"virtual time stands still: for {_PATIENCE:g} s nothing came from a socket or a pipe that is open. Close it, or "
    "test this with a simulator's time_scale"
)

_RESOLUTION: Final = 1e-9
"""Seconds, as on other event loops."""

_NOT_HERE: Final = (
    "VirtualClock works only on a VirtualTimeLoop: run the code with asyncio.Runner(loop_factory=VirtualTimeLoop), or "
    "mark the test with @pytest.mark.omics(virtual_time=True)"
)


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose time jumps to the next timer as soon as nothing else can happen.

    Its time stands still while a callback is ready, a job of `run_in_executor` runs, or the loop watches a socket or a
    pipe. So every sleep and every time-out on it is exact, those of `asyncio` included. A wait of two days takes only
    the time of its callbacks. It begins at 0.

    Raises:
        RuntimeError: Raised by the call that runs the loop: nothing came from an open socket for 10 real seconds, while
            virtual time stood still.
    """

    def __init__(self) -> None:
        """Begin at 0."""
        self._now = 0.0
        self._jobs = 0
        self._jumping = _Selector(self)
        super().__init__(self._jumping)
        self._own = len(self._jumping.get_map())
        self.virtual_clock: VirtualClock = VirtualClock()
        """The clock of clients on this loop that have no clock of their own."""

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._now

    def call_at(
        self, when: float, callback: Callable[..., object], *args: object, context: Context | None = None
    ) -> asyncio.TimerHandle:
        """Call back at a moment of the loop's time."""
        if when > self._now:
            # A shorter sleep would not change the time, and a loop of such sleeps would never end.
            when = max(when, self._now + max(2 * _RESOLUTION, 4 * math.ulp(self._now)))
        return super().call_at(when, callback, *args, context=context)

    def run_in_executor(self, executor: Executor | None, func: Callable[..., T], *args: object) -> asyncio.Future[T]:
        """Run a function in a thread; time stands still until it has returned."""
        job = super().run_in_executor(executor, func, *args)
        self._jobs += 1
        job.add_done_callback(self._job_ended)
        return job

    async def shutdown_default_executor(self, *timeout: float | None) -> None:
        """Wait until the threads of `run_in_executor` have ended; time stands still until then."""
        self._jobs += 1
        try:
            await super().shutdown_default_executor(*timeout)
        finally:
            self._jobs -= 1

    def advance(self, seconds: float) -> None:
        """Move time forward at once: the timers that were due in between are late."""
        self._go_to(self._now + seconds)

    def jump(self) -> bool:
        """Go to the next timer's moment; False if time stands still."""
        timers: list[asyncio.TimerHandle] = vars(self)["_scheduled"]
        if self._jobs or not timers or len(self._jumping.get_map()) > self._own:
            return False
        self._go_to(max(self._now, timers[0].when()))
        return True

    def _go_to(self, moment: float) -> None:
        self._now = moment
        # Timers within the resolution are due. It has to be large enough to change a float of this size.
        vars(self)["_clock_resolution"] = max(_RESOLUTION, 2 * math.ulp(moment))

    def is_held_by_sockets(self) -> bool:
        """Whether time stands still only because of sockets and pipes."""
        return not self._jobs and bool(vars(self)["_scheduled"])

    def _job_ended(self, _: asyncio.Future[Any]) -> None:
        self._jobs -= 1


class RealSelector(selectors.BaseSelector):
    """The system's selector, as a base class that changes how long it waits."""

    def __init__(self) -> None:
        """Begin empty."""
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        return self._real.select(timeout)

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


class _Selector(RealSelector):
    """Returns ready events; if there are none, time jumps, or it waits."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0 or self._loop.jump():
            return ready
        if not self._loop.is_held_by_sockets():
            return super().select()
        if not (ready := super().select(_PATIENCE)):
            raise RuntimeError(_HELD)
        return ready


class VirtualClock:
    """The clock of virtual time: it shows the time of the running `VirtualTimeLoop`.

    Without a running loop it stands still. With another loop it goes on from the time that it showed last.
    """

    def __init__(self) -> None:
        """Begin at 0."""
        self._loop: VirtualTimeLoop | None = None
        self._before = 0.0
        """The time that it showed when its loop began."""

    def now(self) -> float:
        """Read the clock, in seconds.

        Raises:
            InvalidInputError: The running event loop has no virtual time.
        """
        loop = running_loop()
        if loop is not None and loop is not self._loop:
            if not isinstance(loop, VirtualTimeLoop):
                raise InvalidInputError(_NOT_HERE)
            self._before, self._loop = self._shown, loop
        return self._shown

    @property
    def _shown(self) -> float:
        return self._before + (self._loop.time() if self._loop else 0.0)

    async def sleep(self, seconds: float) -> None:
        """Sleep for some seconds of virtual time; zero and less only let other tasks run."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float | None) -> AbstractAsyncContextManager[object]:
        """Limit a block to some seconds of virtual time."""
        return asyncio.timeout(seconds)

    def advance(self, duration: Duration) -> None:
        """Move time forward at once, as if the process had stood still: timers that were due in between are late.

        Args:
            duration: By how much; a clock never goes back.

        Raises:
            InvalidInputError: The duration is negative or not finite.
        """
        seconds = in_seconds("duration", duration)
        self.now()
        if self._loop is None:
            self._before += seconds
        else:
            self._loop.advance(seconds)
