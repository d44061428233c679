"""The command line speaks of its own options, and of what was probably meant: never of Python's arguments."""

from __future__ import annotations

import errno
import io
import json
import math
import re
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

import omics_batch
from omics_batch import OmicsBatchClient, PollPolicy
from omics_batch.cli import _connection, main
from omics_batch.testing import Life, faults
from tests.cli._support import ID, Here, processed

if TYPE_CHECKING:
    from pathlib import Path

REQUEST: Final = """
requestId: trio-1
defaultRunSetting:
  workflowId: "1234567"
  roleArn: arn:aws:iam::123456789012:role/OmicsRole
batchRunSettings:
  inlineSettings:
    - {runSettingId: NA12878}
"""
ARN: Final = "arn:aws:omics:eu-west-1:123456789012:runBatch/7123456"


# Options in place of arguments


def test_a_region_that_is_missing_is_an_option(
    here_over_http: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    ran = here_over_http.run("get", ID)
    assert (ran.code, ran.stderr) == (
        1,
        "omics-batch: no AWS region. Give --region, or set AWS_DEFAULT_REGION.\n",
    )


def test_plain_http_is_an_option(here_over_http: Here) -> None:
    ran = here_over_http.run("get", ID, "--endpoint-url", "http://omics.example.org")
    assert ran.code == 1
    assert ran.stderr.endswith("can read the session token. Use https, or --allow-http if you must.\n")


def test_a_profile_that_is_not_there_is_an_option(here_over_http: Here) -> None:
    ran = here_over_http.run("get", ID, "--profile", "nobody")
    assert ran.stderr == (
        "omics-batch: The config profile (nobody) could not be found. "
        "Check --profile, AWS_PROFILE and the AWS configuration files.\n"
    )


def test_an_arn_of_another_region_asks_for_its_option(here: Here) -> None:
    ran = here.run("get", ARN)
    assert ran.code == 2
    assert ran.stderr.endswith("and this client uses us-west-2. Give --region eu-west-1.\n")


def test_an_option_before_the_command_belongs_behind_it(here: Here) -> None:
    ran = here.run("--region", "us-west-2", "get", ID)
    assert (ran.code, ran.stderr) == (
        2,
        "omics-batch: --region belongs behind the command, such as: omics-batch get 7123456 --region ...\n",
    )
    assert here.run("--bogus", "get", ID).complaints[0] == "omics-batch: No such option: --bogus"


# What was meant


@pytest.mark.parametrize(
    ("arguments", "reported"),
    [
        (["list", "--status", "RUNING"], "'--status': 'RUNING' is not known: did you mean INPROGRESS?"),
        (
            ["runs", ID, "--submission-status", "fail"],
            "'--submission-status': 'fail' is not known: did you mean FAILED?",
        ),
    ],
)
def test_a_misspelt_status_is_asked_about(here: Here, arguments: list[str], reported: str) -> None:
    ran = here.run(*arguments)
    assert ran.code == 2
    assert reported in ran.stderr
    assert "CREATING" not in ran.stderr


@pytest.mark.parametrize(
    ("right", "wrong", "reported"),
    [
        ("runSettingId:", "runSettingID:", "runSettingID: unknown field; did you mean runSettingId?"),
        (
            "defaultRunSetting:",
            "defaultRunSettings:",
            "line 3: defaultRunSettings: unknown field; did you mean defaultRunSetting?",
        ),
        ("requestId:", "colour:", "line 2: colour: unknown field"),
        (
            "arn:aws:iam",
            "iam",
            "defaultRunSetting.roleArn: should be an ARN, such as arn:aws:iam::123456789012:role/NAME",
        ),
    ],
)
def test_a_mistake_in_a_request_is_reported_in_words(
    here: Here, tmp_path: Path, right: str, wrong: str, reported: str
) -> None:
    path = tmp_path / "trio.yaml"
    path.write_text(REQUEST.replace(right, wrong), encoding="utf-8")
    ran = here.run("start", str(path))
    assert ran.code == 2
    assert any(line.endswith(reported) for line in ran.complaints)
    assert "engineSettings" not in ran.stderr


def test_more_runs_than_a_request_holds_go_through_s3(here: Here, tmp_path: Path) -> None:
    path = tmp_path / "cohort.yaml"
    runs = "".join(f"    - {{runSettingId: sample-{number}}}\n" for number in range(100))
    path.write_text(REQUEST + runs, encoding="utf-8")
    (complaint,) = here.run("start", str(path)).complaints
    assert complaint.endswith(
        "101 runs are too many: a request holds 100 at most. Put them into a JSON file in S3, as an array of the same "
        "settings, and give its URI as s3UriSettings in place of inlineSettings"
    )


# What surrounds an id


def test_spaces_around_an_id_are_stripped(here: Here) -> None:
    here.omics.start_batch(1, life=Life())
    assert here.run("get", f" {ID} ").lines[0] == f"Batch     {ID}"


def test_a_byte_order_mark_before_the_ids_is_stripped(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.omics.put_batch(processed(completedRunCount=10))
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"\ufeff{ID}\n"))
    assert here.run("wait", "-").code == 0


# Help


@pytest.mark.parametrize("number", ["0", "x"])
def test_a_number_that_cannot_be_right_is_refused_in_plain_words(here: Here, number: str) -> None:
    problem, step = here.run("list", "--limit", number).complaints
    assert problem.startswith("omics-batch: Invalid value for '--limit': ")
    assert "Input" not in problem
    assert "parse" not in problem
    assert step == "Try 'omics-batch list --help'."


@pytest.mark.parametrize(
    "name", ["get", "list", "runs", "failed", "wait", "watch", "start", "delete", "simulate", "demo"]
)
def test_help_shows_no_types_of_python(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert main([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert "<" not in shown.replace("<=", "")
    assert "{" not in shown.replace("{fastq_1}", "")


def test_help_shows_ids_as_they_are_typed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["wait", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "Usage: omics-batch wait [OPTIONS] ID...\n" in shown
    assert "\n  ID...  Ids such as 7123456" in shown


# Lines on a terminal


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_break_between_words(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    assert here.run("get", "1").code == 1
    lines = stderr.getvalue().splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 80
    assert " ".join(lines).startswith("omics-batch: GetBatch of batch 1: ResourceNotFoundException (HTTP 404): ")


def test_facts_break_between_words(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    stdout = Terminal()
    monkeypatch.setattr(sys, "stdout", stdout)
    here.omics.put_batch({**processed(completedRunCount=10), "failureReason": "word " * 30})
    assert here.run("get", ID).code == 0
    assert f"{' '.join(['word'] * 10)}\n          word word" in stdout.getvalue()


# What was started


def created(seconds_ago: float) -> faults.Fault:
    """An answer of GetBatch about a batch of some age."""
    moment = (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat()
    return faults.body(json.dumps({"id": ID, "status": "CREATING", "creationTime": moment}).encode())


def test_a_repeated_start_says_that_the_batch_already_existed(here_over_http: Here, tmp_path: Path) -> None:
    """A few seconds later too: the age of a batch is known to the second, by the service's own clock."""
    here = here_over_http
    path = tmp_path / "trio.yaml"
    path.write_text(REQUEST.replace("batchRun", "  outputUri: s3://my-bucket/output/\nbatchRun"), encoding="utf-8")
    assert here.run("start", str(path)).stderr == ""
    here.omics.script(created(7))
    ran = here.run("start", str(path))
    assert (ran.code, ran.lines[0]) == (0, f"Batch     {ID}")
    assert ran.stderr.startswith(f"omics-batch: batch {ID} already existed: its requestId started it at 20")
    assert re.search(r"Z, 0:00:0[3-7] before this command$", ran.stderr.strip())
    for unknown in (
        faults.error("AccessDeniedException", 403),
        faults.body(json.dumps({"id": ID, "status": "CREATING"}).encode()),
    ):
        here.omics.script(unknown)
        ran = here.run("start", str(path))
        assert (ran.code, ran.stderr) == (0, "")


@pytest.mark.parametrize(
    "words", [[ID], [ARN.replace("eu-west-1", "us-west-2")], [ID, "7123457"]], ids=["id", "arn", "two"]
)
@pytest.mark.usefixtures("short_waits")
def test_a_batch_that_was_just_started_may_be_unknown_at_first(
    here: Here, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    often = partial(OmicsBatchClient, poll=PollPolicy(initial=0.01, maximum=0.01))
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", often)
    batch = processed(completedRunCount=10)
    here.omics.put_batch(batch)
    here.omics.put_batch({**batch, "id": "7123457"})
    unknown = faults.error("ResourceNotFoundException", 404)
    here.omics.script(unknown)
    assert here.run("wait", *words, "--new").code == 0
    here.omics.script(unknown)
    assert here.run("wait", *words).code == 1


# A reader that leaves


def test_a_reader_that_leaves_ends_a_list_quietly_as_sigpipe_would(
    here: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Left(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError(errno.EPIPE, "no reader")

        def fileno(self) -> int:
            return spare.fileno()

    here.omics.start_batch(3)
    with (tmp_path / "spare").open("w") as spare:
        monkeypatch.setattr(sys, "stdout", Left())
        ran = here.run("list")
    assert (ran.code, ran.stderr) == (141, "")


# A run that is taken for a batch


@pytest.mark.parametrize(
    "words",
    [["get"], ["runs"], ["failed"], ["wait"], ["watch"], ["cancel", "--yes"], ["delete", "--yes"]],
    ids=lambda words: words[0],
)
def test_the_id_of_a_run_is_known_as_one(here_over_http: Here, words: list[str]) -> None:
    here_over_http.omics.start_batch(1, life=Life(creating=0, pending=0, submission_rate=math.inf))
    (run,) = json.loads(f"[{here_over_http.run('runs', ID, '--json').stdout}]")
    command, *flags = words
    ran = here_over_http.run(command, run["runId"], *flags)
    assert ran.code == 1
    assert ran.stderr.count(f" {run['runId']} is the id of a run of batch {ID}: give the batch's id.") == 1
    assert "Check the id" not in ran.stderr
    assert "deleted already" not in ran.stderr
    assert here_over_http.omics.requests_of("GetRun") == 1


def test_a_run_without_a_batch_is_known_too(here_over_http: Here) -> None:
    run = json.dumps({"id": "1", "status": "RUNNING"}).encode()
    here_over_http.omics.script(faults.body(run, operation="GetRun"))
    assert "1 is the id of a run: give the batch's id." in here_over_http.run("get", "1").stderr


@pytest.mark.parametrize(
    "failure",
    [faults.error("AccessDeniedException", 403, operation="GetRun"), faults.unanswered("GetRun")],
    ids=["denied", "slow"],
)
def test_what_cannot_be_asked_changes_nothing(
    here_over_http: Here, monkeypatch: pytest.MonkeyPatch, failure: faults.Fault
) -> None:
    monkeypatch.setattr(_connection, "_ASIDE", 0.5)
    here_over_http.omics.script(failure)
    ran = here_over_http.run("get", "1")
    assert (ran.code, len(ran.complaints)) == (1, 1)
    assert " Check the id, the account and the region. [request id " in ran.stderr


def test_what_is_missed_of_no_batch_is_no_run(here_over_http: Here, tmp_path: Path) -> None:
    path = tmp_path / "trio.yaml"
    path.write_text(REQUEST.replace("batchRun", "  outputUri: s3://my-bucket/output/\nbatchRun"), encoding="utf-8")
    here_over_http.omics.script(faults.error("ResourceNotFoundException", 404, operation="StartRunBatch"))
    assert here_over_http.run("start", str(path)).code == 1
    assert here_over_http.omics.requests_of("GetRun") == 0
