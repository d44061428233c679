"""How far a batch is: what a bar may show, and what it may not guess."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch import Progress
from tests.support import InstantClock, batch_with

if TYPE_CHECKING:
    from omics_batch import Batch

HOUR = 3600.0


def look(
    completed: int = 0,
    *,
    total: int | None = 100,
    status: str = "INPROGRESS",
    submitted: int = 100,
    not_submitted: int = 0,
) -> Batch:
    return batch_with(
        status,
        totalRuns=total,
        runSummary={"completedRunCount": completed},
        submissionSummary={
            "successfulStartSubmissionCount": submitted,
            "failedStartSubmissionCount": not_submitted,
        },
    )


class Watched:
    """A batch that is looked at now and then."""

    def __init__(self) -> None:
        self.clock = InstantClock()
        self.progress = Progress(self.clock)

    def after(self, hours: float, batch: Batch) -> Progress:
        self.clock.time += hours * HOUR
        self.progress.see(batch)
        return self.progress


def test_before_the_first_look_nothing_is_known() -> None:
    progress = Progress()
    assert (progress.batch, progress.percent_submitted, progress.percent_complete) == (None, 0.0, 0.0)
    assert (progress.runs_per_hour, progress.remaining) == (None, None)


def test_submission_and_execution_are_distinguished() -> None:
    progress = Watched().after(0, look(10, status="SUBMITTING", submitted=40))
    assert (progress.percent_submitted, progress.percent_complete) == (40.0, 10.0)


def test_one_look_shows_no_rate() -> None:
    """However many runs ended before: how long they took was not seen."""
    progress = Watched().after(0, look(50))
    assert (progress.runs_per_hour, progress.remaining) == (None, None)


def test_the_rate_is_that_of_the_runs_that_were_seen_to_end() -> None:
    watched = Watched()
    watched.after(0, look(20))
    progress = watched.after(2, look(40))
    assert progress.runs_per_hour == pytest.approx(10)
    assert progress.remaining == timedelta(hours=6)


def test_the_hours_before_the_first_run_ends_do_not_count() -> None:
    """Whole genomes take hours, and then end one after the other."""
    watched = Watched()
    watched.after(0, look(0))
    watched.after(5, look(10))
    progress = watched.after(1, look(20))
    assert progress.runs_per_hour == pytest.approx(10)
    assert progress.remaining == timedelta(hours=8)


def test_a_pause_lowers_the_rate() -> None:
    watched = Watched()
    watched.after(0, look(20))
    watched.after(1, look(40))
    progress = watched.after(1, look(40))
    assert progress.runs_per_hour == pytest.approx(10)
    assert progress.remaining == timedelta(hours=6)


def test_a_standstill_shows_nothing_of_the_rest() -> None:
    """The hour's rate holds for three hours more. Then it is unknown until two looks have seen runs end again."""
    watched = Watched()
    watched.after(0, look(20))
    watched.after(1, look(40))
    assert watched.after(3, look(40)).remaining == timedelta(hours=12)
    progress = watched.after(0.01, look(40))
    assert (progress.runs_per_hour, progress.remaining) == (None, None)
    assert watched.after(2, look(50)).remaining is None
    assert watched.after(1, look(60)).remaining == timedelta(hours=4)


def test_early_failures_are_not_the_pace_of_whole_genomes() -> None:
    """Four of 96 fail in the first half hour; the others take eight hours and more."""
    watched = Watched()
    for failed in range(1, 5):
        watched.after(0.1, look(failed, total=96))
    assert watched.after(7.5, look(4, total=96)).remaining is None
    watched.after(0, look(5, total=96))
    progress = watched.after(1, look(28, total=96))
    assert progress.runs_per_hour == pytest.approx(23)
    assert progress.remaining == timedelta(hours=68 / 23)


def test_nor_is_the_one_run_that_failed_at_once() -> None:
    watched = Watched()
    watched.after(0, look(1))
    watched.after(8, look(2))
    progress = watched.after(1, look(22))
    assert progress.runs_per_hour == pytest.approx(20)
    assert watched.after(1, look(42)).runs_per_hour == pytest.approx(20)


def test_a_first_wait_that_was_no_longer_than_the_others_is_part_of_the_pace() -> None:
    watched = Watched()
    watched.after(0, look(0))
    for completed in (10, 20, 22):
        progress = watched.after(1, look(completed))
    assert progress.runs_per_hour == pytest.approx(6)


def test_where_more_have_ended_than_there_are_nothing_is_left() -> None:
    """Counts that contradict the number of runs for a moment."""
    watched = Watched()
    watched.after(0, look(20))
    assert watched.after(1, look(120)).remaining == timedelta()


def test_the_rate_follows_a_batch_that_slows_down() -> None:
    watched = Watched()
    for completed in range(40):
        watched.after(0.01, look(completed))
    for completed in range(40, 80):
        watched.after(1, look(completed))
    assert watched.progress.runs_per_hour == pytest.approx(1)


def test_runs_that_were_never_started_show_nothing_of_the_pace() -> None:
    watched = Watched()
    watched.after(0, look(0, not_submitted=20))
    watched.after(1, look(20, not_submitted=40))
    progress = watched.after(2, look(40, not_submitted=40))
    assert progress.percent_complete == 80.0
    assert progress.runs_per_hour == pytest.approx(10)
    assert progress.remaining == timedelta(hours=2)


def test_counts_that_fall_for_a_moment_move_nothing_back() -> None:
    watched = Watched()
    watched.after(0, look(20))
    watched.after(1, look(40, submitted=100))
    progress = watched.after(0, look(35, submitted=90))
    assert (progress.percent_submitted, progress.percent_complete) == (100.0, 40.0)
    assert progress.remaining == timedelta(hours=3)
    assert progress.batch == look(35, submitted=90)


def test_two_looks_in_the_same_moment_show_no_rate() -> None:
    watched = Watched()
    watched.after(0, look(20))
    assert watched.after(0, look(21)).runs_per_hour is None


@pytest.mark.parametrize("status", ["STOPPING", "PENDING", "A_STATUS_TO_COME"])
def test_nothing_is_guessed_where_the_runs_end_otherwise(status: str) -> None:
    watched = Watched()
    watched.after(0, look(20))
    assert watched.after(1, look(40, status=status)).remaining is None


def test_nothing_is_guessed_while_the_number_of_runs_is_not_known() -> None:
    watched = Watched()
    watched.after(0, look(20, total=None))
    assert watched.after(1, look(40, total=None)).remaining is None


@pytest.mark.parametrize(("days", "reported"), [(365, timedelta(days=365)), (366, None)])
def test_a_guess_beyond_a_year_is_none(days: int, reported: timedelta | None) -> None:
    watched = Watched()
    watched.after(0, look(1, total=days + 2))
    assert watched.after(24, look(2, total=days + 2)).remaining == reported


@pytest.mark.parametrize("status", ["PROCESSED", "CANCELLED", "FAILED"])
def test_a_batch_that_has_ended_has_nothing_left(status: str) -> None:
    assert Watched().after(0, look(20, status=status)).remaining == timedelta()


COUNTS = st.integers(min_value=0, max_value=300)
STATUSES = st.sampled_from(["SUBMITTING", "INPROGRESS", "STOPPING", "PROCESSED", "RUNS_DELETING", "NEW"])


@given(st.lists(st.tuples(st.floats(0, 1e6), STATUSES, COUNTS, COUNTS, st.none() | COUNTS), min_size=1))
def test_whatever_is_seen_it_goes_forwards_and_not_too_far(
    looks: list[tuple[float, str, int, int, int | None]],
) -> None:
    """Not even a service that contradicts itself makes a bar jump back, or a time negative."""
    watched = Watched()
    so_far = (0.0, 0.0)
    for hours, status, completed, submitted, total in looks:
        progress = watched.after(hours, look(completed, total=total, status=status, submitted=submitted))
        now = (progress.percent_submitted, progress.percent_complete)
        assert so_far[0] <= now[0] <= 100
        assert so_far[1] <= now[1] <= 100
        assert progress.runs_per_hour is None or progress.runs_per_hour > 0
        assert progress.remaining is None or progress.remaining >= timedelta()
        so_far = now
