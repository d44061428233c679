"""A manifest: a sheet, and how its rows become the runs of batches."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, NoReturn, Self

from omics_batch._errors import InvalidInputError
from omics_batch._files import TextError, name_of, read_document
from omics_batch._manifest.file_sheet import FileSheet
from omics_batch._manifest.groups import grouped
from omics_batch._manifest.problems import NO_VALUE, Problems
from omics_batch._manifest.python_rows import packed, row_name
from omics_batch._manifest.reading import read, report_to
from omics_batch._manifest.request_id import request_id_of
from omics_batch._manifest.settings_file import MAX_RUNS, pieces_of
from omics_batch._manifest.value_reader import text_members
from omics_batch._manifest.written_runs import reading_of, settings_in
from omics_batch._models.request import BatchRunSettings, DefaultRunSettingInput, InlineSetting, StartRunBatchRequest
from omics_batch._words import named

if TYPE_CHECKING:
    from omics_batch._manifest.reading import Reading
    from omics_batch._manifest.settings_file import SettingsFile
    from omics_batch._manifest.sheet import Sheet


@dataclass(frozen=True, slots=True)
class ManifestBatch:
    """One of the batches that a manifest makes, and its settings file."""

    runs: int
    """The number of its runs: 1 to 100,000."""
    settings_uri: str | None
    """The S3 URI of the settings file, named by its content; None if the request itself has the runs."""
    sha256: str
    """The SHA-256 of the settings file, in hexadecimal digits."""
    size: int
    """The bytes of the settings file."""


class Manifest:
    """A cohort: a StartRunBatch request without its runs, and how each row of a sheet becomes a run.

    The sheet is read when the manifest is made, and all problems of both are raised at once. A manifest does not
    change. Two manifests are equal if they make the same requests. Nothing is sent, and no file is written.

    Args:
        default_run_setting: What all runs share.
        runs: How each row, or each group of rows, becomes a run. It has the members of `runs` in a manifest's file:
            `runSettingId`, `parameters` and so on, in the service's names or in snake_case.
        rows: The rows: mappings of column names to cells, all with the same columns. A cell is a text, or any JSON
            value if a type is declared. None if the rows are in a file.
        sheet: The path of the sheet: `.csv`, `.tsv` or `.jsonl`. None if `rows` are given.
        batch_name: A name for the batch, 1 to 64 characters.
        tags: The batch's own tags.
        settings_uri: The S3 URI below which files of run settings go; needed above 100 runs.

    Raises:
        InvalidInputError: Something is wrong. Each line of the message names the line of the sheet, the column and
            the value; or the place in the manifest.
    """

    __slots__ = ("_reading",)

    def __init__(
        self,
        *,
        default_run_setting: DefaultRunSettingInput,
        runs: Mapping[str, object],
        rows: Iterable[Mapping[str, object]] | None = None,
        sheet: str | os.PathLike[str] | None = None,
        batch_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        settings_uri: str | None = None,
    ) -> None:
        """Read the rows, and check everything."""
        given = {
            "default_run_setting": default_run_setting,
            "runs": dict(runs) if isinstance(runs, Mapping) else runs,  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
            "batch_name": batch_name,
            "tags": tags,
            "settings_uri": settings_uri,
        }
        document = {name: value for name, value in given.items() if value is not None}
        problems = Problems("", {})
        self._reading = read(document, _sheet_of(rows, sheet, problems), problems, is_json=False)

    @classmethod
    def load(cls, source: str | os.PathLike[str] | IO[bytes], sheet: str | os.PathLike[str] | None = None) -> Self:
        """Read a manifest from a file, and its sheet.

        Args:
            source: The path of a YAML file (`.yaml`, `.yml`, which need the extra `cli`) or a JSON file (`.json`). A
                file with another name, or an open file of bytes, may have either.
            sheet: The path of the sheet, in place of the one that the file names. That one is relative to the file's
                folder.

        Raises:
            InvalidInputError: Something is wrong. Each line of the message names the file and the line; for the sheet
                also the column and the value.
        """
        name = name_of(source)
        try:
            document, lines = read_document(source)
        except TextError as error:
            raise InvalidInputError(f"{name}: {error}") from None
        problems = Problems(name, lines)
        found = _named_sheet(document, source, sheet, problems)
        return cls._of(read(document, found, problems, is_json=True))

    @staticmethod
    def is_manifest(source: str | os.PathLike[str] | IO[bytes]) -> bool:
        """Whether a file is a manifest, and not a StartRunBatch request: it has `sheet` or `runs`.

        A file that cannot be read is none. What reads it next raises the reason.

        Args:
            source: A path, or an open file of bytes, which is set back to its begin.
        """
        try:
            document, _ = read_document(source)
        except TextError:
            document = None
        if not isinstance(source, (str, os.PathLike)):
            source.seek(0)
        return not {"sheet", "runs"}.isdisjoint(text_members(document) or {})

    @staticmethod
    def draft(
        sheet: str | os.PathLike[str],
        *,
        folder: str | os.PathLike[str] = ".",
        workflow_id: str | None = None,
        role_arn: str | None = None,
        output_uri: str | None = None,
    ) -> str:
        """Write a first manifest for a sheet, in YAML with comments.

        The column that is named like a sample becomes the runSettingId. If a name is there twice, rows are grouped by
        it. The other columns become parameters: name them as your workflow does.

        Args:
            sheet: The path of the sheet: `.csv`, `.tsv` or `.jsonl`.
            folder: Where the manifest is to be: it names the sheet from there.
            workflow_id: The workflow's id. Without it, the manifest has a word to replace; so for the others.
            role_arn: The role of the runs.
            output_uri: The S3 URI below which the output goes.

        Raises:
            InvalidInputError: The sheet cannot be read, or has no rows.
        """
        from omics_batch._manifest.draft import Defaults, draft_of  # noqa: PLC0415 - who has a manifest needs no draft

        path = Path(sheet)
        name = path if path.is_absolute() else Path(os.path.relpath(path, folder))
        defaults = Defaults(workflow_id=workflow_id, role_arn=role_arn, output_uri=output_uri)
        return draft_of(FileSheet(path), name.as_posix(), path.stem, defaults)

    @staticmethod
    def columns_of(sheet: str | os.PathLike[str]) -> tuple[str, ...]:
        """Return the names of a sheet's columns, in their order.

        Args:
            sheet: The path of the sheet: `.csv`, `.tsv` or `.jsonl`.

        Raises:
            InvalidInputError: The sheet cannot be read, or a column has no name, or another one's.
        """
        file, problems = FileSheet(Path(sheet)), Problems("", {})
        with file.opened(report_to(problems, file.where)) as table:
            problems.raise_any()
            return () if table is None else table.columns

    @property
    def default_run_setting(self) -> DefaultRunSettingInput:
        """What all runs share."""
        return self._reading.document.default_run_setting

    @property
    def batch_name(self) -> str | None:
        """The name of the batch, or of each of several batches."""
        return self._reading.document.batch_name

    @property
    def runs(self) -> int:
        """The number of runs in all batches."""
        return sum(file.runs for file in self._reading.files)

    @property
    def batches(self) -> tuple[ManifestBatch, ...]:
        """The batches, of up to 100,000 runs each, in the order of the sheet."""
        return tuple(
            ManifestBatch(file.runs, self._settings_uri(file), file.sha256, file.size) for file in self._reading.files
        )

    def requests(self, *, attempt: int = 1) -> tuple[StartRunBatchRequest, ...]:
        """Return the request of each batch; the same manifest and attempt give the same requests, ids included.

        Up to 100 runs are in the request itself. Above that it names a file in S3: `settings` returns its content, and
        it has to be in S3 before the request is sent. Its name is the hash of its content.

        Args:
            attempt: 1, or more for a second batch of the same content: each attempt has its own `request_id`.

        Raises:
            InvalidInputError: The attempt is not a whole number of 1 or more.
        """
        if isinstance(attempt, bool) or not isinstance(attempt, int) or attempt < 1:  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
            raise InvalidInputError(f"attempt is 1 or more, not {attempt!r}")
        return tuple(self._request(file, attempt) for file in self._reading.files)

    def settings(self, batch: int = 0) -> Iterator[bytes]:
        """Yield the content of a batch's settings file in pieces: a JSON array with an object for each run.

        A sheet in a file is read again. If it has changed in the meantime, the iterator raises before its last piece.
        So if you got all pieces, they are what the request names.

        Args:
            batch: The number of the batch, from 0.

        Raises:
            InvalidInputError: There is no such batch, or the sheet has changed.
        """
        files = self._reading.files
        if not isinstance(batch, int) or batch not in range(len(files)):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
            raise InvalidInputError(f"the manifest has the batches 0 to {len(files) - 1}, not {batch!r}")
        inline = files[batch].inline
        return self._settings_again(batch) if inline is None else pieces_of(inline)

    def select(self, *, runs: range | None = None, only: Iterable[str] | None = None) -> Self:
        """Return a manifest of some of the runs, in the same order.

        It has another content than the whole, so it starts batches of its own.

        Args:
            runs: The numbers of the runs, from 1, such as `range(1, 11)` for the first ten. Without `groupBy` a run is
                a row of the sheet. None takes all of them.
            only: The `runSettingId` of each run. None takes all of them.

        Raises:
            InvalidInputError: The manifest has no run of such an id or number, or the sheet has changed.
        """
        if not isinstance(runs, range | None):  # pyright: ignore[reportUnnecessaryIsInstance] - callers may be untyped
            raise InvalidInputError(f"runs is a range, such as range(1, 11) for the first ten, not {runs!r}")
        if isinstance(only, str):
            raise InvalidInputError(f"only is several runSettingIds, such as [{only!r}], not one text")
        wanted = None if only is None else dict.fromkeys(only)
        found: dict[str, str] = {}
        for number, setting in enumerate(self._settings_of_all(), 1):
            name: str = json.loads(setting)["runSettingId"]
            if wanted is None or name in wanted:
                found[name] = setting if runs is None or number in runs else ""
        if missing := [name for name in wanted or () if name not in found]:
            raise InvalidInputError(
                f"{self._reading.sheet.name} has no run {named(missing)}: are these of another sheet?"
            )
        chosen = [setting for setting in found.values() if setting]
        if not chosen:
            raise InvalidInputError(f"none of the {self.runs:,} runs of {self._reading.sheet.name} is selected")
        reading, whole = reading_of(self._reading.document, chosen), self._reading
        return self._of(replace(reading, name=whole.name, lines=whole.lines))

    @classmethod
    def _of(cls, reading: Reading) -> Self:
        manifest = cls.__new__(cls)
        manifest._reading = reading  # noqa: SLF001 - its own
        return manifest

    def _settings_of_all(self) -> Iterator[str]:
        for batch in range(len(self._reading.files)):
            yield from settings_in(self.settings(batch))

    def __eq__(self, other: object) -> bool:
        return self.requests() == other.requests() if isinstance(other, Manifest) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(request.request_id for request in self.requests()))

    def __repr__(self) -> str:
        batches = len(self._reading.files)
        return f"<Manifest {self._reading.sheet.name}: {self.runs:,} runs in {batches} batch{'es' * (batches > 1)}>"

    def _settings_uri(self, file: SettingsFile) -> str | None:
        if file.inline is not None:
            return None
        return f"{(self._reading.document.settings_uri or '').rstrip('/')}/{file.sha256}.json"

    def _request(self, file: SettingsFile, attempt: int) -> StartRunBatchRequest:
        if file.inline is None:
            runs = BatchRunSettings(s3_uri_settings=self._settings_uri(file))
        else:
            runs = BatchRunSettings(inline_settings=list(map(InlineSetting.model_validate_json, file.inline)))
        draft = self._reading.document.request(runs, request_id="draft")
        return draft.model_copy(update={"request_id": request_id_of(draft.members(), attempt)})

    def _settings_again(self, batch: int) -> Iterator[bytes]:
        reading = self._reading
        file, template = reading.files[batch], reading.template

        gone = "is gone: put it back, or read the manifest with another sheet"
        changed = "has changed since the manifest was read: read it again"

        def refuse(line: int, problem: str, *, column: str = "", value: object = NO_VALUE) -> NoReturn:  # noqa: ARG001 - any problem means a change
            is_gone = isinstance(reading.sheet, FileSheet) and not reading.sheet.path.exists()
            raise InvalidInputError(f"{reading.sheet.name} {gone if is_gone else changed}")

        with reading.sheet.opened(refuse) as table:
            if table is None or table.columns != reading.columns:
                refuse(0, "")
            runs = grouped(table.rows, template.group_by, refuse)
            mine = islice(runs, batch * MAX_RUNS, (batch + 1) * MAX_RUNS)
            write, digest, held = template.writer(refuse), hashlib.sha256(), b""
            for piece in pieces_of(write(run).json for run in mine):
                digest.update(piece)
                if held:
                    yield held
                held = piece
            if digest.hexdigest() != file.sha256:
                refuse(0, "")
            yield held


def checked(manifest: object) -> Manifest:
    """Return what a caller gave as a manifest.

    Raises:
        InvalidInputError: It is none.
    """
    if isinstance(manifest, Manifest):
        return manifest
    raise InvalidInputError(f"a manifest is a Manifest, as Manifest.load reads it, not a {type(manifest).__name__}")


def _sheet_of(
    rows: Iterable[Mapping[str, object]] | None, sheet: str | os.PathLike[str] | None, problems: Problems
) -> Sheet | None:
    """Return the sheet from the arguments of `Manifest`."""
    match rows, sheet:
        case None, str() | os.PathLike():
            return FileSheet(Path(sheet))
        case Iterable(), None if not isinstance(rows, (str, bytes, Mapping)):
            return packed(rows, report_to(problems, row_name))
        case _:
            problems.add_at(("rows",), "give either rows, an iterable of mappings, or the path of a sheet")
            return None


def _named_sheet(
    document: object,
    source: str | os.PathLike[str] | IO[bytes],
    sheet: str | os.PathLike[str] | None,
    problems: Problems,
) -> Sheet | None:
    """Return the sheet that a caller names; else the one that the manifest names."""
    if sheet is not None:
        return FileSheet(Path(sheet))
    folder = Path(source).parent if isinstance(source, (str, os.PathLike)) else Path()
    members = text_members(document)
    name = None if members is None else members.get("sheet")
    if isinstance(name, str) and name:
        return FileSheet(folder / name)
    if members is not None and name is None:  # anything else is reported by `read_manifest`
        problems.add_at(("sheet",), "is missing: name the sheet's file, or give its path beside the manifest")
    return None
