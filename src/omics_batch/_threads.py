"""Threads for what cannot be stopped, such as looking up a name: nobody waits for them at the end."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
T = TypeVar("T")


class Unawaited(ThreadPoolExecutor):
    """Does each piece of work in a thread of its own, which ends with the program if the work has not ended before.

    The usual executor's threads are joined: at Ctrl-C a program would hang for as long as its resolver has patience.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin a piece of work."""
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
