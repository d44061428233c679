"""Responses with status, headers and body, and the service's errors."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON_TYPE: Final = "application/json"
JSON_HEADERS: Final[Mapping[str, str]] = MappingProxyType({"content-type": JSON_TYPE})

_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One answer: a status, headers and a body."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    from_service: bool = True
    """Whether it has a request id, as responses of the service have."""


class Refusal(Exception):  # noqa: N818 - it is a response of the service, not a failure of the simulator
    """A request that the service answers with an error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        """Make the response from the status, code and message."""
        super().__init__(f"{status} {code}: {message}")
        self.response = error_response(status, code, message)


class Item(dict[str, Any]):
    """An item of a list, in the form of its shape; its JSON is cached, since many responses contain it."""

    @cached_property
    def text(self) -> str:
        """The item as JSON."""
        return _encoder.encode(self)


def json_response(status: int, document: object) -> HttpResponse:
    """Return a response with a document; datetimes in it become ISO 8601 in UTC."""
    return HttpResponse(status, _encoder.encode(document).encode(), JSON_HEADERS)


def page_response(status: int, document: Mapping[str, Any]) -> HttpResponse:
    """Return a response with a page of items, most of which have cached JSON."""
    items = [item.text if isinstance(item, Item) else _encoder.encode(item) for item in document["items"]]
    others = "".join(f',"{name}":{_encoder.encode(value)}' for name, value in document.items() if name != "items")
    return HttpResponse(status, f'{{"items":[{",".join(items)}]{others}}}'.encode(), JSON_HEADERS)


def error_response(status: int, code: str, message: str, headers: Mapping[str, str] = _NO_HEADERS) -> HttpResponse:
    """Return an error response as the service writes it: its code in a header, its text in the body."""
    body = json.dumps({"message": message}).encode()
    return HttpResponse(status, body, {"content-type": JSON_TYPE, "x-amzn-errortype": code, **headers})


def validation(message: str) -> Refusal:
    """Return the Refusal of a request with wrong content."""
    return Refusal(400, "ValidationException", message)


def not_found(message: str) -> Refusal:
    """Return the Refusal of a request for something that does not exist."""
    return Refusal(404, "ResourceNotFoundException", message)


def conflict(message: str) -> Refusal:
    """Return the Refusal of a request that contradicts an earlier one."""
    return Refusal(409, "ConflictException", message)


def iso8601(moment: datetime) -> str:
    """Write a moment as the service does, in UTC; a naive datetime is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _write_datetime(value: object) -> str:
    if not isinstance(value, datetime):
        msg = f"a document holds JSON and datetimes, not {type(value).__name__}"
        raise TypeError(msg)
    return iso8601(value)


_encoder: Final = json.JSONEncoder(default=_write_datetime, separators=(",", ":"))
