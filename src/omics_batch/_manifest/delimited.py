"""Sheets whose columns are separated by a character: CSV and TSV."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final, Protocol

from omics_batch._manifest.sheet import Table, check_header
from omics_batch._manifest.unreadable import UnreadableError
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from omics_batch._manifest.problems import Report
    from omics_batch._manifest.sheet import Row

_NAMES: Final = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}
_ENDINGS: Final = {"\t": ".tsv", ",": ".csv"}


class _Reader(Protocol):
    """What `csv.reader` returns."""

    @property
    def line_num(self) -> int: ...
    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


def read_delimited(lines: Generator[str], report: Report, *, delimiter: str) -> Table | None:
    """Read the header; the rows are read as the table is iterated.

    Raises:
        UnreadableError: The header cannot be read.
    """
    reader: _Reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        header = next(reader, None)
    except csv.Error as error:
        report(1, _malformed(error))
        return None
    if not header:
        report(1, "the first line is empty: it has to name the columns")
        return None
    if (other := _other_delimiter(header, delimiter)) is not None:
        instead = f"name the file {_ENDINGS[other]}" if other in _ENDINGS else f"export it with {_NAMES[delimiter]}"
        report(1, f"the header has {_NAMES[other]} where the file's name says {_NAMES[delimiter]}: {instead}")
        return None
    if [header[0].lower(), *header[1:]] == ["sep=", ""]:
        report(1, f"delete the line sep={delimiter.strip()}, which is for Excel alone: the header comes first")
        return None
    check_header(header, 1, report)
    return Table(tuple(header), _rows(reader, len(header), report, _NAMES[delimiter]))


def _other_delimiter(header: list[str], delimiter: str) -> str | None:
    if len(header) > 1:
        return None
    return next((other for other in _NAMES if other != delimiter and other in header[0]), None)


def _rows(reader: _Reader, width: int, report: Report, separators: str) -> Generator[Row]:
    first_blank = 0
    while True:
        line = reader.line_num + 1
        try:
            for cells in reader:
                if not any(cells):
                    first_blank = first_blank or line
                else:
                    if first_blank:
                        report(first_blank, "the line is empty, and others follow: delete it")
                        first_blank = 0
                    if len(cells) == width:
                        yield line, cells
                    else:
                        report(line, _ragged(len(cells), width, separators))
                line = reader.line_num + 1
        except csv.Error as error:  # the next line may be correct
            report(line, _malformed(error))
        except UnreadableError as error:
            report(error.line, str(error))
            return
        else:
            return


def _ragged(number: int, width: int, separators: str) -> str:
    if number < width:
        return f"{number} of {width} cells: add the missing ones, if only as empty cells"
    return f"{number} cells, and the header has {width} columns: put a cell that has {separators} into quotes"


def _malformed(error: csv.Error) -> str:
    text = str(error)
    if text == "unexpected end of data":
        return "a quote is opened here and never closed: close it, or write a quote in a quoted cell twice"
    if text.startswith("field larger than"):
        return f"a cell is longer than {csv.field_size_limit():,} characters: a quote may not be closed"
    return f"the quotes are wrong: {one_line(text)}"
