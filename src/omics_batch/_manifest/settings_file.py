"""The file of a batch's run settings: a JSON array, written piece by piece."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from omics_batch._models.request import MOST_INLINE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_RUNS: Final = 100_000
"""Runs in a batch."""
_PIECE: Final = 1000
"""Runs that are written at a time."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """The facts about a settings file; its content is not kept."""

    runs: int
    sha256: str
    size: int
    inline: tuple[str, ...] | None
    """The settings themselves, if there are few enough for a request."""


def files_of(settings: Iterator[str]) -> Iterator[SettingsFile]:
    """Divide the settings of runs, each in JSON, into as few files as possible."""
    for first in settings:
        yield _measured(chain([first], islice(settings, MAX_RUNS - 1)))


def _measured(settings: Iterator[str]) -> SettingsFile:
    start = tuple(islice(settings, MOST_INLINE + 1))
    runs = len(start)

    def counted() -> Iterator[str]:
        nonlocal runs
        for setting in settings:
            runs += 1
            yield setting

    digest, size = hashlib.sha256(), 0
    for piece in pieces_of(chain(start, counted())):
        digest.update(piece)
        size += len(piece)
    return SettingsFile(runs, digest.hexdigest(), size, start if runs <= MOST_INLINE else None)


def pieces_of(settings: Iterable[str]) -> Iterator[bytes]:
    """Write a JSON array of settings, one a line."""
    left = iter(settings)
    start = "[\n"
    while piece := list(islice(left, _PIECE)):
        yield (start + ",\n".join(piece)).encode()
        start = ",\n"
    yield b"\n]\n"
