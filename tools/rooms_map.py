"""Draw the map of the rooms from the imports of the package.

python3 tools/rooms_map.py
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from rooms import HOUSE, all_imports, purpose

if TYPE_CHECKING:
    from collections.abc import Mapping

MAP: Final = Path(__file__).parent.parent / "docs" / "rooms.svg"

LEFT_OUT: Final = {"__init__", "_version", "_log"}
"""What is drawn nowhere: the public names, which stand for the rooms they come from; and what anybody may use."""

WIDTH: Final = 760
"""Of all that is drawn, where not more is needed."""
LETTER: Final = 8
HEIGHT: Final = 30
"""Of a room."""
FLOOR: Final = 64
MARGIN: Final = 8
ROUNDS: Final = 24
"""How often the rooms of a floor are moved towards those they belong to."""

STYLE: Final = """\
.rooms-map { width: 100%; min-width: 640px; font: 13px var(--font-stack--monospace, monospace) }
.rooms-map rect { fill: var(--color-background-secondary, #f8f9fb); stroke: var(--color-foreground-border, #878787) }
.rooms-map .public rect { stroke: var(--color-brand-primary, #0a4bff); stroke-width: 2 }
.rooms-map text { fill: var(--color-foreground-primary, #000); text-anchor: middle; dominant-baseline: central }
.rooms-map path { fill: none; stroke: var(--color-foreground-border, #878787); stroke-opacity: .55 }
.rooms-map path.known { stroke-opacity: 0 }
.rooms-map:has(g:hover) path { stroke-opacity: .08 }
"""


@dataclass(frozen=True)
class House:
    """Which room uses which: no two each other, not even by way of others."""

    uses: Mapping[str, frozenset[str]]
    public: frozenset[str] = frozenset()
    """The rooms in which there is something for users."""
    purposes: Mapping[str, str] = field(default_factory=dict[str, str])
    """What each room says of itself."""

    @cached_property
    def floors(self) -> dict[str, int]:
        """How many rooms lie below one, at most, on any way down."""
        floors: dict[str, int] = {}
        while len(floors) < len(self.uses):
            ready = [room for room, used in self.uses.items() if room not in floors and used <= floors.keys()]
            if not ready:
                raise ValueError(f"these rooms use each other: {sorted(self.uses.keys() - floors.keys())}")
            for room in ready:
                floors[room] = 1 + max((floors[each] for each in self.uses[room]), default=-1)
        return floors

    def neighbours(self, room: str) -> set[str]:
        """Return what a room uses, and what uses it."""
        return {*self.uses[room], *(other for other, used in self.uses.items() if room in used)}

    def reached(self, room: str) -> frozenset[str]:
        """Return all that a room uses, by way of others too."""
        return self.uses[room].union(*map(self.reached, self.uses[room]))

    def is_known(self, room: str, used: str) -> bool:
        """Whether a line needs no drawing, since a way through another room shows it."""
        return any(used in self.reached(other) for other in self.uses[room] - {used})


def house() -> House:
    """Read today's house."""
    homes = _homes_of_public_names()
    uses: dict[str, set[str]] = {}
    for found in all_imports():
        used = uses.setdefault(found.room, set())
        if found.is_ours:
            used.add(homes.get(found.name, "__init__") if found.target == "__init__" else found.target)
    return House(
        {room: frozenset(used - LEFT_OUT - {room}) for room, used in sorted(uses.items()) if room not in LEFT_OUT},
        frozenset(homes.values()) | {room for room in uses if not room.startswith("_")},
        {room: purpose(room) for room in uses},
    )


def _homes_of_public_names() -> dict[str, str]:
    """Read from the root which room each public name comes from."""
    tree = ast.parse((HOUSE / "__init__.py").read_text(encoding="utf-8"))
    (homes,) = (
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_ROOMS"
    )
    found: dict[str, str] = ast.literal_eval(homes)
    return {name: home.partition(".")[0] for name, home in found.items()}


class Layout:
    """Where each room of a house stands: those on a floor beside each other, near those that they belong to."""

    def __init__(self, plan: House) -> None:
        self.box: int = LETTER * max(map(len, plan.uses)) + 2 * MARGIN
        """How wide a room is."""
        self._floors: list[list[str]] = [[] for _ in range(1 + max(plan.floors.values()))]
        for room, number in plan.floors.items():
            self._floors[number].append(room)
        self.width: int = max(WIDTH, max(map(len, self._floors)) * (self.box + MARGIN))
        self.height: int = FLOOR * (len(self._floors) - 1) + HEIGHT + 2 * MARGIN
        for _ in range(ROUNDS):
            for floor in self._floors:
                self._draw_together(floor, plan)
        self.across: dict[str, float] = self._places()
        """How far to the right the middle of each room is."""
        self.down: dict[str, float] = {
            room: self.height - MARGIN - HEIGHT / 2 - FLOOR * number for room, number in plan.floors.items()
        }

    def _places(self) -> dict[str, float]:
        return {
            room: self.width * (number + 0.5) / len(floor)
            for floor in self._floors
            for number, room in enumerate(floor)
        }

    def _draw_together(self, floor: list[str], plan: House) -> None:
        places = self._places()

        def wish(room: str) -> tuple[float, str]:
            near = [places[other] for other in plan.neighbours(room)] or [self.width / 2]
            return round(math.fsum(near) / len(near), 3), room

        floor.sort(key=wish)


def drawn(plan: House) -> str:
    """Draw a house."""
    layout = Layout(plan)
    return "\n".join(
        [
            f'<svg class="rooms-map" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {layout.width} {layout.height}"',
            ' role="img" aria-label="The rooms of omics_batch, and which uses which">',
            f"<style>\n{STYLE}{''.join(map(_rule, plan.uses))}</style>",
            *(_line(layout, plan, room, other) for room, used in plan.uses.items() for other in sorted(used)),
            *(_box(layout, plan, room) for room in plan.uses),
            "</svg>\n",
        ]
    )


def _rule(room: str) -> str:
    """Let the lines of the room under the pointer stand out."""
    return (
        f".rooms-map:has(#room-{room}:hover) :is(.from-{room}, .to-{room}) "
        "{ stroke-opacity: 1; stroke: var(--color-brand-primary, #0a4bff) }\n"
    )


def _line(layout: Layout, plan: House, room: str, other: str) -> str:
    here, there = layout.across[room], layout.across[other]
    start, end = layout.down[room] + HEIGHT / 2, layout.down[other] - HEIGHT / 2
    middle = (start + end) / 2
    known = " known" if plan.is_known(room, other) else ""
    return (
        f'<path class="from-{room} to-{other}{known}" '
        f'd="M{here:.0f} {start:.0f}C{here:.0f} {middle:.0f} {there:.0f} {middle:.0f} {there:.0f} {end:.0f}"/>'
    )


def _box(layout: Layout, plan: House, room: str) -> str:
    left, top = layout.across[room] - layout.box / 2, layout.down[room] - HEIGHT / 2
    return (
        f'<g id="room-{room}" class="{"public" if room in plan.public else "private"}">'
        f"<title>{escape(plan.purposes.get(room, ''))}</title>"
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{layout.box}" height="{HEIGHT}" rx="6"/>'
        f'<text x="{layout.across[room]:.0f}" y="{layout.down[room]:.0f}">{room}</text></g>'
    )


if __name__ == "__main__":
    MAP.write_text(drawn(house()), encoding="utf-8")
