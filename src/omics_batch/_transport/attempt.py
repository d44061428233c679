"""The facts about one request under way, and its response."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LARGEST_ANSWER: Final = 1024 * 1024
"""Bytes; a GetBatch response has a few thousand."""

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
"""The redirects that aiohttp would follow."""


@dataclass(slots=True)
class Attempt:
    """The facts about one request while it is under way."""

    sent: bool = False
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    redirected: int | None = None
    too_large: bool = False
    proxy: str = ""
    """The host and port of the proxy that it goes through, if there is one."""

    @property
    def succeeded(self) -> bool:
        """Whether a whole response has come, and it is not an error."""
        return self.status is not None and self.status < HTTPStatus.MULTIPLE_CHOICES


@dataclass(frozen=True, slots=True)
class Response:
    """A successful response: its bytes; or its dict, if it is S3's or botocore was stubbed."""

    body: bytes | None
    """The whole response; of S3's, the object that was asked for."""
    document: Mapping[str, Any] = field(default_factory=dict[str, Any])
    status: int = 200
    request_id: str | None = None
    """The service's request id; None if the response has none, since it is from something else."""


CURRENT: Final[ContextVar[Attempt | None]] = ContextVar("omics_batch_attempt", default=None)
"""The attempt of the running task; None if a caller uses `client.aws` directly."""
