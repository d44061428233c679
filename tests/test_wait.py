"""What an observation means for a wait, and when to look again."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch import (
    AccessDeniedError,
    AttemptTimeoutError,
    BatchCancelledError,
    BatchFailedError,
    BatchStatus,
    ClientClosedError,
    ConflictError,
    ConnectionFailedError,
    CredentialsError,
    InternalServerError,
    InvalidInputError,
    LostContactError,
    MalformedResponseError,
    OmicsBatchError,
    PollPolicy,
    RequestTimeoutError,
    ResourceNotFoundError,
    ServiceError,
    ServiceQuotaExceededError,
    ThrottlingError,
    TransportError,
    ValidationError,
    WaitTimeoutError,
)
from omics_batch._api.get_batch import is_outage
from omics_batch._waiting.policy import (
    Verdict,
    error_after_silence,
    error_at_the_deadline,
    error_at_the_end,
    judge,
)
from tests.support import batch_with, copies_of

NOON = "2025-03-15T12:00:00Z"

# What an observation means


@pytest.mark.parametrize(
    ("status", "processed_time", "verdict"),
    [
        ("CREATING", None, Verdict.LOOK_AGAIN),
        ("PENDING", None, Verdict.LOOK_AGAIN),
        ("SUBMITTING", None, Verdict.LOOK_AGAIN),
        ("INPROGRESS", None, Verdict.LOOK_AGAIN),
        ("INPROGRESS", NOON, Verdict.LOOK_AGAIN),
        ("STOPPING", None, Verdict.LOOK_AGAIN),
        ("RUNS_ARCHIVING", None, Verdict.LOOK_AGAIN),
        ("RUNS_ARCHIVING", NOON, Verdict.LOOK_AGAIN),
        ("processed", NOON, Verdict.LOOK_AGAIN),
        ("", None, Verdict.LOOK_AGAIN),
        ("PROCESSED", None, Verdict.PROCESSED),
        ("PROCESSED", NOON, Verdict.PROCESSED),
        ("RUNS_DELETING", NOON, Verdict.PROCESSED),
        ("RUNS_DELETED", NOON, Verdict.PROCESSED),
        ("RUNS_DELETE_FAILED", NOON, Verdict.PROCESSED),
        ("RUNS_DELETING", None, Verdict.CANCELLED),
        ("RUNS_DELETED", None, Verdict.CANCELLED),
        ("RUNS_DELETE_FAILED", None, Verdict.CANCELLED),
        ("CANCELLED", None, Verdict.CANCELLED),
        ("CANCELLED", NOON, Verdict.CANCELLED),
        ("FAILED", None, Verdict.FAILED),
    ],
)
def test_what_a_status_means_for_a_wait(status: str, processed_time: str | None, verdict: Verdict) -> None:
    assert judge(batch_with(status, processedTime=processed_time)) is verdict


@given(status=st.sampled_from(BatchStatus) | st.text(), runs=st.integers(0, 5), total=st.integers(0, 5))
def test_counts_alone_never_end_a_wait(status: str, runs: int, total: int) -> None:
    """They lag behind; the status is what shows."""
    batch = batch_with(status, totalRuns=total, runSummary={"completedRunCount": runs})
    assert (judge(batch) is Verdict.LOOK_AGAIN) == (not batch.is_terminal)
    assert (judge(batch) is Verdict.PROCESSED) == batch.is_processed


# What a wait survives


@pytest.mark.parametrize(
    ("error", "survived"),
    [
        (ThrottlingError(), True),
        (RequestTimeoutError(), True),
        (InternalServerError(), True),
        (TransportError(), True),
        (ConnectionFailedError(), True),
        (AttemptTimeoutError(), True),
        (MalformedResponseError(), True),
        (ServiceError(), False),
        (ValidationError(), False),
        (AccessDeniedError(), False),
        (ResourceNotFoundError(), False),
        (ServiceQuotaExceededError(), False),
        (ConflictError(), False),
        (InvalidInputError(), False),
        (ClientClosedError(), False),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("credentials_worked", [True, False])
def test_failure_on_the_way_is_survived_and_a_refusal_is_not(
    error: OmicsBatchError,
    *,
    survived: bool,
    credentials_worked: bool,
) -> None:
    assert is_outage(error, credentials_worked=credentials_worked) is survived


@pytest.mark.parametrize("worked", [True, False])
def test_credentials_are_waited_for_where_they_worked_before(*, worked: bool) -> None:
    assert is_outage(CredentialsError(), credentials_worked=worked) is worked


# When to look again

EVEN = 0.5


def test_the_default_policy_looks_soon_and_then_less_often() -> None:
    intervals = [PollPolicy().interval(looks, EVEN) for looks in range(9)]
    assert intervals == pytest.approx([5, 7.5, 11.25, 16.875, 25.3125, 37.96875, 56.953125, 60, 60])


@pytest.mark.parametrize(
    ("chance", "interval"),
    [(0.0, 4.5), (0.25, 4.75), (0.5, 5.0), (1.0, 5.5)],
)
def test_chance_varies_an_interval_both_ways(chance: float, interval: float) -> None:
    assert PollPolicy().interval(0, chance) == pytest.approx(interval)


def test_chance_varies_the_longest_interval_too() -> None:
    """Thousands of waits at their maximum would look in step otherwise."""
    assert PollPolicy().interval(100, 0.0) == pytest.approx(54)
    assert PollPolicy().interval(100, 1.0) == pytest.approx(66)


@pytest.mark.parametrize("factor", [1, 1.0001, 1.01, 1.5, 2, 1e5, 1e300, math.inf])
def test_however_many_looks_the_interval_grows_to_the_maximum_and_stays(factor: float) -> None:
    policy = PollPolicy(factor=factor, jitter=0)
    for looks in (0, 1, 64, 65, 1000, 10**6, 10**9):
        expected = 60.0 if looks * math.log(factor) > math.log(12) else 5 * factor**looks
        assert policy.interval(looks, EVEN) == pytest.approx(expected), looks


def test_an_unvarying_policy_keeps_its_interval() -> None:
    policy = PollPolicy(initial=timedelta(seconds=3), factor=1, maximum=timedelta(minutes=1), jitter=0)
    assert {policy.interval(looks, chance) for looks in (0, 1, 100) for chance in (0.0, 0.5, 1.0)} == {3.0}


@given(
    initial=st.floats(0.001, 100),
    factor=st.floats(1, 1e6),
    more=st.floats(0, 1e4),
    jitter=st.floats(0, 0.99),
    looks=st.integers(0, 10**6),
    chance=st.floats(0, 1),
)
def test_any_policy_after_any_number_of_looks_gives_an_interval_in_bounds(
    *,
    initial: float,
    factor: float,
    more: float,
    jitter: float,
    looks: int,
    chance: float,
) -> None:
    policy = PollPolicy(initial=initial, factor=factor, maximum=initial + more, jitter=jitter)
    interval = policy.interval(looks, chance)
    assert interval > 0
    assert initial * (1 - jitter) * 0.999 <= interval <= (initial + more) * (1 + jitter) * 1.001
    assert policy.interval(looks + 1, EVEN) >= policy.interval(looks, EVEN)


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ({"initial": 0}, "initial has to be above 0 and at most maximum, not 0 of 60 s"),
        ({"initial": 61}, "initial has to be above 0 and at most maximum, not 61 of 60 s"),
        ({"initial": 5, "maximum": 4}, "initial has to be above 0 and at most maximum, not 5 of 4 s"),
        ({"initial": timedelta(minutes=2)}, "initial has to be above 0 and at most maximum, not 120 of 60 s"),
        ({"initial": -1}, "initial has to be a finite number"),
        ({"initial": math.nan}, "initial has to be a finite number"),
        ({"maximum": math.inf}, "maximum has to be a finite number"),
        ({"factor": 0.99}, "factor has to be 1 or more, not 0.99"),
        ({"factor": -2}, "factor has to be 1 or more, not -2"),
        ({"factor": math.nan}, "factor has to be 1 or more, not nan"),
        ({"jitter": -0.1}, "jitter has to be at least 0 and below 1, not -0.1"),
        ({"jitter": 1.0}, "jitter has to be at least 0 and below 1, not 1.0"),
        ({"jitter": math.nan}, "jitter has to be at least 0 and below 1, not nan"),
        ({"max_silence": 0}, "max_silence has to be above 0"),
        ({"max_silence": timedelta(0)}, "max_silence has to be above 0"),
        ({"max_silence": -1}, "max_silence has to be a finite number"),
    ],
    ids=repr,
)
def test_numbers_that_would_poll_without_pause_or_never_are_refused(setting: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{reason}"):
        PollPolicy(**setting)


def test_a_policy_at_its_limits_is_a_policy() -> None:
    PollPolicy(initial=60, maximum=60, factor=1, jitter=0, max_silence=0.001)


def test_a_policy_is_a_value() -> None:
    policy = PollPolicy(initial=1, max_silence=timedelta(hours=2))
    assert policy == PollPolicy(initial=1, max_silence=timedelta(hours=2))
    assert policy != PollPolicy()
    assert all(twin == policy for twin in copies_of(policy))
    with pytest.raises(AttributeError):
        policy.initial = 2  # type: ignore[misc]  # it is frozen


# What a wait raises


def test_a_processed_batch_raises_nothing() -> None:
    assert error_at_the_end(batch_with("PROCESSED", runSummary={"failedRunCount": 96})) is None
    assert error_at_the_end(batch_with("RUNS_DELETED", processedTime=NOON)) is None


def test_a_batch_under_way_raises_nothing() -> None:
    assert error_at_the_end(batch_with("INPROGRESS")) is None
    assert error_at_the_end(batch_with("RUNS_ARCHIVING")) is None


def test_a_failed_batch_raises_with_the_services_reason() -> None:
    batch = batch_with("FAILED", failureReason="Batch has 100001 runs but 100000 runs is the max.")
    error = error_at_the_end(batch)
    assert isinstance(error, BatchFailedError)
    assert str(error) == (
        "batch 7123456 failed: Batch has 100001 runs but 100000 runs is the max. Some of its runs may have been "
        "created and may still run: check list_runs_in_batch, and leave those out of a new batch. After a transient "
        "error, send the same request with the same request_id."
    )


STARTS = "successfulStartSubmissionCount", "failedStartSubmissionCount", "pendingStartSubmissionCount"


@pytest.mark.parametrize(
    ("total", "starts", "runs", "reported"),
    [
        (96, (0, 0, 96), {}, "None of its runs was created: fix this and start a new batch. After"),
        (96, (0, 2, 94), {}, "None of its runs was created: fix this and start a new batch. After"),
        (96, (3, 1, 92), {"runningRunCount": 3}, "3 of its 96 runs were created and may still run: check"),
        (96, (1, 0, 95), {}, "1 of its 96 runs was created and may still run: check"),
        (96, (1, 0, 95), {"completedRunCount": 2, "pendingRunCount": 1}, "3 of its 96 runs were created and may"),
        (None, (3, 0, 0), {}, "3 of its runs were created and may still run: check"),
        (96, (0, 0, 0), {}, "Some of its runs may have been created and may still run: check"),
        (96, (0, 0, 95), {}, "Some of its runs may have been created and may still run: check"),
        (None, (0, 0, 96), {}, "Some of its runs may have been created and may still run: check"),
        (0, (0, 0, 0), {}, "Some of its runs may have been created and may still run: check"),
    ],
)
def test_a_failed_batch_is_started_again_only_without_the_runs_that_it_created(
    total: int | None, starts: tuple[int, ...], runs: dict[str, int], reported: str
) -> None:
    """The user guide: no runs were created, or only some before the failure."""
    submissions = dict(zip(STARTS, starts, strict=True))
    batch = batch_with("FAILED", totalRuns=total, submissionSummary=submissions, runSummary=runs, failureReason="no.")
    error = str(error_at_the_end(batch))
    assert error.startswith(f"batch 7123456 failed: no. {reported}")
    assert ("fix this and start a new batch" in error) == (batch.created_run_count == 0)
    assert ("leave those out of a new batch" in error) == (batch.created_run_count != 0)


@pytest.mark.parametrize(
    ("reason", "reported"),
    [
        (None, "failed: the service gave no reason. Some"),
        ("", "failed: the service gave no reason. Some"),
        ("two\nlines \x1b[2J", "failed: two lines [2J. Some"),
    ],
)
def test_a_failed_batch_s_reason_is_cleaned(reason: str | None, reported: str) -> None:
    assert reported in str(error_at_the_end(batch_with("FAILED", failureReason=reason)))


def test_a_cancelled_batch_raises_and_says_how_far_it_came() -> None:
    starts, runs = {"pendingStartSubmissionCount": 7}, {"completedRunCount": 29, "cancelledRunCount": 60}
    error = error_at_the_end(batch_with("CANCELLED", totalRuns=96, runSummary=runs, submissionSummary=starts))
    assert isinstance(error, BatchCancelledError)
    assert str(error) == (
        "batch 7123456 is CANCELLED: it was cancelled after 29 of 96 runs completed. "
        "Start a new batch with the runs that did not complete."
    )


@pytest.mark.parametrize(
    ("members", "reported"),
    [
        ({}, "the service gives no counts of its runs"),
        ({"totalRuns": 96}, "the service gives no counts of its runs"),
        (
            {"totalRuns": 96, "runSummary": {"completedRunCount": 29}},
            "its counts do not add up: 29 of 96 runs ended",
        ),
        (
            {"totalRuns": 96, "runSummary": {"completedRunCount": 29, "stoppingRunCount": 67}},
            "its counts do not add up: 29 of 96 runs ended, 67 not",
        ),
        (
            {"runSummary": {"completedRunCount": 29}},
            "its counts do not add up: 29 of an unknown number of runs ended",
        ),
    ],
)
def test_a_cancelled_batch_is_not_started_again_on_counts_that_do_not_add_up(
    members: dict[str, Any], reported: str
) -> None:
    """Whoever reads that none completed runs all of them again."""
    assert str(error_at_the_end(batch_with("CANCELLED", **members))) == (
        f"batch 7123456 is CANCELLED: it was cancelled, and {reported}. "
        "Check which runs completed before you start any of them again."
    )


@pytest.mark.parametrize("status", ["RUNS_DELETING", "RUNS_DELETED", "RUNS_DELETE_FAILED"])
def test_a_cancelled_batch_whose_runs_were_deleted_does_not_say_how_many_completed(status: str) -> None:
    """Deleted runs leave their former count, so 0 completed says nothing."""
    error = error_at_the_end(batch_with(status, totalRuns=96, runSummary={"deletedRunCount": 96}))
    assert isinstance(error, BatchCancelledError)
    assert str(error) == (
        f"batch 7123456 is {status}: it was cancelled. How its deleted runs ended is lost: "
        "check their output before you start any of them again."
    )


def test_a_wait_whose_time_is_over_says_where_the_batch_stands() -> None:
    batch = batch_with("INPROGRESS", totalRuns=96, runSummary={"completedRunCount": 31})
    error = error_at_the_deadline("7123456", batch, 86_400.4)
    assert isinstance(error, WaitTimeoutError)
    assert str(error) == (
        "batch 7123456 was INPROGRESS, 32.3 % finished, when last seen after 1 day, 0:00:00. "
        "The batch goes on: wait for it again, with more time."
    )


def test_a_wait_that_never_saw_its_batch_says_so() -> None:
    """Whoever mistyped its id must not read that it goes on."""
    assert str(error_at_the_deadline("7123456", None, 90)) == (
        "batch 7123456 was never seen after 0:01:30. "
        "It is unknown whether it goes on: wait for it again, with more time."
    )


def test_an_unknown_status_is_cleaned_before_it_is_reported() -> None:
    error = error_at_the_deadline("7123456", batch_with("\x1b[2JGONE\n"), 0)
    assert "was [2JGONE, 0.0 % finished" in str(error)


def test_lost_contact_shows_the_last_failure() -> None:
    last = ConnectionFailedError("GetBatch of batch 7123456: the connection failed.")
    error = error_after_silence("7123456", batch_with("PENDING"), 3600, last)
    assert isinstance(error, LostContactError)
    assert error.__cause__ is last
    assert str(error) == (
        "no readable response about batch 7123456 for 1:00:00; it was PENDING, 0.0 % finished, when last seen. "
        "The last trouble: GetBatch of batch 7123456: the connection failed. The batch goes on: wait for it again."
    )
    unseen = str(error_after_silence("7123456", None, 3600, last))
    assert "; it was never seen. " in unseen
    assert unseen.endswith("It is unknown whether it goes on: wait for it again.")
