"""`omics-batch get`: what it prints, and what it refuses before anything is sent."""

from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch.cli import main
from tests.cli._support import ID, Here, Shell, document, processed
from tests.forked import PROGRAM
from tests.terminal import on_a_terminal

if TYPE_CHECKING:
    from omics_batch.testing import Simulator


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_it_prints_the_batch_readably(here: Here) -> None:
    here.omics.put_batch(processed(completedRunCount=9, failedRunCount=1) | {"name": "cohort"})
    ran = here.run("get", ID)
    assert ran.lines == [
        "Batch     7123456",
        "Name      cohort",
        "Status    PROCESSED",
        "Outcome   partial",
        "Finished  100.0 % of 10 runs",
        "Runs      9 completed, 1 failed",
        "Created   2025-03-15T10:00:00Z",
        "Processed 2025-03-15T10:15:00Z",
        "Took      0:15:00",
    ]
    assert (ran.code, ran.stderr) == (0, "")


def test_submission_and_completion_are_distinguished_and_that_counts_lag(here: Here) -> None:
    reported = document(
        runSummary={"completedRunCount": 3, "runningRunCount": 3},
        submissionSummary={
            "successfulStartSubmissionCount": 6,
            "failedStartSubmissionCount": 1,
            "pendingStartSubmissionCount": 3,
        },
    )
    here.omics.put_batch(reported)
    ran = here.run("get", ID)
    assert "Submitted 70.0 %" in ran.lines
    assert "Finished  ~40.0 % of 10 runs" in ran.lines
    assert "Runs      3 completed, 1 not submitted, 3 running, 3 to submit (counts lag behind the runs)" in ran.lines
    here.omics.put_batch(reported | {"status": "PROCESSED", "submittedTime": "2025-03-15T10:05:00Z"})
    ran = here.run("get", ID)
    assert "Submitted 70.0 %, 2025-03-15T10:05:00Z" in ran.lines
    assert "lag" not in ran.stdout


def test_where_the_service_shows_no_counts_of_the_submission_there_is_its_time(here: Here) -> None:
    here.omics.put_batch(document(submittedTime="2025-03-15T10:05:00Z"))
    assert "Submitted 2025-03-15T10:05:00Z" in here.run("get", ID).lines


@pytest.mark.slow
async def test_a_terminal_shows_a_bar_too(omics: Simulator, shell: Shell) -> None:
    omics.put_batch(processed(completedRunCount=9, failedRunCount=1))
    async with on_a_terminal([*PROGRAM, "get", ID], shell.environment) as terminal:
        assert await terminal.ended() == 0
    assert "Took      0:15:00" in terminal.text
    assert [line[71:73] for line in terminal.text.splitlines() if len(line) == 80] == ["━×"]


@pytest.mark.parametrize(("reported", "is_drawn"), [({}, True), ({"runSummary": {}}, False)])
def test_a_bar_is_drawn_of_runs_alone(
    here: Here, monkeypatch: pytest.MonkeyPatch, reported: dict[str, Any], *, is_drawn: bool
) -> None:
    here.omics.put_batch(document() | reported)
    monkeypatch.setenv("COLUMNS", "120")
    stdout = Terminal()
    monkeypatch.setattr(sys, "stdout", stdout)
    assert here.run("get", ID).code == 0
    bars = [line for line in stdout.getvalue().splitlines() if {*line} & {*"\u2501\u2500\u2504"}]
    assert len(bars) == is_drawn


def test_a_failed_batch_could_be_read_too(here: Here) -> None:
    reason = "Expected 50 unique runSettingIds but there were 49 " + "x" * 200
    here.omics.put_batch({"id": ID, "status": "FAILED", "failureReason": reason, "failedTime": "2025-03-15T10:01:00Z"})
    ran = here.run("get", f"arn:aws:omics:us-west-2:123456789012:runBatch/{ID}")
    assert ran.code == 0
    assert f"Reason    {reason}" in ran.lines


def test_json_is_what_the_service_said(here: Here) -> None:
    reported = document("SOMETHING_NEW", name="\x1b]0;owned\x07 \u202e", networking={"mode": ["VPC"]})
    here.omics.put_batch(reported)
    ran = here.run("get", ID, "--json")
    assert json.loads(ran.stdout) == reported
    assert ran.stdout.isascii()


def test_a_strangers_text_does_not_act_on_the_terminal(here: Here) -> None:
    here.omics.put_batch(document("NEW\x1b[2J", name="[red]x[/red] \x1b[31m\x9b1m\r\nStatus    PROCESSED"))
    ran = here.run("get", ID)
    assert "Name      [red]x[/red] [31m 1m Status PROCESSED" in ran.lines
    assert "Status    NEW [2J (not known to this release)" in ran.lines


def test_text_that_the_terminal_cannot_write_is_no_reason_to_end(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.omics.put_batch(document(name="caf\u00e9"))
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["get", ID]) == 0
    terminal.seek(0)
    assert "Name      caf\\xe9\n" in terminal.readlines()


@pytest.mark.parametrize(
    "batch",
    [
        "",
        "..",
        "1234567890123456789",
        "7123456\n7",
        "\uff17",
        "arn:aws:omics:us-east-1:123456789012:runBatch/7123456",
        "arn:aws:s3:us-west-2:123456789012:runBatch/7123456",
        "arn:aws:omics:us-west-2:123456789012:run/7123456",
    ],
)
def test_what_cannot_be_a_batch_is_wrong_usage_and_nothing_is_sent(
    batch: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_OMICS", "http://127.0.0.1:9")  # a request would fail there, which is 1
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert main(["get", batch]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert 1 <= len(said.err.splitlines()) <= 2
    assert said.err.startswith("omics-batch: ")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["list", "--status", "RUNING"], "did you mean INPROGRESS?"),
        (["runs", "7", "--submission-status", "MAYBE"], "it is one of SUCCESS"),
        (["get", "arn:aws:omics:us-west-2:123456789012:run/7123456"], "nor a batch's ARN"),
        (["wait", "7", "arn:aws:s3:us-west-2:123456789012:runBatch/7123456"], "nor a batch's ARN"),
    ],
)
def test_what_is_wrong_on_the_command_line_comes_before_what_the_machine_lacks(
    here_over_http: Here, arguments: list[str], complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    ran = here_over_http.run(*arguments)
    assert ran.code == 2
    assert complaint in ran.complaints[0]
    assert "region" not in ran.stderr


def test_without_a_region_it_says_so(here_over_http: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    ran = here_over_http.run("get", ID)
    assert ran.code == 1
    (complaint,) = ran.complaints
    assert "no AWS region" in complaint
    assert "--region" in complaint


def test_without_credentials_it_says_so(here_over_http: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    ran = here_over_http.run("get", ID)
    assert ran.code == 1
    wrong, step = ran.complaints
    assert "no credentials" in wrong or "missing: AWS_ACCESS_KEY_ID" in wrong
    assert "aws sso login" in step or "AWS_ACCESS_KEY_ID" in step
    assert not here_over_http.omics.requests


def test_a_profile_that_is_not_there_is_an_error(here_over_http: Here) -> None:
    ran = here_over_http.run("get", ID, "--profile", "nobody")
    assert ran.code == 1
    assert "nobody" in ran.stderr


def test_plain_http_to_another_machine_has_to_be_allowed(here: Here) -> None:
    ran = here.run("get", ID, "--endpoint-url", "http://192.0.2.1:9")
    assert ran.code == 1
    assert "--allow-http" in ran.stderr
