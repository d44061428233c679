"""What a batch's status means for a wait, and when to look again. Pure."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeVar

from omics_batch._advice import with_advice, worded
from omics_batch._clock import Duration, in_seconds, is_number
from omics_batch._errors import (
    Advice,
    AdviceKind,
    BatchCancelledError,
    BatchFailedError,
    InvalidInputError,
    LostContactError,
    OmicsBatchError,
    QueueTimeoutError,
    ResourceNotFoundError,
    RunsDeleteFailedError,
    WaitError,
    WaitTimeoutError,
)
from omics_batch._models.enums import BatchStatus
from omics_batch._models.outcome import cancelled_batch, failed_batch
from omics_batch._words import one_line

if TYPE_CHECKING:
    from omics_batch._models.batch import Batch


E = TypeVar("E", bound=WaitError)


@dataclass(frozen=True, slots=True, kw_only=True)
class PollPolicy:
    """When a wait looks again: soon at first and after each change of status, then less and less often."""

    initial: Duration = 5.0
    """From the first look to the second, and after a change of status."""
    factor: float = 1.5
    """How much longer each interval is than the one before."""
    maximum: Duration = 60.0
    """The longest interval, before chance varies it."""
    jitter: float = 0.1
    """The share of an interval by which chance shortens or lengthens it, so that waits do not look in step."""
    max_silence: Duration = 3600.0
    """How long a wait goes on without one readable answer before it raises `LostContactError`."""

    def __post_init__(self) -> None:
        """Refuse numbers with which a wait would poll without pause, or never.

        Raises:
            InvalidInputError: A number is out of its range.
        """
        initial, maximum = in_seconds("initial", self.initial), in_seconds("maximum", self.maximum)
        if not 0 < initial <= maximum:
            raise InvalidInputError(f"initial has to be above 0 and at most maximum, not {initial:g} of {maximum:g} s")
        if not is_number(self.factor) or self.factor < 1:
            raise InvalidInputError(f"factor has to be 1 or more, not {self.factor!r}")
        if not is_number(self.jitter) or not 0 <= self.jitter < 1:
            raise InvalidInputError(f"jitter has to be at least 0 and below 1, not {self.jitter!r}")
        if in_seconds("max_silence", self.max_silence) == 0:
            raise InvalidInputError("max_silence has to be above 0")

    def interval(self, looks: int, chance: float) -> float:
        """Return the seconds until the next look.

        Args:
            looks: The number of looks in a row that showed this status, minus one.
            chance: 0.0 to 1.0, at random; 0.5 leaves the interval as it is.
        """
        initial, maximum = in_seconds("initial", self.initial), in_seconds("maximum", self.maximum)
        try:
            interval = min(initial * float(self.factor) ** looks, maximum)
        except OverflowError:  # after some thousand looks
            interval = maximum
        return interval * (1 + self.jitter * (2 * chance - 1))


def silence_allowed(poll: PollPolicy) -> float:
    """Return the seconds after which a wait has lost contact."""
    return in_seconds("max_silence", poll.max_silence)


def checked_policy(poll: object) -> PollPolicy:
    """Return a caller's policy.

    Raises:
        InvalidInputError: It is not a PollPolicy.
    """
    if not isinstance(poll, PollPolicy):
        raise InvalidInputError(f"poll has to be a PollPolicy, not {poll!r}")
    return poll


class Verdict(Enum):
    """What a wait does after it sees a `Batch`."""

    LOOK_AGAIN = auto()
    PROCESSED = auto()
    FAILED = auto()
    CANCELLED = auto()


def judge(batch: Batch) -> Verdict:
    """Return what a `Batch` means for a wait.

    A batch whose runs are being deleted was processed before if it has a processed time, else cancelled.
    Unknown statuses count as still running.
    """
    if batch.is_processed:
        return Verdict.PROCESSED
    if batch.status == BatchStatus.FAILED:
        return Verdict.FAILED
    return Verdict.CANCELLED if batch.is_terminal else Verdict.LOOK_AGAIN


def has_ended(batch: Batch) -> bool:
    """Whether a `Batch` ends a wait, with a result or an error."""
    return judge(batch) is not Verdict.LOOK_AGAIN


def error_at_the_end(batch: Batch) -> WaitError | None:
    """Return the error that a wait raises for its last `Batch`; None if it was processed."""
    if judge(batch) is Verdict.FAILED:
        happened, advice = failed_batch(batch)
        return _error(BatchFailedError, f"batch {batch.id} failed: {happened}", advice)
    if judge(batch) is Verdict.CANCELLED:
        happened, advice = cancelled_batch(batch)
        return _error(BatchCancelledError, f"batch {batch.id} is {one_line(batch.status)}: {happened}", advice)
    return None


def error_unless_cancelled(batch: Batch) -> WaitError | None:
    """Return the error that cancelling raises for the last `Batch`; None if it was cancelled."""
    if judge(batch) is Verdict.CANCELLED:
        return None
    reason = f": {one_line(batch.failure_reason).rstrip('.')}" if batch.failure_reason else ""
    may_go_on = batch.status == BatchStatus.FAILED and batch.created_run_count != 0
    return _error(
        WaitError,
        f"batch {batch.id} is {one_line(batch.status)}: it ended by itself before it was cancelled{reason}.",
        Advice(AdviceKind.CANCEL_RUNS) if may_go_on else None,
    )


def error_after_deletion(batch: Batch) -> RunsDeleteFailedError | None:
    """Return the error that deleting raises for the last `Batch`; None if no run is left."""
    if batch.status != BatchStatus.RUNS_DELETE_FAILED:
        return None
    counts = batch.submission_summary
    return _error(
        RunsDeleteFailedError,
        f"batch {batch.id} is RUNS_DELETE_FAILED: {counts.successful_delete_submission_count} of its runs were "
        f"deleted, {counts.failed_delete_submission_count} could not be. Its record was kept.",
        Advice(AdviceKind.SEE_RUNS_LEFT),
    )


def error_at_the_deadline(
    batch_id: str,
    batch: Batch | None,
    elapsed: float,
    advice: Advice | None = None,
    *,
    listed: str | None = None,
    unsent: QueueTimeoutError | None = None,
    last: OmicsBatchError | None = None,
) -> WaitTimeoutError:
    """Return the error that a wait raises when its time is over.

    Args:
        batch_id: The batch that was waited for.
        batch: The last `Batch` that was seen.
        elapsed: How many seconds the wait lasted.
        advice: What to do next; None to advise waiting again.
        listed: The status that a list has shown since.
        unsent: The error of the last look, if that was not sent.
        last: The last error of a look in the wait.
    """
    if unsent is not None:
        if batch is None and listed is None:
            happened = f"no look at batch {batch_id} was sent in {_span(elapsed)}"
        else:
            standing = _standing(batch, listed)
            happened = f"batch {batch_id} {standing} after {_span(elapsed)}; the last look at it was not sent"
        return _error(WaitTimeoutError, f"{happened}: it waited for its turn.", advice or unsent.advice)
    problem = f"batch {batch_id} {_standing(batch, listed)} after {_span(elapsed)}."
    if batch is None and listed is None and last is not None:
        problem = f"{problem} The last trouble: {last.problem}"
    return _error(WaitTimeoutError, problem, advice or _again(AdviceKind.WAIT_LONGER, batch, listed))


def error_after_silence(
    batch_id: str,
    batch: Batch | None,
    silence: float,
    last: OmicsBatchError,
    advice: Advice | None = None,
    *,
    listed: str | None = None,
) -> LostContactError:
    """Return the error that a wait raises after too long without a readable response."""
    error = _error(
        LostContactError,
        f"no readable response about batch {batch_id} for {_span(silence)}; "
        f"it {_standing(batch, listed)}. The last trouble: {last.problem}",
        advice or _again(AdviceKind.WAIT_AGAIN, batch, listed),
    )
    error.fault = last.fault
    error.__cause__ = last
    return error


def error_of_a_refusal(
    error: OmicsBatchError, status: str | None, seen_at: float | None, now: float
) -> OmicsBatchError:
    """Return the error that a wait raises for a refusal; if the batch was there before, the message says so.

    Args:
        error: The refusal.
        status: The last status that the wait saw.
        seen_at: The moment at which it last saw the batch; None if it never did.
        now: The moment on the clock.
    """
    if seen_at is None or not isinstance(error, ResourceNotFoundError):
        return error
    was_there = f"It was {one_line(status or '')} {_span(now - seen_at)} before: it may have been deleted."
    problem = f"{error.problem} {was_there}"
    gone = copy(error)
    gone.args, gone.__cause__ = (problem, *error.args[1:]), error.__cause__
    return with_advice(gone, problem, None)


def _error(kind: type[E], problem: str, advice: Advice | None) -> E:
    return with_advice(kind(worded(problem, advice)), problem, advice)


def _again(kind: AdviceKind, batch: Batch | None, listed: str | None) -> Advice:
    return Advice(kind, {"goes_on": batch is not None or listed is not None})


def _span(seconds: float) -> timedelta:
    return timedelta(seconds=round(seconds))


def _standing(batch: Batch | None, listed: str | None) -> str:
    if listed is not None:
        return f"was {one_line(listed)} when last listed"
    if batch is None:
        return "was never seen"
    return f"was {one_line(batch.status)}, {batch.percent_complete:.1f} % finished, when last seen"
