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
    """One request as the simulator saw it: nothing of its signature is kept."""

    operation: str
    """The operation's name; `Unknown` for a request that is for none."""
    method: str
    """The HTTP method."""
    path: str
    """The path as it was sent, without the query."""
    time: float
    """What the simulator's clock showed when it came."""
    status: int | None = None
    """The HTTP status of the answer; None while there is none, and where the connection was broken instead."""


class RequestLog:
    """Keeps requests in a few bytes each: most of a long run are for what was asked for before."""

    def __init__(self) -> None:
        """Begin without any."""
        self._asked: dict[tuple[str, str, str], tuple[str, str, str]] = {}
        self._what: list[tuple[str, str, str]] = []
        self._times = array("d")
        self._statuses = array("H")
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._statuses)  # the last to grow

    def add(self, operation: str, method: str, path: str, time: float) -> int:
        """Note a request, and give its place."""
        what = (operation, method, path)
        self._what.append(self._asked.setdefault(what, what))
        self._times.append(time)
        self._statuses.append(_NO_STATUS)
        self._counts[operation] += 1
        return len(self) - 1

    def answered(self, place: int, status: int) -> None:
        """Note how a request was answered."""
        self._statuses[place] = status

    def get(self, place: int) -> ReceivedRequest:
        """Give a request."""
        return ReceivedRequest(*self._what[place], self._times[place], self._statuses[place] or None)

    def count(self, operation: str) -> int:
        """Count the requests of one operation."""
        return self._counts[operation]


class Requests(Sequence[ReceivedRequest]):  # noqa: PLW1641 - how they are answered changes, and so would a hash
    """The requests that had come when this was made: however many they are, it is made at once."""

    def __init__(self, log: RequestLog) -> None:
        """Take those that are there; how they are answered shows as soon as they are."""
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
