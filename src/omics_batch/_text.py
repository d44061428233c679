"""Strangers' text, made fit to be shown."""

from __future__ import annotations

import unicodedata


def one_line(text: str, *, limit: int = 500) -> str:
    """Make a stranger's text safe for a log or a terminal: one line, no control characters, cut."""
    start = text[: 4 * limit]
    visible = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in start)
    line = " ".join(visible.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
