"""Whatever a stranger wrote, it is never markup."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

from hypothesis import given
from hypothesis import strategies as st

from omics_batch import (
    Batch,
    BatchListItem,
    BatchStatus,
    FailedRun,
    FailureKind,
    LeftOutRun,
    Progress,
    Rows,
    RunBatchListItem,
    SubmissionStatus,
)
from omics_batch._html import card, line
from omics_batch._words import one_line
from tests.markup import Skeleton, read, words

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LATER: Final = datetime(2025, 3, 15, 12, 30, tzinfo=UTC)

HOSTILE: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><b>",
    "]]></title></svg><a href='javascript:alert(1)'>",
    "&lt;b&gt; &amp;amp; &#60;i&#62;",
    "\x1b[2J\x1b]0;owned\x07",
    "東" * 64,
    "\u202eשלום\u2066 olleh",
    "\x00\ufffe\uffff\ufdd0",
)
TEXTS: Final = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.sampled_from("<>&\"'/=; ab\u05d0\u202e\x1b\n"), min_size=1),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
)
TIMES: Final = st.datetimes(
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
)


def harmless(text: str) -> str:
    """A text that is shown in the same places as another, and holds no markup."""
    return "x" if one_line(text) else "\n"


def strangers(root: Element) -> list[str]:
    return [words(element) for element in root.iter("bdi")]


@given(name=TEXTS, status=TEXTS, batch_id=TEXTS, reason=TEXTS, created=TIMES, failed=TIMES)
def test_no_text_of_a_batch_is_ever_markup(
    *, name: str, status: str, batch_id: str, reason: str, created: datetime, failed: datetime
) -> None:
    def shown_with(name: str, status: str, batch_id: str, reason: str) -> str:
        batch = Batch(
            id=batch_id,
            status=BatchStatus(status),
            name=name,
            failure_reason=reason,
            creation_time=created,
            failed_time=failed,
        )
        return card(batch, LATER)

    html = shown_with(name, status, batch_id, reason)
    plain = shown_with(*map(harmless, (name, status, batch_id, reason)))
    assert Skeleton(html).found == Skeleton(plain).found
    texts = (one_line(text, limit=limit) for text, limit in ((name, 128), (status, 64), (batch_id, 64), (reason, 2000)))
    assert sorted(strangers(read(html))) == sorted(filter(None, texts))


def rows_of(text: str) -> list[Rows[Any]]:
    failed = FailedRun(run_setting_id=text, kind=FailureKind.RUN, run_id=text, reason=text, message=text)
    return [
        Rows([Batch(id=text, status=BatchStatus(text), name=text)]),
        Rows([BatchListItem(id=text, status=BatchStatus(text), name=text, workflow_id=text)]),
        Rows(
            [
                RunBatchListItem(
                    run_setting_id=text,
                    run_id=text,
                    submission_status=SubmissionStatus(text),
                    submission_failure_reason=text,
                    submission_failure_message=text,
                )
            ]
        ),
        Rows([failed]),
        Rows([LeftOutRun(failed, why=text)]),
    ]


@given(TEXTS)
def test_no_text_of_a_list_is_ever_markup(text: str) -> None:
    for rows, plain in zip(rows_of(text), rows_of(harmless(text)), strict=True):
        html, plain_html = rows._repr_html_(), plain._repr_html_()
        assert html is not None
        assert plain_html is not None
        assert Skeleton(html).found == Skeleton(plain_html).found
        limits = {one_line(text, limit=64), one_line(text)}
        assert set(strangers(read(html))) <= limits


@given(TEXTS, TEXTS)
def test_no_text_of_a_line_acts_on_a_terminal(batch_id: str, status: str) -> None:
    reported = line(Batch(id=batch_id, status=BatchStatus(status)), Progress())
    assert reported == "  ".join(filter(None, map(one_line, reported.split("  "))))
