"""The question before an action that cannot be undone."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from rich.text import Text

from omics_batch.cli._cells import wrapped
from omics_batch.cli._exits import Exit, ProgramError
from omics_batch.cli._program_name import is_command
from omics_batch.cli._stderr import on_stderr

if TYPE_CHECKING:
    from collections.abc import Sequence

_NO_ANSWER: Final = "{} asks first, and this is not an interactive terminal: use --yes to skip the question"


def is_answerable() -> bool:
    """Whether there is a terminal for a question and its answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def check_answerable(command: str) -> None:
    """Refuse a command that asks a question, if there is no terminal.

    Raises:
        ProgramError: There is no terminal.
    """
    if not is_answerable():
        raise ProgramError(_NO_ANSWER.format(command), Exit.USAGE)


def confirm(notice: Sequence[str], question: str, answers: Sequence[str]) -> None:
    """Print what is about to happen, and ask for a confirmation.

    Args:
        notice: What is about to happen, in lines for a terminal.
        question: The question.
        answers: The answers that mean yes; case does not matter.

    Raises:
        ProgramError: The answer was another one, or none; nothing was sent.
    """
    try:
        # On stderr, since stdout may be a file or a pipe.
        output = on_stderr()
        lines = [part for line in notice for part in _wrapped(line, output.width, output.encoding)]
        output.print(Text("\n".join(lines)), soft_wrap=True)
        output.print(Text(f"{question} ", "bold"), end="")
        answer = sys.stdin.readline()
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        raise ProgramError("stopped at the question: nothing was sent", Exit.INTERRUPTED) from None
    if not answer.endswith("\n"):
        sys.stderr.write("\n")
    if answer.strip().lower() not in answers:
        raise ProgramError("not confirmed: nothing was sent")


def _wrapped(line: str, cells: int, encoding: str) -> list[str]:
    """Wrap a line of the notice below its first word; a command stays whole, since it is copied."""
    words = line.lstrip(" -")
    if not words or is_command(words):
        return [line]
    indent = len(line) - len(words)
    first, *more = wrapped(words, cells - indent, encoding)
    return [line[:indent] + first, *(" " * indent + part for part in more)]
