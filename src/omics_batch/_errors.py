"""Everything that this package raises.

OmicsBatchError
 ├─ InvalidInputError (ValueError)        the caller's mistake: nothing was sent
 ├─ ClientClosedError                     the client was not opened, or is closed
 ├─ CredentialsError                      none, expired, or the clock is off
 ├─ QueueTimeoutError (TimeoutError)      the call was over before its turn to be sent: nothing was sent
 ├─ TransportError                        no readable answer came
 │   ├─ ConnectionFailedError
 │   ├─ AttemptTimeoutError (TimeoutError)
 │   ├─ MalformedResponseError
 │   └─ RedirectRefusedError
 ├─ ServiceError                          the service answered with an error
 │   ├─ ThrottlingError
 │   ├─ RequestTimeoutError
 │   ├─ InternalServerError
 │   ├─ ServiceQuotaExceededError
 │   ├─ ValidationError
 │   ├─ ResourceNotFoundError
 │   ├─ AccessDeniedError
 │   └─ ConflictError
 ├─ WaitError                             a wait ended without what it waited for
 │   ├─ BatchFailedError
 │   ├─ BatchCancelledError
 │   ├─ RunsDeleteFailedError
 │   ├─ WaitTimeoutError (TimeoutError)
 │   └─ LostContactError
 └─ FailedRunsError                       runs failed, or the counts do not show that all completed

`InvalidRequestError`, which stands beside the requests, is an InvalidInputError and pydantic's ValidationError.

Every argument but the message has a default: pickle and copy call the class with the message alone
and then restore the attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import ClassVar

import omics_batch
from omics_batch._words import by_reason


class Party(StrEnum):
    """Whose fault an error is: where to look first."""

    CALLER = "CALLER"
    """The caller's input: an argument, a request, a batch that does not exist or was cancelled."""
    MACHINE = "MACHINE"
    """This machine's configuration: credentials and what they allow, region, endpoint, proxy, certificates."""
    OWN_QUEUE = "OWN_QUEUE"
    """This client's own queue: nothing was sent."""
    NETWORK = "NETWORK"
    """The network: no answer came."""
    IN_BETWEEN = "IN_BETWEEN"
    """Something between here and the service, such as a proxy: it answered in the service's place."""
    SERVICE = "SERVICE"
    """The service, its quotas included."""


class AdviceKind(StrEnum):
    """What to do about an error."""

    RENEW_CREDENTIALS = "RENEW_CREDENTIALS"
    """Restore the credentials; `step` is the command or the file."""
    MAKE_ROOM_IN_QUEUE = "MAKE_ROOM_IN_QUEUE"
    """Make fewer calls at once, raise the client's rate, or allow more time."""
    CHECK_NETWORK = "CHECK_NETWORK"
    """Check the network, the region and the endpoint."""
    ALLOW_MORE_TIME = "ALLOW_MORE_TIME"
    """Try again, or allow more time."""
    CHECK_WHAT_IS_BETWEEN = "CHECK_WHAT_IS_BETWEEN"
    """Try again; a proxy may have answered in the service's place."""
    CHECK_ENDPOINT = "CHECK_ENDPOINT"
    """Check the endpoint and the proxy."""
    LOWER_RATE = "LOWER_RATE"
    """Lower the client's rate, or try again later."""
    TRY_AGAIN = "TRY_AGAIN"
    """Try again."""
    TRY_LATER = "TRY_LATER"
    """Try again in a minute."""
    SEE_SERVICE_HEALTH = "SEE_SERVICE_HEALTH"
    """Try again; if this persists, see the AWS Health Dashboard."""
    RAISE_QUOTA = "RAISE_QUOTA"
    """Raise the quota, or wait for running work to end."""
    FIX_REQUEST = "FIX_REQUEST"
    """Fix the request."""
    CHECK_BATCH = "CHECK_BATCH"
    """Check the id, the account and the region."""
    ALLOW_OPERATION = "ALLOW_OPERATION"
    """Allow `operation` in the caller's IAM policy."""
    CHECK_BUCKET = "CHECK_BUCKET"
    """Check the bucket that `settingsUri` names, and its region."""
    ALLOW_START = "ALLOW_START"
    """Allow what starting takes: omics:StartRunBatch, omics:StartRun and iam:PassRole."""
    WAIT_FOR_STATUS = "WAIT_FOR_STATUS"
    """`operation` is allowed while the batch is one of `statuses`, and while nothing else is under way in it."""
    WAIT_FOR_OTHERS = "WAIT_FOR_OTHERS"
    """Wait until what is under way in the batch has ended."""
    USE_NEW_REQUEST_ID = "USE_NEW_REQUEST_ID"
    """Make a request with a new `request_id`."""
    SEND_AGAIN = "SEND_AGAIN"
    """The batch may have been started: send the same request again, its `request_id` starts it once."""
    WAIT_LONGER = "WAIT_LONGER"
    """Wait for the batch again, with more time; it goes on if `goes_on` is true, else that is not known."""
    WAIT_AGAIN = "WAIT_AGAIN"
    """Wait for the batch again; it goes on if `goes_on` is true, else that is not known."""
    NOT_ASKED = "NOT_ASKED"
    """The batch was not asked to end yet: make `call` again, with more time."""
    MAYBE_ASKED = "MAYBE_ASKED"
    """Whether the batch was asked to end is not known: make `call` again."""
    ASKED = "ASKED"
    """The service accepted the request: make `call` again to wait for its end."""
    RECORD_LEFT = "RECORD_LEFT"
    """The runs are deleted, and the record may not be: make `call` again."""
    RECORD_GONE = "RECORD_GONE"
    """Somebody else deleted the record: whether all runs are deleted cannot be found out."""
    SEE_RUNS_LEFT = "SEE_RUNS_LEFT"
    """List the runs that could not be deleted, or delete the record without them."""
    CANCEL_RUNS = "CANCEL_RUNS"
    """Runs that a failed batch had created may still run: cancel them one by one."""
    FIX_AND_START = "FIX_AND_START"
    """The batch failed before it created runs: fix its reason, and start a new batch."""
    LEAVE_OUT_CREATED = "LEAVE_OUT_CREATED"
    """The batch failed, and runs that it had created may still run: leave those out of a new batch."""
    START_ANOTHER = "START_ANOTHER"
    """The batch of this content failed: fix its reason, and start the manifest with another `attempt`."""
    START_INCOMPLETE = "START_INCOMPLETE"
    """Start a new batch with the runs that did not complete."""
    START_FAILED = "START_FAILED"
    """Start a new batch with just the runs that failed."""
    CHECK_COMPLETED = "CHECK_COMPLETED"
    """Check which runs completed before you start any of them again: the counts do not show it."""
    CHECK_OUTPUT = "CHECK_OUTPUT"
    """How deleted runs ended is lost: check their output before you start any of them again."""
    WAIT_FOR_END = "WAIT_FOR_END"
    """Wait until the batch has ended before you start any run again."""
    LOOK_AGAIN = "LOOK_AGAIN"
    """Get the batch again in a minute, before you start any run again."""
    ALLOW_MORE_ATTEMPTS = "ALLOW_MORE_ATTEMPTS"
    """Find out why the runs of a batch go on failing, or allow more attempts."""
    GIVE_PARAMETERS = "GIVE_PARAMETERS"
    """Change parameters one by one, by their names."""
    GIVE_REGION = "GIVE_REGION"
    """Give the client a region, or set AWS_DEFAULT_REGION."""
    CHECK_REGION = "CHECK_REGION"
    """Check the region that the client was given, AWS_DEFAULT_REGION and the profile's region."""
    CHECK_PROFILE = "CHECK_PROFILE"
    """Check the name of the profile that the client was given, AWS_PROFILE and the configuration files."""
    USE_REGION = "USE_REGION"
    """The ARN is of another region: make a client for `region`."""
    USE_HTTPS = "USE_HTTPS"
    """Use an https endpoint, or allow plain http."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do about an error, as data: word it for your own users."""

    kind: AdviceKind
    """What to do."""
    values: Mapping[str, str | int] = field(default_factory=dict[str, "str | int"], hash=False)
    """What the kind's description names, such as `operation`."""


class OmicsBatchError(Exception):
    """Anything this package raises; the message says what happened and what to do next."""

    fault: Party = Party.SERVICE
    """Whose fault it is."""
    advice: Advice | None = None
    """What to do about it, as data; the message says it in words of Python. None where the message alone says it."""
    attempts: int = 0
    """How many requests the failing call was allowed to send, the last one included; 0 where nothing was sent."""
    batch_id: str | None = None
    """The batch this is about, where it is about one."""
    batch: omics_batch.Batch | None = None
    """The last `Batch` that a wait saw; None outside of waits, and where none was seen."""
    elapsed: timedelta | None = None
    """How long a wait had lasted; None outside of waits."""
    polls: int = 0
    """How many looks a wait had made; 0 outside of waits."""
    last_error: OmicsBatchError | None = None
    """The last error of a look in the wait, even if the wait went on after it."""
    _problem: str | None = None

    @property
    def problem(self) -> str:
        """What happened: the message without the advice."""
        return str(self) if self._problem is None else self._problem


class InvalidInputError(OmicsBatchError, ValueError):
    """An argument cannot be right; nothing was sent."""

    fault = Party.CALLER


class ClientClosedError(OmicsBatchError):
    """The client was not opened, or has been closed, perhaps under a running wait; or it is opened a second time."""

    fault = Party.CALLER


class CredentialsError(OmicsBatchError):
    """No credentials were found, or they are incomplete, expired or refused, or the machine's clock is off."""

    fault = Party.MACHINE

    def __init__(self, message: str = "", *, next_step: str = "", is_final: bool = False) -> None:
        """Keep the message, and what to do about it."""
        super().__init__(message)
        self.next_step: str = next_step
        """The command or the file that restores the credentials; the last sentence of the message."""
        self.is_final: bool = is_final
        """Whether only a new client can help, such as one that asks for an MFA code: a wait ends at once then."""


class QueueTimeoutError(OmicsBatchError, TimeoutError):
    """The call's `timeout` was over while it waited for its turn in this client's queue: nothing was sent."""

    fault = Party.OWN_QUEUE

    def __init__(self, message: str = "", *, next_step: str = "") -> None:
        """Keep what to do about it beside the message, which says it too."""
        super().__init__(message)
        self.next_step: str = next_step
        """How to shorten the queue; the last sentence of the message."""


class TransportError(OmicsBatchError):
    """No readable answer came: the request may or may not have reached the service."""

    fault = Party.NETWORK

    def __init__(self, message: str = "", *, status_code: int | None = None) -> None:
        """Say what came instead of an answer."""
        super().__init__(message)
        self.status_code: int | None = status_code
        """The HTTP status of the unreadable answer, where there was one."""


class ConnectionFailedError(TransportError):
    """The connection could not be made, or broke before the whole answer was there."""


class AttemptTimeoutError(TransportError, TimeoutError):
    """No whole answer came within the attempt's limit, or within the call's `timeout`."""


class MalformedResponseError(TransportError):
    """The response cannot be trusted: truncated, HTML, of wrong types, or about another batch."""

    fault = Party.IN_BETWEEN


class RedirectRefusedError(TransportError):
    """The endpoint wanted to send the signed request elsewhere; it was not sent on."""

    fault = Party.IN_BETWEEN


class ServiceError(OmicsBatchError):
    """The service answered with an error."""

    retryable: ClassVar[bool] = False
    """Whether the same request may succeed later."""

    def __init__(
        self,
        message: str = "",
        *,
        code: str = "",
        status_code: int = 0,
        request_id: str | None = None,
        operation: str = "",
    ) -> None:
        """Keep the service's own facts beside the message."""
        super().__init__(message)
        self.code: str = code
        """The service's name for the error, such as `ThrottlingException`; empty where it gave none."""
        self.status_code: int = status_code
        """The HTTP status."""
        self.request_id: str | None = request_id
        """What AWS Support asks for; None where the answer had none."""
        self.operation: str = operation
        """The AWS operation, such as `GetBatch`."""


class ThrottlingError(ServiceError):
    """The account's request quota is used up for the moment."""

    retryable = True


class RequestTimeoutError(ServiceError):
    """The service took too long over the request."""

    retryable = True


class InternalServerError(ServiceError):
    """The service, or something on the way to it, has a fault of its own."""

    retryable = True


class ServiceQuotaExceededError(ServiceError):
    """A quota of the account that does not refill by itself is used up."""


class ValidationError(ServiceError):
    """The service refuses the request as invalid."""

    fault = Party.CALLER


class ResourceNotFoundError(ServiceError):
    """There is no such batch in this account and region."""

    fault = Party.CALLER


class AccessDeniedError(ServiceError):
    """The credentials are valid and lack the permission."""

    fault = Party.MACHINE


class ConflictError(ServiceError):
    """The request conflicts with the batch's status, with another cancel or delete, or with an object in S3."""

    fault = Party.CALLER


class WaitError(OmicsBatchError):
    """A wait ended without what it waited for, such as the batch being processed."""

    fault = Party.CALLER


class BatchFailedError(WaitError):
    """The batch itself failed, for the reason in the message; runs that it had created may go on."""

    fault = Party.SERVICE


class BatchCancelledError(WaitError):
    """The batch was cancelled before all of its runs had ended."""


class RunsDeleteFailedError(WaitError):
    """Not all runs of a batch could be deleted, so its record was kept: it shows which ones are left."""

    fault = Party.SERVICE


class WaitTimeoutError(WaitError, TimeoutError):
    """The time-out was over before the batch was; the batch goes on."""


class LostContactError(WaitError):
    """No readable response came for `PollPolicy.max_silence`; the batch goes on."""

    fault = Party.NETWORK


class FailedRunsError(OmicsBatchError):
    """The batch has failed runs, or it ended and its counts do not show that all runs completed."""

    fault = Party.CALLER

    def __init__(
        self,
        message: str = "",
        *,
        batch: omics_batch.Batch | None = None,
        runs: tuple[omics_batch.FailedRun, ...] = (),
    ) -> None:
        """Keep the batch, and the runs where they were listed."""
        super().__init__(message)
        self.batch = batch
        self.batch_id = None if batch is None else batch.id
        self.runs: tuple[omics_batch.FailedRun, ...] = runs
        """The runs in question, where they were listed; empty where only the counts are known."""

    @property
    def by_reason(self) -> Mapping[str, tuple[omics_batch.FailedRun, ...]]:
        """The listed runs by their reasons, those with the most runs first; runs without one by their kind."""
        return by_reason(self.runs)
