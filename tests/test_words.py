"""Untrusted text, figures and reasons, as errors, pages and the command line write them."""

from __future__ import annotations

import unicodedata
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch import FailedRun, FailedRunsError, FailureKind
from omics_batch._words import (
    by_reason,
    counted,
    exact,
    in_quotes,
    in_utc,
    lowered,
    meant,
    one_line,
    percentage,
    rate,
    span,
    without_url_secrets,
    worded_by_reason,
)


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
    assert one_line("x" * 501) == "x" * 497 + "..."
    assert one_line("abcdef", limit=5) == "ab..."
    assert one_line("abcde", limit=5) == "abcde"


def test_the_cut_comes_after_the_cleaning() -> None:
    assert one_line("a    \n\n  b", limit=3) == "a b"


def test_a_huge_text_costs_no_more_than_its_beginning() -> None:
    assert one_line(" " * 20 + "x", limit=5) == ""
    assert one_line(" " * 19 + "xy", limit=5) == "x"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("url='http://u:hunter2@proxy:3128'", "url='http://proxy:3128'"),
        ("https://u:hun@ter/2@proxy/path?token=hunter2 is not there", "https://proxy/path?... is not there"),
        (
            'connect to "socks5://:hunter2@[::1]:9"; and to http://a:hunter2@b',
            'connect to "socks5://[::1]:9"; and to http://b',
        ),
        ("no URL: user@host?", "no URL: user@host?"),
    ],
)
def test_the_urls_of_a_text_lose_users_passwords_and_queries(text: str, shown: str) -> None:
    assert without_url_secrets(text) == shown


def test_a_moment_at_an_end_of_the_calendar_stays_as_it_is() -> None:
    """The service's own times are in UTC; those of something else may have no moment there."""
    first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    last = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-14)))
    noon = datetime(2025, 3, 15, 12, tzinfo=timezone(timedelta(hours=2)))
    assert [in_utc(moment).isoformat() for moment in (first, last, noon)] == [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:00-14:00",
        "2025-03-15T10:00:00+00:00",
    ]


@given(text=st.text(), limit=st.integers(min_value=3, max_value=50))
def test_any_text_is_safe_afterwards(text: str, limit: int) -> None:
    line = one_line(text, limit=limit)
    assert len(line) <= limit
    assert not [char for char in line if char != " " and unicodedata.category(char)[0] in "CZ"]
    assert line == " ".join(line.split())
    assert one_line(line, limit=limit) == line


def test_counts_are_reported_by_state() -> None:
    assert counted({"completed": 12_345, "failed": 1}) == "12,345 completed, 1 failed"
    assert counted({}) == ""


def test_a_word_of_an_enum_is_lowered() -> None:
    assert lowered("IN_PROGRESS") == "in progress"


@pytest.mark.parametrize(
    ("value", "text"), [(0.0, "0.0 %"), (32.29, "32.3 %"), (99.94, "99.9 %"), (99.999, "99.9 %"), (100.0, "100.0 %")]
)
def test_a_hundred_per_cent_is_all(value: float, text: str) -> None:
    assert percentage(value) == text


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (timedelta(), "less than 1 s"),
        (timedelta(seconds=0.9), "less than 1 s"),
        (timedelta(seconds=12), "12 s"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(minutes=5, seconds=3), "5 min 3 s"),
        (timedelta(hours=1, seconds=59), "1 h"),
        (timedelta(hours=10, minutes=10), "10 h 10 min"),
        (timedelta(days=400, hours=3, minutes=7), "400 d"),
    ],
)
def test_a_span_of_time_is_reported_in_its_two_largest_units(time: timedelta, text: str) -> None:
    assert span(time) == text


def test_a_rate_has_as_many_digits_as_say_something() -> None:
    assert [rate(value) for value in (0.25, 9.96, 22.4, 12_345.6)] == [
        "0.2",
        "10.0",
        "22",
        "12,346",
    ]


# Reasons


def failed(name: str, reason: str | None = None, kind: FailureKind = FailureKind.RUN) -> FailedRun:
    return FailedRun(run_setting_id=name, kind=kind, reason=reason)


TRIO = [
    failed("NA12878", "ValidationException", FailureKind.SUBMISSION),
    failed("NA12891", "RUN_TASK_FAILED"),
    failed("NA12892", "RUN_TASK_FAILED"),
]


def test_the_most_frequent_reason_comes_first() -> None:
    assert list(by_reason(TRIO)) == ["RUN_TASK_FAILED", "ValidationException"]
    assert FailedRunsError(runs=tuple(TRIO)).by_reason == by_reason(TRIO)
    assert worded_by_reason(TRIO) == "2 for RUN_TASK_FAILED (NA12891, NA12892); 1 for ValidationException (NA12878)"


def test_a_run_without_a_reason_is_reported_by_how_it_failed() -> None:
    runs = [failed("NA12878"), failed("NA12891", kind=FailureKind.CANCELLED)]
    assert worded_by_reason(runs) == "1 for RUN (NA12878); 1 for CANCELLED (NA12891)"


def test_the_first_ones_are_named_and_the_others_counted() -> None:
    runs = [failed(f"sample-{number}", "RUN_TASK_FAILED") for number in range(1000)]
    assert worded_by_reason(runs) == "1,000 for RUN_TASK_FAILED (sample-0, sample-1, sample-2 and 997 more)"


def test_many_reasons_are_cut_too() -> None:
    runs = [failed(f"sample-{number}", f"REASON_{number:02}") for number in range(30)]
    reported = worded_by_reason(runs)
    assert reported.startswith("1 for REASON_00 (sample-0); ")
    assert reported.endswith("1 for REASON_09 (sample-9); 20 for other reasons")


def test_ten_reasons_are_reported_to_the_last() -> None:
    assert worded_by_reason([failed(f"s-{number}", f"R{number}") for number in range(10)]).endswith("1 for R9 (s-9)")


def test_strangers_text_stays_on_one_line() -> None:
    assert worded_by_reason([failed("a\nb\x1b[31m", "X\rY")]) == "1 for X Y (a b [31m)"


def test_nothing_is_nothing() -> None:
    assert worded_by_reason([]) == ""


@pytest.mark.parametrize(
    ("word", "known", "similar"),
    [
        ("RUNING", ("INPROGRESS", "RUNS_DELETING"), "INPROGRESS"),
        ("Running", ("RUNNING", "INPROGRESS"), "RUNNING"),
        ("FAIL", ("SUCCESS", "FAILED"), "FAILED"),
        ("runSettingID", ("runSettingId", "name"), "runSettingId"),
        ("output", ("outputUri", "name"), "outputUri"),
        ("WAITING", ("INPROGRESS", "PENDING"), None),
        ("colour", (), None),
    ],
)
def test_what_is_misspelt_is_guessed_only_where_it_is_similar(
    word: str, known: tuple[str, ...], similar: str | None
) -> None:
    assert meant(word, known) == similar


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("sample", "sample"),
        ("Zürich, 東京 🧬", "Zürich, 東京 🧬"),
        (" sample", "' sample'"),
        ("a  b", "'a  b'"),
        ("a\u00a0b", r"'a\xa0b'"),
        ("a\n\x1b[31m", r"'a\n\x1b[31m'"),
        ("s" * 65, "s" * 61 + "..."),
        (" " + "s" * 64, "' " + "s" * 60 + "...'"),
    ],
)
def test_a_name_is_quoted_where_spaces_distinguish_it(name: str, shown: str) -> None:
    assert exact(name) == shown
    assert in_quotes(name) == (shown if shown.startswith("'") else f"'{shown}'")


def test_spaces_stay_where_they_are_part_of_a_name() -> None:
    assert one_line("unknown: 'a  b'\n", keeps_spaces=True) == "unknown: 'a  b' "
