"""Runs whose settings are written already, in place of a sheet and a template."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from omics_batch._manifest.python_rows import PythonRows
from omics_batch._manifest.reading import Reading
from omics_batch._manifest.run_template import RunTemplate, WrittenRun
from omics_batch._manifest.settings_file import files_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from omics_batch._manifest.document import ManifestDocument
    from omics_batch._manifest.problems import Report
    from omics_batch._manifest.sheet import Row

_COLUMNS: Final = ("setting",)


class WrittenRuns(RunTemplate):
    """Takes each run from its row as it is."""

    __slots__ = ()

    def writer(self, report: Report) -> Callable[[Sequence[Row]], WrittenRun]:  # noqa: ARG002 - nothing is wrong with them
        """Return what takes a run."""
        return lambda run: WrittenRun(run[0][0], None, None, str(run[0][1][0]))


def settings_in(pieces: Iterable[bytes]) -> Iterator[str]:
    """Yield the setting of each run, in JSON, from the content of a settings file: it has one run a line."""
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line.removesuffix(b",").decode() for line in lines if line.startswith(b"{"))


def reading_of(document: ManifestDocument, settings: Sequence[str]) -> Reading:
    """Return what a manifest has read, for runs that are written.

    Args:
        document: What the batch has beside its runs.
        settings: The setting of each run in JSON.
    """
    rows = tuple((number, json.dumps([setting])) for number, setting in enumerate(settings, 1))
    template = WrittenRuns(fields=(), is_grouped=False, group_by=None, constant=())
    return Reading(document, PythonRows(_COLUMNS, rows), _COLUMNS, template, tuple(files_of(iter(settings))))
