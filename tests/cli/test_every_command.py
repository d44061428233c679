"""What holds for every command, those that are yet to come included: usage, failures, and what goes to a terminal."""

from __future__ import annotations

import io
import json
import math
import os
import re
import shlex
import signal
import sys
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest
import typer

import omics_batch
from omics_batch import OmicsBatchClient, PollPolicy, RetryPolicy
from omics_batch.cli import main
from omics_batch.cli._app import app
from omics_batch.cli._commands import COMMANDS
from omics_batch.testing import Life, faults
from tests.cli._support import ID, Here, document

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORDER: Final = [
    *("init", "start", "get", "list", "runs", "failed", "results", "resubmit"),
    *("wait", "watch", "cancel", "delete"),
    *("simulate", "demo"),
]

REQUEST: Final = {
    "batchName": "[red]x[/red] {} %s \u2028\u05d0\u0634 " + "\u6587" * 32,
    "defaultRunSetting": {
        "workflowId": "1234567",
        "roleArn": "arn:aws:iam::123456789012:role/OmicsRole",
        "outputUri": "s3://my-bucket/output/",
    },
    "batchRunSettings": {"inlineSettings": [{"runSettingId": "NA12878"}]},
}
"""As hostile as the service takes it."""

GROUP: Final[Any] = typer.main.get_command(app)
NAMES: Final = [name for name, command in GROUP.commands.items() if not command.hidden]
PARAMETERS: Final = {name: {part.name: part for part in GROUP.commands[name].params} for name in NAMES}

CONNECTED: Final = [name for name in NAMES if "endpoint_url" in PARAMETERS[name]]
"""The commands that talk to the service."""
OF_A_BATCH: Final = [name for name in NAMES if {"batch", "batches"} & PARAMETERS[name].keys()]
WITH_JSON: Final = [name for name in CONNECTED if "json" in PARAMETERS[name]]

EXAMPLES: Final = [example for examples in COMMANDS.values() for example in examples]

NEEDED: Final = {
    "batch": [ID],
    "batches": [ID],
    "file": ["trio.yaml"],
    "samples": ["samples.csv", "--force"],
    "yes": ["--yes"],
    "timeout": ["--timeout", "0"],
}
"""By parameter, what makes a command do its work here at once, and without a question."""

HOSTILE: Final = "[red]x[/red] \x1b]0;owned\x07\x1b[2J\x9b1m\r\n\u202e\u05d0\u0634\u2066 {} %s " + "\u6587" * 64


@pytest.fixture(autouse=True)
def _a_folder_with_a_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("trio.yaml", "cohort.yaml"):
        (tmp_path / name).write_text(json.dumps(REQUEST), encoding="utf-8")
    (tmp_path / "samples.csv").write_text("sample\nNA12878\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent again, and when, is the client's affair."""
    often = partial(
        OmicsBatchClient,
        poll=PollPolicy(initial=0.01, maximum=0.01),
        retry=RetryPolicy(max_attempts=1),
        max_rate=None,
    )
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", often)


def usual(name: str, *, but: frozenset[str] = frozenset()) -> list[str]:
    """Give a command line that works."""
    words = [word for part, given in NEEDED.items() if part in PARAMETERS[name] and part not in but for word in given]
    return [name, *words]


@pytest.fixture
def world(here: Here) -> Iterator[Here]:
    """A batch that was cancelled, with a run that failed and one that was not submitted."""
    life = Life(
        creating=0,
        pending=0,
        submission_rate=math.inf,
        run_pending=0,
        run_starting=0,
        run_length=0,
        stopping=0,
        deleting=0,
        failed_runs={HOSTILE: HOSTILE},
        failed_submissions={"not-submitted": (HOSTILE, HOSTILE)},
    )
    here.omics.start_batch(["HG00096", HOSTILE, "not-submitted"], name=HOSTILE, life=life)
    yield here
    here.omics.forget_script()


def test_the_commands_are_listed_in_the_order_of_their_use() -> None:
    assert NAMES == ORDER


def test_the_list_of_commands_is_cut_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    shown = capsys.readouterr().err
    assert "..." not in shown.partition("Commands:")[2]
    assert max(map(len, shown.splitlines())) <= 80


# Help


@pytest.mark.parametrize("name", NAMES)
def test_help_has_examples_and_fits_80_columns(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    shown = capsys.readouterr().out
    assert re.search(rf"\n  Examples:\n    omics-batch (?:.*\| omics-batch )?{name}\b", shown)
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("example", EXAMPLES)
def test_examples_are_taken_as_they_stand(example: str) -> None:
    """Whatever follows in the pipe is other programs' affair."""
    uses = [shlex.split(part) for part in re.split(r"[|>]|&&", example) if "omics-batch" in part]
    assert uses
    for _, name, *arguments in uses:
        GROUP.commands[name].make_context(name, arguments).close()


# Wrong usage


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_option_is_2_in_two_lines(here: Here, name: str) -> None:
    ran = here.run(*usual(name), "--bogus")
    assert (ran.code, ran.stdout) == (2, "")
    assert ran.complaints[0].startswith("omics-batch: No such option: --bogus")
    assert ran.complaints[1:] == [f"Try 'omics-batch {name} --help'."]
    assert not here.omics.requests


@pytest.mark.parametrize("name", [name for name in NAMES if any(part.required for part in PARAMETERS[name].values())])
def test_a_missing_argument_is_2_in_two_lines(here: Here, name: str) -> None:
    ran = here.run(name)
    assert (ran.code, ran.stdout, len(ran.complaints)) == (2, "", 2)
    assert ran.complaints[0].startswith("omics-batch: Missing argument")


@pytest.mark.parametrize("name", OF_A_BATCH)
@pytest.mark.parametrize("batch", ["seven", "1" * 19, "arn:aws:omics:us-west-2:123456789012:run/7123456"])
def test_what_cannot_be_a_batch_is_2_and_nothing_is_sent(here: Here, name: str, batch: str) -> None:
    ran = here.run(*[batch if word == ID else word for word in usual(name)])
    assert ran.code == 2
    assert 1 <= len(ran.complaints) <= 2
    assert not here.omics.requests


# Troubles


def test_there_are_commands_to_hold_to_all_this() -> None:
    assert len(CONNECTED) >= 9
    assert len(OF_A_BATCH) >= 7


@pytest.mark.parametrize("name", CONNECTED)
@pytest.mark.parametrize(
    ("variable", "reported"), [("AWS_DEFAULT_REGION", "no AWS region"), ("AWS_ACCESS_KEY_ID", "credentials")]
)
def test_without_configuration_it_is_1_and_says_what_is_missing(
    here_over_http: Here, monkeypatch: pytest.MonkeyPatch, name: str, variable: str, reported: str
) -> None:
    monkeypatch.delenv(variable)
    ran = here_over_http.run(*usual(name))
    assert ran.code == 1
    assert reported in ran.complaints[0]
    assert len(ran.complaints) <= 2
    assert not here_over_http.omics.requests


@pytest.mark.parametrize("name", OF_A_BATCH)
def test_an_unknown_batch_is_1_in_a_line(here: Here, name: str) -> None:
    ran = here.run(*usual(name))
    assert ran.code == 1
    (complaint,) = ran.complaints
    assert complaint.startswith("omics-batch: ")
    assert "ResourceNotFoundException" in complaint


@pytest.mark.parametrize("name", CONNECTED)
@pytest.mark.parametrize(
    ("fault", "reported"),
    [
        (faults.error("AccessDeniedException", 403, "Not for you\x1b[2J", faults.ANY, times=99), "AccessDenied"),
        (faults.throttled(faults.ANY, times=99), "Throttling"),
        (faults.html(502, faults.ANY, times=99), "502"),
    ],
    ids=["denied", "throttled", "html"],
)
def test_a_service_that_refuses_is_reported_in_a_line_or_two(
    world: Here, name: str, fault: faults.Fault, reported: str
) -> None:
    world.omics.script(fault)
    ran = world.run(*usual(name))
    assert ran.code in {1, 124}
    assert (ran.code == 1) or {"timeout"} <= PARAMETERS[name].keys()
    assert reported in ran.stderr or ran.code == 124
    assert 1 <= len(ran.complaints) <= 3
    assert "Traceback" not in ran.stderr
    assert ran.stderr.replace("\n", "").isprintable()


@pytest.mark.parametrize("name", CONNECTED)
def test_an_endpoint_that_nobody_listens_at_is_reported_in_a_line_or_two(here: Here, name: str) -> None:
    ran = here.run(*usual(name), "--endpoint-url", "http://127.0.0.1:9")
    assert ran.code in {1, 124}
    assert (ran.code == 1) or {"timeout"} <= PARAMETERS[name].keys()
    assert 1 <= len(ran.complaints) <= 3
    assert "127.0.0.1:9" in ran.stderr


@pytest.mark.parametrize("name", CONNECTED)
def test_ctrl_c_while_the_service_does_not_answer_is_130_without_a_trace(world: Here, name: str) -> None:
    world.omics.script(faults.unanswered(faults.ANY))

    def press() -> None:
        while not world.omics.requests:
            time.sleep(0.002)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    ran = world.run(*usual(name, but=frozenset({"timeout"})))
    thread.join()
    assert ran.code == 130
    assert "Traceback" not in ran.stderr
    assert len(ran.complaints) <= 2


# What is written


def outputs(world: Here, name: str) -> Iterator[tuple[str, str]]:
    """Run a command on a batch that is as hostile as the service allows, and on ones that are more so."""
    yield _said(world, name)
    for status in ("PROCESSED", "FAILED", "CANCELLED", "INPROGRESS", HOSTILE):
        settings = {"outputUri": HOSTILE, "workflowId": HOSTILE}
        world.omics.put_batch(
            document(status, name=HOSTILE, arn=HOSTILE, failureReason=HOSTILE, defaultRunSetting=settings)
        )
        yield _said(world, name)


def _said(world: Here, name: str) -> tuple[str, str]:
    ran = world.run(*usual(name))
    assert "defect" not in ran.stderr
    return ran.stdout, ran.stderr


@pytest.mark.parametrize("name", CONNECTED)
def test_strangers_text_acts_on_no_terminal(world: Here, name: str) -> None:
    for stdout, stderr in outputs(world, name):
        for line in (*stdout.splitlines(), *stderr.splitlines()):
            assert line.isprintable(), ascii(line)


@pytest.mark.parametrize("name", CONNECTED)
@pytest.mark.parametrize("variable", ["FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"])
def test_a_pipe_gets_no_colours(world: Here, monkeypatch: pytest.MonkeyPatch, name: str, variable: str) -> None:
    monkeypatch.setenv(variable, "1")
    assert "\x1b" not in "".join(_said(world, name))


@pytest.mark.parametrize("name", WITH_JSON)
def test_json_is_one_document_or_one_a_line(world: Here, name: str) -> None:
    ran = world.run(*usual(name), "--json")
    assert ran.stdout.isascii()
    try:
        assert json.loads(ran.stdout)
    except json.JSONDecodeError:
        assert [json.loads(line) for line in ran.lines]


@pytest.mark.parametrize("name", CONNECTED)
def test_a_terminal_that_knows_ascii_alone_is_no_reason_to_end(
    world: Here, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    written = io.BytesIO()
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, io.TextIOWrapper(written, encoding="ascii", write_through=True))
    code = main(usual(name))
    assert code in {0, 1, 3, 124}
    assert b"defect" not in written.getvalue()
    assert b"Unicode" not in written.getvalue()
