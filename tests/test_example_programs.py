"""The programs under examples/ do on the local HealthOmics what they say they do."""

from __future__ import annotations

import asyncio
import csv
import json
import logging
import math
import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import boto3
import httpx2
import pytest

from examples import pipeline
from examples.service.app import FailedRuns, create_app
from omics_batch import AccessDeniedError, Batch, PollPolicy, Progress, RetryPolicy
from omics_batch.testing import Life, Simulator, faults
from tests.service import running

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

QUICKLY: Final = PollPolicy(initial=2.0, maximum=2.0)
ID: Final = "7123456"


# The service -------------------------------------------------------------------------------------------------------


@contextmanager
def serving(omics: Simulator, **settings: Any) -> Generator[httpx2.Client]:
    """The example service before a simulator, with a client that asks it."""
    app = create_app(lambda: omics.client(poll=QUICKLY, **settings))
    with running(app) as url, httpx2.Client(base_url=url, verify=False) as client:
        yield client


@pytest.fixture
def service(omics_simulator: Simulator) -> Iterator[httpx2.Client]:
    with serving(omics_simulator) as client:
        yield client


def events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Read server-sent events as a browser does: their names, and their data."""
    name = "message"
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield name, json.loads(value)


def test_the_service_answers_with_the_batch_in_the_services_own_names(
    service: httpx2.Client, omics_simulator: Simulator
) -> None:
    batch_id = omics_simulator.start_batch(["NA12878"], name="trio")
    answer = service.get(f"/batches/{batch_id}")
    assert (answer.status_code, answer.json()["name"], answer.json()["id"]) == (200, "trio", batch_id)
    assert Batch.model_validate(answer.json()).total_runs in {1, None}


def test_the_service_answers_with_what_follows_from_the_counts_too(
    service: httpx2.Client, omics_simulator: Simulator
) -> None:
    """In the same spelling, and with nothing that HealthOmics left out."""
    reported = document("PROCESSED", completedRunCount=17, failedRunCount=2)
    times = {"creationTime": "2025-03-15T10:00:00Z", "processedTime": "2025-03-15T11:30:00Z"}
    omics_simulator.put_batch(reported | times)
    answer = service.get(f"/batches/{ID}").json()
    derived = {"outcome": "PARTIAL", "percentComplete": 100.0, "duration": "PT1H30M"}
    assert {name: answer[name] for name in derived} == derived
    assert answer.keys() == reported.keys() | times.keys() | derived.keys()
    schemas = service.get("/openapi.json").json()["components"]["schemas"]
    assert derived.keys() < schemas["BatchAnswer"]["properties"].keys()
    assert schemas["BatchAnswer"]["required"] == ["id", "status", *derived]


OUR_FAILURES: Final = "The service could not get this from HealthOmics. Its log says why."
NO_ID: Final = "A batch is named by 1 to 18 digits, such as 7123456."

ANSWERS: Final = (
    ("abc", None, 422, NO_ID),
    (ID, None, 404, f"There is no batch {ID} in this account and region."),
    (ID, faults.error("AccessDeniedException", 403), 500, OUR_FAILURES),
    (ID, faults.html(502), 502, OUR_FAILURES),
    (ID, faults.throttled(), 503, OUR_FAILURES),
)


def test_the_service_shows_whose_fault_it_is(omics_simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    """The caller learns what the caller can fix, and nothing of the service's own account."""
    with serving(omics_simulator, retry=RetryPolicy(max_attempts=1, attempt_timeout=60_000)) as service:
        for batch_id, fault, status, detail in ANSWERS:
            if fault is not None:
                omics_simulator.script(fault)
            answer = service.get(f"/batches/{batch_id}")
            assert (answer.status_code, answer.json()) == (status, {"status": status, "detail": detail})
    omics_simulator.script(faults.unanswered())
    with serving(omics_simulator, retry=RetryPolicy(max_attempts=1, attempt_timeout=0.5)) as service:
        answer = service.get(f"/batches/{ID}")
        assert (answer.status_code, answer.json()) == (504, {"status": 504, "detail": OUR_FAILURES})
    omics_simulator.forget_script()
    assert [record.levelname for record in caplog.records if record.name == "examples.service.app"] == ["WARNING"] * 4
    assert "AccessDeniedException (HTTP 403)" in caplog.text


def ended_batch(omics: Simulator, service: httpx2.Client, life: Life) -> str:
    """Place a batch of 105 runs, and wait until it has ended."""
    batch_id = omics.start_batch(105, life=life)
    with service.stream("GET", f"/batches/{batch_id}/events") as stream:
        assert list(events(stream.iter_lines()))[-1][0] == "end"
    return batch_id


def test_the_service_names_the_samples_that_failed(omics_simulator: Simulator, service: httpx2.Client) -> None:
    """The first hundred, once for all who ask: the calls of one."""
    failed = {f"sample-{number}": "out of memory" for number in range(1, 104)}
    batch_id = ended_batch(
        omics_simulator, service, Life(failed_runs=failed, run_length=0, creating=0, submission_rate=math.inf)
    )
    runs = service.get(f"/batches/{batch_id}/failed-runs").json()
    assert [(run["runSettingId"], run["message"]) for run in runs] == [*failed.items()][:100]
    asked = len(omics_simulator.requests)
    assert service.get(f"/batches/{batch_id}/failed-runs").json() == runs
    assert len(omics_simulator.requests) == asked


async def test_pages_that_ask_at_once_share_one_list(omics_simulator: Simulator) -> None:
    """A reader that leaves changes nothing for the others. A list from before the end, or a failed one, is not kept."""
    life = Life(failed_runs={"sample-1": "out of memory"}, run_length=1_000_000)
    batch_id = omics_simulator.start_batch(3, life=life)
    async with omics_simulator.client() as client:
        lists = FailedRuns(client)
        leaving, *staying = [asyncio.create_task(lists.of(batch_id)) for _ in range(5)]
        await asyncio.sleep(0)
        leaving.cancel()
        assert await asyncio.gather(*staying) == [[], [], [], []]
        assert leaving.cancelled()
        asked = omics_simulator.requests_of("GetBatch")
        await lists.of(batch_id)
        assert omics_simulator.requests_of("GetBatch") == 2 * asked
        omics_simulator.script(faults.status(403))
        with pytest.raises(AccessDeniedError):
            await lists.of(batch_id)
        assert await lists.of(batch_id) == []


def document(status: str = "INPROGRESS", **counts: int) -> dict[str, Any]:
    """A batch of 20 runs, one of them not submitted, as GetBatch shows it."""
    submitted = {"successfulStartSubmissionCount": 19, "failedStartSubmissionCount": 1}
    named = {"id": ID, "name": "cohort", "status": status, "totalRuns": 20}
    return named | {"submissionSummary": submitted, "runSummary": counts}


REPORTED: Final = (
    document(runningRunCount=19),
    document(completedRunCount=9, runningRunCount=10),
    document(completedRunCount=7, runningRunCount=12),
    document("PROCESSED", completedRunCount=17, failedRunCount=2),
)
"""What GetBatch shows in turn: once its counts fall."""


def test_the_stream_reports_the_batch_until_its_end(omics_simulator: Simulator, service: httpx2.Client) -> None:
    """Each event stands for itself; what is reported never goes backwards, and says while counts lag."""
    reported: list[tuple[str, dict[str, Any]]] = []
    to_come = iter(REPORTED)
    omics_simulator.put_batch(next(to_come))
    with service.stream("GET", f"/batches/{ID}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for event in events(stream.iter_lines()):
            reported.append(event)
            omics_simulator.put_batch(next(to_come, REPORTED[-1]))
    names, looks = [name for name, _ in reported], [look for _, look in reported]
    assert names == ["progress", "progress", "progress", "end"]
    assert [look["percentComplete"] for look in looks] == [5.0, 50.0, 50.0, 100.0]
    assert [look["runCounts"].get("completed") for look in looks] == [None, 9, 7, 17]
    assert [look["countsAreFinal"] for look in looks] == [False, False, False, True]
    assert looks[0]["secondsLeft"] is None
    assert {
        "batchId": ID,
        "name": "cohort",
        "status": "PROCESSED",
        "outcome": "PARTIAL",
        "totalRuns": 20,
        "failedRuns": 3,
        "runCounts": {"completed": 17, "failed": 2, "not submitted": 1},
        "percentSubmitted": 100.0,
        "secondsLeft": 0.0,
    }.items() <= looks[-1].items()


def test_the_stream_shows_why_it_ends_early(service: httpx2.Client) -> None:
    with service.stream("GET", f"/batches/{ID}/events") as stream:
        assert list(events(stream.iter_lines())) == [
            ("trouble", {"status": 404, "detail": f"There is no batch {ID} in this account and region."})
        ]
    assert service.get("/batches/abc/events").status_code == 422


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_service_that_is_asked_to_stop_ends_its_streams_and_stops(
    omics_simulator: Simulator, number: signal.Signals
) -> None:
    """Under uvicorn itself: it is no failure of the batch, and the browser asks again, whoever listens then."""
    batch_id = omics_simulator.start_batch(5, life=Life(run_length=1_000_000_000))
    program = [sys.executable, "-m", "uvicorn", "--app-dir", "examples/service", "app:app", "--port", "0"]
    environment = {**os.environ, **omics_simulator.environment}
    with subprocess.Popen(program, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        came_up = (re.search(r"running on (\S+)", line) for line in process.stderr)
        url = next(found[1] for found in came_up if found)
        with httpx2.stream("GET", f"{url}/batches/{batch_id}/events", timeout=50, verify=False) as stream:
            reported = events(stream.iter_lines())
            assert next(reported)[0] == "progress"
            process.send_signal(number)
            assert [name for name, _ in reported if name != "progress"] == []
        _, log = process.communicate(timeout=50)
    assert "Application shutdown complete." in log
    assert "ERROR" not in log


class Ended(logging.Handler):
    """Sees the line that the library logs when a wait has ended."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        if "a wait ended" in record.getMessage():
            self.seen.set()


def test_a_browser_that_leaves_ends_the_watching(
    omics_simulator: Simulator, service: httpx2.Client, caplog: pytest.LogCaptureFixture
) -> None:
    """A batch without readers is not requested any more."""
    batch_id = omics_simulator.start_batch(5, life=Life(run_length=1_000_000))
    ended = Ended()
    with caplog.at_level(logging.INFO, "omics_batch"), listening(ended):
        with service.stream("GET", f"/batches/{batch_id}/events") as stream:
            reported = events(stream.iter_lines())  # kept: the stream is closed with it
            assert next(reported)[0] == "progress"
            assert not ended.seen.is_set()
        assert ended.seen.wait(50)


@contextmanager
def listening(handler: logging.Handler) -> Generator[None]:
    log = logging.getLogger("omics_batch")
    log.addHandler(handler)
    yield
    log.removeHandler(handler)


def test_the_page_runs_no_script_but_its_own(service: httpx2.Client) -> None:
    page = service.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "unsafe" not in policy
    places = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert len(places) == 3
    for answer in [page, *map(service.get, places)]:
        assert (answer.status_code, answer.headers["x-content-type-options"]) == (200, "nosniff")
    assert not re.search(r"<script[^>]*>[^<]|<style|style=| on[a-z]+=|https?:", page.text)


# The pipeline ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cohort:
    """A folder with samples, for the pipeline to run on."""

    samples: Path
    captured: pytest.CaptureFixture[str]

    def words(self, *more: str) -> list[str]:
        """The command line; of an option that is given twice the last counts."""
        where = ["--role-arn", "arn:aws:iam::123456789012:role/OmicsRole", "--output-uri", "s3://my-bucket/output/"]
        return [str(self.samples), "--workflow-id", "1234567", *where, *more]

    def run(self, *more: str) -> tuple[int, str, str]:
        code = pipeline.main(self.words(*more))
        said, complaints = self.captured.readouterr()
        return code, said, complaints

    @property
    def failed(self) -> list[list[str]]:
        with self.samples.with_suffix(".failed.tsv").open(newline="", encoding="utf-8") as table:
            return sorted(csv.reader(table, dialect="excel-tab"))


@pytest.fixture
def trio(tmp_path: Path, capsys: pytest.CaptureFixture[str], omics_simulator: Simulator, short_waits: None) -> Cohort:
    samples = tmp_path / "trio.txt"
    samples.write_text("NA12878\nNA12891\n\nNA12892\n", encoding="utf-8")
    return Cohort(samples, capsys)


at_once = pytest.mark.omics(time_scale=1_000_000_000)
"""A batch that is over at the first look: the next one of a client with a real clock comes later."""


@at_once
def test_a_cohort_that_succeeds(trio: Cohort) -> None:
    code, said, complaints = trio.run()
    assert (code, complaints) == (0, "")
    assert said == f"batch {ID} PROCESSED: 100.0 %\n"
    assert trio.failed == [["sample", "kind", "reason", "message"]]


@at_once
@pytest.mark.omics(
    life=Life(
        failed_runs={"NA12891": "the aligner\tran out of memory"},
        failed_submissions={"NA12892": ("ValidationException", "the input\ndoes not exist")},
    )
)
def test_samples_that_fail_are_listed_in_a_table(trio: Cohort) -> None:
    code, _, _ = trio.run()
    assert code == 3
    assert trio.failed[:2] == [
        ["NA12891", "RUN", "RUN_TASK_FAILED", "the aligner\tran out of memory"],
        ["NA12892", "SUBMISSION", "ValidationException", "the input\ndoes not exist"],
    ]


@at_once
@pytest.mark.omics(faults=[faults.truncated("StartRunBatch", times=3)])
def test_a_crash_between_the_start_and_the_wait_costs_no_second_batch(trio: Cohort, omics_simulator: Simulator) -> None:
    """The service started the batch, and its answer never came: run again, the pipeline goes on with that batch."""
    code, said, complaints = trio.run()
    assert (code, said) == (1, "")
    assert "StartRunBatch" in complaints
    assert trio.run()[:2] == (0, f"batch {ID} PROCESSED: 100.0 %\n")
    assert omics_simulator.requests_of("StartRunBatch") == 4
    assert [batch["id"] for batch in boto3.client("omics").list_batch()["items"]] == [ID]


under_way = pytest.mark.omics(time_scale=1, life=Life(creating=1_000_000))
"""A batch that is CREATING however slow the machine is."""


@under_way
def test_a_time_out_leaves_the_batch_for_the_next_run(trio: Cohort) -> None:
    for _ in range(2):
        code, said, complaints = trio.run("--hours", "0")
        assert (code, said) == (124, f"batch {ID} CREATING: 0.0 %\n")
        assert "The batch goes on" in complaints


@at_once
@pytest.mark.omics(faults=[faults.body(b'{"id": "7123456", "status": "PROCESSED"}', times=2)])
def test_counts_that_show_nothing_are_no_success_and_name_no_sample(trio: Cohort) -> None:
    code, said, complaints = trio.run()
    assert (code, said) == (1, f"batch {ID} PROCESSED: 100.0 %\n")
    assert complaints == f"The counts of batch {ID} do not show how its samples ended: look again.\n"


@at_once
@pytest.mark.omics(life=Life(failure_reason="the role cannot be assumed"))
def test_a_batch_that_fails_itself(trio: Cohort) -> None:
    code, _, complaints = trio.run()
    assert code == 4
    assert "the role cannot be assumed" in complaints


@at_once
@pytest.mark.omics(life=Life(cancelled_after=1))
def test_a_batch_that_somebody_cancelled(trio: Cohort) -> None:
    assert trio.run()[0] == 5


@at_once
@pytest.mark.omics(life=Life(failure_reason="so that there is no run to list"))
def test_other_samples_are_no_reason_to_go_on_with_a_batch(trio: Cohort, omics_simulator: Simulator) -> None:
    trio.run()
    trio.samples.write_text("NA12878\n", encoding="utf-8")
    code, _, complaints = trio.run()
    assert code == 1
    assert "trio.request.json is about another batch: remove it to start a new one" in complaints
    assert omics_simulator.requests_of("StartRunBatch") == 1
    trio.samples.with_suffix(".request.json").unlink()
    assert trio.run()[0] == 4
    assert omics_simulator.requests_of("StartRunBatch") == 2


def test_two_starts_at_once_are_one_batch(trio: Cohort) -> None:
    """They go on with the same request, and leave nothing else behind."""
    starts = threading.Barrier(8)

    def start(arguments: pipeline.Arguments) -> str:
        starts.wait()
        return pipeline.kept_request(arguments).request_id

    with ThreadPoolExecutor(starts.parties) as pool:
        ids = set(pool.map(start, [pipeline.parsed(trio.words())] * starts.parties))
    assert len(ids) == 1
    kept = trio.samples.with_suffix(".request.json")
    assert json.loads(kept.read_text(encoding="utf-8"))["request_id"] in ids
    assert sorted(trio.samples.parent.iterdir()) == [kept, trio.samples]


def test_the_request_is_on_the_disk_before_it_has_its_name(trio: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut leaves the whole of it, or nothing of it; then its name is on the disk, too."""
    path = trio.samples.with_suffix(".request.json")
    fsync, had_its_name = os.fsync, list[bool]()

    def seen(file: int) -> None:
        assert os.fstat(file).st_size > 0
        had_its_name.append(path.exists())
        fsync(file)

    monkeypatch.setattr(os, "fsync", seen)
    pipeline.kept_request(pipeline.parsed(trio.words()))
    assert had_its_name == [False, True]


@pytest.mark.parametrize(
    ("samples", "more", "complaint"),
    [
        ("", (), "{path} names 0 samples, and this takes 1 to 100: more go through a file in S3"),
        ("\n".join(map(str, range(101))), (), "{path} names 101 samples, and this takes 1 to 100: more go through"),
        ("a\na", (), "Value error, a runSettingId is unique in its batch, and these are not: a"),
        ("a", ("--workflow-id", "cohort"), "workflow_id: String should match pattern '^[0-9]+$'"),
    ],
    ids=["none", "too many", "twice", "no workflow"],
)
def test_what_cannot_be_right_is_said_before_anything_is_sent(
    trio: Cohort, omics_simulator: Simulator, samples: str, more: tuple[str, ...], complaint: str
) -> None:
    trio.samples.write_text(samples, encoding="utf-8")
    code, said, complaints = trio.run(*more)
    assert (code, said, len(complaints.splitlines())) == (1, "", 1)
    assert complaints.startswith(complaint.format(path=trio.samples))
    assert len(omics_simulator.requests) == 0


@pytest.mark.parametrize("hours", ["nan", "inf", "-1", "1e300", "two"])
def test_hours_that_are_none(trio: Cohort, hours: str) -> None:
    with pytest.raises(SystemExit) as ended:
        trio.run(f"--hours={hours}")
    assert ended.value.code == 2
    assert f"invalid hours value: '{hours}'" in trio.captured.readouterr().err


def test_samples_from_a_program_that_writes_a_byte_order_mark(trio: Cohort) -> None:
    trio.samples.write_text("NA12878\r\n", encoding="utf-8-sig")
    request = pipeline.kept_request(pipeline.parsed(trio.words()))
    assert [setting.run_setting_id for setting in request.batch_run_settings.inline_settings or ()] == ["NA12878"]


@at_once
def test_a_table_that_cannot_be_written_is_an_error(trio: Cohort) -> None:
    trio.samples.with_suffix(".failed.tsv").mkdir()
    code, _, complaints = trio.run()
    assert (code, len(complaints.splitlines())) == (1, 1)
    assert "trio.failed.tsv" in complaints


@under_way
def test_ctrl_c_leaves_the_batch_for_the_next_run(trio: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pipeline waits when it comes: it has reported its first look."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    see = Progress.see

    def see_and_interrupt(progress: Progress, batch: Batch) -> None:
        see(progress, batch)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Progress, "see", see_and_interrupt)
    try:
        code, said, complaints = trio.run()
    finally:
        signal.signal(signal.SIGINT, before)
    assert (code, said) == (130, f"batch {ID} CREATING: 0.0 %\n")
    assert complaints == "Stopped. A batch that was started goes on: run this again to wait for it.\n"
