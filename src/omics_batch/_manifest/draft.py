"""A first manifest for a sheet, from its columns: for its user to complete."""

from __future__ import annotations

import json
import re
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Final

from omics_batch._manifest.cell_types import text_of
from omics_batch._manifest.groups import grouped
from omics_batch._manifest.problems import Problems
from omics_batch._manifest.reading import report_to
from omics_batch._manifest.template import Column
from omics_batch._models.request import MOST_INLINE
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from omics_batch._manifest.problems import Report
    from omics_batch._manifest.sheet import Sheet, Table

_IDS: Final = ("sample", "sampleid", "samplename", "id", "name", "individual", "patient")
"""Names of the column that names the sample, the likeliest first; letters and digits alone."""

_PAIRS: Final = (("fastq1", "fastq2"), ("fq1", "fq2"), ("read1", "read2"), ("reads1", "reads2"), ("r1", "r2"))
"""Names of the columns with the two files of paired reads."""

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RESERVED: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?")
_MAX_NAME: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What a draft gets from its user, beside the sheet; None leaves a word to replace."""

    workflow_id: str | None = None
    role_arn: str | None = None
    output_uri: str | None = None


class _ColumnFacts:
    """What the cells of a column are like."""

    def __init__(self) -> None:
        self.has_empty = False
        self.is_typed = False
        """Whether a cell is neither text nor a whole number."""
        self.varies = False
        """Whether its cells differ within a group."""
        self.number: str | None = "int"
        """The type of its cells, if all are numbers in text."""

    def add(self, cell: object) -> None:
        if cell is None or cell == "":
            self.has_empty = True
            return
        try:
            text = text_of(cell)
        except ValueError:
            self.is_typed = True
            return
        found = _NUMBER.fullmatch(text) if isinstance(cell, str) else None
        if found is None or self.number is None:
            self.number = None
        elif found["fraction"]:
            self.number = "float"


def draft_of(sheet: Sheet, sheet_name: str, batch_name: str, defaults: Defaults) -> str:
    """Write a manifest for a sheet, in YAML with comments.

    Args:
        sheet: The sheet.
        sheet_name: How the manifest names the sheet.
        batch_name: A name for the batch.
        defaults: What is known beside the sheet.

    Raises:
        InvalidInputError: The sheet cannot be read, or has no rows.
    """
    problems = Problems("", {})
    report = report_to(problems, sheet.where)
    with sheet.opened(report) as table:
        column, rows, samples = _identity(table)
    if not rows and not problems:
        report(0, "no row below the header: add the samples first")
    problems.raise_any()
    is_grouped = samples < rows
    with sheet.opened(report) as table:
        facts, runs = _facts(table, column if is_grouped else None, report)
    problems.raise_any()
    written = [*_head(sheet_name, batch_name, defaults, runs), *_runs(facts, column.name, is_grouped=is_grouped)]
    return "\n".join([*written, ""])


def _identity(table: Table | None) -> tuple[Column, int, int]:
    """Return the column that names the samples, and how many rows and how many names there are."""
    if table is None:  # which was reported
        return Column(0, ""), 0, 0
    names = [_normal(name) for name in table.columns]
    position = next((names.index(name) for name in _IDS if name in names), 0)
    cells = [json.dumps(cells[position]) for _, cells in table.rows]
    return Column(position, table.columns[position]), len(cells), len(set(cells))


def _facts(table: Table | None, group_by: Column | None, report: Report) -> tuple[dict[str, _ColumnFacts], int]:
    """Return what the columns are like, and the number of runs."""
    columns, rows = (table.columns, table.rows) if table is not None else ((), iter(()))
    facts = {name: _ColumnFacts() for name in columns}
    runs = 0
    for run in grouped(rows, group_by, report):
        runs += 1
        for _, cells in run:
            for fact, cell, first in zip(facts.values(), cells, run[0][1], strict=True):
                fact.add(cell)
                fact.varies = fact.varies or cell != first
    return facts, runs


def _head(sheet_name: str, batch_name: str, defaults: Defaults, runs: int) -> Iterator[str]:
    """Write what all runs share."""
    yield "# A StartRunBatch request without its runs, and how each row of a sheet becomes a run."
    capitals = "Replace the words in capitals, and name" if None in astuple(defaults) else "Name"
    yield f"# {capitals} the parameters of your workflow."
    if name := one_line(batch_name, limit=_MAX_NAME):
        yield f"batchName: {_text(name)}"
    yield "defaultRunSetting:"
    yield f"  workflowId: {_text(defaults.workflow_id or 'WORKFLOW_ID')}"
    yield f"  roleArn: {_text(defaults.role_arn or 'ROLE_ARN')}"
    yield f"  outputUri: {_text(defaults.output_uri or 'OUTPUT_URI')}"
    yield f"sheet: {_text(sheet_name)}"
    settings = "SETTINGS_URI" if defaults.output_uri is None else f"{defaults.output_uri.rstrip('/')}/settings/"
    if runs > MOST_INLINE:
        yield f"# A request holds {MOST_INLINE} runs. The settings of {runs:,} go to S3, below this:"
        yield f"settingsUri: {_text(settings)}"
    else:
        yield f"# Above {MOST_INLINE} runs, their settings go to S3, below this:"
        yield f"# settingsUri: {_text(settings)}"


def _runs(facts: Mapping[str, _ColumnFacts], identity: str, *, is_grouped: bool) -> Iterator[str]:
    """Write what each row, or each group of rows, becomes."""
    name = one_line(identity, limit=_MAX_NAME)
    yield "runs:"
    if is_grouped:
        yield f"  # Rows with the same {name} become one run, such as the lanes of a sample."
        yield f"  groupBy: {_text(identity)}"
    else:
        yield f"  # One run for each row. If several rows are one run, such as lanes: groupBy: {_text(identity)}"
    yield f"  runSettingId: {_cell(identity)}"
    yield "  # The parameters of your workflow. A cell is text; {column: NAME, type: int} makes it a number."
    yield "  parameters:"
    yield f"    {_text(identity)}: {_cell(identity)}"
    rest = {column: fact for column, fact in facts.items() if column != identity}
    pair = _pair(rest)
    if pair is not None:
        empty = ", empty: null" if any(rest[column].has_empty for column in pair) else ""
        why = "a list for each row of the group" if is_grouped else "a list of the two"
        yield f"    reads: {{columns: [{', '.join(map(_text, pair))}]{empty}}}  # {why}"
    for column, fact in rest.items():
        if pair is None or column not in pair:
            yield f"    {_text(column)}: {_value(column, fact, is_list=is_grouped and fact.varies)}"


def _value(column: str, fact: _ColumnFacts, *, is_list: bool) -> str:
    kind = ", type: json" if fact.is_typed else ""
    empty = ", empty: null" if is_list and fact.has_empty else ""
    if is_list or kind:
        return f"{{{'columns' if is_list else 'column'}: {_text(column)}{kind}{empty}}}"
    hint = "" if fact.number is None else f"  # a number: {{column: {_text(column)}, type: {fact.number}}}"
    return f"{_cell(column)}{hint}"


def _pair(facts: Mapping[str, _ColumnFacts]) -> tuple[str, str] | None:
    """Return the two columns of paired reads; None if there are none, or if a parameter would have their name."""
    names = {_normal(name): name for name in facts}
    if "reads" in facts:
        return None
    return next(((names[one], names[two]) for one, two in _PAIRS if one in names and two in names), None)


def _normal(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _cell(column: str) -> str:
    """Write the cell of a column as a text."""
    if "{" in column or "}" in column:
        return f"{{column: {_text(column)}}}"
    return _quoted(f"{{{column}}}")


def _text(text: str) -> str:
    """Write a text in YAML, with quotes if it needs them."""
    return text if _PLAIN.fullmatch(text) and text.lower() not in _RESERVED else _quoted(text)


def _quoted(text: str) -> str:
    """Write a text in quotes, which YAML reads as JSON does, but for characters beyond its first 65,536."""
    escaped = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\U{ord(char):08X}" for char in escaped)
