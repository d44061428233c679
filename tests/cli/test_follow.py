"""Following a batch that changes, with looks that come soon after another."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

import omics_batch
from omics_batch import Batch, LostContactError, OmicsBatchClient, PollPolicy, Progress
from omics_batch.cli._connection import ConnectionOptions
from omics_batch.cli._exits import Exit
from omics_batch.cli._signals import until_signalled
from omics_batch.cli._views.one_plain import JsonView, PlainView, View
from omics_batch.cli._waits import one_result
from omics_batch.cli._waits.wait import follow
from tests.cli._support import ID, document, processed

if TYPE_CHECKING:
    from collections.abc import Callable

    from omics_batch.cli._waits.one_result import OneResult
    from omics_batch.testing import Simulator


@pytest.fixture
async def story(omics: Simulator, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Follow a batch in front of a view; each line that it writes brings the next document."""
    often = partial(OmicsBatchClient, poll=PollPolicy(initial=0.01, maximum=0.01), max_rate=None)
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", often)
    for name, value in omics.environment.items():
        monkeypatch.setenv(name, value)

    async def show(view: View, *documents: dict[str, Any]) -> OneResult:
        left = list(documents)
        omics.put_batch(left.pop(0))
        show = view.show

        def show_and_turn_the_page(batch: Any) -> None:
            show(batch)
            if left:
                omics.put_batch(left.pop(0))

        monkeypatch.setattr(view, "show", show_and_turn_the_page)
        connection = ConnectionOptions(region="us-west-2", endpoint_url=omics.endpoint_url)
        return await follow(connection, ID, None, view, "omics-batch wait")

    return show


async def test_each_change_is_one_line_and_the_verdict_another(
    story: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    view = PlainView()
    ending = await story(view, document("SUBMITTING"), document(), processed(completedRunCount=10))
    view.end(ending)
    lines = [line.partition("Z  ")[2] for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        "7123456  SUBMITTING  ~30.0 %  3 completed, 7 running",
        "7123456  INPROGRESS  ~30.0 %  3 completed, 7 running",
        "7123456  PROCESSED  100.0 %  10 completed",
        "7123456  Processed in 0:15:00: all 10 runs completed.",
    ]


def test_counts_that_fall_take_nothing_back(capsys: pytest.CaptureFixture[str]) -> None:
    """They lag behind the runs; and how far one batch is shows nothing of another."""
    view = PlainView()
    for batch_id, completed in (("1", 5), ("1", 4), ("1", 4), ("2", 3), ("1", 6)):
        runs = {"completedRunCount": completed, "runningRunCount": 10 - completed}
        view.show(Batch.model_validate(document(id=batch_id, runSummary=runs)))
    reported = [line.split()[1:4:2] for line in capsys.readouterr().out.splitlines()]
    assert reported == [["1", "~50.0"], ["1", "~50.0"], ["1", "~50.0"], ["2", "~30.0"], ["1", "~60.0"]]


async def test_each_change_is_one_json_line(story: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    view = JsonView()
    view.note("no news of the batch")
    ending = await story(view, document(), document("CANCELLED"))
    view.end(ending)
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line.get("status") for line in lines] == ["INPROGRESS", "CANCELLED", None]
    assert [line.get("exitCode") for line in lines] == [None, None, 5]


def test_lost_contact_is_an_error_and_can_be_resumed() -> None:
    ending = one_result.failed(LostContactError("no response"), ID, None, "omics-batch wait 7123456")
    assert (ending.exit, ending.resume) == (Exit.ERROR, "omics-batch wait 7123456")


def test_a_wait_that_is_stopped_takes_nothing_back() -> None:
    progress = Progress()
    for completed in (6, 2):
        runs = {"completedRunCount": completed, "runningRunCount": 10 - completed}
        progress.see(Batch.model_validate(document(runSummary=runs)))
    ending = one_result.signalled(Exit.INTERRUPTED, ID, progress, "omics-batch wait 7123456")
    assert ending.message.endswith(" goes on (INPROGRESS, ~60.0 %, 2 completed, 8 running)")
    assert ending.goes_on


def test_a_batch_that_was_seen_to_end_does_not_go_on_after_a_signal() -> None:
    progress = Progress()
    progress.see(Batch.model_validate(document("PROCESSED", runSummary={"completedRunCount": 10})))
    ending = one_result.signalled(Exit.INTERRUPTED, ID, progress, "omics-batch wait 7123456")
    assert ending.message.endswith("; batch 7123456 has ended (PROCESSED, 100.0 %, 10 completed)")
    assert not ending.goes_on


async def test_only_a_signal_counts_as_one() -> None:
    async def cancelled() -> NoReturn:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await until_signalled(cancelled())


async def test_a_signal_that_was_ignored_at_the_start_stays_ignored() -> None:
    """As under nohup, and as SIGINT is in the background of a shell."""

    async def work() -> str:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.sleep(0)
        return "done"

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert await until_signalled(work()) == "done"
    finally:
        signal.signal(signal.SIGHUP, before)


async def test_where_loops_have_no_signals_the_work_is_done_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> NoReturn:
        raise NotImplementedError

    async def work() -> str:
        return "done"

    monkeypatch.setattr(asyncio.get_running_loop(), "add_signal_handler", missing)
    assert await until_signalled(work()) == "done"
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
