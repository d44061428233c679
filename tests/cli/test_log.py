"""The library's log on stderr: with the words, options and commands of the command line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from omics_batch import ActionAdvanced, Advice, AdviceKind, Event, LookFailed, Party, ThrottlingError
from omics_batch.cli._log import line_of
from omics_batch.testing import faults
from tests.cli._support import ID, document
from tests.cli.test_noise import impatient
from tests.test_events import LINES

if TYPE_CHECKING:
    from tests.cli._support import Here

pytestmark = pytest.mark.usefixtures("short_waits")

__all__ = ["impatient"]

PYTHON: Final = re.compile(r"max_rate|request_id|cancel_and_wait|delete_everything|list_runs_in_batch|call \w+_\w+")
"""Names that cannot be typed at a terminal."""


def failed_look(advice: Advice | None, repeats: int = 0) -> LookFailed:
    return LookFailed(
        time=1.0,
        batch_id=ID,
        wait_id=1,
        error=ThrottlingError,
        fault=Party.SERVICE,
        message="GetBatch: slow down.",
        advice=advice,
        repeats=repeats,
    )


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            failed_look(Advice(AdviceKind.LOWER_RATE)),
            (
                f"batch {ID}: a look failed, the wait goes on: GetBatch: slow down. "
                "The account's quota is shared by all of its clients: try again later."
            ),
        ),
        (failed_look(None), f"batch {ID}: a look failed, the wait goes on: GetBatch: slow down."),
        (
            failed_look(None, repeats=2),
            f"batch {ID}: a look failed, the wait goes on: GetBatch: slow down. (3 times in a row)",
        ),
        (
            ActionAdvanced(
                time=1.0, batch_id=ID, wait_id=1, call="cancel_and_wait", advice=Advice(AdviceKind.MAYBE_ASKED)
            ),
            f"batch {ID}: It is unknown whether the service accepted the request: run the same command again.",
        ),
    ],
)
def test_an_advice_is_worded_for_the_command_line(event: Event, line: str) -> None:
    assert line_of(event) == line


def test_no_line_names_what_only_python_has() -> None:
    lines = [line_of(event) for event, _, _ in LINES]
    assert [line for line in lines if PYTHON.search(line)] == []


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("command", ["wait", "watch"])
def test_what_a_wait_meets_is_logged_with_what_to_do_here(here: Here, command: str) -> None:
    here.omics.put_batch(document())
    here.omics.script(faults.throttled(times=2))
    ran = here.run(command, ID, "--timeout", "0.5s", "--verbose")
    assert re.search("a look failed, the wait goes on: .* by all of its clients: try again later", ran.stderr)
    assert not PYTHON.search(ran.stderr)


@pytest.mark.usefixtures("impatient")
def test_each_step_of_a_cancellation_is_logged_with_what_to_do_here(here: Here) -> None:
    here.omics.put_batch(document("CREATING"))
    ran = here.run("cancel", ID, "--yes", "--timeout", "0.5s", "--verbose")
    assert (
        f"batch {ID}: The service has not accepted the request yet: run the same command again, with more time."
        in ran.stderr
    )
    assert not PYTHON.search(ran.stderr)
