"""The width of text in terminal cells: wide characters take two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GAP: Final = "  "
_LONGEST: Final = 10_000
"""Characters of a text: more than the service's messages have."""

_DOTS: Final = Text("...")


def fitting(text: str, cells: int, encoding: str) -> str:
    """Make a stranger's text safe for a terminal, and no wider than some cells.

    Args:
        text: The text.
        cells: How wide it may be.
        encoding: The terminal's: what it lacks is escaped before it is measured.
    """
    line = _let_out(one_line(text), encoding)
    if cell_len(line) <= cells:
        return line
    mark = "…" if _let_out("…", encoding) == "…" else "..."
    return set_cell_size(line, max(cells - len(mark), 0)).rstrip() + mark[:cells]


def wrapped(text: str, cells: int, encoding: str) -> list[str]:
    """Break a stranger's text between its words into lines of some cells; a longer word has a line of its own."""
    lines: list[str] = []
    for word in _let_out(one_line(text, limit=_LONGEST), encoding).split():
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= cells:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def padded(text: str, cells: int, *, to_the_right: bool = False) -> str:
    """Make a text some cells wide, its spaces behind it or before it."""
    spaces = " " * (cells - cell_len(text))
    return spaces + text if to_the_right else text + spaces


def packed(items: Iterable[Text], width: int, *, most: int) -> list[Text]:
    """Set items side by side in lines of some width, each of them whole; dots stand for what has no room."""
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
