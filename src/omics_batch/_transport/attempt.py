"""What is noted of one request under way, and its response."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_ANSWER: Final = 1024 * 1024
"""Bytes; a GetBatch answer has some thousand."""

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
"""What aiohttp would follow."""


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


@dataclass(frozen=True, slots=True)
class Response:
    """A successful answer: its bytes, or, where botocore was stubbed, the dict it handed out."""

    body: bytes | None
    document: Mapping[str, Any] = field(default_factory=dict[str, Any])
    status: int = 200
    request_id: str | None = None
    """What the service marks its answers with; None for a stranger's."""


CURRENT: Final[ContextVar[Attempt | None]] = ContextVar("omics_batch_attempt", default=None)
"""The attempt of the task that runs; None where a caller uses `client.aws` directly."""
