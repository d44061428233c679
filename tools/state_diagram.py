"""Draw what a batch is doing from the enum and the transitions in the code.

PYTHONPATH=src python3 tools/state_diagram.py
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from omics_batch._waiting.states import TRANSITIONS, BatchState, Trigger

DIAGRAM: Final = Path(__file__).parent.parent / "docs" / "states" / "diagram.svg"
TABLE: Final = DIAGRAM.with_name("table.md")

WIDTH: Final = 760
HEIGHT: Final = 480
BOX: Final = (130, 34)
"""Width and height of a state."""
BEND: Final = 26
"""How far an arrow bends to its left, so that the one in the other direction is beside it."""
LABEL_AT: Final = 0.42
"""Where on an arrow its label is: nearer to its beginning."""

STYLE: Final = """\
.states { width: 100%; min-width: 640px; font: 13px var(--font-stack--monospace, monospace) }
.states rect { fill: var(--color-background-secondary, #f8f9fb); stroke: var(--color-brand-primary, #0a4bff) }
.states text { fill: var(--color-foreground-primary, #000); text-anchor: middle; dominant-baseline: central }
.states text.label { font-size: 11px; paint-order: stroke; stroke-width: 4 }
.states text.label { stroke: var(--color-background-primary, #fff) }
.states path.arrow { fill: none; stroke: var(--color-foreground-border, #878787) }
.states path.head { fill: var(--color-foreground-border, #878787) }
"""

Point = tuple[float, float]


def changes() -> dict[tuple[BatchState, BatchState], list[Trigger]]:
    """Return which triggers lead from one state to another one."""
    found: dict[tuple[BatchState, BatchState], list[Trigger]] = {}
    for before, row in TRANSITIONS.items():
        for trigger, after in row.items():
            if after is not before:
                found.setdefault((before, after), []).append(trigger)
    return found


def place(state: BatchState) -> Point:
    """Return the middle of a state: they stand on an ellipse in the order of the enum."""
    angle = 2 * math.pi * list(BatchState).index(state) / len(BatchState) - math.pi / 2
    return WIDTH / 2 + 0.4 * WIDTH * math.cos(angle), HEIGHT / 2 + 0.43 * HEIGHT * math.sin(angle)


def drawn() -> str:
    """Draw the diagram."""
    return "\n".join(
        [
            f'<svg class="states" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
            ' role="img" aria-label="What a batch is doing, and what follows">',
            f"<style>\n{STYLE}</style>",
            *(_arrow(*pair, triggers) for pair, triggers in changes().items()),
            *map(_box, BatchState),
            "</svg>\n",
        ]
    )


def table() -> str:
    """Write what the states and the triggers mean, and all transitions, as Markdown."""
    lines = ["| a batch is | which means |", "|---|---|"]
    lines += [f"| {state.name} | {state.value} |" for state in BatchState]
    lines += ["", "| what happens | which means |", "|---|---|"]
    lines += [f"| {trigger.name} | {trigger.value} |" for trigger in Trigger]
    lines += ["", f"| | {' | '.join(trigger.name for trigger in Trigger)} |", f"|---|{'---|' * len(Trigger)}"]
    for state in BatchState:
        row = (TRANSITIONS[state].get(trigger) for trigger in Trigger)
        lines.append(f"| {state.name} | {' | '.join('error' if after is None else after.name for after in row)} |")
    return "\n".join(lines) + "\n"


def _box(state: BatchState) -> str:
    x, y = place(state)
    width, height = BOX
    return (
        f"<g><title>{escape(state.value)}</title>"
        f'<rect x="{x - width / 2:.0f}" y="{y - height / 2:.0f}" width="{width}" height="{height}" rx="6"/>'
        f'<text x="{x:.0f}" y="{y:.0f}">{state.name}</text></g>'
    )


def _arrow(before: BatchState, after: BatchState, triggers: list[Trigger]) -> str:
    begin, end = place(before), place(after)
    length = math.dist(begin, end)
    along = ((end[0] - begin[0]) / length, (end[1] - begin[1]) / length)
    bend = ((begin[0] + end[0]) / 2 - 2 * BEND * along[1], (begin[1] + end[1]) / 2 + 2 * BEND * along[0])
    start, stop = _edge(begin, bend), _edge(end, bend)
    label = _on_curve(start, bend, stop, LABEL_AT)
    text = ", ".join(trigger.name for trigger in triggers)
    curve = f"M{start[0]:.0f} {start[1]:.0f}Q{bend[0]:.0f} {bend[1]:.0f} {stop[0]:.0f} {stop[1]:.0f}"
    return (
        f'<path class="arrow" d="{curve}"/>'
        f"{_head(bend, stop)}"
        f'<text class="label" x="{label[0]:.0f}" y="{label[1]:.0f}">{text}</text>'
    )


def _edge(middle: Point, towards: Point) -> Point:
    """Return where the way from the middle of a box towards a point leaves the box."""
    x, y = towards[0] - middle[0], towards[1] - middle[1]
    share = min(BOX[0] / 2 / max(abs(x), 1e-9), BOX[1] / 2 / max(abs(y), 1e-9))
    return middle[0] + share * x, middle[1] + share * y


def _on_curve(start: Point, bend: Point, stop: Point, share: float) -> Point:
    x, y = (
        (1 - share) ** 2 * start[axis] + 2 * share * (1 - share) * bend[axis] + share**2 * stop[axis] for axis in (0, 1)
    )
    return x, y


def _head(before: Point, tip: Point) -> str:
    angle = math.atan2(tip[1] - before[1], tip[0] - before[0])
    corners = [(tip[0] - 9 * math.cos(angle + turn), tip[1] - 9 * math.sin(angle + turn)) for turn in (-0.35, 0.35)]
    points = "L".join(f"{x:.0f} {y:.0f}" for x, y in (tip, *corners))
    return f'<path class="head" d="M{points}Z"/>'


if __name__ == "__main__":
    DIAGRAM.parent.mkdir(exist_ok=True)
    DIAGRAM.write_text(drawn(), encoding="utf-8")
    TABLE.write_text(table(), encoding="utf-8")
