"""Many batches on one screen: who is shown, in which columns, and what it costs."""

from __future__ import annotations

import io
import re
import sys
import unicodedata
from datetime import timedelta
from typing import Any, Final

import pytest
from rich.console import Console

from omics_batch import Batch, BatchFailedError, LostContactError, Progress, ResourceNotFoundError
from omics_batch.cli._exits import Exit
from omics_batch.cli._views.followed_batches import FollowedBatches, Rank
from omics_batch.cli._views.many_table import BatchesTable
from omics_batch.cli._waits import one_result
from tests.support import InstantClock

NAMES: Final = ("cohort", 64 * "全", "דגימות 2026", "[red]x[/red]\x1b[31m\u202e", "e\u0301" * 32, "🧬" * 32)


def batch(batch_id: str = "1", status: str = "INPROGRESS", **members: Any) -> Batch:
    starts = {"successfulStartSubmissionCount": 10}
    return Batch.model_validate(
        {"id": batch_id, "status": status, "totalRuns": 10, "submissionSummary": starts, **members}
    )


def under_way(batch_id: str = "1", completed: int = 3, failed: int = 0, **members: Any) -> Batch:
    runs = {"completedRunCount": completed, "failedRunCount": failed, "runningRunCount": 10 - completed - failed}
    return batch(batch_id, runSummary=runs, **members)


def processed(batch_id: str = "1", failed: int = 0, **members: Any) -> Batch:
    runs = {"completedRunCount": 10 - failed, "failedRunCount": failed}
    return batch(batch_id, "PROCESSED", runSummary=runs, **members)


def roster(*batches: Batch) -> FollowedBatches:
    made = FollowedBatches(seen.id for seen in batches)
    for seen in batches:
        made.see(seen)
        if seen.is_processed:
            made.end(one_result.processed(seen))
    return made


def drawn(
    shown: FollowedBatches, width: int = 80, height: int = 24, encoding: str = "utf-8", notice: str = ""
) -> list[str]:
    output = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=output, width=width, height=height, markup=False, emoji=False, highlight=False)
    console.print(BatchesTable(shown, timedelta(seconds=730), notice))
    output.seek(0)
    return [line.rstrip() for line in output.read().splitlines()]


def cells(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else not unicodedata.combining(char) for char in line)


def test_a_row_for_each_batch_and_the_sums_over_all() -> None:
    shown = roster(under_way("7123456", name="trio"), processed("7123457", failed=1), batch("7123458", "CREATING"))
    assert drawn(shown, width=92) == [
        "1 of 3 batches have ended                                                            0:12:10",
        "1 CREATING  1 INPROGRESS  1 PROCESSED",
        "",
        "ID       STATUS      RUNS              SUBMITTED  FINISHED  RUNS/H    LEFT  FAILED  NAME",
        "7123456  INPROGRESS  ━━━━────────────    100.0 %   ~30.0 %                          trio",
        "7123457  PROCESSED   ━━━━━━━━━━━━━━××    100.0 %   100.0 %                       1",
        "7123458  CREATING    ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄    100.0 %     0.0 %",
        "",
        "All runs:  12 completed  1 failed  7 running",
        "~ lags behind the runs",
    ]


def test_a_rate_and_the_time_left_are_those_of_batches_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = InstantClock()
    monkeypatch.setattr("omics_batch.cli._views.followed_batches.Progress", lambda: Progress(clock))
    shown = roster(under_way(completed=3))
    clock.time = 3600
    shown.see(under_way(completed=5))
    assert drawn(shown)[4].endswith("~50.0 %     2.0   2h30m")
    assert drawn(shown)[-1] == "~ lags behind the runs"
    shown.see(processed())
    shown.end(one_result.processed(processed()))
    assert drawn(shown)[4].endswith("100.0 %")
    assert "~" not in "".join(drawn(shown))


def test_nothing_is_guessed_of_one_that_nobody_follows_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = InstantClock()
    monkeypatch.setattr("omics_batch.cli._views.followed_batches.Progress", lambda: Progress(clock))
    shown = roster(under_way(completed=3))
    clock.time = 3600
    shown.see(under_way(completed=5))
    shown.end(one_result.failed(LostContactError("No answer for an hour."), "1", under_way(completed=5)))
    assert re.search("~50.0 %  +No answer for an hour", drawn(shown, width=120)[4])
    assert drawn(shown)[0].startswith("0 of 1 batches have ended")


def test_what_was_not_seen_yet_or_cannot_be_is_reported_as_such() -> None:
    shown = FollowedBatches(["1", "2", "3"])
    shown.end(one_result.failed(ResourceNotFoundError("Batch 2 does not exist."), "2", None))
    failed = batch("3", "FAILED", failureReason="Invalid JSON", name="trio", totalRuns=None)
    shown.see(failed)
    shown.end(one_result.failed(BatchFailedError("reported"), "3", failed))
    lines = drawn(shown, width=100, notice="Errors retried: 3 throttled")
    assert lines[:2] == [f"2 of 3 batches have ended{'0:12:10':>75}", "1 FAILED  1 error  1 unseen"]
    assert [line.split()[:2] for line in lines[4:7]] == [["1", "unseen"], ["2", "error"], ["3", "FAILED"]]
    assert lines[5].endswith("  Batch 2 does not exist.")
    assert drawn(shown, width=30)[5] == "2  error       Batch 2 does n…"
    assert lines[6].endswith("  trio: Invalid JSON")
    assert lines[-1:] == ["Errors retried: 3 throttled"]


@pytest.mark.parametrize(
    ("width", "columns"),
    [
        (120, "ID STATUS RUNS SUBMITTED FINISHED RUNS/H LEFT FAILED NAME"),
        (80, "ID STATUS RUNS SUBMITTED FINISHED RUNS/H LEFT NAME"),
        (70, "ID STATUS RUNS SUBMITTED FINISHED LEFT NAME"),
        (60, "ID STATUS RUNS FINISHED LEFT NAME"),
        (50, "ID STATUS RUNS FINISHED LEFT"),
        (40, "ID STATUS RUNS FINISHED"),
        (30, "ID STATUS FINISHED"),
        (20, "ID FINISHED"),
        (10, "ID"),
    ],
)
def test_columns_go_in_an_order_where_the_terminal_is_narrow(width: int, columns: str) -> None:
    lines = drawn(roster(under_way("7123456", name="cohort")), width=width)
    assert columns in [" ".join(line.split()) for line in lines]


@pytest.mark.parametrize("width", [160, 80, 40, 20, 8])
@pytest.mark.parametrize("height", [60, 24, 12, 6, 3])
def test_it_never_outgrows_its_terminal(width: int, height: int) -> None:
    """Where it does, lines break and the picture is gone."""
    ids = [str(10**17 + number) for number in range(30)]
    names = NAMES * 5
    shown = roster(*(under_way(id_, failed=1, name=name) for id_, name in zip(ids, names, strict=True)))
    for encoding in ("utf-8", "ascii"):
        lines = drawn(shown, width, height, encoding, notice="Errors retried: " + 200 * "x")
        assert max(map(cells, lines)) <= width
        assert len(lines) <= height


@pytest.mark.parametrize("name", NAMES, ids=["plain", "wide", "right to left", "markup", "combining", "pictures"])
def test_a_strangers_name_stands_last_and_moves_nothing(name: str) -> None:
    """Wide or from right to left, combined or an escape sequence: what stands before it stays where it was."""
    row = drawn(roster(under_way(name=name)), width=120)[4]
    assert row.startswith(drawn(roster(under_way()), width=120)[4][:20])
    assert row.index("~30.0 %") < min(row.index(char) for char in name[:1])
    assert "\x1b" not in row
    assert "\u202e" not in row


def test_a_status_nobody_knows_is_shown_harmlessly_and_first() -> None:
    shown = roster(under_way("1"), batch("2", "PAUSED\x1b[31m"))
    assert drawn(shown)[1] == "1 INPROGRESS  1 PAUSED [31m"
    assert [entry.rank for entry in shown.foremost(2)] == [Rank.UNDER_WAY, Rank.TROUBLED]


def test_those_that_need_eyes_come_first_where_not_all_have_room() -> None:
    shown = roster(
        processed("1"),
        processed("2", failed=1),
        under_way("3"),
        under_way("4", failed=1),
        *(processed(str(number)) for number in range(5, 100)),
    )
    lines = drawn(shown, height=9)
    assert [line.split()[0] for line in lines[2:]] == ["ID", "4", "3", "2", "and", "All", "~"]
    assert lines[6] == "and 96 more"


def test_the_order_is_that_of_their_naming_where_all_have_room() -> None:
    shown = roster(processed("1"), under_way("2", failed=1), under_way("3"))
    assert [entry.batch_id for entry in shown.foremost(3)] == ["1", "2", "3"]


def test_a_batch_moves_up_when_a_run_of_it_fails_and_down_when_it_has_ended() -> None:
    shown = roster(*(under_way(str(number)) for number in range(100)))
    shown.see(under_way("50", failed=1))
    assert shown.foremost(1)[0].batch_id == "50"
    shown.end(one_result.processed(processed("50", failed=1)))
    assert shown.foremost(1)[0].batch_id == "0"
    assert (shown.ended, shown.foremost(100)[50].ending) != (0, None)
    ending = shown.foremost(100)[50].ending
    assert ending is not None
    assert ending.exit is Exit.FAILED_RUNS


def test_sums_follow_every_look() -> None:
    shown = roster(under_way("1", completed=3), under_way("2", completed=4))
    shown.see(under_way("1", completed=5, failed=1))
    shown.see(processed("2"))
    assert {state: number for state, number in shown.runs.items() if number} == {
        "completed": 15,
        "failed": 1,
        "running": 4,
    }
    assert {status: number for status, number in shown.statuses.items() if number} == {"INPROGRESS": 1, "PROCESSED": 1}


def test_a_terminal_without_unicode_has_bars_too() -> None:
    lines = drawn(roster(under_way(failed=1, name="é" * 9)), encoding="ascii")
    assert "  ##x---" in lines[4]
    assert all(line.isascii() for line in lines)


@pytest.mark.slow
def test_ten_thousand_batches_cost_what_is_shown_of_them() -> None:
    """Not a row of each: as many steps as with a hundred of them."""

    def steps(number: int) -> int:
        shown = roster(*(under_way(str(10_000 + place), failed=int(place % 50 == 0)) for place in range(number)))
        taken = 0

        def count(*_: object) -> None:
            nonlocal taken
            taken += 1

        sys.setprofile(count)
        try:
            lines = drawn(shown)
        finally:
            sys.setprofile(None)
        assert len(lines) == 24
        return taken

    drawn(roster(under_way()))  # what is reckoned once and kept
    assert steps(10_000) < 1.5 * steps(100)


def test_a_batch_whose_counts_do_not_add_up_ended_badly_and_is_no_error() -> None:
    """An error has no status to be shown, and this has: it may be looked at again."""
    shown = roster(processed("1"), batch("2", "PROCESSED"))
    assert {status: number for status, number in shown.statuses.items() if number} == {"PROCESSED": 2}
    assert [entry.batch_id for entry in shown.foremost(1)] == ["2"]
    assert shown.foremost(1)[0].rank is Rank.ENDED_BADLY
    (row,) = [row for row in drawn(shown) if row.startswith("2  PROCESSED")]
    assert row.split() == ["2", "PROCESSED", 20 * "?", "100.0", "%", "100.0", "%"]
