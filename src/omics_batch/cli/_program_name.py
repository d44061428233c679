"""The name of the program, for commands to paste."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME: Final = "omics-batch"
MODULE: Final = "omics_batch.cli"

_LAST: Final = re.compile(rf"(.*?:) ((?:\S*{NAME}|\S+ -m {re.escape(MODULE)}) .*)")
"""A text that ends with a command, behind a colon."""


def command(arguments: Sequence[str]) -> str:
    """Write a command line of this program, quoted for a shell."""
    return shlex.join([*words(sys.argv[0], shutil.which(NAME), sys.executable), *arguments])


def is_command(text: str) -> bool:
    """Whether a line has a command to copy: it must not be wrapped."""
    return f"{NAME} " in text or f"-m {MODULE}" in text


def apart(text: str) -> list[str]:
    """Return what stands before the command that a text ends with, and the command; the text itself if it has none."""
    found = _LAST.fullmatch(text)
    return [text] if found is None else list(found.groups())


def words(started_as: str, found: str | None, python: str) -> list[str]:
    """Choose the words that start this program.

    Args:
        started_as: The first of the process's arguments.
        found: The path of the program in PATH, if it is there.
        python: The path of the interpreter.
    """
    if os.path.basename(started_as) == "__main__.py":  # noqa: PTH119 - it is text: nothing is looked up
        return [python, "-m", MODULE]
    if os.path.dirname(started_as) == "":  # noqa: PTH120 - it is text: nothing is looked up
        return [NAME]
    return [NAME] if found is not None and os.path.realpath(found) == os.path.realpath(started_as) else [started_as]
