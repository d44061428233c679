"""A batch's life, asked at any second of its age."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import astuple, replace
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch.testing import Life
from omics_batch.testing._timeline import RunCounts, RunState, SubmissionCounts, Timeline

PLAIN: Final = Life(creating=2, pending=3, submission_rate=1, run_pending=1, run_starting=1, run_length=10)
SAMPLES: Final = ("a", "b", "c", "d")


def test_a_batch_goes_through_its_statuses_at_the_exact_seconds() -> None:
    timeline = Timeline(PLAIN, SAMPLES)
    assert [
        (age, timeline.status(age)) for age in (0.0, 1.999999, 2.0, 4.999999, 5.0, 8.999999, 9.0, 20.999999, 21.0, 1e9)
    ] == [
        (0.0, "CREATING"),
        (1.999999, "CREATING"),
        (2.0, "PENDING"),
        (4.999999, "PENDING"),
        (5.0, "SUBMITTING"),
        (8.999999, "SUBMITTING"),
        (9.0, "INPROGRESS"),
        (20.999999, "INPROGRESS"),
        (21.0, "PROCESSED"),
        (1e9, "PROCESSED"),
    ]
    assert [age for age in (8.999999, 9.0, 21.0) if timeline.submitted_by(age) == 9.0] == [9.0, 21.0]
    assert timeline.processed_at == 21.0


def test_runs_are_submitted_one_after_the_other() -> None:
    timeline = Timeline(PLAIN, SAMPLES)
    assert timeline.submissions(5.0) == SubmissionCounts(successful=0, failed=0, pending=4)
    assert timeline.submissions(7.5) == SubmissionCounts(successful=2, failed=0, pending=2)
    assert timeline.submissions(9.0) == SubmissionCounts(successful=4, failed=0, pending=0)
    assert timeline.runs(8.0) == RunCounts(pending=1, starting=1, running=1)
    assert timeline.runs(19.0) == RunCounts(running=2, completed=2)
    assert timeline.runs(21.0) == RunCounts(completed=4)


def test_a_run_goes_through_its_statuses() -> None:
    timeline = Timeline(PLAIN, SAMPLES)
    assert timeline.run(0, 5.9) is None
    assert timeline.run(0, 6.0) == RunState("PENDING", 6.0)
    assert timeline.run(0, 7.0) == RunState("STARTING", 6.0)
    assert timeline.run(0, 8.0) == RunState("RUNNING", 6.0, 8.0)
    assert timeline.run(0, 18.0) == RunState("COMPLETED", 6.0, 8.0, 18.0)


def test_a_run_that_fails_says_why() -> None:
    timeline = Timeline(replace(PLAIN, failed_runs={"b": "out of memory", "unknown": "passed over"}), SAMPLES)
    assert timeline.run(1, 19.0) == RunState("FAILED", 7.0, 9.0, 19.0, "out of memory")
    assert timeline.runs(21.0) == RunCounts(completed=3, failed=1)


def test_a_failed_submission_is_counted_as_such_and_never_among_the_runs() -> None:
    reason = ("ValidationException", "The role cannot be assumed.")
    timeline = Timeline(replace(PLAIN, failed_submissions={"a": reason}), SAMPLES)
    assert timeline.submissions(6.0) == SubmissionCounts(successful=0, failed=1, pending=3)
    assert timeline.submissions(9.0) == SubmissionCounts(successful=3, failed=1, pending=0)
    assert timeline.runs(21.0) == RunCounts(completed=3)
    assert timeline.was_submitted(0, 6.0)
    assert timeline.submission_failure(0) == reason
    assert timeline.submission_failure(1) is None
    assert timeline.run(0, 21.0) is None


def test_a_batch_of_which_nothing_could_be_submitted_is_processed_at_once() -> None:
    failures = dict.fromkeys(SAMPLES, ("AccessDeniedException", "no"))
    timeline = Timeline(replace(PLAIN, failed_submissions=failures), SAMPLES)
    assert timeline.status(8.9) == "SUBMITTING"
    assert timeline.status(9.0) == "PROCESSED"
    assert timeline.processed_at == 9.0


def test_a_batch_can_fail_before_any_run_was_submitted() -> None:
    timeline = Timeline(replace(PLAIN, failure_reason="There was a transient error in the service."), SAMPLES)
    assert [timeline.status(age) for age in (1.0, 2.0, 5.0)] == ["CREATING", "PENDING", "FAILED"]
    assert timeline.failed_at == 5.0
    assert timeline.run(0, 100.0) is None


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        (["a", "b", "a"], "Expected 3 unique runSettingIds but there were 2"),
        ([str(number) for number in range(100_001)], "Batch has 100001 runs but 100000 runs is the max."),
    ],
    ids=["duplicates", "too many"],
)
def test_flawed_run_settings_fail_the_batch_with_the_documented_reason(ids: list[str], reason: str) -> None:
    timeline = Timeline(PLAIN, ids)
    assert timeline.failure_reason == reason
    assert timeline.status(5.0) == "FAILED"


def test_a_cancel_stops_what_is_under_way_and_submits_no_more() -> None:
    timeline = Timeline(replace(PLAIN, cancelled_after=timedelta(seconds=8), stopping=2), SAMPLES)
    assert [timeline.status(age) for age in (7.9, 8.0, 9.9, 10.0)] == [
        "SUBMITTING",
        "STOPPING",
        "STOPPING",
        "CANCELLED",
    ]
    assert timeline.submissions(8.0) == SubmissionCounts(successful=3, failed=0, pending=1, cancelled=3)
    assert timeline.runs(8.0) == RunCounts(stopping=3)
    assert timeline.runs(10.0) == RunCounts(cancelled=3)
    assert timeline.run(0, 8.0) == RunState("STOPPING", 6.0, 8.0)
    assert timeline.run(1, 10.0) == RunState("CANCELLED", 7.0, None, 10.0)
    assert timeline.run(3, 10.0) is None
    assert timeline.submitted_by(100.0) is None


def test_a_cancel_leaves_alone_what_had_ended() -> None:
    timeline = Timeline(replace(PLAIN, cancelled_after=18.5, failed_runs={"a": "no"}), SAMPLES)
    assert timeline.runs(30.0) == RunCounts(failed=1, cancelled=3)
    assert timeline.run(0, 30.0) == RunState("FAILED", 6.0, 8.0, 18.0, "no")
    assert timeline.submitted_by(30.0) == 9.0


def test_a_cancel_is_too_early_before_pending_and_too_late_after_the_end() -> None:
    assert Timeline(replace(PLAIN, cancelled_after=0), SAMPLES).status(2.0) == "STOPPING"
    assert Timeline(replace(PLAIN, cancelled_after=21), SAMPLES).status(30.0) == "PROCESSED"
    failing = replace(PLAIN, failure_reason="no")
    assert Timeline(replace(failing, cancelled_after=3), SAMPLES).status(30.0) == "CANCELLED"
    assert Timeline(replace(failing, cancelled_after=5), SAMPLES).status(30.0) == "FAILED"


def test_counts_lag_behind_and_settle_at_the_end() -> None:
    timeline = Timeline(replace(PLAIN, count_lag=3), SAMPLES)
    assert timeline.runs(20.0) == RunCounts(running=4)
    assert timeline.runs(21.0) == RunCounts(completed=4)
    assert timeline.submissions(9.0).successful == 4


def test_all_runs_can_be_submitted_at_once() -> None:
    timeline = Timeline(replace(PLAIN, submission_rate=math.inf), SAMPLES)
    assert timeline.status(5.0) == "INPROGRESS"
    assert timeline.runs(5.0) == RunCounts(pending=4)


def test_drawn_lengths_lie_within_their_limits_and_depend_on_the_seed_alone() -> None:
    life = replace(PLAIN, run_length=(timedelta(seconds=5), 50.0), submission_rate=math.inf)

    def ends(seed: int, samples: int = 50) -> list[float]:
        timeline = Timeline(replace(life, seed=seed), [str(number) for number in range(samples)])
        return [state.stopped for index in range(50) if (state := timeline.run(index, 1e6)) and state.stopped]

    assert ends(1) == ends(1) == ends(1, samples=80)
    assert ends(1) != ends(2)
    assert all(5.0 + 7.0 <= end <= 50.0 + 7.0 for end in ends(1))


@pytest.mark.parametrize(("failed_runs", "failed"), [(3, 3), (99, 8), (0, 0), (0.5, 4), (1.0, 8), (0.0, 0)])
def test_failing_runs_can_be_a_number_or_a_part_of_those_submitted(failed_runs: float, failed: int) -> None:
    life = replace(PLAIN, failed_runs=failed_runs, failed_submissions={"0": ("ConflictException", "no")})
    assert Timeline(life, [str(number) for number in range(9)]).runs(1e6).failed == failed


@pytest.mark.parametrize(
    "members",
    [
        {"creating": -1},
        {"pending": math.inf},
        {"cancelled_after": -1},
        {"run_length": (5, 4)},
        {"run_length": -1},
        {"submission_rate": 0},
        {"submission_rate": math.nan},
        {"failed_runs": True},
        {"failed_runs": -1},
        {"failed_runs": 1.5},
        {"failed_runs": math.nan},
        {"failed_runs": {"a": "no"}, "failed_submissions": {"a": ("ValidationException", "no")}},
    ],
    ids=str,
)
def test_what_no_batch_can_live_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(members)) if len(members) == 1 else "a run that fails to submit"):
        Life(**members)


lives = st.builds(
    Life,
    creating=st.floats(0, 5),
    pending=st.floats(0, 5),
    submission_rate=st.floats(0.1, 10),
    run_pending=st.floats(0, 5),
    run_starting=st.floats(0, 5),
    run_length=st.tuples(st.floats(0, 5), st.floats(5, 50)),
    failed_runs=st.floats(0, 1),
    failed_submissions=st.dictionaries(st.sampled_from("0123"), st.just(("ConflictException", "no"))),
    cancelled_after=st.none() | st.floats(0, 60),
    stopping=st.floats(0, 10),
    seed=st.integers(0, 3),
)


@given(life=lives, runs=st.integers(1, 12), ages=st.lists(st.floats(0, 200), min_size=2, max_size=8))
def test_counts_add_up_and_nothing_goes_back(life: Life, runs: int, ages: list[float]) -> None:
    """At each age the counts equal a count of the single runs, and what has ended stays so."""
    timeline = Timeline(life, [str(number) for number in range(runs)])
    order = ["CREATING", "PENDING", "SUBMITTING", "INPROGRESS", "STOPPING", "CANCELLED", "PROCESSED"]
    before = (0, 0, 0)
    for age in sorted(round(age, 6) for age in ages):
        submissions, counts = timeline.submissions(age), timeline.runs(age)
        assert submissions.successful + submissions.failed + submissions.pending == runs
        assert sum(astuple(counts)) == submissions.successful
        states = [timeline.run(index, age) for index in range(runs)]
        by_status = Counter(state.status.lower() for state in states if state is not None)
        assert RunCounts(**by_status) == counts
        ended = counts.completed + counts.failed + counts.cancelled
        now = (order.index(timeline.status(age)), submissions.successful + submissions.failed, ended)
        assert all(old <= new for old, new in zip(before, now, strict=True))
        before = now
