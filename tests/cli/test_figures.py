"""Figures and texts in the few cells that they have."""

from __future__ import annotations

import unicodedata
from datetime import timedelta

import pytest
from rich.text import Text

from omics_batch.cli._cells import fitting, packed, padded
from omics_batch.cli._figures import is_behind, lags, left, rate
from tests.support import batch_with


@pytest.mark.parametrize(
    ("runs_per_hour", "text"),
    [
        (None, ""),
        (0.25, "0.2"),
        (9.94, "9.9"),
        (96.4, "96"),
        (99_999.0, "99,999"),
        (99_999.7, "100k"),
        (1_234_567.0, "1235k"),
    ],
)
def test_a_rate_has_no_more_digits_than_it_is_worth(runs_per_hour: float | None, text: str) -> None:
    assert rate(runs_per_hour) == text


@pytest.mark.parametrize(
    ("remaining", "text"),
    [
        (None, ""),
        (timedelta(), ""),
        (timedelta(seconds=0.3), ""),
        (timedelta(seconds=7.4), "7s"),
        (timedelta(minutes=12), "12m"),
        (timedelta(minutes=12, seconds=3), "12m3s"),
        (timedelta(hours=3, minutes=20, seconds=59), "3h20m"),
        (timedelta(days=2, hours=4, minutes=59), "2d4h"),
        (timedelta(days=364, hours=23), "364d"),
    ],
)
def test_the_time_left_has_two_units_as_people_type_them(remaining: timedelta | None, text: str) -> None:
    assert left(remaining) == text


@pytest.mark.parametrize(
    ("status", "runs", "do_lag"),
    [
        ("CREATING", {}, False),
        ("INPROGRESS", {"runningRunCount": 1}, True),
        ("CANCELLED", {"cancelledRunCount": 1}, True),
        ("PROCESSED", {"completedRunCount": 1}, False),
    ],
)
def test_counts_lag_until_a_batch_is_processed(status: str, runs: dict[str, int], do_lag: bool) -> None:  # noqa: FBT001 - what the table says
    batch = batch_with(status, totalRuns=1, runSummary=runs)
    assert (lags(batch), is_behind(batch)) == (do_lag, do_lag)


def test_a_percentage_stays_once_all_runs_have_ended_though_deletions_move_the_counts() -> None:
    batch = batch_with("RUNS_DELETING", processedTime="2025-03-15T12:00:00Z", runSummary={"deletedRunCount": 1})
    assert (lags(batch), is_behind(batch)) == (True, False)


@pytest.mark.parametrize(
    ("text", "cells", "encoding", "fits"),
    [
        ("cohort", 6, "utf-8", "cohort"),
        ("cohort", 5, "utf-8", "coho…"),
        ("cohort", 5, "ascii", "co..."),
        ("cohort", 2, "ascii", ".."),
        ("cohort", 0, "utf-8", ""),
        ("全ゲノム", 8, "utf-8", "全ゲノム"),
        ("全ゲノム", 7, "utf-8", "全ゲノ…"),
        ("全ゲノム", 6, "utf-8", "全ゲ…"),
        ("é", 4, "latin-1", "é"),
        ("é", 4, "ascii", "\\xe9"),
        ("a\x1b[31mb\u202ec\n", 80, "utf-8", "a [31mb c"),
    ],
)
def test_a_strangers_text_takes_the_cells_that_it_is_given(text: str, cells: int, encoding: str, fits: str) -> None:
    fitted = fitting(text, cells, encoding)
    assert fitted == fits
    assert sum(2 if unicodedata.east_asian_width(char) == "W" else 1 for char in fitted) <= cells


def test_padding_counts_cells_and_not_characters() -> None:
    assert padded("全", 4) == "全  "
    assert padded("1", 4, to_the_right=True) == "   1"


def test_items_stay_whole_and_dots_stand_for_the_rest() -> None:
    items = [Text("12 completed"), Text("3 failed"), Text("4 running"), Text("5 pending")]
    assert [line.plain for line in packed(items, 24, most=3)] == ["12 completed  3 failed", "4 running  5 pending"]
    assert [line.plain for line in packed(items, 27, most=1)] == ["12 completed  3 failed  ..."]
    assert [line.plain for line in packed(items, 26, most=1)] == ["12 completed  ..."]
    assert [line.plain for line in packed(items[:1], 5, most=1)] == ["12 co"]
    assert [line.plain for line in packed(items, 5, most=2)] == ["12 co", "3 fai"]
    assert packed([], 26, most=1) == []
