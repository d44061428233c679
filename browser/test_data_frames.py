"""pandas and polars make data frames of lists: they are too large for the environment of `make test`."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import Batch, FailedRun, FailureKind, Rows, Run
from omics_batch.testing import Life

if TYPE_CHECKING:
    from omics_batch.testing import Simulator

FRAMES: Final = ("pandas", "polars")
LIFE: Final = Life(
    creating=0,
    pending=0,
    submission_rate=1e6,
    run_length=0,
    failed_runs={"sample-2": "out of memory"},
    failed_submissions={"sample-1": ("ValidationException", "no input")},
)


def frame_of(library: str, data: object) -> Any:
    """Make a data frame; the libraries have types of their own, which nothing here needs."""
    frame: Any = import_module(library).DataFrame(data)
    return frame


@pytest.mark.parametrize("library", FRAMES)
@pytest.mark.omics(time_scale=1e9)
async def test_what_a_client_lists_has_named_columns(omics_simulator: Simulator, library: str) -> None:
    batch_id = omics_simulator.start_batch(3, name="trio", life=LIFE)
    async with omics_simulator.client() as client:
        batch = await client.wait_until_processed(batch_id)
        batches = frame_of(library, (await client.list_batch()).to_columns())
        runs = frame_of(library, (await client.list_runs_in_batch(batch_id)).to_columns())
        failed = frame_of(library, (await client.failed_runs(batch_id)).to_columns())
        none = frame_of(library, (await client.list_batch(name="none")).to_columns())
    assert list(batches["name"]) == ["trio"]
    assert list(runs["submission_status"]) == ["FAILED", "SUCCESS", "SUCCESS"]
    assert sorted(zip(failed["run_setting_id"], failed["kind"], failed["message"], strict=True)) == [
        ("sample-1", "SUBMISSION", "no input"),
        ("sample-2", "RUN", "out of memory"),
    ]
    assert list(none.columns) == list(batches.columns)
    whole = frame_of(library, Rows([batch]).to_columns())
    assert list(whole["outcome"]) == ["PARTIAL"]
    assert list(whole["run_summary.completed_run_count"]) == [1]
    assert list(whole["duration"]) == [batch.duration]  # a span of time, not a text
    assert next(iter(batches["created_at"])) == batch.creation_time


@pytest.mark.parametrize("library", FRAMES)
def test_a_column_whose_first_hundred_values_are_missing_has_its_type(library: str) -> None:
    """Of dicts, polars reads the types off the first hundred."""
    ten = datetime(2025, 3, 15, 10, tzinfo=UTC)
    run = Run.model_validate({"id": "2000001", "status": "FAILED", "startTime": ten})
    never = FailedRun(run_setting_id="NA12878", kind=FailureKind.SUBMISSION)
    rows = Rows([*[never] * 150, FailedRun(run_setting_id="NA12879", kind=FailureKind.RUN, run=run)])
    frame = frame_of(library, rows.to_columns())
    assert list(frame["run.start_time"])[-1] == ten
    assert len(frame) == 151


@pytest.mark.parametrize("library", FRAMES)
def test_flat_dicts_have_named_columns_too(library: str) -> None:
    batches = Rows([Batch.model_validate({"id": str(number), "status": "PENDING"}) for number in range(2)])
    frame = frame_of(library, batches.to_dicts())
    assert list(frame.columns) == [*batches.to_columns()]
    assert list(frame["outcome"]) == ["IN_PROGRESS", "IN_PROGRESS"]
