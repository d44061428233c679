"""CSV for spreadsheets: on stdout, or in a file that is written completely or not at all."""

from __future__ import annotations

import io
import sys
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

import typer

from omics_batch._files.tables import BYTE_ORDER_MARK, CsvWriter
from omics_batch._files.whole_file import WholeFile
from omics_batch._words import one_line
from omics_batch.cli._exits import Exit, ProgramError
from omics_batch.cli._stderr import complain
from omics_batch.cli._words import runs

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

STDOUT: Final = "-"

_LONGEST: Final = 10_000
"""The most characters of a cell on a terminal, and of a header; the service's messages are shorter."""


@contextmanager
def csv_table(name: str, columns: Sequence[str]) -> Generator[CsvWriter]:
    """Write a table to a file; if the block fails, the file stays as it was, and the rows so far are kept beside it.

    A file begins with the mark by which Excel knows UTF-8.

    Args:
        name: The file, which is overwritten; - for stdout.
        columns: The names of the columns.

    Raises:
        ProgramError: It cannot be written, or another file would be lost.
    """
    with _table_on_stdout(columns) if name == STDOUT else _table_in_a_file(name, columns) as table:
        yield table
    if table.escaped:
        cells, them = ("1 cell has", "it") if table.escaped == 1 else (f"{table.escaped:,} cells have", "them")
        complain(f"{cells} an apostrophe before the text in the CSV: a spreadsheet would take {them} for a formula")


@contextmanager
def _table_on_stdout(columns: Sequence[str]) -> Generator[CsvWriter]:
    shown = partial(one_line, limit=_LONGEST) if sys.stdout.isatty() else None  # nothing in it acts on a terminal
    yield CsvWriter(_Stdout(), columns, spreadsheet=True, shown=shown)


def _check_overwritten(name: str) -> None:
    """Refuse a file that is no earlier table of runs, such as the sheet of the cohort."""
    if not Path(name).is_file():
        return
    with Path(name).open("rb") as file:
        header = file.readline(_LONGEST)
    if header.strip() and b"runSettingId" not in header:
        problem = f"{one_line(name)} exists and is no table of runs: give another FILE, or remove it first"
        raise ProgramError(problem, Exit.USAGE)


@contextmanager
def _table_in_a_file(name: str, columns: Sequence[str]) -> Generator[CsvWriter]:
    with _reported(name, Exit.USAGE):
        _check_overwritten(name)
        # Line buffered: write errors are noticed at once, and a killed process leaves its rows.
        file = WholeFile(name, buffering=1)
    reported, number = _Reported(file, name), 0
    try:
        reported.write(BYTE_ORDER_MARK)
        table = CsvWriter(reported, columns, spreadsheet=True)
        try:
            yield table
        finally:
            number = table.number
    except BaseException:
        if (kept := file.give_up(is_wanted=number > 0)) is not None:
            complain(f"{runs(number)} were found before that and are in {kept}; {name} is as it was")
        raise
    with _reported(name):
        file.put_in_place()


class _Reported:
    """A file whose errors name it as the user did."""

    def __init__(self, file: WholeFile, name: str) -> None:
        self._file = file
        self._name = name

    def write(self, text: str, /) -> None:
        with _reported(self._name):
            self._file.write(text)


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

    def write(self, text: str, /) -> None:
        typer.echo(text, nl=False)
