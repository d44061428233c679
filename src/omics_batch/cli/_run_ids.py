"""The runs that a file names: `failed --csv` and `results --csv` write it, and people edit it."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Final

from omics_batch import InvalidInputError
from omics_batch._words import named, of_spreadsheet_cell, one_line

_COLUMNS: Final = ("runSettingId", "run_setting_id")
_DELIMITERS: Final = (",", ";", "\t")
"""Excel writes semicolons where a comma is the decimal point."""


def run_ids_in(file: str) -> tuple[str, ...]:
    """Read which runs a CSV file names, in its column runSettingId, each once and in the file's order.

    The apostrophe that keeps a spreadsheet from taking a cell for a formula is undone.

    Args:
        file: The path of the file.

    Raises:
        InvalidInputError: It cannot be read, has no such column, or names no run.
    """
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise InvalidInputError(f"{file}: {error.strerror}") from None
    try:
        return run_ids_of(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InvalidInputError(f"{file}: not a UTF-8 text file") from None
    except InvalidInputError as error:
        raise InvalidInputError(f"{file}: {error}") from None


def run_ids_of(text: str) -> tuple[str, ...]:
    """Read which runs a CSV names.

    Raises:
        InvalidInputError: It is none, has no column runSettingId, or names no run.
    """
    headers = {delimiter: _header(text, delimiter) for delimiter in _DELIMITERS}
    found = ((delimiter, name) for delimiter, header in headers.items() for name in _COLUMNS if name in header)
    delimiter, name = next(found, ("", ""))
    if not name:
        has = f"it has {named(headers[','])}" if headers[","] else "it is empty"
        raise InvalidInputError(f"there is no column runSettingId: {has}")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    ids: dict[str, None] = {}
    try:
        column = next(rows).index(name)
        for row in rows:
            if any(row):
                ids[_cell(row, column, rows.line_num)] = None
    except csv.Error as error:
        raise InvalidInputError(f"line {rows.line_num}: {one_line(str(error))}") from None
    if not ids:
        raise InvalidInputError("it names no run")
    return tuple(ids)


def _header(text: str, delimiter: str) -> list[str]:
    nothing: list[str] = []
    return next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), nothing)


def _cell(row: list[str], column: int, line: int) -> str:
    cell = row[column] if column < len(row) else ""
    if not cell:
        raise InvalidInputError(f"line {line}: the runSettingId is empty")
    return of_spreadsheet_cell(cell)
