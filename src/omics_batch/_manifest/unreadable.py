"""The error for a sheet that cannot be read to its end."""

from __future__ import annotations


class UnreadableError(ValueError):
    """A sheet cannot be read to its end: the message says why."""

    def __init__(self, line: int, problem: str) -> None:
        """Keep the line; 0 if there is none."""
        super().__init__(problem)
        self.line = line
