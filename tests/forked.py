"""The command line in a process of its own that starts at once: it is forked from one that has imported all it needs.

It has arguments, an environment and streams of its own, and signals reach it, at a sixth of what a start costs. How an
interpreter starts and ends is not seen here: tests of that start a real one.
"""

from __future__ import annotations

import asyncio
import fcntl
import multiprocessing
import os
import pkgutil
import re
import runpy
import shlex
import socket
import sys
import termios
from asyncio.subprocess import PIPE
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from multiprocessing.reduction import DupFd
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import omics_batch

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from multiprocessing.context import ForkServerContext, ForkServerProcess

PROGRAM: Final = (sys.executable, "-m", "omics_batch.cli")
"""The command line as it is started where it is not forked."""

_OF_AN_INTERPRETER: Final = re.compile("PYTHON(?!IOENCODING$)|COVERAGE")
"""Variables that an interpreter reads as it starts, but for the one that is heeded here."""


def may_be_forked(program: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Whether this is the command line, and needs no other interpreter than this process has."""
    here, there = (
        {name: value for name, value in variables.items() if _OF_AN_INTERPRETER.match(name)}
        for variables in (os.environ, environment)
    )
    return tuple(program[:3]) == PROGRAM and here == there


def fork(
    arguments: Sequence[str], environment: Mapping[str, str], streams: Sequence[int], *, on_a_terminal: bool = False
) -> ForkServerProcess:
    """Start `omics-batch`.

    Args:
        arguments: What follows the program's name.
        environment: Its variables.
        streams: The descriptors that become its stdin, stdout and stderr.
        on_a_terminal: Whether they are a terminal that it controls, in a session of its own.
    """
    handed = [_Handed(stream) for stream in streams]
    work = (list(arguments), dict(environment), handed, on_a_terminal)
    process = _context().Process(target=_run, args=work, daemon=True)
    process.start()
    return process


class Forked:
    """Such a process, with what tests use of asyncio's `Process`."""

    def __init__(
        self,
        process: ForkServerProcess,
        stdout: asyncio.StreamReader | None = None,
        stderr: asyncio.StreamReader | None = None,
    ) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.returncode: int | None = None
        self._process = process
        self._has_ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(process.sentinel, self._end)

    @classmethod
    async def piped(cls, arguments: Sequence[str], environment: Mapping[str, str], stdout: int = PIPE) -> Forked:
        """Start it with nothing to read; what it writes is read here, unless stdout leads elsewhere."""
        with ExitStack() as given:
            nothing = os.open(os.devnull, os.O_RDONLY)
            given.callback(os.close, nothing)
            written, out = await _pipe(given) if stdout == PIPE else (None, stdout)
            complaints, err = await _pipe(given)
            return cls(fork(arguments, environment, (nothing, out, err)), written, complaints)

    async def wait(self) -> int:
        await self._has_ended.wait()
        assert self.returncode is not None
        return self.returncode

    async def communicate(self, _: bytes = b"") -> tuple[bytes, bytes]:
        stdout, stderr = await asyncio.gather(*(_all_of(stream) for stream in (self.stdout, self.stderr)))
        await self.wait()
        return stdout, stderr

    def send_signal(self, number: int) -> None:
        if self.returncode is None:
            assert self._process.pid is not None
            os.kill(self._process.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def _end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._process.sentinel)
        self._process.join()
        self.returncode = self._process.exitcode
        self._has_ended.set()


@contextmanager
def in_shells(environment: Mapping[str, str]) -> Generator[dict[str, str]]:
    """Let it be forked where a shell starts it: yields the shell's environment.

    There `omics-batch` is a program that only hands over its arguments and its streams.
    """
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener, ThreadPoolExecutor() as threads:
        listener.bind(f"{folder}/forks")
        listener.listen()
        program = Path(folder, "omics-batch")
        words = shlex.join([sys.executable, "-ISc", _HANDING_OVER, f"{folder}/forks"])
        program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
        program.chmod(0o700)
        threads.submit(_fork_for, listener, environment, threads)
        try:
            yield {**environment, "PATH": f"{folder}{os.pathsep}{environment['PATH']}"}
        finally:
            listener.shutdown(socket.SHUT_RDWR)


_HANDING_OVER: Final = """
import socket, sys
with socket.socket(socket.AF_UNIX) as asked:
    asked.connect(sys.argv[1])
    socket.send_fds(asked, ["\\0".join(sys.argv[2:]).encode()], [0, 1, 2])
    sys.exit(asked.recv(1)[0])
"""


def _fork_for(listener: socket.socket, environment: Mapping[str, str], threads: ThreadPoolExecutor) -> None:
    """Fork what shells ask for until the listener is closed."""
    with suppress(OSError):
        while True:
            threads.submit(_fork_and_report, listener.accept()[0], environment)


def _fork_and_report(asked: socket.socket, environment: Mapping[str, str]) -> None:
    with asked:
        arguments, streams, _, _ = socket.recv_fds(asked, 65536, 3)
        process = fork(arguments.decode().split("\0"), environment, streams)
        for stream in streams:
            os.close(stream)
        process.join()
        asked.send(bytes([process.exitcode or 0]))


async def _pipe(given: ExitStack) -> tuple[asyncio.StreamReader, int]:
    """Return what reads here, and a descriptor to write to, which is closed here once it is given to a process."""
    ours, theirs = os.pipe()
    given.callback(os.close, theirs)
    reader = asyncio.StreamReader()
    end = os.fdopen(ours, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), end)
    return reader, theirs


async def _all_of(stream: asyncio.StreamReader | None) -> bytes:
    return b"" if stream is None else await stream.read()


@cache
def _context() -> ForkServerContext:
    """Start all from one process, which imports the package before it forks the first."""
    context = multiprocessing.get_context("forkserver")
    modules = pkgutil.walk_packages(omics_batch.__path__, "omics_batch.")
    context.set_forkserver_preload(
        [module.name for module in modules if not module.name.endswith(("__main__", "plugin"))]
    )
    return context


class _Handed:
    """A descriptor on its way to another process, where it arrives as a number."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _received, (DupFd(self._number),)


def _received(handed: Any) -> int:
    number: int = handed.detach()
    return number


def _run(arguments: list[str], environment: dict[str, str], streams: list[int], on_a_terminal: bool) -> None:
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
    for stream in streams:
        os.close(stream)
    if on_a_terminal:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    encoding = environment.get("PYTHONIOENCODING", sys.stdout.encoding)
    sys.stdin = os.fdopen(0, encoding=encoding)
    sys.stdout = os.fdopen(1, "w", 1 if on_a_terminal else -1, encoding)
    sys.stderr = os.fdopen(2, "w", 1, encoding, "backslashreplace")
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    runpy.run_module("omics_batch.cli", run_name="__main__", alter_sys=True)
