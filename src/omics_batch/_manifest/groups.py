"""Which rows become one run."""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING, Any, cast

from omics_batch._manifest.cell_types import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from omics_batch._manifest.problems import Report
    from omics_batch._manifest.sheet import Row
    from omics_batch._manifest.template import Column


def grouped(rows: Iterable[Row], group_by: Column | None, report: Report) -> Iterator[Sequence[Row]]:
    """Return the rows of each run, in the order of the runs' first rows.

    Without `group_by` each row is a run. With it the whole sheet is read first, since the rows of a group may be
    anywhere. They are kept as bytes, which take a quarter of the memory of lists.
    """
    if group_by is None:
        return ((row,) for row in rows)
    groups: dict[str, list[bytes]] = {}
    for line, cells in rows:
        cell = cells[group_by.position]
        try:
            key = "" if cell is None else text_of(cell)
        except ValueError as error:
            report(line, str(error), column=group_by.name, value=cell)
            continue
        if key:
            groups.setdefault(key, []).append(marshal.dumps(cast("Any", (line, cells))))
        else:
            report(line, "an empty cell in the column that rows are grouped by: fill it in", column=group_by.name)
    return (tuple(map(marshal.loads, group)) for group in groups.values())
