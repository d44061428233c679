"""A batch in the scheduler, with the waits for it. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from omics_batch._waiting.states import BatchState

if TYPE_CHECKING:
    from omics_batch._waiting.subscriptions import Subscription


class TrackedBatch:
    """A batch, and the waits that share its looks."""

    __slots__ = (
        "batch_id",
        "confirm_at",
        "due_at",
        "failures",
        "interval",
        "listed_in",
        "looked_in",
        "looks",
        "missed_at",
        "place",
        "queue_key",
        "queued_at",
        "retries",
        "shown_at",
        "state",
        "status",
        "waits",
        "wants_counts",
    )

    def __init__(self, batch_id: str, now: float) -> None:
        """Begin without waits and looks."""
        self.batch_id: str = batch_id
        self.state: BatchState = BatchState.SCHEDULED
        self.waits: tuple[Subscription, ...] = ()
        self.wants_counts: bool = False
        """Whether any of the waits needs GetBatch for each look."""
        self.status: str | None = None
        self.looks: int = 0
        """The number of looks and lists in a row that showed nothing new, minus one."""
        self.failures: int = 0
        """How many looks in a row failed."""
        self.interval: float = 0.0
        """Seconds from the last look to the next."""
        self.due_at: float = -math.inf
        """The moment on the clock at which the next look is due; the earliest is first in a queue."""
        self.queued_at: float = now
        """The moment on the clock since which it waits for a look."""
        self.shown_at: float = now
        """When a look or a list last showed the batch; at first, when its first wait joined."""
        self.queue_key: float = -math.inf
        """The sort key among the LISTED: the lowest is first."""
        self.retries: int = 0
        """How many looks failed since one showed the batch."""
        self.confirm_at: float | None = None
        """When a look has to confirm the lists; None before the first look."""
        self.missed_at: float | None = None
        """When a scan that should have shown the batch did not; None once a list has shown it again."""
        self.listed_in: int = 0
        """The number of the scan that last showed the batch; 0 if none has since the last look."""
        self.looked_in: int = 0
        """The number of the last scan that had begun when a look showed the batch."""
        self.place: int = -1
        """The place of the batch in the order of its last scan; below 0 if no scan has shown it."""

    def join(self, wait: Subscription) -> None:
        """Add a wait: it shares the looks."""
        self._share(*self.waits, wait)

    def leave(self, wait: Subscription) -> None:
        """Remove a wait."""
        self._share(*(other for other in self.waits if other is not wait))

    def _share(self, *waits: Subscription) -> None:
        self.waits = waits
        self.wants_counts = any(wait.wants_counts for wait in waits)
