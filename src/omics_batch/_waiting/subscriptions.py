"""How a caller's task gets a wait's result, or each change."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from omics_batch._models.batch import Batch
from omics_batch._waiting.policy import has_ended
from omics_batch._waiting.wait import Wait

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from omics_batch._waiting.policy import PollPolicy

Result: TypeAlias = Batch | Exception | None
"""A batch, an error that ends the wait, or None when its time is over."""


class Subscription(Wait):
    """A wait for a batch's end only."""

    __slots__ = ("_result",)

    def __init__(
        self,
        batch_id: str,
        poll: PollPolicy,
        timeout: float | None,
        now: float,
        *,
        grace: float = 0.0,
        is_over: Callable[[Batch], bool] = has_ended,
    ) -> None:
        super().__init__(batch_id, poll, timeout, now, grace=grace, is_over=is_over)
        self._result: asyncio.Future[Result] | None = None

    def publish(self, result: Result) -> None:
        """Make `next` return this, unless it has a result already."""
        if self._result is not None and not self._result.done():
            self._result.set_result(result)

    def next(self) -> Awaitable[Result]:
        """Wait for the result that ends the wait."""
        self._result = asyncio.get_running_loop().create_future()
        return self._result


class ChangeSubscription(Subscription):
    """A wait that gets each `Batch` that differs from the one before; each of its looks needs GetBatch."""

    __slots__ = ("_unread",)

    wants_counts = True
    wants_each: bool = False
    """Whether the caller gets each look, and not only what differs."""

    def __init__(
        self,
        batch_id: str,
        poll: PollPolicy,
        timeout: float | None,
        now: float,
        *,
        grace: float = 0.0,
        is_over: Callable[[Batch], bool] = has_ended,
    ) -> None:
        super().__init__(batch_id, poll, timeout, now, grace=grace, is_over=is_over)
        self._unread: deque[Result] = deque()

    def publish(self, result: Result) -> None:
        """Queue this, unless the last one in the queue is the same."""
        if not self._unread or self._unread[-1] != result:
            self._unread.append(result)
        super().publish(None)

    async def next(self) -> Result:
        """Wait for the first result in the queue, and remove it."""
        if not self._unread:
            await super().next()
        return self._unread.popleft()


class LookSubscription(ChangeSubscription):
    """A wait that gets each look, even without a change: cancel and delete may have to send their request again."""

    __slots__ = ()

    wants_each = True
