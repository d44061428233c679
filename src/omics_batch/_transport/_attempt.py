"""What is seen of one request while it is under way, noted by the hooks that see it."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

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


CURRENT: Final[ContextVar[Attempt | None]] = ContextVar("omics_batch_attempt", default=None)
"""The attempt of the task that runs; None where a caller uses `client.aws` directly."""


def note_sending(**_: object) -> None:
    if attempt := CURRENT.get():
        attempt.sent = True


def take_answer(response_dict: dict[str, Any], **_: object) -> None:
    attempt = CURRENT.get()
    if attempt is None:
        return
    attempt.status = response_dict["status_code"]
    attempt.headers = response_dict["headers"]
    attempt.body = response_dict["body"]
    # botocore's parser stumbles over a damaged body, and is slow on a sound one: both are ours to read.
    response_dict["body"] = b"{}"
