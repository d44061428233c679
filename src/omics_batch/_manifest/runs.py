"""The runs of a sheet: its rows are read, grouped, written as settings, and checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from omics_batch._manifest.groups import grouped
from omics_batch._manifest.uniqueness import Uniqueness, check_constant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from omics_batch._manifest.problems import Report
    from omics_batch._manifest.run_template import RunTemplate
    from omics_batch._manifest.sheet import Sheet, Table


def checked_runs(table: Table, template: RunTemplate, sheet: Sheet, report: Report) -> Iterator[str]:
    """Write the setting of each run in JSON, and report what is wrong with the rows."""
    if template.is_grouped and template.group_by is None:  # reported already; the rows may have other problems
        for _ in table.rows:
            pass
        return
    unique = Uniqueness(template, sheet.numbered, report)
    write = template.writer(report)
    for run in grouped(table.rows, template.group_by, report):
        if len(run) > 1:
            check_constant(run, template.constant, sheet.numbered, report)
        written = write(run)
        unique.add(written)
        yield written.json
