"""Tasks that take their first step before their creator goes on, on every Python."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Coroutine


def _eagerly(loop: Any, coro: Coroutine[Any, Any, Any], **options: Any) -> asyncio.Task[Any]:
    """What `asyncio.eager_task_factory` does from Python 3.12 on: the first step comes before the creator goes on."""
    task = asyncio.Task(coro, loop=loop, **options)
    first_step, creator = loop._ready.pop(), asyncio.current_task(loop)
    tasks: Any = asyncio.tasks
    if creator is not None:
        tasks._leave_task(loop, creator)
    first_step._run()
    if creator is not None:
        tasks._enter_task(loop, creator)
    return task


EAGERLY: Final[Any] = getattr(asyncio, "eager_task_factory", _eagerly)
