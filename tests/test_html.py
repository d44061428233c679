"""What notebooks show of a batch: whole, in proportion, and as light or dark as what is around it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch import (
    Batch,
    BatchStatus,
    Progress,
    Rows,
    RunSummary,
    SubmissionSummary,
)
from omics_batch._html import card, line
from omics_batch._html.bar import shares
from omics_batch._html.style import STATES, STYLE, TONES
from tests.markup import cells, read, words
from tests.support import FAILED, IN_PROGRESS, InstantClock, batch_with

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

UNDER_WAY: Final = Batch.model_validate_json(IN_PROGRESS)
LATER: Final = datetime(2025, 3, 15, 12, 30, tzinfo=UTC)
ALL_STATES: Final = Batch(
    id="7123456",
    status=BatchStatus.STOPPING,
    total_runs=60,
    submission_summary=SubmissionSummary(failed_start_submission_count=3, pending_start_submission_count=10),
    run_summary=RunSummary(
        completed_run_count=1,
        failed_run_count=2,
        cancelled_run_count=4,
        deleted_run_count=5,
        stopping_run_count=6,
        running_run_count=7,
        starting_run_count=8,
        pending_run_count=9,
    ),
)


def shown(batch: Batch, progress: Progress | None = None) -> str:
    return words(read(card(batch, LATER, progress)))


def facts(batch: Batch, progress: Progress | None = None) -> dict[str, str]:
    """Labels and values."""
    reported = [fact for group in read(card(batch, LATER, progress)).iter("dl") for fact in group]
    found = {words(label): words(value) for label, value in reported}
    assert len(found) == len(reported)
    return found


# A batch


def test_a_batch_under_way_shows_where_it_stands() -> None:
    assert shown(UNDER_WAY).startswith("genomics-cohort-analysis INPROGRESS Batch 7123456")
    assert facts(UNDER_WAY) == {
        "Outcome": "in progress",
        "Runs": "96",
        "Submitted": "100.0 %",
        "Finished": "32.3 %",
        "Going for": "2 h 30 min",
        "Created at": "2025-03-15 10:00:00 UTC",
        "Submitted at": "2025-03-15 10:05:00 UTC",
    }


def test_its_counts_are_reported_beside_the_bar_and_said_to_lag() -> None:
    root = read(card(UNDER_WAY, LATER))
    legend = [words(item) for item in root.iter("li")]
    assert legend == ["29 completed", "2 not submitted", "50 running", "5 starting", "10 pending"]
    assert "Counts lag behind the runs." in words(root)


def test_a_batch_that_failed_shows_why() -> None:
    reported = shown(Batch.model_validate_json(FAILED))
    assert reported.startswith("Batch 7123456 FAILED Outcome failed")
    assert reported.endswith("Batch has 100001 runs but 100000 runs is the max.")


def test_a_processed_batch_shows_how_it_ended_and_how_long_it_took() -> None:
    ended = {"creationTime": "2025-03-15T10:00:00Z", "processedTime": "2025-03-16T11:00:00Z"}
    batch = batch_with("PROCESSED", totalRuns=2, runSummary={"completedRunCount": 1, "failedRunCount": 1}, **ended)
    reported = facts(batch)
    assert (reported["Outcome"], reported["Finished"], reported["Took"]) == ("partial", "100.0 %", "1 d 1 h")
    assert reported["Processed at"] == "2025-03-16 11:00:00 UTC"


def test_how_long_it_took_is_left_out_where_nobody_knows_when_it_ended() -> None:
    for status in (BatchStatus.PROCESSED, BatchStatus.CANCELLED):
        assert not {"Took", "Going for"} & facts(UNDER_WAY.model_copy(update={"status": status})).keys()


def test_a_batch_that_ends_before_it_began_took_nobody_knows_how_long() -> None:
    times = {"creationTime": "2025-03-16T11:00:00Z", "processedTime": "2025-03-15T11:00:00Z"}
    assert "Took" not in facts(batch_with("PROCESSED", **times))


def test_the_first_of_all_years_is_a_year_like_others() -> None:
    batch = batch_with(creationTime="0001-01-01T00:00:00Z")
    assert facts(batch)["Created at"] == "0001-01-01 00:00:00 UTC"
    assert cells(Rows([batch])._repr_html_())[1][-1] == "0001-01-01 00:00 UTC"


@pytest.mark.parametrize(
    ("batch", "shares"),
    [
        (batch_with("CREATING"), {"Submitted": "0.0 %", "Finished": "0.0 %"}),
        (batch_with("FAILED"), {}),
        (batch_with("PROCESSED", totalRuns=1, runSummary={"completedRunCount": 1}), {"Finished": "100.0 %"}),
    ],
)
def test_at_the_end_no_share_is_reported_that_has_no_counts(batch: Batch, shares: dict[str, str]) -> None:
    reported = facts(batch)
    assert {label: reported[label] for label in ("Submitted", "Finished") if label in reported} == shares


def test_a_failure_is_red_and_a_success_is_green() -> None:
    succeeded = batch_with("PROCESSED", totalRuns=1, runSummary={"completedRunCount": 1})
    for batch, tone in ((batch_with("FAILED"), "bad"), (succeeded, "good"), (UNDER_WAY, "active")):
        assert f'class="ob-badge ob-{tone}"' in card(batch, LATER)
    for tone, (light, *_) in TONES.items():
        assert f".ob-{tone} {{ color: light-dark({light}," in STYLE


@pytest.mark.parametrize(
    ("batch", "note"),
    [
        (batch_with("CREATING"), "No counts yet: they lag behind the runs."),
        (UNDER_WAY, "Counts lag behind the runs."),
        (batch_with("PROCESSED", totalRuns=1, runSummary={"completedRunCount": 1}), None),
        (batch_with("RUNS_DELETING", runSummary={"completedRunCount": 1}), "Counts lag behind the runs."),
        (batch_with("FAILED"), None),
        (batch_with("CANCELLED", totalRuns=3), None),
    ],
)
def test_counts_that_may_change_are_said_to_lag(batch: Batch, note: str | None) -> None:
    assert ("lag" in shown(batch)) is bool(note)
    assert (note or "") in shown(batch)
    assert ("counts lag" in line(batch, Progress())) is bool(note)
    assert ("counts lag" in str(cells(Rows([batch])._repr_html_()))) is bool(note)


@pytest.mark.parametrize(
    ("members", "reported"),
    [
        ({}, None),
        ({"totalRuns": 96}, "96 not counted"),
        ({"totalRuns": 96, "runSummary": {"completedRunCount": 90}}, "90 completed, 6 not counted"),
        ({"totalRuns": 96, "runSummary": {"completedRunCount": 97}}, "97 completed"),
    ],
    ids=repr,
)
def test_counts_that_do_not_add_up_are_said_not_to(members: dict[str, Any], reported: str | None) -> None:
    batch = batch_with("PROCESSED", **members)
    assert "Counts do not add up to the runs." in shown(batch)
    assert (facts(batch)["Outcome"], facts(batch)["Finished"]) == ("unknown", "100.0 %")
    assert line(batch, Progress()).endswith("counts do not add up to the runs")
    assert (reported or "") in line(batch, Progress())
    assert "lag" not in shown(batch)


def test_a_batch_that_failed_before_it_had_runs_has_no_bar() -> None:
    assert [element.tag for element in read(card(batch_with("FAILED"), LATER)).iter() if element.tag == "svg"] == []


# The bar


def segments(batch: Batch) -> list[tuple[str, float, float]]:
    """Title, start and width of each part of the bar."""
    (bar,) = (svg for svg in read(card(batch, LATER)).iter("svg") if svg.get("role") == "img")
    return [(words(part), size(part, "x"), size(part, "width")) for part in bar]


def size(part: Element, name: str) -> float:
    return float(part.get(name, "0%").removesuffix("%"))


def test_the_bar_is_as_the_counts_are() -> None:
    parts = segments(UNDER_WAY)
    assert [title for title, _, _ in parts] == [
        "29 completed",
        "2 not submitted",
        "50 running",
        "5 starting",
        "10 pending",
    ]
    assert [width for _, _, width in parts] == pytest.approx([100 * runs / 96 for runs in (29, 2, 50, 5, 10)], abs=0.01)
    assert [start for _, start, _ in parts] == pytest.approx(
        [100 * runs / 96 for runs in (0, 29, 31, 81, 86)], abs=0.01
    )


def test_it_says_the_same_to_who_cannot_see_it() -> None:
    html = card(UNDER_WAY, LATER)
    said = "Runs of batch 7123456: 29 completed, 2 not submitted, 50 running, 5 starting, 10 pending"
    assert f'role="img" width="100%" aria-label="{said}"' in html


def test_every_state_has_a_colour_of_its_own() -> None:
    assert [title.split(" ", 1)[1] for title, _, _ in segments(ALL_STATES)] == list(STATES)
    assert list(ALL_STATES.run_counts) == list(STATES)[:-1]
    assert len(set(STATES.values())) == len(STATES)


def test_runs_that_no_count_holds_are_part_of_the_bar() -> None:
    assert segments(batch_with(totalRuns=4, runSummary={"runningRunCount": 3})) == [
        ("3 running", 0.0, 75.0),
        ("1 not counted", 75.0, 25.0),
    ]


def test_before_there_are_runs_the_bar_is_empty() -> None:
    assert segments(batch_with("CREATING")) == [("", 0.0, 100.0)]
    assert "Runs of batch 7123456: none yet" in card(batch_with("CREATING"), LATER)


def test_one_failure_of_a_hundred_thousand_is_seen() -> None:
    completed, failed = shares([99_999, 1])
    assert completed + failed == pytest.approx(100)
    assert 0.7 < failed < 0.9


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=11))
def test_the_parts_of_a_bar_are_a_whole(numbers: list[int]) -> None:
    parts = shares(numbers)
    assert sum(parts) == pytest.approx(100)
    assert min(parts) > 0.7
    by_number = [part for _, part in sorted(zip(numbers, parts, strict=True))]
    assert by_number == sorted(by_number)


# A wait that is watched


def test_progress_adds_the_rate_and_the_time_left() -> None:
    clock = InstantClock()
    progress = Progress(clock)
    progress.see(batch_with(totalRuns=96, runSummary={"completedRunCount": 9}))
    assert "Rate" not in facts(UNDER_WAY, progress)
    clock.time = 3600
    progress.see(UNDER_WAY)
    reported = facts(UNDER_WAY, progress)
    assert (reported["Rate"], reported["Time left"]) == ("20 runs/h", "about 3 h 15 min")
    assert line(UNDER_WAY, progress) == (
        "7123456  INPROGRESS  32.3 %  29 completed, 2 not submitted, 50 running, 5 starting, 10 pending  "
        "counts lag  rate 20 runs/h  time left about 3 h 15 min"
    )


def test_what_progress_has_seen_stays_where_counts_fall() -> None:
    progress = Progress(InstantClock())
    progress.see(UNDER_WAY)
    fallen = batch_with(totalRuns=96, runSummary={"completedRunCount": 1})
    progress.see(fallen)
    assert facts(fallen, progress)["Finished"] == "32.3 %"


def test_once_nothing_is_left_there_is_no_pace_although_the_batch_goes_on() -> None:
    clock = InstantClock()
    progress = Progress(clock)
    all_ended = batch_with(totalRuns=96, runSummary={"completedRunCount": 96})
    for batch in (UNDER_WAY, all_ended):
        clock.time += 60
        progress.see(batch)
    assert not {"Rate", "Time left"} & facts(all_ended, progress).keys()
    assert line(all_ended, progress) == "7123456  INPROGRESS  100.0 %  96 completed  counts lag"


def test_the_last_seconds_are_reported_too() -> None:
    clock = InstantClock()
    progress = Progress(clock)
    for completed in (30, 90, 95):
        clock.time += 60
        progress.see(batch_with(totalRuns=96, runSummary={"completedRunCount": completed}))
    assert facts(batch_with(totalRuns=96), progress)["Time left"] == "about 1 s"


def test_at_the_end_there_is_no_rate_any_more() -> None:
    clock = InstantClock()
    progress = Progress(clock)
    ended = batch_with("PROCESSED", totalRuns=96, runSummary={"completedRunCount": 96})
    for batch in (UNDER_WAY, ended):
        clock.time += 60
        progress.see(batch)
    assert progress.runs_per_hour
    assert facts(ended, progress).keys() == {"Outcome", "Runs", "Submitted", "Finished"}
    assert line(ended, progress) == "7123456  PROCESSED  100.0 %  96 completed"


# The style


def test_no_rule_of_the_style_is_for_anything_but_our_own() -> None:
    selectors = [one.strip() for rule in re.findall(r"([^{}]+)\{", STYLE) for one in rule.split(",")]
    assert len(selectors) > 30
    assert [selector for selector in selectors if not re.search(r"(^| )\.omics-batch( (ul)?\.ob-|$)", selector)] == []


def test_nothing_has_an_id_and_nothing_comes_from_elsewhere() -> None:
    for html in (card(UNDER_WAY, LATER), Rows([UNDER_WAY])._repr_html_()):
        assert html is not None
        assert not re.search(r"\bid=|https?:|url\(|@import|<script|<link", html)
