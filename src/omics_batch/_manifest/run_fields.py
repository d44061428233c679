"""The members of a run's setting, each with the limits of the service."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from omics_batch._manifest.canonical import canonical, quoted
from omics_batch._manifest.plain_rows import NotPlainError, plain_whole
from omics_batch._manifest.values import Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omics_batch._manifest.plain_rows import Plain
    from omics_batch._manifest.problems import Report
    from omics_batch._manifest.sheet import Row
    from omics_batch._manifest.template import Check, Template
    from omics_batch._manifest.values import Cell, Members

MAX_NAME: Final = 128
MAX_URI: Final = 750
MAX_KEY: Final = 128
MAX_TAG: Final = 256
MAX_NUMBER: Final = 100_000
_MOST_DIGITS: Final = 20
MAX_PARAMETERS: Final = 50 * 1024
"""Bytes of JSON in UTF-8."""

_MOST_BYTES: Final = 4
"""Bytes of a character."""

_ACCOUNT: Final = re.compile(r"[0-9]{12}", re.ASCII)
_BUCKET: Final = re.compile(r"s3://[^/]")


def wrong_name(text: str) -> str | None:
    """Say what is wrong with a runSettingId or the name of a run."""
    if not text:
        return "is empty"
    if len(text) <= MAX_NAME and text.isprintable():  # what most are
        return None
    return _too_long(text, MAX_NAME) or _invisible(text)


def wrong_uri(text: str) -> str | None:
    """Say what is wrong with an outputUri."""
    if len(text) <= MAX_URI and text.isprintable() and _BUCKET.match(text):  # what most are
        return None
    if _BUCKET.match(text) is None:
        return "should be a URI of S3: s3://BUCKET/..."
    return _too_long(text, MAX_URI) or _invisible(text)


def wrong_account(text: str) -> str | None:
    """Say what is wrong with the id of an account."""
    return None if _ACCOUNT.fullmatch(text) else "should be the 12 digits of an AWS account"


def wrong_tag(text: str) -> str | None:
    """Say what is wrong with the value of a tag."""
    return _too_long(text, MAX_TAG)


def wrong_tag_key(text: str) -> str | None:
    """Say what is wrong with the key of a tag."""
    return _too_long(text, MAX_KEY) if text else "the key of a tag is empty"


def _number(text: str) -> int:
    return int(text[:_MOST_DIGITS])  # more digits are too many for Python


def wrong_priority(number: int) -> str | None:
    """Say what is wrong with a priority."""
    return None if 0 <= number <= MAX_NUMBER else f"should be 0 to {MAX_NUMBER:,}"


def _too_long(text: str, limit: int) -> str | None:
    return f"has {len(text):,} characters: {limit} at most" if len(text) > limit else None


def _invisible(text: str) -> str | None:
    """Report a character that the service's pattern excludes: a control character, line break or invisible mark."""
    wrong = next((char for char in text if unicodedata.category(char)[0] == "C"), None)
    return None if wrong is None else f"has the control character U+{ord(wrong):04X}: remove it"


@dataclass(frozen=True, slots=True)
class TextField(Value):
    """A member of a run's setting that is text."""

    name: str
    template: Template
    wrong: Check

    def text(self, run: Sequence[Row], report: Report) -> str | None:
        """Return the checked text for a run; None if the run has none, or if a problem was reported."""
        text = self.template.text(run, report)
        if text is None:
            return None
        problem = self.wrong(text)
        if problem is None:
            return text
        report(run[0][0], f"{self.name} {problem}", column=self.template.about, value=text)
        return None

    def json(self, run: Sequence[Row], report: Report) -> str | None:
        """Write the text."""
        text = self.text(run, report)
        return None if text is None else quoted(text)

    def plain(self) -> Plain:
        """Return the fast path for the text."""
        return self.template.plain(self.wrong) or plain_whole(self)


@dataclass(frozen=True, slots=True)
class Priority(Value):
    """The member `priority`, from a cell."""

    cell: Cell

    def json(self, run: Sequence[Row], report: Report) -> str | None:
        """Write the number."""
        text = self.cell.json(run, report)
        if text is None:
            return None
        number = _number(text)
        problem = wrong_priority(number)
        if problem is None:
            return str(number)
        report(run[0][0], f"priority {problem}", column=self.cell.column.name, value=text)
        return None

    def plain(self) -> Plain:
        """Return the fast path for the number."""
        pattern, (cell,) = self.cell.plain()

        def leaf(cells: Sequence[object], run: Sequence[Row]) -> str:
            number = _number(cell(cells, run))
            if wrong_priority(number) is not None:
                raise NotPlainError
            return str(number)

        return pattern, (leaf,)


@dataclass(frozen=True, slots=True)
class Tags(Value):
    """The member `runTags`; it is left out if a run has no tag."""

    tags: Members

    def json(self, run: Sequence[Row], report: Report) -> str | None:
        """Write the tags."""
        text = self.tags.json(run, report)
        return None if text == "{}" else text

    def plain(self) -> Plain:
        """Return the fast path for the tags."""
        return self.tags.plain() if self.tags.members else plain_whole(self)


@dataclass(frozen=True, slots=True)
class Parameters(Value):
    """The member `parameters`. Merged over the shared ones, it must not be larger than the service allows."""

    value: Value
    shared: Mapping[str, object]

    @property
    def safe_length(self) -> int:
        """The number of characters that fits in any case: each may take four bytes, and shared parameters are added."""
        return (MAX_PARAMETERS - len(canonical(self.shared).encode())) // _MOST_BYTES

    def json(self, run: Sequence[Row], report: Report) -> str | None:
        """Write the parameters."""
        text = self.value.json(run, report) or "{}"
        if len(text) > self.safe_length and (size := self._size(text)) > MAX_PARAMETERS:
            merged = ", with those of defaultRunSetting" if self.shared else ""
            report(run[0][0], f"{size:,} bytes of parameters{merged}: a run takes {MAX_PARAMETERS:,} at most")
        return text

    def plain(self) -> Plain:
        """Return the fast path for the parameters; it does not check their size."""
        return self.value.plain()

    def _size(self, text: str) -> int:
        """Count the bytes of a run's parameters, merged over the shared ones."""
        merged = canonical({**self.shared, **json.loads(text)}) if self.shared else text
        return len(merged.encode())
