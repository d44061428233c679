"""The batches that are waited for, by id and by state. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omics_batch._waiting.deadlines import DeadlineHeap
from omics_batch._waiting.states import TRANSITIONS, BatchState, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omics_batch._waiting.tracked_batch import TrackedBatch


class BatchTable:
    """Keeps each batch in one state. SCHEDULED is ordered by the batches' moments, the queues by priority."""

    def __init__(self) -> None:
        """Begin empty."""
        self._by_id: dict[str, TrackedBatch] = {}
        self._by_state: dict[BatchState, DeadlineHeap[TrackedBatch]] = {state: DeadlineHeap() for state in BatchState}

    def __len__(self) -> int:
        """Count the batches."""
        return len(self._by_id)

    def __iter__(self) -> Iterator[TrackedBatch]:
        """Iterate over the batches."""
        return iter(self._by_id.values())

    def __getitem__(self, batch_id: str) -> TrackedBatch:
        """Return the batch of this id; it has to be in the table."""
        return self._by_id[batch_id]

    def get(self, batch_id: str) -> TrackedBatch | None:
        """Return the batch of this id; None if it is not in the table."""
        return self._by_id.get(batch_id)

    def those(self, state: BatchState) -> DeadlineHeap[TrackedBatch]:
        """Return the batches in a state."""
        return self._by_state[state]

    def add(self, batch: TrackedBatch) -> None:
        """Add a batch; its first move puts it into the queue of a state."""
        self._by_id[batch.batch_id] = batch

    def remove(self, batch: TrackedBatch) -> None:
        """Forget a batch."""
        del self._by_id[batch.batch_id]
        self._by_state[batch.state].discard(batch)

    def place(self, batch: TrackedBatch) -> None:
        """Put a batch into its place in the queue of its state."""
        self._by_state[batch.state].set(batch, _place(batch))

    def move(self, batch: TrackedBatch, trigger: Trigger, now: float) -> None:
        """Put a batch into the next state, and into its place there.

        Raises:
            RuntimeError: The batch's state has no transition for the trigger.
        """
        before, after = batch.state, TRANSITIONS[batch.state].get(trigger)
        if after is None:
            raise RuntimeError(f"batch {batch.batch_id} is {before.name}, where {trigger.name} cannot come")
        if after is before:
            return
        self._by_state[before].discard(batch)
        batch.state = after
        self.place(batch)
        if before is BatchState.SCHEDULED:
            batch.queued_at = now


def _place(batch: TrackedBatch) -> float:
    """Return the sort key of a batch in its state: the lowest is first."""
    match batch.state:
        case BatchState.MISSING:
            return batch.shown_at
        case BatchState.LISTED:
            return batch.queue_key
        case _:
            return batch.due_at
