"""The problems of a manifest and its sheet: all are found before any is raised."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Final, Protocol

from omics_batch._errors import InvalidInputError
from omics_batch._files import described, nearest_line
from omics_batch._words import exact, in_quotes, one_line, without_signature

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omics_batch._files import Place

_MAX_PROBLEMS: Final = 100
_MAX_VALUE: Final = 64

NO_VALUE: Final = object()
"""For a problem that is not about a value."""


class Report(Protocol):
    """Takes a problem in a line of the sheet; 0 is the sheet as a whole."""

    def __call__(self, line: int, problem: str, /, *, column: str = "", value: object = NO_VALUE) -> None:
        """Note a problem, with its column and value if it has them."""
        ...


class Problems:
    """The problems of a manifest: the texts of the first ones, and the number of all.

    Args:
        name: The manifest's file; empty if it was made in Python.
        lines: The line of each place in the file.
    """

    def __init__(self, name: str, lines: Mapping[Place, int]) -> None:
        """Start with none."""
        self.name = name
        self.lines = lines
        self._shown: list[tuple[bool, int, str]] = []
        self._number = 0

    def __bool__(self) -> bool:
        """Whether there are any."""
        return self._number > 0

    def add_in_sheet(self, line: int, problem: str) -> None:
        """Note a problem of the sheet; the text names its place."""
        self._add(line, problem, is_in_sheet=True)

    def add_at(self, place: Place, *problems: str) -> None:
        """Note what is wrong at a place of the manifest."""
        text = described(place, problems, "the manifest")
        line = nearest_line(place, self.lines)
        where = self.name if line is None else f"{self.name}:{line}"
        self._add(line or 0, f"{where}: {text}" if where else text, is_in_sheet=False)

    def _add(self, line: int, problem: str, *, is_in_sheet: bool) -> None:
        self._number += 1
        if self._number <= _MAX_PROBLEMS:
            self._shown.append((is_in_sheet, line, problem))

    def raise_any(self) -> None:
        """Raise all problems, a line for each: first those of the manifest, then those of the sheet, by their lines.

        Raises:
            InvalidInputError: There are some.
        """
        if self._number:
            more = self._number - len(self._shown)
            shown = [problem for *_, problem in sorted(self._shown, key=itemgetter(0, 1))]
            raise InvalidInputError("\n".join([*shown, *([f"and {more:,} more problems"] if more else [])]))


def in_sheet(where: str, problem: str, column: str, value: object) -> str:
    """Write a problem of a sheet: the place, the column and the value, and what is wrong."""
    about = where
    if column:
        about += f", column {exact(column)}"
    if value is not NO_VALUE:
        about += f", value {shown(value)}"
    return f"{about}: {problem}"


def shown(value: object) -> str:
    """Write a cell's value for a message: quoted if it is text, cut, and without the signature of a presigned URL."""
    if not isinstance(value, str):
        return one_line(repr(value), limit=_MAX_VALUE)
    return in_quotes(without_signature(value) if "://" in value else value)
