"""Trouble on the way that was absorbed, counted by kind off the library's log."""

from __future__ import annotations

import logging
from collections import Counter
from datetime import datetime
from typing import Final

from omics_batch import OmicsBatchError
from omics_batch._words import one_line

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


class Notices(logging.Handler):
    """Listens to the library's log: what a retry or the next look makes good is counted, and the last message kept."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__(logging.INFO)
        self._kinds: Counter[str] = Counter()
        self._at = ""
        self._last = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Take in a message."""
        kind = _kind_of(record)
        if kind is not None:
            self._kinds[kind] += 1
        if kind is not None or record.levelno >= logging.WARNING:
            self._at = f"{datetime.fromtimestamp(record.created).astimezone():%H:%M:%S}"
            self._last = one_line(record.getMessage(), limit=200)

    def words(self) -> str:
        """Write what there was, until when, and the most frequent kinds first; nothing where there was nothing."""
        counts = ", ".join(f"{number:,} {kind}" for kind, number in self._kinds.most_common())
        return (
            f"Absorbed until {self._at}: {counts}; last: {self._last}" if counts else f"{self._at} {self._last}".strip()
        )


def _kind_of(record: logging.LogRecord) -> str | None:
    """Tell what kind of trouble a message is about: one that a retry mends says so, others name the error itself."""
    name: str | None = getattr(record, "absorbed", None)
    arguments = record.args if isinstance(record.args, tuple) else ()
    names = [name, *(type(argument).__name__ for argument in arguments if isinstance(argument, OmicsBatchError))]
    return next((_KINDS.get(name, _OTHER) for name in names if name is not None), None)
