"""What is wrong with a manifest and its sheet: all of it is found before anything is raised."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final, Protocol

from omics_batch._errors import InvalidInputError
from omics_batch._files import described, nearest_line
from omics_batch._words import one_line, without_signature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omics_batch._files import Place

_MAX_PROBLEMS: Final = 100
_MAX_VALUE: Final = 64

NO_VALUE: Final = object()
"""For a problem that is not about a value."""


class Report(Protocol):
    """Takes a problem in a line of the sheet; 0 is the sheet as a whole."""

    def __call__(self, line: int, told: str, *, column: str = "", value: object = NO_VALUE) -> None:
        """Note a problem, in this column and with this value, where it has them."""
        ...


class Problems:
    """The problems of a manifest: the first ones in words, and the number of all.

    Args:
        name: The manifest's file; empty for one that was made in Python.
        lines: In which line the file has what.
    """

    def __init__(self, name: str, lines: Mapping[Place, int]) -> None:
        """Start with none."""
        self._name = name
        self.lines = lines
        self._shown: list[tuple[bool, int, str]] = []
        self._number = 0

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._number > 0

    def add_in_sheet(self, line: int, told: str) -> None:
        """Note a problem of the sheet, with its place."""
        self._add(line, told, is_in_sheet=True)

    def add_at(self, place: Place, *told: str) -> None:
        """Note a problem at a place of the manifest."""
        text = described(place, told, "the manifest")
        line = nearest_line(place, self.lines)
        where = self._name if line is None else f"{self._name}:{line}"
        self._add(line or 0, f"{where}: {text}" if where else text, is_in_sheet=False)

    def _add(self, line: int, told: str, *, is_in_sheet: bool) -> None:
        self._number += 1
        if self._number <= _MAX_PROBLEMS:
            self._shown.append((is_in_sheet, line, told))

    def raise_any(self) -> None:
        """Raise them all, a line for each: those of the manifest first, each file's in the order of its lines.

        Raises:
            InvalidInputError: There are some.
        """
        if self._number:
            more = self._number - len(self._shown)
            told = [told for *_, told in sorted(self._shown, key=itemgetter(0, 1))]
            raise InvalidInputError("\n".join([*told, *([f"and {more:,} more problems"] if more else [])]))


def in_sheet(where: str, told: str, column: str, value: object) -> str:
    """Write a problem of a sheet: the place, the column and the value, and what is wrong."""
    about = where
    if column:
        about += f", column {one_line(column, limit=_MAX_VALUE)}"
    if value is not NO_VALUE:
        about += f", value {shown(value)}"
    return f"{about}: {told}"


def shown(value: object) -> str:
    """Write a cell's value for a message: quoted if it is text, cut, and without the signature of a presigned URL."""
    if not isinstance(value, str):
        return one_line(repr(value), limit=_MAX_VALUE)
    return f"'{one_line(without_signature(value) if '://' in value else value, limit=_MAX_VALUE)}'"
