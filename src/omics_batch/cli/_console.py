"""A console on a stream of this process."""

from __future__ import annotations

import shutil

from rich.console import Console, ConsoleDimensions


def console_on(*, stderr: bool = False, is_terminal: bool | None = None) -> Console:
    """Make a console without markup: every text is printed as it is.

    Args:
        stderr: Whether it is on stderr; else on stdout.
        is_terminal: Whether it is a terminal; None asks the stream.
    """
    console = Console(stderr=stderr, markup=False, emoji=False, highlight=False, force_terminal=is_terminal)
    if console.is_dumb_terminal:  # rich takes 80 columns for it, whatever it has
        console.size = ConsoleDimensions(*shutil.get_terminal_size())
    return console
