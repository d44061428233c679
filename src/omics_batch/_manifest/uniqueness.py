"""Checks: ids and output URIs differ from run to run; single values of a run are the same in all of its rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from omics_batch._manifest.run_template import ID, URI

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omics_batch._manifest.problems import Report
    from omics_batch._manifest.run_template import RunTemplate, WrittenRun
    from omics_batch._manifest.sheet import Row
    from omics_batch._manifest.template import Column

    Numbered = Callable[[int], str]
    """Names a line in the middle of a message."""

_HINTS: Final = {
    ID: "add a column that differs, or groupBy",
    URI: "add a column that differs",
}


class Uniqueness:
    """The ids and output URIs of the runs so far.

    Args:
        template: The template of the runs.
        numbered: Names a line.
        report: Takes the problems.
    """

    def __init__(self, template: RunTemplate, numbered: Numbered, report: Report) -> None:
        """Start with none."""
        self._template = template
        self._numbered = numbered
        self._report = report
        self._ids: dict[str, int] = {}
        self._uris: dict[str, int] = {}

    def add(self, run: WrittenRun) -> None:
        """Report an id or output URI that an earlier run has too."""
        line, identity, uri, _ = run
        if identity is not None and (before := self._ids.setdefault(identity, line)) != line:
            self._complain(ID, line, before, identity)
        if uri is not None and (before := self._uris.setdefault(uri[1:-1].rstrip("/"), line)) != line:
            self._complain(URI, line, before, uri)

    def _complain(self, name: str, line: int, before: int, text: str) -> None:
        problem = f"{self._numbered(before)} has the same {name}: {_HINTS[name]}"
        self._report(line, problem, column=self._template.columns_of(name), value=json.loads(text))


def check_constant(run: Sequence[Row], columns: Sequence[Column], numbered: Numbered, report: Report) -> None:
    """Report cells that differ within a group, in columns of which a run has one value."""
    first_line, first = run[0]
    for line, cells in run[1:]:
        for index, name in columns:
            if cells[index] != first[index]:
                problem = f"differs from {numbered(first_line)} in the same group: a run has one value of it"
                report(line, problem, column=name, value=cells[index])
