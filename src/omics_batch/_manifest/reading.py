"""Reading a manifest and its sheet: every problem of both at once."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from omics_batch._manifest.document import read_manifest
from omics_batch._manifest.problems import NO_VALUE, in_sheet
from omics_batch._manifest.run_reader import read_runs
from omics_batch._manifest.runs import checked_runs
from omics_batch._manifest.settings_file import files_of
from omics_batch._models.request import MOST_INLINE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from omics_batch._files import Place
    from omics_batch._manifest.document import ManifestDocument
    from omics_batch._manifest.problems import Problems, Report
    from omics_batch._manifest.run_template import RunTemplate
    from omics_batch._manifest.settings_file import SettingsFile
    from omics_batch._manifest.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Reading:
    """A manifest without problems, and what was read from its sheet."""

    document: ManifestDocument
    sheet: Sheet
    columns: tuple[str, ...]
    template: RunTemplate
    files: tuple[SettingsFile, ...]
    name: str = ""
    """The manifest's file; empty for one that was made in Python."""
    lines: Mapping[Place, int] = field(default_factory=dict["Place", int])
    """In which line the file has what."""


def read(document: object, sheet: Sheet | None, problems: Problems, *, is_json: bool) -> Reading:
    """Read a manifest's document and its sheet.

    Args:
        document: The content of the manifest's file, or what a program gave.
        sheet: The sheet; None if there is none: that was reported.
        problems: Takes what is wrong.
        is_json: Whether the document has JSON's types only.

    Raises:
        InvalidInputError: Something is wrong.
    """
    manifest = read_manifest(document, problems, is_json=is_json)
    shared = manifest and manifest.default_run_setting.parameters
    report = report_to(problems, str if sheet is None else sheet.where)
    with nullcontext() if sheet is None else sheet.opened(report) as table:
        columns = None if table is None else table.columns
        is_typed = sheet is None or sheet.is_typed
        template = read_runs(_runs_in(document), columns, problems, is_typed=is_typed, shared=shared)
        files = () if sheet is None or table is None else tuple(files_of(checked_runs(table, template, sheet, report)))
    if not files and not problems:
        report(0, "no row below the header: a run takes one")
    if manifest is not None and manifest.settings_uri is None:
        _check_inline(files, problems)
    problems.raise_any()
    return Reading(
        cast("ManifestDocument", manifest),
        cast("Sheet", sheet),
        columns or (),
        template,
        files,
        problems.name,
        problems.lines,
    )


def report_to(problems: Problems, where: Callable[[int], str]) -> Report:
    """Return a function that adds the problems of a sheet to those of its manifest; `where` names a line."""

    def report(line: int, problem: str, *, column: str = "", value: object = NO_VALUE) -> None:
        problems.add_in_sheet(line, in_sheet(where(line), problem, column, value))

    return report


def _runs_in(document: object) -> object:
    """Return the member `runs` of a document, even if other members are wrong."""
    members = cast("dict[str, object]", document) if isinstance(document, dict) else {}
    return members.get("runs", {})


def _check_inline(files: Sequence[SettingsFile], problems: Problems) -> None:
    """Report that there are more runs than a request holds, and no `settingsUri` for a file of them."""
    runs = sum(file.runs for file in files)
    if any(file.inline is None for file in files):
        many = "the runs" if problems else f"{runs:,} runs"  # problems of the sheet may leave rows out
        most = f"{many} are more than the {MOST_INLINE} that a request holds"
        problems.add_at(("settingsUri",), f"is missing: {most}, so name a place in S3")
