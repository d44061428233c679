"""What GetBatch and ListBatch look into: a record for each batch, in the order in which they came."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from omics_batch.testing._batch import Batch
from omics_batch.testing._model import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

Record: TypeAlias = Batch | Document
"""A batch that lives, or a document that was put there to be shown as it is."""


class Records:
    """The records of an account; each keeps its place until it is removed, so that pages do not shift."""

    def __init__(self) -> None:
        """Begin without any."""
        self._records: list[Record | None] = []
        self._places: dict[str, int] = {}

    def put(self, batch_id: str, record: Record) -> None:
        """Keep a record under an id: at the end, or in the place of the one that was there."""
        place = self._places.setdefault(batch_id, len(self._records))
        self._records[place : place + 1] = [record]

    def get(self, batch_id: str) -> Record | None:
        """Give the record of an id; None if there is none."""
        place = self._places.get(batch_id)
        return None if place is None else self._records[place]

    def remove(self, batch_id: str) -> None:
        """Remove a record, and leave its place empty."""
        self._records[self._places.pop(batch_id)] = None

    def newest_first(self, start: int | None) -> Iterator[tuple[int, Record]]:
        """Walk through the records from a place on, or from the newest, to the oldest."""
        newest = len(self._records) - 1
        for place in range(newest if start is None else min(start, newest), -1, -1):
            if (record := self._records[place]) is not None:
                yield place, record
