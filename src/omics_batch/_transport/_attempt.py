"""What is seen of one request while it is under way, noted by the HTTP session that sends it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(slots=True)
class Attempt:
    """What was seen of one request while it was under way."""

    sent: bool = False
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    redirected: int | None = None
    too_large: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether a whole answer is there, and is no error."""
        return self.status is not None and self.status < HTTPStatus.MULTIPLE_CHOICES


CURRENT: Final[ContextVar[Attempt | None]] = ContextVar("omics_batch_attempt", default=None)
"""The attempt of the task that runs; None where a caller uses `client.aws` directly."""
