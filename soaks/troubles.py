"""The table of faults as a transport hands them out: those that a wait outlives, and those that end it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from omics_batch import (
    AccessDeniedError,
    ConflictError,
    InvalidInputError,
    OmicsBatchError,
    ResourceNotFoundError,
    ServiceError,
    ServiceQuotaExceededError,
    ValidationError,
)
from omics_batch._faults import CREDENTIALS_CODES, THROTTLING_CODES, Fault, Trouble, fault_in_answer
from omics_batch._transport import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PAGE: Final = b"<html><body>Bad Gateway</body></html>"


@dataclass(frozen=True, slots=True)
class Row:
    """What a request brings instead of the truth."""

    name: str
    brings: Reply | Fault
    takes_all_the_time: bool = False
    """Whether it comes only when the attempt's bound is over."""


def _answer(status: int, code: str = "", body: bytes = b'{"message": "in words"}', **headers: str) -> Row:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if code:
        named["x-amzn-errortype"] = code
    name = " ".join([str(status), code, *headers.values()])
    return Row(name, fault_in_answer("GetBatch", status, named, body))


def _body(name: str, body: bytes) -> Row:
    return Row(f"200 {name}", Reply(body))


def _trouble(trouble: Trouble, *, takes_all_the_time: bool = False) -> Row:
    name = trouble.name.lower()
    return Row(name, Fault(trouble=trouble, operation="GetBatch", detail=name), takes_all_the_time)


THROTTLING: Final = [
    _answer(429, body=b""),
    _answer(429, body=_PAGE),
    _answer(509, body=b""),
    _answer(429, "ThrottlingException", x_amz_retry_after="1500"),
    _answer(429, "ThrottlingException", x_amz_retry_after="86400000"),
    _answer(429, "ThrottlingException", x_amz_retry_after="soon"),
    *(_answer(400, code) for code in sorted(THROTTLING_CODES)),
]

SURVIVED: Final[Mapping[str, Sequence[Row]]] = {
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
        _trouble(Trouble.CONNECTION),
        _trouble(Trouble.REDIRECT),
    ],
    "no answer": [
        _trouble(Trouble.TIMEOUT, takes_all_the_time=True),
    ],
    "no answer of the service": [
        _trouble(Trouble.UNREADABLE),
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
        _trouble(Trouble.CREDENTIALS),
        *(_answer(403, code) for code in sorted(CREDENTIALS_CODES)),
    ],
}
"""By kind, what may pass: a wait looks again."""

REFUSALS: Final[Sequence[tuple[Row, type[OmicsBatchError]]]] = [
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
    (_trouble(Trouble.INVALID), InvalidInputError),
]
"""What does not pass, and the error that a wait ends with at once."""

PAGES: Final[Sequence[Row]] = [
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
"""What a page of a list is instead: nobody can tell from it who is in the list."""

DENIED: Final = next(row for row, _ in REFUSALS if row.name == "403 AccessDeniedException")
UNKNOWN: Final = next(row for row, _ in REFUSALS if row.name == "404 ResourceNotFoundException")
BROKEN: Final = next(row for row in SURVIVED["the service's own trouble"] if row.name == "500 InternalServerException")
