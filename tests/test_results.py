"""How every run of a batch went: two lists that come in any order, joined, and each run asked for on request."""

from __future__ import annotations

import csv
import io
import json
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch import (
    AccessDeniedError,
    Batch,
    BatchStatus,
    InvalidInputError,
    Listing,
    ResourceNotFoundError,
    ResultsMissing,
    Rows,
    RunBatchListItem,
    RunResult,
    RunStatus,
)
from omics_batch._api.result_join import ResultJoin
from omics_batch._models.run import RunListItem
from omics_batch._words import of_spreadsheet_cell, spreadsheet_cell
from omics_batch.testing import Life, Simulator
from tests.stories import DENIED, EMPTY, shown
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    import random
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence
    from pathlib import Path

    from omics_batch import Event, OmicsBatchClient

TRIO: Final = ["NA12878", "NA12891", "NA12892"]
LIFE: Final = Life(
    submission_rate=1000,
    run_length=60,
    failed_runs={"NA12891": "=out of memory"},
    failed_submissions={"NA12892": ("ValidationException", "no input")},
)


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator(in_process=True, clock=running_clock()) as running:
        yield running


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
async def client(omics: Simulator, events: list[Event]) -> AsyncIterator[OmicsBatchClient]:
    async with omics.client(max_rate=None, random=lambda: 0.5, on_event=events.append) as running:
        yield running


def calls_of(omics: Simulator) -> dict[str, int]:
    operations = [request.operation for request in omics.requests if request.operation != "GetBatch"]
    return {operation: operations.count(operation) for operation in dict.fromkeys(operations)}


def files_in(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


# What is in them


@pytest.mark.virtual_time
async def test_every_run_has_its_name_status_and_times(omics: Simulator, client: OmicsBatchClient) -> None:
    batch = await client.wait_until_processed(omics.start_batch(TRIO, life=LIFE))
    results = {result.run_setting_id: result for result in await client.results(batch)}
    assert {name: (result.run_id, result.status) for name, result in results.items()} == {
        "NA12878": ("2000001", "COMPLETED"),
        "NA12891": ("2000002", "FAILED"),
        "NA12892": (None, None),
    }
    completed, failed, never = (results[name] for name in TRIO)
    assert completed.started is not None
    assert completed.stopped is not None
    assert completed.duration == completed.stopped - completed.started == timedelta(seconds=60)
    assert (completed.reason, completed.output_uri, failed.reason) == (None, None, None)
    assert (never.submission_status, never.reason, never.message) == ("FAILED", "ValidationException", "no input")
    assert {result.batch_id for result in results.values()} == {batch.id}
    assert calls_of(omics) == {"ListRunsInBatch": 1, "ListRuns": 1}


@pytest.mark.virtual_time
async def test_details_are_asked_for_run_by_run(omics: Simulator, client: OmicsBatchClient) -> None:
    batch = await client.wait_until_processed(omics.start_batch(TRIO, life=LIFE))
    completed, failed, never = await client.results(batch, details=True)
    assert (completed.output_uri, completed.reason) == ("s3://my-bucket/output/2000001", None)
    assert (failed.reason, failed.message) == ("RUN_TASK_FAILED", "=out of memory")
    assert never.reason == "ValidationException"
    assert calls_of(omics) == {"ListRunsInBatch": 1, "ListRuns": 1, "GetRun": 2}


@pytest.mark.virtual_time
async def test_a_batch_under_way_has_results_so_far(omics: Simulator, client: OmicsBatchClient) -> None:
    batch_id = omics.start_batch(TRIO, life=Life(submission_rate=0.01, run_length=30))
    await running_clock().sleep(150)
    results = await client.results(batch_id)
    assert [(result.run_setting_id, result.status) for result in results] == [("NA12878", RunStatus.COMPLETED)]


@pytest.mark.virtual_time
@pytest.mark.parametrize("details", [False, True])
async def test_a_run_that_got_the_id_of_a_deleted_one_does_not_pass_for_it(
    omics: Simulator, client: OmicsBatchClient, *, details: bool
) -> None:
    first = await client.wait_until_processed(omics.start_batch(TRIO, life=LIFE))
    await client.delete_run_batch(first)
    await running_clock().sleep(3600)
    second = await client.wait_until_processed(omics.start_batch(TRIO, life=Life(submission_rate=1000)))
    before = sorted(await client.results(first, details=details), key=lambda result: result.run_setting_id)
    after = await client.results(second, details=details)
    assert [result.run_id for result in before[:2]] == [result.run_id for result in after[:2]]
    assert [result.status for result in before] == [RunStatus.DELETED, RunStatus.DELETED, None]
    assert [result.status for result in after] == [RunStatus.COMPLETED] * 3
    assert calls_of(omics).get("GetRun", 0) == (3 if details else 0)  # a deleted run is not requested
    assert not {result.run_uuid for result in before[:2]} & {result.run_uuid for result in after}


@pytest.mark.virtual_time
async def test_of_a_run_that_is_listed_no_more_the_details_are_those_of_itself_alone(
    omics: Simulator, client: OmicsBatchClient
) -> None:
    """Three runs that ListRuns does not have: one is there, one is gone, and one's id is another run's now."""
    batch = await client.wait_until_processed(omics.start_batch(TRIO, life=Life(submission_rate=1000)))
    listed = await client.list_runs_in_batch(batch)
    items = [item.model_dump(mode="json", by_alias=True) for item in listed]
    items[1]["runId"] = "2999999"
    items[2]["runInternalUuid"] = "another"
    omics.script(replace(shown({"runs": items}), operation="ListRunsInBatch"), replace(EMPTY, operation="ListRuns"))
    results = await client.results(batch, details=True)
    assert [(result.status, bool(result.output_uri)) for result in results] == [
        (RunStatus.COMPLETED, True),
        (None, False),
        (None, False),
    ]


@pytest.mark.virtual_time
async def test_runs_without_a_name_are_left_out_and_said_so(
    omics: Simulator, client: OmicsBatchClient, events: list[Event]
) -> None:
    batch = await client.wait_until_processed(omics.start_batch(TRIO, life=Life(submission_rate=1000)))
    omics.script(replace(shown({"runs": []}), operation="ListRunsInBatch"))
    assert await client.results(batch) == []
    assert [event.missing for event in events if isinstance(event, ResultsMissing)] == [3]


@pytest.mark.virtual_time
async def test_a_batch_that_is_not_there_has_none(client: OmicsBatchClient) -> None:
    with pytest.raises(ResourceNotFoundError):
        await client.results("404")
    with pytest.raises(InvalidInputError, match="no batch id"):
        client.results("cohort")


# The join


def submission(number: int, **members: Any) -> RunBatchListItem:
    uuid = f"uuid-{number}"
    found: dict[str, Any] = {"run_setting_id": f"sample-{number}", "run_id": str(number), "run_internal_uuid": uuid}
    return RunBatchListItem(**{**found, **members})


def run(number: int, **members: Any) -> RunListItem:
    found: dict[str, Any] = {"id": str(number), "status": RunStatus.COMPLETED, "batch_id": "1"}
    return RunListItem(**{**found, **members})


@given(st.integers(0, 30), st.sets(st.integers(0, 29)), st.sets(st.integers(0, 29)), st.randoms())
def test_whatever_the_order_of_the_lists_each_run_is_there_once(
    runs: int, unlisted: set[int], twice: set[int], chance: random.Random
) -> None:
    numbers = range(runs)
    steps: list[tuple[str, int]] = [("submission", number) for number in numbers]
    steps += [("run", number) for number in numbers if number not in unlisted]
    steps += [step for step in steps if step[1] in twice]
    chance.shuffle(steps)
    join = ResultJoin("1")
    found = [
        join.add_submission(submission(number)) if kind == "submission" else join.add_run(run(number))
        for kind, number in steps
    ]
    results = [*(result for result in found if result is not None), *join.rest()]
    assert sorted(int(result.run_id or "") for result in results) == [*numbers]
    for result in results:
        number = int(result.run_id or "")
        assert (result.run_setting_id, result.run_uuid) == (f"sample-{number}", f"uuid-{number}")
        assert result.status == (None if number in unlisted else RunStatus.COMPLETED)
    assert join.unnamed == 0


def test_a_run_of_another_batch_is_not_joined() -> None:
    join = ResultJoin("1")
    assert join.add_submission(submission(1)) is None
    assert join.add_run(run(1, batch_id="2")) is None
    assert [result.status for result in join.rest()] == [None]


def test_a_failed_submission_is_there_once_however_often_it_is_listed() -> None:
    join = ResultJoin("1")
    failed = submission(1, run_id=None, submission_failure_reason="ConflictException")
    assert join.add_submission(failed) is not None
    assert join.add_submission(failed) is None
    assert join.add_submission(submission(1)) is None
    assert [*join.rest()] == []


@pytest.mark.parametrize(
    ("submission_status", "status"),
    [("CANCEL_SUCCESS", RunStatus.CANCELLED), ("DELETE_SUCCESS", RunStatus.DELETED), ("SUCCESS", None), (None, None)],
)
@pytest.mark.parametrize("run_id", ["1", None])
def test_what_the_submission_list_alone_shows(
    submission_status: str | None, status: RunStatus | None, run_id: str | None
) -> None:
    """Of a run that ListRuns does not have, or that was never started."""
    join = ResultJoin("1")
    found = join.add_submission(submission(1, run_id=run_id, submission_status=submission_status))
    assert [result.status for result in [found, *join.rest()] if result] == [status]


def test_little_is_kept_of_lists_in_one_order_and_half_of_reversed_ones() -> None:
    def most_kept(order: Sequence[int]) -> int:
        join, most = ResultJoin("1"), 0
        for first, second in zip(range(1000), order, strict=True):
            join.add_submission(submission(first))
            join.add_run(run(second))
            most = max(most, join.unnamed)
        return most

    assert most_kept(range(1000)) == 0
    assert most_kept(range(999, -1, -1)) == 500


@pytest.mark.virtual_time
async def test_results_come_page_by_page(omics: Simulator, client: OmicsBatchClient) -> None:
    batch = await client.wait_until_processed(omics.start_batch(250, life=Life(submission_rate=1e6)))
    async with aclosing(client.results(batch)) as results:
        await anext(results)
        assert calls_of(omics) == {"ListRunsInBatch": 1, "ListRuns": 1}
        assert len([result async for result in results]) == 249
    assert calls_of(omics) == {"ListRunsInBatch": 3, "ListRuns": 3}


# Tables

TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
CELLS: Final = TEXTS | st.sampled_from(
    ["=1+1", "'=1", "''@x", "-", "+1", "\t", "\r", "a\nb", 'a"b', ",", ";", "\uff1dA1"]
)


def result(name: str = "NA12878", message: str | None = None, **members: Any) -> RunResult:
    return RunResult(run_setting_id=name, message=message, **members)


@given(st.lists(st.tuples(CELLS, CELLS), max_size=4), st.sampled_from([",", "\t", ";"]))
def test_any_table_survives_exactly(cells: list[tuple[str, str]], delimiter: str) -> None:
    stream = io.StringIO(newline="")
    assert Rows([result(*texts) for texts in cells], RunResult).to_csv(stream, delimiter=delimiter) == 0
    stream.seek(0)
    read = [(row["run_setting_id"], row["message"]) for row in csv.DictReader(stream, delimiter=delimiter, strict=True)]
    assert read == cells


@given(st.lists(st.tuples(CELLS, CELLS), max_size=4))
def test_any_table_survives_a_spreadsheet_and_has_no_formula_in_it(cells: list[tuple[str, str]]) -> None:
    stream = io.StringIO(newline="")
    escaped = Rows([result(*texts) for texts in cells], RunResult).to_csv(stream, spreadsheet=True)
    stream.seek(0)
    rows = [(row["run_setting_id"], row["message"]) for row in csv.DictReader(stream, strict=True)]
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    assert [tuple(map(of_spreadsheet_cell, row)) for row in rows] == cells
    assert escaped == sum(
        cell != text for row, texts in zip(rows, cells, strict=True) for cell, text in zip(row, texts, strict=True)
    )


@given(CELLS)
def test_what_is_written_for_a_spreadsheet_is_read_as_it_was(text: str) -> None:
    assert of_spreadsheet_cell(spreadsheet_cell(text)) == text


def test_cells_are_written_in_one_way() -> None:
    at = datetime(2025, 3, 15, 10, tzinfo=UTC)
    rows = Rows(
        [
            result(started=at, stopped=at + timedelta(minutes=5), duration=timedelta(minutes=5), status="COMPLETED"),
            result(duration=timedelta(seconds=1.5)),
        ]
    )
    stream = io.StringIO(newline="")
    rows.to_csv(stream)
    header, first, second = list(csv.reader(io.StringIO(stream.getvalue(), newline="")))
    assert header[:6] == ["run_setting_id", "run_id", "status", "started", "stopped", "duration"]
    assert first[:6] == ["NA12878", "", "COMPLETED", "2025-03-15T10:00:00Z", "2025-03-15T10:05:00Z", "300"]
    assert second[5] == "1.5"
    stream = io.StringIO()
    rows.to_json_lines(stream)
    first_line, _ = map(json.loads, stream.getvalue().splitlines())
    assert [*first_line] == header
    assert (first_line["started"], first_line["duration"], first_line["run_id"]) == ("2025-03-15T10:00:00Z", 300, None)


def test_a_batch_in_a_table_has_numbers_as_numbers() -> None:
    stream = io.StringIO(newline="")
    batch = Batch(id="1", status=BatchStatus.INPROGRESS, total_runs=3)
    Rows([batch]).to_csv(stream, spreadsheet=True)
    row = next(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))
    assert (row["total_runs"], row["percent_complete"], row["outcome"]) == ("3", "0.0", "IN_PROGRESS")


def test_a_file_for_a_spreadsheet_has_the_mark_of_utf8(tmp_path: Path) -> None:
    rows = Rows([result("größe")])
    rows.to_csv(tmp_path / "exact.csv")
    rows.to_csv(tmp_path / "excel.csv", spreadsheet=True)
    assert (tmp_path / "exact.csv").read_text(encoding="utf-8").startswith("run_setting_id")
    marked = (tmp_path / "excel.csv").read_bytes()
    assert marked.startswith(b"\xef\xbb\xbfrun_setting_id")
    assert marked[3:] == (tmp_path / "exact.csv").read_bytes()


def test_a_file_is_replaced_with_its_mode_and_what_leads_to_it_is_followed(tmp_path: Path) -> None:
    place, link = tmp_path / "results.jsonl", tmp_path / "link.jsonl"
    place.write_text("old")
    place.chmod(0o640)
    link.symlink_to(place)
    Rows([result()]).to_json_lines(str(link))
    assert json.loads(place.read_text())["run_setting_id"] == "NA12878"
    assert (place.stat().st_mode & 0o777, link.is_symlink()) == (0o640, True)
    assert {path.name for path in tmp_path.iterdir()} == {"results.jsonl", "link.jsonl"}
    Rows([result()]).to_csv("/dev/null")


def test_what_is_no_answer_has_no_columns(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="responses of this package"):
        Rows([1]).to_csv(tmp_path / "numbers.csv")
    assert [*tmp_path.iterdir()] == []


@pytest.mark.virtual_time
async def test_a_list_is_written_as_it_comes(omics: Simulator, client: OmicsBatchClient, tmp_path: Path) -> None:
    batch = await client.wait_until_processed(omics.start_batch(TRIO, life=LIFE))
    awaited, streamed = tmp_path / "awaited.csv", tmp_path / "streamed.csv"
    rows = await client.results(batch, details=True)
    assert rows.to_csv(awaited, spreadsheet=True) == 1
    assert await client.results(batch, details=True).to_csv(streamed, spreadsheet=True) == 1
    assert awaited.read_bytes() == streamed.read_bytes()
    await client.results(batch, details=True).to_json_lines(tmp_path / "results.jsonl")
    lines = (tmp_path / "results.jsonl").read_text().splitlines()
    assert [json.loads(line)["run_setting_id"] for line in lines] == TRIO


@pytest.mark.virtual_time
async def test_a_list_that_breaks_off_leaves_the_file_as_it_was(
    omics: Simulator, client: OmicsBatchClient, tmp_path: Path
) -> None:
    batch = await client.wait_until_processed(omics.start_batch(TRIO, life=LIFE))
    place = tmp_path / "results.csv"
    place.write_text("kept")
    omics.script(replace(DENIED, operation="GetRun"))
    with pytest.raises(AccessDeniedError, match="GetRun of batch"):
        await client.results(batch, details=True).to_csv(place)
    assert files_in(tmp_path) == {"results.csv": "kept"}


async def test_a_list_without_columns_or_one_that_was_begun_is_not_written() -> None:
    async def numbers() -> AsyncGenerator[int]:
        yield 1
        yield 2

    with pytest.raises(InvalidInputError, match="without a class"):
        await Listing(numbers()).to_csv(io.StringIO())
    begun = Listing(numbers())
    assert await anext(begun) == 1
    with pytest.raises(InvalidInputError, match="make the call again"):
        await begun.to_json_lines(io.StringIO())


def test_a_notebook_shows_results_as_a_table() -> None:
    at = datetime(2025, 3, 15, 10, tzinfo=UTC)
    ended: dict[str, Any] = {
        "status": "COMPLETED",
        "started": at,
        "stopped": at + timedelta(hours=2),
        "duration": timedelta(hours=2),
    }
    shown_rows = Rows([result(**ended), result("NA12891", submission_status="FAILED"), result("NA12892")])._repr_html_()
    assert shown_rows is not None
    assert "Runs: 3" in shown_rows
    assert "2 h" in shown_rows
    assert "ob-good" in shown_rows
    assert "not submitted" in shown_rows
    assert result()._repr_html_() is not None
