"""The `requestId` of a manifest's request: the same content and attempt have the same id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid5

from omics_batch._manifest.canonical import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSION_1: Final = UUID("0c0e2b52-5f3c-4a6b-9c9e-3b6f2d1a7e41")
"""The version of the canonical form: a change of the form needs another UUID."""


def request_id_of(members: Mapping[str, object], attempt: int) -> str:
    """Return the id of a request.

    Args:
        members: The request in the service's names; its `requestId` does not count.
        attempt: 1, or more for a second batch of the same content.
    """
    content = {name: value for name, value in members.items() if name != "requestId"}
    return str(uuid5(_VERSION_1, canonical([attempt, content])))
