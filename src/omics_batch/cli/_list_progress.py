"""The progress line below a long list, on terminals."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from omics_batch.cli._stderr import on_stderr

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from rich.console import Console


@contextmanager
def counting(output: Console, words: Callable[[], str], *, is_printed: bool) -> Generator[None]:
    """Show a progress line while a list is written.

    Args:
        output: The console on stdout.
        words: Returns the present text of the line.
        is_printed: Whether the list is printed on that console: then the line stays below it.
    """
    if sys.stdout.isatty():
        place, is_seen = output, is_printed
    else:
        place, is_seen = on_stderr(), sys.stderr.isatty()
    if not is_seen:
        yield
        return
    with Live(
        console=place,
        get_renderable=lambda: Text(words(), "bright_black"),
        transient=True,
        redirect_stdout=False,  # the list has its own destination
        redirect_stderr=sys.stderr.isatty(),
    ) as picture:
        picture.refresh()
        yield
