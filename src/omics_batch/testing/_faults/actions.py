"""The actions of faults on one request, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from omics_batch.testing._service.http_response import HttpResponse


@dataclass(frozen=True, slots=True)
class PassThrough:
    """Send the normal response."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Wait for seconds of the simulator's clock, then carry out another plan."""

    seconds: float
    then: Plan = PassThrough()


@dataclass(frozen=True, slots=True)
class Send:
    """Send another response."""

    response: HttpResponse


@dataclass(frozen=True, slots=True)
class Status:
    """Send the modelled error of an HTTP status, or only the status if the model has no error for it."""

    status: int


@dataclass(frozen=True, slots=True)
class Skew:
    """Refuse the request, since the client's clock differs from the service's by seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class WrongBatch:
    """Send the normal response, but about another batch."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Send the normal response with its body changed by a function."""

    edit: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Gzip:
    """Send the normal response, compressed."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Send bytes instead of HTTP, then close the connection."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Reset:
    """Send a TCP reset instead of a response."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Send the head and half of the body of the normal response, then close the connection."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Send nothing (or the head and half of the body of the normal response), and keep the connection open."""

    after_half: bool


@dataclass(frozen=True, slots=True)
class Drip:
    """Send the normal response one byte at a time, with seconds of the simulator's clock between the bytes."""

    interval: float


@dataclass(frozen=True, slots=True)
class Flood:
    """Send a body of some length, declared in the head or not."""

    size: int
    declared: bool


Plan: TypeAlias = (
    PassThrough | Delay | Send | Status | Skew | WrongBatch | Edit | Gzip | Raw | Reset | Cut | Hold | Drip | Flood
)
