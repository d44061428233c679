"""What many endings come to: sums, one exit code, and who is left."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch import (
    BatchCancelledError,
    BatchFailedError,
    LostContactError,
    OmicsBatchError,
    ResourceNotFoundError,
    WaitTimeoutError,
)
from omics_batch.cli._exits import Exit
from omics_batch.cli._waits import one_result
from omics_batch.cli._waits.tally import Tally, worst
from tests.support import batch_with

if TYPE_CHECKING:
    from omics_batch.cli._waits.one_result import OneResult

ENDINGS: dict[str, tuple[str, dict[str, int], type[OmicsBatchError] | None]] = {
    "SUCCEEDED": ("PROCESSED", {"completedRunCount": 2}, None),
    "PARTIAL": ("PROCESSED", {"completedRunCount": 1, "failedRunCount": 1}, None),
    "UNKNOWN": ("RUNS_DELETED", {"deletedRunCount": 2}, None),
    "NO COUNTS": ("PROCESSED", {}, None),
    "FAILED": ("FAILED", {}, BatchFailedError),
    "CANCELLED": ("CANCELLED", {"cancelledRunCount": 2}, BatchCancelledError),
    "TIMED OUT": ("INPROGRESS", {"runningRunCount": 2}, WaitTimeoutError),
    "ERROR": ("INPROGRESS", {"runningRunCount": 2}, ResourceNotFoundError),
    "LOST": ("INPROGRESS", {"runningRunCount": 2}, LostContactError),
}


def ending(kind: str, batch_id: str) -> OneResult:
    status, runs, error = ENDINGS[kind]
    more: dict[str, Any] = {} if error else {"processedTime": "2025-03-15T12:00:00Z"}
    batch = batch_with(status, totalRuns=2, runSummary=runs, **more).model_copy(update={"id": batch_id})
    return one_result.processed(batch) if error is None else one_result.failed(error("reported"), batch_id, batch)


def tally(*kinds: str) -> Tally:
    summed = Tally(str(number) for number in range(len(kinds)))
    for number, kind in enumerate(kinds):
        summed.add(ending(kind, str(number)))
    return summed


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ((), 0),
        (("SUCCEEDED", "UNKNOWN"), 0),
        (("SUCCEEDED", "PARTIAL"), 3),
        (("PARTIAL", "CANCELLED"), 5),
        (("CANCELLED", "FAILED"), 4),
        (("FAILED", "TIMED OUT"), 124),
        (("TIMED OUT", "ERROR"), 1),
        (("SUCCEEDED", "NO COUNTS"), 1),
        (("PARTIAL", "NO COUNTS"), 1),
        (("TIMED OUT", "LOST"), 1),
    ],
)
def test_the_worst_decides_in_whatever_order_they_end(kinds: tuple[str, ...], code: int) -> None:
    for order in itertools.permutations(kinds):
        assert tally(*order).exit == code


def test_every_exit_code_has_its_weight() -> None:
    assert worst(Exit) is Exit.TERMINATED
    assert worst([]) is Exit.OK


def test_those_that_go_on_are_left_and_the_others_are_summed_up() -> None:
    summed = tally(*ENDINGS)
    assert (summed.total, summed.ended, summed.left) == (9, 7, ["6", "8"])
    assert summed.words() == (
        "9 batches: 1 succeeded, 1 partial, 1 failed, 1 cancelled, 2 without a verdict, "
        "1 with an error, 2 not seen to end"
    )
    assert summed.document() == {
        "batches": 9,
        "outcomes": {
            "SUCCEEDED": 1,
            "PARTIAL": 1,
            "FAILED": 1,
            "CANCELLED": 1,
            "UNKNOWN": 2,
            "ERROR": 1,
            "IN_PROGRESS": 2,
        },
        "unsuccessful": ["1", "3", "4", "5", "7"],
        "left": ["6", "8"],
    }


def test_failures_that_are_known_are_no_success_where_a_verdict_is_impossible() -> None:
    batch = batch_with("RUNS_DELETED", processedTime=0, runSummary={"deletedRunCount": 9, "failedRunCount": 1})
    summed = Tally([batch.id])
    summed.add(one_result.processed(batch))
    assert summed.words() == "1 batch: 1 partial"


def test_the_first_whose_runs_failed_is_kept() -> None:
    assert tally("SUCCEEDED", "FAILED").first_with_failed_runs is None
    summed = tally("SUCCEEDED", "PARTIAL", "PARTIAL")
    assert summed.first_with_failed_runs is not None
    assert (summed.with_failed_runs, summed.first_with_failed_runs.id) == (2, "1")


def test_not_too_many_are_named() -> None:
    assert tally("SUCCEEDED").names() == ""
    assert tally(*10 * ["PARTIAL"]).names() == "0 1 2 3 4 5 6 7 8 9"
    assert tally(*1210 * ["PARTIAL"]).names() == "0 1 2 3 4 5 6 7 8 9 and 1,200 more"
