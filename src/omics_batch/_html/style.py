"""The CSS, for light and dark."""

from __future__ import annotations

from typing import Final

STATES: Final = {
    "completed": ("#2da44e", "#3fb950"),
    "failed": ("#cf222e", "#f85149"),
    "not submitted": ("#a626a4", "#db61e8"),
    "cancelled": ("#bf8700", "#d29922"),
    "deleted": ("#8a6a4f", "#a98467"),
    "stopping": ("#e16f24", "#f0883e"),
    "running": ("#0969da", "#388bfd"),
    "starting": ("#54aeff", "#79c0ff"),
    "pending": ("#8c959f", "#8b949e"),
    "to submit": ("#c4ccd4", "#4b535d"),
    "not counted": ("#e6eaef", "#2d333b"),
}
"""The colour of runs in a state, on light and on dark."""

TONES: Final = {
    "good": ("#116329", "#7ee787", "#dafbe1", "#12361f"),
    "bad": ("#a40e26", "#ff9790", "#ffebe9", "#4b1516"),
    "warn": ("#7d4e00", "#f2cc60", "#fff3c4", "#453100"),
    "active": ("#0550ae", "#a5d6ff", "#ddf4ff", "#0c2d6b"),
    "quiet": ("#424a53", "#d0d7de", "#eaeef2", "#343b43"),
}
"""The colours of a badge: its text on light and on dark, then its background on light and on dark."""

# `light-dark` follows `color-scheme`: the reader's setting, unless the notebook sets its own. The selectors, in order:
# Jupyter and the pages of nbconvert, VS Code, Colab, Sphinx, the classic notebook, which is always light.
_FRAME: Final = """
.omics-batch {
  color-scheme: light dark; color: light-dark(#1f2328, #e6edf3); background: light-dark(#fff, #161b22);
  border: 1px solid light-dark(#d0d7de, #3d444d); border-radius: 8px; box-sizing: border-box; max-width: 60rem;
  margin: 4px 0; padding: 12px 16px; font: 13px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums;
  overflow-wrap: anywhere; text-align: start;
}
[data-jp-theme-light="false"] .omics-batch, [data-vscode-theme-kind$="-dark"] .omics-batch,
[data-vscode-theme-kind$="-contrast"] .omics-batch, html[theme="dark"] .omics-batch,
[data-theme="dark"] .omics-batch { color-scheme: dark }
[data-jp-theme-light="true"] .omics-batch, [data-vscode-theme-kind$="-light"] .omics-batch,
html[theme="light"] .omics-batch, [data-theme="light"] .omics-batch, .notebook_app .omics-batch { color-scheme: light }
.omics-batch .ob-head { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: center; margin-bottom: 10px }
.omics-batch .ob-name { font-size: 15px; font-weight: 600 }
.omics-batch .ob-id, .omics-batch .ob-note, .omics-batch .ob-facts dt { color: light-dark(#59636e, #9198a1) }
.omics-batch .ob-id { margin-inline-start: auto }
.omics-batch .ob-badge {
  display: inline-block; border-radius: 9px; padding: 0 9px; font-size: 12px; font-weight: 600; line-height: 20px;
}
.omics-batch .ob-bar { display: block; width: 100%; height: 14px; border-radius: 4px; overflow: hidden }
.omics-batch .ob-bar rect { stroke: light-dark(#fff, #161b22); stroke-width: 1px }
.omics-batch ul.ob-legend {
  display: flex; flex-wrap: wrap; gap: 2px 16px; list-style: none; margin: 8px 0 0; padding: 0;
}
.omics-batch .ob-legend li { margin: 0 }
.omics-batch .ob-state { white-space: nowrap }
.omics-batch .ob-state svg { margin-inline-end: 6px; vertical-align: -1px }
.omics-batch .ob-note { font-style: italic; margin: 4px 0 0 }
.omics-batch .ob-facts { display: flex; flex-wrap: wrap; gap: 4px 28px; margin: 10px 0 0; padding: 0 }
.omics-batch .ob-facts dt, .omics-batch .ob-facts dd {
  display: block; float: none; font-size: 12px; font-weight: 400; margin: 0; padding: 0; width: auto;
}
.omics-batch .ob-facts dd { font-size: 13px; font-weight: 500 }
.omics-batch .ob-reason {
  border-inline-start: 3px solid light-dark(#cf222e, #f85149); margin: 12px 0 0; padding: 2px 10px;
}
.omics-batch .ob-wide { overflow-x: auto }
.omics-batch .ob-wide + .ob-wide { margin-top: 12px }
.omics-batch .ob-table {
  border: 0; border-collapse: collapse; font-size: 13px; margin: 0; table-layout: auto; width: 100%;
}
.omics-batch .ob-table caption {
  caption-side: top; color: inherit; font-weight: 600; padding: 0 0 6px; text-align: start;
}
.omics-batch .ob-table tr:nth-child(n):nth-child(n) { background: none }
.omics-batch .ob-table th, .omics-batch .ob-table td {
  border: 0; border-top: 1px solid light-dark(#e6eaef, #2d333b); max-width: none;
  line-height: 20px; padding: 5px 16px 5px 0; text-align: start; vertical-align: top; white-space: nowrap;
}
.omics-batch .ob-table thead th { border: 0; color: light-dark(#59636e, #9198a1); font-weight: 400 }
.omics-batch .ob-table .ob-prose { min-width: 8rem; max-width: 28rem; white-space: normal }
.omics-batch .ob-table .ob-bar { margin-top: 3px; min-width: 6rem }
"""


def _name(word: str) -> str:
    return word.replace(" ", "-")


STYLE: Final = _FRAME + "\n".join(
    [
        *(
            f".omics-batch .ob-{_name(state)} {{ fill: light-dark({light}, {dark}) }}"
            for state, (light, dark) in STATES.items()
        ),
        *(
            f".omics-batch .ob-{tone} {{ color: light-dark({light}, {dark}); background: light-dark({day}, {night}) }}"
            for tone, (light, dark, day, night) in TONES.items()
        ),
    ]
)
"""The whole CSS; browsers without `light-dark` use the colours in the elements' attributes."""


def filled(state: str) -> dict[str, str]:
    """Give the attributes by which an element has a state's colour."""
    return {"class": f"ob-{_name(state)}", "fill": STATES[state][0]}
