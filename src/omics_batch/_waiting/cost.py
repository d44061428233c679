"""What is known of the account's lists: how much they hold, and whether they can be read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from omics_batch._errors import AccessDeniedError
from omics_batch._lister import PAGE
from omics_batch._log import LOG
from omics_batch._statuses import ACTIVE

if TYPE_CHECKING:
    from omics_batch._errors import OmicsBatchError

_SHORTEST_PAUSE: Final = 60.0
_LONGEST_PAUSE: Final = 300.0
_AN_HOUR: Final = 3600.0

_DENIED: Final = (
    "omics:ListBatch on * is not allowed: batches are looked at one by one, which takes longer where they are many. %s"
)
_FAILED: Final = "the lists of batches cannot be read, batches are looked at one by one: %s"


class ListCost:
    """Remembers what a sweep of ListBatch costs, and leaves it alone for a while where it fails."""

    def __init__(self) -> None:
        """Begin with an account that has no other batches, and lists that can be read."""
        self._pages = len(ACTIVE)
        self._watched = 0
        self._known_at = -math.inf
        self._pause = 0.0
        self._closed_until = -math.inf

    def are_open(self, now: float) -> bool:
        """Whether a sweep is worth trying."""
        return now >= self._closed_until

    def price(self, watched: int, now: float) -> float:
        """Return about how many calls a sweep makes: as many as the last one, but for those that are new or gone.

        What is older than an hour is forgotten, or a sweep that was too dear once would never be tried again.

        Args:
            watched: The batches that are waited for.
            now: The moment on the clock.
        """
        if now - self._known_at > _AN_HOUR:
            return len(ACTIVE) + watched / PAGE
        return max(len(ACTIVE), self._pages + (watched - self._watched) / PAGE)

    def read(self, pages: int, watched: int, now: float) -> None:
        """A sweep came through, with so many pages for so many batches and all the others of the account."""
        self._pages, self._watched, self._known_at = pages, watched, now
        if self._pause:
            LOG.info("the lists of batches can be read again")
        self._pause = 0.0

    def grew(self, pages: int, watched: int, now: float) -> None:
        """A sweep was given up after so many pages."""
        if pages > self.price(watched, now):
            self._pages, self._watched, self._known_at = pages, watched, now

    def failed(self, error: OmicsBatchError, now: float) -> None:
        """A sweep failed: leave the lists alone, longer each time."""
        is_denied = isinstance(error, AccessDeniedError)
        if not self._pause:
            LOG.warning(_DENIED if is_denied else _FAILED, error)
        self._pause = _AN_HOUR if is_denied else min(max(2 * self._pause, _SHORTEST_PAUSE), _LONGEST_PAUSE)
        self._closed_until = now + self._pause
