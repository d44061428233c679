"""A thread with an event loop, for callers that block, are interrupted, and close it while others call."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch import ClientClosedError, InvalidInputError
from omics_batch import _loop_thread as module
from omics_batch._loop_thread import Caller, LoopThread
from tests.storms import InterruptedHereError, interrupting, storm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Opened:
    """What is closed at the end of the loop."""

    def __init__(self) -> None:
        self.closed = 0

    async def close(self) -> None:
        await asyncio.sleep(0)
        self.closed += 1


@pytest.fixture
def opened() -> Opened:
    return Opened()


@pytest.fixture
def thread(opened: Opened) -> Iterator[LoopThread]:
    before = set(threading.enumerate())  # a client of another test may be open
    thread = LoopThread(opened.close)
    yield thread
    thread.close()
    for each in set(threading.enumerate()) - before:
        if each.name == "omics-batch":
            each.join(60)
            assert not each.is_alive()


async def name_of_thread(_: Caller) -> str:
    return threading.current_thread().name


async def for_ever(_: Caller) -> None:
    await asyncio.Event().wait()


def test_work_is_done_in_the_thread_and_its_result_comes_back(thread: LoopThread) -> None:
    assert {thread.run(name_of_thread) for _ in range(3)} == {"omics-batch"}


def test_what_work_raises_is_raised_here(thread: LoopThread) -> None:
    async def fail(_: Caller) -> None:
        raise LookupError("no such sample")

    with pytest.raises(LookupError, match="no such sample"):
        thread.run(fail)


def test_work_has_the_context_of_its_caller(thread: LoopThread) -> None:
    """So has what it logs: the id of a web request, say."""
    request: ContextVar[str] = ContextVar("request")

    async def of_request(_: Caller) -> str:
        return request.get()

    for name in ("first", "second"):
        request.set(name)
        assert thread.run(of_request) == name


def test_nothing_runs_before_the_first_call(opened: Opened) -> None:
    before = threading.active_count()
    thread = LoopThread(opened.close)
    thread.close()
    assert threading.active_count() == before
    assert opened.closed == 0
    with pytest.raises(ClientClosedError, match="was closed"):
        thread.run(name_of_thread)


def test_several_first_callers_get_one_loop(thread: LoopThread) -> None:
    """Whoever comes too late with a thread of its own leaves the calls to the first."""

    async def loop(_: Caller) -> int:
        return id(asyncio.get_running_loop())

    together = threading.Barrier(8)

    def call() -> int:
        together.wait()
        return thread.run(loop)

    with ThreadPoolExecutor(8) as callers:
        assert len({future.result() for future in [callers.submit(call) for _ in range(8)]}) == 1
    thread._serve()
    assert thread.run(loop)


# Interrupted


def test_an_interrupted_caller_ends_its_work_and_nothing_else(thread: LoopThread) -> None:
    ended: list[str] = []
    others = threading.Event()

    async def be_interrupted(_: Caller) -> None:
        try:
            interrupt()
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("mine")

    async def go_on(_: Caller) -> str:
        others.set()
        while not ended:  # noqa: ASYNC110 - no event marks it
            await asyncio.sleep(0)
        return "theirs"

    with ThreadPoolExecutor(1) as other, interrupting() as interrupt:
        theirs = other.submit(thread.run, go_on)
        assert others.wait(60)
        with pytest.raises(InterruptedHereError):
            thread.run(be_interrupted)
        assert ended == ["mine"]  # before the caller goes on
        assert theirs.result() == "theirs"
    assert thread.run(name_of_thread)


def test_a_caller_may_be_interrupted_at_any_step(thread: LoopThread, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between any two steps: here, before it was asked for, when it was done, and when it wants a call."""

    async def want_a_call(caller: Caller) -> None:
        await caller.call(str)

    do = thread.do

    def interrupted_before(action: Any) -> None:
        monkeypatch.setattr(thread, "do", do)
        raise InterruptedHereError

    def interrupted_after(action: Any) -> None:
        monkeypatch.setattr(thread, "do", do)
        do(action)
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop()).result()
        raise InterruptedHereError

    def loop() -> asyncio.AbstractEventLoop:
        assert thread._loop is not None
        return thread._loop

    assert thread.run(name_of_thread)
    for interrupted in (interrupted_before, interrupted_after):
        for work in (name_of_thread, want_a_call):
            monkeypatch.setattr(thread, "do", interrupted)
            with pytest.raises(InterruptedHereError):
                thread.run(work)
    assert thread.run(name_of_thread)


def test_what_is_asked_for_twice_is_done_once(thread: LoopThread, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the loop, and here, where the loop has ended meanwhile."""
    do, begun, was_asked_twice = thread.do, threading.Event(), threading.Event()

    def ask_twice(action: Any) -> None:
        do(action)
        assert begun.wait(60)
        action(None)
        threading.Timer(0.01, was_asked_twice.set).start()

    async def work(_: Caller) -> str:
        assert not begun.is_set()
        begun.set()
        while not was_asked_twice.is_set():  # noqa: ASYNC110 - of another thread
            await asyncio.sleep(0)
        return "done"

    monkeypatch.setattr(thread, "do", ask_twice)
    assert thread.run(work) == "done"


def test_where_signals_are_noticed_late_it_waits_in_slices(thread: LoopThread, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, and where one comes just before the main thread blocks. Other threads get no signals."""
    slices: list[float | None] = []

    async def last(_: Caller) -> str:
        while len(slices) < 3:  # noqa: ASYNC110 - no event marks it
            await asyncio.sleep(0)
        return "done"

    class Messages(SimpleQueue[Any]):
        def get(self, block: bool = True, timeout: float | None = None) -> Any:  # noqa: FBT002 - as it is
            slices.append(timeout)
            return super().get(block, timeout)

    monkeypatch.setattr(module, "SimpleQueue", Messages)
    monkeypatch.setattr(module, "_SLICE", 0.001)
    assert thread.run(last) == "done"
    assert set(slices) == {0.001}
    slices.clear()
    with ThreadPoolExecutor(1) as other:
        assert other.submit(thread.run, name_of_thread).result()
    assert set(slices) == {None}


def test_a_loop_that_is_blocked_does_not_keep_who_was_interrupted(
    thread: LoopThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    async def block(_: Caller) -> None:
        interrupt()
        released.wait()

    monkeypatch.setattr(module, "_CLEAN_UP", 0.001)
    with interrupting() as interrupt, pytest.raises(InterruptedHereError):
        thread.run(block)
    released.set()


# What runs in the caller's thread


def test_a_function_is_called_in_the_callers_thread(thread: LoopThread) -> None:
    """It may make calls of its own."""
    called: list[tuple[str, int, str]] = []

    def note(number: int) -> None:
        called.append((threading.current_thread().name, number, thread.run(name_of_thread)))

    async def work(caller: Caller) -> str:
        for number in range(2):
            await caller.call(note, number)
        return "done"

    assert thread.run(work) == "done"
    here = threading.current_thread().name
    assert called == [(here, 0, "omics-batch"), (here, 1, "omics-batch")]


def test_what_a_function_raises_ends_the_work(thread: LoopThread) -> None:
    ended: list[bool] = []

    def fail() -> None:
        raise LookupError("no such sample")

    async def work(caller: Caller) -> None:
        try:
            await caller.call(fail)
        finally:
            ended.append(True)

    with pytest.raises(LookupError, match="no such sample"):
        thread.run(work)
    assert ended == [True]


def test_a_function_may_close_the_loop(thread: LoopThread, opened: Opened) -> None:
    async def work(caller: Caller) -> None:
        await caller.call(thread.close)

    with pytest.raises(ClientClosedError):
        thread.run(work)
    assert opened.closed == 2


def test_a_function_that_returns_when_nobody_waits_for_it_is_forgotten(
    thread: LoopThread, caplog: pytest.LogCaptureFixture
) -> None:
    """As where the work had a time limit."""

    async def work(caller: Caller) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await caller.call(str)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await caller.call(released.wait)
        released.set()

    released = threading.Event()
    thread.run(work)
    assert thread.run(name_of_thread)
    assert caplog.records == []


def test_the_loops_own_thread_is_not_blocked(thread: LoopThread) -> None:
    async def call_itself(_: Caller) -> None:
        with pytest.raises(InvalidInputError, match=r"^on_event is called in the client's own thread"):
            thread.run(name_of_thread)

    thread.run(call_itself)


# Closing


def test_closing_ends_what_runs(thread: LoopThread, opened: Opened) -> None:
    """And comes back when the thread has ended."""
    begun = threading.Event()

    async def work(_: Caller) -> None:
        begun.set()
        await asyncio.Event().wait()

    with ThreadPoolExecutor(1) as other:
        working = other.submit(thread.run, work)
        assert begun.wait(60)
        thread.close()
        with pytest.raises(ClientClosedError, match="the client was closed"):
            working.result()
    assert opened.closed == 2
    for _ in range(2):
        thread.close()
    assert opened.closed == 2
    with pytest.raises(ClientClosedError):
        thread.run(name_of_thread)


def test_the_loops_own_thread_closes_without_waiting(thread: LoopThread) -> None:
    async def close(_: Caller) -> None:
        thread.close()
        await asyncio.Event().wait()

    with pytest.raises(ClientClosedError):
        thread.run(close)


def test_closing_waits_for_the_last_steps_of_the_thread(monkeypatch: pytest.MonkeyPatch, opened: Opened) -> None:
    serve = LoopThread._serve

    def slowly(thread: LoopThread) -> None:
        serve(thread)
        threading.Event().wait(0.1)

    monkeypatch.setattr(LoopThread, "_serve", slowly)
    before = set(threading.enumerate())
    thread = LoopThread(opened.close)
    thread.run(name_of_thread)
    (server,) = (each for each in set(threading.enumerate()) - before if each.name == "omics-batch")
    thread.close()
    assert not server.is_alive()


def test_closing_waits_no_longer_than_it_may(thread: LoopThread, opened: Opened) -> None:
    """The end of the interpreter is not held up."""
    released = threading.Event()

    async def hold() -> None:
        while not released.is_set():  # noqa: ASYNC110 - of another thread
            await asyncio.sleep(0.001)

    thread._close = hold
    assert thread.run(name_of_thread)
    thread.close(0.001)
    assert thread in module._SERVING
    released.set()
    thread.close()
    assert thread not in module._SERVING


def test_all_are_closed_at_the_end_of_the_interpreter(thread: LoopThread, opened: Opened) -> None:
    assert thread.run(name_of_thread)
    module._close_all()
    assert opened.closed == 2


def test_a_call_that_comes_as_the_loop_ends_is_refused(thread: LoopThread, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is closed already, or a thread was started for it."""
    assert thread.run(name_of_thread)
    thread.close()
    thread._is_over = False  # as the caller has seen it just before
    with pytest.raises(ClientClosedError):
        thread.run(name_of_thread)
    thread._is_over, thread._loop = False, None
    serve = thread._serve

    def serve_late() -> None:
        thread._is_over = True
        serve()

    monkeypatch.setattr(thread, "_serve", serve_late)
    with pytest.raises(ClientClosedError):
        thread.run(name_of_thread)


def test_a_loop_that_is_closed_before_its_thread_has_begun_does_nothing(
    opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    thread = LoopThread(opened.close)
    serve = thread._serve

    def serve_late() -> None:
        thread._is_over = True
        serve()

    monkeypatch.setattr(thread, "_serve", serve_late)
    with pytest.raises(ClientClosedError):
        thread.run(name_of_thread)
    assert opened.closed == 0


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_what_ends_the_loop_leaves_nobody_waiting(thread: LoopThread) -> None:
    """Such as `sys.exit` in a hook."""

    async def leave(_: Caller) -> None:
        asyncio.get_running_loop().call_soon(sys.exit)
        await asyncio.Event().wait()

    with pytest.raises(ClientClosedError):
        thread.run(leave)
    with pytest.raises(ClientClosedError):
        thread.run(name_of_thread)


def test_a_forked_process_has_no_loop(thread: LoopThread, opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing it there touches nothing, since the sockets are the other process's too."""
    assert thread.run(name_of_thread)
    with monkeypatch.context() as forked:
        forked.setattr(os, "getpid", lambda: 4_999_999)
        with pytest.raises(ClientClosedError, match=r"opened in process [0-9]+, and this is process 4999999"):
            thread.run(name_of_thread)
        thread.stop()
        thread.close()
    assert thread.run(name_of_thread)
    assert opened.closed == 0


# All at once


def ends_of_a_storm(threads: int, chance: random.Random) -> Counter[str]:
    """Let many threads call, some of them close, and the main thread be interrupted."""
    opened = Opened()
    thread = LoopThread(opened.close)

    async def work(caller: Caller, pause: float) -> None:
        await asyncio.sleep(pause)
        await caller.call(str)

    def call(pause: float = 0.001) -> str:
        try:
            thread.run(lambda caller: work(caller, pause))
        except ClientClosedError:
            return "refused"
        return "done"

    def close() -> str:
        thread.close()
        return "closed"

    calls: list[list[Callable[[], str]]] = [
        [partial(call, chance.random() * 0.01) for _ in range(4)] for _ in range(threads)
    ]
    for closing in chance.sample(calls, 2):
        closing.insert(2, close)
    ends = storm(calls, call, chance.random() * 0.02)
    assert opened.closed == 2
    return ends


def test_many_threads_call_and_close_and_are_interrupted() -> None:
    chance = random.Random(7)  # noqa: S311 - the same each time
    total = sum((ends_of_a_storm(8, chance) for _ in range(3)), Counter[str]())
    assert total["done"] + total["refused"] == 3 * 8 * 4
    assert total["refused"] > 0
    assert (total["closed"], total["interrupted"]) == (6, 3)


@pytest.mark.slow
def test_fifty_threads_call_and_close_and_are_interrupted_a_hundred_times() -> None:
    chance = random.Random(50)  # noqa: S311 - the same each time
    total = sum((ends_of_a_storm(50, chance) for _ in range(100)), Counter[str]())
    assert total["done"] + total["refused"] == 100 * 50 * 4
    assert min(total["done"], total["refused"]) > 0
    assert (total["closed"], total["interrupted"]) == (200, 100)
