"""The width of text in terminal cells: wide characters take two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from omics_batch._words import one_line
from omics_batch.cli._program_name import apart, is_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GAP: Final = "  "
_LONGEST: Final = 10_000
"""The most characters of a text; the service's messages are shorter."""

_DOTS: Final = Text("...")


def fitting(text: str, cells: int, encoding: str) -> str:
    """Make untrusted text safe for a terminal, and no wider than some cells.

    Args:
        text: The text.
        cells: How wide it may be.
        encoding: The terminal's encoding: characters that it lacks are escaped before the text is measured.
    """
    line = _let_out(one_line(text), encoding)
    if cell_len(line) <= cells:
        return line
    mark = "…" if _let_out("…", encoding) == "…" else "..."
    return set_cell_size(line, max(cells - len(mark), 0)).rstrip() + mark[:cells]


def wrapped(text: str, cells: int, encoding: str) -> list[str]:
    """Wrap untrusted text at spaces into lines of some cells; a longer word gets a line of its own."""
    lines: list[str] = []
    for word in _let_out(one_line(text, limit=_LONGEST), encoding).split():
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= cells:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def prose(text: str, cells: int, encoding: str) -> list[str]:
    """Wrap untrusted text as `wrapped` does, but no command in it; one that does not fit gets a line of its own."""
    if not is_command(text):
        return wrapped(text, cells, encoding)
    if cell_len(text) <= cells:
        return [text]
    *before, last = apart(text)
    return [*(line for part in before for line in wrapped(part, cells, encoding)), last]


def padded(text: str, cells: int, *, to_the_right: bool = False) -> str:
    """Pad a text with spaces to some cells, on its right or on its left."""
    spaces = " " * (cells - cell_len(text))
    return spaces + text if to_the_right else text + spaces


def packed(items: Iterable[Text], width: int, *, most: int) -> list[Text]:
    """Put whole items side by side in lines of some width; dots replace the items that do not fit."""
    lines: list[list[Text]] = []
    for item in items:
        if lines and _width([*lines[-1], item]) <= width:
            lines[-1].append(item)
        elif len(lines) < most:
            lines.append([item])
        else:
            while len(lines[-1]) > 1 and _width([*lines[-1], _DOTS]) > width:
                lines[-1].pop()
            lines[-1].append(_DOTS)
            break
    joined = [Text(GAP).join(line) for line in lines]
    for line in joined:
        line.truncate(width)
    return joined


def _width(items: Sequence[Text]) -> int:
    return sum(item.cell_len for item in items) + len(GAP) * (len(items) - 1)


def _let_out(text: str, encoding: str) -> str:
    return text.encode(encoding, "backslashreplace").decode(encoding)
