"""Threads for work that blocks. The interpreter does not wait for them at exit."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final, Generic, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")

_CLEAN_UP: Final = 2.0
"""Seconds that stopped work may take to clean up: a process that cannot be killed must not block its caller."""


class Unawaited(ThreadPoolExecutor):
    """An executor with a daemon thread for each job: the program can end while a job runs.

    The usual executor joins its threads: at Ctrl-C a program would hang until a name lookup times out.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Start a job."""
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = fn(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - it is for whoever asked for the work
                future.set_exception(error)
            else:
                future.set_result(result)

        threading.Thread(target=work, name="unawaited", daemon=True).start()
        return future


def in_thread(work: Callable[[], T]) -> asyncio.Future[T]:
    """Begin work that may block, in a thread of its own; the program's end does not wait for it."""
    return asyncio.get_running_loop().run_in_executor(Unawaited(), work)


async def stoppable(work: Callable[[threading.Event], T]) -> T:
    """Do work in a thread of its own, and stop it when this call is cancelled.

    Args:
        work: Checks the event every few milliseconds, and ends soon after it is set.
    """
    stop = threading.Event()
    return await _until_over(partial(work, stop), stop.set)


async def interruptible(work: Callable[[], T]) -> T:
    """Do work in a thread of its own, and raise a KeyboardInterrupt there when this call is cancelled.

    Args:
        work: Runs Python code every few milliseconds: a call that blocks in C gets the exception only when it returns.
    """
    interruptible_work = _Interruptible(work)
    return await _until_over(interruptible_work.run, interruptible_work.interrupt)


class _Interruptible(Generic[T]):
    """Work in which another thread can raise a KeyboardInterrupt, but not in what the thread does after it."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._thread: int | None = None
        self._lock = threading.Lock()

    def run(self) -> T:
        self._thread = threading.get_ident()
        try:
            return self._work()
        finally:
            with self._lock:
                self._thread = None

    def interrupt(self) -> None:
        import ctypes  # noqa: PLC0415 - few ever need it

        with self._lock:
            if self._thread is not None:
                thread, kind = ctypes.c_ulong(self._thread), ctypes.py_object(KeyboardInterrupt)
                ctypes.pythonapi.PyThreadState_SetAsyncExc(thread, kind)


async def _until_over(work: Callable[[], T], stop: Callable[[], None]) -> T:
    working = in_thread(work)
    working.add_done_callback(_retrieve)
    try:
        await asyncio.wait({working})
    finally:
        stop()
        await _cleaned_up(working)
    return working.result()


async def _cleaned_up(working: asyncio.Future[T]) -> None:
    """Wait until stopped work has cleaned up, even if this is cancelled again: no process is left by then."""
    loop = asyncio.get_running_loop()
    ends, cancelled = loop.time() + _CLEAN_UP, None
    while not working.done() and loop.time() < ends:
        try:
            await asyncio.wait({working}, timeout=ends - loop.time())
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled


def _retrieve(working: asyncio.Future[T]) -> None:
    working.exception()  # or asyncio logs that it was never retrieved
