"""The command line reads events and advice: whatever the library's messages say, it does and advises the same."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest

import omics_batch
from omics_batch import Event, OmicsBatchClient, OmicsBatchError, PollPolicy, RetryPolicy, WaitTimeoutError, _advice
from omics_batch._emitter import EventEmitter
from omics_batch.cli import _advice as words
from omics_batch.cli._views.retried_errors import Notices
from omics_batch.testing import faults
from tests.cli._support import ID, Here, document, processed
from tests.cli.test_start import AGAIN, TRIO

if TYPE_CHECKING:
    from pathlib import Path

    from omics_batch.testing import Fault, Simulator

NOISE: Final = "qxzv {} %s"
REQUEST: Final = "trio.yaml"
START: Final = "StartRunBatch"

ADVICE: Final = [
    piece for text in words._WORDS.values() for piece in re.split(r"\{\w+\}", text) if len(piece) > len("The batch ")
]
"""What the command line advises, but for the values in it."""


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / REQUEST).write_text(TRIO, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    often = partial(
        OmicsBatchClient,
        poll=PollPolicy(initial=0.01, maximum=0.01),
        retry=RetryPolicy(max_attempts=2, base=0, throttling_base=0),
        max_rate=None,
    )
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", often)


def make_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace every message of the library."""

    def noise(*_: object) -> str:
        return NOISE

    publish = EventEmitter.publish

    def published(emitter: EventEmitter, event: Event) -> None:
        has_message = "message" in {field.name for field in fields(event)}
        more: dict[str, Any] = {"message": NOISE} if has_message else {}
        publish(emitter, replace(event, **more))

    kinds = [getattr(omics_batch, name) for name in omics_batch.__all__]
    for kind in kinds:
        if isinstance(kind, type) and issubclass(kind, Event):
            monkeypatch.setattr(kind, "__str__", noise)
    monkeypatch.setattr(EventEmitter, "publish", published)
    monkeypatch.setattr(OmicsBatchError, "__str__", noise)
    monkeypatch.setattr(OmicsBatchError, "problem", property(noise))
    monkeypatch.setattr(_advice, "_WORDS", dict.fromkeys(_advice._WORDS, NOISE.replace("{}", "{{}}")))


DELETED: Final = document("RUNS_DELETED")
CASES: Final[list[tuple[dict[str, Any], list[Fault], list[str]]]] = [
    (document("FAILED", failureReason="no such role"), [], ["wait", ID, "--json"]),
    (document("CANCELLED"), [], ["wait", ID, "--json"]),
    (document("CANCELLED", totalRuns=1, runSummary={"cancelledRunCount": 1}), [], ["wait", ID]),
    (processed(failedRunCount=1, completedRunCount=9), [], ["wait", ID]),
    (document(), [], ["wait", ID, "--timeout", "0.25s", "--json"]),
    (document(), [], ["wait", ID, "7123457", "--timeout", "0.25s", "--json"]),
    (document(), [faults.error("AccessDeniedException", 403)], ["wait", ID]),
    (document(), [faults.error("ThrottlingException", 429, times=2)], ["get", ID]),
    (document(), [faults.status(500, times=2)], ["get", ID]),
    (document(), [faults.html(403, times=2)], ["get", ID]),
    (document(), [faults.redirected(307, "https://portal.example.org/")], ["get", ID]),
    (document(), [faults.expired_token()], ["get", ID]),
    (document(), [], ["get", "7123457"]),
    (document("CREATING"), [], ["cancel", ID, "--yes", "--timeout", "0.25s", "--json"]),
    (document("STOPPING"), [], ["cancel", ID, "--yes", "--timeout", "0.25s", "--json"]),
    (document(), [faults.error("AccessDeniedException", 403, operation="CancelRunBatch")], ["cancel", ID, "--yes"]),
    (
        document(),
        [faults.error("ConflictException", 409, operation="CancelRunBatch")],
        ["cancel", ID, "--yes", "--no-wait"],
    ),
    (document("RUNS_DELETING"), [], ["delete", ID, "--yes", "--timeout", "0.25s", "--json"]),
    (DELETED, [faults.error("AccessDeniedException", 403, operation="DeleteBatch")], ["delete", ID, "--yes"]),
    (document("RUNS_DELETE_FAILED"), [], ["delete", ID, "--yes"]),
    (document(), [], ["start", REQUEST]),
    (document(), [faults.status(500, START, times=2)], ["start", REQUEST]),
    (document(), [faults.throttled(START, times=2)], ["start", REQUEST, "--json"]),
    (document(), [faults.error("AccessDeniedException", 403, operation=START)], ["start", REQUEST]),
    (document(), [faults.error("ConflictException", 409, operation=START)], ["start", REQUEST]),
    (document(), [faults.error("ServiceQuotaExceededException", 402, operation=START)], ["start", REQUEST]),
]


def run(here: Here, batch: dict[str, Any], met: list[Fault], arguments: list[str]) -> tuple[int, list[str], list[Any]]:
    """Return what does not depend on messages: the exit code, the advice, the facts for programs, what to type next."""
    here.omics.put_batch(batch)
    here.omics.script(*met)
    ran = here.run(*arguments)
    here.omics.forget_script()
    said = ran.stdout + ran.stderr
    resumed = [line for line in ran.complaints if line.startswith(("Resume with: ", AGAIN))]
    documents = [json.loads(line) for line in ran.lines] if "--json" in arguments and arguments[0] == "wait" else []
    ends = [(end.get("exitCode"), end.get("error"), end.get("resume"), end.get("outcomes")) for end in documents]
    return ran.code, [piece for piece in ADVICE if piece in said], [*resumed, *sorted(ends, key=repr)]


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("batch", "met", "arguments"), CASES, ids=lambda part: None)
def test_noise_in_every_message_changes_nothing(
    here: Here, monkeypatch: pytest.MonkeyPatch, batch: dict[str, Any], met: list[Fault], arguments: list[str]
) -> None:
    plain = run(here, batch, met, arguments)
    make_noise(monkeypatch)
    assert run(here, batch, met, arguments) == plain
    assert str(WaitTimeoutError("what")) == NOISE


def test_the_cases_meet_every_kind_of_ending() -> None:
    """Else they would prove little."""
    assert {arguments[0] for _, _, arguments in CASES} == {"wait", "get", "cancel", "delete", "start"}
    assert len(ADVICE) > len(words._WORDS) / 2


@pytest.mark.usefixtures("short_waits")
async def test_noise_changes_no_count_of_retried_errors(omics: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    make_noise(monkeypatch)
    omics.script(faults.throttled(times=2), faults.status(500, times=3))
    notices, often = Notices(), PollPolicy(initial=0.01, maximum=0.01)
    async with omics.client(
        retry=RetryPolicy(base=0, throttling_base=0), poll=often, max_rate=None, on_event=notices
    ) as client:
        omics.put_batch(processed(completedRunCount=10))
        await client.wait_until_processed(ID)
    assert re.fullmatch(r"Errors retried: 3 with a server error, 2 throttled; last: [0-9:]{8} qxzv .*", notices.words())


def test_noise_changes_nothing_in_the_demo(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    make_noise(monkeypatch)
    ran = here.run("demo", "--speed", "16")
    assert ran.code == 0, ran.stdout
    assert sorted(re.findall(r"qxzv .*; attempt (\d) in", ran.stdout)) == ["2", "2", "3"]
    assert "All went as scripted" in ran.stdout
