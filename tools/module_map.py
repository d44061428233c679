"""Draw the map of the modules from the imports of the package.

python3 tools/module_map.py
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from imports import ROOT, all_imports, purpose

if TYPE_CHECKING:
    from collections.abc import Mapping

MAP: Final = Path(__file__).parent.parent / "docs" / "modules.svg"

LEFT_OUT: Final = {"__init__", "_version", "_log"}
"""What is not drawn: the root, whose names stand for the modules they come from, and what every module may use."""

WIDTH: Final = 760
"""Of the drawing, at least."""
LETTER: Final = 8
HEIGHT: Final = 30
"""Of a module's box."""
LAYER: Final = 64
MARGIN: Final = 8
ROUNDS: Final = 24
"""How often the modules of a layer are moved towards those that they use or that use them."""

STYLE: Final = """\
.module-map { width: 100%; min-width: 640px; font: 13px var(--font-stack--monospace, monospace) }
.module-map rect { fill: var(--color-background-secondary, #f8f9fb); stroke: var(--color-foreground-border, #878787) }
.module-map .public rect { stroke: var(--color-brand-primary, #0a4bff); stroke-width: 2 }
.module-map text { fill: var(--color-foreground-primary, #000); text-anchor: middle; dominant-baseline: central }
.module-map path { fill: none; stroke: var(--color-foreground-border, #878787); stroke-opacity: .55 }
.module-map path.known { stroke-opacity: 0 }
.module-map:has(g:hover) path { stroke-opacity: .08 }
"""


@dataclass(frozen=True)
class Graph:
    """Which module uses which, without a circle."""

    uses: Mapping[str, frozenset[str]]
    public: frozenset[str] = frozenset()
    """The modules that users import from."""
    purposes: Mapping[str, str] = field(default_factory=dict[str, str])
    """The first line of each module's docstring."""

    @cached_property
    def layers(self) -> dict[str, int]:
        """The longest way down from each module, in modules."""
        layers: dict[str, int] = {}
        while len(layers) < len(self.uses):
            ready = [module for module, used in self.uses.items() if module not in layers and used <= layers.keys()]
            if not ready:
                raise ValueError(f"these modules use each other: {sorted(self.uses.keys() - layers.keys())}")
            for module in ready:
                layers[module] = 1 + max((layers[each] for each in self.uses[module]), default=-1)
        return layers

    def neighbours(self, module: str) -> set[str]:
        """Return the modules that a module uses, and those that use it."""
        return {*self.uses[module], *(other for other, used in self.uses.items() if module in used)}

    def reached(self, module: str) -> frozenset[str]:
        """Return all modules that a module uses, directly or not."""
        return self.uses[module].union(*map(self.reached, self.uses[module]))

    def is_known(self, module: str, used: str) -> bool:
        """Whether lines over another module show this use already."""
        return any(used in self.reached(other) for other in self.uses[module] - {used})


def read_graph() -> Graph:
    """Read the modules and their imports."""
    module_of = _modules_of_public_names()
    uses: dict[str, set[str]] = {}
    for found in all_imports():
        used = uses.setdefault(found.source, set())
        if found.is_ours and not found.is_lazy:
            used.add(module_of.get(found.name, "__init__") if found.target == "__init__" else found.target)
    return Graph(
        {
            module: frozenset(used - LEFT_OUT - {module})
            for module, used in sorted(uses.items())
            if module not in LEFT_OUT
        },
        frozenset(module_of.values()) | {module for module in uses if not module.startswith("_")},
        {module: purpose(module) for module in uses},
    )


def _modules_of_public_names() -> dict[str, str]:
    """Read from the root which module each public name comes from."""
    tree = ast.parse((ROOT / "__init__.py").read_text(encoding="utf-8"))
    (names,) = (
        node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_MODULES"
    )
    found: dict[str, str] = ast.literal_eval(names)
    return {name: module.partition(".")[0] for module, names in found.items() for name in names.split()}


class Layout:
    """The place of each module: those of a layer beside each other, near those that they use or that use them."""

    def __init__(self, graph: Graph) -> None:
        self.box: int = LETTER * max(map(len, graph.uses)) + 2 * MARGIN
        """The width of a module's box."""
        self._layers: list[list[str]] = [[] for _ in range(1 + max(graph.layers.values()))]
        for module, number in graph.layers.items():
            self._layers[number].append(module)
        self.width: int = max(WIDTH, max(map(len, self._layers)) * (self.box + MARGIN))
        self.height: int = LAYER * (len(self._layers) - 1) + HEIGHT + 2 * MARGIN
        for _ in range(ROUNDS):
            for layer in self._layers:
                self._draw_together(layer, graph)
        self.across: dict[str, float] = self._places()
        """The middle of each module's box, from the left."""
        self.down: dict[str, float] = {
            module: self.height - MARGIN - HEIGHT / 2 - LAYER * number for module, number in graph.layers.items()
        }

    def _places(self) -> dict[str, float]:
        return {
            module: self.width * (number + 0.5) / len(layer)
            for layer in self._layers
            for number, module in enumerate(layer)
        }

    def _draw_together(self, layer: list[str], graph: Graph) -> None:
        places = self._places()

        def wish(module: str) -> tuple[float, str]:
            near = [places[other] for other in graph.neighbours(module)] or [self.width / 2]
            return round(math.fsum(near) / len(near), 3), module

        layer.sort(key=wish)


def drawn(graph: Graph) -> str:
    """Draw a graph."""
    layout = Layout(graph)
    return "\n".join(
        [
            f'<svg class="module-map" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {layout.width} {layout.height}"',
            ' role="img" aria-label="The modules of omics_batch, and which uses which">',
            f"<style>\n{STYLE}{''.join(map(_rule, graph.uses))}</style>",
            *(_line(layout, graph, module, other) for module, used in graph.uses.items() for other in sorted(used)),
            *(_box(layout, graph, module) for module in graph.uses),
            "</svg>\n",
        ]
    )


def _rule(module: str) -> str:
    """Let the lines of the module under the pointer stand out."""
    return (
        f".module-map:has(#module-{module}:hover) :is(.from-{module}, .to-{module}) "
        "{ stroke-opacity: 1; stroke: var(--color-brand-primary, #0a4bff) }\n"
    )


def _line(layout: Layout, graph: Graph, module: str, other: str) -> str:
    here, there = layout.across[module], layout.across[other]
    start, end = layout.down[module] + HEIGHT / 2, layout.down[other] - HEIGHT / 2
    middle = (start + end) / 2
    known = " known" if graph.is_known(module, other) else ""
    return (
        f'<path class="from-{module} to-{other}{known}" '
        f'd="M{here:.0f} {start:.0f}C{here:.0f} {middle:.0f} {there:.0f} {middle:.0f} {there:.0f} {end:.0f}"/>'
    )


def _box(layout: Layout, graph: Graph, module: str) -> str:
    left, top = layout.across[module] - layout.box / 2, layout.down[module] - HEIGHT / 2
    return (
        f'<g id="module-{module}" class="{"public" if module in graph.public else "private"}">'
        f"<title>{escape(graph.purposes.get(module, ''))}</title>"
        f'<rect x="{left:.0f}" y="{top:.0f}" width="{layout.box}" height="{HEIGHT}" rx="6"/>'
        f'<text x="{layout.across[module]:.0f}" y="{layout.down[module]:.0f}">{module}</text></g>'
    )


if __name__ == "__main__":
    MAP.write_text(drawn(read_graph()), encoding="utf-8")
