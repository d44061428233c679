"""Asking a person for a code or password on the terminal."""

from __future__ import annotations

import getpass
import os
import selectors
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from omics_batch._threads import interruptible, stoppable

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

_TICK: Final = 0.05
"""Seconds between two checks whether the call was cancelled."""

_TTY: Final = "/dev/tty"


def can_ask() -> bool:
    """Whether a person can be asked: on a terminal, or by a notebook."""
    return _is_notebook() or has_terminal()


def has_terminal() -> bool:
    """Whether this process has a terminal, and is in its foreground."""
    if not hasattr(os, "tcgetpgrp"):  # Windows
        return sys.stdin is not None and sys.stdin.isatty()
    with suppress(OSError):
        terminal = os.open(_TTY, os.O_RDWR | os.O_NOCTTY)
        try:
            return os.tcgetpgrp(terminal) == os.getpgrp()
        finally:
            os.close(terminal)
    return False


async def ask(prompt: str) -> str:
    """Ask for a secret without echo. The event loop goes on; a cancelled call restores the terminal.

    Args:
        prompt: The prompt.
    """
    if _is_notebook() or not hasattr(os, "tcgetpgrp"):
        # A prompt that goes on after a cancel would read the answer to the next prompt.
        return (await interruptible(partial(getpass.getpass, prompt))).strip()
    return (await stoppable(partial(_ask, prompt))).strip()


def terminal_state() -> Callable[[], None]:
    """Return a function that restores the terminal: a process that is killed during a prompt leaves echo off."""
    import termios  # noqa: PLC0415 - Windows has none

    terminal = os.open(_TTY, os.O_RDWR | os.O_NOCTTY)
    try:
        state = termios.tcgetattr(terminal)
    finally:
        os.close(terminal)

    def restore() -> None:
        terminal = os.open(_TTY, os.O_RDWR | os.O_NOCTTY)
        try:
            termios.tcsetattr(terminal, termios.TCSADRAIN, state)
        finally:
            os.close(terminal)

    return restore


def _is_notebook() -> bool:
    """Whether getpass was replaced, as Jupyter's kernel does."""
    return getpass.getpass.__module__ != getpass.__name__


def _ask(prompt: str, stop: threading.Event) -> str:
    import termios  # noqa: PLC0415 - Windows has none

    terminal = os.open(_TTY, os.O_RDWR | os.O_NOCTTY)
    try:
        before = termios.tcgetattr(terminal)
        silent = [*before[:3], before[3] & ~termios.ECHO, *before[4:]]
        try:
            termios.tcsetattr(terminal, termios.TCSAFLUSH, silent)
            os.write(terminal, prompt.encode())
            return _line_from(terminal, stop)
        finally:
            termios.tcsetattr(terminal, termios.TCSAFLUSH, before)
            os.write(terminal, b"\n")
    finally:
        os.close(terminal)


def _line_from(terminal: int, stop: threading.Event) -> str:
    # On macOS only SelectSelector works with terminals. A terminal gives whole lines.
    with selectors.SelectSelector() as selector:
        selector.register(terminal, selectors.EVENT_READ)
        while not stop.is_set():
            if selector.select(_TICK):
                return os.read(terminal, 1024).decode(errors="replace")
    return ""
