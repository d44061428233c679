"""Values that are written for each run: cells, templates, and the lists and objects around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from omics_batch._manifest.canonical import quoted
from omics_batch._manifest.plain_rows import NotPlainError, escaped, joined, plain_whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omics_batch._manifest.cell_types import CellWriter
    from omics_batch._manifest.plain_rows import Plain
    from omics_batch._manifest.problems import Report
    from omics_batch._manifest.sheet import Row
    from omics_batch._manifest.template import Column, Template

NULL: Final = "null"

_EMPTY: Final = "an empty cell in a list: fill it in, or say empty: null in the manifest"


class Value(Protocol):
    """A value in a run's setting."""

    def json(self, run: Sequence[Row], report: Report) -> str | None:
        """Return it as JSON for a run; None if the run has none, or if a problem was reported."""
        ...

    def plain(self) -> Plain:
        """Return its fast path."""
        return plain_whole(self)


@dataclass(frozen=True, slots=True)
class Constant(Value):
    """The same for each run."""

    text: str

    def json(self, run: Sequence[Row], report: Report) -> str | None:  # noqa: ARG002 - for all alike
        """Write it."""
        return self.text

    def plain(self) -> Plain:
        """Return its text: it needs no cell."""
        return escaped(self.text), ()


@dataclass(frozen=True, slots=True)
class Text(Value):
    """A text with cells in it."""

    template: Template

    def json(self, run: Sequence[Row], report: Report) -> str | None:
        """Write it."""
        text = self.template.text(run, report)
        return None if text is None else quoted(text)

    def plain(self) -> Plain:
        """Return the fast path for the text."""
        return self.template.plain() or plain_whole(self)


@dataclass(frozen=True, slots=True)
class Cell(Value):
    """A cell, of a declared type."""

    column: Column
    write: CellWriter
    when_empty: str | None = None
    """What is written for an empty cell: `null`, or nothing."""
    is_needed: bool = False
    """Whether an empty cell is an error."""

    def json(self, run: Sequence[Row], report: Report) -> str | None:
        """Write the cell of a run's first row."""
        return self.written(run[0], report)

    def written(self, row: Row, report: Report) -> str | None:
        """Write the cell of a row."""
        index, name = self.column
        line, cells = row
        cell = cells[index]
        if cell is None or cell == "":
            if self.is_needed:
                report(line, _EMPTY, column=name)
            return self.when_empty
        try:
            return self.write(cell)
        except ValueError as error:
            report(line, str(error), column=name, value=cell)
            return None

    def plain(self) -> Plain:
        """Return the fast path for the cell of a run's first row."""
        index, write = self.column.position, self.write

        def leaf(cells: Sequence[object], _: Sequence[Row]) -> str:
            cell = cells[index]
            if cell is None or cell == "":
                raise NotPlainError
            return write(cell)

        return "%s", (leaf,)


@dataclass(frozen=True, slots=True)
class RowOfCells(Value):
    """A list of several cells of a run's only row."""

    cells: tuple[Cell, ...]

    def json(self, run: Sequence[Row], report: Report) -> str | None:
        """Write the list."""
        return _listed([cell.written(run[0], report) for cell in self.cells])

    def plain(self) -> Plain:
        """Return the fast path for the list."""
        return joined("[", [cell.plain() for cell in self.cells], "]")


@dataclass(frozen=True, slots=True)
class ColumnOfCells(Value):
    """A list of one cell of each row of a group."""

    cell: Cell

    def json(self, run: Sequence[Row], report: Report) -> str | None:
        """Write the list."""
        return _listed([self.cell.written(row, report) for row in run])


@dataclass(frozen=True, slots=True)
class TableOfCells(Value):
    """A list of lists of the cells of a group: one for each row, or for each column."""

    cells: tuple[Cell, ...]
    is_transposed: bool

    def json(self, run: Sequence[Row], report: Report) -> str | None:
        """Write the lists."""
        if self.is_transposed:
            return _listed([_listed([cell.written(row, report) for row in run]) for cell in self.cells])
        return _listed([_listed([cell.written(row, report) for cell in self.cells]) for row in run])


@dataclass(frozen=True, slots=True)
class Items(Value):
    """A list that is written out in the manifest."""

    items: tuple[Value, ...]

    def json(self, run: Sequence[Row], report: Report) -> str | None:
        """Write the list."""
        return _listed([item.json(run, report) for item in self.items])

    def plain(self) -> Plain:
        """Return the fast path for the list."""
        return joined("[", [item.plain() for item in self.items], "]")


@dataclass(frozen=True, slots=True)
class Members(Value):
    """An object; members that a run does not have are left out."""

    members: tuple[tuple[str, Value], ...]
    """Each with its name as JSON and a colon, sorted by name."""

    def json(self, run: Sequence[Row], report: Report) -> str | None:
        """Write the object."""
        written: list[str] = []
        for name, member in self.members:
            text = member.json(run, report)
            if text is not None:
                written.append(name + text)
        return f"{{{','.join(written)}}}"

    def plain(self) -> Plain:
        """Return the fast path for the object."""
        parts = [(name, member.plain()) for name, member in self.members]
        return joined("{", [(escaped(name) + pattern, leaves) for name, (pattern, leaves) in parts], "}")


def _listed(items: Sequence[str | None]) -> str:
    """Write a list; the problem of a None was reported, and null takes its place."""
    return f"[{','.join([item or NULL for item in items])}]"
