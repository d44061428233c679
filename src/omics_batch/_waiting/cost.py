"""Whether a list scan takes fewer calls than a look at each batch. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from omics_batch._api.pagination import PAGE
from omics_batch._errors import AccessDeniedError
from omics_batch._models.enums import ACTIVE

if TYPE_CHECKING:
    from omics_batch._errors import OmicsBatchError

SOON: Final = 0.25
"""The share of an interval: a scan includes the batches that are due within it."""
BELIEVED: Final = 300.0
"""Seconds for which lists are believed, if looks can confirm each batch that often."""
CONFIRMING_SHARE: Final = 0.5
"""The share of the waits' rate that looks may use to confirm the lists."""
CONFIRMING_CALLS: Final = 10
"""One call in this many confirms the lists, if there are too many batches to confirm each in time."""

_SHORTEST_PAUSE: Final = 60.0
_LONGEST_PAUSE: Final = 300.0
_AN_HOUR: Final = 3600.0
_MANY_PAGES: Final = 10

_ORDER: Final = {status.value: place for place, status in enumerate(ACTIVE)}


@dataclass(frozen=True, slots=True)
class Need:
    """The batches that are due."""

    ends: int
    """The number of batches of which only the end matters."""
    counts: int
    """The number of batches whose counts a caller wants: they need GetBatch in any case."""
    interval: float
    """Seconds until the first of them is due again."""


def is_scan_cheaper(need: Need, *, price: float, rate: float) -> bool:
    """Whether a scan takes fewer calls than GetBatch for each batch.

    Batches whose counts are wanted get a look in any case. But if there are too many to look at each within its
    interval, a scan shows in time which of them have ended.

    Args:
        need: The batches that are due.
        price: How many calls a scan makes.
        rate: How many calls a second the waits may make.
    """
    return need.ends > price or need.ends + need.counts > max(price, rate * need.interval)


def longest_useful(watched: int, rate: float) -> float:
    """Return the seconds that a scan may take, and that lists may lag: a minute, or the time to look at each batch.

    Args:
        watched: The number of batches that are waited for.
        rate: How many calls a second the waits may make.
    """
    return max(60.0, watched / rate)


def can_confirm(watched: int, rate: float) -> bool:
    """Whether looks can confirm each batch in the time for which lists are believed."""
    return watched <= BELIEVED * CONFIRMING_SHARE * rate


def are_denied(error: OmicsBatchError, pages: int) -> bool:
    """Whether an error after some pages means that the permission for lists is missing."""
    return isinstance(error, AccessDeniedError) and not pages


def is_active(status: str | None) -> bool:
    """Whether a status in a list means that the batch goes on; an unknown status does not."""
    return status in _ORDER


def is_later(status: str, before: str | None) -> bool:
    """Whether an active status comes later in a batch's life than the one before: lists lag.

    Args:
        status: An active status.
        before: The status that was seen before; None if there was none.
    """
    return before is None or _ORDER[status] > _ORDER.get(before, len(_ORDER))


class ListCost:
    """The number of calls of a scan, and whether a scan is worth it now."""

    def __init__(self) -> None:
        """Begin with an account that has no other batches, and lists that can be read."""
        self._pages = len(ACTIVE)
        self._watched = 0
        self._known_at = -math.inf
        self._was_read = False
        self._pause = 0.0
        self._closed_until = -math.inf

    def are_open(self, now: float) -> bool:
        """Whether a scan is worth trying."""
        return now >= self._closed_until

    def price(self, watched: int, now: float) -> float:
        """Estimate the calls of a scan: those of the last one, corrected for batches that were added or removed.

        After an hour the last scan no longer counts. Otherwise a scan that cost too much once would never be tried
        again.

        Args:
            watched: The number of batches that are waited for.
            now: The moment on the clock.
        """
        if now - self._known_at > _AN_HOUR:
            return len(ACTIVE) + watched / PAGE
        return max(len(ACTIVE), self._pages + (watched - self._watched) / PAGE)

    @property
    def is_paused(self) -> bool:
        """Whether no scan was completed since the lists failed or lagged."""
        return self._pause > 0

    def read(self, pages: int, watched: int, now: float) -> None:
        """Note that a scan was completed, after this many pages."""
        self._pages, self._watched, self._known_at = pages, watched, now
        self._pause, self._was_read = 0.0, True

    def stopped(self, pages: int, watched: int, now: float) -> None:
        """Note that a scan was stopped because it took too long, after this many pages."""
        if pages > self.price(watched, now):
            self._pages, self._watched, self._known_at = pages, watched, now

    def failed(self, error: OmicsBatchError, pages: int, price: float, rate: float, now: float) -> None:
        """Pause after a scan that failed: longer each time, unless many pages could be read.

        Args:
            error: The error of a page.
            pages: The number of pages before it.
            price: About how many calls a scan makes.
            rate: How many calls a second the waits may make.
            now: The moment on the clock.
        """
        is_denied = are_denied(error, pages)
        if is_denied and (self._pause or not self._was_read):
            self._close(_AN_HOUR, now)
        elif pages >= _MANY_PAGES:
            self._close(min(price / rate, _SHORTEST_PAUSE), now)
        else:
            self._close(min(max(2 * self._pause, _SHORTEST_PAUSE), _LONGEST_PAUSE), now)

    def lag(self, now: float) -> None:
        """Pause because the lists lag."""
        self._close(_LONGEST_PAUSE, now)

    def _close(self, seconds: float, now: float) -> None:
        self._pause = seconds
        self._closed_until = now + seconds
