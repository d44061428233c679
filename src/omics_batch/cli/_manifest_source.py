"""The manifest that a command is given: a file with its sheet, or a sheet and options."""

from __future__ import annotations

import io
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from omics_batch._words import one_line
from omics_batch.cli._run_ids import run_ids_in

if TYPE_CHECKING:
    from typing_extensions import TypeIs

    from omics_batch import Manifest, StartRunBatchRequest

STDIN: Final = "-"


def rows_of(text: str) -> range:
    """Take the numbers of runs: `7`, or `1-10`.

    Raises:
        typer.BadParameter: They are none.
    """
    first, mark, last = text.strip().partition("-")
    if not (first.isascii() and first.isdecimal() and (not mark or (last.isascii() and last.isdecimal()))):
        raise typer.BadParameter(f"{one_line(text, limit=64)!a} is neither a number nor a range such as 1-10.")
    rows = range(int(first), int(last or first) + 1)
    if not rows:
        raise typer.BadParameter(f"{one_line(text, limit=64)!a} has no row: {rows.start} comes after {rows.stop - 1}.")
    if rows.start < 1:
        raise typer.BadParameter(f"{one_line(text, limit=64)!a} has no row: the first one is 1.")
    return rows


_AS_STARTED: Final = "as it was given to start."

StartedSheet: TypeAlias = Annotated[
    str | None, typer.Option("--sheet", metavar="FILE", help=f"With a manifest: the sheet, {_AS_STARTED}")
]
StartedRows: TypeAlias = Annotated[
    range | None,
    typer.Option("--rows", metavar="N-M", parser=rows_of, help=f"With a manifest: its rows, {_AS_STARTED}"),
]
StartedOnly: TypeAlias = Annotated[
    str | None, typer.Option("--only", metavar="FILE", help=f"With a manifest: the file of its runs, {_AS_STARTED}")
]

_SHEETS: Final = {".csv", ".tsv", ".jsonl"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The options that go with a manifest's file: its sheet, and which of its runs."""

    sheet: str | None = None
    rows: range | None = None
    only: str | None = None

    @property
    def is_given(self) -> bool:
        """Whether there is any."""
        return self.sheet is not None or self.rows is not None or self.only is not None

    def of(self, source: Any) -> Manifest:  # noqa: ANN401 - a path, or what can be read
        """Read a manifest, and select its runs.

        Raises:
            InvalidInputError: Something in the file or the sheet is wrong, a problem a line.
        """
        from omics_batch import Manifest  # noqa: PLC0415 - help starts without pydantic

        manifest = Manifest.load(source, self.sheet)
        if self.rows is None and self.only is None:
            return manifest
        return manifest.select(runs=self.rows, only=None if self.only is None else run_ids_in(self.only))


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetOptions(Selection):
    """The options by which a sheet is started, beside a manifest's file or without one."""

    workflow_id: str | None = None
    role_arn: str | None = None
    output_uri: str | None = None
    settings_uri: str | None = None
    name: str | None = None
    parameters: list[str] = field(default_factory=list[str])

    @property
    def without_a_manifest(self) -> dict[str, object]:
        """The options that take the place of a manifest's file, by their names."""
        given = {
            "--workflow-id": self.workflow_id,
            "--role-arn": self.role_arn,
            "--output-uri": self.output_uri,
            "--settings-uri": self.settings_uri,
            "--name": self.name,
            "--param": self.parameters or None,
        }
        return {name: value for name, value in given.items() if value is not None}


def read_source(file: str | None, options: SheetOptions) -> StartRunBatchRequest | Manifest:
    """Read what a command is to start.

    Args:
        file: A file with a request or a manifest; - is stdin, None is no file.
        options: The options beside it.

    Raises:
        InvalidInputError: Something in the file or the sheet is wrong, a problem a line.
        typer.BadParameter: The options do not go together.
    """
    from omics_batch import Manifest, StartRunBatchRequest  # noqa: PLC0415 - help starts without pydantic

    if file is None:
        return options.of(_document_of(options))
    if given := options.without_a_manifest:
        raise typer.BadParameter(
            f"only a sheet without a file takes {', '.join(given)}: write that into {one_line(file)}."
        )
    if is_sheet(file):
        raise typer.BadParameter(
            f"{one_line(file)} is a sheet: write a manifest for it with the command init, or give it with --sheet."
        )
    source: Any = io.BytesIO(sys.stdin.buffer.read()) if file == STDIN else file
    if file == STDIN:
        source.name = "<stdin>"
    if options.is_given or Manifest.is_manifest(source):
        return options.of(source)
    return StartRunBatchRequest.load(source)


def is_sheet(file: str) -> bool:
    """Whether a file is a sheet, by its name."""
    return Path(file).suffix.lower() in _SHEETS


def is_request(source: StartRunBatchRequest | Manifest) -> TypeIs[StartRunBatchRequest]:
    """Whether that is a request, and not a manifest."""
    from omics_batch import Manifest  # noqa: PLC0415 - help starts without pydantic

    return not isinstance(source, Manifest)


def _document_of(options: SheetOptions) -> io.BytesIO:
    """Write the manifest of options alone: the first column of the sheet names the runs."""
    required = {"--sheet": options.sheet, "--workflow-id": options.workflow_id, "--role-arn": options.role_arn}
    missing = [name for name, value in required.items() if value is None]
    if options.sheet is None or missing:
        raise typer.BadParameter(
            f"give a FILE, or --sheet, --workflow-id and --role-arn. Missing: {', '.join(missing)}."
        )
    from omics_batch import Manifest  # noqa: PLC0415 - help starts without pydantic

    column, *_ = Manifest.columns_of(options.sheet)
    parameters = _parameters(options.parameters)
    shared = {"workflowId": options.workflow_id, "roleArn": options.role_arn, "outputUri": options.output_uri}
    document: dict[str, object] = {
        "defaultRunSetting": {name: value for name, value in shared.items() if value is not None},
        "runs": {"runSettingId": {"column": column}, "parameters": parameters},
    }
    if options.name is not None:
        document["batchName"] = options.name
    if options.settings_uri is not None:
        document["settingsUri"] = options.settings_uri
    source = io.BytesIO(json.dumps(document).encode())
    source.name = "options"
    return source


def _parameters(texts: list[str]) -> dict[str, object]:
    parameters: dict[str, object] = {}
    for name, value in map(_parameter, texts):
        if name in parameters:
            raise typer.BadParameter(f"{one_line(name, limit=64)!a} is given twice.", param_hint="'--param'")
        parameters[name] = value
    return parameters


def _parameter(text: str) -> tuple[str, object]:
    name, mark, value = text.partition("=")
    if not mark or not name:
        raise typer.BadParameter(
            f"{one_line(text, limit=100)!a} is not NAME=TEMPLATE, such as reads={{fastq_1}}.", param_hint="'--param'"
        )
    return name, value
