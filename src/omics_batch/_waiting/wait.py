"""One wait: its settings, and what it has seen. Pure."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Final, TypeVar, cast

from omics_batch._api.get_batch import LAST_LOOK
from omics_batch._errors import CredentialsError, OmicsBatchError, ResourceNotFoundError, TransportError
from omics_batch._waiting.compressed import CompressedBatch
from omics_batch._waiting.policy import has_ended, silence_allowed

if TYPE_CHECKING:
    from collections.abc import Callable

    from omics_batch._errors import Advice, WaitError
    from omics_batch._models.batch import Batch
    from omics_batch._waiting.policy import PollPolicy

E = TypeVar("E", bound=Exception)

_IDS: Final = count(1)


class Wait:
    """A wait in the scheduler.

    There may be ten thousand in one process, so it has slots, and keeps its batch compressed.

    Args:
        batch_id: The batch that is waited for.
        poll: When to look.
        timeout: Seconds for everything; None for no limit.
        now: The moment on the clock at which the wait begins.
        grace: Seconds for which "not found" does not end the wait.
        is_over: Whether a `Batch` ends the wait.
    """

    __slots__ = (
        "_failed",
        "_grace",
        "_is_missing",
        "_shown",
        "advice",
        "batch_id",
        "deadline",
        "is_over",
        "last_contact",
        "last_error",
        "listed",
        "met_unknown",
        "poll",
        "polls",
        "repeats",
        "seen_at",
        "started",
        "status",
        "wait_id",
    )

    wants_counts: bool = False
    """Whether the caller gets each `Batch` that differs: then lists are not enough."""

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
        self.wait_id: int = next(_IDS)
        """The number of the wait in this process."""
        self.status: str | None = None
        """The last status that it saw."""
        self.met_unknown: bool = False
        """Whether it saw an unknown status."""
        self.poll: PollPolicy = poll
        self.deadline: float | None = None if timeout is None else now + timeout
        self.started: float = now
        self.is_over: Callable[[Batch], bool] = is_over
        self.advice: Advice | None = None
        """What to do if the wait ends too early; None to advise waiting again."""
        self.last_contact: float = now
        """When the last readable response about the batch came."""
        self.polls: int = 0
        self.repeats: int = 0
        """How many looks in a row before the last one failed in the same way."""
        self.last_error: OmicsBatchError | None = None
        self.listed: str | None = None
        """The status that a list has shown since the last look; None if none has."""
        self._grace: float | None = now + grace if grace else None
        self.seen_at: float | None = None
        """When a look or a list last showed the batch; None if none has."""
        self._failed = False
        self._is_missing = False
        self._shown: Batch | CompressedBatch | None = None

    @property
    def shown(self) -> Batch | None:
        """The last `Batch` that was seen; for a subscription to changes, the last one given to the caller."""
        return self._shown.restored() if isinstance(self._shown, CompressedBatch) else self._shown

    def show(self, batch: Batch | CompressedBatch) -> None:
        """Keep the last `Batch`."""
        self._shown = batch

    @property
    def patience(self) -> float:
        """The moment on the clock at which the silence becomes too long."""
        return self.last_contact + silence_allowed(self.poll)

    @property
    def is_lost(self) -> bool:
        """Whether looks have failed without a response, and neither a look nor a list has ever shown the batch."""
        return self.seen_at is None and isinstance(self.last_error, (CredentialsError, TransportError))

    def left(self, now: float) -> float | None:
        """Return the seconds until the deadline; None if there is none."""
        return None if self.deadline is None else max(self.deadline - now, 0.0)

    def time_for_look(self, now: float) -> float:
        """Return for how many seconds a look that begins now is of use to this wait."""
        # A look at the end of `max_silence` needs time for itself, or it could never end the silence.
        seconds, left = max(self.patience - now, 0.0) + LAST_LOOK, self.left(now)
        return seconds if left is None else min(seconds, left)

    def excuse(self, seconds: float, now: float) -> None:
        """Do not count queueing time as silence, unless the previous look failed."""
        if not self._failed:
            self.last_contact = min(self.last_contact + seconds, now)

    def survives(self, error: Exception, now: float) -> bool:
        """Whether the wait goes on after a refusal: a 404 about a new batch, or a first 404 about a known one."""
        if not isinstance(error, ResourceNotFoundError):
            return False
        is_new = self._grace is not None and now < self._grace
        return is_new or (self.seen_at is not None and not self._is_missing)

    def look_failed(self, error: OmicsBatchError) -> None:
        """Count a look that failed."""
        self.polls += min(error.attempts, 1)
        last = self.last_error if self._failed else None
        is_same = last is not None and (type(error), error.problem) == (type(last), last.problem)
        self.repeats = self.repeats + 1 if is_same else 0
        self._failed = True
        self._is_missing = isinstance(error, ResourceNotFoundError)
        self.last_error = error

    def looked(self, now: float) -> None:
        """Count a look that has shown the batch."""
        self._answered(None, now)

    def was_listed(self, status: str, now: float) -> None:
        """Count a list that has shown the batch as active."""
        self._answered(status, now)

    def _answered(self, listed: str | None, now: float) -> None:
        self.last_contact = self.seen_at = now
        self.polls += 1
        self.listed = listed
        self._failed = self._is_missing = False

    def facts_on(self, error: E, now: float) -> E:
        """Set the facts of this wait on an error."""
        if isinstance(error, OmicsBatchError):
            error.batch_id = self.batch_id
            error.batch = self.shown
            error.elapsed = timedelta(seconds=now - self.started)
            error.polls = self.polls
            error.last_error = self.last_error
        return error

    def result(self, error_in: Callable[[Batch], WaitError | None], now: float) -> Batch:
        """Return the last `Batch` of a wait that is over, or raise the error that it means."""
        batch = cast("Batch", self.shown)  # a wait that ends without an error has seen one
        if error := error_in(batch):
            raise self.facts_on(error, now)
        return batch
