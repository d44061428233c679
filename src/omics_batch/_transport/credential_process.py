"""Running a `credential_process`, with a limit for its time and its output."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import IO, TYPE_CHECKING, Final, cast

from omics_batch._clock import monotonic
from omics_batch._threads import stoppable
from omics_batch._transport.credential_sources import SourceError
from omics_batch._transport.terminal import terminal_state

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator

_LARGEST_OUTPUT: Final = 1024 * 1024
"""Bytes; credentials have some thousand."""

_TOO_MUCH: Final = f"printed over {_LARGEST_OUTPUT} bytes"

_SHARE: Final = 0.9
"""The share of the limit after which the process is killed: before the caller's time-out, so the error names it."""

_TICK: Final = 0.05
"""Seconds between two checks whether the process has to be killed."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A process that has ended, with the interface of `asyncio.subprocess.Process`."""

    returncode: int
    output: bytes

    async def communicate(self) -> tuple[bytes, bytes]:
        """Return its stdout, and an empty stderr: stderr may contain secrets."""
        return self.output, b""


@dataclass(frozen=True, slots=True)
class CredentialProcess:
    """Runs the `credential_process` of a profile."""

    profile: str
    limit: float
    """Seconds after which the process is killed."""
    may_ask: Callable[[], bool]
    """Whether the process may prompt on the terminal now."""

    async def popen(self, *words: str, **_: object) -> Finished:
        """Run the program to its end; cancelling this call kills it, with the processes that it has started.

        Raises:
            SourceError: It gave no credentials.
        """
        try:
            finished = await stoppable(partial(self._run, words))
        except OSError as error:
            problem = f"cannot be started: {error.strerror}: {error.filename}"
        except IndexError:
            problem = "is empty"
        else:
            problem = _problem_in(finished)
            if not problem:
                return finished
        raise self._error(problem)

    def _run(self, words: tuple[str, ...], stop: threading.Event) -> Finished:
        ends = monotonic() + _SHARE * self.limit
        shares_terminal = self.may_ask()
        restore = terminal_state() if shares_terminal else None
        # Only a process in the terminal's foreground group can prompt. Without a terminal, it gets its own session.
        process = subprocess.Popen(  # noqa: S603 - the user's own command, run without a shell as AWS's tools do
            words,
            stdin=None if shares_terminal else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=not shares_terminal,
        )
        output = b""
        with process:
            for output in _output_of(process):
                is_late = stop.is_set() or monotonic() >= ends
                if process.returncode is None and (is_late or len(output) > _LARGEST_OUTPUT):
                    _kill(process.pid, has_own_group=not shares_terminal)
                    if restore is not None:
                        restore()
                    did = f"gave no answer within {self.limit:g} s" if is_late else _TOO_MUCH
                    raise self._error(f"{did}, and was killed", is_silence=is_late)
        return Finished(process.wait(), output)

    def _error(self, problem: str, *, is_silence: bool = False) -> SourceError:
        return SourceError(
            f"credential_process of profile {self.profile} {problem}",
            "Run the command of credential_process by hand, and see what it does.",
            is_silence=is_silence,
        )


def _output_of(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Yield the output of a process so far, repeatedly until it has ended."""
    output = b""
    pipe = cast("IO[bytes]", process.stdout).fileno()
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            # A child process may keep the pipe open: the end of the process itself decides.
            has_ended = process.poll() is not None
            is_readable = bool(selector.get_map()) and bool(selector.select(0 if has_ended else _TICK))
            chunk = os.read(pipe, 65536) if is_readable else None
            output += chunk or b""
            yield output
            if has_ended and (not chunk or len(output) > _LARGEST_OUTPUT):
                return
            if chunk == b"":  # the pipe is closed, and the process goes on
                selector.unregister(pipe)
            if not selector.get_map():
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_TICK)


def _problem_in(finished: Finished) -> str:
    """Say what is wrong with a process's exit or its output; empty if nothing is."""
    code = finished.returncode
    if code:
        return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
    try:
        is_document = isinstance(json.loads(finished.output), dict)
    except ValueError:
        is_document = False
    return "" if is_document else "did not print a JSON document"


def _kill(process: int, *, has_own_group: bool) -> None:
    # A stopped process cannot start more children while its descendants are listed.
    os.kill(process, signal.SIGSTOP)
    descendants: list[int] = []
    with suppress(OSError, ValueError, subprocess.TimeoutExpired):
        descendants = _descendants(process)
    for pid in [process, *descendants]:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    if has_own_group:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process, signal.SIGKILL)


def _descendants(pid: int) -> list[int]:
    """Return the children of a process, their children, and so on."""
    parents = _parents()
    found = [pid]
    for known in found:
        found += [child for child, parent in parents.items() if parent == known]
    return found[1:]


def _parents(processes: str = "/proc") -> dict[int, int]:
    """Return the parent of each process on this machine."""
    if not os.path.isdir(processes):  # noqa: PTH112 - macOS and BSD have none
        command = ["ps", "-A", "-o", "pid=,ppid="]
        table = subprocess.run(command, capture_output=True, text=True, check=False, timeout=5).stdout  # noqa: S603 - a fixed command
        return {int(pid): int(parent) for pid, parent in map(str.split, table.splitlines())}
    parents: dict[int, int] = {}
    for entry in filter(str.isdigit, os.listdir(processes)):  # noqa: PTH208 - names are all that is wanted
        with suppress(OSError), open(f"{processes}/{entry}/stat", encoding="utf-8", errors="replace") as stat:  # noqa: PTH123 - faster for thousands of files
            # The program's name is in parentheses, and may contain spaces and parentheses.
            parents[int(entry)] = int(stat.read().rpartition(")")[2].split()[1])
    return parents
