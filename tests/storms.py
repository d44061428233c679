"""Many threads that call at once, while signals interrupt the main thread."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter
from contextlib import contextmanager
from functools import partial
from traceback import walk_stack
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from types import FrameType

SIGNAL: Final = signal.SIGUSR1

MEASURING: Final = f"{os.sep}coverage{os.sep}"
"""Where coverage is: between two lines of the code that it measures it holds a lock, and is not to be interrupted."""


class InterruptedHereError(BaseException):
    """What Ctrl-C raises, in a process that has other tests to run."""


@contextmanager
def interrupting() -> Generator[Callable[[], None]]:
    """Let a signal raise an error in the main thread; yields what sends one."""
    main = threading.main_thread().ident
    assert main is not None
    interrupt = partial(signal.pthread_kill, main, SIGNAL)

    def note(_: int, frame: FrameType | None) -> None:
        if any(MEASURING in each.f_code.co_filename for each, _ in walk_stack(frame)):
            threading.Timer(0.001, interrupt).start()
        else:
            raise InterruptedHereError

    before = signal.signal(SIGNAL, note)
    try:
        yield interrupt
    finally:
        signal.signal(SIGNAL, before)


def storm(calls: Sequence[Sequence[Callable[[], str]]], mine: Callable[[], str], until: float) -> Counter[str]:
    """Make calls in many threads, and in the main thread until it is interrupted; count how they ended.

    Args:
        calls: The calls of each thread.
        mine: The call of the main thread, again and again.
        until: Seconds after which it is interrupted.
    """
    ends: Counter[str] = Counter()

    def make(calls: Sequence[Callable[[], str]]) -> None:
        ends.update([call() for call in calls])

    callers = [threading.Thread(target=make, args=[each], daemon=True) for each in calls]
    for caller in callers:
        caller.start()
    with interrupting() as interrupt:
        timer = threading.Timer(until, interrupt)
        try:
            timer.start()
            while True:
                mine()
        except InterruptedHereError:
            ends["interrupted"] += 1
        timer.join()
    for caller in callers:
        caller.join(120)
        assert not caller.is_alive()
    return ends
