"""Output to stderr: errors, notes and logs."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from omics_batch._words import one_line
from omics_batch.cli._cells import prose
from omics_batch.cli._console import console_on
from omics_batch.cli._program_name import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from rich.console import Console


def complain(text: str, *more: str) -> None:
    """Print on stderr what is wrong, in one line, and what to do about it, in further lines."""
    # The present sys.stderr: a live view may have replaced it, to print above its bar.
    lines = [f"{NAME}: {one_line(text, limit=1000)}", *more]
    if _is_terminal():
        console = on_stderr()
        lines = [part for line in lines for part in prose(line, console.width, console.encoding)]
    try:
        sys.stderr.write("\n".join([*lines, ""]))
        sys.stderr.flush()
    except OSError:  # a full disk, a closed terminal: the exit code shows what happened
        sys.stderr = nowhere("w")


def advise(text: str) -> None:
    """Print on stderr what a person may want to know; a log gets no such line."""
    if _is_terminal():
        complain(text)


def _is_terminal() -> bool:
    return hasattr(sys.stderr, "isatty") and sys.stderr.isatty()


def nowhere(mode: str) -> IO[str]:
    """Open a stream that takes everything, in place of one that takes nothing: Python flushes it at its end."""
    return open(os.devnull, mode, encoding="utf-8")  # noqa: PTH123 - it stays open as long as the process


def on_stderr() -> Console:
    """Make a console on stderr without markup: every text is printed as it is."""
    return console_on(stderr=True)


@contextmanager
def logged_to(write: Callable[[str], None], level: int) -> Generator[None]:
    """Call a function with each line of the library's log, from a level on."""
    handler = _LineHandler(write)
    handler.setLevel(level)
    logger = logging.getLogger("omics_batch")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(level)
    try:
        yield
    finally:
        logger.setLevel(before)
        logger.removeHandler(handler)


class _LineHandler(logging.Handler):
    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        from omics_batch import Event  # noqa: PLC0415 - help and servers start without what clients need
        from omics_batch.cli._log import line_of  # noqa: PLC0415 - help and servers start without what clients need

        # The message of an event is the event itself; that of other records is a text.
        message: object = record.msg
        text = line_of(message) if isinstance(message, Event) else self.format(record)
        for line in text.splitlines():
            self._write(line)
