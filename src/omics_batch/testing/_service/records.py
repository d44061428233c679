"""The batches in the order of their creation."""

from __future__ import annotations

from typing import TypeAlias

from omics_batch.testing._service.batch import StoredBatch
from omics_batch.testing._service.service_model import Document

Record: TypeAlias = StoredBatch | Document
"""A batch that lives, or a document that was put there to be shown as it is."""


def status_at(record: Record, now: float) -> str:
    """Give the status that a record shows at a moment of the clock."""
    return record.timeline.status(record.age(now)) if isinstance(record, StoredBatch) else str(record.get("status"))


class Records:
    """The records of an account; each keeps its place until it is removed, and the place is never used again."""

    def __init__(self) -> None:
        """Begin without any."""
        self._records: dict[str, tuple[int, Record]] = {}
        self._next_place = 0

    def put(self, batch_id: str, record: Record) -> int:
        """Keep a record under an id, and give its place: the last one, or that of the one that was there."""
        if batch_id in self._records:
            place = self._records[batch_id][0]
        else:
            place = self._next_place
            self._next_place += 1
        self._records[batch_id] = place, record
        return place

    def get(self, batch_id: str) -> Record | None:
        """Give the record of an id; None if there is none."""
        found = self._records.get(batch_id)
        return None if found is None else found[1]

    def place(self, batch_id: str) -> int:
        """Give the place of a record that is there."""
        return self._records[batch_id][0]

    def remove(self, batch_id: str) -> int:
        """Remove a record, and give the place that it leaves empty."""
        return self._records.pop(batch_id)[0]
