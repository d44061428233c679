"""A sheet in a file: the ending of the file's name decides how it is read."""

from __future__ import annotations

import re
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from omics_batch._manifest.delimited import read_delimited
from omics_batch._manifest.json_lines import read_json_lines
from omics_batch._manifest.unreadable import UnreadableError
from omics_batch._words import one_line, without_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from omics_batch._manifest.problems import Report
    from omics_batch._manifest.sheet import Table

_URI: Final = re.compile(r"(?:^|/)[A-Za-z][A-Za-z0-9+.-]+:/")
"""A URI in a path, which keeps one of its slashes; a drive is one letter."""
_JSON_LINES: Final = ".jsonl"
_READERS: Final[Mapping[str, Callable[[Generator[str], Report], Table | None]]] = {
    ".csv": partial(read_delimited, delimiter=","),
    ".tsv": partial(read_delimited, delimiter="\t"),
    _JSON_LINES: read_json_lines,
}


@dataclass(frozen=True, slots=True)
class FileSheet:
    """A sheet in a `.csv`, `.tsv` or `.jsonl` file."""

    path: Path

    @property
    def name(self) -> str:
        """The path, as it was given."""
        name = str(self.path)
        return one_line(without_signature(name) if _URI.search(name) else name)

    @property
    def is_typed(self) -> bool:
        """Whether cells are JSON values."""
        return self.path.suffix.lower() == _JSON_LINES

    def where(self, line: int) -> str:
        """Name the file, and the line in it."""
        return f"{self.name}:{line}" if line else self.name

    def numbered(self, line: int) -> str:
        """Name a line."""
        return f"line {line}"

    @contextmanager
    def opened(self, report: Report) -> Generator[Table | None]:
        """Open the file, and read the names of its columns."""
        if _URI.search(str(self.path)) and not self.path.exists():
            report(0, "a sheet is a local file: copy it here first")
            yield None
            return
        read = _READERS.get(self.path.suffix.lower())
        if read is None:
            report(0, "the name of a sheet ends in .csv (with commas), .tsv (with tabs) or .jsonl")
            yield None
            return
        with closing(_lines(self.path)) as lines:
            try:
                table = read(lines, report)
            except UnreadableError as error:
                report(error.line, str(error))
                table = None
            yield table


def _lines(path: Path) -> Generator[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from file
    except UnicodeDecodeError:
        raise UnreadableError(
            _undecodable_line(path), "not text in UTF-8: export the sheet again, in Excel as CSV UTF-8"
        ) from None
    except (OSError, ValueError) as error:  # a null character in a path
        why = getattr(error, "strerror", None) or one_line(str(error))
        raise UnreadableError(0, f"the sheet cannot be read: {why}") from None


def _undecodable_line(path: Path) -> int:
    with path.open("rb") as file:
        return next((number for number, line in enumerate(file, 1) if not _is_text(line)), 0)


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
