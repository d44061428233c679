"""`omics-batch wait` and `watch` with many batches: named or from stdin, reported as they end, and summed up."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import signal
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

import omics_batch
from omics_batch import OmicsBatchClient, PollPolicy
from omics_batch.cli import _program_name
from omics_batch.cli._views.many_plain import JsonLines, PlainLines
from omics_batch.cli._waits.follow_many import WaitForMany, as_they_change, as_they_end
from omics_batch.cli._waits.resume_command import Resume
from tests.accounts import Account, cohort, ends, following
from tests.cli._support import Here, Shell, document, processed
from tests.forked import PROGRAM
from tests.terminal import on_a_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

    from omics_batch.testing import Simulator

SUCCEEDED: Final = processed(completedRunCount=10)
PARTIAL: Final = processed(completedRunCount=9, failedRunCount=1)
FAILED: Final = {"status": "FAILED", "failureReason": "Invalid JSON format in run configurations"}
CANCELLED: Final = document("CANCELLED", runSummary={"completedRunCount": 4, "cancelledRunCount": 6})
GOES_ON: Final = document(name="cohort")
ARN: Final = "arn:aws:omics:{}:123456789012:runBatch/1"

COMMANDS: Final = ("wait", "watch")


@pytest.fixture
def many(here: Here, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Here]:
    """Place batches, numbered from 1, for a client that need not take its time."""
    often = partial(OmicsBatchClient, poll=PollPolicy(initial=0.01, maximum=0.01), max_rate=None)
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", often)

    def place(*documents: dict[str, Any]) -> Here:
        for number, reported in enumerate(documents, 1):
            here.omics.put_batch({**reported, "id": str(number)})
        return here

    return place


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    typed = io.BytesIO(text.encode(errors="surrogateescape"))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(typed, encoding="utf-8"))


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("documents", "code"),
    [
        ((SUCCEEDED, SUCCEEDED), 0),
        ((SUCCEEDED, PARTIAL), 3),
        ((PARTIAL, CANCELLED), 5),
        ((CANCELLED, FAILED, PARTIAL), 4),
        ((FAILED, GOES_ON), 124),
        ((), 1),
    ],
)
def test_the_worst_of_them_is_the_exit_code(
    many: Callable[..., Here], command: str, documents: tuple[dict[str, Any], ...], code: int
) -> None:
    here = many(*documents)
    ids = [str(number) for number in range(1, len(documents) + 1)] or ["1", "2"]
    assert here.run(command, *ids, "--timeout", "0.1").code == code


def test_each_is_reported_as_it_ends_and_all_are_summed_up(many: Callable[..., Here]) -> None:
    ran = many(SUCCEEDED, {**PARTIAL, "name": "[red]trio\x1b[31m"}, FAILED).run("wait", "1", "2", "3", "99")
    assert sorted(line.partition("Z  ")[2] for line in ran.lines[:-3]) == [
        "1  Processed in 0:15:00: all 10 runs completed.",
        "2  Processed in 0:15:00: 9 of 10 runs completed, 1 failed.  ([red]trio [31m)",
        next(line.partition("Z  ")[2] for line in ran.lines if "3  batch 3 failed: " in line),
        next(line.partition("Z  ")[2] for line in ran.lines if "ResourceNotFoundException" in line),
    ]
    assert ran.lines[-3].endswith("Z  4 batches: 1 succeeded, 1 partial, 1 failed, 1 with an error.")
    assert sorted(ran.lines[-2].partition("Not succeeded: ")[2].split()) == ["2", "3", "99"]
    assert ran.lines[-1].endswith(f"Which samples, and why: {_program_name.command(['failed', '2'])}")
    assert (ran.code, ran.stderr) == (1, "")


@pytest.mark.parametrize("command", COMMANDS)
def test_one_whose_counts_do_not_add_up_is_no_success_and_no_error_of_the_wait(
    many: Callable[..., Here], command: str
) -> None:
    ran = many(SUCCEEDED, processed()).run(command, "1", "2")
    (reported,) = [line.partition("Z  ")[2] for line in ran.lines if "  2  batch 2: " in line]
    assert reported == (
        "2  batch 2: Processed in 0:15:00: the service gives no counts of 10 runs. "
        "Look again in a minute, before you start any run again."
    )
    assert ran.lines[-2].endswith("Z  2 batches: 1 succeeded, 1 without a verdict.")
    assert ran.lines[-1].endswith("Z  Not succeeded: 2")
    assert ran.code == 1


@pytest.mark.parametrize("command", COMMANDS)
def test_of_several_the_failed_runs_are_asked_for_one_batch_at_a_time(many: Callable[..., Here], command: str) -> None:
    ran = many(PARTIAL, PARTIAL).run(command, "1", "2")
    assert re.search("Which samples, and why, one batch at a time: .* failed [12]$", ran.lines[-1])


@pytest.mark.parametrize("command", COMMANDS)
def test_with_json_each_end_is_a_line_and_the_last_one_has_the_sums(many: Callable[..., Here], command: str) -> None:
    ran = many(SUCCEEDED, CANCELLED, GOES_ON).run(command, "1", "2", "3", "--timeout", "0.1", "--json")
    *reported, last = [json.loads(line) for line in ran.lines]
    endings = {line["batchId"]: line for line in reported if "exitCode" in line}
    changes = [line["status"] for line in reported if "exitCode" not in line]
    assert sorted(changes) == (["CANCELLED", "INPROGRESS", "PROCESSED"] if command == "watch" else [])
    assert {batch_id: line["exitCode"] for batch_id, line in endings.items()} == {"1": 0, "2": 5, "3": 124}
    assert endings["3"]["batch"]["name"] == "cohort"
    resume = last.pop("resume")
    assert shlex.split(resume)[-5:] == [command, "3", "--timeout", "0.1", "--json"]
    assert last == {
        "exitCode": 124,
        "message": "the time is over, with 1 of 3 batches left",
        "error": None,
        "batches": 3,
        "outcomes": {
            "SUCCEEDED": 1,
            "PARTIAL": 0,
            "FAILED": 0,
            "CANCELLED": 1,
            "UNKNOWN": 0,
            "ERROR": 0,
            "IN_PROGRESS": 1,
        },
        "unsuccessful": ["2"],
        "left": ["3"],
    }
    assert ran.complaints[-2:] == [
        "omics-batch: the time is over, with 1 of 3 batches left",
        f"Resume with: {resume}",
    ]


def test_those_that_go_on_are_reported_together(many: Callable[..., Here]) -> None:
    ran = many(GOES_ON, SUCCEEDED, GOES_ON).run("wait", "1", "2", "3", "--timeout", "0.1")
    assert len(ran.lines) == 2
    assert ran.lines[-1].endswith("3 batches: 1 succeeded, 2 not seen to end.")
    assert ran.complaints[-1].endswith("wait 1 3 --timeout 0.1")


@pytest.mark.parametrize("command", COMMANDS)
def test_stdin_names_them_one_a_line_and_twice_is_once(
    many: Callable[..., Here], monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    here = many(SUCCEEDED, SUCCEEDED, SUCCEEDED)
    type_in(monkeypatch, f"2\n\n  1 \r\n{ARN.format('us-west-2')}\n2")
    ran = here.run(command, "3", "-", "3", "--json")
    assert json.loads(ran.lines[-1])["batches"] == 3
    assert here.omics.requests_of("GetBatch") == 3
    assert ran.code == 0


def test_what_goes_on_is_named_as_it_was_first(many: Callable[..., Here], monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, f"{ARN.format('us-west-2')}\n1\n2\n")
    ran = many(GOES_ON, SUCCEEDED).run("wait", "-", "--timeout", "0")
    assert shlex.split(ran.complaints[-1])[-2:] == ["wait", ARN.format("us-west-2")]


def test_two_batches_of_one_id_are_not_taken_for_one(many: Callable[..., Here]) -> None:
    here = many(SUCCEEDED)
    ran = here.run("wait", "1", ARN.format("us-west-2"), ARN.format("eu-west-1"))
    assert ran.code == 2
    assert "eu-west-1:123456789012:runBatch/1' are two batches of one id" in ran.stderr
    assert not here.omics.requests


def test_a_list_of_one_is_a_list(many: Callable[..., Here], monkeypatch: pytest.MonkeyPatch) -> None:
    """A program knows from its own command line what will be reported."""
    type_in(monkeypatch, "1\n")
    assert json.loads(many(SUCCEEDED).run("wait", "-", "--json").lines[-1])["batches"] == 1


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ("", "no id on stdin: give ids or ARNs there, one a line."),
        (" \n\n", "no id on stdin: give ids or ARNs there, one a line."),
        ("1\n2 INPROGRESS\n", "line 2 of stdin: '2 INPROGRESS' is neither 1 to 18 digits, such as 7123456, nor"),
        ("1\n\x1b[31m\n", "line 2 of stdin: '\\x1b[31m' is neither"),
        ("1\n\udcff\n", "line 2 of stdin: '\\\\xff' is neither"),
    ],
)
def test_what_stdin_gets_wrong_is_wrong_usage_and_nothing_is_sent(
    many: Callable[..., Here], monkeypatch: pytest.MonkeyPatch, typed: str, complaint: str
) -> None:
    """An empty list may be a command before the pipe that failed: it is no success."""
    here = many()
    type_in(monkeypatch, typed)
    ran = here.run("wait", "-")
    assert ran.code == 2
    assert complaint in ran.stderr
    assert not here.omics.requests


@pytest.mark.parametrize("command", COMMANDS)
def test_a_batch_of_another_region_is_wrong_usage(many: Callable[..., Here], command: str) -> None:
    here = many(SUCCEEDED)
    ran = here.run(command, ARN.format("eu-west-1"), "2", "--json")
    assert ran.code == 2
    assert "this client uses us-west-2" in ran.complaints[0]
    end = json.loads(ran.lines[-1])
    assert (end["exitCode"], end["error"], end["resume"]) == (2, "InvalidInputError", None)


def test_where_no_client_can_be_made_there_is_nothing_to_sum_up(
    here_over_http: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.delenv("AWS_REGION")
    ran = here_over_http.run("wait", "1", "2")
    assert (ran.code, ran.stdout) == (1, "")
    assert "--region" in ran.stderr


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_says_which_go_on_and_the_command_that_is_printed_waits_on(
    many: Callable[..., Here], command: str, number: signal.Signals, code: int
) -> None:
    here = many(GOES_ON, SUCCEEDED, PARTIAL, GOES_ON)

    def stop_once_all_were_seen() -> None:
        while here.omics.requests_of("GetBatch") < 8:
            threading.Event().wait(0.005)
        os.kill(os.getpid(), number)

    threading.Thread(target=stop_once_all_were_seen).start()
    ran = here.run(command, "1", "2", "3", "4")
    assert ran.code == code
    assert ran.complaints[0] == "omics-batch: stopped, with 2 of 4 batches left"
    assert f"Which samples, and why: {_program_name.command(['failed', '3'])}\n" in ran.stdout
    words = shlex.split(ran.complaints[1].removeprefix("Resume with: "))
    assert words[-3:] == [command, "1", "4"]

    many(SUCCEEDED, SUCCEEDED, SUCCEEDED, SUCCEEDED)
    assert here.run(*words[-3:]).code == 0


def test_too_many_to_be_typed_are_kept_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ids = [str(number) for number in range(51)]
    command = shlex.split(Resume("wait", ["--json"]).of(ids))
    assert command[-5:-1] == ["wait", "-", "--json", "<"]
    assert Path(command[-1]).read_text(encoding="utf-8").split() == ids
    assert Path(command[-1]).stat().st_mode & 0o077 == 0
    assert shlex.split(Resume("wait", ["--json"]).of(ids[:50]))[-52:] == ["wait", *ids[:50], "--json"]


def test_where_no_file_can_be_written_they_are_named_however_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    ids = [str(number) for number in range(10_000)]
    assert shlex.split(Resume("wait", []).of(ids))[-10_000:] == ids


@pytest.mark.virtual_time
@pytest.mark.slow
async def test_hours_of_many_are_waited_for_at_the_price_of_a_scan(capsys: pytest.CaptureFixture[str]) -> None:
    account = Account(cohort(100, ends(7200)) | {"1": ends(3600, "CANCELLED"), "2": ends(7300)})
    async with following(account) as client:
        wait = WaitForMany({batch_id: batch_id for batch_id in account.lives}, None, PlainLines())
        await as_they_end(client, wait)
    lines = [line.partition("Z  ")[2] for line in capsys.readouterr().out.splitlines()]
    assert (len(lines), lines[0][:3], lines[-1][:3]) == (102, "1  ", "2  ")
    assert wait.tally.words() == "102 batches: 1 cancelled, 101 without a verdict"
    assert len(account.looks) < 26 * 102  # each five minutes one of them confirms the lists


@pytest.mark.virtual_time
async def test_hours_of_many_are_watched_change_by_change(capsys: pytest.CaptureFixture[str]) -> None:
    lives = {"1": {-1e6: "CREATING", 600: "INPROGRESS", 7200: "PROCESSED"}, "2": ends(3600, "FAILED")}
    async with following(Account(lives)) as client:
        wait = WaitForMany({batch_id: batch_id for batch_id in lives}, None, JsonLines())
        await as_they_change(client, wait)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.get("status") or line["exitCode"] for line in lines] == [
        *("CREATING", "INPROGRESS"),
        *("INPROGRESS", "FAILED", 4),
        *("PROCESSED", 1),
    ]


@pytest.mark.slow
async def test_on_a_terminal_a_line_moves_below_those_that_have_ended(omics: Simulator, shell: Shell) -> None:
    omics.put_batch({**SUCCEEDED, "id": "1", "name": "全" * 32})
    omics.put_batch({**GOES_ON, "id": "2"})
    async with on_a_terminal([*PROGRAM, "wait", "1", "2"], shell.environment, columns=60) as terminal:
        shown = await terminal.until(r"1 of 2 batches have ended, 0:00:(?!00)")
        assert shown.startswith("1  Processed in 0:15:00: all 10 runs completed.")
        terminal.type("\x03")
        assert await terminal.ended() == 130
    lines = terminal.text.splitlines()
    assert "have ended" not in terminal.text
    assert [line for line in lines if "stopped" in line] == ["omics-batch: stopped, with 1 of 2 batches left"]
    assert "2 batches: 1 succeeded, 1 not seen to end." in lines
