"""`omics-batch list` and `omics-batch runs`: page by page, for people, for pipes and for programs."""

from __future__ import annotations

import asyncio
import json
import math
import shlex
import signal
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

import omics_batch
from omics_batch import ClientClosedError, OmicsBatchClient
from omics_batch.cli import _program_name
from omics_batch.cli._connection import ConnectionOptions
from omics_batch.testing import Life, faults
from tests.cli._support import REGION, Here, Shell, line_of, printed
from tests.events import asked
from tests.forked import PROGRAM
from tests.terminal import on_a_terminal

if TYPE_CHECKING:
    from omics_batch.testing import Simulator

AT_ONCE: Final = Life(creating=0, pending=0, submission_rate=math.inf, run_pending=0, run_starting=0, run_length=0)
DENIED: Final = Life(
    creating=0,
    pending=0,
    submission_rate=math.inf,
    failed_submissions={"NA12891": ("AccessDeniedException", "The role may not read [red]NA12891.cram[/red]\x1b[31m.")},
)
HOSTILE: Final = ("[red]x[/red]", "\x1b[2J\x1b[31m", "日本語" * 21 + "日", "שלום 123 עולם", "\u202egnp.exe")


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """How fast a client sends is shown elsewhere."""
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", partial(OmicsBatchClient, max_rate=None))


# list


def test_batches_are_listed_with_their_names_last(here: Here) -> None:
    here.omics.start_batch(96, name="genomics cohort", life=AT_ONCE)
    here.omics.start_batch(3)
    ran = here.run("list")
    assert (ran.code, ran.stderr) == (0, "")
    titles, *rows = ran.lines
    assert titles == "ID       STATUS     RUNS  CREATED               NAME"
    assert [(row[:26], row[48:]) for row in rows] == [
        ("7123457  CREATING      -  ", "-"),
        ("7123456  PROCESSED    96  ", "genomics cohort"),
    ]


def test_batches_are_listed_for_programs(here: Here) -> None:
    here.omics.start_batch(96, name="caf\u00e9 \x1b[31m", life=AT_ONCE)
    here.omics.start_batch(3, life=Life(creating=3600))
    ran = here.run("list", "--json")
    first, second = [json.loads(line) for line in ran.lines]
    assert (first["id"], first["status"]) == ("7123457", "CREATING")
    assert (second["id"], second["totalRuns"], second["name"]) == ("7123456", 96, "caf\u00e9 \x1b[31m")
    assert ran.stdout.isascii()
    assert here.run("list", "--ids").lines == ["7123457", "7123456"]


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        (["--status", "PROCESSED"], ["7123456"]),
        (["--status", "pending"], ["7123457"]),
        (["--name", "cohort"], ["7123456"]),
        (["--run-group", "42"], []),
        (["--limit", "1"], ["7123457"]),
    ],
)
def test_batches_are_filtered(here: Here, filters: list[str], ids: list[str]) -> None:
    here.omics.start_batch(1, name="cohort", life=AT_ONCE)
    here.omics.start_batch(1, life=Life(creating=0, pending=86400))
    assert here.run("list", "--ids", *filters).lines == ids


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["list", "--status", "FAILED", "--name", "x"], "by one thing at a time, not by --status and --name."),
        (["runs", "1", "--run-id", "1", "--run-setting-id", "x"], "not by --run-setting-id and --run-id."),
        (["list", "--ids", "--json"], "--ids and --json are two ways to write: give one."),
        (["list", "--limit", "0"], "Invalid value for '--limit'"),
        (["list", "--status", "WAITING"], "'--status': 'WAITING' is not known: it is one of CREATING, "),
        (["list", "--name", ""], "'--name': should be 1 to 64 characters, without tabs"),
        (["list", "--run-group", "all"], "'--run-group': 'all' is not 1 to 18 digits"),
        (["runs", "1", "--submission-status", "MAYBE"], "'MAYBE' is not known: it is one of SUCCESS, "),
    ],
)
def test_what_cannot_be_asked_for_is_wrong_usage(here: Here, arguments: list[str], complaint: str) -> None:
    ran = here.run(*arguments)
    assert (ran.code, ran.stdout) == (2, "")
    assert complaint in ran.complaints[0]
    assert not here.omics.requests


@pytest.mark.parametrize("how", [[], ["--json"], ["--ids"]])
def test_an_empty_list_is_no_error_and_leaves_a_pipe_empty(here: Here, how: list[str]) -> None:
    ran = here.run("list", *how)
    assert (ran.code, ran.stdout, ran.stderr) == (0, "", "omics-batch: no batch is listed\n")
    assert here.run("list", "--status", "FAILED", *how).stderr == "omics-batch: no such batch is listed\n"


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("number", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_thousands_of_batches_are_listed_whole(here: Here, number: int) -> None:
    for _ in range(number):
        here.omics.start_batch(1)
    titles, *rows = here.run("list").lines
    assert titles.split() == ["ID", "STATUS", "RUNS", "CREATED", "NAME"]
    assert {row.split()[0] for row in rows} == {str(7123456 + count) for count in range(number)}


@pytest.mark.slow
async def test_a_terminal_shows_whatever_names_there_are(omics: Simulator, shell: Shell) -> None:
    for name in HOSTILE:
        omics.start_batch(1, name=name, life=AT_ONCE)
    async with on_a_terminal([*PROGRAM, "list"], shell.environment) as terminal:
        assert await terminal.ended() == 0
    titles, *rows = terminal.text.splitlines()
    assert titles == "ID       STATUS     RUNS  CREATED               NAME"
    assert [(row[:26], row[48:].replace(" ", "")) for row in rows] == [
        ("7123460  PROCESSED     1  ", "gnp.exe"),
        ("7123459  PROCESSED     1  ", "שלום123עולם"),
        ("7123458  PROCESSED     1  ", "日本語日本語日本語日本語日本語…"),
        ("7123457  PROCESSED     1  ", "[2J[31m"),
        ("7123456  PROCESSED     1  ", "[red]x[/red]"),
    ]
    assert b"\x1b[1mID " in terminal.written
    assert terminal.written.count(b"\x1b[31m") == terminal.written.count(b"\x1b[2J") == 0


# runs


def test_runs_are_listed_with_free_text_last(here: Here) -> None:
    here.omics.start_batch(["NA12878", "NA12891"], life=DENIED)
    ran = here.run("runs", "7123456")
    following = _program_name.command(["results", "7123456"])
    assert (ran.code, ran.stderr) == (0, f"omics-batch: this shows how the runs went: {following}\n")
    assert ran.lines == [
        "SUBMISSION  RUN ID   REASON                 RUN SETTING  MESSAGE",
        "submitted   2000001  -                      NA12878      -",
        "FAILED      -        AccessDeniedException  NA12891      The role may not read [red]NA12891.cram[/red] [31m.",
    ]


def test_the_command_that_shows_how_the_runs_went_has_the_same_connection_options(here: Here) -> None:
    here.omics.start_batch(1, life=AT_ONCE)
    ran = here.run("runs", "7123456", *REGION)
    assert ran.stderr == f"omics-batch: this shows how the runs went: {printed('results', '7123456')}\n"
    shown = here.run(*shlex.split(ran.stderr)[-4:])
    assert shown.lines[1].split()[:3] == ["sample-1", "completed", "2000001"]


def test_runs_that_were_never_submitted_went_no_other_way(here: Here) -> None:
    here.omics.start_batch(["NA12878", "NA12891"], life=DENIED)
    ran = here.run("runs", "7123456", "--submission-status", "FAILED")
    assert (len(ran.lines), ran.stderr) == (2, "")


def test_runs_are_listed_for_programs(here: Here) -> None:
    here.omics.start_batch(["NA12878", "NA12891"], life=DENIED)
    ran = here.run("runs", "7123456", "--json")
    assert ran.stderr == ""
    started, denied = [json.loads(line) for line in ran.lines]
    assert (started["runSettingId"], started["runId"], started["submissionStatus"]) == ("NA12878", "2000001", "SUCCESS")
    assert denied["submissionFailureMessage"] == "The role may not read [red]NA12891.cram[/red]\x1b[31m."


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        (["--submission-status", "failed"], ["NA12891"]),
        (["--run-setting-id", "NA12878"], ["NA12878"]),
        (["--run-id", "2000001"], ["NA12878"]),
        (["--limit", "1"], ["NA12878"]),
    ],
)
def test_runs_are_filtered(here: Here, filters: list[str], names: list[str]) -> None:
    here.omics.start_batch(["NA12878", "NA12891"], life=DENIED)
    lines = here.run("runs", "7123456", "--json", *filters).lines
    assert [json.loads(line)["runSettingId"] for line in lines] == names


def test_a_batch_whose_runs_are_yet_to_come_has_none(here: Here) -> None:
    here.omics.start_batch(3)
    ran = here.run("runs", "7123456")
    assert (ran.code, ran.stdout, ran.stderr) == (0, "", "omics-batch: no run is listed\n")
    assert here.run("runs", "7123456", "--run-id", "7").stderr == "omics-batch: no such run is listed\n"


def test_a_batch_that_is_not_there_is_one_line(here: Here) -> None:
    ran = here.run("runs", "99")
    (complaint,) = ran.complaints
    assert (ran.code, ran.stdout) == (1, "")
    assert "ResourceNotFoundException" in complaint


def test_no_more_is_asked_for_than_is_wanted(here: Here) -> None:
    here.omics.start_batch(100_000, life=AT_ONCE)
    assert len(here.run("runs", "7123456", "--limit", "100").lines) == 101
    assert here.omics.requests_of("ListRunsInBatch") == 1


def test_what_was_listed_before_an_error_is_written(here: Here) -> None:
    here.omics.start_batch(250, life=AT_ONCE)
    here.omics.script(faults.answered("ListRunsInBatch"), faults.status(403, "ListRunsInBatch"))
    ran = here.run("runs", "7123456")
    assert (ran.code, len(ran.lines)) == (1, 101)
    (complaint,) = ran.complaints
    assert "AccessDeniedException" in complaint


@pytest.mark.slow
async def test_a_reader_that_leaves_ends_it_quietly(omics: Simulator, measured_shell: Shell) -> None:
    omics.start_batch(5000, life=AT_ONCE)  # more than a pipe holds
    command = f"set -o pipefail; {shlex.join([*PROGRAM, 'runs', '7123456'])} | head -n 2"
    ran = await measured_shell.run("-c", command, program=("bash",))
    assert ran.stderr == ""
    assert (ran.code, len(ran.lines)) == (141, 2)


def test_a_program_that_ends_within_a_talk_closes_its_client(here: Here) -> None:
    """As rich ends it where the reader of a pipe has left: `asyncio` would stop the loop with work left on it."""
    clients: list[OmicsBatchClient] = []

    async def leave(client: OmicsBatchClient) -> None:
        clients.append(client)
        raise SystemExit(1)

    with pytest.raises(SystemExit):
        ConnectionOptions().talk(leave)
    (client,) = clients
    with pytest.raises(ClientClosedError):
        asyncio.run(client.get_batch(here.omics.start_batch(1)))


async def test_ctrl_c_leaves_whole_lines(omics: Simulator, shell: Shell) -> None:
    omics.start_batch(250, life=AT_ONCE)
    omics.script(faults.answered("ListRunsInBatch"), faults.unanswered("ListRunsInBatch"))
    async with shell.started("runs", "7123456", "--json") as process:
        lines = [await line_of(process) for _ in range(100)]
        await asked(omics, "ListRunsInBatch", times=2)
        process.send_signal(signal.SIGINT)
        stdout, stderr = await process.communicate()
        assert process.returncode == 130
    assert (stdout, stderr) == (b"", b"")
    assert [json.loads(line)["runSettingId"] for line in lines] == [f"sample-{number + 1}" for number in range(100)]


@pytest.mark.parametrize(
    ("typed", "known"),
    [("list --status P", ["PENDING", "PROCESSED"]), ("runs 1 --submission-status F", ["FAILED"])],
)
def test_the_shell_completes_statuses(
    here: Here, monkeypatch: pytest.MonkeyPatch, typed: str, known: list[str]
) -> None:
    monkeypatch.setenv("_OMICS_BATCH_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", f"omics-batch {typed}")
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split())))
    assert here.run().lines == known
