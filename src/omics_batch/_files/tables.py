"""Writing tables: CSV, and JSON lines."""

from __future__ import annotations

import csv
import json
import os
import secrets
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, TypeAlias

from omics_batch._words import spreadsheet_cell

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

Target: TypeAlias = str | os.PathLike[str] | IO[str]
"""A path, or an open file of text."""

_SECOND: Final = timedelta(seconds=1)
_MARK: Final = "\ufeff"
"""Excel reads a CSV as UTF-8 where it begins with this."""


class CsvWriter:
    """Writes rows as RFC 4180 has it.

    Args:
        stream: Where they go.
        columns: The names of the columns.
        delimiter: What separates cells.
        spreadsheet: Whether a cell that a spreadsheet may take for a formula gets an apostrophe before it.
    """

    def __init__(self, stream: IO[str], columns: Iterable[str], *, delimiter: str, spreadsheet: bool) -> None:
        self._columns = [*columns]
        self._writer = csv.writer(stream, delimiter=delimiter)
        self._spreadsheet = spreadsheet
        self.escaped: int = 0
        """How many cells have such an apostrophe."""
        self._writer.writerow(self._columns)

    def write(self, row: Mapping[str, object]) -> None:
        """Write a row: an empty cell for None, times in ISO 8601, and lengths of time in seconds."""
        self._writer.writerow([self._cell(row[name]) for name in self._columns])

    def _cell(self, value: object) -> str:
        plain = _plain(value)
        text = "" if plain is None else plain if isinstance(plain, str) else json.dumps(plain)
        if not self._spreadsheet or not isinstance(plain, str):
            return text
        cell = spreadsheet_cell(text)
        self.escaped += cell != text
        return cell


@contextmanager
def csv_writer(file: Target, columns: Iterable[str], *, delimiter: str, spreadsheet: bool) -> Generator[CsvWriter]:
    """Write a table to a file, whole or not at all; of an open file, to where it stands."""
    with _opened(file) as stream:
        if spreadsheet and stream is not file:
            stream.write(_MARK)
        yield CsvWriter(stream, columns, delimiter=delimiter, spreadsheet=spreadsheet)


@contextmanager
def json_lines_writer(file: Target) -> Generator[JsonLinesWriter]:
    """Write rows as JSON, an object a line, to a file, whole or not at all; of an open file, to where it stands."""
    with _opened(file) as stream:
        yield JsonLinesWriter(stream)


class JsonLinesWriter:
    """Writes rows as JSON, an object a line."""

    def __init__(self, stream: IO[str]) -> None:
        """Write to a stream."""
        self._stream = stream

    def write(self, row: Mapping[str, object]) -> None:
        """Write a row: times as texts in ISO 8601, and lengths of time in seconds."""
        line = json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False)
        self._stream.write(f"{line}\n")


def _plain(value: object) -> object:
    """Return a value of a flat row as JSON has it."""
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case timedelta():
            return value // _SECOND if value % _SECOND == timedelta() else value / _SECOND
        case _:
            return value


@contextmanager
def _opened(file: Target) -> Generator[IO[str]]:
    """Open a file that takes its place when it is whole; a pipe or a device is written as it is."""
    if not isinstance(file, (str, os.PathLike)):
        yield file
        return
    place = Path(os.path.realpath(file))  # of a link, what it leads to
    if place.exists() and not place.is_file():
        with place.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            yield stream
        return
    part = place.with_name(f"{place.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        with part.open("x", encoding="utf-8", errors="backslashreplace", newline="") as stream:
            yield stream
        if place.exists():
            shutil.copymode(place, part)
        part.replace(place)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
