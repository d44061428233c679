"""A sheet of rows that a program has: each a mapping of the columns to its cells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from omics_batch._manifest.records import cells_of
from omics_batch._manifest.sheet import Table, check_header

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from omics_batch._manifest.problems import Report


@dataclass(frozen=True, slots=True)
class PythonRows:
    """Rows, kept as JSON: so nobody changes them, and 100,000 take as much as their text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, str], ...]

    @property
    def name(self) -> str:
        """What they are called."""
        return "rows"

    @property
    def is_typed(self) -> bool:
        """Cells have types of their own."""
        return True

    def where(self, line: int) -> str:
        """Name a row, or all."""
        return row_name(line)

    def numbered(self, line: int) -> str:
        """Name a row."""
        return f"row {line}"

    @contextmanager
    def opened(self, report: Report) -> Generator[Table | None]:  # noqa: ARG002 - they were checked when they were packed
        """Give the rows from the first on."""
        yield (
            Table(self.columns, ((number, json.loads(cells)) for number, cells in self.rows)) if self.columns else None
        )


def row_name(line: int) -> str:
    """Name a row for a message, or with 0 all."""
    return f"row {line}" if line else "rows"


def packed(rows: Iterable[Mapping[str, object]], report: Report) -> PythonRows:
    """Pack rows, and report those that are no mapping of the same columns to what JSON can hold."""
    columns: tuple[str, ...] = ()
    is_wrong = False
    kept: list[tuple[int, str]] = []
    for number, row in enumerate(cast("Iterable[object]", rows), 1):
        record = _record(row, number, report)
        if record is None:
            is_wrong = True
            continue
        if not columns:
            columns = tuple(record)
            check_header(columns, number, report)
        cells = cells_of(record, columns, number, report)
        if cells is not None and (text := _text(cells, columns, number, report)) is not None:
            kept.append((number, text))
    if not columns and not is_wrong:
        report(0, "there are none: give a mapping of columns to cells for each run")
    return PythonRows(columns, tuple(kept))


def _record(row: object, number: int, report: Report) -> Mapping[str, object] | None:
    if isinstance(row, Mapping):
        record = cast("Mapping[object, object]", row)
        if all(isinstance(name, str) for name in record):
            return cast("Mapping[str, object]", row)
    report(number, "a row is a mapping of the names of columns to cells")
    return None


def _text(cells: Sequence[object], columns: Sequence[str], number: int, report: Report) -> str | None:
    try:
        return _json(cells)
    except (TypeError, ValueError, RecursionError):
        for column, cell in zip(columns, cells, strict=True):
            try:
                _json(cell)
            except (TypeError, ValueError, RecursionError):
                report(
                    number,
                    f"a {type(cell).__name__} that JSON cannot hold: give a text, a finite number, a bool or None",
                    column=column,
                    value=cell,
                )
    return None


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    text.encode()  # half a character cannot be
    return text
