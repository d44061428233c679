"""The scheduler's actions. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from omics_batch._events import Event
    from omics_batch._models.batch import Batch
    from omics_batch._waiting.subscriptions import Subscription


class LookFailure(Enum):
    """The kinds of a failed look, by their meaning for the waits."""

    OUTAGE = auto()
    """Look again later."""
    REFUSAL = auto()
    """End the wait, unless the batch may be too new for the service to know it."""
    BROKEN = auto()
    """End the wait: the client was closed, or something failed in this process."""


@dataclass(frozen=True, slots=True)
class AskTurn:
    """Call `turn` when the rate limiter lets the waits send."""

    is_urgent: bool


@dataclass(frozen=True, slots=True)
class CancelTurns:
    """Cancel the requests for turns."""


@dataclass(frozen=True, slots=True)
class Look:
    """Send GetBatch, and call `looked` or `look_failed`."""

    batch_id: str
    within: float
    """Seconds after which its result is of no use."""


@dataclass(frozen=True, slots=True)
class CancelLook:
    """Cancel a look: no wait needs it any more."""

    batch_id: str


@dataclass(frozen=True, slots=True)
class Scan:
    """Read the lists; call `page` for each page, and `scan_ended` or `scan_failed`."""


@dataclass(frozen=True, slots=True)
class StopScan:
    """Stop the scan under way: it is of no more use."""


@dataclass(frozen=True, slots=True)
class Update:
    """Give a wait for changes a `Batch`."""

    wait: Subscription
    batch: Batch


@dataclass(frozen=True, slots=True)
class End:
    """End a wait with a `Batch`, an error, or None at its deadline."""

    wait: Subscription
    result: Batch | Exception | None


@dataclass(frozen=True, slots=True)
class Report:
    """Publish an event, after all other actions: its hook may call the client."""

    event: Event


@dataclass(frozen=True, slots=True)
class WakeAt:
    """Call `tick` at this moment, which may be infinite."""

    moment: float


Action: TypeAlias = AskTurn | CancelTurns | Look | CancelLook | Scan | StopScan | Update | End | WakeAt | Report
