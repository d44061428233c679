"""A batch kept in little room: thousands of waits sleep on what they saw last, and few are asked for it."""

from __future__ import annotations

import zlib

from omics_batch._models import Batch


class CompressedBatch:
    """A `Batch` in a tenth of its room, as the service's own JSON."""

    __slots__ = ("_json",)

    def __init__(self, batch: Batch) -> None:
        """Fold a batch."""
        self._json = zlib.compress(batch.model_dump_json(by_alias=True).encode(), level=1)

    def restored(self) -> Batch:
        """Return the batch as it was."""
        return Batch.model_validate_json(zlib.decompress(self._json))
