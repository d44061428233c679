"""The table of faults that requests meet: those that a wait outlives, and those that end it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from omics_batch import (
    AccessDeniedError,
    ConflictError,
    OmicsBatchError,
    ResourceNotFoundError,
    ServiceError,
    ServiceQuotaExceededError,
    ValidationError,
)
from omics_batch._transport.attempt import LARGEST_ANSWER
from omics_batch._transport.failure import CREDENTIALS_CODES, THROTTLING_CODES
from omics_batch.testing import Fault, faults
from omics_batch.testing._faults.actions import Delay, Edit, Send
from omics_batch.testing._service.http_response import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_TRUTH: Final = faults.answered()
_PAGE: Final = b"<html><body>Bad Gateway</body></html>"


def edited(edit: Callable[[bytes], bytes]) -> Fault:
    """Answer truly, but with the body that a function makes of the true one."""
    return replace(_TRUTH, plan=Edit(edit))


def delayed(seconds: float, then: Fault) -> Fault:
    """Do late what another fault does."""
    return replace(then, plan=Delay(seconds, then.plan))


def _answer(status: int, code: str = "", body: bytes = b'{"message": "in words"}', **headers: str) -> Fault:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if code:
        named["x-amzn-errortype"] = code
    name = " ".join([str(status), code, *headers.values()])
    return replace(faults.empty(status), name=name, plan=Send(HttpResponse(status, body, named, from_service=False)))


def _body(name: str, body: bytes) -> Fault:
    return replace(faults.body(body), name=f"200 {name}")


THROTTLING: Final = [
    _answer(429, body=b""),
    _answer(429, body=_PAGE),
    _answer(509, body=b""),
    _answer(429, "ThrottlingException", x_amz_retry_after="1500"),
    _answer(429, "ThrottlingException", x_amz_retry_after="86400000"),
    _answer(429, "ThrottlingException", x_amz_retry_after="soon"),
    *(_answer(400, code) for code in sorted(THROTTLING_CODES)),
]

SURVIVED: Final[Mapping[str, Sequence[Fault]]] = {
    "a request's time-out": [
        _answer(408, "RequestTimeoutException"),
        _answer(400, "RequestTimeout"),
        _answer(408, body=b""),
    ],
    "the service's own trouble": [
        _answer(500, "InternalServerException"),
        _answer(500, body=b""),
        _answer(502, body=_PAGE),
        _answer(503, body=b"Service Unavailable"),
        _answer(504, body=b"[" * 1000),
        _answer(599, "StrangeException"),
        _answer(503, "InternalServerException", x_amz_retry_after="2000"),
    ],
    "the network": [
        faults.reset(),
        faults.truncated(),
        faults.redirected(307, "https://portal.example.org/"),
    ],
    "no answer": [
        faults.unanswered(),
    ],
    "no answer of the service": [
        replace(faults.body(b"x" * (LARGEST_ANSWER + 1)), name="too large"),
        _answer(304, body=b""),
        _answer(403, body=_PAGE),
        _answer(404, body=_PAGE),
        _answer(400, body=b"[" * 1000),
    ],
    "no batch": [
        _body("empty", b""),
        _body("{}", b"{}"),
        _body("null", b"null"),
        _body("[1]", b"[1]"),
        _body("HTML", _PAGE),
        _body("cut", b'{"id": "7", "status": "PROC'),
        _body("brackets", b"[" * 1000),
        _body("bad UTF-8", b'{"id": "7", "status": "\xff\xfe"}'),
        _body("another batch", b'{"id": "999999999999999999", "status": "PROCESSED"}'),
        _body("no id", b'{"status": "PROCESSED"}'),
        _body("a count as a string", b'{"id": "7", "status": "PROCESSED", "totalRuns": "9"}'),
        _body("a negative count", b'{"id": "7", "status": "PROCESSED", "totalRuns": -9}'),
        _body("1e999", b'{"id": "7", "status": "PROCESSED", "totalRuns": 1e999}'),
        _body("a bad time", b'{"id": "7", "status": "PROCESSED", "processedTime": "soon"}'),
    ],
    "credentials that worked before": [
        *(_answer(403, code) for code in sorted(CREDENTIALS_CODES)),
    ],
}
"""By kind, what may pass: a wait looks again."""

REFUSALS: Final[Sequence[tuple[Fault, type[OmicsBatchError]]]] = [
    (_answer(400, "ValidationException"), ValidationError),
    (_answer(403, "AccessDeniedException"), AccessDeniedError),
    (_answer(403), AccessDeniedError),
    (_answer(404, "ResourceNotFoundException"), ResourceNotFoundError),
    (_answer(404), ResourceNotFoundError),
    (_answer(402, "ServiceQuotaExceededException"), ServiceQuotaExceededError),
    (_answer(402), ServiceQuotaExceededError),
    (_answer(409, "ConflictException"), ConflictError),
    (_answer(409), ConflictError),
    (_answer(418, "TeapotException"), ServiceError),
    (_answer(501, body=b""), ServiceError),
]
"""What does not pass, and the error that a wait ends with at once."""

PAGES: Final[Sequence[Fault]] = [
    _body("empty", b""),
    _body("{} of a stranger", b"{}"),
    _body("null", b"null"),
    _body("[1]", b"[1]"),
    _body("HTML", _PAGE),
    _body("cut", b'{"items": [{"id": "7", "status": "PROC'),
    _body("brackets", b"[" * 1000),
    _body("bad UTF-8", b'{"items": [{"id": "7", "status": "\xff\xfe"}]}'),
    _body("null for items", b'{"items": null, "nextToken": null}'),
    _body("a text for items", b'{"items": "none", "nextToken": null}'),
    _body("an item that is no object", b'{"items": ["7"], "nextToken": null}'),
    _body("an item without id", b'{"items": [{"status": "INPROGRESS"}], "nextToken": null}'),
    _body("an item without status", b'{"items": [{"id": "7"}], "nextToken": null}'),
    _body("an id as a number", b'{"items": [{"id": 7, "status": "INPROGRESS"}], "nextToken": null}'),
    _body("a status as a number", b'{"items": [{"id": "7", "status": 5}], "nextToken": null}'),
    _body("a token as a number", b'{"items": [], "nextToken": 7}'),
]
"""What a page of a list is instead: it does not say which batches are in the list."""

DENIED: Final = next(row for row, _ in REFUSALS if row.name == "403 AccessDeniedException")
BROKEN: Final = next(row for row in SURVIVED["the service's own trouble"] if row.name == "500 InternalServerException")
