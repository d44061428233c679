"""Strangers' text is made fit for a log line and a terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch._text import one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Batch has 100001 runs but 100000 runs is the max.", "Batch has 100001 runs but 100000 runs is the max."),
        ("two\nlines", "two lines"),
        ("two\r\n\r\n lines\t", "two lines"),
        ("\x1b[2J\x1b]0;owned\x07red", "[2J ]0;owned red"),
        ("a\x00b\x7fc\x9bd", "a b c d"),
        ("right\u202eleft\u2066", "right left"),
        ("line\u2028separator", "line separator"),
        ("wide\u3000and\u00a0hard spaces", "wide and hard spaces"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("private \ue000 use", "private use"),
        ("Zürich, 東京 🧬", "Zürich, 東京 🧬"),
    ],
    ids=ascii,
)
def test_a_text_becomes_one_line_without_control_characters(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_a_long_text_is_cut_and_shows_it() -> None:
    assert one_line("x" * 500) == "x" * 500
    assert one_line("x" * 501) == "x" * 499 + "…"
    assert one_line("abcdef", limit=5) == "abcd…"
    assert one_line("abcde", limit=5) == "abcde"


def test_the_cut_comes_after_the_cleaning() -> None:
    assert one_line("a    \n\n  b", limit=3) == "a b"


def test_a_huge_text_costs_no_more_than_its_beginning() -> None:
    assert one_line(" " * 20 + "x", limit=5) == ""
    assert one_line(" " * 19 + "xy", limit=5) == "x"


@given(text=st.text(), limit=st.integers(min_value=1, max_value=50))
def test_any_text_is_safe_afterwards(text: str, limit: int) -> None:
    line = one_line(text, limit=limit)
    assert len(line) <= limit
    assert not [char for char in line if char != " " and unicodedata.category(char)[0] in "CZ"]
    assert line == " ".join(line.split())
    assert one_line(line, limit=limit) == line
