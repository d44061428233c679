"""`omics-batch wait`: each exit code is a story, and a process of its own where that shows more."""

from __future__ import annotations

import json
import re
import shlex
import signal
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch.cli import _program_name
from omics_batch.testing import faults
from tests.cli._support import ID, REGION, Here, Shell, document, line_of, printed, processed
from tests.events import until
from tests.forked import PROGRAM

if TYPE_CHECKING:
    from omics_batch.testing import Simulator

TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"


def test_all_runs_succeeded(here: Here) -> None:
    here.omics.put_batch(processed(completedRunCount=10))
    ran = here.run("wait", ID)
    assert ran.code == 0
    assert re.fullmatch(
        rf"{TIME}  7123456  PROCESSED  100\.0 %  10 completed\n"
        rf"{TIME}  7123456  Processed in 0:15:00: all 10 runs completed\.\n",
        ran.stdout,
    )
    assert ran.stderr == ""


def test_runs_that_failed_or_were_not_submitted_are_3(here: Here) -> None:
    here.omics.put_batch(processed(completedRunCount=7, failedRunCount=2, failedStartSubmissionCount=1))
    ran = here.run("wait", ID)
    assert ran.code == 3
    assert ran.lines[-2].endswith("Processed in 0:15:00: 7 of 10 runs completed, 2 failed, 1 not submitted.")
    assert ran.lines[-1].endswith(f"  Which samples, and why: {_program_name.command(['failed', ID])}")


def test_the_command_that_shows_which_runs_did_not_succeed_reports_cancelled_ones_too(here: Here) -> None:
    here.omics.put_batch(processed(completedRunCount=7, cancelledRunCount=3))
    ran = here.run("wait", ID)
    assert (ran.code, ran.lines[-1].endswith(" --cancelled")) == (3, True)


def test_no_verdict_is_possible_once_runs_were_deleted(here: Here) -> None:
    here.omics.put_batch(processed(deletedRunCount=10) | {"status": "RUNS_DELETED"})
    ran = here.run("wait", ID)
    assert ran.code == 0
    assert ran.lines[-1].endswith("Processed in 0:15:00: 10 deleted. How the deleted runs ended is lost.")


@pytest.mark.parametrize(
    ("members", "reported"),
    [
        ({"runSummary": None, "submissionSummary": None}, "the service gives no counts of 10 runs."),
        ({"runSummary": {}}, "the service gives no counts of 10 runs."),
        ({"totalRuns": None}, "10 completed, which does not add up to an unknown number of runs."),
        ({"runSummary": {"completedRunCount": 9}}, "9 completed, which does not add up to 10 runs."),
        ({"runSummary": {"completedRunCount": 11}}, "11 completed, which does not add up to 10 runs."),
        (
            {"runSummary": {"completedRunCount": 9, "runningRunCount": 1}},
            "9 completed, 1 running, which does not add up to 10 runs.",
        ),
    ],
    ids=repr,
)
def test_counts_that_do_not_add_up_are_1_whatever_they_show(here: Here, members: dict[str, Any], reported: str) -> None:
    """Neither a success, which lets a pipeline go on, nor failed runs, which it may start again."""
    here.omics.put_batch(processed(completedRunCount=10) | members)
    ran = here.run("wait", ID, *REGION)
    assert ran.code == 1
    again = f"Look again in a minute, before you start any run again: {printed('get', ID)}"
    assert ran.complaints == [f"omics-batch: batch {ID}: Processed in 0:15:00: {reported} {again}"]
    assert len(ran.lines) == 1
    end = json.loads(here.run("wait", ID, "--json", *REGION).lines[-1])
    assert (end["exitCode"], end["outcome"], end["error"], end["resume"]) == (1, "UNKNOWN", None, None)


def test_failures_that_are_known_are_3_even_where_the_counts_do_not_add_up(here: Here) -> None:
    here.omics.put_batch(processed(completedRunCount=7, failedRunCount=2))
    ran = here.run("wait", ID, *REGION)
    assert (ran.code, ran.stderr) == (3, "")
    assert ran.lines[-2].endswith(
        "Processed in 0:15:00: 7 completed, 2 failed, which does not add up to 10 runs. "
        f"Look again in a minute, before you start any run again: {printed('get', ID)}"
    )
    assert ran.lines[-1].endswith(f"  Which samples, and why: {printed('failed', ID)}")


def test_a_failure_that_is_known_is_reported_even_after_a_deletion(here: Here) -> None:
    here.omics.put_batch(processed(deletedRunCount=9, failedRunCount=1) | {"status": "RUNS_DELETING"})
    assert here.run("wait", ID).code == 3


def test_a_batch_that_failed_is_4_with_the_services_reason(here: Here) -> None:
    here.omics.put_batch({"id": ID, "status": "FAILED", "failureReason": "Invalid JSON format in run configurations"})
    ran = here.run("wait", ID, *REGION)
    assert ran.code == 4
    (complaint,) = ran.complaints
    assert complaint == (
        "omics-batch: batch 7123456 failed: Invalid JSON format in run configurations. Some of its runs may have been "
        "created and may still run: leave those out of a new batch. After a transient error, start it with the same "
        f"requestId. List its runs with: {printed('runs', ID)}"
    )


def test_a_batch_that_failed_before_it_created_runs_has_none_to_be_listed(here: Here) -> None:
    starts = {"pendingStartSubmissionCount": 10}
    here.omics.put_batch({"id": ID, "status": "FAILED", "totalRuns": 10, "submissionSummary": starts})
    ran = here.run("wait", ID)
    assert ran.code == 4
    assert ran.complaints == [
        (
            "omics-batch: batch 7123456 failed: the service gave no reason. None of its runs was created: fix this and "
            "start a new batch. After a transient error, start it with the same requestId."
        )
    ]


def test_a_batch_that_was_cancelled_is_5(here: Here) -> None:
    here.omics.put_batch(document("CANCELLED"))
    ran = here.run("wait", ID)
    assert ran.code == 5
    assert len(ran.complaints) == 1


@pytest.mark.slow
async def test_the_time_out_is_124_and_the_command_that_is_printed_waits_on(omics: Simulator, shell: Shell) -> None:
    omics.put_batch(document())
    options = ["--json", "--region", "us-west-2", "--endpoint-url", omics.endpoint_url, "--allow-http", "--verbose"]
    ran = await shell.run("wait", ID, "--timeout", "0s", *options)
    assert ran.code == 124
    command = ran.complaints[-1].removeprefix("Resume with: ")

    omics.put_batch(processed(completedRunCount=10))
    words = shlex.split(command)
    assert words[words.index("wait") :] == ["wait", ID, *options]  # a second single look would see no more
    assert (await shell.run(program=tuple(words))).code == 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
async def test_a_signal_stops_the_wait_and_says_that_the_batch_goes_on(
    omics: Simulator, shell: Shell, number: signal.Signals, code: int
) -> None:
    omics.put_batch(document())
    async with shell.started("wait", ID, "--timeout", "24h") as process:
        assert "INPROGRESS  ~30.0 %  3 completed, 7 running" in await line_of(process)
        process.send_signal(number)
        stdout, stderr = await process.communicate()
        assert process.returncode == code
    assert stdout == b""
    reported, resume = stderr.decode().splitlines()
    assert reported == (
        "omics-batch: the wait was stopped; batch 7123456 goes on (INPROGRESS, ~30.0 %, 3 completed, 7 running)"
    )
    assert resume.endswith("-m omics_batch.cli wait 7123456 --timeout 24h")


async def test_a_signal_may_come_before_anything_was_seen(omics: Simulator, measured_shell: Shell) -> None:
    omics.put_batch(document())
    omics.script(faults.unanswered())
    async with measured_shell.started("wait", ID, "--json", "-v") as process:
        await until(lambda: omics.requests)
        process.send_signal(signal.SIGINT)
        stdout, stderr = await process.communicate()
        assert process.returncode == 130
    end = json.loads(stdout)
    assert (end["batch"], end["outcome"], end["message"]) == (
        None,
        None,
        "the wait was stopped; batch 7123456 was not seen yet",
    )
    assert "Resume with: " in stderr.decode()


def test_a_refusal_is_1_and_no_trace(here: Here) -> None:
    ran = here.run("wait", "99")
    assert ran.code == 1
    (complaint,) = ran.complaints
    assert "ResourceNotFoundException" in complaint
    assert ran.stdout == ""


def test_json_lines_are_the_batch_as_the_service_shows_it_and_how_it_ended(here: Here) -> None:
    reported = processed(completedRunCount=9, failedRunCount=1) | {"name": "caf\u00e9 \x1b[31m", "news": {"Kept": 1}}
    here.omics.put_batch(reported)
    ran = here.run("wait", ID, "--json")
    update, end = [json.loads(line) for line in ran.lines]
    assert update == reported
    assert end == {
        "exitCode": 3,
        "outcome": "PARTIAL",
        "batchId": ID,
        "message": "Processed in 0:15:00: 9 of 10 runs completed, 1 failed.",
        "error": None,
        "resume": None,
        "batch": reported,
    }
    assert ran.code == 3
    assert ran.stdout.isascii()


def test_json_ends_with_the_error_too(here: Here) -> None:
    ran = here.run("wait", "99", "--json")
    end: dict[str, Any] = json.loads(ran.stdout)
    assert (end["exitCode"], end["error"], end["batch"], end["resume"]) == (1, "ResourceNotFoundError", None, None)
    assert end["message"] in ran.stderr


def test_failures_on_the_way_are_reported_only_where_somebody_asks(here: Here) -> None:
    here.omics.put_batch(processed(completedRunCount=10))
    here.omics.script(faults.status(408))
    assert here.run("wait", ID).stderr == ""
    here.omics.script(faults.status(408))
    ran = here.run("wait", ID, "--verbose")
    assert "omics-batch: GetBatch: RequestTimeoutException" in ran.stderr


async def test_a_reader_that_leaves_ends_it_quietly(omics: Simulator, measured_shell: Shell) -> None:
    omics.put_batch(processed(completedRunCount=10))
    command = f"{shlex.join([*PROGRAM, 'wait', ID, '--json'])} | true; exit ${{PIPESTATUS[0]}}"
    ran = await measured_shell.run("-c", command, program=("bash",))
    assert (ran.code, ran.stderr) == (141, "")  # as SIGPIPE has it
