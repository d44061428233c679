"""The tasks of a client on its event loop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


def start(work: Coroutine[Any, Any, T], name: str | None = None) -> asyncio.Task[T]:
    """Start a task that takes its first step only after its creator has gone on.

    A loop's task factory may run that step at once (`asyncio.eager_task_factory`): work would be done before its
    creator has noted that it is under way, and a wait would end before it waits. So none is asked here.

    Args:
        work: What the task does.
        name: Its name.
    """
    return asyncio.Task(work, loop=asyncio.get_running_loop(), name=name)
