"""Work that is not waited for at the end: looking up a name may take any time."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from typing import Final

import pytest

from omics_batch import _threads
from omics_batch._threads import Unawaited, interruptible, stoppable
from omics_batch.cli._signals import SignalledError, until_signalled
from tests.eager import EAGERLY


def test_ctrl_c_does_not_wait_for_what_cannot_be_stopped() -> None:
    """Neither does SIGTERM, and the loop is closed all the same."""
    over = threading.Event()

    def look_up() -> None:
        os.kill(os.getpid(), number)
        over.wait()

    for number in (signal.SIGINT, signal.SIGTERM):
        with pytest.raises(SignalledError, match=signal.Signals(number).name):
            asyncio.run(until_signalled(asyncio.to_thread(look_up)))
    over.set()


def test_a_signal_that_comes_in_the_first_step_of_eager_work_is_obeyed() -> None:
    """Work that begins at once begins once signals are handled."""

    async def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(EAGERLY)
        await until_signalled(work())

    with (
        pytest.raises((SignalledError, KeyboardInterrupt)) as caught,
        asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner,
    ):
        runner.run(main())
    assert caught.type is SignalledError


PROGRAM: Final = """
import asyncio, os, signal, time
from omics_batch.cli._signals import SignalledError, until_signalled

def look_up():
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)

try:
    asyncio.run(until_signalled(asyncio.to_thread(look_up)))
except SignalledError as signalled:
    raise SystemExit(signalled.exit)
"""


def test_the_program_ends_though_a_thread_does_not() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], timeout=50, check=False)
    assert ran.returncode == 130


def test_its_result_and_its_error_are_those_of_the_work() -> None:
    executor = Unawaited()
    assert executor.submit(divmod, 7, 2).result() == (3, 1)
    assert isinstance(executor.submit(divmod, 7, 0).exception(), ZeroDivisionError)


def test_what_was_cancelled_before_its_turn_is_not_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    waiting: list[threading.Thread] = []
    start = threading.Thread.start

    def start_later(thread: threading.Thread) -> None:
        waiting.append(thread)

    monkeypatch.setattr(threading.Thread, "start", start_later)
    assert Unawaited().submit(begun.append, "work").cancel()
    (thread,) = waiting
    start(thread)
    thread.join()
    assert begun == []


async def test_stopped_work_is_waited_for_however_often_its_caller_is_cancelled() -> None:
    """Such as a process that is being killed: it is gone when the caller comes back."""
    begun, is_clean = threading.Event(), threading.Event()

    def work(stop: threading.Event) -> None:
        begun.set()
        stop.wait()
        cleaning.wait()
        is_clean.set()

    cleaning = threading.Event()
    caller = asyncio.create_task(stoppable(work))
    await asyncio.to_thread(begun.wait)
    for _ in range(3):
        caller.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert not caller.done()
    cleaning.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert is_clean.is_set()


async def test_work_that_cannot_be_stopped_does_not_hold_up_its_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_threads, "_CLEAN_UP", 0.01)
    is_over = threading.Event()
    caller = asyncio.create_task(stoppable(lambda _: is_over.wait()))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    is_over.set()


async def test_an_interrupt_meets_nothing_but_the_work_itself() -> None:
    """Whether it comes while the work goes on, before it has begun, or after its end."""
    begun, ended = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        try:
            while not over.wait(0.001):
                pass
        except KeyboardInterrupt:
            ended.set()
            raise

    over = threading.Event()
    caller = asyncio.create_task(interruptible(work))
    await asyncio.to_thread(begun.wait)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert ended.is_set()
    assert await interruptible(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await interruptible(lambda: 7 // 0)
