"""The batches in the order of their creation."""

from __future__ import annotations

from typing import TypeAlias

from omics_batch.testing._service.batch import StoredBatch
from omics_batch.testing._service.service_model import Document

Record: TypeAlias = StoredBatch | Document
"""A simulated batch, or a document that was put and is shown as it is."""


def status_at(record: Record, now: float) -> str:
    """Return the status of a record at a moment of the clock."""
    return record.timeline.status(record.age(now)) if isinstance(record, StoredBatch) else str(record.get("status"))


class Records:
    """The records of an account. Each keeps its place until it is removed; places are not reused."""

    def __init__(self) -> None:
        """Begin empty."""
        self._records: dict[str, tuple[int, Record]] = {}
        self._next_place = 0

    def put(self, batch_id: str, record: Record) -> int:
        """Set the record of an id, and return its place: a new one, or that of the record it replaces."""
        if batch_id in self._records:
            place = self._records[batch_id][0]
        else:
            place = self._next_place
            self._next_place += 1
        self._records[batch_id] = place, record
        return place

    def get(self, batch_id: str) -> Record | None:
        """Return the record of an id; None if there is none."""
        found = self._records.get(batch_id)
        return None if found is None else found[1]

    def place(self, batch_id: str) -> int:
        """Return the place of an existing record."""
        return self._records[batch_id][0]

    def remove(self, batch_id: str) -> int:
        """Remove a record, and return its place."""
        return self._records.pop(batch_id)[0]
