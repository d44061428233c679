"""A batch in words: nothing here is asked, sent or drawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from omics_batch import Batch
from omics_batch.cli._words import counted, facts, failure, is_behind, lags, left, line, percent, rate, title, verdict
from tests.cli._support import document, processed
from tests.support import batch_with

NOW = datetime(2025, 3, 15, 11, 0, tzinfo=UTC)


def batch(document: dict[str, Any]) -> Batch:
    return Batch.model_validate(document)


def test_every_state_is_counted_and_those_without_runs_are_left_out() -> None:
    runs = ("completed", "failed", "cancelled", "deleted", "stopping", "running", "starting", "pending")
    summary = {f"{state}RunCount": number for number, state in enumerate(runs, start=1)}
    starts = {"failedStartSubmissionCount": 9, "pendingStartSubmissionCount": 10}
    assert counted(batch(document(runSummary=summary, submissionSummary=starts))) == (
        "1 completed, 2 failed, 9 not submitted, 3 cancelled, 4 deleted, 5 stopping, 6 running, 7 starting, "
        "8 pending, 10 to submit"
    )


def test_a_batch_that_was_just_created_has_no_runs_yet() -> None:
    assert line(batch({"id": "1", "status": "CREATING"})) == "1  CREATING  0.0 %  no runs yet"


def test_all_but_all_is_not_all() -> None:
    almost = batch(document(totalRuns=100_000, runSummary={"completedRunCount": 99_999}))
    assert percent(almost) == "~99.9 %"
    assert percent(batch(processed(completedRunCount=10))) == "100.0 %"


def test_a_title_has_the_name_where_there_is_one() -> None:
    assert title(batch(document())) == "7123456"
    assert title(batch(document(name="cohort\x07"))) == "7123456 cohort"


def test_a_verdict_does_without_times_and_totals_that_are_not_reported() -> None:
    bare = {"id": "7123456", "status": "PROCESSED", "totalRuns": 1, "runSummary": {"failedRunCount": 1}}
    assert verdict(batch(bare)) == "Processed: 0 of 1 run completed, 1 failed."


@pytest.mark.parametrize(
    ("members", "reported"),
    [
        ({}, "the service gives no counts of an unknown number of runs."),
        ({"totalRuns": 96}, "the service gives no counts of 96 runs."),
        ({"totalRuns": 96, "runSummary": None}, "the service gives no counts of 96 runs."),
        (
            {"runSummary": {"completedRunCount": 96}},
            "96 completed, which does not add up to an unknown number of runs.",
        ),
        (
            {"totalRuns": 96, "runSummary": {"completedRunCount": 90}},
            "90 completed, which does not add up to 96 runs.",
        ),
        (
            {"totalRuns": 96, "runSummary": {"completedRunCount": 97}},
            "97 completed, which does not add up to 96 runs.",
        ),
        (
            {"totalRuns": 96, "runSummary": {"completedRunCount": 90, "failedRunCount": 4}},
            "90 completed, 4 failed, which does not add up to 96 runs.",
        ),
    ],
    ids=repr,
)
def test_a_verdict_counts_none_as_not_completed_of_which_there_is_no_count(
    members: dict[str, Any], reported: str
) -> None:
    seen = batch({"id": "7123456", "status": "PROCESSED", **members})
    assert verdict(seen) == f"Processed: {reported}"


def test_counts_that_do_not_add_up_are_marked_where_they_stand() -> None:
    reported = dict(facts(batch(processed(completedRunCount=9)), NOW))
    assert (reported["Runs"], reported["Outcome"]) == ("9 completed (counts do not add up to 10 runs)", "unknown")
    assert dict(facts(batch(processed()), NOW))["Runs"] == "no counts"


def test_a_batch_that_has_ended_without_counts_has_no_runs_to_come() -> None:
    assert line(batch({"id": "1", "status": "FAILED"})) == "1  FAILED  0.0 %  no counts"
    assert line(batch({"id": "1", "status": "PROCESSED"})) == "1  PROCESSED  100.0 %  no counts"


@pytest.mark.parametrize(
    ("starts", "reported"),
    [
        ({}, "Some of its runs may have been created and may still run: leave those out of a new batch."),
        (
            {"successfulStartSubmissionCount": 3, "pendingStartSubmissionCount": 93},
            "3 of its runs were created and may still run: leave those out of a new batch.",
        ),
        (
            {"successfulStartSubmissionCount": 1},
            "1 of its runs was created and may still run: leave those out of a new batch.",
        ),
        ({"pendingStartSubmissionCount": 10}, "None of its runs was created: fix this and start a new batch."),
    ],
    ids=repr,
)
def test_a_batch_that_failed_is_started_again_only_without_the_runs_that_it_created(
    starts: dict[str, int], reported: str
) -> None:
    seen = batch({"id": "1", "status": "FAILED", "totalRuns": 10, "submissionSummary": starts})
    transient = "After a transient error, start it with the same requestId."
    assert failure(seen) == f"the service gave no reason. {reported} {transient}"
    again = seen.model_copy(update={"failure_reason": "no\x1b[2J role."})
    assert failure(again) == f"no [2J role. {reported} {transient}"


@pytest.mark.parametrize(
    ("status", "runs", "starts", "reported"),
    [
        ("PROCESSED", {"completedRunCount": 1}, {}, "its one run completed."),
        ("RUNS_DELETED", {"deletedRunCount": 1}, {}, "1 deleted. How the deleted runs ended is lost."),
        (
            "RUNS_DELETING",
            {"completedRunCount": 2, "deletedRunCount": 5},
            {"failedStartSubmissionCount": 1},
            "2 completed, 1 not submitted, 5 deleted. How the deleted runs ended is lost.",
        ),
    ],
)
def test_a_verdict_says_no_more_than_is_known(
    status: str, runs: dict[str, int], starts: dict[str, int], reported: str
) -> None:
    total = sum(runs.values()) + sum(starts.values())
    seen = processed() | {"status": status, "totalRuns": total, "runSummary": runs, "submissionSummary": starts}
    assert verdict(batch(seen)) == f"Processed in 0:15:00: {reported}"


def test_a_batch_under_way_is_reported_how_long_it_has_been_going() -> None:
    reported = dict(facts(batch(document()), NOW))
    assert reported["Going for"] == "1:00:00"
    assert reported["Finished"] == "~30.0 % of 10 runs"
    assert "Processed" not in reported


def test_another_clock_shows_no_time() -> None:
    """A local HealthOmics whose hours are minutes creates its batches in the future."""
    ahead = batch(document(creationTime="2025-03-15T20:00:00Z"))
    assert "Going for" not in dict(facts(ahead, NOW))


def test_what_has_ended_takes_no_longer_and_longer() -> None:
    """GetBatch may report no end: of a batch that was cancelled, for one."""
    assert "Took" not in dict(facts(batch(document("CANCELLED")), NOW))


def test_what_the_service_does_not_show_is_left_out() -> None:
    reported = dict(facts(batch({"id": "1", "status": "PENDING"}), NOW))
    assert reported == {
        "Batch": "1",
        "Status": "PENDING",
        "Outcome": "in progress",
        "Finished": "0.0 %",
        "Runs": "no runs yet",
    }


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
        ("RUNS_DELETED", {"deletedRunCount": 1}, False),
    ],
)
def test_counts_lag_until_a_batch_is_processed(status: str, runs: dict[str, int], do_lag: bool) -> None:
    batch = batch_with(status, totalRuns=1, runSummary=runs)
    assert (lags(batch), is_behind(batch)) == (do_lag, do_lag)


def test_counts_may_change_after_a_deletion_that_they_do_not_show_yet() -> None:
    assert lags(batch_with("RUNS_DELETED", totalRuns=2, runSummary={"deletedRunCount": 1}))


def test_a_percentage_stays_once_all_runs_have_ended_though_deletions_move_the_counts() -> None:
    batch = batch_with("RUNS_DELETING", processedTime="2025-03-15T12:00:00Z", runSummary={"deletedRunCount": 1})
    assert (lags(batch), is_behind(batch)) == (True, False)
