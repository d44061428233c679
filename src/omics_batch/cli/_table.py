"""Tables that are written row by row; the first rows decide the widths."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
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
    """Whether it identifies the rows: then it may take two fifths of a wide terminal, to show the ends of names."""


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
        row = [one_line("" if cell is None else str(cell), limit=_LONGEST) or "-" for cell in cells]
        if self._is_cut:
            row[:-1] = [
                self._fit(cell, self._most(column)) for cell, column in zip(row, self._columns[:-1], strict=False)
            ]
        if self._widths:
            self._write(row)
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
        self._widths = [max(map(cell_len, cells)) for cells in zip(titles, *rows, strict=True)]
        self._write(titles, "bold")
        for row in rows:
            self._write(row)

    def _write(self, row: Sequence[str], style: str = "") -> None:
        """Write a row; a cell that is wider than those of the first rows shifts the next cells."""
        *cells, last = row
        line = "".join(
            padded(cell, width, to_the_right=column.is_number) + GAP
            for cell, width, column in zip(cells, self._widths, self._columns, strict=False)
        )
        if not self._is_cut:
            self._output.print(Text(line + last, style), soft_wrap=True)
            return
        if self._columns[-1].is_whole:
            self._output.print(Text("\n".join(self._lines(line, last)), style), soft_wrap=True)
            return
        text = Text(line + self._fit(last, max(self._output.width - cell_len(line), 0)), style)
        text.truncate(self._output.width)  # a terminal that is narrower than the other columns
        self._output.print(text, soft_wrap=True)

    def _lines(self, line: str, last: str) -> list[str]:
        """Write the last cell beside the others, or below them if it is too wide."""
        before = cell_len(line)
        parts = wrapped(last, self._output.width - before, self._output.encoding)
        if max(map(cell_len, parts)) <= self._output.width - before and len(parts) <= _MOST_LINES:
            return [line + parts[0], *(" " * before + part for part in parts[1:])]
        below = wrapped(last, self._output.width - len(_INDENT), self._output.encoding)
        return [line.rstrip(), *(_INDENT + part for part in below)]

    def _most(self, column: Column) -> int:
        return max(column.most, self._output.width * 2 // 5) if column.is_key else column.most

    def _fit(self, cell: str, cells: int) -> str:
        return fitting(cell, cells, self._output.encoding)
