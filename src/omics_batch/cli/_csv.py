"""CSV by RFC 4180, in UTF-8: on stdout, or in a file that is written completely or not at all."""

from __future__ import annotations

import csv
import errno
import io
import os
import secrets
import shutil
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, Literal, Protocol

import typer

from omics_batch._words import one_line, spreadsheet_cell
from omics_batch.cli._exits import Exit, ProgramError
from omics_batch.cli._stderr import complain
from omics_batch.cli._words import runs

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

STDOUT: Final = "-"

_MARK: Final = "\ufeff"
_LONGEST: Final = 10_000
"""The most characters of a cell on a terminal; the service's messages are shorter."""


class _Stream(Protocol):
    def write(self, text: str, /) -> object: ...


class CsvTable:
    """A table of runs, a row each; a cell that a spreadsheet would take for a formula gets an apostrophe before it.

    Args:
        stream: Where it goes.
        is_seen: Whether it goes to a terminal, where control characters would have an effect.
    """

    def __init__(self, stream: _Stream, *, is_seen: bool = False) -> None:
        self._rows = csv.writer(stream)
        self._is_seen = is_seen
        self.number: int = 0
        """How many rows it has."""
        self.escaped: int = 0
        """How many cells have an apostrophe."""

    def begin(self, columns: Sequence[str]) -> None:
        """Write the names of the columns."""
        self._rows.writerow(columns)

    def add(self, *cells: str | None) -> None:
        """Add a row; None is an empty cell."""
        self._rows.writerow([self._escaped(cell or "") for cell in cells])
        self.number += 1

    def _escaped(self, cell: str) -> str:
        if self._is_seen:
            cell = one_line(cell, limit=_LONGEST)
        escaped = spreadsheet_cell(cell)
        self.escaped += escaped != cell
        return escaped


@contextmanager
def csv_table(name: str, columns: Sequence[str], *, for_excel: bool = False) -> Generator[CsvTable]:
    """Write a table to a file; if the block fails, the file stays as it was, and the rows so far are kept beside it.

    Args:
        name: The file, which is overwritten; - for stdout.
        columns: The names of the columns.
        for_excel: Whether a file begins with the mark by which Excel knows UTF-8.

    Raises:
        ProgramError: It cannot be written.
    """
    with _table(name, start=_MARK if for_excel else "") as table:
        table.begin(columns)
        yield table
    if table.escaped:
        cells, them = ("1 cell has", "it") if table.escaped == 1 else (f"{table.escaped:,} cells have", "them")
        complain(f"{cells} an apostrophe before the text in the CSV: a spreadsheet would take {them} for a formula")


@contextmanager
def _table(name: str, *, start: str) -> Generator[CsvTable]:
    if name == STDOUT:
        yield CsvTable(_Stdout(), is_seen=sys.stdout.isatty())
        return
    file = _File(name)
    table = CsvTable(file)
    try:
        if start:
            file.write(start)
        yield table
    except BaseException:
        if (kept := file.give_up(is_wanted=table.number > 0)) is not None:
            complain(f"{runs(table.number)} were found before that and are in {kept}; {name} is as it was")
        raise
    file.put_in_place()


class _File:
    """A file that replaces the old one when it is complete; a pipe or a device is written directly.

    Args:
        name: What the user called it, for errors.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        with _reported(name, Exit.USAGE):
            self._place = self._part = Path(name)
            if not self._place.exists() or self._place.is_file():
                self._place = Path(os.path.realpath(name))  # of a link, what it leads to
                self._part = self._place.with_name(f"{self._place.name[:100]}.{secrets.token_hex(4)}.part")
            if self._place.exists() and not os.access(self._place, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            mode: Literal["x", "w"] = "x" if self._is_apart else "w"
            # Line buffered: write errors are noticed at once, and a killed process leaves its rows.
            self._stream = self._part.open(mode, 1, encoding="utf-8", errors="backslashreplace", newline="")
        self._is_whole = True

    @property
    def _is_apart(self) -> bool:
        return self._part != self._place

    def write(self, text: str) -> None:
        with _reported(self._name):
            try:
                self._stream.write(text)
            except OSError:
                self._is_whole = False
                raise

    def put_in_place(self) -> None:
        with _reported(self._name):
            try:
                self._stream.close()
                if self._is_apart:
                    if self._place.exists():
                        shutil.copymode(self._place, self._part)
                    self._part.replace(self._place)
            except OSError:
                self.give_up(is_wanted=False)
                raise

    def give_up(self, *, is_wanted: bool) -> Path | None:
        """Do not replace the old file; return the path of the rows so far, if wanted and if all could be written."""
        with suppress(OSError):  # closing tries to write again
            self._stream.close()
        if self._is_apart and is_wanted and self._is_whole:
            return self._part
        if self._is_apart:
            self._part.unlink()
        return None


@contextmanager
def _reported(name: str, code: Exit = Exit.ERROR) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise ProgramError(f"{name} cannot be written: {error.strerror}", code) from None


class _Stdout:
    """The present stdout, in UTF-8."""

    def __init__(self) -> None:
        stdout: IO[str] = sys.stdout
        if isinstance(stdout, io.TextIOWrapper):
            stdout.reconfigure(encoding="utf-8", newline="")

    def write(self, text: str) -> None:
        typer.echo(text, nl=False)
