"""The programs under examples/ do on the local HealthOmics what they say they do."""

from __future__ import annotations

import csv
import json
import logging
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import boto3
import httpx2
import pytest

from examples import pipeline
from examples.service.app import create_app, follow
from omics_batch import Batch, PollPolicy, RetryPolicy
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
    with running(app) as url, httpx2.Client(base_url=url) as client:
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


OUR_TROUBLE: Final = "HealthOmics does not answer this service. Its log says why."

ANSWERS: Final = (
    ("abc", None, 422, "'abc' is no batch id: that is 1 to 18 digits, such as 7123456, or the batch's ARN"),
    (ID, None, 404, f"There is no batch {ID} in this account and region."),
    (ID, faults.status(403), 502, OUR_TROUBLE),
    (ID, faults.html(502), 502, OUR_TROUBLE),
    (ID, faults.throttled(), 503, OUR_TROUBLE),
    (ID, faults.unanswered(), 504, OUR_TROUBLE),
)


def test_the_service_tells_whose_fault_it_is(omics_simulator: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    """The caller learns what the caller can mend, and nothing of the service's own account."""
    with serving(omics_simulator, retry=RetryPolicy(max_attempts=1, attempt_timeout=0.1)) as service:
        for batch_id, fault, status, detail in ANSWERS:
            if fault is not None:
                omics_simulator.script(fault)
            answer = service.get(f"/batches/{batch_id}")
            assert (answer.status_code, answer.json()) == (status, {"status": status, "detail": detail})
    assert [record.levelname for record in caplog.records if record.name == "examples.service.app"] == ["WARNING"] * 4
    assert "AccessDeniedException (HTTP 403)" in caplog.text


def test_the_service_names_the_samples_that_failed(omics_simulator: Simulator, service: httpx2.Client) -> None:
    failed = {f"sample-{number}": "out of memory" for number in (1, 2, 3)}
    batch_id = omics_simulator.start_batch(5, life=Life(failed_runs=failed, run_length=0))
    with service.stream("GET", f"/batches/{batch_id}/events") as stream:
        assert list(events(stream.iter_lines()))[-1][0] == "end"
    runs = service.get(f"/batches/{batch_id}/failed-runs", params={"limit": 2}).json()
    assert [(run["run_setting_id"], run["message"]) for run in runs] == [*failed.items()][:2]


@pytest.mark.omics(time_scale=30)
def test_the_stream_tells_of_the_batch_until_its_end(omics_simulator: Simulator, service: httpx2.Client) -> None:
    """Each event stands for itself; what is told never goes backwards, and says while counts lag."""
    life = Life(run_length=(10, 60), failed_runs=2, failed_submissions={"sample-3": ("ValidationException", "no")})
    batch_id = omics_simulator.start_batch(20, name="cohort", life=life)
    with service.stream("GET", f"/batches/{batch_id}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told = list(events(stream.iter_lines()))
    names, looks = [name for name, _ in told], [look for _, look in told]
    assert names == ["progress"] * (len(told) - 1) + ["end"]
    assert len(told) >= 4
    for before, after in pairwise(looks):
        assert before["percent_submitted"] <= after["percent_submitted"]
        assert before["percent_complete"] <= after["percent_complete"]
        assert not before["counts_are_final"]
    assert looks[0]["seconds_left"] is None
    assert {
        "batch_id": batch_id,
        "name": "cohort",
        "status": "PROCESSED",
        "outcome": "PARTIAL",
        "total_runs": 20,
        "failed_runs": 3,
        "run_counts": {"completed": 17, "failed": 2, "not submitted": 1},
        "counts_are_final": True,
        "percent_submitted": 100.0,
        "percent_complete": 100.0,
        "seconds_left": 0.0,
    }.items() <= looks[-1].items()


def test_the_stream_tells_why_it_ends_early(service: httpx2.Client) -> None:
    with service.stream("GET", f"/batches/{ID}/events") as stream:
        assert list(events(stream.iter_lines())) == [
            ("trouble", {"status": 404, "detail": f"There is no batch {ID} in this account and region."})
        ]
    assert service.get("/batches/abc/events").status_code == 422


async def test_a_service_that_is_stopped_is_no_trouble_of_the_batch(omics_simulator: Simulator) -> None:
    """The stream ends, and the browser asks again: whoever listens then."""
    batch_id = omics_simulator.start_batch(5, life=Life(run_length=1_000_000))
    async with omics_simulator.client() as client:
        stream = follow(client.watch(batch_id))
        assert [(await anext(stream)).event for _ in range(2)] == [None, "progress"]
    assert [event.event async for event in stream if event.event != "progress"] == []


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
    """Nobody asks any more for a batch at which nobody looks."""
    batch_id = omics_simulator.start_batch(5, life=Life(run_length=1_000_000))
    ended = Ended()
    with caplog.at_level(logging.INFO, "omics_batch"), listening(ended):
        with service.stream("GET", f"/batches/{batch_id}/events") as stream:
            assert next(events(stream.iter_lines()))[0] == "progress"
            assert not ended.seen.is_set()
        assert ended.seen.wait(10)


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
    assert [service.get(place).status_code for place in places] == [200, 200, 200]
    assert not re.search(r"<script[^>]*>[^<]|<style|style=| on[a-z]+=|https?:", page.text)


# The pipeline ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cohort:
    """A folder with samples, for the pipeline to run on."""

    samples: Path
    captured: pytest.CaptureFixture[str]

    def run(self, *more: str) -> tuple[int, str, str]:
        words = [
            str(self.samples),
            "--workflow-id",
            "1234567",
            "--role-arn",
            "arn:aws:iam::123456789012:role/OmicsRole",
        ]
        code = pipeline.main([*words, "--output-uri", "s3://my-bucket/output/", *more])
        said, complaints = self.captured.readouterr()
        return code, said, complaints

    @property
    def failed(self) -> list[list[str]]:
        with self.samples.with_suffix(".failed.tsv").open(newline="", encoding="utf-8") as table:
            return sorted(csv.reader(table, dialect="excel-tab"))


@pytest.fixture
def trio(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], omics_simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> Cohort:
    for name, value in omics_simulator.environment.items():
        monkeypatch.setenv(name, value)
    samples = tmp_path / "trio.txt"
    samples.write_text("NA12878\nNA12891\n\nNA12892\n", encoding="utf-8")
    return Cohort(samples, capsys)


at_once = pytest.mark.omics(time_scale=1_000_000)
"""A batch that is over at the first look: the next one of a client with a real clock comes after five seconds."""


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


@pytest.mark.omics(time_scale=1)
def test_a_time_out_leaves_the_batch_for_the_next_run(trio: Cohort) -> None:
    for _ in range(2):
        code, said, complaints = trio.run("--hours", "0")
        assert (code, said) == (124, f"batch {ID} CREATING: 0.0 %\n")
        assert "The batch goes on" in complaints


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
