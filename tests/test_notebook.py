"""A bar that lives while a notebook waits: in IPython itself, and where there is none."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any, Final

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

import omics_batch.notebook
from omics_batch.notebook import LiveBar
from omics_batch.testing import Life, Simulator
from tests.support import InstantClock, batch_with
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from omics_batch import Batch

HTML: Final = "text/html"
PUBLISHER: Any = CapturingDisplayPublisher  # IPython has few types


def at(completed: int, status: str = "INPROGRESS", batch_id: str = "7123456") -> Batch:
    return batch_with(status, id=batch_id, totalRuns=96, runSummary={"completedRunCount": completed})


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    """What an IPython shell sends to be displayed."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell: Any = InteractiveShell.instance()
    shell.display_pub = publisher = PUBLISHER()
    shell.display_formatter.active_types = ["text/plain", HTML]
    yield publisher.outputs
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


def test_it_appears_once_and_changes_from_then_on(published: list[dict[str, Any]]) -> None:
    bar = LiveBar()
    for completed in (0, 40, 90):
        bar(at(completed))
    assert [output["update"] for output in published] == [False, True, True]
    (place,) = {output["transient"]["display_id"] for output in published}
    assert place
    assert ["40 completed" in output["data"][HTML] for output in published] == [False, True, False]


def test_it_shows_the_rate_and_the_time_left_once_they_are_known(published: list[dict[str, Any]]) -> None:
    clock = InstantClock()
    bar = LiveBar(clock)
    for completed in (10, 50):
        bar(at(completed))
        clock.time += 3600
    assert ["Rate" in output["data"][HTML] for output in published] == [False, True]
    assert "about 1 h 9 min" in published[1]["data"][HTML]
    assert published[1]["data"]["text/plain"].endswith("counts lag  rate 40 runs/h  time left about 1 h 9 min")


def test_another_wait_has_a_bar_of_its_own(published: list[dict[str, Any]]) -> None:
    """Another batch, or the same one after the cell was run again, whose first output is gone."""
    bar = LiveBar()
    for batch in (at(90), at(1, batch_id="7123457"), at(96, "PROCESSED", "7123457"), at(96, "PROCESSED", "7123457")):
        bar(batch)
    assert [output["update"] for output in published] == [False, False, True, False]
    assert "1.0 %" in published[1]["data"][HTML]


@pytest.mark.virtual_time
async def test_a_wait_in_a_notebook(published: list[dict[str, Any]]) -> None:
    clock = running_clock()
    async with Simulator(in_process=True, clock=clock, life=Life(failed_runs=2)) as omics, omics.client() as client:
        processed = await client.wait_until_processed(omics.start_batch(96), on_update=LiveBar(clock))
    assert len(published) > 5
    assert any("Time left" in output["data"][HTML] for output in published)
    last = published[-1]["data"][HTML]
    assert "94 completed" in last
    assert "lag" not in last
    assert published[-1]["data"]["text/plain"] == f"{processed.id}  PROCESSED  100.0 %  94 completed, 2 failed"


def test_without_a_notebook_it_prints_a_line_a_change(capsys: pytest.CaptureFixture[str]) -> None:
    bar = LiveBar()
    bar(at(40))
    bar(at(96, "PROCESSED"))
    assert capsys.readouterr().out.splitlines() == [
        "7123456  INPROGRESS  41.7 %  40 completed, 56 not counted  counts lag",
        "7123456  PROCESSED  100.0 %  96 completed",
    ]


def test_without_its_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "IPython.display", None)
    with pytest.raises(
        ModuleNotFoundError, match=r"^omics_batch.notebook needs IPython: install the extra `notebook`: pip install"
    ):
        importlib.reload(omics_batch.notebook)
