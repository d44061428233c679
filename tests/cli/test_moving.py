"""What moves on a terminal, drawn tick by tick onto one that remembers everything."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from omics_batch import Batch, ResourceNotFoundError, WaitTimeoutError
from omics_batch.cli._views import many_live
from omics_batch.cli._views.many_live import LiveLine, LiveTable
from omics_batch.cli._waits import many_result, one_result
from omics_batch.cli._waits.tally import Tally
from tests.cli._support import document, processed

if TYPE_CHECKING:
    from collections.abc import Callable


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(many_live, "time", made)
    return made


def screen(**settings: Any) -> tuple[Console, Callable[[], str]]:
    """A console, and what was written to it since it was asked last."""
    output = io.StringIO()

    def news() -> str:
        written = output.getvalue()
        output.seek(0)
        output.truncate()
        return written

    settings = {"width": 60, "height": 20, "color_system": None, **settings}
    return Console(file=output, force_terminal=True, markup=False, highlight=False, **settings), news


def batch(reported: dict[str, Any]) -> Batch:
    return Batch.model_validate(reported)


def test_a_line_moves_when_a_batch_ends_or_a_second_has_passed(time: Time) -> None:
    console, news = screen()
    with LiveLine(console, 3) as line:
        assert "0 of 3 batches have ended, 0:00:00" in news()
        line.show(batch(document()))
        line.tick()
        assert news() == ""
        time.now += 0.9
        line.tick()
        assert news() == ""
        time.now += 0.1
        line.tick()
        assert "0 of 3 batches have ended, 0:00:01" in news()
        line.ended(one_result.processed(batch(processed(completedRunCount=10))))
        assert "7123456  Processed in 0:15:00: all 10 runs completed.\n" in news()
        line.tick()
        assert "1 of 3 batches have ended, 0:00:01" in news()
        line.ended(one_result.failed(ResourceNotFoundError("No such batch."), "99", None))
        assert "99  No such batch.\n" in news()
        line.ended(one_result.failed(WaitTimeoutError("It goes on."), "98", None))
        assert "It goes on" not in news()


def test_a_table_has_the_screen_for_itself_and_leaves_its_last_state_behind(time: Time) -> None:
    console, news = screen(height=10)
    notice = ""
    tally = Tally(["7123456"])
    with LiveTable(console, ["7123456", "7123457"], lambda: notice) as board:
        assert "0 of 2 batches have ended" in news()
        board.tick()
        assert news() == ""
        board.show(batch(document()))
        board.tick()
        assert "7123456  INPROGRESS" in news()
        notice = "Errors retried: 1 throttled"
        time.now += 1
        board.tick()
        assert "Errors retried: 1 throttled" in news()
        console.size = (40, 12)  # what a person does with the mouse
        board.tick()
        assert "batches have ended        0:00:01" in news()
        ending = one_result.processed(batch(processed(completedRunCount=9, failedRunCount=1)))
        board.ended(ending)
        tally.add(ending)
    left_behind = news().rpartition("\x1b[?1049l")[2]
    assert len(left_behind.splitlines()) == 12 - 7
    console.size = (40, 6)
    with board:
        pass
    assert len(news().rpartition("\x1b[?1049l")[2].splitlines()) == 1
    command = f"omics-batch failed 7123456 --profile {'x' * 40}"
    board.conclude(many_result.came_to_its_end(tally, None, command))
    assert news().splitlines() == [
        "1 batch: 1 partial.",
        "Not succeeded: 7123456",
        "Which samples, and why:",
        command,
    ]
