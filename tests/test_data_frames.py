"""Lists as flat columns, for data frames; `browser/test_data_frames.py` has pandas and polars read them."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from pydantic import computed_field

from omics_batch import Batch, BatchListItem, FailedRun, FailureKind, InvalidInputError, Rows, Run, RunBatchListItem
from tests.support import batch_with

if TYPE_CHECKING:
    from omics_batch.testing import Simulator


def failed() -> FailedRun:
    run = Run.model_validate(
        {
            "id": "2000001",
            "status": "FAILED",
            "tags": {"größe": "1"},
            "vpcConfig": {"subnetIds": ["a", "b"]},
            "logLocation": {"engineLogStream": "stream"},
            "startTime": "2025-03-15T10:00:00Z",
            "parametersUri": "https://bucket/p.json?X-Amz-Signature=CANARY",
            "tomorrow": {"a": 1},
        }
    )
    return FailedRun(run_setting_id="NA12878", kind=FailureKind.RUN, run_id="2000001", message="out of memory", run=run)


def test_a_failed_run_is_flat() -> None:
    """What the terminal shows comes first; parts are named by their path; there is one level."""
    never = FailedRun(run_setting_id="NA12891", kind=FailureKind.SUBMISSION)
    first, second = Rows([failed(), never]).to_dicts()
    assert [*first][:5] == ["run_setting_id", "kind", "run_id", "reason", "message"]
    assert first["kind"] == "RUN"
    assert type(first["kind"]) is type(first["run.status"]) is str
    assert (first["run.tags"], first["run.vpc_config.subnet_ids"]) == ('{"größe": "1"}', '["a", "b"]')
    assert first["run.log_location.engine_log_stream"] == "stream"
    assert first["run.start_time"] == datetime(2025, 3, 15, 10, tzinfo=UTC)
    assert first["run.parameters_uri"] == "https://bucket/p.json?..."
    assert "CANARY" not in repr(first)
    assert [*second] == [*first]
    assert {name for name, value in second.items() if value is not None} == {"run_setting_id", "kind"}
    assert not any(isinstance(value, (dict, list, tuple)) for value in [*first.values(), *second.values()])


def test_a_batch_has_what_follows_from_it_too() -> None:
    batch = batch_with(
        "PROCESSED",
        totalRuns=2,
        runSummary={"completedRunCount": 1, "failedRunCount": 1},
        creationTime="2025-03-15T10:00:00Z",
        processedTime="2025-03-15T11:30:00Z",
        novelty=1,
    )
    (row,) = Rows([batch]).to_dicts()
    assert (row["status"], row["outcome"], row["percent_complete"]) == ("PROCESSED", "PARTIAL", 100.0)
    assert row["duration"] == timedelta(minutes=90)
    assert (row["run_summary.completed_run_count"], row["submission_summary.failed_start_submission_count"]) == (1, 0)
    assert row["default_run_setting.workflow_id"] is None
    assert "novelty" not in row


def test_columns_are_the_same_rows_the_other_way() -> None:
    rows = Rows([BatchListItem.model_validate({"id": str(number), "status": "FAILED"}) for number in range(3)])
    columns = rows.to_columns()
    assert columns == {name: [row[name] for row in rows.to_dicts()] for name in BatchListItem.model_fields}
    assert columns["id"] == ["0", "1", "2"]


async def test_an_empty_list_has_its_columns(omics_simulator: Simulator) -> None:
    """A notebook that selects a column goes on where nothing failed."""
    batch_id = omics_simulator.start_batch(1)
    async with omics_simulator.client() as client:
        lists: list[tuple[Rows[Any], type[Any]]] = [
            (await client.list_batch(name="none"), BatchListItem),
            (await client.list_runs_in_batch(batch_id, run_id="1"), RunBatchListItem),
            (await client.failed_runs(batch_id, cancelled=True), FailedRun),
        ]
    for rows, kind in lists:
        for same in (rows, rows[:1], rows.copy(), rows + [], pickle.loads(pickle.dumps(rows))):  # noqa: RUF005 - a sum is what is tested
            assert same == []
            assert [*same.to_columns()][:3] == [*kind.model_fields][:3]
    assert Rows[Batch]().to_columns() == {}
    assert Rows[Batch](kind=Batch).to_columns()["outcome"] == []
    assert Rows[Batch]().to_dicts() == []


def test_models_of_ones_own_and_several_kinds_have_columns_too() -> None:
    class Priced(Batch, frozen=True):
        owner: str = "me"
        price: ClassVar[Any] = computed_field(return_type=int)(property(lambda batch: 2 * (batch.total_runs or 0)))
        links: tuple[BatchListItem, ...] = ()

    (priced, item) = Rows[Any](
        [
            Priced.model_validate({"id": "1", "status": "FAILED", "totalRuns": 3}),
            RunBatchListItem(run_setting_id="NA12878"),
        ]
    ).to_dicts()
    assert (priced["owner"], priced["price"], priced["outcome"], priced["run_setting_id"]) == ("me", 6, "FAILED", None)
    assert priced["links"] == "[]"
    assert (item["run_setting_id"], item["price"], item["run_summary.failed_run_count"]) == ("NA12878", None, None)


def test_what_is_no_answer_has_no_columns() -> None:
    for use in (Rows(["7123456"]).to_columns, Rows(["7123456"]).to_dicts):
        with pytest.raises(InvalidInputError, match="only responses of this package have columns, not str"):
            use()
