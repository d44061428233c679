"""A sheet of rows from a program: each row is a mapping of column names to cells."""

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
    """Rows, kept as JSON text: they cannot change, and 100,000 rows take only the memory of their text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[int, str], ...]

    @property
    def name(self) -> str:
        """The name of the sheet in messages."""
        return "rows"

    @property
    def is_typed(self) -> bool:
        """Whether cells are JSON values: they are."""
        return True

    def where(self, line: int) -> str:
        """Name a row; 0 is all rows."""
        return row_name(line)

    def numbered(self, line: int) -> str:
        """Name a row."""
        return f"row {line}"

    @contextmanager
    def opened(self, report: Report) -> Generator[Table | None]:  # noqa: ARG002 - they were checked when they were packed
        """Return the rows from the first on."""
        yield (
            Table(self.columns, ((number, json.loads(cells)) for number, cells in self.rows)) if self.columns else None
        )


def row_name(line: int) -> str:
    """Name a row for a message; 0 is all rows."""
    return f"row {line}" if line else "rows"


def packed(rows: Iterable[Mapping[str, object]], report: Report) -> PythonRows:
    """Pack rows; report those that are not mappings, that have other columns, or that JSON cannot hold."""
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
            if not columns:
                report(number, "a row without columns: give each row the same ones")
                is_wrong = True
                continue
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
    report(number, "a row is a mapping of column names to cells")
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
    text.encode()  # a lone surrogate raises
    return text
