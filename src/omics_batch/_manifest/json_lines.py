"""Sheets in JSON lines: an object a line, its members the columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from omics_batch._files import members_once
from omics_batch._manifest.records import cells_of
from omics_batch._manifest.sheet import Table, check_header
from omics_batch._manifest.unreadable import UnreadableError
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from omics_batch._manifest.problems import Report
    from omics_batch._manifest.sheet import Row


def read_json_lines(lines: Generator[str], report: Report) -> Table | None:
    """Read the first line, whose members are the columns; the rows are read as the table is iterated.

    Raises:
        UnreadableError: The first line cannot be read.
    """
    first = next(lines, "")
    record = _record(first, 1, report) if first.strip() else {}
    if not record:
        if record is not None:
            report(1, "the first line is empty: it has to be a JSON object, whose members are the columns")
        return None
    columns = tuple(record)
    check_header(columns, 1, report)
    return Table(columns, _rows(record, lines, columns, report))


def _rows(first: dict[str, object], lines: Iterator[str], columns: tuple[str, ...], report: Report) -> Generator[Row]:
    yield 1, list(first.values())
    first_blank = 0
    try:
        for number, line in enumerate(lines, 2):
            if not line.strip():
                first_blank = first_blank or number
                continue
            if first_blank:
                report(first_blank, "the line is empty, and others follow: delete it")
                first_blank = 0
            record = _record(line, number, report)
            if record is not None and (cells := cells_of(record, columns, number, report)) is not None:
                yield number, cells
    except UnreadableError as error:
        report(error.line, str(error))


def _record(line: str, number: int, report: Report) -> dict[str, object] | None:
    try:
        record: Any = json.loads(line, object_pairs_hook=members_once, parse_constant=_refuse_constant)
        if "\\u" in line:  # an escape may be a lone surrogate
            json.dumps(record, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        report(number, f"not JSON: {error.msg} at character {error.pos + 1}")
    except UnicodeEncodeError:
        report(number, "a text holds half a character: write the whole one")
    except RecursionError:
        report(number, "nested too deeply")
    except ValueError as error:  # a repeated member, or a number of thousands of digits
        report(number, one_line(str(error)))
    else:
        if isinstance(record, dict):
            return record  # pyright: ignore[reportUnknownVariableType] - members of JSON
        report(number, "a row of JSON lines is an object", value=record)
    return None


def _refuse_constant(constant: str) -> object:
    raise ValueError(f"{constant} is not JSON: write null, or a text")
