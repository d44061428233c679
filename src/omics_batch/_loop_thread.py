"""One thread with one event loop, for callers that block.

Ctrl-C, or another signal whose handler raises, interrupts a caller between any two steps. A lock that the caller holds
may stay locked then. So callers and the loop share no lock: they use deques and queues whose steps are atomic.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from collections import deque
from contextlib import suppress
from contextvars import copy_context
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from omics_batch._errors import ClientClosedError, InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

Action: TypeAlias = "Callable[[asyncio.AbstractEventLoop | None], object]"
"""Something to do on the loop; it gets None once the loop is over."""

_CLOSED: Final = "the client was closed: make another one"
_FORKED: Final = (
    "the client was opened in process {there}, and this is process {here}: a fork does not copy the client's thread. "
    "Make one client in each process, or make its first call after the fork"
)
_WITHIN: Final = (
    "on_event is called in the client's own thread, where a call of the client would wait for itself: put the event "
    "into a queue.SimpleQueue, and make the call in another thread"
)

_AT_EXIT: Final = 5.0
"""Seconds that closing may hold up the end of the interpreter."""

_CLEAN_UP: Final = 5.0
"""Seconds that work which was cancelled may hold up its caller."""

_LAST_STEPS: Final = 1.0
"""Seconds that a thread may take to end after its last action."""

_SLICE: Final = 0.2 if os.name == "nt" else 1.0
"""Seconds that the main thread waits at a time. It notices a signal that came just before it blocked in between; on
Windows, every signal."""


class LoopThread:
    """A thread with an event loop, which start at the first call.

    Args:
        close: Ends what was opened on the loop; called twice.
    """

    def __init__(self, close: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._close = close
        self._actions: deque[Action] = deque()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._closers: list[SimpleQueue[None]] = []
        self._claim = threading.Lock()
        self._process: int | None = None
        self._thread: int | None = None
        self._server: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()
        self._is_over = False
        self._has_ended = False

    def run(self, work: Callable[[Caller], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on the loop, and return or raise what it does.

        What interrupts the caller cancels the coroutine, and is raised once that has ended, or after some seconds.

        Args:
            work: Makes the coroutine, on the loop. It gets the caller, for what has to run in the caller's thread.

        Raises:
            ClientClosedError: The loop is over, or this process was forked from the one where the loop runs.
            InvalidInputError: This is the loop's own thread.
        """
        here = os.getpid()
        if self._process is None:
            self._process = here
        if self._process != here:
            raise ClientClosedError(_FORKED.format(there=self._process, here=here))
        if self._thread == threading.get_ident():
            raise InvalidInputError(_WITHIN)
        job = _Job(self, work)
        try:
            self.do(job.begin)
            return job.result()
        except BaseException:
            if not job.is_over:
                self.do(job.cancel)
                job.wait_for_end()
            raise
        finally:
            del job  # or an error that is raised would keep itself

    def stop(self) -> None:
        """Begin to close, and do not wait: for signals and for what the garbage collector calls."""
        if self._process is None:
            self._is_over = True
        elif self._process == os.getpid():
            self.do(self._stop)

    def close(self, timeout: float | None = None) -> None:
        """End what runs on the loop, and wait until the thread has ended.

        Args:
            timeout: Seconds to wait; None is no limit.
        """
        self.stop()
        if self._process == os.getpid() and self._thread != threading.get_ident():
            ended: SimpleQueue[None] = SimpleQueue()
            self._closers.append(ended)
            if not self._has_ended:
                with suppress(Empty):
                    ended.get(timeout=timeout)
            if self._has_ended and self._server is not None:
                self._server.join(_LAST_STEPS)

    def do(self, action: Action) -> None:
        """Do something on the loop soon; once the loop is over, here or there with None, perhaps twice."""
        if self._is_over:
            action(None)
            return
        self._actions.append(action)
        if self._loop is None:
            # Several callers may come here: the first of the threads that they start serves.
            threading.Thread(target=self._serve, name="omics-batch", daemon=True).start()
            return
        try:
            self._loop.call_soon_threadsafe(self._act)
        except RuntimeError:  # it was closed since
            action(None)

    def begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a task of the loop, which ends with it."""
        task = asyncio.Task(work, loop=self._loop)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _act(self) -> None:
        loop = None if self._is_over else self._loop
        with suppress(IndexError):
            while True:
                self._actions.popleft()(loop)

    def _stop(self, _: asyncio.AbstractEventLoop | None) -> None:
        self._stopping.set()

    def _serve(self) -> None:
        if not self._claim.acquire(blocking=False):
            if self._is_over:
                self._act()
            return
        self._thread, self._server = threading.get_ident(), threading.current_thread()
        _SERVING.add(self)
        runner = asyncio.Runner()
        try:
            if not self._is_over:
                runner.run(self._until_stopped())
        finally:
            self._is_over = True
            runner.close()
            _SERVING.discard(self)
            self._thread = None
            self._has_ended = True
            self._act()
            for ended in self._closers:
                ended.put(None)

    async def _until_stopped(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._act()  # what was to be done before there was a loop
        await self._stopping.wait()
        await self._close()
        self._is_over = True  # from here on no task begins
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._close()  # where one of them was just opening it


class Caller:
    """The thread that waits for a coroutine of the loop.

    Args:
        thread: Where the loop is.
    """

    def __init__(self, thread: LoopThread) -> None:
        self._thread = thread
        self._messages: SimpleQueue[Callable[[], object] | None] = SimpleQueue()

    async def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Call a function in the caller's thread, and wait until it has returned.

        What it raises ends the caller's waiting, and cancels this.
        """
        returned = asyncio.get_running_loop().create_future()

        def go_on(loop: asyncio.AbstractEventLoop | None) -> None:
            if loop is not None and not returned.done():
                returned.set_result(None)

        def call_here() -> None:
            function(*arguments)
            self._thread.do(go_on)

        self._messages.put(call_here)
        await returned


class _Job(Caller, Generic[T]):
    """A coroutine of the loop, and the caller that waits for it."""

    def __init__(self, thread: LoopThread, work: Callable[[Caller], Coroutine[Any, Any, T]]) -> None:
        super().__init__(thread)
        self.is_over = False
        """Whether the caller knows that it has ended."""
        self._work = work
        self._context = copy_context()
        self._slice = _SLICE if threading.current_thread() is threading.main_thread() else None
        self._task: asyncio.Task[T] | None = None

    def begin(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """Start it, on the loop."""
        if loop is not None:
            self._task = self._context.run(self._thread.begin, self._work(self))
            self._task.add_done_callback(self._end)
        elif self._task is None:
            self._end()

    def cancel(self, _: asyncio.AbstractEventLoop | None) -> None:
        """Cancel it, on the loop."""
        if self._task is None or self._task.done():
            self._end()
        else:
            self._task.cancel()

    def result(self) -> T:
        """Wait for its end in the caller's thread, and call there what it wants to be called."""
        while (call := self._next()) is not None:
            call()
        self.is_over = True
        if self._task is None or self._task.cancelled():
            raise ClientClosedError(_CLOSED)
        try:
            return self._task.result()
        finally:
            del self  # or the error that is raised would keep itself

    def wait_for_end(self) -> None:
        """Wait for its end alone; not for ever, since a hook may block the loop."""
        with suppress(Empty):
            while self._messages.get(timeout=_CLEAN_UP) is not None:
                pass

    def _next(self) -> Callable[[], object] | None:
        while True:
            with suppress(Empty):
                return self._messages.get(timeout=self._slice)

    def _end(self, _: object = None) -> None:
        self._messages.put(None)


_SERVING: Final[set[LoopThread]] = set()
"""The threads that are there, which are closed before the interpreter ends."""


@atexit.register
def _close_all() -> None:
    for thread in list(_SERVING):
        thread.close(_AT_EXIT)
