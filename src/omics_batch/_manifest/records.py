"""Rows that are mappings of column names to cells: all rows need the same columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omics_batch._words import named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omics_batch._manifest.problems import Report


def cells_of(record: Mapping[str, object], columns: Sequence[str], number: int, report: Report) -> list[object] | None:
    """Return a row's cells in the order of the columns; if its columns differ, report that and return None."""
    try:
        cells = [record[column] for column in columns]
    except KeyError:
        absent = [column for column in columns if column not in record]
        report(number, f"the first row has {named(absent)}, and this one has not: write null where nothing is known")
        return None
    if len(record) > len(columns):
        unknown = [name for name in record if name not in columns]
        report(number, f"the first row has no {named(unknown)}: give each row the same members")
        return None
    return cells
