"""Templates: texts with cells in them. `{column}` is a cell, `{{` and `}}` are braces; there is no other syntax."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from omics_batch._manifest.canonical import quoted
from omics_batch._manifest.cell_types import text_of
from omics_batch._manifest.plain_rows import NotPlainError
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from omics_batch._manifest.plain_rows import Plain
    from omics_batch._manifest.problems import Report
    from omics_batch._manifest.sheet import Row

    Check = Callable[[str], str | None]
    """Says what is wrong with a text; None if nothing is."""

_PART: Final = re.compile(r"(?P<brace>\{\{|\}\})|\{(?P<column>[^{}]+)\}|(?P<text>[^{}]+)|(?P<wrong>.)", re.DOTALL)
_NO_PATH: Final = "/ and .. do not go into a URI: use plain names, or whole URIs by {column: NAME}"


class Column(NamedTuple):
    """A column that is used."""

    position: int
    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """A text with cells, made for each run."""

    literals: tuple[str, ...]
    """The texts before, between and after the columns: one more than there are columns."""
    columns: tuple[Column, ...] = ()
    """The columns, in their order in the text."""
    is_uri: bool = False
    """Whether a cell has to be one part of a path."""
    is_needed: bool = True
    """Whether an empty cell is an error; if not, the run has no such text."""

    @property
    def about(self) -> str:
        """The names of the columns, for messages."""
        return ", ".join(column.name for column in self.columns)

    def text(self, run: Sequence[Row], report: Report) -> str | None:
        """Return the text for a run, from its first row; None if it has none, or if a problem was reported."""
        line, cells = run[0]
        parts = [self.literals[0]]
        for (index, name), literal in zip(self.columns, self.literals[1:], strict=True):
            cell = cells[index]
            if cell is None or cell == "":
                if self.is_needed:
                    report(line, f"an empty cell in the text {self}: fill it in", column=name)
                return None
            try:
                text = text_of(cell)
            except ValueError as error:
                report(line, str(error), column=name, value=cell)
                return None
            if self.is_uri and ("/" in text or ".." in text):
                report(line, _NO_PATH, column=name, value=cell)
                return None
            parts += (text, literal)
        return "".join(parts)

    def plain(self, check: Check | None = None) -> Plain | None:
        """Return the fast path for the text, if it has one column; `check` says what is wrong with a text."""
        if len(self.columns) != 1:
            return None
        (before, after), ((index, _),), is_uri = self.literals, self.columns, self.is_uri

        def leaf(cells: Sequence[object], _: Sequence[Row]) -> str:
            cell = cells[index]
            if not cell or not isinstance(cell, str) or (is_uri and ("/" in cell or ".." in cell)):
                raise NotPlainError
            text = f"{before}{cell}{after}"
            if check is not None and check(text) is not None:
                raise NotPlainError
            return quoted(text)

        return "%s", (leaf,)

    def __str__(self) -> str:
        literals = [literal.replace("{", "{{").replace("}", "}}") for literal in self.literals]
        columns = [*(f"{{{column.name}}}" for column in self.columns), ""]
        return one_line("".join(f"{literal}{column}" for literal, column in zip(literals, columns, strict=True)))


def is_column_name(name: str) -> bool:
    """Whether a template can name a column so: `{NAME}`."""
    return name != "" and "{" not in name and "}" not in name


def parts_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the texts around the columns of a template, and the names of the columns.

    Raises:
        ValueError: A brace stands alone.
    """
    literals: list[str] = [""]
    names: list[str] = []
    for part in _PART.finditer(text):
        match part.lastgroup:
            case "brace":
                literals[-1] += part["brace"][0]
            case "column":
                names.append(part["column"])
                literals.append("")
            case "text":
                literals[-1] += part["text"]
            case _:
                raise ValueError(
                    f"a {part[0]} stands alone: a column is {{NAME}}, and a brace is written twice, {{{{ or }}}}"
                )
    return tuple(literals), tuple(names)
