"""Faults to inject: everything that can go wrong between a client and the service.

For example::

    Simulator(faults=[faults.throttled(times=2), faults.status(408), faults.delayed(3.0)])

Each fault applies to the next requests of its operation, in the order of the script, `times` times. Delays are seconds
of the simulator's clock.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final

from omics_batch._clock import Duration, in_seconds
from omics_batch._errors import InvalidInputError
from omics_batch.testing._faults import actions
from omics_batch.testing._service.http_response import HttpResponse, error_response

__all__ = [
    "ANY",
    "Fault",
    "answered",
    "body",
    "closed",
    "delayed",
    "dripped",
    "empty",
    "error",
    "expired_token",
    "gzip_body",
    "html",
    "huge",
    "not_http",
    "redirected",
    "reset",
    "skewed_clock",
    "stalled",
    "status",
    "throttled",
    "truncated",
    "unanswered",
    "wrong_batch",
]

ANY: Final = "*"
"""As an operation: any operation."""

_PAGE: Final = b"<!DOCTYPE html>\n<html><head><title>Bad Gateway</title></head><body>Bad Gateway</body></html>\n"
_GREETING: Final = b"220 mail.example.org ESMTP ready\r\n"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault for the next requests of an operation; made by this module's functions."""

    name: str
    """The name of its function, such as `throttled`."""
    operation: str
    """The AWS operation whose requests it applies to; `*` for all."""
    times: int
    """The number of requests that it applies to."""
    plan: actions.Plan
    """The response, or other action, in place of the normal response."""

    def __post_init__(self) -> None:
        """Refuse a fault that never happens."""
        if self.times < 1:
            raise InvalidInputError(f"times has to be 1 or more, not {self.times}")

    @property
    def description(self) -> str:
        """The fault in a script's words: `throttled on GetBatch, 2 times`."""
        return f"{self.name} on {self.operation}" + (f", {self.times} times" if self.times > 1 else "")

    def matches(self, operation: str) -> bool:
        """Whether the fault is for an operation."""
        return self.operation in {ANY, operation}

    def once_less(self) -> Fault | None:
        """Return the fault with one time less; None if none is left."""
        return replace(self, times=self.times - 1) if self.times > 1 else None


def answered(operation: str = "GetBatch", times: int = 1) -> Fault:
    """Answer normally, so that the next fault applies to a later request."""
    return Fault("answered", operation, times, actions.PassThrough())


def throttled(operation: str = "GetBatch", times: int = 1, retry_after_ms: int | None = None) -> Fault:
    """Answer 429 ThrottlingException, with `x-amz-retry-after` in milliseconds if one is given."""
    headers = {} if retry_after_ms is None else {"x-amz-retry-after": str(retry_after_ms)}
    response = error_response(429, "ThrottlingException", "Rate exceeded", headers)
    return Fault("throttled", operation, times, actions.Send(response))


def status(code: int, operation: str = "GetBatch", times: int = 1) -> Fault:
    """Answer with the service's own error for an HTTP status; without a body if the service has no such error."""
    _check_status(code)
    return Fault(f"status {code}", operation, times, actions.Status(code))


def error(code: str, status: int, message: str = "", operation: str = "GetBatch", times: int = 1) -> Fault:
    """Answer with any error: its code, its HTTP status, its text."""
    _check_status(status)
    return Fault(f"error {code}", operation, times, actions.Send(error_response(status, code, message)))


def delayed(duration: Duration, operation: str = "GetBatch", times: int = 1) -> Fault:
    """Answer normally, but late."""
    seconds = in_seconds("duration", duration)
    return Fault(f"delayed by {seconds:g} s", operation, times, actions.Delay(seconds))


def reset(operation: str = "GetBatch", times: int = 1) -> Fault:
    """Reset the connection (TCP RST) instead of answering."""
    return Fault("reset", operation, times, actions.Reset())


def closed(operation: str = "GetBatch", times: int = 1) -> Fault:
    """Close the connection instead of answering."""
    return Fault("closed", operation, times, actions.Raw(b""))


def truncated(operation: str = "GetBatch", times: int = 1) -> Fault:
    """Close the connection in the middle of the normal response's body."""
    return Fault("truncated", operation, times, actions.Cut())


def stalled(operation: str = "GetBatch", times: int = 1) -> Fault:
    """Stop in the middle of the normal response's body, and keep the connection open."""
    return Fault("stalled", operation, times, actions.Hold(after_half=True))


def unanswered(operation: str = "GetBatch", times: int = 1) -> Fault:
    """Never answer, and keep the connection open."""
    return Fault("unanswered", operation, times, actions.Hold(after_half=False))


def dripped(interval: Duration, operation: str = "GetBatch", times: int = 1) -> Fault:
    """Answer normally, but one byte in each interval."""
    seconds = in_seconds("interval", interval)
    return Fault(f"dripped every {seconds:g} s", operation, times, actions.Drip(seconds))


def not_http(data: bytes = _GREETING, operation: str = "GetBatch", times: int = 1) -> Fault:
    """Send bytes that are not HTTP, and close the connection."""
    return Fault("not_http", operation, times, actions.Raw(data))


def body(
    content: bytes,
    status: int = 200,
    content_type: str = "application/json",
    operation: str = "GetBatch",
    times: int = 1,
) -> Fault:
    """Answer with any bytes."""
    return Fault("body", operation, times, _send(status, content, {"content-type": content_type}))


def html(status: int = 200, operation: str = "GetBatch", times: int = 1) -> Fault:
    """Answer with a web page, as proxies and captive portals do."""
    return Fault("html", operation, times, _send(status, _PAGE, {"content-type": "text/html; charset=utf-8"}))


def empty(status: int = 200, operation: str = "GetBatch", times: int = 1) -> Fault:
    """Answer with a status and nothing else."""
    return Fault(f"empty {status}", operation, times, _send(status, b"", {}))


def redirected(status: int, location: str, operation: str = "GetBatch", times: int = 1) -> Fault:
    """Redirect the client, with status 301, 302, 303, 307 or 308."""
    return Fault(f"redirected {status}", operation, times, _send(status, b"", {"location": location}))


def huge(size: int = 64 * 1024 * 1024, *, declared: bool = True, operation: str = "GetBatch", times: int = 1) -> Fault:
    """Answer with a JSON body of `size` bytes; undeclared, it comes in chunks without a Content-Length."""
    return Fault(f"huge {size}", operation, times, actions.Flood(size, declared=declared))


def gzip_body(operation: str = "GetBatch", times: int = 1) -> Fault:
    """Answer normally, but compressed, although the client does not accept that."""
    return Fault("gzip_body", operation, times, actions.Gzip())


def wrong_batch(operation: str = "GetBatch", times: int = 1) -> Fault:
    """Answer with the normal document, but with another batch's id."""
    return Fault("wrong_batch", operation, times, actions.WrongBatch())


def expired_token(operation: str = "GetBatch", times: int = 1) -> Fault:
    """Answer 403 ExpiredTokenException: the session's credentials have expired."""
    response = error_response(403, "ExpiredTokenException", "The security token included in the request is expired")
    return Fault("expired_token", operation, times, actions.Send(response))


def skewed_clock(seconds: float = -900.0, operation: str = "GetBatch", times: int = 1) -> Fault:
    """Answer 403 InvalidSignatureException, with a Date header that differs from the real time by some seconds."""
    return Fault(f"skewed_clock {seconds:g} s", operation, times, actions.Skew(seconds))


def _send(status: int, content: bytes, headers: dict[str, str]) -> actions.Send:
    _check_status(status)
    return actions.Send(HttpResponse(status, content, headers, from_service=False))


def _check_status(status: int) -> None:
    if not HTTPStatus.OK <= status <= 599:  # noqa: PLR2004 - the last status of HTTP
        raise InvalidInputError(f"a HTTP status that ends an exchange is 200 to 599, not {status!r}")
