"""The requests that a simulator received."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, overload

_NO_STATUS: Final = 0


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request that the simulator received, without its signature."""

    operation: str
    """The operation's name; `Unknown` if the request is for no operation."""
    method: str
    """The HTTP method."""
    path: str
    """The path as it was sent, without the query."""
    time: float
    """The time on the simulator's clock at which it came."""
    status: int | None = None
    """The HTTP status of the response; None while there is none, and if the connection was broken instead."""


class RequestLog:
    """Keeps each request in a few bytes: in long runs most requests repeat earlier ones."""

    def __init__(self) -> None:
        """Begin empty."""
        self._asked: dict[tuple[str, str, str], tuple[str, str, str]] = {}
        self._what: list[tuple[str, str, str]] = []
        self._times = array("d")
        self._statuses = array("H")
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._statuses)  # the last to grow

    def add(self, operation: str, method: str, path: str, time: float) -> int:
        """Add a request, and return its index."""
        what = (operation, method, path)
        self._what.append(self._asked.setdefault(what, what))
        self._times.append(time)
        self._statuses.append(_NO_STATUS)
        self._counts[operation] += 1
        return len(self) - 1

    def answered(self, place: int, status: int) -> None:
        """Set the status of a request's response."""
        self._statuses[place] = status

    def get(self, place: int) -> ReceivedRequest:
        """Return a request by its index."""
        return ReceivedRequest(*self._what[place], self._times[place], self._statuses[place] or None)

    def count(self, operation: str) -> int:
        """Count the requests of one operation."""
        return self._counts[operation]


class Requests(Sequence[ReceivedRequest]):  # noqa: PLW1641 - statuses change, and so would a hash
    """The requests that had come when this was made; making it takes the same time for any number of them."""

    def __init__(self, log: RequestLog) -> None:
        """Take the present requests; their statuses are always up to date."""
        self._log = log
        self._places = range(len(log))

    @overload
    def __getitem__(self, index: int) -> ReceivedRequest: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[ReceivedRequest]: ...
    def __getitem__(self, index: int | slice) -> ReceivedRequest | Sequence[ReceivedRequest]:
        places = self._places[index]
        return self._log.get(places) if isinstance(places, int) else tuple(map(self._log.get, places))

    def __len__(self) -> int:
        return len(self._places)

    def __eq__(self, other: object) -> bool:
        return tuple(self) == (tuple(other) if isinstance(other, Requests) else other)

    def __repr__(self) -> str:
        return repr(tuple(self))
