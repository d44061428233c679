"""The error of a file that cannot be read on."""

from __future__ import annotations


class UnreadableError(ValueError):
    """A sheet ends before its end: the message says why."""

    def __init__(self, line: int, told: str) -> None:
        """Keep the line; 0 where there is none."""
        super().__init__(told)
        self.line = line
