"""The command that resumes a wait."""

from __future__ import annotations

import os
import shlex
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from omics_batch.cli import _program_name
from omics_batch.cli._options import STDIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omics_batch.cli._durations import Span

_MOST: Final = 50
"""The most ids that are shown in a command line."""


@dataclass(frozen=True, slots=True)
class Resume:
    """A command as it was typed, without the batches."""

    command: str
    """Such as `wait`."""
    options: Sequence[str]

    def of(self, batches: Sequence[str]) -> str:
        """Write the command for some batches; if there are too many for a command line, it reads them from a file.

        Args:
            batches: Their ids or ARNs.
        """
        if len(batches) > _MOST and (path := _kept(batches)) is not None:
            return f"{self._with([STDIN])} < {shlex.quote(path)}"
        return self._with(batches)

    def _with(self, batches: Sequence[str]) -> str:
        return _program_name.command([self.command, *batches, *self.options])


def limit(timeout: Span | None) -> list[str]:
    """Write a time-out as it was typed; a time-out of 0 is left out, since it would look only once again."""
    return ["--timeout", timeout.text] if timeout is not None and timeout.seconds else []


def advice(resume: str | None) -> list[str]:
    """Return the line with the command to resume, if there is one."""
    return [] if resume is None else [f"Resume with: {resume}"]


def _kept(batches: Sequence[str]) -> str | None:
    """Write the batches to a new file, and return its path; None if no file can be made."""
    try:
        handle, path = tempfile.mkstemp(prefix="omics-batch-left-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(f"{batch}\n" for batch in batches)
    except OSError:
        return None
    return path
