"""The places of a watcher: a batch that is looked at, and the waits that share its looks."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from omics_batch._clock import in_seconds
from omics_batch._errors import OmicsBatchError, ResourceNotFoundError
from omics_batch._log import LOG
from omics_batch._models import Batch
from omics_batch._waiting.compressed import CompressedBatch
from omics_batch._waiting.policy import LAST_LOOK, has_ended
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from omics_batch._errors import WaitError
    from omics_batch._waiting.policy import PollPolicy

E = TypeVar("E", bound=Exception)

News: TypeAlias = Batch | Exception | None
"""A batch, an error that ends the wait, or None when its time is over."""


class Subscription:
    """A wait for a batch's end, which is told nothing else.

    Ten thousand of them sleep in one process, so each has slots, one future and no `Batch`.

    Args:
        batch_id: The batch that is waited for.
        poll: When to look.
        timeout: Seconds for everything; None for no limit.
        now: The moment on the clock at which the wait begins.
        grace: Seconds for which it is no refusal that the service does not know the batch.
        is_over: Whether a `Batch` ends the wait.
    """

    __slots__ = (
        "_grace",
        "_missed",
        "_news",
        "_puzzled",
        "_shown",
        "advice",
        "batch_id",
        "deadline",
        "heard",
        "is_over",
        "last_error",
        "listed",
        "poll",
        "polls",
        "started",
    )

    listens: bool = False
    """Whether the wait hears of each look, and needs the counts."""

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
        self.batch_id: str = batch_id
        self.poll: PollPolicy = poll
        self.deadline: float | None = None if timeout is None else now + timeout
        self.started: float = now
        self.is_over: Callable[[Batch], bool] = is_over
        self.advice: str | None = None
        """What to do when the wait ends too early, if not just to wait again."""
        self.heard: float = now
        """When the service last told anything readable of the batch."""
        self.polls: int = 0
        self.last_error: OmicsBatchError | None = None
        self.listed: str | None = None
        """The status in which a list has shown the batch since its last look; None where none has."""
        self._grace: float = now + grace
        self._puzzled = False
        self._missed = False
        self._shown: Batch | CompressedBatch | None = None
        self._news: asyncio.Future[News] | None = None

    @property
    def shown(self) -> Batch | None:
        """The last `Batch` that was seen; where the wait listens, the last that the caller was given."""
        return self._shown.restored() if isinstance(self._shown, CompressedBatch) else self._shown

    @shown.setter
    def shown(self, batch: Batch) -> None:
        self._shown = batch

    @property
    def patience(self) -> float:
        """The moment on the clock at which the silence has lasted too long."""
        return self.heard + in_seconds("max_silence", self.poll.max_silence)

    def excuse(self, seconds: float, now: float) -> None:
        """Do not count as silence that a look waited for its turn; after one that failed, it is."""
        if not self._missed:
            self.heard = min(self.heard + seconds, now)

    def miss(self, error: OmicsBatchError) -> None:
        """Take in that a look has failed."""
        self._missed = True
        self.last_error = error

    def limit(self, now: float) -> float:
        """Return the moment on the clock until which a look that begins now is of use to this wait."""
        # The look that is due when the patience ends needs time of its own, or it could never end the silence.
        patience = max(self.patience, now) + LAST_LOOK
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

    def see(self, batch: Batch, folded: CompressedBatch | None, now: float) -> None:
        """Take in what a look has shown.

        Args:
            batch: The batch.
            folded: The same, to be kept; None where there is no need, since the wait is over.
            now: The moment on the clock.
        """
        self.note(batch, now)
        if folded is None:
            self.tell(batch)
        else:
            self._shown = folded

    def note(self, batch: Batch, now: float) -> None:
        """Count a look that has shown the batch, and wonder once at a status that nobody knows."""
        self.heard = now
        self.polls += 1
        self.listed = None
        self._missed = False
        if not (batch.status.is_known or self._puzzled):
            self._puzzled = True
            LOG.warning("batch %s: unknown status %s counts as not finished", batch.id, one_line(batch.status))

    def hear(self, status: str, now: float) -> None:
        """Take in that a list has shown the batch as active."""
        self.heard = now
        self.polls += 1
        self.listed = status
        self._missed = False

    def tell(self, news: News) -> None:
        """End the wait with news, unless it has ended."""
        if self._news is not None and not self._news.done():
            self._news.set_result(news)

    def news(self) -> Awaitable[News]:
        """Wait for what ends the wait."""
        self._news = asyncio.get_running_loop().create_future()
        return self._news


class ChangeSubscription(Subscription):
    """A wait that hears of each look, and needs GetBatch for it: a mailbox."""

    __slots__ = ("_mail",)

    listens = True
    is_eager: bool = False
    """Whether each look is shown to the caller, and not only what is new in it."""

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
        self._mail: deque[News] = deque()

    def see(self, batch: Batch, folded: CompressedBatch | None, now: float) -> None:
        """Take in what a look has shown, whatever it is."""
        del folded
        super().see(batch, None, now)

    def tell(self, news: News) -> None:
        """Put news into the mailbox, unless they are the same as what lies there unread."""
        if not self._mail or self._mail[-1] != news:
            self._mail.append(news)
        super().tell(None)

    async def news(self) -> News:
        """Take the next news out of the mailbox, once there is any."""
        if not self._mail:
            await super().news()
        return self._mail.popleft()


class LookSubscription(ChangeSubscription):
    """A wait that is shown each look, new or not: it may have to act again."""

    __slots__ = ()

    is_eager = True


class TrackedBatch:
    """A batch that waits look at together."""

    __slots__ = (
        "batch_id",
        "interval",
        "listed_in",
        "look",
        "looks",
        "place",
        "since",
        "status",
        "trust",
        "waiters",
    )

    def __init__(self, batch_id: str) -> None:
        """Begin with no wait and nothing seen."""
        self.batch_id: str = batch_id
        self.waiters: dict[Subscription, None] = {}
        self.status: str | None = None
        self.looks: int = 0
        """How many looks in a row brought nothing new, less one."""
        self.look: asyncio.Task[Batch] | None = None
        self.interval: float = 0.0
        """Seconds from the last look to the next."""
        self.since: float | None = None
        """The moment on the clock since which a look is wanted; None while none is."""
        self.listed_in: int = 0
        """The number of the sweep that has shown the batch last; 0 where none has since the last look."""
        self.place: int = -1
        """Where in the order of a sweep the batch was shown last; below 0 where it never was."""
        self.trust: float | None = None
        """The moment on the clock until which lists are believed that the batch goes on; None before the first."""

    @property
    def is_listened(self) -> bool:
        """Whether any of the waits hears of each look."""
        return any(waiter.listens for waiter in self.waiters)

    def limit(self, now: float) -> float:
        """Return the moment on the clock until which a look that begins now is of use to any of the waits."""
        return max(waiter.limit(now) for waiter in self.waiters)

    def see(self, batch: Batch, now: float) -> None:
        """Take in what a look has shown."""
        folded = None
        for waiter in self.waiters:
            if not (waiter.listens or waiter.is_over(batch)):
                folded = folded or CompressedBatch(batch)
                waiter.see(batch, folded, now)
            else:
                waiter.see(batch, None, now)


class LastLook:
    """The look at the deadline of waits for one batch, for as long as one of them waits for it."""

    def __init__(self, task: asyncio.Task[Batch]) -> None:
        """Begin with the look under way and nobody waiting."""
        self.task: asyncio.Task[Batch] = task
        self.sharers: int = 0
