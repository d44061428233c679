"""Where the objects of `s3://` are: in a folder of this machine, or in a local S3."""

from __future__ import annotations

import asyncio
import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from omics_batch._errors import InvalidInputError
from omics_batch._text import one_line
from omics_batch.testing._reply import validation

if TYPE_CHECKING:
    from omics_batch.testing._reply import Refusal

MAX_BYTES: Final = 256 * 1024 * 1024
"""How large an object may be: one is held in memory."""

_URI: Final = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>.{1,1024})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object as it was when it was read."""

    etag: str
    content: bytes = field(repr=False)


class Objects(Protocol):
    """Objects that can be read by their `s3://` URI; each call raises a Refusal for one that cannot."""

    async def read(self, uri: str) -> StoredObject:
        """Read an object."""
        ...

    async def etag(self, uri: str) -> str:
        """Give an object's ETag as it is now."""
        ...


def open_objects(s3: Path | str, region_name: str) -> Objects:
    """Give the objects of a folder, or of the S3 at a URL.

    Args:
        s3: A folder, in which `s3://bucket/key` is the file `bucket/key`; or a URL.
        region_name: The region that requests to the S3 are signed for.

    Raises:
        InvalidInputError: There is no such folder, or the URL is none.
    """
    if isinstance(s3, str) and is_url(s3):
        from omics_batch._inputs import check_endpoint  # noqa: PLC0415 - a folder needs no client
        from omics_batch.testing._local_s3 import LocalS3  # noqa: PLC0415

        check_endpoint(s3, allow_http=True)
        return LocalS3(s3, region_name)
    if not Path(s3).is_dir():
        raise InvalidInputError(f"s3 has to be a folder or the URL of a local S3, and {str(s3)!r} is neither")
    return Folder(Path(s3).resolve())


def is_url(s3: str) -> bool:
    """Tell whether a text names an S3 by its URL, and no folder."""
    return "://" in s3


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with a folder for each bucket."""

    root: Path

    async def read(self, uri: str) -> StoredObject:
        """Read an object; its ETag is its MD5, as in S3 for what was put there in one part."""
        return await asyncio.to_thread(self._read, uri)

    async def etag(self, uri: str) -> str:
        """Give an object's ETag as it is now."""
        return (await self.read(uri)).etag

    def _read(self, uri: str) -> StoredObject:
        bucket, key = parts_of(uri)
        try:
            path = (self.root / bucket / key).resolve()
            if not path.is_relative_to(self.root / bucket) or not path.is_file():
                raise unreadable(uri, "there is no such object")
            check_size(uri, path.stat().st_size)
            content = path.read_bytes()
        except (OSError, RuntimeError, ValueError) as error:
            raise unreadable(uri, str(error)) from None
        return StoredObject(hashlib.md5(content, usedforsecurity=False).hexdigest(), content)


def parts_of(uri: str) -> tuple[str, str]:
    """Give an object's bucket and key; raise a Refusal for what is no URI of one."""
    parts = _URI.fullmatch(uri)
    if parts is None:
        raise unreadable(uri, "a URI of an object reads s3://bucket/key")
    return parts["bucket"], parts["key"]


def check_size(uri: str, size: int) -> None:
    """Refuse an object of too many bytes."""
    if size > MAX_BYTES:
        raise unreadable(uri, f"it has {size} bytes, and the simulator reads {MAX_BYTES} at most")


def unreadable(uri: str, why: str) -> Refusal:
    """Refuse a request that names an object which cannot be read."""
    return validation(f"s3UriSettings {one_line(uri)} cannot be read: {one_line(why)}")
