"""The places of a watcher: a batch that is looked at, and the waits that share its looks."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar, cast

from omics_batch._clock import in_seconds
from omics_batch._errors import OmicsBatchError, ResourceNotFoundError
from omics_batch._wait import LAST_LOOK, has_ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from omics_batch._errors import WaitError
    from omics_batch._models import Batch
    from omics_batch._wait import PollPolicy

E = TypeVar("E", bound=Exception)


class Waiter:
    """One wait's mailbox: batches, an error that ends it, or None when its time is over.

    Args:
        batch_id: The batch that is waited for.
        poll: When to look.
        timeout: Seconds for everything; None for no limit.
        now: The moment on the clock at which the wait begins.
        is_eager: Whether each look is shown to the caller, and not only what is new in it.
        grace: Seconds for which it is no refusal that the service does not know the batch.
        is_over: Whether a `Batch` ends the wait.
    """

    def __init__(
        self,
        batch_id: str,
        poll: PollPolicy,
        timeout: float | None,
        now: float,
        *,
        is_eager: bool = False,
        grace: float = 0.0,
        is_over: Callable[[Batch], bool] = has_ended,
    ) -> None:
        self.batch_id: str = batch_id
        self.poll: PollPolicy = poll
        self.deadline: float | None = None if timeout is None else now + timeout
        self.started: float = now
        self.is_over: Callable[[Batch], bool] = is_over
        self.is_eager: bool = is_eager
        self.advice: str | None = None
        """What to do when the wait ends too early, if not just to wait again."""
        self._grace: float = now + grace
        self.heard: float = now
        self.polls: int = 0
        self.last_error: OmicsBatchError | None = None
        self.shown: Batch | None = None
        """The last `Batch` that the caller was given."""
        self.puzzled: bool = False
        """Whether a status nobody knows was spoken of already."""
        self._news: deque[Batch | Exception | None] = deque()
        self._bell: asyncio.Future[None] | None = None

    @property
    def patience(self) -> float:
        """The moment on the clock at which the silence has lasted too long."""
        return self.heard + in_seconds("max_silence", self.poll.max_silence)

    def lengthen_patience(self, moment: float) -> None:
        """Be patient until a moment on the clock at least."""
        self.heard = max(self.heard, moment - in_seconds("max_silence", self.poll.max_silence))

    @property
    def limit(self) -> float:
        """The moment on the clock until which a look is of use to this wait."""
        # The look that is due when the patience ends needs time of its own, or it could never end the silence.
        patience = self.patience + LAST_LOOK
        return patience if self.deadline is None else min(patience, self.deadline)

    def survives(self, error: Exception, now: float) -> bool:
        """Whether a refusal may be the service's not knowing yet what it has just started."""
        return isinstance(error, ResourceNotFoundError) and now < self._grace

    def facts_on(self, error: E, now: float) -> E:
        """Note on an error what this wait was about and how it went."""
        if isinstance(error, OmicsBatchError):
            error.batch_id = self.batch_id
            error.batch = self.shown
            error.elapsed = timedelta(seconds=now - self.started)
            error.polls = self.polls
            error.last_error = self.last_error
        return error

    def result(self, error_in: Callable[[Batch], WaitError | None], now: float) -> Batch:
        """Return the last `Batch` of a wait that is over, or raise what it means to the caller."""
        batch = cast("Batch", self.shown)  # a wait that ends without an error has shown one
        if error := error_in(batch):
            raise self.facts_on(error, now)
        return batch

    def tell(self, news: Batch | Exception | None) -> None:
        """Put news into the mailbox, unless they are the same as what lies there unread."""
        if not self._news or self._news[-1] != news:
            self._news.append(news)
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(None)

    async def news(self) -> Batch | Exception | None:
        """Take the next news out of the mailbox, once there is any."""
        if not self._news:
            self._bell = asyncio.get_running_loop().create_future()
            await self._bell
        return self._news.popleft()


class Target:
    """A batch that waits look at together."""

    def __init__(self, batch_id: str) -> None:
        """Begin with no wait and nothing seen."""
        self.batch_id: str = batch_id
        self.waiters: dict[Waiter, None] = {}
        self.batch: Batch | None = None
        self.looks: int = 0
        """How many looks in a row brought nothing new, less one."""
        self.look: asyncio.Task[None] | None = None

    @property
    def limit(self) -> float:
        """The moment on the clock until which a look is of use to any of the waits."""
        return max(waiter.limit for waiter in self.waiters)


class LastLook:
    """The look at the deadline of waits for one batch, for as long as one of them waits for it."""

    def __init__(self, task: asyncio.Task[Batch]) -> None:
        """Begin with the look under way and nobody waiting."""
        self.task: asyncio.Task[Batch] = task
        self.sharers: int = 0
