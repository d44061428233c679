"""`omics-batch watch`: a picture for people on a terminal, and lines where there is none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch.testing import faults
from tests.cli._support import ID, Here, Shell, document, processed
from tests.forked import PROGRAM
from tests.terminal import on_a_terminal

if TYPE_CHECKING:
    from omics_batch.testing import Simulator

ALTERNATE: Final = b"\x1b[?1049"
"""How a program takes a screen of its own, with h, and gives it back, with l."""


def place(omics: Simulator, *documents: dict[str, Any]) -> list[str]:
    return [omics.put_batch({**reported, "id": str(7123456 + number)}) for number, reported in enumerate(documents)]


def lines_of(path: Path | str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()


def test_one_batch_is_reported_as_by_wait(here: Here) -> None:
    here.omics.put_batch(processed(completedRunCount=9, failedRunCount=1))
    watched, waited = here.run("watch", ID, "--json"), here.run("wait", ID, "--json")
    assert [json.loads(line) for line in watched.lines] == [json.loads(line) for line in waited.lines]
    assert watched.code == waited.code == 3


def test_without_a_terminal_each_change_is_a_line(here: Here) -> None:
    ids = place(here.omics, processed(completedRunCount=10), document())
    ran = here.run("watch", *ids, "--timeout", "0")
    reported = [line.partition("Z  ")[2] for line in ran.lines]
    assert sorted(reported[:-1]) == [
        "7123456  PROCESSED  100.0 %  10 completed",
        "7123456  Processed in 0:15:00: all 10 runs completed.",
        "7123457  INPROGRESS  ~30.0 %  3 completed, 7 running",
    ]
    assert reported[-1] == "2 batches: 1 succeeded, 1 not seen to end."
    assert ran.code == 124


async def test_on_a_terminal_it_is_a_table_that_survives_another_size(omics: Simulator, shell: Shell) -> None:
    ids = place(
        omics,
        document(name="trio"),
        processed(completedRunCount=9, failedRunCount=1),
        document(name=32 * "全"),
        document(name="[red]x[/red]\x1b[2J"),
    )
    omics.script(faults.status(408), faults.status(500))
    environment = {**shell.environment, "NO_COLOR": "1"}
    for name in ("COLUMNS", "LINES"):  # would be believed more than the terminal itself
        environment.pop(name, None)
    async with on_a_terminal([*PROGRAM, "watch", *ids, "99"], environment) as terminal:
        shown = await terminal.until(r"(?s)2 of 5 batches have ended.*3 INPROGRESS .*Errors retried: 1 .*1 ")
        lines = shown.splitlines()
        assert lines[3].split() == ["ID", "STATUS", "RUNS", "SUBMITTED", "FINISHED", "RUNS/H", "LEFT", "NAME"]
        assert [line.split()[:3] for line in lines[4:8]] == [
            ["7123456", "INPROGRESS", "━━──────"],
            ["7123457", "PROCESSED", "━━━━━━━×"],
            ["7123458", "INPROGRESS", "━━──────"],
            ["7123459", "INPROGRESS", "━━──────"],
        ]
        assert lines[7].endswith("  [red]x[/red…")
        assert lines[8].startswith("99       error       GetBatch of batch 99: ResourceNotFoundException")
        assert "\nAll runs:  18 completed  1 failed  21 running\n" in shown

        terminal.resize(40, 12)
        narrow = await terminal.until(r"RUNS +FINISHED\n")
        assert len(narrow.splitlines()) <= 12

        terminal.type("\x03")
        assert await terminal.ended() == 130
    assert terminal.written.count(ALTERNATE + b"h") == terminal.written.count(ALTERNATE + b"l") == 1
    after = " ".join(re.sub(r"\x1b\[[0-9;]*m", "", terminal.written.rpartition(ALTERNATE + b"l")[2].decode()).split())
    assert "5 batches: 1 partial, 1 with an error, 3 not seen to end." in after
    assert "stopped, with 3 of 5 batches left" in after
    assert not re.search(r"\x1b\[3[0-9]m", terminal.written.decode())  # no colour, whatever is bold


@pytest.mark.slow
async def test_of_ten_thousand_those_that_fit_are_shown_and_nothing_is_lost(
    omics: Simulator, shell: Shell, tmp_path: Path
) -> None:
    omics.put_batch(document(id="10000", runSummary={"completedRunCount": 3, "failedRunCount": 7}))
    omics.script(faults.answered(), faults.unanswered(times=1_000_000))  # a 404 would end a wait
    ids = tmp_path / "ids"
    ids.write_text("\n".join(map(str, range(10_000, 20_000))), encoding="utf-8")
    watching = ["sh", "-c", f'exec "$@" < {ids}', "-", *PROGRAM, "watch", "-"]
    async with on_a_terminal(watching, {**shell.environment, "TMPDIR": str(tmp_path)}) as terminal:
        shown = await terminal.until(r"(?s)of 10,000 batches.*10000 +INPROGRESS.*and 9,98[0-9] more")
        assert len(shown.splitlines()) <= 24
        terminal.type("\x03")
        assert await terminal.ended() == 130
    resume = "".join(terminal.written.decode().splitlines()[-1:])
    kept = re.findall(r" watch - < (\S+)$", resume)
    assert len(lines_of(kept[0])) == 10_000
    omics.forget_script()


async def test_one_batch_on_a_terminal_is_a_picture_with_the_failure_below(
    omics: Simulator, measured_shell: Shell
) -> None:
    omics.put_batch(document(name="trio"))
    omics.script(faults.status(408))
    async with on_a_terminal([*PROGRAM, "watch", ID], measured_shell.environment) as terminal:
        shown = await terminal.until(r"Errors retried: 1 timed out; last: [0-9:]{8} ")
        assert shown.startswith("Batch 7123456 trio")
        assert "\n3 completed  7 running\n~ lags behind the runs\n" in shown
        terminal.type("\x03")
        assert await terminal.ended() == 130
    assert ALTERNATE not in terminal.written


@pytest.mark.slow
async def test_a_log_on_the_same_terminal_leaves_no_room_for_a_picture(omics: Simulator, shell: Shell) -> None:
    ids = place(omics, processed(completedRunCount=10), processed(completedRunCount=10))
    async with on_a_terminal([*PROGRAM, "watch", *ids, "--verbose"], shell.environment) as terminal:
        assert await terminal.ended() == 0
    assert ALTERNATE not in terminal.written
    assert "omics-batch: batch 7123457: PROCESSED, 100.0 % finished" in terminal.text
    assert "Z  2 batches: 2 succeeded." in terminal.text


@pytest.mark.slow
async def test_a_log_that_goes_to_a_file_goes_there_while_the_table_moves(
    omics: Simulator, measured_shell: Shell, tmp_path: Path
) -> None:
    ids = place(omics, processed(completedRunCount=10), processed(completedRunCount=8, failedRunCount=2))
    log = tmp_path / "log"
    watching = ["sh", "-c", f'exec "$@" 2> {log}', "-", *PROGRAM, "watch", *ids, "--verbose"]
    async with on_a_terminal(watching, measured_shell.environment) as terminal:
        assert await terminal.ended() == 3
    assert "2 batches: 1 succeeded, 1 partial.\nNot succeeded: 7123457" in terminal.text
    assert "omics-batch: batch 7123457: PROCESSED, 100.0 % finished" in lines_of(log)


@pytest.mark.parametrize("encoding", ["ascii", pytest.param("latin-1", marks=pytest.mark.slow)])
async def test_a_terminal_without_unicode_has_a_table_too(omics: Simulator, shell: Shell, encoding: str) -> None:
    ids = place(omics, document(name="全"), document())
    environment = {**shell.environment, "PYTHONIOENCODING": encoding}
    async with on_a_terminal([*PROGRAM, "watch", *ids], environment) as terminal:
        shown = await terminal.until(r"7123457  INPROGRESS  ##+-+ ")
        terminal.type("\x03")
        assert await terminal.ended() == 130
    assert "\\u5168" in shown
    assert terminal.written.isascii()
