"""Texts in the few cells that they have."""

from __future__ import annotations

import unicodedata

import pytest
from rich.text import Text

from omics_batch.cli._cells import fitting, packed, padded, prose


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


@pytest.mark.parametrize(
    ("text", "cells", "lines"),
    [
        ("Which samples, and why: omics-batch failed 7", 44, ["Which samples, and why: omics-batch failed 7"]),
        ("Which samples, and why: omics-batch failed 7", 43, ["Which samples, and why:", "omics-batch failed 7"]),
        (
            "Which samples, and why: /x/omics-batch failed 7",
            15,
            ["Which samples,", "and why:", "/x/omics-batch failed 7"],
        ),
        (
            "omics-batch: see: /x/py -m omics_batch.cli get 7",
            20,
            ["omics-batch: see:", "/x/py -m omics_batch.cli get 7"],
        ),
        ("Wait (omics-batch wait 7) or cancel it", 20, ["Wait (omics-batch wait 7) or cancel it"]),
        ("not confirmed: nothing was sent", 20, ["not confirmed:", "nothing was sent"]),
    ],
)
def test_a_command_is_never_wrapped(text: str, cells: int, lines: list[str]) -> None:
    assert prose(text, cells, "utf-8") == lines


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
