"""The live bar: drawn without a terminal to see its shape, and on a pseudo-terminal to see it move."""

from __future__ import annotations

import asyncio
import fcntl
import io
import os
import pty
import re
import signal
import struct
import termios
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from omics_batch import Batch
from omics_batch.cli._ending import Ending
from omics_batch.cli._exits import Exit
from omics_batch.cli._live import LiveView, picture, widths
from tests.cli._support import ID, Here, Shell, document, processed

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from omics_batch.testing import Simulator

XTERM = {"TERM": "xterm-256color"}
NOW = datetime(2025, 3, 15, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("numbers", "width", "cells"),
    [
        ((1, 1), 10, [5, 5]),
        ((1, 1, 1), 10, [3, 4, 3]),
        ((96,), 7, [7]),
        ((99_999, 1), 10, [10, 0]),
    ],
)
def test_a_bar_is_shared_out_whole(numbers: tuple[int, ...], width: int, cells: list[int]) -> None:
    assert widths(numbers, width) == cells


def drawn(batch: Batch, *, width: int = 60, encoding: str = "utf-8") -> list[str]:
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=output, width=width, markup=False)
    console.print(picture(batch, NOW, NOW - timedelta(seconds=7)))
    output.seek(0)
    return [line.rstrip() for line in output.read().splitlines()]


def test_the_lines_weight_tells_without_colours() -> None:
    assert drawn(Batch.model_validate(document(name="[red]cohort\x1b[31m"))) == [
        "Batch 7123456 [red]cohort [31m                    INPROGRESS",
        "━━━━━━━━━━━━━─────────────────────────────   30.0 %  0:05:00",
        "3 completed  7 running",
    ]


def test_a_terminal_without_unicode_has_a_bar_too() -> None:
    summary = {"completedRunCount": 5, "pendingRunCount": 5}
    assert drawn(Batch.model_validate(document(runSummary=summary)), width=40, encoding="ascii")[1] == (
        "###########...........   50.0 %  0:05:00"
    )


def test_without_runs_and_times_there_is_an_empty_bar_and_the_waits_own_time() -> None:
    assert drawn(Batch.model_validate({"id": ID, "status": "CREATING"}), width=40)[1:] == [
        "┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄    0.0 %  0:00:07",
        "no runs yet",
    ]


def test_a_wide_terminal_is_not_used_up() -> None:
    assert max(map(len, drawn(Batch.model_validate(document()), width=300))) == 100


def test_notes_and_verdicts_stay_above_and_below_and_errors_are_not_its_own() -> None:
    output = io.StringIO()
    with LiveView(Console(file=output, width=60, markup=False)) as view:
        view.note("[red]throttled\x1b[31m")
    view.end(Ending(exit=Exit.OK, batch_id=ID, message="Processed.", batch=None))
    view.end(Ending(exit=Exit.ERROR, batch_id=ID, message="Refused.", batch=None))
    written = output.getvalue()
    assert "[red]throttled [31m\n" in written
    assert written.endswith("Processed.\n")


class Terminal:
    """The master's end of a pseudo-terminal."""

    def __init__(self, columns: int = 80) -> None:
        self._end, self.other = pty.openpty()
        fcntl.ioctl(self.other, termios.TIOCSWINSZ, struct.pack("HHHH", 30, columns, 0, 0))
        os.set_blocking(self._end, False)
        self.seen = ""

    async def until(self, pattern: str) -> None:
        while not re.search(pattern, self.seen):
            try:
                self.seen += os.read(self._end, 65536).decode()
            except BlockingIOError:
                await asyncio.sleep(0.01)

    def close(self) -> None:
        os.close(self._end)
        os.close(self.other)


@asynccontextmanager
async def terminal() -> AsyncGenerator[Terminal]:
    made = Terminal()
    try:
        yield made
    finally:
        made.close()


async def test_on_a_terminal_a_bar_moves_between_the_looks(omics: Simulator, shell: Shell) -> None:
    created = datetime.now(UTC) - timedelta(hours=1)
    omics.put_batch(document(creationTime=created))
    async with terminal() as screen, shell.started("wait", ID, stdout=screen.other, settings=XTERM) as process:
        await screen.until(r"1:00:0[0-9].*\n.*3 completed.*7 running")
        await screen.until(r"(?s)(1:00:0[0-9]).*1:00:0(?!\1)[1-9]")
        assert omics.requests_of("GetBatch") == 1
        process.send_signal(signal.SIGINT)
        _, stderr = await process.communicate()
        assert process.returncode == 130
        await screen.until(r"\x1b\[\?25h")  # the cursor is back
    assert "the wait was stopped" in stderr.decode()


async def test_on_a_terminal_the_end_is_told_below_the_bar(omics: Simulator, measured_shell: Shell) -> None:
    omics.put_batch(processed(completedRunCount=10))
    async with terminal() as screen, measured_shell.started("wait", ID, stdout=screen.other, settings=XTERM) as process:
        await screen.until(r"(?s)PROCESSED.*Processed in 0:15:00: all 10 runs completed\.")
        assert await process.wait() == 0


async def test_a_terminal_that_cannot_move_gets_plain_lines(omics: Simulator, shell: Shell) -> None:
    omics.put_batch(processed(completedRunCount=10))
    async with (
        terminal() as screen,
        shell.started("wait", ID, stdout=screen.other, settings={"TERM": "dumb"}) as process,
    ):
        await screen.until(r"Z  7123456  PROCESSED  100.0 %  10 completed\r\n")
        assert await process.wait() == 0
    assert "\x1b" not in screen.seen


def test_colours_forced_upon_a_pipe_do_not_make_it_a_terminal(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.omics.put_batch(processed(completedRunCount=10))
    monkeypatch.setenv("FORCE_COLOR", "1")
    ran = here.run("wait", ID)
    assert "\x1b" not in ran.stdout
    assert len(ran.lines) == 2
