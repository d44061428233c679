"""A terminal in memory: a program runs on its pseudo-terminal, and its screen is read as a person would see it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import re
import signal
import struct
import termios
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pyte

from tests.forked import PROGRAM, Forked, fork, may_be_forked

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncGenerator, Mapping, Sequence


class Terminal:
    """A terminal on which one program runs."""

    def __init__(self, end: int, process: Process | Forked, screen: pyte.Screen) -> None:
        self._end = end
        self._stream = pyte.ByteStream(screen)
        self._has_news = asyncio.Event()
        self._is_left = False
        self.process: Process | Forked = process
        self.screen: pyte.Screen = screen
        self.written: bytes = b""
        """All that the program wrote, as it wrote it."""

    @property
    def text(self) -> str:
        """What the screen shows, line by line."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip()

    @property
    def has_echo(self) -> bool:
        """Whether it shows what is typed."""
        return bool(termios.tcgetattr(self._end)[3] & termios.ECHO)

    async def until(self, pattern: str) -> str:
        """Wait until the screen shows something, and return all that it shows then."""
        while not re.search(pattern, self.text):
            assert not self._is_left, f"the program has ended, and the screen shows:\n{self.text}"
            self._has_news.clear()
            await self._has_news.wait()
        return self.text

    async def ended(self) -> int:
        """Wait until the program has ended and all that it wrote is on the screen; return its exit code."""
        code = await self.process.wait()
        self.read()
        return code

    def type(self, text: str) -> None:
        """Type something; the character ETX is Ctrl-C."""
        os.write(self._end, text.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Make the window another size, as a person does with the mouse."""
        self.screen.resize(lines, columns)
        fcntl.ioctl(self._end, termios.TIOCSWINSZ, _window(columns, lines))
        self.process.send_signal(signal.SIGWINCH)

    def read(self) -> None:
        """Take in what the program has written."""
        try:
            while written := os.read(self._end, 65536):
                self.written += written
                self._stream.feed(written)
        except BlockingIOError:  # nothing more yet
            pass
        except OSError:  # nor ever: the program was the last to hold the other end
            self._is_left = True
            asyncio.get_running_loop().remove_reader(self._end)
        self._has_news.set()


@asynccontextmanager
async def on_a_terminal(
    program: Sequence[str], environment: Mapping[str, str], *, columns: int = 80, lines: int = 24
) -> AsyncGenerator[Terminal]:
    """Run a program on a terminal of its own; whatever is left of it goes at the end of the block."""
    end, other = pty.openpty()
    fcntl.ioctl(end, termios.TIOCSWINSZ, _window(columns, lines))
    os.set_blocking(end, False)
    loop = asyncio.get_running_loop()
    variables = _without_a_size({"TERM": "xterm-256color", **environment})
    try:
        process = (
            Forked(fork(program[len(PROGRAM) :], variables, (other, other, other), on_a_terminal=True))
            if may_be_forked(program, variables)
            else await asyncio.create_subprocess_exec(
                *program,
                stdin=other,
                stdout=other,
                stderr=other,
                env=variables,
                preexec_fn=_take_the_terminal,  # so that Ctrl-C typed here comes as a signal there
            )
        )
    finally:
        os.close(other)
    terminal = Terminal(end, process, pyte.Screen(columns, lines))
    loop.add_reader(end, terminal.read)
    try:
        yield terminal
    finally:
        loop.remove_reader(end)
        if process.returncode is None:
            process.kill()
        await process.wait()
        os.close(end)


def _without_a_size(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what programs believe rather than their terminal."""
    return {name: value for name, value in environment.items() if name not in {"COLUMNS", "LINES"}}


def _take_the_terminal() -> None:
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _window(columns: int, lines: int) -> bytes:
    return struct.pack("HHHH", lines, columns, 0, 0)
