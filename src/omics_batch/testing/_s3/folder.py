"""Objects in a local folder."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omics_batch.testing._s3.objects import StoredObject, check_size, parts_of, unreadable

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with a folder for each bucket."""

    root: Path

    async def read(self, uri: str) -> StoredObject:
        """Read an object; its ETag is its MD5, as in S3 for an object that was put in one part."""
        return await asyncio.to_thread(self._read, uri)

    async def etag(self, uri: str) -> str:
        """Return an object's present ETag."""
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
