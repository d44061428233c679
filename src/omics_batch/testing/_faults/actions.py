"""What a fault does to one request, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from omics_batch.testing._service.http_response import HttpResponse


@dataclass(frozen=True, slots=True)
class PassThrough:
    """The true answer."""


@dataclass(frozen=True, slots=True)
class Delay:
    """After seconds of the simulator's clock, what another plan says."""

    seconds: float
    then: Plan = PassThrough()


@dataclass(frozen=True, slots=True)
class Send:
    """Another answer."""

    reply: HttpResponse


@dataclass(frozen=True, slots=True)
class Status:
    """The modelled error of a HTTP status, or nothing but that status where the model has none."""

    status: int


@dataclass(frozen=True, slots=True)
class Skew:
    """A refusal for a clock that differs from the service's by seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class WrongBatch:
    """The true answer, but about another batch."""


@dataclass(frozen=True, slots=True)
class Edit:
    """The true answer, but for what a function makes of its body."""

    edit: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Gzip:
    """The true answer, compressed."""


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes instead of HTTP, then the end of the connection."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Reset:
    """A TCP reset instead of an answer."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The true answer's head and half of its body, then the end of the connection."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Nothing (or the true answer's head and half of its body), and silence until the client leaves."""

    after_half: bool


@dataclass(frozen=True, slots=True)
class Drip:
    """The true answer, a byte at a time, with seconds of the simulator's clock between them."""

    interval: float


@dataclass(frozen=True, slots=True)
class Flood:
    """A body of some length, declared in the head or not."""

    size: int
    declared: bool


Plan: TypeAlias = (
    PassThrough | Delay | Send | Status | Skew | WrongBatch | Edit | Gzip | Raw | Reset | Cut | Hold | Drip | Flood
)
