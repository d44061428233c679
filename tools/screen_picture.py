"""The screen of a terminal as an SVG, which looks the same whatever fonts there are."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyte

CELL: Final = (8.4, 18.0)
"""How wide and how high a character is."""
MARGIN: Final = 16.0
BAR: Final = 34.0
"""The height of the window's own bar."""

GROUND: Final = "#161b22"
INK: Final = "#d5dbe3"
COLOURS: Final = {
    "black": "#484f58",
    "red": "#ff7b72",
    "green": "#56d364",
    "brown": "#e3b341",
    "blue": "#79c0ff",
    "magenta": "#d2a8ff",
    "cyan": "#56d4dd",
    "white": INK,
    "brightblack": "#8b949e",
    "brightred": "#ffa198",
    "brightgreen": "#7ee787",
    "brightbrown": "#f2cc60",
    "brightblue": "#a5d6ff",
    "brightmagenta": "#e2c5ff",
    "brightcyan": "#b3f0ff",
    "brightwhite": "#ffffff",
}
"""As pyte names them; brown is what others call yellow."""

STROKES: Final = {"━": 'stroke-width="5"', "─": 'stroke-width="1.5"', "┄": 'stroke-width="1.5" stroke-dasharray="2.8"'}
"""Lines are drawn, since in many fonts they would not meet."""


class Look(NamedTuple):
    """How characters look."""

    colour: str
    is_bold: bool
    stroke: str | None


class Run(NamedTuple):
    """Characters side by side that look the same."""

    column: int
    text: str
    look: Look


def picture_of(screen: pyte.Screen, title: str) -> str:
    """Draw a screen down to its last line that shows something.

    Args:
        screen: The screen.
        title: What stands above it: the command.
    """
    height = 1 + max((number for number, line in enumerate(screen.display) if line.strip()), default=0)
    width = 2 * MARGIN + screen.columns * CELL[0]
    bottom = BAR + height * CELL[1] + MARGIN
    lines = [drawn for number in range(height) for drawn in _line(screen.buffer[number], screen.columns, number)]
    return "\n".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {bottom:g}" width="{width:g}" '
                f'height="{bottom:g}" role="img" aria-label={quoteattr(title)} font-family="ui-monospace, '
                'SFMono-Regular, Menlo, Consolas, \'DejaVu Sans Mono\', monospace" font-size="14" xml:space="preserve">'
            ),
            f'<rect width="{width:g}" height="{bottom:g}" rx="8" fill="{GROUND}"/>',
            *(f'<circle cx="{18 + 16 * place}" cy="17" r="5" fill="#30363d"/>' for place in range(3)),
            f'<text x="{width / 2:g}" y="21" fill="#8b949e" font-size="12" text-anchor="middle">{escape(title)}</text>',
            *lines,
            "</svg>\n",
        ]
    )


def _line(line: Mapping[int, pyte.screens.Char], columns: int, number: int) -> Iterator[str]:
    top = BAR + number * CELL[1]
    for run in _runs(line, columns):
        left, width = MARGIN + run.column * CELL[0], cell_len(run.text) * CELL[0]
        if run.look.stroke is not None:
            middle = top + CELL[1] / 2
            yield (f'<path d="M{left:g} {middle:g}h{width:g}" stroke="{run.look.colour}" {STROKES[run.look.stroke]}/>')
        elif run.text.strip():
            weight = ' font-weight="bold"' if run.look.is_bold else ""
            yield (
                f'<text x="{left:g}" y="{top + 14:g}" textLength="{width:g}" lengthAdjust="spacingAndGlyphs" '
                f'fill="{run.look.colour}"{weight}>{escape(run.text)}</text>'
            )


def _runs(line: Mapping[int, pyte.screens.Char], columns: int) -> Iterator[Run]:
    """Put together what looks the same; words far apart stay apart, or a stretched font would move them."""
    places = [(column, line[column]) for column in range(columns)]
    for look, group in groupby(places, key=lambda place: _look(place[1])):
        cells = list(group)
        start, text = cells[0][0], ""
        for column, char in cells:
            if text.endswith("  ") and char.data != " ":
                yield Run(start, text.rstrip(" "), look)
                start, text = column, ""
            if not text and char.data == " ":
                start = column + 1
            else:
                text += char.data
        yield Run(start, text.rstrip(" "), look)


def _look(char: pyte.screens.Char) -> Look:
    colour = INK if char.fg == "default" else COLOURS.get(char.fg, f"#{char.fg}")
    return Look(colour, char.bold, char.data if char.data in STROKES else None)
