"""Exceptions of aiobotocore, botocore and aiohttp as failures."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointProviderError,
    HTTPClientError,
    ParamValidationError,
    ReadTimeoutError,
    StubResponseError,
)

from omics_batch._errors import CredentialsError
from omics_batch._transport.attempt import LARGEST_ANSWER, REDIRECTS, Response
from omics_batch._transport.credential_sources import PRESENTABLE, Source, SourceError, explain, presentable
from omics_batch._transport.failure import MEANING_WITHOUT_CODE, CallFailure, FailureStage, classify, fault_in_answer
from omics_batch._words import one_line, without_url_secrets

if TYPE_CHECKING:
    from collections.abc import Callable

    from omics_batch._transport.attempt import Attempt

_NOTABLE_SKEW: Final = 240.0
"""Seconds; AWS accepts signatures that are off by less than five minutes."""

_TIMEOUTS: Final = (TimeoutError, ConnectTimeoutError, ReadTimeoutError)
_MISTAKES: Final = (ParamValidationError, StubResponseError, EndpointProviderError)


def failure_of(
    error: Exception, operation: str, attempt: Attempt, bound: float, source: Callable[[str], Source] = Source
) -> CallFailure:
    """Return the failure behind an exception.

    Args:
        error: The exception of the request.
        operation: The AWS operation.
        attempt: The facts about the request.
        bound: Its limit in seconds.
        source: Describes where credentials come from.
    """
    if attempt.status is not None and not isinstance(error, TimeoutError):
        return _fault_in_answer(operation, attempt, _rid_of_secrets(error))
    if isinstance(error, ClientError) and error.operation_name == operation:
        status: int = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        if status not in REDIRECTS:
            return _fault_that_was_parsed(operation, status, error)
        attempt.redirected = status
    if not attempt.sent and not isinstance(error, _MISTAKES) and type(error) is not TimeoutError:
        return failure_of_source(explain(error, source("")), operation)
    stage, detail = _stage_of(error, attempt, bound)
    return CallFailure(stage=stage, operation=operation, detail=detail, cause=_rid_of_secrets(error))


def _stage_of(error: Exception, attempt: Attempt, bound: float) -> tuple[FailureStage, str]:
    if attempt.redirected:
        return FailureStage.REDIRECT, f"the endpoint answered with a redirect (HTTP {attempt.redirected})"
    if attempt.too_large:
        return FailureStage.UNREADABLE, f"the answer was larger than {LARGEST_ANSWER} bytes"
    through = f" through the proxy {one_line(attempt.proxy)}" if attempt.proxy else ""
    if isinstance(error, _TIMEOUTS):
        return FailureStage.TIMEOUT, f"no whole answer within {bound:.3g} s{through}"
    if isinstance(error, _MISTAKES):
        return FailureStage.INVALID, presentable(error)
    cause = vars(error).get("kwargs", {}).get("error") if isinstance(error, BotoCoreError) else error
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        whose = " of the proxy" if through else ""
        return FailureStage.CONNECTION, f"the name {one_line(cause.host)}{whose} does not resolve"
    return FailureStage.CONNECTION, f"the connection failed{through}: {presentable(error)}"


def answer_in(operation: str, attempt: Attempt) -> Response | CallFailure:
    """Return the response of an attempt, or the failure that it is."""
    if not attempt.succeeded:
        return _fault_in_answer(operation, attempt, None)
    return Response(attempt.body, status=attempt.status or 0, request_id=attempt.headers.get("x-amzn-requestid"))


def _fault_in_answer(operation: str, attempt: Attempt, cause: Exception | None) -> CallFailure:
    failure = fault_in_answer(operation, attempt.status or 0, attempt.headers, attempt.body, cause)
    skew = _clock_skew(attempt.headers.get("date", ""))
    if classify(failure).error is not CredentialsError or abs(skew) < _NOTABLE_SKEW:
        return failure
    direction = "behind" if skew > 0 else "ahead of"
    advice = f"set this machine's clock, which is {abs(skew):.0f} s {direction} the service's"
    return replace(failure, detail=f"{failure.detail}; {advice}")


def _fault_that_was_parsed(operation: str, status: int, error: ClientError) -> CallFailure:
    """Read an error that botocore has parsed: S3's, or a stub's."""
    parsed = error.response.get("Error", {})
    said = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    headers = {"x-amzn-errortype": parsed.get("Code", "")}
    if "x-amz-request-id" in said:
        headers["x-amzn-requestid"] = said["x-amz-request-id"]
    message = {"message": parsed.get("Message", "")}
    # botocore writes the status where there is no body. A page has neither a code nor a message.
    if headers["x-amzn-errortype"].isdigit() or not (headers["x-amzn-errortype"] or message["message"]):
        headers["x-amzn-errortype"], message = "", {}
        if (operation, status) in MEANING_WITHOUT_CODE and "x-amzn-requestid" in headers:
            message = {"message": "S3 gives no reason; expired credentials are the usual one"}
    is_answered = message or "x-amzn-requestid" in headers
    body = json.dumps(message).encode() if is_answered else b""
    return fault_in_answer(operation, status, {**headers, **said}, body, _rid_of_secrets(error))


def _clock_skew(date: str) -> float:
    """Return by how many seconds the service's clock is ahead, by the Date header of a response; 0 without one."""
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def failure_of_source(error: SourceError, operation: str) -> CallFailure:
    """Return the failure of a request that could not be signed."""
    return CallFailure(
        stage=FailureStage.CREDENTIALS,
        operation=operation,
        detail=error.problem,
        next_step=error.next_step,
        is_final=error.is_final,
        is_silence=error.is_silence,
    )


def _rid_of_secrets(error: Exception) -> Exception | None:
    """Return an exception that can be a cause: without the signed request, its context, or frames that contain them."""
    if not isinstance(error, PRESENTABLE) or isinstance(error, CredentialRetrievalError):
        return None
    if isinstance(error, aiohttp.ClientError):
        error = ConnectionClosedError(endpoint_url="", error=type(error).__name__)
    for holder in ("request", "response"):
        if isinstance(error, HTTPClientError) and hasattr(error, holder):
            setattr(error, holder, None)
    if isinstance(error, BotoCoreError):
        facts: dict[str, object] = vars(error)["kwargs"]
        vars(error)["kwargs"] = {name: _fact(value) for name, value in facts.items() if name != "request"}
        error.args = tuple(without_url_secrets(str(argument)) for argument in error.args)
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _fact(value: object) -> str:
    # aiohttp's exceptions contain a proxy's URL with its password.
    return type(value).__name__ if isinstance(value, BaseException) else without_url_secrets(str(value))
