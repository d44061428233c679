"""A sheet: columns, and rows with the numbers of their lines. It is opened as often as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from omics_batch._manifest.problems import Report

Row: TypeAlias = tuple[int, Sequence[object]]
"""The line in which a row begins, and its cells: texts, or any JSON in a sheet that has types of its own."""


@dataclass(frozen=True, slots=True)
class Table:
    """A sheet that is being read: once, from top to bottom."""

    columns: tuple[str, ...]
    """The names of the columns."""
    rows: Iterator[Row]
    """The rows that have a cell for each column; what is wrong with others is reported."""


class Sheet(Protocol):
    """Where rows come from."""

    @property
    def name(self) -> str:
        """What the sheet is called in messages."""
        ...

    @property
    def is_typed(self) -> bool:
        """Whether cells are JSON values, and not texts alone."""
        ...

    def where(self, line: int) -> str:
        """Name a line for a message, or with 0 the whole sheet."""
        ...

    def numbered(self, line: int) -> str:
        """Name a line in the middle of a message, such as `line 17`."""
        ...

    def opened(self, report: Report) -> AbstractContextManager[Table | None]:
        """Open the sheet at its top; None if there is no reading it, which is reported."""
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
