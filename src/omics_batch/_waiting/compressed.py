"""A batch in a tenth of its memory: each wait keeps its last one."""

from __future__ import annotations

import zlib

from omics_batch._models.base import from_json
from omics_batch._models.batch import Batch


class CompressedBatch:
    """A `Batch` as compressed JSON."""

    __slots__ = ("_json",)

    def __init__(self, batch: Batch) -> None:
        """Compress a batch."""
        self._json = zlib.compress(batch.model_dump_json(by_alias=True).encode(), level=1)

    def restored(self) -> Batch:
        """Return the batch as it was."""
        return from_json(Batch, zlib.decompress(self._json))
