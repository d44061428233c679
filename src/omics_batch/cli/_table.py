"""Tables that are written row by row; the first rows decide the widths."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING, Final, Self

from rich.cells import cell_len
from rich.text import Text

from omics_batch._words import one_line
from omics_batch.cli._cells import GAP, fitting, padded, wrapped

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from rich.console import Console

_FIRST_ROWS: Final = 100
"""A page of the service's lists."""

_PATIENCE: Final = 1.0
"""Seconds after which the first rows are shown, even if more rows could improve the column widths."""

_EMPTY: Final = "-"
"""An empty cell."""

_INDENT: Final = "    "
_MOST_LINES: Final = 3
"""The most lines that a cell may have beside the others."""

_LONGEST: Final = 10_000
"""The most characters of a cell; the service's messages are shorter."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table."""

    title: str
    is_number: bool = False
    """Whether its cells are aligned to the right."""
    most: int = 24
    """The most terminal cells that it takes; the last column takes the rest."""
    is_whole: bool = False
    """Whether it is shown completely, in several lines if needed; for the last column only."""
    is_key: bool = False
    """Whether it identifies the rows: then it may take two fifths of a wide terminal, to show the ends of names, unless
    that leaves too little for the other columns."""


class Table:
    """A table on stdout, for people.

    On a terminal rows are cut to fit, with an ellipsis; a file or a pipe gets all text. Free text has to be in the last
    columns: right-to-left text would change places with the columns after it.

    Args:
        output: The console on stdout.
        columns: The columns.
        now: A monotonic clock, in seconds.
    """

    def __init__(self, output: Console, columns: Sequence[Column], now: Callable[[], float] = time.monotonic) -> None:
        self._output = output
        self._columns = columns
        self._now = now
        self._is_cut = sys.stdout.isatty()
        self._first: list[list[str]] = []
        self._since = 0.0
        self._widths: list[int] = []
        self._limits = [self._most(column) for column in columns[:-1]]
        """The most cells of each column but the last."""

    def __enter__(self) -> Self:
        """Begin the table; nothing is written before the first row."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Write the rows that are not written yet, also after an error."""
        self._begin()

    def add(self, *cells: str | int | None) -> None:
        """Add a row; an empty cell becomes a dash, so that each row has all columns."""
        row = [one_line("" if cell is None else str(cell), limit=_LONGEST) or _EMPTY for cell in cells]
        if self._widths:
            self._write(self._cut(row))
            return
        if not self._first:
            self._since = self._now()
        self._first.append(row)
        if len(self._first) == _FIRST_ROWS or self._now() - self._since >= _PATIENCE:
            self._begin()

    def _begin(self) -> None:
        """Write the titles and the first rows, unless there are none, or they are written already."""
        rows, self._first = self._first, []
        if not rows:
            return
        titles = [column.title for column in self._columns]
        shown = [titles, *map(self._cut, rows)]
        self._widths = self._needed(shown)
        if self._is_cut and self._shrink():
            shown = [titles, *map(self._cut, rows)]
            self._widths = self._needed(shown)
        for row, style in zip(shown, chain(["bold"], repeat("")), strict=False):
            self._write(row, style)

    @staticmethod
    def _needed(rows: Sequence[Sequence[str]]) -> list[int]:
        """Return the width of each column."""
        return [max(map(cell_len, cells)) for cells in zip(*rows, strict=True)]

    def _shrink(self) -> bool:
        """Take from the column that identifies the rows what the others lack; return whether there is any."""
        lack = sum(width + len(GAP) for width in self._widths[:-1]) - self._output.width
        for number, column in enumerate(self._columns[:-1]):
            if column.is_key and lack > 0 and self._widths[number] > column.most:
                self._limits[number] = max(column.most, self._widths[number] - lack)
                return True
        return False

    def _cut(self, row: list[str]) -> list[str]:
        """Cut the cells for a terminal, except the last."""
        if not self._is_cut:
            return row
        return [*(self._fit(cell, most) for cell, most in zip(row, self._limits, strict=False)), row[-1]]

    def _write(self, row: Sequence[str], style: str = "") -> None:
        """Write a row; a cell that is wider than those of the first rows shifts the next cells."""
        *cells, last = row
        padding = zip(cells, self._widths, self._columns, strict=False)
        before = [padded(cell, width, to_the_right=column.is_number) + GAP for cell, width, column in padding]
        if self._is_cut and self._columns[-1].is_whole:
            self._output.print(Text("\n".join(self._lines(before, last)), style), soft_wrap=True)
            return
        line = "".join(before)
        if not self._is_cut:
            self._output.print(Text(line + last, style), soft_wrap=True)
            return
        text = Text(line + self._fit(last, max(self._output.width - cell_len(line), 0)), style)
        text.truncate(self._output.width)  # a terminal that is narrower than the other columns
        self._output.print(text, soft_wrap=True)

    def _lines(self, cells: Sequence[str], last: str) -> list[str]:
        """Write a row in lines of the terminal's width, whole cells in each.

        The last cell is beside the others, or below them if it is too wide. No line is added for empty cells alone.
        """
        width, encoding = self._output.width, self._output.encoding
        rest = [*(cell.strip() for cell in cells), last]
        lines = [""]
        for number, cell in enumerate(cells):
            is_below = bool(lines[-1].strip()) and cell_len(lines[-1] + cell) - len(GAP) > width
            if (is_below or len(lines) > 1) and set(rest[number:]) == {_EMPTY}:
                return [line.rstrip() for line in lines]
            lines += [_INDENT] if is_below else []
            lines[-1] += cell
        before = cell_len(lines[-1])
        parts = wrapped(last, width - before, encoding)
        fits = max(map(cell_len, parts)) <= width - before and len(parts) <= _MOST_LINES
        if last == _EMPTY and (len(lines) > 1 or not fits):
            parts = [""]
        elif not fits:
            before, parts = len(_INDENT), wrapped(last, width - len(_INDENT), encoding)
            lines.append(_INDENT)
        lines[-1] += parts[0]
        return [line.rstrip() for line in (*lines, *(" " * before + part for part in parts[1:]))]

    def _most(self, column: Column) -> int:
        return max(column.most, self._output.width * 2 // 5) if column.is_key else column.most

    def _fit(self, cell: str, cells: int) -> str:
        return fitting(cell, cells, self._output.encoding)
