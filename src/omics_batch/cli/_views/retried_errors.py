"""Errors that were retried, counted by kind."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from omics_batch import ListPageFailed, ListScanFailed, LookFailed, RequestFailed
from omics_batch._words import one_line
from omics_batch.cli._log import line_of

if TYPE_CHECKING:
    from omics_batch import Event

_KINDS: Final = {
    "ThrottlingError": "throttled",
    "RequestTimeoutError": "timed out",
    "AttemptTimeoutError": "timed out",
    "QueueTimeoutError": "not sent in time",
    "InternalServerError": "with a server error",
    "ConnectionFailedError": "without a connection",
    "MalformedResponseError": "unreadable",
    "RedirectRefusedError": "redirected",
    "CredentialsError": "without valid credentials",
    "AccessDeniedError": "not allowed",
    "ResourceNotFoundError": "not known yet",
}
_OTHER: Final = "others"


class Notices:
    """Takes the client's events: it counts errors that are retried, and keeps the last line."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kinds: Counter[str] = Counter()
        self._at = ""
        self._last = ""

    def __call__(self, event: Event) -> None:
        """Take an event."""
        kind = _kind_of(event)
        if kind is not None:
            self._kinds[kind] += 1
        if kind is not None or event.level >= logging.WARNING:
            self._at = f"{datetime.now(UTC).astimezone():%H:%M:%S}"
            self._last = one_line(line_of(event), limit=200)

    def words(self) -> str:
        """Write the counts by kind, the most frequent first, and the last event; empty without events."""
        counts = ", ".join(f"{number:,} {kind}" for kind, number in self._kinds.most_common())
        last = f"{self._at} {self._last}".strip()
        return f"Errors retried: {counts}; last: {last}" if counts else last


def _kind_of(event: Event) -> str | None:
    """Return the kind of a retried error; None for other events."""
    if isinstance(event, RequestFailed) and event.delay is None:
        return None
    if isinstance(event, (RequestFailed, LookFailed, ListPageFailed, ListScanFailed)):
        return _KINDS.get(event.error.__name__, _OTHER)
    return None
