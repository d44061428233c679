"""The demo's parts: how it starts and ends, and what it says where something is not as scripted."""

from __future__ import annotations

import dataclasses
import io
import json
import re
import signal
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from omics_batch import Batch, FailedRun, FailureKind, ListScanRecovered, Party, RequestFailed, ThrottlingError
from omics_batch.cli import main
from omics_batch.cli._demo import runner
from omics_batch.cli._demo.check import Findings, deviations
from omics_batch.cli._demo.samples import FAILED_RUNS, LIFE, NOT_SUBMITTED, SAMPLES
from omics_batch.cli._demo.summary import retried, summary
from omics_batch.testing import ReceivedRequest
from tests.cli._support import Shell, line_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from omics_batch.cli._views.one_plain import View


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
@pytest.mark.slow
async def test_a_signal_ends_the_demo(shell: Shell, number: signal.Signals, code: int) -> None:
    async with shell.started("demo") as process:
        while not re.search("CREATING|PENDING|SUBMITTING", line := await line_of(process)):
            assert line, "the demo has ended"
        process.send_signal(number)
        _, stderr = await process.communicate()
        assert (process.returncode, stderr) == (code, b"")


FAILED = [
    FailedRun(run_setting_id=sample, kind=FailureKind.RUN, reason="RUN_TASK_FAILED", message=message)
    for sample, message in FAILED_RUNS.items()
]
REFUSED = [
    FailedRun(run_setting_id=sample, kind=FailureKind.SUBMISSION, reason=reason, message=message)
    for sample, (reason, message) in NOT_SUBMITTED.items()
]


def findings() -> Findings:
    runs = {"completedRunCount": 90, "failedRunCount": 4}
    starts = {"failedStartSubmissionCount": 2}
    batch = Batch.model_validate(
        {"id": "1", "status": "PROCESSED", "totalRuns": 96, "runSummary": runs, "submissionSummary": starts}
    )
    again = {"id": "2", "status": "PROCESSED", "totalRuns": 4, "runSummary": {"completedRunCount": 4}}
    return Findings(batch, [*FAILED, *REFUSED], 30, {429: 2, 408: 1}, Batch.model_validate(again))


def test_what_went_as_scripted_has_no_deviation() -> None:
    assert deviations(findings()) == []


@pytest.mark.parametrize(
    ("change", "reported"),
    [
        ({"failed": REFUSED}, "why runs failed: {}, where"),
        ({"failed": FAILED}, "why runs were not submitted: {}, where"),
        ({"errors": {429: 3}}, "errors answered: {429: 3}, where the script says {429: 2, 408: 1}"),
        ({"rerun": None}, "completed runs of the rerun: 0, where the script says 4"),
        ({"batch": Batch.model_validate({"id": "1", "status": "PROCESSED"})}, "completed runs: 0, where"),
    ],
)
def test_each_deviation_is_reported(change: dict[str, Any], reported: str) -> None:
    assert reported in deviations(dataclasses.replace(findings(), **change))[0]


def test_a_demo_that_did_not_go_as_scripted_is_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def otherwise(*_: object) -> Findings:
        return dataclasses.replace(findings(), failed=REFUSED)

    monkeypatch.setattr(runner, "run", otherwise)
    assert main(["demo"]) == 1
    shown = capsys.readouterr().out
    assert "Not as scripted: why runs failed: {}" in shown
    assert "All went as scripted" not in shown


def test_json_ends_with_a_line_that_says_how_it_went(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def run(view: View, _: float, __: object, show_again: Callable[[object, object], View]) -> Findings:
        view.show(findings().batch)
        show_again(None, None)  # says nothing among lines of JSON
        return findings()

    monkeypatch.setattr(runner, "run", run)
    assert main(["demo", "--json"]) == 0
    change, end = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert change == end["batch"]
    assert end["rerun"]["runSummary"] == {"completedRunCount": 4}
    assert (end["asScripted"], end["differences"], end["requests"], len(end["failed"])) == (True, [], 30, 6)


def test_the_summary_fits_a_narrow_terminal_and_acts_on_none() -> None:
    output = io.StringIO()
    message = "A message that does not fit beside the others."
    run = FailedRun(run_setting_id="[red]HG00096", kind=FailureKind.RUN, reason="REASON\x1b[31m", message=message)
    found = dataclasses.replace(findings(), failed=[run])
    Console(file=output, width=60, markup=False).print(summary(found, []))
    assert max(map(len, output.getvalue().splitlines())) <= 60
    assert "[red]HG00096  REASON [31m" in output.getvalue()
    assert "\x1b" not in output.getvalue()


def test_where_nothing_ran_again_the_summary_says_so() -> None:
    output = io.StringIO()
    Console(file=output, width=100).print(summary(dataclasses.replace(findings(), rerun=None), []))
    assert "None of them ran again." in output.getvalue()


def test_no_retried_errors_and_other_errors_are_reported_as_well() -> None:
    assert retried({}) == "none"
    assert retried({500: 1}) == "1 HTTP 500"


def test_the_errors_that_the_service_answered_with_are_counted() -> None:
    requests = [ReceivedRequest("GetBatch", "GET", "/runBatch/1", 0.0, status) for status in (200, 429, 429, None)]
    assert runner.errors_in(requests) == {429: 2}


def test_what_a_look_met_and_is_sent_again_is_reported() -> None:
    """Not what other calls met, nor what nothing follows."""
    failed = RequestFailed(
        time=0.0,
        operation="GetBatch",
        batch_id="1",
        attempt=1,
        error=ThrottlingError,
        fault=Party.SERVICE,
        message="ThrottlingException (HTTP 429): slow down.",
        code="ThrottlingException",
        status_code=429,
        request_id=None,
        delay=0.5,
    )
    assert runner.retried(failed) == "ThrottlingException (HTTP 429): slow down; attempt 2 in 0.50 s"
    assert runner.retried(dataclasses.replace(failed, operation="ListRuns")) is None
    assert runner.retried(dataclasses.replace(failed, delay=None)) is None
    assert runner.retried(ListScanRecovered(time=0.0)) is None


def test_the_samples_are_what_they_are_said_to_be() -> None:
    assert len(set(SAMPLES)) == 96
    assert {*FAILED_RUNS, *NOT_SUBMITTED} <= set(SAMPLES)
    assert LIFE.failed_submissions.keys() == NOT_SUBMITTED.keys()
