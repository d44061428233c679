"""Lists show themselves as tables."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pytest

from omics_batch import (
    Batch,
    BatchListItem,
    BatchStatus,
    FailedRun,
    FailureKind,
    Rows,
    RunBatchListItem,
    SubmissionStatus,
)
from tests.markup import cells, read, words
from tests.support import IN_PROGRESS, batch_with

if TYPE_CHECKING:
    from collections.abc import Sequence

UNDER_WAY: Final = Batch.model_validate_json(IN_PROGRESS)
LATER: Final = datetime(2025, 3, 15, 12, 30, tzinfo=UTC)


def test_failed_runs_are_a_table() -> None:
    rows = Rows(
        [
            FailedRun(
                run_setting_id="NA12878",
                kind=FailureKind.RUN,
                run_id="2000001",
                reason="RUN_TASK_FAILED",
                message="The aligner ran out of memory.",
            ),
            FailedRun(run_setting_id="NA12891", kind=FailureKind.SUBMISSION, reason="ConflictException", message="\n"),
            FailedRun(run_setting_id="NA12892", kind=FailureKind.CANCELLED),
        ]
    )
    assert cells(rows._repr_html_()) == [
        ["Sample", "Kind", "Run", "Reason", "Message"],
        ["NA12878", "failed", "2000001", "RUN_TASK_FAILED", "The aligner ran out of memory."],
        ["NA12891", "not submitted", "", "ConflictException", ""],
        ["NA12892", "cancelled", "", "", ""],
    ]
    assert words(read(rows._repr_html_())).startswith("Runs that did not succeed: 3")


def test_rows_of_a_class_of_ones_own_that_is_a_batch_are_a_table() -> None:
    class Cohort(Batch, frozen=True):
        """A batch with a word of its user's."""

        owner: str = "me"

    cohort = Cohort(id="7123457", status=BatchStatus.PROCESSED)
    assert [row[0] for row in cells(Rows([UNDER_WAY, cohort])._repr_html_())] == ["Batch", "7123456", "7123457"]


def test_rows_of_something_else_that_is_called_a_batch_are_a_list() -> None:
    stranger = type("Batch", (), {})
    assert Rows([stranger()])._repr_html_() is None


def test_every_kind_of_failure_can_be_shown() -> None:
    for kind in FailureKind:
        assert Rows([FailedRun(run_setting_id="NA12878", kind=kind)])._repr_html_()


def test_submissions_are_a_table() -> None:
    rows = Rows(
        [
            RunBatchListItem(run_setting_id="NA12878", run_id="2000001", submission_status=SubmissionStatus.SUCCESS),
            RunBatchListItem(
                run_setting_id="NA12891",
                submission_status=SubmissionStatus.FAILED,
                submission_failure_reason="ValidationException",
                submission_failure_message="The input does not exist.",
            ),
            RunBatchListItem(run_setting_id="NA12892"),
        ]
    )
    assert cells(rows._repr_html_()) == [
        ["Sample", "Submission", "Reason", "Message", "Run"],
        ["NA12878", "submitted", "", "", "2000001"],
        ["NA12891", "FAILED", "ValidationException", "The input does not exist.", ""],
        ["NA12892", "", "", "", ""],
    ]


def test_listed_batches_are_a_table() -> None:
    item = BatchListItem(
        id="7123456",
        status=BatchStatus.PROCESSED,
        name="trio",
        created_at=LATER,
        total_runs=1234,
        workflow_id="1234567",
    )
    assert cells(Rows([item])._repr_html_()) == [
        ["Batch", "Name", "Status", "Runs", "Workflow", "Created"],
        ["7123456", "trio", "PROCESSED", "1,234", "1234567", "2025-03-15 12:30 UTC"],
    ]


def test_batches_are_a_table_with_their_bars() -> None:
    rows = Rows([UNDER_WAY, batch_with("FAILED")])
    assert cells(rows._repr_html_())[1:] == [
        [
            *("7123456", "genomics-cohort-analysis", "INPROGRESS", "in progress", "96"),
            "29 completed 2 not submitted 50 running 5 starting 10 pending",
            *("32.3 % (counts lag)", "2025-03-15 10:00 UTC"),
        ],
        ["7123456", "", "FAILED", "failed", "", "", "0.0 %", ""],
    ]


@pytest.mark.parametrize(
    "answer",
    [
        FailedRun(run_setting_id="NA12878", kind=FailureKind.RUN, message="out of memory"),
        BatchListItem(id="7123456", status=BatchStatus.PENDING),
        RunBatchListItem(run_setting_id="NA12878"),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_one_of_a_list_shows_itself_as_a_table_of_one_row(
    answer: FailedRun | BatchListItem | RunBatchListItem,
) -> None:
    assert answer._repr_html_() == Rows([answer])._repr_html_()
    assert len(cells(answer._repr_html_())) == 2


def test_a_percentage_stays_once_all_runs_have_ended_though_deletions_move_the_counts() -> None:
    deleted = batch_with("RUNS_DELETING", processedTime="2025-03-15T12:00:00Z", runSummary={"deletedRunCount": 1})
    assert "100.0 %" in cells(Rows([deleted])._repr_html_())[1]


def test_a_long_list_shows_its_beginning_and_how_much_more_there_is() -> None:
    items = [BatchListItem(id=str(number), status=BatchStatus.PENDING) for number in range(100)]
    rows = Rows([*items, *items[:1] * 9_900])
    assert [row[0] for row in cells(rows._repr_html_())] == ["Batch", *map(str, range(100))]
    assert words(read(rows._repr_html_())).endswith("and 9,900 more")
    assert "more" not in words(read(rows[:100]._repr_html_()))


@pytest.mark.parametrize(
    "rows", [[], [1, 2], ["7123456"], [UNDER_WAY, BatchListItem(id="1", status=BatchStatus.PENDING)], [UNDER_WAY, None]]
)
def test_what_is_no_list_of_one_kind_of_answer_shows_itself_as_a_list(rows: Sequence[object]) -> None:
    """An empty list too: `[]` says it."""
    assert Rows(rows)._repr_html_() is None
