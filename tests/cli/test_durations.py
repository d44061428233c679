from __future__ import annotations

from datetime import timedelta

import pytest

from omics_batch.cli._durations import Span, span_of, written


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("90", 90),
        ("0.5", 0.5),
        ("90s", 90),
        ("30m", 1800),
        ("24h", 86400),
        ("2d", 172800),
        ("1.5h", 5400),
        ("1h30m", 5400),
    ],
)
def test_spans_are_read(text: str, seconds: float) -> None:
    assert span_of(text) == Span(text, seconds)


@pytest.mark.parametrize("text", ["", "-5", "-1h", "h", "1w", "1 h", "1h ", "nan", "inf", "1e3", "\u0661h", "1h30"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a valid duration"):
        span_of(text)


def test_a_span_without_end_is_refused() -> None:
    with pytest.raises(ValueError, match="is too long"):
        span_of("9" * 400)


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (timedelta(), "0:00:00"),
        (timedelta(seconds=61.9), "0:01:01"),
        (timedelta(days=2, hours=1), "49:00:00"),
    ],
)
def test_durations_are_written(duration: timedelta, text: str) -> None:
    assert written(duration) == text
