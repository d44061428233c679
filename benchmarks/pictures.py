"""The pictures, drawn by matplotlib: small, the same each time, and readable on a light and on a dark page."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.parts import Draw
    from benchmarks.results import Findings

GREY: Final = "#808080"
"""Seen on white and on black."""
EMPHASIS: Final = "#2a9d8f"
PLAIN: Final = "#9aa5b1"
LIMIT: Final[Mapping[str, object]] = {"linestyle": "--", "linewidth": 1, "color": "#e76f51"}
"""How a line is drawn that is not to be crossed."""

_SIZE: Final = (8.0, 3.6)
_STYLE: Final[Mapping[str, object]] = {
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": "medium",
    "font.family": "sans-serif",
    "legend.frameon": False,
    "savefig.transparent": True,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "omics-batch",  # or every drawing had other ids
    "text.color": GREY,
    "xtick.color": GREY,
    "ytick.color": GREY,
}


def save_picture(path: Path, draw: Draw, findings: Findings) -> None:
    """Draw one picture into a file."""
    matplotlib: Any = import_module("matplotlib")  # which is not there where the types are checked
    with matplotlib.rc_context(_STYLE):
        figure = import_module("matplotlib.figure").Figure(figsize=_SIZE, layout="constrained")
        draw(figure.subplots(), findings)
        figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
