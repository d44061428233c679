"""`omics-batch cancel` and `omics-batch delete`: what is asked, what is sent, and what is reported at the end."""

from __future__ import annotations

import asyncio
import io
import json
import math
import os
import shlex
import signal
import sys
import threading
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import pytest

import omics_batch
from omics_batch import OmicsBatchClient, PollPolicy, RetryPolicy
from omics_batch.cli._connection import Conversation
from omics_batch.testing import Life, VirtualTimeLoop, faults
from tests.cli._support import ID, REGION, Here, Ran, Shell, document, printed, processed
from tests.forked import PROGRAM
from tests.terminal import on_a_terminal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from omics_batch.testing import Fault, Simulator

T = TypeVar("T")

LONG = Life(
    creating=0,
    pending=0,
    submission_rate=math.inf,
    run_pending=0,
    run_starting=0,
    run_length=3600,
    stopping=0.02,
    deleting=0.02,
)
"""Runs that do not end by themselves, and stop at once."""


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    often = partial(OmicsBatchClient, poll=PollPolicy(initial=0.01, maximum=0.01), max_rate=None)
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", often)


class Keyboard:
    """A terminal's other half: somebody types, and the world may change meanwhile."""

    def __init__(self, typed: str, *, meanwhile: Callable[[], object] = lambda: None) -> None:
        self._typed = typed
        self._meanwhile = meanwhile

    def isatty(self) -> bool:
        return True

    def readline(self) -> str:
        self._meanwhile()
        sys.stderr.write(self._typed)  # as terminals echo what is typed
        return self._typed


def ctrl_c() -> None:
    raise KeyboardInterrupt


@pytest.fixture
def at_terminal(here: Here, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ran]:
    """Run the program where somebody can answer."""

    def run(keyboard: Keyboard, *arguments: str, terminal: str = "dumb") -> Ran:
        monkeypatch.setenv("TERM", terminal)
        monkeypatch.setattr(sys, "stdin", keyboard)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        return here.run(*arguments)

    return run


def changes_asked(here: Here) -> list[str]:
    return [request.operation for request in here.omics.requests if request.method != "GET"]


def signalled_once(happened: Callable[[], bool]) -> threading.Thread:
    """Press Ctrl-C as soon as something has happened."""

    def press() -> None:
        while not happened():
            time.sleep(0.005)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press, daemon=True)
    thread.start()
    return thread


# Cancel


def test_a_batch_is_cancelled_and_it_shows_how_many_runs_could_be(here: Here) -> None:
    here.omics.start_batch(3, life=LONG)
    ran = here.run("cancel", ID, "--yes")
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout == "Batch 7123456 is CANCELLED: 3 cancelled.\n"
    assert changes_asked(here) == ["CancelRunBatch"]


def test_runs_that_could_not_be_cancelled_are_counted(here: Here) -> None:
    cancels = {"successfulCancelSubmissionCount": 2, "failedCancelSubmissionCount": 1}
    here.omics.put_batch(document("CANCELLED", submissionSummary=cancels))
    assert here.run("cancel", ID, "--yes").stdout == (
        "Batch 7123456 is CANCELLED: 3 completed, 7 running. "
        "Of the runs under way, 2 could be cancelled, 1 could not.\n"
    )


def test_cancel_asks_first_and_says_what_will_happen(here: Here, at_terminal: Callable[..., Ran]) -> None:
    here.omics.start_batch(3, name="cohort", life=LONG)
    ran = at_terminal(Keyboard("y\n"), "cancel", ID)
    assert ran.complaints == [
        "Batch 7123456 cohort is INPROGRESS: 3 running (counts lag behind the runs).",
        "Runs not yet submitted will never start, and those under way are stopped.",
        "Runs that have ended stay as they are, and nothing is deleted.",
        "Cancel it? [y/N] y",
    ]
    assert (ran.code, len(ran.lines)) == (0, 1)


@pytest.mark.parametrize("typed", ["n\n", "\n", "", "yep\n", "y\x00\n"])
def test_any_other_answer_cancels_nothing(here: Here, at_terminal: Callable[..., Ran], typed: str) -> None:
    here.omics.put_batch(document())
    ran = at_terminal(Keyboard(typed), "cancel", ID)
    assert (ran.code, ran.stdout) == (1, "")
    assert ran.complaints[-1] == "omics-batch: not confirmed: nothing was sent"
    assert changes_asked(here) == []


@pytest.mark.parametrize("command", ["cancel", "delete"])
def test_ctrl_c_at_the_question_is_130_and_nothing_is_sent(
    here: Here, at_terminal: Callable[..., Ran], command: str
) -> None:
    here.omics.put_batch(document() if command == "cancel" else processed(completedRunCount=10))
    ran = at_terminal(Keyboard("", meanwhile=ctrl_c), command, ID)
    assert (ran.code, ran.stdout) == (130, "")
    assert ran.complaints[-1] == "omics-batch: stopped at the question: nothing was sent"
    assert changes_asked(here) == []


@pytest.mark.parametrize("shown", ["is INPROGRESS", "Cancel it"])
def test_ctrl_c_before_the_whole_question_shows_is_reported_likewise(
    here: Here, at_terminal: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, shown: str
) -> None:
    here.omics.put_batch(document())
    write = sys.stderr.write

    def write_and_be_interrupted(text: str) -> int:
        if shown in text:
            ctrl_c()
        return write(text)

    monkeypatch.setattr(sys.stderr, "write", write_and_be_interrupted)
    ran = at_terminal(Keyboard("y\n"), "cancel", ID)
    assert (ran.code, ran.stdout) == (130, "")
    assert ran.complaints[-1] == "omics-batch: stopped at the question: nothing was sent"
    assert changes_asked(here) == []


@pytest.mark.parametrize("command", ["cancel", "delete"])
@pytest.mark.parametrize("is_closed", [True, False])
def test_where_nobody_can_answer_nothing_is_sent_at_all(
    here: Here, monkeypatch: pytest.MonkeyPatch, command: str, *, is_closed: bool
) -> None:
    here.omics.put_batch(document())
    monkeypatch.setattr(sys, "stdin", None if is_closed else io.StringIO("y\n7123456\n"))
    ran = here.run(command, ID)
    sys.stdin.close()
    assert ran.code == 2
    assert ran.complaints == [
        f"omics-batch: {command} asks first, and this is not an interactive terminal: use --yes to skip the question"
    ]
    assert not here.omics.requests


@pytest.mark.parametrize("flags", [[], ["--no-wait"]])
def test_what_was_cancelled_before_is_not_asked_about_again(
    here: Here, at_terminal: Callable[..., Ran], flags: list[str]
) -> None:
    here.omics.put_batch(document("CANCELLED"))
    ran = at_terminal(Keyboard(""), "cancel", ID, *flags)
    assert (ran.code, ran.stderr, changes_asked(here)) == (0, "", [])
    assert ran.stdout.startswith("Batch 7123456 is CANCELLED: ")


def test_a_batch_that_has_ended_by_itself_is_1_and_no_question(here: Here, at_terminal: Callable[..., Ran]) -> None:
    here.omics.put_batch(processed(completedRunCount=10))
    ran = at_terminal(Keyboard("y\n"), "cancel", ID)
    assert ran.code == 1
    assert " ".join(ran.complaints) == (
        "omics-batch: batch 7123456 is PROCESSED: it has ended by itself, and there is nothing to cancel"
    )


@pytest.mark.parametrize(
    ("starts", "reported"),
    [
        (
            {},
            (
                "the service cancels no runs of a failed batch. Runs that it had created may still run. "
                f"See which with: {printed('runs', ID)}"
            ),
        ),
        ({"pendingStartSubmissionCount": 10}, None),
    ],
)
def test_runs_of_a_failed_batch_may_go_on_and_cannot_be_cancelled_with_it(
    here: Here, at_terminal: Callable[..., Ran], starts: dict[str, int], reported: str | None
) -> None:
    here.omics.put_batch({"id": ID, "status": "FAILED", "totalRuns": 10, "submissionSummary": starts})
    ran = at_terminal(Keyboard("y\n"), "cancel", ID, *REGION)
    assert (ran.code, changes_asked(here)) == (1, [])
    said = f"FAILED, and {reported}" if reported else "FAILED: it has ended by itself, and there is nothing to cancel"
    assert " ".join(ran.complaints) == f"omics-batch: batch {ID} is {said}"


def test_a_batch_may_end_by_itself_at_the_question(here: Here, at_terminal: Callable[..., Ran]) -> None:
    here.omics.put_batch(document())
    keyboard = Keyboard("yes\n", meanwhile=lambda: here.omics.put_batch(processed(completedRunCount=10)))
    ran = at_terminal(keyboard, "cancel", ID)
    assert ran.code == 1
    assert " ".join(ran.complaints[-2:]) == (
        "omics-batch: batch 7123456 is PROCESSED: it ended by itself before it was cancelled."
    )


def test_without_a_wait_it_ends_once_the_service_was_asked(here: Here) -> None:
    here.omics.start_batch(3, life=LONG)
    ran = here.run("cancel", ID, "--yes", "--no-wait", *REGION)
    assert (ran.code, changes_asked(here)) == (0, ["CancelRunBatch"])
    assert ran.stdout == f"Batch 7123456 is being cancelled. This waits for its end: {printed('cancel', ID)}\n"


@pytest.mark.parametrize(
    ("arguments", "operation"),
    [(["cancel", "--no-wait"], "CancelRunBatch"), (["delete", "--runs-only"], "DeleteRunBatch")],
)
def test_a_conflict_is_1_and_says_when_it_is_allowed(here: Here, arguments: list[str], operation: str) -> None:
    here.omics.put_batch(document() if operation == "CancelRunBatch" else document("PROCESSED"))
    here.omics.script(faults.error("ConflictException", 409, "Something is under way", operation))
    ran = here.run(*arguments, ID, "--yes")
    assert ran.code == 1
    (complaint,) = ran.complaints
    assert "Something is under way" in complaint
    assert "one cancel or delete runs at a time" in complaint


@pytest.mark.parametrize(
    ("command", "status", "reported"),
    [
        ("cancel", "STOPPING", "The service accepted the request: run the same command again to wait for its end."),
        (
            "cancel",
            "CREATING",
            "The service has not accepted the request yet: run the same command again, with more time.",
        ),
        (
            "delete",
            "RUNS_DELETING",
            "The service accepted the request: run the same command again to wait for its end.",
        ),
    ],
)
def test_a_time_out_is_124_and_shows_how_far_it_is_and_how_to_go_on(
    here: Here, command: str, status: str, reported: str
) -> None:
    here.omics.put_batch(document(status))
    ran = here.run(command, ID, "--yes", "--timeout", "0.1s", "--json")
    assert ran.code == 124
    end = json.loads(ran.stdout)
    assert end["message"].endswith(reported)
    assert (end["exitCode"], end["error"], end["batch"]["status"]) == (124, "WaitTimeoutError", status)
    complaint, resume = ran.complaints[-2:]
    assert complaint == f"omics-batch: {end['message']}"
    assert resume == f"Resume with: {end['resume']}"
    words = shlex.split(end["resume"])
    assert words[words.index(command) :] == [command, ID, "--yes", "--json", "--timeout", "0.1s"]


def test_a_single_look_is_gone_on_with_by_waiting(here: Here) -> None:
    here.omics.put_batch(document("STOPPING"))
    ran = here.run("cancel", ID, "--yes", "--timeout", "0", *REGION)
    assert (ran.code, ran.complaints[-1]) == (124, f"Resume with: {printed('cancel', ID, '--yes')}")


def test_a_time_out_of_a_single_request_is_124_too(here: Here) -> None:
    here.omics.put_batch(document())
    here.omics.script(faults.unanswered("CancelRunBatch"))
    ran = here.run("cancel", ID, "--yes", "--no-wait", "--timeout", "0.1s")
    assert (ran.code, len(ran.complaints)) == (124, 2)
    here.omics.forget_script()  # where the look alone took all the time


@pytest.mark.parametrize("silent", ["GetBatch", "CancelRunBatch"])
def test_a_request_without_an_answer_is_1_while_there_is_time(
    here: Here, monkeypatch: pytest.MonkeyPatch, silent: str
) -> None:
    once = RetryPolicy(max_attempts=1)
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", partial(OmicsBatchClient, retry=once))
    for module in (asyncio, asyncio.events):  # the limit of half a minute is over as soon as nothing else happens
        monkeypatch.setattr(module, "new_event_loop", VirtualTimeLoop)
    here.omics.put_batch(document())
    here.omics.script(faults.unanswered(silent))
    ran = here.run("cancel", ID, "--yes", "--no-wait", "--timeout", "1h")
    assert ran.code == 1
    assert f"{silent} of batch {ID}" in ran.complaints[0]
    assert ("Resume with: " in ran.stderr) is (silent == "CancelRunBatch")


@pytest.mark.parametrize(
    ("status", "fault", "flags", "reported"),
    [
        ("STOPPING", faults.answered(), [], "The service accepted the request: "),
        ("CREATING", faults.answered(), [], "The service has not accepted the request yet: "),
        (
            "INPROGRESS",
            faults.unanswered("CancelRunBatch"),
            [],
            "It is unknown whether the service accepted the request: ",
        ),
        (
            "INPROGRESS",
            faults.unanswered("CancelRunBatch"),
            ["--no-wait"],
            "It is unknown whether the service accepted",
        ),
    ],
)
def test_ctrl_c_while_it_waits_says_whether_the_batch_was_asked(
    here: Here, status: str, fault: Fault, flags: list[str], reported: str
) -> None:
    here.omics.put_batch(document(status))
    here.omics.script(fault)
    awaited = "CancelRunBatch" if status == "INPROGRESS" else "GetBatch"
    thread = signalled_once(lambda: here.omics.requests_of(awaited) >= (1 if status == "INPROGRESS" else 4))
    ran = here.run("cancel", ID, "--yes", *flags)
    thread.join()
    assert (ran.code, ran.stdout) == (130, "")
    complaint, resume = ran.complaints
    assert complaint.startswith(f"omics-batch: the waiting was stopped. {reported}")
    assert resume.startswith("Resume with: ")


def test_ctrl_c_after_it_was_done_takes_nothing_from_what_is_reported(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    talk = Conversation.talk

    def talk_and_be_interrupted(conversation: Conversation, work: Callable[[OmicsBatchClient], Awaitable[T]]) -> T:
        result = talk(conversation, work)
        if changes_asked(here):
            ctrl_c()
        return result

    monkeypatch.setattr(Conversation, "talk", talk_and_be_interrupted)
    here.omics.start_batch(3, life=LONG)
    ran = here.run("cancel", ID, "--yes")
    assert (ran.code, ran.stdout) == (130, "")
    (complaint,) = ran.complaints
    assert complaint.startswith("omics-batch: Batch 7123456 is CANCELLED: 3 cancelled.")


def test_ctrl_c_while_the_client_is_closed_takes_nothing_either(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    close = OmicsBatchClient.close

    async def close_and_be_interrupted(client: OmicsBatchClient) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0)
        await close(client)

    here.omics.start_batch(3, life=LONG)
    monkeypatch.setattr(OmicsBatchClient, "close", close_and_be_interrupted)
    ran = here.run("cancel", ID, "--yes")
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout.startswith("Batch 7123456 is CANCELLED: 3 cancelled.")


def test_a_batch_is_looked_at_and_cancelled_by_one_client(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    """To open it may cost a person an MFA code."""
    opened: list[OmicsBatchClient] = []
    enter = OmicsBatchClient.open

    async def note(client: OmicsBatchClient) -> OmicsBatchClient:
        opened.append(client)
        return await enter(client)

    monkeypatch.setattr(OmicsBatchClient, "open", note)
    here.omics.start_batch(3, life=LONG)
    assert here.run("cancel", ID, "--yes").code == 0
    assert len(opened) == 1


def test_a_terminal_shows_that_something_is_going_on(here: Here, at_terminal: Callable[..., Ran]) -> None:
    here.omics.start_batch(3, life=LONG)
    ran = at_terminal(Keyboard(""), "cancel", ID, "--yes", terminal="xterm")
    assert ran.code == 0
    assert "Cancelling batch 7123456: Ctrl-C ends the waiting alone ..." in ran.stderr


# Delete


def test_the_runs_and_the_record_are_deleted(here: Here) -> None:
    here.omics.start_batch(3, life=LONG)
    assert here.run("cancel", ID, "--yes").code == 0
    ran = here.run("delete", ID, "--yes")
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout == "Batch 7123456 and its runs are deleted. Kept: all output in S3: s3://my-bucket/output/.\n"
    assert changes_asked(here)[1:] == ["DeleteRunBatch", "DeleteBatch"]
    assert here.run("get", ID).code == 1


def test_delete_says_what_goes_and_what_stays_and_asks_for_the_id(here: Here, at_terminal: Callable[..., Ran]) -> None:
    settings = {"outputUri": "s3://my-bucket/output/"}
    batch = processed(completedRunCount=8, failedRunCount=1, failedStartSubmissionCount=1)
    here.omics.put_batch({**batch, "name": "cohort", "defaultRunSetting": settings})
    arn = f"arn:aws:omics:us-west-2:123456789012:runBatch/{ID}"
    ran = at_terminal(Keyboard("no\n"), "delete", arn, *REGION)
    assert ran.complaints == [
        "Batch 7123456 cohort is PROCESSED: 8 completed, 1 failed, 1 not submitted.",
        "",
        "Deleted for good:",
        "  - the records of its 9 runs: how they ended, and why",
        "  - the batch's record: its counts, and which sample was which run",
        "Kept:",
        "  - all output in S3: s3://my-bucket/output/",
        "  - the logs in CloudWatch",
        "",
        "2 runs did not succeed. After deletion you cannot find out which or why.",
        "To keep that, stop here and save it first:",
        "",
        f"  {printed('failed', ID)} --csv failed.csv",
        "",
        "Type the batch's id to delete the batch: no",
        "omics-batch: not confirmed: nothing was sent",
    ]


def test_what_is_to_be_saved_first_has_the_cancelled_runs_too(here: Here, at_terminal: Callable[..., Ran]) -> None:
    here.omics.put_batch(processed(completedRunCount=8, failedRunCount=1, cancelledRunCount=1))
    ran = at_terminal(Keyboard("no\n"), "delete", ID, *REGION)
    assert f"  {printed('failed', ID).replace(ID, f'{ID} --cancelled')} --csv failed.csv" in ran.complaints


def test_runs_that_were_never_submitted_have_no_record_to_lose(here: Here, at_terminal: Callable[..., Ran]) -> None:
    runs, starts = {"cancelledRunCount": 3}, {"pendingStartSubmissionCount": 7}
    here.omics.put_batch(document("CANCELLED", runSummary=runs, submissionSummary=starts))
    ran = at_terminal(Keyboard("no\n"), "delete", ID)
    assert "  - the records of its runs (3 when last counted): how they ended, and why" in ran.complaints


def test_of_a_failed_batch_the_record_alone_is_deleted_and_its_runs_may_go_on(
    here: Here, at_terminal: Callable[..., Ran]
) -> None:
    """Deleted is deleted: it says before that nothing shows afterwards which samples run."""
    here.omics.put_batch({"id": ID, "status": "FAILED", "failureReason": "no"})
    ran = at_terminal(Keyboard(f"{ID}\n"), "delete", ID, *REGION)
    assert ran.complaints == [
        "Batch 7123456 is FAILED: no counts.",
        "",
        "Deleted for good:",
        "  - the batch's record: its counts, and which sample was which run",
        "Kept:",
        "  - the records of its runs, as far as there are any: how they ended, and why",
        "  - all output in S3",
        "  - the logs in CloudWatch",
        "",
        "Runs that it had created may still run, and afterwards nothing shows which",
        "samples those are.",
        "To keep that, stop here and save it first:",
        "",
        f"  {printed('runs', ID)} > runs.txt",
        "",
        f"Type the batch's id to delete its record: {ID}",
    ]
    assert (ran.code, changes_asked(here)) == (0, ["DeleteBatch"])
    assert ran.stdout == "The record of batch 7123456 is deleted. Kept: all output in S3.\n"


def test_a_failed_batch_that_created_no_runs_is_deleted_without_more_ado(
    here: Here, at_terminal: Callable[..., Ran]
) -> None:
    starts = {"failedStartSubmissionCount": 1, "pendingStartSubmissionCount": 9}
    here.omics.put_batch({"id": ID, "status": "FAILED", "totalRuns": 10, "submissionSummary": starts})
    ran = at_terminal(Keyboard("no\n"), "delete", ID, *REGION)
    assert "may still run" not in ran.stderr
    assert "1 run did not succeed. After deletion you cannot find out which samples those" in ran.complaints


def test_the_runs_of_a_failed_batch_alone_cannot_be_deleted(here: Here) -> None:
    here.omics.put_batch({"id": ID, "status": "FAILED"})
    ran = here.run("delete", ID, "--runs-only", "--yes", *REGION)
    assert (ran.code, changes_asked(here)) == (1, [])
    assert ran.complaints == [
        (
            "omics-batch: batch 7123456 is FAILED, and the service deletes no runs of a failed batch. "
            f"See which there are with: {printed('runs', ID)}"
        )
    ]


@pytest.mark.parametrize("typed", ["y\n", "yes\n", "71234567\n", "\n", ""])
def test_any_other_answer_deletes_nothing(here: Here, at_terminal: Callable[..., Ran], typed: str) -> None:
    here.omics.put_batch(processed(completedRunCount=10))
    ran = at_terminal(Keyboard(typed), "delete", ID)
    assert (ran.code, changes_asked(here)) == (1, [])
    assert ran.complaints[-1] == "omics-batch: not confirmed: nothing was sent"


@dataclass(frozen=True)
class Half:
    """What is deleted where one of both is kept."""

    kept: str
    question: str
    sent: str
    reported: str


RUNS_ONLY = Half(
    "  - the batch's record: its counts, and which sample was which run",
    "Type the batch's id to delete its runs: ",
    "DeleteRunBatch",
    "The service deletes the runs of batch 7123456 now. See how far with: {get}\n",
)
RECORD_ONLY = Half(
    "  - the records of its runs (3 when last counted): how they ended, and why",
    "Type the batch's id to delete its record: ",
    "DeleteBatch",
    "The record of batch 7123456 is deleted. Kept: all output in S3: s3://my-bucket/output/.\n",
)


@pytest.mark.parametrize(("flag", "half"), [("--runs-only", RUNS_ONLY), ("--record-only", RECORD_ONLY)])
def test_one_of_both_can_be_kept(here: Here, at_terminal: Callable[..., Ran], flag: str, half: Half) -> None:
    here.omics.start_batch(3, life=LONG)
    assert here.run("cancel", ID, "--yes").code == 0
    ran = at_terminal(Keyboard(f"{ID}\n"), "delete", ID, flag, *REGION)
    assert half.kept in ran.complaints[ran.complaints.index("Kept:") :]
    assert ran.complaints[-1] == half.question + ID
    reported = half.reported.format(get=printed("get", ID))
    assert (ran.code, ran.stdout, changes_asked(here)[1:]) == (0, reported, [half.sent])


@pytest.mark.parametrize(
    ("status", "reported"),
    [
        ("RUNS_DELETING", "The service deletes the runs of batch 7123456 now. See how far with: "),
        ("RUNS_DELETED", "The runs of batch 7123456 are deleted.\n"),
    ],
)
def test_runs_that_were_deleted_before_are_not_asked_about_again(
    here: Here, at_terminal: Callable[..., Ran], status: str, reported: str
) -> None:
    here.omics.put_batch(document(status))
    ran = at_terminal(Keyboard(""), "delete", ID, "--runs-only")
    assert (ran.code, ran.stderr, changes_asked(here)) == (0, "", [])
    assert ran.stdout.startswith(reported)


def test_what_is_lost_with_the_record_is_asked_about_even_where_the_runs_are_gone(
    here: Here, at_terminal: Callable[..., Ran]
) -> None:
    here.omics.put_batch(document("RUNS_DELETED"))
    assert at_terminal(Keyboard("\n"), "delete", ID).complaints[-1] == "omics-batch: not confirmed: nothing was sent"


@pytest.mark.parametrize("flags", [[], ["--record-only"]])
def test_a_batch_that_is_not_found_may_have_been_deleted_already(here: Here, flags: list[str]) -> None:
    """For example by a command whose end was not seen."""
    ran = here.run("delete", ID, "--yes", *flags)
    assert ran.code == 1
    (complaint,) = ran.complaints
    assert "ResourceNotFoundException" in complaint
    assert complaint.endswith(" It may have been deleted already.")


@pytest.mark.parametrize("arguments", [["cancel", "--no-wait"], ["delete", "--runs-only"], ["delete", "--record-only"]])
def test_a_batch_that_the_service_misses_for_once_is_asked_again(here: Here, arguments: list[str]) -> None:
    here.omics.put_batch(document("INPROGRESS") if "cancel" in arguments else processed())
    operation = {"--no-wait": "CancelRunBatch", "--runs-only": "DeleteRunBatch", "--record-only": "DeleteBatch"}
    here.omics.script(faults.status(404, operation[arguments[1]]))
    assert here.run(*arguments, ID, "--yes").code == 0
    assert len(changes_asked(here)) == 2


@pytest.mark.parametrize("arguments", [["cancel", "--no-wait"], ["cancel"], ["delete", "--record-only"]])
def test_a_batch_that_was_there_just_before_is_said_to_have_been(here: Here, arguments: list[str]) -> None:
    status = "INPROGRESS" if "cancel" in arguments else "PROCESSED"
    here.omics.put_batch(document(status))
    operation = "CancelRunBatch" if "cancel" in arguments else "DeleteBatch"
    looks = 1 if "--no-wait" in arguments or "delete" in arguments else 2
    here.omics.script(faults.status(404, operation), faults.answered(times=looks), faults.status(404))
    ran = here.run(*arguments, ID, "--yes")
    assert ran.code == 1
    (complaint,) = ran.complaints
    assert complaint.startswith(f"omics-batch: {operation} of batch {ID}: ResourceNotFoundException (HTTP 404)")
    assert f"It was {status} " in complaint
    assert complaint.endswith(" before: it may have been deleted.")
    assert "Check the id" not in complaint


def test_both_cannot_be_kept(here: Here) -> None:
    ran = here.run("delete", ID, "--runs-only", "--record-only", "--yes")
    assert ran.code == 2
    assert "exclude each other" in ran.complaints[0]
    assert not here.omics.requests


def test_a_batch_that_has_not_ended_is_not_deleted(here: Here) -> None:
    here.omics.put_batch(document())
    ran = here.run("delete", ID, "--yes", *REGION)
    assert (ran.code, changes_asked(here)) == (1, [])
    (complaint,) = ran.complaints
    assert complaint == (
        "omics-batch: batch 7123456 is INPROGRESS: it can be deleted once it has ended. Wait for that "
        f"({printed('wait', ID)}), or cancel it ({printed('cancel', ID)})"
    )


def test_a_batch_that_failed_has_no_runs_to_delete(here: Here, at_terminal: Callable[..., Ran]) -> None:
    here.omics.put_batch({"id": ID, "status": "FAILED", "failureReason": "Invalid JSON"})
    ran = at_terminal(Keyboard("\n"), "delete", ID)
    assert "  - the records of its runs, as far as there are any: how they ended, and why" in ran.complaints
    assert "  - all output in S3" in ran.complaints


def test_runs_that_could_not_be_deleted_are_1_and_it_says_what_can_be_done(here: Here) -> None:
    here.omics.start_batch(3, life=replace(LONG, failed_deletions={"sample-1"}))
    assert here.run("cancel", ID, "--yes").code == 0
    ran = here.run("delete", ID, "--yes", "--json", *REGION)
    end = json.loads(ran.stdout)
    assert (ran.code, end["error"], end["resume"]) == (1, "RunsDeleteFailedError", None)
    assert end["batch"]["status"] == "RUNS_DELETE_FAILED"  # as it was seen last, and not at first
    (complaint,) = ran.complaints
    assert complaint == (
        "omics-batch: batch 7123456 keeps its record: 2 of its runs were deleted, 1 could not be. "
        f"{printed('runs', ID, '--submission-status', 'DELETE_FAILED')} lists them, "
        f"and {printed('delete', ID, '--record-only')} deletes the record without them"
    )


def test_a_record_that_may_not_be_deleted_is_spoken_of(here: Here) -> None:
    here.omics.start_batch(3, life=replace(LONG, run_length=0))
    here.omics.script(faults.error("AccessDeniedException", 403, "Not for you", "DeleteBatch"))
    ran = here.run("delete", ID, "--yes")
    assert ran.code == 1
    (complaint,) = ran.complaints
    assert "Not for you" in complaint
    assert complaint.endswith("are deleted, and its record may not be: run the same command again.")


async def test_on_a_terminal_the_id_is_typed(omics: Simulator, shell: Shell) -> None:
    omics.start_batch(3, life=replace(LONG, run_length=0, failed_runs=1))
    command = [*PROGRAM, "delete", ID, "--record-only"]
    async with on_a_terminal(command, shell.environment, columns=50) as terminal:
        await terminal.until("Type the batch's id to delete its record:")
        asked = terminal.written.decode()
        assert "1 run did not succeed. After deletion you cannot\r\nfind out which samples those were.\r\n" in asked
        assert "  - the batch's record: its counts, and which\r\n    sample was which run\r\n" in asked
        assert f"{shlex.join(PROGRAM)} failed 7123456 --csv failed.csv\r\n" in asked  # one line to copy, however long
        terminal.type(f"{ID}\n")
        assert await terminal.ended() == 0
    assert b"The record of batch 7123456 is deleted. Kept: all\r\noutput in S3" in terminal.written


@pytest.mark.slow
async def test_on_a_terminal_ctrl_c_answers_the_question(omics: Simulator, shell: Shell) -> None:
    omics.put_batch(document())
    async with on_a_terminal([*PROGRAM, "cancel", ID], shell.environment) as terminal:
        await terminal.until("Cancel it")
        terminal.type("\x03")
        await terminal.until("omics-batch: stopped at the question: nothing was sent")
        assert await terminal.ended() == 130
    assert omics.requests_of("CancelRunBatch") == 0


@pytest.mark.parametrize("command", ["cancel", "delete"])
def test_a_strangers_text_does_not_act_at_the_question(
    here: Here, at_terminal: Callable[..., Ran], command: str
) -> None:
    status = "NEW\x1b[2J" if command == "cancel" else "PROCESSED"
    settings = {"outputUri": "s3://b/\x1b[2J\u202e"}
    here.omics.put_batch(document(status, name="[red]x[/red] \x1b[31m\r\n\u202e", defaultRunSetting=settings))
    ran = at_terminal(Keyboard("\n"), command, ID)
    assert "Batch 7123456 [red]x[/red] [31m is " in ran.stderr
    assert ran.stderr.replace("\n", "").isprintable()
