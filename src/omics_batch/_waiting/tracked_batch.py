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
        """Begin with no wait, and without an answer."""
        self.batch_id: str = batch_id
        self.state: BatchState = BatchState.SCHEDULED
        self.waits: tuple[Subscription, ...] = ()
        self.wants_counts: bool = False
        """Whether any of the waits needs GetBatch for each look."""
        self.status: str | None = None
        self.looks: int = 0
        """How many looks and lists in a row brought nothing new, less one."""
        self.failures: int = 0
        """How many looks in a row failed."""
        self.interval: float = 0.0
        """Seconds from the last look to the next."""
        self.due_at: float = -math.inf
        """The moment on the clock at which the next look is due; queues begin with those that are due for longest."""
        self.queued_at: float = now
        """The moment on the clock since which a look is wanted."""
        self.shown_at: float = now
        """When a look or a list showed the batch last; before the first, when it was joined."""
        self.queue_key: float = -math.inf
        """What orders the LISTED: the lowest is first."""
        self.retries: int = 0
        """How many looks failed since one showed the batch."""
        self.confirm_at: float | None = None
        """When a look has to confirm what lists show; None before the first look."""
        self.missed_at: float | None = None
        """When a scan did not show the batch that should have; None where a list has shown it since."""
        self.listed_in: int = 0
        """The number of the scan that has shown the batch last; 0 where none has since the last look."""
        self.looked_in: int = 0
        """The number of the last scan that had begun when a look showed the batch."""
        self.place: int = -1
        """Where in the order of a scan the batch was shown last; below 0 where it never was."""

    def join(self, wait: Subscription) -> None:
        """Let a wait share the looks."""
        self._share(*self.waits, wait)

    def leave(self, wait: Subscription) -> None:
        """Let a wait share the looks no longer."""
        self._share(*(other for other in self.waits if other is not wait))

    def _share(self, *waits: Subscription) -> None:
        self.waits = waits
        self.wants_counts = any(wait.wants_counts for wait in waits)
