"""Everything that this package raises.

OmicsBatchError
 ├─ InvalidInputError (ValueError)        the caller's mistake: nothing was sent
 ├─ ClientClosedError                     the client was not entered, or is closed
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

Every argument but the message has a default: pickle and copy call the class with the message alone
and then restore the attributes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from omics_batch._words import by_reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from omics_batch._models import Batch
    from omics_batch._runs import FailedRun


class OmicsBatchError(Exception):
    """Anything this package raises; the message says what happened and what to do next."""

    attempts: int = 0
    """How many requests the failing call was allowed to send, the last one included; 0 where nothing was sent."""
    batch_id: str | None = None
    """The batch this is about, where it is about one."""
    batch: Batch | None = None
    """The last `Batch` that a wait saw; None outside of waits, and where none was seen."""
    elapsed: timedelta | None = None
    """How long a wait had lasted; None outside of waits."""
    polls: int = 0
    """How often a wait had looked; 0 outside of waits."""
    last_error: OmicsBatchError | None = None
    """The last trouble that a wait met on the way, even one it had survived."""


class InvalidInputError(OmicsBatchError, ValueError):
    """An argument cannot be right; nothing was sent."""


class ClientClosedError(OmicsBatchError):
    """The client was not entered with `async with`, or has been closed, perhaps under a running wait."""


class CredentialsError(OmicsBatchError):
    """No credentials were found, or they are incomplete, expired or refused, or the machine's clock is off."""

    def __init__(self, message: str = "", *, next_step: str = "", is_final: bool = False) -> None:
        """Keep what to do about it beside the message, which says it too."""
        super().__init__(message)
        self.next_step: str = next_step
        """The command or the file that restores the credentials; the last sentence of the message."""
        self.is_final: bool = is_final
        """Whether only a new client can help, such as one that asks for an MFA code: a wait ends at once then."""


class QueueTimeoutError(OmicsBatchError, TimeoutError):
    """The call's `timeout` was over while it waited for its turn in this client's queue: nothing was sent."""

    def __init__(self, message: str = "", *, next_step: str = "") -> None:
        """Keep what to do about it beside the message, which says it too."""
        super().__init__(message)
        self.next_step: str = next_step
        """What makes room in the queue; the last sentence of the message."""


class TransportError(OmicsBatchError):
    """No readable answer came: the request may or may not have reached the service."""

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
    """An answer came that nobody can trust: truncated, HTML, of wrong types, or about another batch."""


class RedirectRefusedError(TransportError):
    """The endpoint wanted to send the signed request elsewhere; it was not sent on."""


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


class ResourceNotFoundError(ServiceError):
    """There is no such batch in this account and region."""


class AccessDeniedError(ServiceError):
    """The credentials are valid and lack the permission."""


class ConflictError(ServiceError):
    """The request does not go with what is under way in the batch."""


class WaitError(OmicsBatchError):
    """A wait ended without what it waited for, such as the batch being processed."""


class BatchFailedError(WaitError):
    """The batch itself failed, for the reason in the message; runs that it had created may go on."""


class BatchCancelledError(WaitError):
    """The batch was cancelled before all of its runs had ended."""


class RunsDeleteFailedError(WaitError):
    """Not all runs of a batch could be deleted, so its record was kept: it tells which ones are left."""


class WaitTimeoutError(WaitError, TimeoutError):
    """The time-out was over before the batch was; the batch goes on."""


class LostContactError(WaitError):
    """Nothing readable was heard for `PollPolicy.max_silence`; the batch goes on."""


class FailedRunsError(OmicsBatchError):
    """The batch has failed runs, or it ended and its counts do not show that all runs completed."""

    def __init__(
        self,
        message: str = "",
        *,
        batch: Batch | None = None,
        runs: tuple[FailedRun, ...] = (),
    ) -> None:
        """Keep the batch, and the runs where they were listed."""
        super().__init__(message)
        self.batch = batch
        self.batch_id = None if batch is None else batch.id
        self.runs: tuple[FailedRun, ...] = runs
        """The runs in question, where they were listed; empty where only the counts are known."""

    @property
    def by_reason(self) -> Mapping[str, tuple[FailedRun, ...]]:
        """The listed runs by their reasons, those with the most runs first; runs without one by their kind."""
        return by_reason(self.runs)
