"""`omics-batch failed`: which samples did not succeed, why, and what is said where none is listed."""

from __future__ import annotations

import io
import json
import math
import re
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

import omics_batch
from omics_batch import FailedRun, FailureKind, OmicsBatchClient
from omics_batch._api.listing import Rows
from omics_batch.cli._list_progress import counting
from omics_batch.cli._output import console
from omics_batch.testing import Life, faults
from tests.cli._support import ID, Here, Shell, document, processed
from tests.cli.test_lists import AT_ONCE
from tests.forked import PROGRAM
from tests.terminal import on_a_terminal

if TYPE_CHECKING:
    from omics_batch.testing import Simulator

COHORT: Final = ("HG00096", "HG00097", "HG00099", "HG00100", "HG00101")
LIFE: Final = replace(
    AT_ONCE,
    failed_runs={"HG00096": "Task CallVariants ran out of memory.", "HG00100": "The CRAM file is truncated."},
    failed_submissions={"HG00099": ("ValidationException", "Parameter input_cram is missing.")},
)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """How fast a client sends is shown elsewhere."""
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", partial(OmicsBatchClient, max_rate=None))


def test_each_sample_that_did_not_succeed_is_listed_and_then_the_sums(here: Here) -> None:
    here.omics.start_batch(COHORT, life=LIFE)
    ran = here.run("failed", ID)
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.lines == [
        "SAMPLE   KIND           RUN      REASON               MESSAGE",
        "HG00096  failed         2000001  RUN_TASK_FAILED      Task CallVariants ran out of memory.",
        "HG00099  not submitted  -        ValidationException  Parameter input_cram is missing.",
        "HG00100  failed         2000004  RUN_TASK_FAILED      The CRAM file is truncated.",
        "3 did not succeed: 2 RUN_TASK_FAILED, 1 ValidationException",
    ]


def test_programs_get_the_run_itself_too(here: Here) -> None:
    here.omics.start_batch(COHORT, life=LIFE)
    ran = here.run("failed", ID, "--json")
    assert (ran.code, ran.stderr) == (0, "")
    failed, denied, _ = [json.loads(line) for line in ran.lines]
    assert denied == {
        "runSettingId": "HG00099",
        "kind": "SUBMISSION",
        "runId": None,
        "reason": "ValidationException",
        "message": "Parameter input_cram is missing.",
        "run": None,
    }
    run = failed.pop("run")
    assert failed == {
        "runSettingId": "HG00096",
        "kind": "RUN",
        "runId": "2000001",
        "reason": "RUN_TASK_FAILED",
        "message": "Task CallVariants ran out of memory.",
    }
    assert (run["id"], run["batchId"], run["failureReason"]) == ("2000001", ID, "RUN_TASK_FAILED")


def test_the_signature_of_a_runs_parameters_is_not_printed(here: Here) -> None:
    """What a program prints ends in logs."""
    here.omics.start_batch(COHORT[:1], life=LIFE)
    reported = {"id": "2000001", "status": "FAILED", "parametersUri": "https://host/p.json?X-Amz-Signature=CANARY"}
    for arguments in (["--json"], []):
        here.omics.script(faults.body(json.dumps(reported).encode(), operation="GetRun"))
        ran = here.run("failed", ID, *arguments)
        assert ran.code == 0
        assert "CANARY" not in ran.stdout + ran.stderr
        if arguments:
            assert json.loads(ran.lines[0])["run"]["parametersUri"] == "https://host/p.json?..."


def test_without_reasons_no_run_is_asked_about(here: Here) -> None:
    here.omics.start_batch(COHORT, life=LIFE)
    ran = here.run("failed", ID, "--no-reasons")
    assert ran.lines[1] == "HG00096  failed         2000001  -                    -"
    assert ran.lines[-1] == "3 did not succeed: 2 failed, 1 ValidationException"
    assert here.omics.requests_of("GetRun") == 0


def test_a_limit_says_that_there_may_be_more(here: Here) -> None:
    here.omics.start_batch(COHORT, life=LIFE)
    assert here.run("failed", ID, "--limit", "2").lines[-1] == "The first 2: 1 RUN_TASK_FAILED, 1 ValidationException"


def test_many_reasons_are_reported_the_most_frequent_ones(here: Here) -> None:
    reasons = {f"sample-{number}": (f"Reason{number % 12}Exception\x1b[31m", "") for number in range(1, 14)}
    here.omics.start_batch(13, life=replace(AT_ONCE, failed_submissions=reasons))
    last = here.run("failed", ID).lines[-1]
    assert last.startswith("13 did not succeed: 2 Reason1Exception [31m, 1 Reason2Exception [31m, 1 Reason3")
    assert last.endswith(" [31m, 2 for other reasons")


def test_cancelled_runs_are_listed_where_they_are_wanted(here: Here) -> None:
    life = Life(creating=0, pending=0, submission_rate=math.inf, stopping=0, cancelled_after=0)
    here.omics.start_batch(2, life=life)
    assert here.run("failed", ID).stderr == "omics-batch: no run failed; 2 cancelled: --cancelled lists them\n"
    ran = here.run("failed", ID, "--cancelled")
    assert ran.lines[1].split() == ["sample-1", "cancelled", "2000001", "-", "-"]
    assert ran.lines[-1] == "2 did not succeed: 2 cancelled"


# Where none is listed


def test_that_no_run_failed_is_said_plainly(here: Here) -> None:
    here.omics.start_batch(2, life=AT_ONCE)
    ran = here.run("failed", ID)
    assert (ran.code, ran.stdout, ran.stderr) == (0, "", "omics-batch: no run failed\n")
    assert here.run("failed", ID, "--cancelled").stderr == "omics-batch: no run failed or was cancelled\n"
    assert here.run("failed", ID, "--json").stdout == ""


def test_while_a_batch_is_under_way_it_is_so_far(here: Here) -> None:
    here.omics.start_batch(2)
    assert here.run("failed", ID).stderr == "omics-batch: no run failed so far\n"
    here.omics.start_batch(
        2, life=Life(creating=0, pending=0, failed_submissions={"sample-1": ("X", "")}, submission_rate=math.inf)
    )
    assert here.run("failed", "7123457").lines[-1] == "1 did not succeed so far: 1 X"


@pytest.mark.parametrize("status", ["SUBMITTING", "INPROGRESS"])
def test_before_any_run_was_created_it_is_so_far_too(here: Here, status: str) -> None:
    """Also where the counts, which lag, still show all runs as those to submit."""
    counts = {"pendingStartSubmissionCount": 10}
    here.omics.put_batch(document(status, runSummary={}, submissionSummary=counts))
    assert here.run("failed", ID).stderr == "omics-batch: no run failed so far\n"
    assert here.run("failed", ID, "--cancelled").stderr == "omics-batch: no run failed or was cancelled so far\n"


def test_a_batch_that_failed_itself_may_have_created_runs(here: Here) -> None:
    here.omics.start_batch(2, life=Life(creating=0, pending=0, failure_reason="Invalid JSON\x1b[31m format"))
    assert here.run("failed", ID).stderr == (
        "omics-batch: no run failed so far. Runs that it had created may still run. "
        "The batch itself failed: Invalid JSON [31m format\n"
    )
    for starts, reported in (
        ({"pendingStartSubmissionCount": 9}, "the batch failed before it created any runs"),
        (
            {"successfulStartSubmissionCount": 3},
            "no run failed so far. 3 runs that it had created may still run. The batch itself failed",
        ),
    ):
        here.omics.put_batch({"id": "42", "status": "FAILED", "totalRuns": 9, "submissionSummary": starts})
        assert here.run("failed", "42").stderr == f"omics-batch: {reported}\n"


def test_runs_that_a_failed_batch_had_created_are_listed_once_they_fail(here: Here) -> None:
    here.omics.start_batch(COHORT, life=replace(LIFE, failure_reason="no quota", runs_before_failure=3))
    ran = here.run("failed", ID)
    assert [line.split()[:2] for line in ran.lines[1:-1]] == [["HG00096", "failed"], ["HG00099", "not"]]
    assert ran.lines[-1] == "2 did not succeed so far: 1 RUN_TASK_FAILED, 1 ValidationException"
    assert len(here.run("runs", ID).lines[1:]) == 3


def test_failures_that_a_failed_batch_counts_and_no_list_shows_are_no_proof(here: Here) -> None:
    here.omics.put_batch({"id": "42", "status": "FAILED", "runSummary": {"failedRunCount": 2}})
    assert here.run("failed", "42").complaints[-1] == (
        "omics-batch: none is listed, although the batch counts 2: the lists lag, try again in a minute"
    )


def test_of_deleted_runs_nobody_can_show(here: Here) -> None:
    here.omics.start_batch(2, life=AT_ONCE)
    here.omics.put_batch(processed(deletedRunCount=10) | {"status": "RUNS_DELETED"})
    ran = here.run("failed", ID)
    assert (ran.code, ran.stdout) == (0, "")
    assert ran.complaints[-1] == ("omics-batch: no failed run can be listed: how the deleted runs ended is lost")


def test_lists_that_lag_are_no_proof(here: Here) -> None:
    here.omics.start_batch(10, life=AT_ONCE)
    here.omics.put_batch(processed(completedRunCount=8, failedRunCount=2))
    ran = here.run("failed", ID)
    assert ran.complaints[-1] == (
        "omics-batch: none is listed, although the batch counts 2: the lists lag, try again in a minute"
    )


# How far it is


async def test_a_terminal_shows_how_far_it_is_and_then_no_more(omics: Simulator, shell: Shell) -> None:
    omics.start_batch(COHORT, life=LIFE)
    omics.script(faults.answered("GetRun"), faults.delayed(0.6, "GetRun"))
    async with on_a_terminal([*PROGRAM, "failed", ID], shell.environment) as terminal:
        await terminal.until(r"^2 of 3 runs that did not succeed \.\.\.$")
        assert await terminal.ended() == 0
    assert terminal.text.splitlines() == [
        "SAMPLE   KIND           RUN      REASON               MESSAGE",
        "HG00096  failed         2000001  RUN_TASK_FAILED      Task CallVariants ran out",
        "                                                      of memory.",
        "HG00099  not submitted  -        ValidationException  Parameter input_cram is",
        "                                                      missing.",
        "HG00100  failed         2000004  RUN_TASK_FAILED      The CRAM file is",
        "                                                      truncated.",
        "3 did not succeed: 2 RUN_TASK_FAILED, 1 ValidationException",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("command", ["failed", "runs"])
def test_samples_of_one_patient_are_distinguished(here: Here, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    samples = [f"TCGA-02-0001-01C-01D-0182-0{number}" for number in (1, 2)]
    here.omics.start_batch(samples, life=replace(LIFE, failed_runs=2))
    stdout = Terminal()
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "stdout", stdout)
    assert here.run(command, ID).code == 0
    assert all(sample in stdout.getvalue() for sample in samples)


def test_a_terminal_shows_the_whole_reason(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    message = " ".join(["The task CallVariants-with-a-long-name exceeded its memory of 8192 MiB."] * 4)
    here.omics.start_batch(["NA12878"], life=replace(AT_ONCE, failed_runs={"NA12878": message}))
    stdout = Terminal()
    monkeypatch.setenv("TERM", "dumb")  # without a picture, and 80 columns wide
    monkeypatch.setattr(sys, "stdout", stdout)
    assert here.run("failed", ID).code == 0
    lines = stdout.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert message in " ".join(" ".join(lines).split())
    assert "    The task CallVariants-with-a-long-name exceeded its memory of 8192 MiB. The" in lines


def test_the_columns_are_the_same_at_the_terminal_in_json_and_in_notebooks(here: Here) -> None:
    here.omics.start_batch(COHORT, life=LIFE)
    titles = here.run("failed", ID).lines[0].split()
    assert titles == ["SAMPLE", "KIND", "RUN", "REASON", "MESSAGE"]
    assert list(json.loads(here.run("failed", ID, "--json").lines[0])) == [
        *("runSettingId", "kind", "runId", "reason", "message", "run")
    ]
    page = Rows([FailedRun(run_setting_id="a", kind=FailureKind.RUN)])._repr_html_()
    assert page is not None
    assert re.findall(r'<th scope="col">(\w+)</th>', page) == [title.capitalize() for title in titles]


@pytest.mark.parametrize(("terminals", "how"), [(["stdout"], []), (["stderr"], []), (["stderr"], ["--json"])])
def test_one_of_the_streams_may_be_a_terminal(
    here: Here, monkeypatch: pytest.MonkeyPatch, terminals: list[str], how: list[str]
) -> None:
    here.omics.start_batch(COHORT, life=LIFE)
    monkeypatch.setenv("TERM", "xterm-256color")
    streams = {name: Terminal() for name in terminals}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    ran = here.run("failed", ID, *how)
    (shown,) = [stream.getvalue() for stream in streams.values()]
    assert "0 of 3 runs that did not succeed ..." in shown
    written = shown if terminals == ["stdout"] else ran.stdout
    assert len(re.findall("HG00(096|099|100)", written)) == 3
    assert ("HG00" in shown) is (terminals == ["stdout"])


@pytest.mark.parametrize(("term", "how"), [("dumb", []), ("xterm", ["--json"])])
def test_where_a_picture_would_disturb_there_is_none(
    here: Here, monkeypatch: pytest.MonkeyPatch, term: str, how: list[str]
) -> None:
    here.omics.start_batch(COHORT, life=LIFE)
    monkeypatch.setenv("TERM", term)
    stdout = Terminal()
    monkeypatch.setattr(sys, "stdout", stdout)
    assert here.run("failed", ID, *how).code == 0
    assert "..." not in stdout.getvalue()
    assert "\x1b[2K" not in stdout.getvalue()


def test_what_is_written_meanwhile_stays_on_its_stream(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stderr", Terminal())
    with counting(console(), lambda: "1 of 2 ...", is_printed=True):
        sys.stdout.write("a row\n")
    assert capsys.readouterr().out == "a row\n"
