"""Writing tables: CSV, and JSON lines."""

from __future__ import annotations

import csv
import json
import os
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import IO, TYPE_CHECKING, Final, Protocol, TypeAlias

from omics_batch._files.whole_file import WholeFile
from omics_batch._words import in_utc, spreadsheet_cell

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

Target: TypeAlias = str | os.PathLike[str] | IO[str]
"""A path, or an open file of text."""

_SECOND: Final = timedelta(seconds=1)
BYTE_ORDER_MARK: Final = "\ufeff"
"""Excel reads a CSV as UTF-8 where it begins with this."""


class Stream(Protocol):
    """What takes text."""

    def write(self, text: str, /) -> object:
        """Write a text."""
        ...


class CsvWriter:
    """Writes rows as RFC 4180 has it.

    Args:
        stream: Where they go.
        columns: The names of the columns.
        delimiter: What separates cells.
        spreadsheet: Whether a cell that a spreadsheet may take for a formula gets an apostrophe before it.
        shown: What makes a text harmless where it is shown; None writes it as it is.
    """

    def __init__(
        self,
        stream: Stream,
        columns: Iterable[str],
        *,
        delimiter: str = ",",
        spreadsheet: bool,
        shown: Callable[[str], str] | None = None,
    ) -> None:
        self._columns = [*columns]
        self._writer = csv.writer(stream, delimiter=delimiter)
        self._spreadsheet = spreadsheet
        self._shown = shown
        self.number: int = 0
        """How many rows were written."""
        self.escaped: int = 0
        """How many cells have such an apostrophe."""
        self._writer.writerow(self._columns)

    def write(self, row: Mapping[str, object]) -> None:
        """Write a row: an empty cell for None, times in ISO 8601, and lengths of time in seconds."""
        self._writer.writerow([self._cell(row[name]) for name in self._columns])
        self.number += 1

    def _cell(self, value: object) -> str:
        plain = _plain(value)
        text = "" if plain is None else plain if isinstance(plain, str) else json.dumps(plain)
        if self._shown is not None:
            text = self._shown(text)
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
            stream.write(BYTE_ORDER_MARK)
        yield CsvWriter(stream, columns, delimiter=delimiter, spreadsheet=spreadsheet)


@contextmanager
def json_lines_writer(file: Target) -> Generator[JsonLinesWriter]:
    """Write rows as JSON, an object a line, to a file, whole or not at all; of an open file, to where it stands."""
    with _opened(file) as stream:
        yield JsonLinesWriter(stream)


class JsonLinesWriter:
    """Writes rows as JSON, an object a line."""

    def __init__(self, stream: Stream) -> None:
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
            return in_utc(value).isoformat().replace("+00:00", "Z")
        case timedelta():
            return value // _SECOND if value % _SECOND == timedelta() else value / _SECOND
        case _:
            return value


@contextmanager
def _opened(file: Target) -> Generator[Stream]:
    if not isinstance(file, (str, os.PathLike)):
        yield file
        return
    whole = WholeFile(file)
    try:
        yield whole
    except BaseException:
        whole.give_up(is_wanted=False)
        raise
    whole.put_in_place()
