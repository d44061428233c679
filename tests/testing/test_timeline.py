"""A batch's life, asked at any second of its age."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import asdict, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch.testing import Life
from omics_batch.testing._service.schedule import Schedule
from omics_batch.testing._service.states import RunCounts, RunState, SubmissionCounts
from omics_batch.testing._service.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAIN: Final = Life(creating=2, pending=3, submission_rate=1, run_pending=1, run_starting=1, run_length=10)
SAMPLES: Final = ("a", "b", "c", "d")


def timeline_of(life: Life, ids: Sequence[str] = SAMPLES) -> Timeline:
    return Timeline(Schedule(life, ids))


def test_a_batch_goes_through_its_statuses_at_the_exact_seconds() -> None:
    timeline = timeline_of(PLAIN)
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
    assert [age for age in (9.0, 20.999999, 21.0, 1e9) if timeline.has_ended(age)] == [21.0, 1e9]
    assert [age for age in (20.999999, 21.0, 1e9) if timeline.processed_by(age) == 21.0] == [21.0, 1e9]


def test_runs_are_submitted_one_after_the_other() -> None:
    timeline = timeline_of(PLAIN)
    assert timeline.submissions(5.0) == SubmissionCounts(successful=0, failed=0, pending=4)
    assert timeline.submissions(7.5) == SubmissionCounts(successful=2, failed=0, pending=2)
    assert timeline.submissions(9.0) == SubmissionCounts(successful=4, failed=0, pending=0)
    assert timeline.runs(8.0) == RunCounts(pending=1, starting=1, running=1)
    assert timeline.runs(19.0) == RunCounts(running=2, completed=2)
    assert timeline.runs(21.0) == RunCounts(completed=4)


def test_a_run_goes_through_its_statuses() -> None:
    timeline = timeline_of(PLAIN)
    assert timeline.run(0, 5.9) is None
    assert timeline.run(0, 6.0) == RunState("PENDING", 6.0)
    assert timeline.run(0, 7.0) == RunState("STARTING", 6.0)
    assert timeline.run(0, 8.0) == RunState("RUNNING", 6.0, 8.0)
    assert timeline.run(0, 18.0) == RunState("COMPLETED", 6.0, 8.0, 18.0)


def test_a_run_that_fails_says_why() -> None:
    timeline = timeline_of(replace(PLAIN, failed_runs={"b": "out of memory", "unknown": "passed over"}))
    assert timeline.run(1, 19.0) == RunState("FAILED", 7.0, 9.0, 19.0, ("RUN_TASK_FAILED", "out of memory"))
    assert timeline.runs(21.0) == RunCounts(completed=3, failed=1)


def test_runs_fail_for_reasons_of_their_own() -> None:
    no_capacity = ("INSTANCE_RESERVATION_FAILED", "No capacity.")
    timeline = timeline_of(replace(PLAIN, failed_runs={"a": no_capacity, "b": "out of memory"}))
    assert [getattr(timeline.run(index, 30.0), "failure", None) for index in range(3)] == [
        no_capacity,
        ("RUN_TASK_FAILED", "out of memory"),
        None,
    ]


def test_a_failed_submission_is_counted_as_such_and_never_among_the_runs() -> None:
    reason = ("ValidationException", "The role cannot be assumed.")
    timeline = timeline_of(replace(PLAIN, failed_submissions={"a": reason}))
    assert timeline.submissions(6.0) == SubmissionCounts(successful=0, failed=1, pending=3)
    assert timeline.submissions(9.0) == SubmissionCounts(successful=3, failed=1, pending=0)
    assert timeline.runs(21.0) == RunCounts(completed=3)
    assert (timeline.submission(0, 5.9), timeline.submission(0, 6.0)) == (None, "FAILED")
    assert timeline.submission_failure(0) == reason
    assert timeline.submission_failure(1) is None
    assert timeline.run(0, 21.0) is None


def test_a_batch_of_which_nothing_could_be_submitted_is_processed_at_once() -> None:
    failures = dict.fromkeys(SAMPLES, ("AccessDeniedException", "no"))
    timeline = timeline_of(replace(PLAIN, failed_submissions=failures))
    assert timeline.status(8.9) == "SUBMITTING"
    assert timeline.status(9.0) == "PROCESSED"
    assert timeline.processed_by(9.0) == 9.0


def test_a_batch_can_fail_before_any_run_was_submitted() -> None:
    timeline = timeline_of(replace(PLAIN, failure_reason="There was a transient error in the service."))
    assert [timeline.status(age) for age in (1.0, 2.0, 5.0)] == ["CREATING", "PENDING", "FAILED"]
    assert timeline.failed_at == 5.0
    assert timeline.run(0, 100.0) is None


def test_a_batch_can_fail_after_some_of_its_runs_were_submitted_and_these_go_on() -> None:
    """The user guide: no runs were created, or only some before the failure."""
    life = replace(PLAIN, failure_reason="no", runs_before_failure=2, failed_runs={"b": "no memory", "c": "never run"})
    timeline = timeline_of(life)
    assert [timeline.status(age) for age in (4.9, 5.0, 6.9, 7.0, 1e9)] == [
        *("PENDING", "SUBMITTING", "SUBMITTING"),
        *("FAILED", "FAILED"),
    ]
    assert (timeline.failed_at, timeline.has_ended(7.0)) == (7.0, True)
    assert timeline.submissions(1e9) == SubmissionCounts(successful=2, failed=0, pending=2)
    assert timeline.runs(7.0) == RunCounts(pending=1, starting=1)
    assert timeline.runs(18.0) == RunCounts(running=1, completed=1)
    assert timeline.runs(19.0) == RunCounts(completed=1, failed=1)
    assert timeline.run(1, 19.0) == RunState("FAILED", 7.0, 9.0, 19.0, ("RUN_TASK_FAILED", "no memory"))
    assert (timeline.run(2, 1e9), timeline.submission(2, 1e9)) == (None, None)
    assert list(timeline.submissions_in(None, 1e9)) == list(timeline.runs_in(None, 1e9)) == [0, 1]


@pytest.mark.parametrize(("runs", "created", "failed_at"), [(0, 0, 5.0), (1, 1, 6.0), (4, 4, 9.0), (99, 4, 9.0)])
def test_a_batch_fails_with_as_many_runs_as_it_has_at_most(runs: int, created: int, failed_at: float) -> None:
    timeline = timeline_of(replace(PLAIN, failure_reason="no", runs_before_failure=runs))
    assert (timeline.submissions(1e9).successful, timeline.failed_at) == (created, failed_at)


def test_flawed_run_settings_leave_nothing_to_submit() -> None:
    life = replace(PLAIN, failure_reason="no", runs_before_failure=2)
    assert timeline_of(life, ["a", "b", "a"]).submissions(1e9) == SubmissionCounts(pending=3)


def test_failures_are_drawn_among_the_runs_that_are_submitted() -> None:
    life = replace(PLAIN, failure_reason="no", runs_before_failure=2, failed_runs=2)
    assert timeline_of(life, [str(number) for number in range(50)]).runs(1e9) == RunCounts(failed=2)


def test_a_batch_that_would_fail_can_be_cancelled_while_it_submits() -> None:
    life = replace(PLAIN, failure_reason="no", runs_before_failure=3, cancelled_after=6.5)
    timeline = timeline_of(life)
    assert (timeline.status(6.5), timeline.status(1e9)) == ("STOPPING", "CANCELLED")
    assert timeline.runs(1e9) == RunCounts(cancelled=1)
    assert timeline_of(replace(life, cancelled_after=8)).status(1e9) == "FAILED"


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        (["a", "b", "a"], "Expected 3 unique runSettingIds but there were 2"),
        ([str(number) for number in range(100_001)], "Batch has 100001 runs but 100000 runs is the max."),
    ],
    ids=["duplicates", "too many"],
)
def test_flawed_run_settings_fail_the_batch_with_the_documented_reason(ids: list[str], reason: str) -> None:
    timeline = timeline_of(PLAIN, ids)
    assert timeline.failure_reason == reason
    assert timeline.status(5.0) == "FAILED"


def test_a_cancel_stops_what_is_under_way_and_submits_no_more() -> None:
    timeline = timeline_of(replace(PLAIN, cancelled_after=timedelta(seconds=8), stopping=2))
    assert [timeline.status(age) for age in (7.9, 8.0, 9.9, 10.0)] == [
        "SUBMITTING",
        "STOPPING",
        "STOPPING",
        "CANCELLED",
    ]
    assert timeline.submissions(8.0) == SubmissionCounts(3, 0, 1, cancelled=3, not_cancelled=0)
    assert timeline.runs(8.0) == RunCounts(stopping=3)
    assert timeline.runs(10.0) == RunCounts(cancelled=3)
    assert timeline.run(0, 8.0) == RunState("STOPPING", 6.0, 8.0)
    assert timeline.run(1, 10.0) == RunState("CANCELLED", 7.0, None, 10.0)
    assert timeline.run(3, 10.0) is None
    assert timeline.submitted_by(100.0) is None


def test_a_cancel_leaves_alone_what_had_ended() -> None:
    timeline = timeline_of(replace(PLAIN, cancelled_after=18.5, failed_runs={"a": "no"}))
    assert timeline.runs(30.0) == RunCounts(failed=1, cancelled=3)
    assert timeline.run(0, 30.0) == RunState("FAILED", 6.0, 8.0, 18.0, ("RUN_TASK_FAILED", "no"))
    assert timeline.submitted_by(30.0) == 9.0


def test_a_run_that_cannot_be_cancelled_goes_on_and_the_batch_waits_for_it() -> None:
    timeline = timeline_of(replace(PLAIN, failed_cancels={"a", "d"}, failed_runs={"a": "no"}, stopping=2)).cancelled(
        8.0
    )
    assert timeline.submissions(8.0) == SubmissionCounts(3, 0, 1, cancelled=2, not_cancelled=1)
    assert timeline.runs(8.0) == RunCounts(running=1, stopping=2)
    assert timeline.runs(10.0) == RunCounts(running=1, cancelled=2)
    assert [timeline.status(age) for age in (10.0, 17.9, 18.0)] == ["STOPPING", "STOPPING", "CANCELLED"]
    assert timeline.runs(18.0) == RunCounts(failed=1, cancelled=2)
    assert timeline.run(0, 18.0) == RunState("FAILED", 6.0, 8.0, 18.0, ("RUN_TASK_FAILED", "no"))
    assert [timeline.submission(index, 8.0) for index in range(4)] == [
        *("CANCEL_FAILED", "CANCEL_SUCCESS", "CANCEL_SUCCESS"),
        None,
    ]


def test_a_run_that_had_ended_before_the_cancel_was_a_success_to_submit() -> None:
    timeline = timeline_of(PLAIN).cancelled(18.5)
    assert [timeline.submission(index, 18.4) for index in range(4)] == ["SUCCESS"] * 4
    assert [timeline.submission(index, 18.5) for index in range(4)] == ["SUCCESS", *["CANCEL_SUCCESS"] * 3]


def test_what_was_done_to_a_batch_leaves_the_earlier_timeline_as_it_was() -> None:
    before = timeline_of(PLAIN)
    before.cancelled(8.0).runs_deleted(20.0)
    assert before.status(21.0) == "PROCESSED"
    assert before.runs(21.0) == RunCounts(completed=4)


def test_a_delete_takes_the_runs_out_of_their_former_counts() -> None:
    life = replace(PLAIN, deleting=3, failed_runs={"b": "no"}, failed_submissions={"c": ("ConflictException", "no")})
    timeline = timeline_of(life).runs_deleted(30.0)
    assert [timeline.status(age) for age in (29.9, 30.0, 32.9, 33.0)] == [
        *("PROCESSED", "RUNS_DELETING"),
        *("RUNS_DELETING", "RUNS_DELETED"),
    ]
    assert timeline.submissions(29.9) == SubmissionCounts(3, 1, 0)
    assert timeline.submissions(30.0) == SubmissionCounts(3, 1, 0, deleted=3, not_deleted=0)
    assert timeline.runs(32.9) == RunCounts(completed=2, failed=1)
    assert timeline.runs(33.0) == RunCounts(deleted=3)
    assert timeline.processed_by(33.0) == 21.0
    assert [timeline.submission(index, 30.0) for index in range(4)] == [
        *("DELETE_SUCCESS", "DELETE_SUCCESS"),
        *("FAILED", "DELETE_SUCCESS"),
    ]


def test_deleted_runs_are_gone_and_those_that_could_not_be_deleted_stay() -> None:
    timeline = timeline_of(replace(PLAIN, deleting=3, failed_deletions={"b"})).runs_deleted(30.0)
    assert (timeline.run(0, 32.9), timeline.run(0, 33.0)) == (RunState("COMPLETED", 6.0, 8.0, 18.0), None)
    assert timeline.run(1, 33.0) == RunState("COMPLETED", 7.0, 9.0, 19.0)
    assert timeline.status(33.0) == "RUNS_DELETE_FAILED"
    assert timeline.submissions(33.0) == SubmissionCounts(4, 0, 0, deleted=3, not_deleted=1)
    assert timeline.runs(33.0) == RunCounts(completed=1, deleted=3)


def test_a_cancelled_batch_keeps_its_cancel_counts_when_its_runs_are_deleted() -> None:
    life = replace(PLAIN, stopping=2, deleting=1, failed_cancels={"a"}, failed_deletions={"b"})
    timeline = timeline_of(life).cancelled(8.0).runs_deleted(20.0)
    assert timeline.submissions(21.0) == SubmissionCounts(3, 0, 1, 2, 1, deleted=2, not_deleted=1)
    assert timeline.runs(21.0) == RunCounts(cancelled=1, deleted=2)
    assert timeline.processed_by(21.0) is None


def test_a_cancel_is_too_early_before_pending_and_too_late_after_the_end() -> None:
    assert timeline_of(replace(PLAIN, cancelled_after=0)).status(2.0) == "STOPPING"
    assert timeline_of(replace(PLAIN, cancelled_after=21)).status(30.0) == "PROCESSED"
    failing = replace(PLAIN, failure_reason="no")
    assert timeline_of(replace(failing, cancelled_after=3)).status(30.0) == "CANCELLED"
    assert timeline_of(replace(failing, cancelled_after=5)).status(30.0) == "FAILED"


def test_counts_lag_behind_and_settle_at_the_end() -> None:
    timeline = timeline_of(replace(PLAIN, count_lag=3))
    assert timeline.runs(20.0) == RunCounts(running=4)
    assert timeline.runs(21.0) == RunCounts(completed=4)
    assert timeline.submissions(9.0).successful == 4


def test_counts_never_lag_behind_what_was_exact_before() -> None:
    """The runs are deleted right after the batch was processed: the lag begins again, but not before that."""
    timeline = timeline_of(replace(PLAIN, count_lag=3, deleting=5)).runs_deleted(21.5)
    assert timeline.runs(21.5) == RunCounts(completed=4)
    assert timeline.runs(26.4) == RunCounts(completed=4)
    assert timeline.runs(26.5) == RunCounts(deleted=4)


def test_all_runs_can_be_submitted_at_once() -> None:
    timeline = timeline_of(replace(PLAIN, submission_rate=math.inf))
    assert timeline.status(5.0) == "INPROGRESS"
    assert timeline.runs(5.0) == RunCounts(pending=4)


def test_drawn_lengths_lie_within_their_limits_and_depend_on_the_seed_alone() -> None:
    life = replace(PLAIN, run_length=(timedelta(seconds=5), 50.0), submission_rate=math.inf)

    def ends(seed: int, samples: int = 50) -> list[float]:
        timeline = timeline_of(replace(life, seed=seed), [str(number) for number in range(samples)])
        return [state.stopped for index in range(50) if (state := timeline.run(index, 1e6)) and state.stopped]

    assert ends(1) == ends(1) == ends(1, samples=80)
    assert ends(1) != ends(2)
    assert all(5.0 + 7.0 <= end <= 50.0 + 7.0 for end in ends(1))


@pytest.mark.parametrize(("failed_runs", "failed"), [(3, 3), (99, 8), (0, 0), (0.5, 4), (1.0, 8), (0.0, 0)])
def test_failing_runs_can_be_a_number_or_a_part_of_those_submitted(failed_runs: float, failed: int) -> None:
    life = replace(PLAIN, failed_runs=failed_runs, failed_submissions={"0": ("ConflictException", "no")})
    assert timeline_of(life, [str(number) for number in range(9)]).runs(1e6).failed == failed


@pytest.mark.parametrize(
    "members",
    [
        {"creating": -1},
        {"pending": math.inf},
        {"cancelled_after": -1},
        {"deleting": -1},
        {"failed_cancels": "NA12878"},
        {"failed_deletions": "NA12878"},
        {"run_length": (5, 4)},
        {"run_length": -1},
        {"submission_rate": 0},
        {"submission_rate": math.nan},
        {"failed_runs": True},
        {"failed_runs": -1},
        {"failed_runs": 1.5},
        {"failed_runs": math.nan},
        {"runs_before_failure": 1},
        {"runs_before_failure": -1},
        {"runs_before_failure": True},
        {"runs_before_failure": 0.5},
        {"failed_runs": {"a": "no"}, "failed_submissions": {"a": ("ValidationException", "no")}},
    ],
    ids=str,
)
def test_what_no_batch_can_live_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(members)) if len(members) == 1 else "a run that fails to submit"):
        Life(**members)


names = st.frozensets(st.sampled_from("0123"))
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
    failed_cancels=names,
    deleting=st.floats(0, 10),
    failed_deletions=names,
    seed=st.integers(0, 3),
)
lives |= st.builds(replace, lives, failure_reason=st.just("no"), runs_before_failure=st.integers(0, 12))
FINAL: Final = {"CANCELLED", "PROCESSED"}
STATUSES: Final = ("PENDING", "STARTING", "RUNNING", "STOPPING", "COMPLETED", "FAILED", "CANCELLED", "DELETED")
SUBMISSIONS: Final = ("SUCCESS", "FAILED", "CANCEL_SUCCESS", "CANCEL_FAILED", "DELETE_SUCCESS", "DELETE_FAILED")


@given(
    life=lives, runs=st.integers(1, 12), ages=st.lists(st.floats(0, 200), min_size=2, max_size=8), deletes=st.booleans()
)
def test_what_is_counted_and_what_is_listed_are_the_runs_as_each_is_shown(
    life: Life,
    runs: int,
    ages: list[float],
    deletes: bool,
) -> None:
    """Three ways lead to the same truth: a run by itself, the counts, and the lists by status."""
    timeline = timeline_of(life, [str(number) for number in range(runs)])
    for age in sorted(round(age, 6) for age in ages):
        if deletes and timeline.status(age) in FINAL:
            timeline = timeline.runs_deleted(age)
        states = [timeline.run(index, age) for index in range(runs)]
        statuses = [None if state is None else state.status for state in states]
        counts = asdict(timeline.runs(age))
        deleted = counts.pop("deleted")
        assert {status: count for status, count in counts.items() if count} == Counter(
            status.lower() for status in statuses if status is not None
        )
        submissions = [timeline.submission(index, age) for index in range(runs)]
        starts = timeline.submissions(age)
        assert starts.successful + starts.failed + starts.pending == runs
        assert starts.successful == sum(counts.values()) + deleted
        assert starts.pending == submissions.count(None)
        assert starts.failed == submissions.count("FAILED")
        for start in range(runs):
            for status in STATUSES:
                found = [index for index in range(start, runs) if statuses[index] == status]
                assert list(timeline.runs_in(status, age, start)) == found
            for status in SUBMISSIONS:
                found = [index for index in range(start, runs) if submissions[index] == status]
                assert list(timeline.submissions_in(status, age, start)) == found
        assert list(timeline.runs_in(None, age)) == [index for index in range(runs) if states[index] is not None]
