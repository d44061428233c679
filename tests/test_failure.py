"""What went wrong with a request, and what to make of it."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch import (
    AccessDeniedError,
    AttemptTimeoutError,
    Batch,
    ConflictError,
    ConnectionFailedError,
    CredentialsError,
    InternalServerError,
    InvalidInputError,
    MalformedResponseError,
    OmicsBatchError,
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
from omics_batch._api.get_batch import batch_in
from omics_batch._transport.attempt import Response
from omics_batch._transport.failure import (
    CREDENTIALS_CODES,
    THROTTLING_CODES,
    CallFailure,
    FailureStage,
    Retry,
    classify,
    error_code,
    error_of,
    fault_in_answer,
    retry_after,
)
from tests.support import IN_PROGRESS, JSON, service_fault

if TYPE_CHECKING:
    from collections.abc import Mapping

NEVER, TRANSIENT, THROTTLED = Retry.NEVER, Retry.TRANSIENT, Retry.THROTTLED


def fault_of(stage: FailureStage, detail: str = "what happened", status: int | None = None) -> CallFailure:
    return CallFailure(stage=stage, operation="GetBatch", detail=detail, status=status)


# Classification

BY_STAGE = [
    (FailureStage.INVALID, InvalidInputError, NEVER),
    (FailureStage.QUEUE, QueueTimeoutError, NEVER),
    (FailureStage.CREDENTIALS, CredentialsError, NEVER),
    (FailureStage.CONNECTION, ConnectionFailedError, TRANSIENT),
    (FailureStage.TIMEOUT, AttemptTimeoutError, TRANSIENT),
    (FailureStage.REDIRECT, RedirectRefusedError, NEVER),
    (FailureStage.UNREADABLE, MalformedResponseError, TRANSIENT),
]


@pytest.mark.parametrize(("status", "code"), [(None, ""), (429, "ThrottlingException"), (500, "")])
def test_a_failure_before_any_word_of_the_service_is_what_it_is(status: int | None, code: str) -> None:
    for stage, error, retry in BY_STAGE:
        failure = CallFailure(stage=stage, operation="GetBatch", detail="", status=status, code=code)
        assert classify(failure) == (error, retry)


def test_every_failure_has_a_meaning() -> None:
    assert {stage for stage, _, _ in BY_STAGE} | {FailureStage.SERVICE} == set(FailureStage)


BY_CODE_AND_STATUS = [
    # the service's own errors, with the status that goes with them
    ("ThrottlingException", 429, ThrottlingError, THROTTLED),
    ("RequestTimeoutException", 408, RequestTimeoutError, TRANSIENT),
    ("InternalServerException", 500, InternalServerError, TRANSIENT),
    ("ValidationException", 400, ValidationError, NEVER),
    ("AccessDeniedException", 403, AccessDeniedError, NEVER),
    ("ResourceNotFoundException", 404, ResourceNotFoundError, NEVER),
    ("ServiceQuotaExceededException", 402, ServiceQuotaExceededError, NEVER),
    ("ConflictException", 409, ConflictError, NEVER),
    # throttling in its other clothes
    ("ThrottlingException", 400, ThrottlingError, THROTTLED),
    ("SlowDown", 503, ThrottlingError, THROTTLED),
    ("TooManyRequestsException", 400, ThrottlingError, THROTTLED),
    ("RequestLimitExceeded", 503, ThrottlingError, THROTTLED),
    ("", 429, ThrottlingError, THROTTLED),
    ("", 509, ThrottlingError, THROTTLED),
    ("BandwidthLimitExceeded", 509, ThrottlingError, THROTTLED),
    ("NobodyKnowsException", 429, ThrottlingError, THROTTLED),
    # the request took too long
    ("", 408, RequestTimeoutError, TRANSIENT),
    ("RequestTimeout", 400, RequestTimeoutError, TRANSIENT),
    ("NobodyKnowsException", 408, RequestTimeoutError, TRANSIENT),
    # a fault of the server's own
    ("", 500, InternalServerError, TRANSIENT),
    ("", 502, InternalServerError, TRANSIENT),
    ("", 503, InternalServerError, TRANSIENT),
    ("", 504, InternalServerError, TRANSIENT),
    ("NobodyKnowsException", 500, InternalServerError, TRANSIENT),
    ("NobodyKnowsException", 599, InternalServerError, TRANSIENT),
    ("InternalServerException", 400, InternalServerError, TRANSIENT),
    # refusals that carry no code
    ("", 402, ServiceQuotaExceededError, NEVER),
    ("", 403, AccessDeniedError, NEVER),
    ("", 404, ResourceNotFoundError, NEVER),
    ("", 409, ConflictError, NEVER),
    # the same words with another ending, whatever the status
    ("AccessDenied", 400, AccessDeniedError, NEVER),
    ("AccessDeniedException", 404, AccessDeniedError, NEVER),
    ("ValidationError", 422, ValidationError, NEVER),
    ("NotFoundException", 400, ResourceNotFoundError, NEVER),
    ("ResourceNotFound", 410, ResourceNotFoundError, NEVER),
    ("ConflictError", 400, ConflictError, NEVER),
    ("InternalServerError", 400, InternalServerError, TRANSIENT),
    # the rest
    ("", 400, ServiceError, NEVER),
    ("NobodyKnowsException", 400, ServiceError, NEVER),
    ("NobodyKnowsException", 418, ServiceError, NEVER),
    ("", 499, ServiceError, NEVER),
    ("", 501, ServiceError, NEVER),
    ("NobodyKnowsException", 501, ServiceError, NEVER),
    # not served at all: no batch is missing
    ("UnknownOperationException", 404, ServiceError, NEVER),
    ("UnknownOperationException", 403, ServiceError, NEVER),
    ("InvalidAction", 404, ServiceError, NEVER),
    # the signature itself is refused
    ("ExpiredTokenException", 403, CredentialsError, NEVER),
    ("ExpiredToken", 400, CredentialsError, NEVER),
    ("UnrecognizedClientException", 403, CredentialsError, NEVER),
    ("InvalidSignatureException", 403, CredentialsError, NEVER),
    ("SignatureDoesNotMatch", 403, CredentialsError, NEVER),
    ("RequestTimeTooSkewed", 403, CredentialsError, NEVER),
    ("MissingAuthenticationTokenException", 403, CredentialsError, NEVER),
]


def test_the_services_word_goes_before_its_status() -> None:
    rows = [(code, status, *classify(service_fault(code, status))) for code, status, _, _ in BY_CODE_AND_STATUS]
    assert rows == BY_CODE_AND_STATUS


@pytest.mark.parametrize("status", [400, 403, 429, 500, 503])
def test_a_whole_family_of_codes_means_one_thing_whatever_the_status(status: int) -> None:
    for code in THROTTLING_CODES:
        assert classify(service_fault(code, status)) == (ThrottlingError, THROTTLED)
    for code in CREDENTIALS_CODES:
        assert classify(service_fault(code, status)) == (CredentialsError, NEVER)
    assert not THROTTLING_CODES & CREDENTIALS_CODES


def test_a_fault_of_the_service_without_a_status_is_an_error_of_the_service() -> None:
    fault = CallFailure(stage=FailureStage.SERVICE, operation="GetBatch", detail="")
    assert classify(fault) == (ServiceError, NEVER)


@given(code=st.text() | st.sampled_from([code for code, *_ in BY_CODE_AND_STATUS]), status=st.integers(400, 599))
def test_what_is_sent_again_says_that_it_is_retryable(code: str, status: int) -> None:
    error, retry = classify(service_fault(code, status))
    assert retry is not NEVER if issubclass(error, ServiceError) and error.retryable else retry is NEVER
    assert (retry is THROTTLED) == (error is ThrottlingError)


# What an answer says


def read(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> CallFailure:
    return fault_in_answer("GetBatch", status, headers or {}, body)


def test_an_error_of_the_service_is_read_from_its_headers_and_body() -> None:
    fault = read(
        429,
        b'{"message": "Rate exceeded"}',
        {"x-amzn-errortype": "ThrottlingException", "x-amzn-requestid": "abc-123", "x-amz-retry-after": "1500"},
    )
    assert fault == CallFailure(
        stage=FailureStage.SERVICE,
        operation="GetBatch",
        detail="ThrottlingException (HTTP 429): Rate exceeded",
        status=429,
        code="ThrottlingException",
        request_id="abc-123",
        retry_after=1.5,
    )


def test_the_cause_comes_along() -> None:
    cause = RuntimeError("why")
    assert fault_in_answer("GetBatch", 500, {}, b"", cause).cause is cause
    assert fault_in_answer("GetBatch", 404, {}, b"<html>", cause).cause is cause


@pytest.mark.parametrize(
    ("headers", "document", "code"),
    [
        ({"x-amzn-errortype": "ConflictException"}, {}, "ConflictException"),
        ({"x-amzn-errortype": "ConflictException:http://internal.amazon.com/"}, {}, "ConflictException"),
        ({"x-amzn-errortype": "com.amazonaws.omics#ConflictException"}, {}, "ConflictException"),
        ({"x-amzn-errortype": "ns#ConflictException:http://x#y"}, {}, "ConflictException"),
        ({"x-amzn-errortype": "ConflictException"}, {"code": "Other"}, "ConflictException"),
        ({"x-amzn-errortype": ""}, {"code": "ConflictException"}, "ConflictException"),
        ({}, {"__type": "com.amazonaws.omics#ConflictException"}, "ConflictException"),
        ({}, {"code": "ConflictException"}, "ConflictException"),
        ({}, {"Code": "ConflictException"}, "ConflictException"),
        ({}, {"__type": 5, "code": "ConflictException"}, "ConflictException"),
        ({}, {"message": "no"}, ""),
        ({}, {}, ""),
    ],
    ids=repr,
)
def test_a_code_travels_in_the_header_or_in_the_body(
    headers: dict[str, str],
    document: dict[str, object],
    code: str,
) -> None:
    fault = read(409, json.dumps(document).encode(), headers)
    assert (fault.stage, fault.code) == (FailureStage.SERVICE, code)
    assert fault.detail.startswith(f"{code or 'error'} (HTTP 409)")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"message": "why"}', "error (HTTP 500): why"),
        (b'{"Message": "why"}', "error (HTTP 500): why"),
        (b'{"message": null, "Message": "why"}', "error (HTTP 500): why"),
        (b'{"message": "two\\nlines \\u001b[2J"}', "error (HTTP 500): two lines [2J"),
        (b'{"message": ""}', "error (HTTP 500)"),
        (b'{"message": 5}', "error (HTTP 500)"),
        (b"", "error (HTTP 500)"),
        (b"{}", "error (HTTP 500)"),
        (b"null", "error (HTTP 500)"),
        (b"[1]", "error (HTTP 500)"),
        (b"<html>Bad Gateway</html>", "error (HTTP 500)"),
        (b'{"message": "cut', "error (HTTP 500)"),
        (b"\xff\xfe\x00", "error (HTTP 500)"),
        (b"[" * 100_000, "error (HTTP 500)"),
        (b"9" * 10_000, "error (HTTP 500)"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_servers_error_counts_whatever_its_body(body: bytes, detail: str) -> None:
    fault = read(500, body)
    assert (fault.stage, fault.detail, fault.status) == (FailureStage.SERVICE, detail, 500)
    assert classify(fault) == (InternalServerError, TRANSIENT)


def test_what_the_service_says_is_cut_and_cleaned() -> None:
    headers = {"x-amzn-errortype": "E\x1b" + "x" * 1000, "x-amzn-requestid": "\x1b[2J" + "y" * 1000}
    fault = read(400, json.dumps({"message": "z" * 10_000}).encode(), headers)
    assert fault.code == "E " + "x" * 95 + "..."
    assert fault.request_id is not None
    assert fault.request_id.startswith("[2Jyyy")
    assert len(fault.request_id) == 500
    assert len(fault.detail) < 700


@pytest.mark.parametrize("body", [b"", b"<html>Not Found</html>", b"null", b'"no"', b"[]", b"{"], ids=repr)
def test_a_strangers_page_does_not_pass_for_the_services_verdict(body: bytes) -> None:
    """A proxy's 404 does not say that a batch is gone."""
    for status in (400, 401, 402, 403, 404, 407, 409, 413, 418, 499):
        fault = read(status, body)
        assert fault == CallFailure(
            stage=FailureStage.UNREADABLE,
            operation="GetBatch",
            detail=f"HTTP {status} without an answer of the service",
            status=status,
        )
        assert classify(fault) == (MalformedResponseError, TRANSIENT)


@pytest.mark.parametrize(("status", "error"), [(408, RequestTimeoutError), (429, ThrottlingError)])
@pytest.mark.parametrize("body", [b"", b"<html>slow down</html>"], ids=repr)
def test_who_asks_for_patience_is_believed(status: int, error: type[OmicsBatchError], body: bytes) -> None:
    """It is sent again anyway, so whoever it was may say so."""
    assert classify(read(status, body)).error is error


@pytest.mark.parametrize("status", [403, 404])
def test_a_client_error_with_a_code_or_a_document_is_the_services(status: int) -> None:
    expected = {403: AccessDeniedError, 404: ResourceNotFoundError}[status]
    assert classify(read(status, b"{}")).error is expected
    assert classify(read(status, b"<html>", {"x-amzn-errortype": "NobodyKnows"})).error is expected


@pytest.mark.parametrize("status", [100, 200, 204, 304, 399])
def test_what_is_neither_success_nor_error_is_unreadable(status: int) -> None:
    assert read(status, b"{}", {"x-amzn-errortype": "ConflictException"}).stage is FailureStage.UNREADABLE


@given(
    status=st.integers(100, 599),
    headers=st.dictionaries(st.sampled_from(["x-amzn-errortype", "x-amzn-requestid", "x-amz-retry-after"]), st.text()),
    body=st.binary() | JSON.map(json.dumps).map(str.encode),
)
def test_any_answer_is_a_fault_in_one_clean_line(status: int, headers: dict[str, str], body: bytes) -> None:
    fault = read(status, body, headers)
    error = error_of(fault, batch_id="7123456", attempts=1)
    assert isinstance(error, (ServiceError, TransportError, CredentialsError))
    assert len(str(error).splitlines()) == 1


# Codes and headers


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", ""),
        ("ThrottlingException", "ThrottlingException"),
        ("ns#ThrottlingException", "ThrottlingException"),
        ("a#b#ThrottlingException", "ThrottlingException"),
        ("ThrottlingException:", "ThrottlingException"),
        ("ns#ThrottlingException:http://x/#y:z", "ThrottlingException"),
        (" ThrottlingException\r\n", "ThrottlingException"),
    ],
)
def test_a_code_is_bared_of_what_stands_around_it(text: str, code: str) -> None:
    assert error_code(text) == code


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", None),
        ("-1", None),
        ("-0.1", None),
        ("nan", None),
        ("inf", None),
        ("-inf", None),
        ("1e999", None),
        ("1,500", None),
        ("0", 0.0),
        ("1", 0.001),
        ("1500", 1.5),
        (" 1500 ", 1.5),
        ("1500.5", 1.5005),
        ("86400000", 86_400.0),
    ],
)
def test_a_wish_to_be_left_alone_comes_in_milliseconds(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


@given(
    header=st.text() | st.floats().map(str) | st.integers().map(str) | st.from_regex(r"[0-9]{1,400}", fullmatch=True)
)
def test_any_header_is_seconds_or_nothing(header: str) -> None:
    seconds = retry_after(header)
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


# What the caller is reported


def test_an_error_of_the_service_carries_its_facts() -> None:
    cause = RuntimeError("why")
    fault = service_fault(
        "AccessDeniedException",
        403,
        detail="AccessDeniedException (HTTP 403): no.",
        request_id="abc",
        cause=cause,
    )
    error = error_of(fault, batch_id="7123456", attempts=1)
    assert isinstance(error, AccessDeniedError)
    assert (error.code, error.status_code, error.request_id) == ("AccessDeniedException", 403, "abc")
    assert (error.operation, error.batch_id, error.attempts) == ("GetBatch", "7123456", 1)
    assert error.__cause__ is cause
    assert str(error) == (
        "GetBatch of batch 7123456: AccessDeniedException (HTTP 403): no. "
        "Allow omics:GetBatch in the caller's IAM policy. [request id abc]"
    )


def test_an_error_without_an_answer_carries_the_status_where_there_was_one() -> None:
    error = error_of(fault_of(FailureStage.UNREADABLE, "the answer is no batch", 200), batch_id="7123456", attempts=3)
    assert isinstance(error, MalformedResponseError)
    assert (error.status_code, error.attempts, error.batch_id, error.__cause__) == (200, 3, "7123456", None)
    assert str(error) == (
        "GetBatch of batch 7123456 (attempt 3): the answer is no batch. "
        "Something between here and the service may have answered in its place; try again."
    )
    connection = error_of(fault_of(FailureStage.CONNECTION), batch_id=None, attempts=1)
    assert isinstance(connection, ConnectionFailedError)
    assert connection.status_code is None


def test_an_error_that_is_about_no_batch_names_none() -> None:
    error = error_of(fault_of(FailureStage.CREDENTIALS, "no usable credentials"), batch_id=None, attempts=1)
    assert isinstance(error, CredentialsError)
    assert error.batch_id is None
    assert str(error).startswith("GetBatch: no usable credentials. Check the credentials")


def test_an_error_without_a_status_has_status_0() -> None:
    error = error_of(
        CallFailure(stage=FailureStage.SERVICE, operation="GetBatch", detail="x"), batch_id=None, attempts=1
    )
    assert isinstance(error, ServiceError)
    assert error.status_code == 0
    assert str(error) == "GetBatch: x."


KINDS = sorted(
    {kind for _, kind, _ in BY_STAGE} | {row[2] for row in BY_CODE_AND_STATUS}, key=lambda kind: kind.__name__
)


def one_fault_of(kind: type[OmicsBatchError]) -> CallFailure:
    for stage, error, _ in BY_STAGE:
        if error is kind:
            return fault_of(stage)
    return next(service_fault(code, status) for code, status, error, _ in BY_CODE_AND_STATUS if error is kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_but_the_unforeseen_says_what_to_do_next(kind: type[OmicsBatchError]) -> None:
    fault = one_fault_of(kind)
    error = error_of(fault, batch_id="7123456", attempts=2)
    assert type(error) is kind
    what, _, next_step = str(error).partition(f"{fault.detail}.")
    assert what == "GetBatch of batch 7123456 (attempt 2): "
    if kind in (ServiceError, InvalidInputError):
        assert next_step == ""
    else:
        assert next_step.strip().endswith(".")


# A batch in an answer


def test_a_batch_is_read_from_bytes_or_from_a_dict() -> None:
    from_bytes = batch_in(Response(IN_PROGRESS), "7123456")
    assert isinstance(from_bytes, Batch)
    assert batch_in(Response(None, json.loads(IN_PROGRESS)), "7123456") == from_bytes


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "the answer cannot be read: Invalid JSON"),
        (b"{}", "the answer cannot be read: id: Field required"),
        (b"null", "the answer cannot be read: Input should be an object"),
        (b"[1]", "the answer cannot be read: Input should be an object"),
        (b"<html>hello</html>", "the answer cannot be read: Invalid JSON"),
        (IN_PROGRESS[:-30], "the answer cannot be read: Invalid JSON"),
        (b"[" * 100_000, "the answer cannot be read: it is nested too deeply: 250 levels are the most"),
        (b'{"id": "7123456", "status": "\xff"}', "the answer cannot be read: Invalid JSON"),
        (b"\x1f\x8b\x08\x00\x00\x00", "the answer cannot be read: Invalid JSON"),
        (b'{"id": "7123456", "status": 5}', "the answer cannot be read: status: Input should be"),
        (b'{"id": "7123456", "status": "X", "creationTime": "soon"}', "the answer cannot be read: creationTime: "),
        (
            b'{"id": "7123456", "status": "X", "runSummary": {"failedRunCount": "1"}}',
            "the answer cannot be read: runSummary.failedRunCount: Input should be a valid integer",
        ),
        (b'{"id": "1", "status": "PENDING"}', "the answer is about batch 1"),
        (b'{"id": "1\\n\\u001b[2J2", "status": "PENDING"}', "the answer is about batch 1 [2J2"),
    ],
    ids=lambda value: repr(value)[:60],
)
def test_an_answer_that_nobody_can_trust_is_a_fault(body: bytes, detail: str) -> None:
    fault = batch_in(Response(body), "7123456")
    assert isinstance(fault, CallFailure)
    assert fault.detail.startswith(detail)
    assert (fault.stage, fault.operation, fault.status) == (FailureStage.UNREADABLE, "GetBatch", 200)
    assert fault.cause is None or fault.cause.__traceback__ is None
    assert classify(fault) == (MalformedResponseError, TRANSIENT)


def test_two_members_of_one_name_are_accepted_whichever_counts() -> None:
    """That differs from one pydantic to the next."""
    batch = batch_in(Response(b'{"id": "7123456", "status": "PENDING", "status": "INPROGRESS"}'), "7123456")
    assert isinstance(batch, Batch)
    assert batch.status in {"PENDING", "INPROGRESS"}
