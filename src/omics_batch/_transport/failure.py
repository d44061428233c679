"""Why a request failed, whether to send it again, and which error it becomes. Pure."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from omics_batch._advice import in_python, with_advice, worded
from omics_batch._errors import (
    AccessDeniedError,
    Advice,
    AdviceKind,
    AttemptTimeoutError,
    ConflictError,
    ConnectionFailedError,
    CredentialsError,
    InternalServerError,
    InvalidInputError,
    MalformedResponseError,
    OmicsBatchError,
    Party,
    QueueTimeoutError,
    RedirectRefusedError,
    RequestTimeoutError,
    ResourceNotFoundError,
    ServiceError,
    ServiceQuotaExceededError,
    ThrottlingError,
    TransportError,
    ValidationError,
)
from omics_batch._models.enums import CANCELLABLE, DELETABLE, RUNS_DELETABLE, BatchStatus
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping


class FailureStage(Enum):
    """The stage at which a request failed."""

    INVALID = auto()
    QUEUE = auto()
    """It was not sent: its time was over before its turn in the queue."""
    CREDENTIALS = auto()
    CONNECTION = auto()
    TIMEOUT = auto()
    REDIRECT = auto()
    UNREADABLE = auto()
    SERVICE = auto()


class Retry(Enum):
    """Whether the same request may be sent again, and as which kind of retry."""

    NEVER = auto()
    TRANSIENT = auto()
    THROTTLED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFailure:
    """A request without a response that can be trusted; it contains no secrets."""

    stage: FailureStage
    operation: str
    detail: str
    """What happened, in one clean line."""
    status: int | None = None
    code: str = ""
    request_id: str | None = None
    retry_after: float | None = None
    """The delay in seconds that the service asks for (`x-amz-retry-after`), if any."""
    cause: Exception | None = None
    next_step: str = ""
    """What to do about it, if that is more exact than the advice for the class."""
    is_final: bool = False
    """Whether the credentials cannot come back while the client is open."""
    is_silence: bool = False
    """Whether a source of credentials did not answer in time."""


class Meaning(NamedTuple):
    """What a failure means: the error for the caller, and whether to retry."""

    error: type[OmicsBatchError]
    retry: Retry


CREDENTIALS_CODES: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "IncompleteSignatureException",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "InvalidToken",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "NotAuthorized",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "UnrecognizedClientException",
    },
)
"""The service refuses the signature: AWS's common errors for all services."""

THROTTLING_CODES: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    },
)
"""The codes that AWS's SDKs retry as throttling, with any HTTP status."""

_NOT_SERVED: Final = frozenset({"InvalidAction", "MissingAction", "UnknownOperation"})
"""The endpoint does not serve the operation: it belongs to another service, or to a region without run batches."""


def _stem(code: str) -> str:
    return code.removesuffix("Exception").removesuffix("Error")


_BY_CODE: Final[Mapping[str, Meaning]] = {
    **dict.fromkeys(map(_stem, CREDENTIALS_CODES), Meaning(CredentialsError, Retry.NEVER)),
    **dict.fromkeys(map(_stem, THROTTLING_CODES), Meaning(ThrottlingError, Retry.THROTTLED)),
    "RequestTimeout": Meaning(RequestTimeoutError, Retry.TRANSIENT),
    "InternalServer": Meaning(InternalServerError, Retry.TRANSIENT),
    "Validation": Meaning(ValidationError, Retry.NEVER),
    "AccessDenied": Meaning(AccessDeniedError, Retry.NEVER),
    "NotFound": Meaning(ResourceNotFoundError, Retry.NEVER),
    "ResourceNotFound": Meaning(ResourceNotFoundError, Retry.NEVER),
    "ServiceQuotaExceeded": Meaning(ServiceQuotaExceededError, Retry.NEVER),
    "Conflict": Meaning(ConflictError, Retry.NEVER),
    "ConditionalRequestConflict": Meaning(
        ConflictError, Retry.TRANSIENT
    ),  # S3: another put of the same key is under way
    **dict.fromkeys(_NOT_SERVED, Meaning(ServiceError, Retry.NEVER)),
}
"""By the code without its ending: AWS writes `AccessDenied`, `ValidationError` and `ConflictException`."""

_BY_STATUS: Final[Mapping[int, Meaning]] = {
    402: Meaning(ServiceQuotaExceededError, Retry.NEVER),
    403: Meaning(AccessDeniedError, Retry.NEVER),
    404: Meaning(ResourceNotFoundError, Retry.NEVER),
    408: Meaning(RequestTimeoutError, Retry.TRANSIENT),
    409: Meaning(ConflictError, Retry.NEVER),
    429: Meaning(ThrottlingError, Retry.THROTTLED),
    501: Meaning(ServiceError, Retry.NEVER),
    509: Meaning(ThrottlingError, Retry.THROTTLED),
}

MEANING_WITHOUT_CODE: Final[Mapping[tuple[str, int], Meaning]] = {
    ("HeadObject", 400): Meaning(CredentialsError, Retry.NEVER),
}
"""Of answers to an operation that have no body, so no code: S3 answers so to a HEAD with an expired token."""

_BY_STAGE: Final[Mapping[FailureStage, Meaning]] = {
    FailureStage.INVALID: Meaning(InvalidInputError, Retry.NEVER),
    FailureStage.QUEUE: Meaning(QueueTimeoutError, Retry.NEVER),
    FailureStage.CREDENTIALS: Meaning(CredentialsError, Retry.NEVER),
    FailureStage.CONNECTION: Meaning(ConnectionFailedError, Retry.TRANSIENT),
    FailureStage.TIMEOUT: Meaning(AttemptTimeoutError, Retry.TRANSIENT),
    FailureStage.REDIRECT: Meaning(RedirectRefusedError, Retry.NEVER),
    FailureStage.UNREADABLE: Meaning(MalformedResponseError, Retry.TRANSIENT),
}

_K = AdviceKind

_ADVICE: Final[Mapping[type[OmicsBatchError], Advice]] = {
    CredentialsError: Advice(
        _K.RENEW_CREDENTIALS, {"step": "Check the credentials (aws sts get-caller-identity) and renew them."}
    ),
    QueueTimeoutError: Advice(_K.MAKE_ROOM_IN_QUEUE),
    ConnectionFailedError: Advice(_K.CHECK_NETWORK),
    AttemptTimeoutError: Advice(_K.ALLOW_MORE_TIME),
    MalformedResponseError: Advice(_K.CHECK_WHAT_IS_BETWEEN),
    RedirectRefusedError: Advice(_K.CHECK_ENDPOINT),
    ThrottlingError: Advice(_K.LOWER_RATE),
    RequestTimeoutError: Advice(_K.TRY_AGAIN),
    InternalServerError: Advice(_K.SEE_SERVICE_HEALTH),
    ServiceQuotaExceededError: Advice(_K.RAISE_QUOTA),
    ValidationError: Advice(_K.FIX_REQUEST),
    ResourceNotFoundError: Advice(_K.CHECK_BATCH),
    ConflictError: Advice(_K.WAIT_FOR_OTHERS),
}


_PERMISSIONS: Final = {"PutObject": "s3:PutObject", "HeadObject": "s3:GetObject", "GetObject": "s3:GetObject"}
"""What allows an operation, where it is not called as in HealthOmics."""

_DENIED: Final = re.compile(r"not authorized to perform: (?P<permission>[a-z0-9-]+:[A-Za-z]+)")
"""How an answer names the permission that is missing."""


def _allowed(operation: str, statuses: frozenset[BatchStatus]) -> Advice:
    *others, last = (status.value for status in BatchStatus if status in statuses)
    named = f"{', '.join(others)} or {last}"
    return Advice(AdviceKind.WAIT_FOR_STATUS, {"operation": operation, "statuses": named})


_ADVICE_OF: Final[Mapping[tuple[str, type[OmicsBatchError]], Advice]] = {
    ("CancelRunBatch", ConflictError): _allowed("CancelRunBatch", CANCELLABLE),
    ("DeleteRunBatch", ConflictError): _allowed("DeleteRunBatch", RUNS_DELETABLE),
    ("DeleteBatch", ConflictError): _allowed("DeleteBatch", DELETABLE),
    ("StartRunBatch", ConflictError): Advice(_K.USE_NEW_REQUEST_ID),
    ("StartRunBatch", AccessDeniedError): Advice(_K.ALLOW_START),
    ("PutObject", ResourceNotFoundError): Advice(_K.CHECK_BUCKET),
    ("PutObject", RedirectRefusedError): Advice(_K.CHECK_BUCKET),
    ("HeadObject", RedirectRefusedError): Advice(_K.CHECK_BUCKET),
    ("GetObject", RedirectRefusedError): Advice(_K.CHECK_BUCKET),
}
"""Advice for an error of one operation; it takes precedence over `_ADVICE`."""


def classify(failure: CallFailure) -> Meaning:
    """Return the error that a failure becomes, and whether to send the request again."""
    if failure.stage is not FailureStage.SERVICE:
        return _BY_STAGE[failure.stage]
    status = failure.status or 0
    without_code = None if failure.code else MEANING_WITHOUT_CODE.get((failure.operation, status))
    known = _BY_CODE.get(_stem(failure.code)) or without_code or _BY_STATUS.get(status)
    if known is not None:
        return known
    if status >= 500:  # noqa: PLR2004 - the class of all server errors
        return Meaning(InternalServerError, Retry.TRANSIENT)
    return Meaning(ServiceError, Retry.NEVER)


def leaves_doubt(failure: CallFailure) -> bool:
    """True if the request may have taken effect although no valid response arrived."""
    if failure.stage is FailureStage.SERVICE:
        return classify(failure).error in (InternalServerError, RequestTimeoutError)
    return classify(failure).retry is Retry.TRANSIENT


def party_of(failure: CallFailure) -> Party:
    """Return whose fault it is. An error without a code and a request id is from something in between."""
    if failure.stage is FailureStage.SERVICE and not (failure.code or failure.request_id):
        return Party.IN_BETWEEN
    if _stem(failure.code) in _NOT_SERVED:
        return Party.MACHINE
    return classify(failure).error.fault


def error_of(failure: CallFailure, *, batch_id: str | None, attempts: int, about: str = "") -> OmicsBatchError:
    """Return what to raise for a failure: what happened, to which batch (or else `about`), and what to do next."""
    kind = classify(failure).error
    about = about if batch_id is None else f"batch {batch_id}"
    about = f"{failure.operation} of {about}" if about else failure.operation
    tries = f" (attempt {attempts})" if attempts > 1 else ""
    problem = f"{about}{tries}: {failure.detail.rstrip('.')}."
    request = f" [request id {failure.request_id}]" if failure.request_id else ""
    advice = _advice_for(failure, kind)
    message = f"{worded(problem, advice)}{request}"
    error: OmicsBatchError
    if issubclass(kind, ServiceError):
        error = kind(
            message,
            code=failure.code,
            status_code=failure.status or 0,
            request_id=failure.request_id,
            operation=failure.operation,
        )
    elif advice is not None and issubclass(kind, QueueTimeoutError):
        error = kind(message, next_step=in_python(advice))
    elif issubclass(kind, TransportError):
        error = kind(message, status_code=failure.status)
    elif advice is not None and issubclass(kind, CredentialsError):
        error = kind(message, next_step=in_python(advice), is_final=failure.is_final)
    else:
        error = kind(message)
    error.fault = party_of(failure)
    error.batch_id = batch_id
    error.attempts = attempts
    error.__cause__ = failure.cause
    return with_advice(error, problem, advice)


def _advice_for(failure: CallFailure, kind: type[OmicsBatchError]) -> Advice | None:
    if failure.next_step:
        return Advice(AdviceKind.RENEW_CREDENTIALS, {"step": failure.next_step})
    if advice := _ADVICE_OF.get((failure.operation, kind)):
        return advice
    if _stem(failure.code) in _NOT_SERVED:
        return Advice(AdviceKind.CHECK_NETWORK)
    if kind is InternalServerError and party_of(failure) is Party.IN_BETWEEN:
        return _ADVICE[MalformedResponseError]
    if kind is AccessDeniedError:
        named = _DENIED.search(failure.detail)
        usual = _PERMISSIONS.get(failure.operation, f"omics:{failure.operation}")
        return Advice(AdviceKind.ALLOW_OPERATION, {"operation": named["permission"] if named else usual})
    return _ADVICE.get(kind)


def fault_in_answer(
    operation: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    cause: Exception | None = None,
) -> CallFailure:
    """Read an HTTP response that is not a success: the service's own error, or the page of a proxy.

    The service's code is in `x-amzn-errortype` or in the body. A client error without a code whose body is no JSON
    object is not from the service, so it is not treated as the service's refusal.
    """
    document = object_in(body)
    code = error_code(headers.get("x-amzn-errortype") or _text(document, "__type", "code", "Code"))
    if status < 400 or (  # noqa: PLR2004 - the first client error
        status not in _BY_STATUS_ALONE and status < 500 and not code and document is None  # noqa: PLR2004 - HTTP's
    ):
        return CallFailure(
            stage=FailureStage.UNREADABLE,
            operation=operation,
            detail=f"HTTP {status} without an answer of the service",
            status=status,
            cause=cause,
        )
    words = one_line(_text(document, "message", "Message"))
    return CallFailure(
        stage=FailureStage.SERVICE,
        operation=operation,
        detail=f"{code or 'error'} (HTTP {status})" + (f": {words}" if words else ""),
        status=status,
        code=code,
        request_id=one_line(headers.get("x-amzn-requestid", "")) or None,
        retry_after=retry_after(headers.get("x-amz-retry-after")),
        cause=cause,
    )


_BY_STATUS_ALONE: Final = frozenset({408, 429})
"""Client errors that are retried in any case, so it does not matter whether the service sent them."""


def error_code(text: str) -> str:
    """Return the code without its namespace and URI: the service writes `ns#ThrottlingException:http://...`."""
    return one_line(text.partition(":")[0].rpartition("#")[2], limit=100)


def retry_after(milliseconds: str | None) -> float | None:
    """Return the seconds in an `x-amz-retry-after` header; None if it is absent or invalid."""
    try:
        seconds = float(milliseconds or "nan") / 1000
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def object_in(body: bytes) -> dict[str, object] | None:
    """Read a body as a JSON object; None if it is not one."""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, object]", document) if isinstance(document, dict) else None


def _text(document: Mapping[str, object] | None, *names: str) -> str:
    values = (document.get(name) for name in names) if document else ()
    return next((value for value in values if isinstance(value, str)), "")
