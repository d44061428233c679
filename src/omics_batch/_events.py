"""Events: what a client did, for hooks, logs, metrics and the command line.

Each event is a line of the log too: `str(event)` is its text, and `level` its level.
"""

from __future__ import annotations

from dataclasses import dataclass
from logging import INFO
from typing import ClassVar

import omics_batch
from omics_batch._advice import worded
from omics_batch._emitter import LEVELS
from omics_batch._errors import Advice, OmicsBatchError, Party
from omics_batch._models.enums import BatchStatus, Outcome
from omics_batch._words import in_a_row, one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that a client did, or an error that it met; each kind is a class of its own."""

    level: ClassVar[int] = INFO
    """The level of its line in the log, as `logging` counts them."""

    time: float
    """The moment on the client's clock, in seconds: differences are durations."""

    def __init_subclass__(cls) -> None:
        """Give a kind of event its level."""
        cls.level = LEVELS.get(cls.__name__, INFO)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(Event):
    """A call of one operation ended: a caller's own, or one that a wait makes."""

    operation: str
    """The AWS operation, such as `GetBatch`."""
    batch_id: str | None
    """The batch it was about; None where it was about none."""
    elapsed: float
    """Seconds that it took, including its time in the queue, its attempts and its delays."""
    attempts: int
    """Requests that may have been sent; 0 where nothing was sent."""
    error: type[BaseException] | None
    """The class of its error, such as `QueueTimeoutError` or `asyncio.CancelledError`; None after a success."""

    def __str__(self) -> str:
        how = "ended" if self.error is None else f"ended with {self.error.__name__}"
        return f"{_about(self.operation, self.batch_id)}: {how} after {self.elapsed:.2f} s, {_times(self.attempts)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFailed(Event):
    """A request failed; the call may send it again."""

    operation: str
    """The AWS operation, such as `GetBatch`."""
    batch_id: str | None
    """The batch it was about; None where it was about none."""
    attempt: int
    """Which request of its call it was, from 1."""
    error: type[OmicsBatchError]
    """The class of the error that it is."""
    fault: Party
    """Whose fault it is."""
    message: str
    """What happened, in one line."""
    code: str
    """The service's name for the error, such as `ThrottlingException`; empty where it gave none."""
    status_code: int | None
    """The HTTP status; None where no answer came."""
    request_id: str | None
    """The id of the request, for AWS Support; None where no answer has one."""
    delay: float | None
    """Seconds until the next attempt; None where there is none."""

    def __str__(self) -> str:
        following = "not sent again" if self.delay is None else f"attempt {self.attempt + 1} in {self.delay:.2f} s"
        return f"{self.operation}: {self.message.rstrip('.')}; {following}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryQuotaUsedUp(Event):
    """A request was not sent again, because the client's tokens for retries are used up."""

    operation: str
    """The AWS operation, such as `GetBatch`."""
    batch_id: str | None
    """The batch it was about; None where it was about none."""
    message: str
    """What happened to the request, in one line."""
    repeats: int = 0
    """How often it happened before, without a success in between: the log has the repeats at DEBUG."""

    def __str__(self) -> str:
        return f"the retry quota is used up: {self.message}{in_a_row(self.repeats)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateChanged(Event):
    """The service throttled an operation, and it is sent more slowly now; answers raise the rate again."""

    operation: str
    """The AWS operation, such as `GetBatch`."""
    rate: float
    """Requests a second at most, from now on."""

    def __str__(self) -> str:
        return f"{self.operation}: throttled: at most {self.rate:.1f} requests a second now"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsRejected(Event):
    """The service no longer accepts the credentials, and the client looks for new ones."""

    def __str__(self) -> str:
        return "the credentials no longer work: looking for new ones"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsRenewed(Event):
    """New credentials are in use."""

    def __str__(self) -> str:
        return "new credentials are in use"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialsRenewalFailed(Event):
    """There are no new credentials; another renewal is tried later."""

    message: str
    """What is wrong, and what to do about it, in one line."""
    are_valid: bool
    """Whether the old ones can still be used for a while."""

    def __str__(self) -> str:
        situation = "the credentials expire soon, and there are no new ones" if self.are_valid else "no new credentials"
        return f"{situation}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsUploaded(Event):
    """`start_manifest` put a settings file into S3; not where it was there already."""

    uri: str
    """Where it is."""
    size: int
    """Its bytes."""
    runs: int
    """The runs whose settings it has."""

    def __str__(self) -> str:
        return f"{self.runs:,} run settings are in {one_line(self.uri)} ({self.size:,} bytes)"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchStarted(Event):
    """The service accepted a batch."""

    batch_id: str
    """The new batch; the same one where the request had started it before."""
    request_id: str
    """The `request_id` of the request."""

    def __str__(self) -> str:
        return f"batch {self.batch_id}: started by the request {one_line(self.request_id)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEvent(Event):
    """Something about one wait."""

    batch_id: str
    """The batch that is waited for."""
    wait_id: int
    """Which wait of this process it is: two waits for one batch have two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStarted(WaitEvent):
    """A wait started; exactly one `WaitEnded` with the same `wait_id` follows."""

    timeout: float | None
    """Seconds that it may take; None for no limit."""

    def __str__(self) -> str:
        limit = "without a time-out" if self.timeout is None else f"for {self.timeout:.0f} s at most"
        return f"batch {self.batch_id}: a wait started, {limit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChanged(WaitEvent):
    """A wait saw a status that it had not seen just before; the first one too."""

    before: BatchStatus | None
    """The status before; None at first."""
    status: BatchStatus
    """The status now."""
    batch: omics_batch.Batch | None
    """The batch as GetBatch showed it; None where a list showed its status."""

    def __str__(self) -> str:
        status = one_line(self.status)
        if self.batch is None:
            return f"batch {self.batch_id}: listed as {status}"
        return f"batch {self.batch_id}: {status}, {self.batch.percent_complete:.1f} % finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownStatus(WaitEvent):
    """A wait saw a status that this release does not know, for the first time; it counts as still running."""

    status: BatchStatus
    """The status."""

    def __str__(self) -> str:
        return f"batch {self.batch_id}: unknown status {one_line(self.status)} counts as not finished"


@dataclass(frozen=True, slots=True, kw_only=True)
class LookFailed(WaitEvent):
    """A look of a wait failed, and the wait goes on."""

    error: type[OmicsBatchError]
    """The class of the error."""
    fault: Party
    """Whose fault it is."""
    message: str
    """What happened, in one line."""
    advice: Advice | None
    """What to do about it, if it persists."""
    repeats: int = 0
    """How many looks in a row failed in the same way before: the log has the repeats at DEBUG."""

    def __str__(self) -> str:
        what = f"{worded(self.message, self.advice)}{in_a_row(self.repeats)}"
        return f"batch {self.batch_id}: a look failed, the wait goes on: {what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitEnded(WaitEvent):
    """A wait ended, whether with a result or an error."""

    outcome: Outcome | None
    """How the batch ended; None where the wait ended with an error."""
    error: type[BaseException] | None
    """The class of the error that ended the wait, such as `WaitTimeoutError` or `ClientClosedError`.

    `asyncio.CancelledError` where the caller gave the wait up; None where the batch ended.
    """
    elapsed: float
    """Seconds that it took."""
    polls: int
    """How often the batch was looked at or listed."""

    def __str__(self) -> str:
        how = "" if self.error is None else f" with {self.error.__name__}"
        return f"batch {self.batch_id}: a wait ended{how} after {self.elapsed:.0f} s and {self.polls} looks"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionAdvanced(WaitEvent):
    """`cancel_and_wait` or `delete_everything` came one step further."""

    call: str
    """Which of them it is."""
    advice: Advice
    """What to do if it ends here: its kind says whether the batch was asked to end."""

    def __str__(self) -> str:
        return f"batch {self.batch_id}: {self.call}: {self.advice.kind.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPageFailed(Event):
    """A page of ListBatch could not be read for the waits; the list scan goes on."""

    error: type[OmicsBatchError]
    """The class of the error."""
    message: str
    """What happened, in one line."""
    is_requested_again: bool
    """Whether it is requested again; if not, the service has no list of this status."""

    def __str__(self) -> str:
        what = "a page of a list failed, and is requested again" if self.is_requested_again else "a list is left out"
        return f"{what}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListScanFailed(Event):
    """The lists cannot be read: until `ListScanRecovered`, waits look at their batches one by one."""

    error: type[OmicsBatchError]
    """The class of the error."""
    message: str
    """What happened, in one line."""
    is_denied: bool
    """Whether the permission omics:ListBatch is missing."""

    def __str__(self) -> str:
        if self.is_denied:
            return (
                "omics:ListBatch on * is not allowed: batches are looked at one by one, which takes longer where they "
                f"are many. {self.message}"
            )
        return f"the lists of batches cannot be read, batches are looked at one by one: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListsLagging(Event):
    """The lists are out of date: until `ListScanRecovered`, waits look at their batches one by one."""

    lag: float
    """Seconds by which they lag."""

    def __str__(self) -> str:
        return f"the lists of batches lag by {self.lag:.0f} s, batches are looked at one by one"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListScanRecovered(Event):
    """The lists can be read again."""

    def __str__(self) -> str:
        return "the lists of batches can be read again"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStoodStill(Event):
    """The process was stopped, or its event loop was blocked; waits do not count that time as silence."""

    seconds: float
    """For how long."""

    def __str__(self) -> str:
        return f"the process stood still for {self.seconds:.0f} s"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReasonMissing(Event):
    """A failed run was deleted after it was listed, so that its reason cannot be read."""

    batch_id: str
    """The batch."""
    run_id: str
    """The run."""

    def __str__(self) -> str:
        return f"batch {self.batch_id}: run {self.run_id} was deleted before its reason could be read"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedRunsMissing(Event):
    """`failed_runs` could not list as many runs as the counts show, or runs were deleted."""

    batch_id: str
    """The batch."""
    listed: int
    """How many runs were listed."""
    expected: int
    """How many the counts show."""
    deleted: int
    """How many runs of the batch were deleted."""

    def __str__(self) -> str:
        short = f"{self.listed} of {self.expected} runs that did not succeed are listed"
        lost = f"how its {self.deleted} deleted run{'' if self.deleted == 1 else 's'} ended is lost"
        parts = [short] if self.listed < self.expected else []
        return f"batch {self.batch_id}: {'; '.join([*parts, lost] if self.deleted else parts)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultsMissing(Event):
    """`results` left out runs that ListRuns shows and that have no runSettingId in ListRunsInBatch."""

    batch_id: str
    """The batch."""
    missing: int
    """How many runs were left out."""

    def __str__(self) -> str:
        return (
            f"batch {self.batch_id}: {self.missing} runs are not in the results, since ListRunsInBatch does not show "
            "them yet: ask again in a minute"
        )


def _about(operation: str, batch_id: str | None) -> str:
    return operation if batch_id is None else f"{operation} of batch {batch_id}"


def _times(attempts: int) -> str:
    return "not sent" if not attempts else "1 attempt" if attempts == 1 else f"{attempts} attempts"
