"""The live picture of one batch: drawn without a terminal to see its shape, and on one to see it move."""

from __future__ import annotations

import io
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from omics_batch import Batch, Progress
from omics_batch.cli._exits import Exit
from omics_batch.cli._views.bar import Bar, widths
from omics_batch.cli._views.one_live import LiveView, Picture
from omics_batch.cli._waits.one_result import OneResult
from omics_batch.testing import faults
from tests.cli._support import ID, Here, Shell, document, processed
from tests.forked import PROGRAM
from tests.support import InstantClock
from tests.terminal import on_a_terminal

if TYPE_CHECKING:
    from omics_batch.testing import Simulator

NOW = datetime(2025, 3, 15, 10, 5, tzinfo=UTC)
SUBMITTED = {"successfulStartSubmissionCount": 10}


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


@pytest.mark.parametrize(
    ("counts", "percent", "drawn"),
    [
        ({"completed": 5, "running": 5}, 5.0, "──────────"),
        ({"completed": 5, "running": 5}, 50.0, "━━━━━─────"),
        ({"completed": 2, "pending": 8}, 40.0, "━━━━┄┄┄┄┄┄"),
        ({"completed": 9, "running": 1}, 99.9, "━━━━━━━━━─"),
        ({"completed": 9_999, "failed": 1}, 100.0, "━━━━━━━━━×"),
        ({"completed": 9_999, "not submitted": 1, "running": 10_000}, 50.0, "━━━━×─────"),
        ({"failed": 1, "running": 99}, 1.0, "──────────"),
        ({}, 0.0, "┄┄┄┄┄┄┄┄┄┄"),
        ({}, 100.0, "━━━━━━━━━━"),
        ({"completed": 5, "not counted": 5}, 100.0, "━━━━━?????"),
    ],
)
def test_a_bar_is_as_full_as_the_percentage_says(counts: dict[str, int], percent: float, drawn: str) -> None:
    """Even where counts lag, or fell since; only what is whole fills it, and a failure among thousands is seen."""
    assert Bar(counts, percent).drawn(10, ascii_only=False).plain == drawn


def drawn(*documents: dict[str, Any], width: int = 60, encoding: str = "utf-8", notice: str = "") -> list[str]:
    """What is drawn of a batch that was seen so, one hour after the other."""
    clock = InstantClock()
    progress = Progress(clock)
    for reported in documents:
        clock.time += 3600
        progress.see(Batch.model_validate(reported))
    assert progress.batch is not None
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=output, width=width, markup=False)
    console.print(Picture(progress, progress.batch, NOW, NOW - timedelta(seconds=7), notice))
    output.seek(0)
    return [line.rstrip() for line in output.read().splitlines()]


@pytest.mark.parametrize(
    ("members", "bar", "states"),
    [
        ({"runSummary": {"completedRunCount": 5}}, "?????", "5 completed  5 not counted"),
        ({"runSummary": None}, "??????????", "10 not counted"),
        ({"runSummary": None, "totalRuns": None}, "━━━━━━━━━━", "no counts"),
        ({"runSummary": {"completedRunCount": 11}}, "━━━━━━━━━━", "11 completed"),
    ],
    ids=repr,
)
def test_runs_that_no_count_holds_are_not_drawn_as_completed(members: dict[str, Any], bar: str, states: str) -> None:
    """Every run has ended, so that it is 100 %: whether well, nothing shows."""
    lines = drawn(processed() | members)
    assert bar in lines[2]
    assert "100.0 %" in lines[2]
    assert ("━" in lines[2]) == ("completed" in states or states == "no counts")
    assert " ".join(lines[3].split()) == " ".join(states.split())


def cells(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def test_submission_and_execution_are_distinguished_and_the_glyphs_show_without_colours() -> None:
    starts = {"successfulStartSubmissionCount": 4, "failedStartSubmissionCount": 1, "pendingStartSubmissionCount": 5}
    runs = {"completedRunCount": 2, "runningRunCount": 2}
    assert drawn(document("SUBMITTING", name="cohort", submissionSummary=starts, runSummary=runs)) == [
        "Batch 7123456 cohort                              SUBMITTING",
        "submitted  ━━━━━━━━━━━×××┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄    50.0 %",
        "finished   ━━━━━×××──────┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄   ~30.0 %   0:05:00",
        "2 completed  1 not submitted  2 running  5 to submit",
        "~ lags behind the runs",
    ]


def test_the_rate_and_the_time_left_are_reported_once_they_are_known() -> None:
    looks = [
        document(submissionSummary=SUBMITTED, runSummary={"completedRunCount": done, "runningRunCount": 10 - done})
        for done in (3, 5)
    ]
    assert drawn(*looks)[4] == "2.0 runs an hour  2h30m left  ~ lags behind the runs"
    assert drawn(*looks[:1])[4] == "~ lags behind the runs"


def test_counts_that_fall_take_nothing_back() -> None:
    looks = [document(runSummary={"completedRunCount": done, "runningRunCount": 10 - done}) for done in (5, 3)]
    assert "━━━━━━━━━━━━━━──────────────" in drawn(*looks)[2]
    assert "~50.0 %" in drawn(*looks)[2]


def test_a_batch_that_has_ended_has_exact_counts_and_no_rate() -> None:
    reported = drawn(document(), processed(completedRunCount=9, failedRunCount=1))
    assert "   100.0 %   0:15:00" in reported[2]
    assert reported[3:] == ["9 completed  1 failed"]


def test_a_terminal_without_unicode_has_bars_too_and_escapes_what_it_lacks() -> None:
    runs = {"completedRunCount": 4, "failedRunCount": 1, "runningRunCount": 2, "pendingRunCount": 3}
    lines = drawn(document(runSummary=runs, name="caf\u00e9" + 30 * "-"), width=40, encoding="ascii")
    assert lines[0] == "Batch 7123456 caf\\xe9----...  INPROGRESS"
    assert lines[2] == "########xx----......   ~50.0 %   0:05:00"


def test_without_runs_and_times_there_are_empty_bars_and_the_waits_own_time() -> None:
    assert drawn({"id": ID, "status": "CREATING"}, width=40)[1:] == [
        "┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄     0.0 %",
        "┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄     0.0 %   0:00:07",
        "no runs yet",
    ]


@pytest.mark.parametrize("width", [300, 100, 60, 59, 40, 20, 8])
def test_no_line_is_wider_than_the_terminal_nor_than_the_eye_likes(width: int) -> None:
    lines = drawn(document(name=64 * "全"), width=width, notice="Errors retried: " + 200 * "x")
    assert max(map(cells, lines)) <= min(width, 100)
    assert lines[0].endswith("INPROGRESS"[:width])
    assert "30.0 %"[: max(width - 4, 0)] in lines[2]


def test_a_strangers_name_acts_on_no_terminal() -> None:
    assert drawn(document(name="[red]cohort\x1b[31m\u202e"))[0].startswith("Batch 7123456 [red]cohort [31m   ")


def test_failure_that_was_retried_is_reported_below() -> None:
    assert drawn(document(), notice="Errors retried: 3 throttled")[-1] == "Errors retried: 3 throttled"


def test_notes_and_verdicts_stay_above_and_below_and_errors_are_not_its_own() -> None:
    output = io.StringIO()
    with LiveView(Console(file=output, width=60, markup=False)) as view:
        view.note("[red]throttled\x1b[31m")
    view.end(OneResult(exit=Exit.OK, batch_id=ID, message="Processed.", batch=None))
    view.end(OneResult(exit=Exit.ERROR, batch_id=ID, message="Refused.", batch=None))
    written = output.getvalue()
    assert "[red]throttled [31m\n" in written
    assert written.endswith("Processed.\n")


async def test_on_a_terminal_a_bar_moves_between_the_looks(omics: Simulator, shell: Shell) -> None:
    omics.put_batch(document(creationTime=datetime.now(UTC) - timedelta(hours=1)))
    omics.script(faults.answered(), faults.unanswered(times=1000))
    async with on_a_terminal([*PROGRAM, "wait", ID], shell.environment) as terminal:
        first = await terminal.until(r"1:0[0-9]:[0-9]{2}\n3 completed  7 running\n")
        (time,) = re.findall(r"1:0[0-9]:[0-9]{2}\n", first)
        shown = await terminal.until(rf"(?!{time})1:0[0-9]:[0-9]{{2}}\n")
        assert shown.count("INPROGRESS") == 1
        terminal.type("\x03")
        assert await terminal.ended() == 130
        assert terminal.written.endswith(b"wait 7123456\r\n")
    assert b"\x1b[?25h" in terminal.written  # the cursor is back
    assert "the wait was stopped; batch 7123456 goes on" in terminal.text
    omics.forget_script()


async def test_on_a_terminal_the_end_is_reported_below_the_bar(omics: Simulator, measured_shell: Shell) -> None:
    omics.put_batch(processed(completedRunCount=9, failedRunCount=1))
    async with on_a_terminal([*PROGRAM, "wait", ID], measured_shell.environment) as terminal:
        assert await terminal.ended() == 3
    lines = terminal.text.splitlines()
    verdict = lines.index("Processed in 0:15:00: 9 of 10 runs completed, 1 failed.")
    assert lines[verdict - 1].split() == ["9", "completed", "1", "failed"]
    assert lines[verdict + 1].startswith("Which samples, and why:")


@pytest.mark.parametrize("command", ["wait", pytest.param("watch", marks=pytest.mark.slow)])
async def test_a_terminal_that_cannot_move_gets_plain_lines(omics: Simulator, shell: Shell, command: str) -> None:
    omics.put_batch(processed(completedRunCount=10))
    environment = {**shell.environment, "TERM": "dumb"}
    async with on_a_terminal([*PROGRAM, command, ID, ID], environment) as terminal:
        assert await terminal.ended() == 0
    assert "Z  1 batch: 1 succeeded." in terminal.text
    assert b"\x1b" not in terminal.written


async def test_plain_lines_on_a_narrow_terminal_break_between_words(omics: Simulator, measured_shell: Shell) -> None:
    omics.put_batch(processed(completedRunCount=9, failedRunCount=1))
    environment = {**measured_shell.environment, "TERM": "dumb"}
    async with on_a_terminal([*PROGRAM, "wait", ID, ID], environment, columns=40) as terminal:
        assert await terminal.ended() == 3
    lines = terminal.written.decode().split("\r\n")
    assert max(len(line) for line in lines if not line.endswith("failed 7123456")) <= 40
    assert "Processed in 0:15:00: 9 of 10 runs completed, 1 failed." in " ".join(lines)


def test_colours_forced_upon_a_pipe_do_not_make_it_a_terminal(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.omics.put_batch(processed(completedRunCount=10))
    monkeypatch.setenv("FORCE_COLOR", "1")
    ran = here.run("wait", ID)
    assert "\x1b" not in ran.stdout
    assert len(ran.lines) == 2
