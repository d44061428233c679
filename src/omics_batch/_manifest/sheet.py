"""A sheet: columns, and rows with their line numbers. It is opened each time it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from omics_batch._manifest.problems import Report

Row: TypeAlias = tuple[int, Sequence[object]]
"""The line in which a row begins, and its cells: texts, or JSON values in a typed sheet."""


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet that is being read: once, from top to bottom."""

    columns: tuple[str, ...]
    """The names of the columns."""
    rows: Iterator[Row]
    """The rows that have a cell for each column; other rows are reported and left out."""


class Sheet(Protocol):
    """Where rows come from."""

    @property
    def name(self) -> str:
        """The name of the sheet in messages."""
        ...

    @property
    def is_typed(self) -> bool:
        """Whether cells are JSON values; else they are texts."""
        ...

    def where(self, line: int) -> str:
        """Name a line for a message; 0 is the whole sheet."""
        ...

    def numbered(self, line: int) -> str:
        """Name a line in the middle of a message, such as `line 17`."""
        ...

    def opened(self, report: Report) -> AbstractContextManager[Table | None]:
        """Open the sheet at its top; if it cannot be read, report that and return None."""
        ...


def check_header(columns: Sequence[str], line: int, report: Report) -> None:
    """Report columns without a name, and names that are there twice."""
    first: dict[str, int] = {}
    for number, name in enumerate(columns, 1):
        if not name:
            report(line, f"column {number} has no name: name it, or delete the column")
        elif name in first:
            report(line, f"columns {first[name]} and {number} have the same name: rename one", column=name)
        else:
            first[name] = number
