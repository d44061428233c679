"""Objects by s3:// URI, and errors for unreadable ones."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from omics_batch._words import one_line
from omics_batch.testing._service.http_response import validation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omics_batch.testing._service.http_response import Refusal

MAX_BYTES: Final = 256 * 1024 * 1024
"""The most bytes of an object, since it is read into memory."""

_URI: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.{1,1024})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object and its ETag at the time of reading."""

    etag: str
    content: bytes = field(repr=False)


class Objects(Protocol):
    """Objects by their `s3://` URIs; each call raises a Refusal if the object cannot be read."""

    async def read(self, uri: str) -> StoredObject:
        """Read an object."""
        ...

    async def etag(self, uri: str) -> str:
        """Return an object's present ETag."""
        ...


@runtime_checkable
class ServedObjects(Objects, Protocol):
    """Objects of an S3 that clients ask themselves."""

    async def ask(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send it a request for a client in this process."""
        ...


def parts_of(uri: str) -> tuple[str, str]:
    """Return an object's bucket and key; raise a Refusal for a wrong URI."""
    parts = _URI.fullmatch(uri)
    if parts is None:
        raise unreadable(uri, "a URI of an object reads s3://bucket/key")
    return parts["bucket"], parts["key"]


def check_size(uri: str, size: int) -> None:
    """Refuse an object of too many bytes."""
    if size > MAX_BYTES:
        raise unreadable(uri, f"it has {size} bytes, and the simulator reads {MAX_BYTES} at most")


def unreadable(uri: str, why: str) -> Refusal:
    """Return the Refusal of a request whose object cannot be read."""
    return validation(f"s3UriSettings {one_line(uri)} cannot be read: {one_line(why)}")
