"""The simulator in process: what a client sees of it is what it sees over HTTP, but for the sockets."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import (
    BatchRunSettings,
    ConnectionFailedError,
    DefaultRunSettingInput,
    InlineSetting,
    InvalidInputError,
    OmicsBatchClient,
    OmicsBatchError,
    RetryPolicy,
    StartRunBatchRequest,
    ThrottlingError,
    ValidationError,
)
from omics_batch.testing import Life, ManualClock, Simulator, UnusedFaultError, VirtualClock, faults
from omics_batch.testing._faults import actions

if TYPE_CHECKING:
    from pathlib import Path

EPOCH: Final = datetime(2026, 3, 14, tzinfo=UTC)
TRIO: Final = [InlineSetting(run_setting_id=sample) for sample in ("NA12878", "NA12891", "NA12892")]
LIFE: Final = Life(
    run_length=3600,
    failed_runs={"NA12891": "out of memory"},
    failed_submissions={"NA12892": ("ValidationException", "the input does not exist")},
)


def request(**settings: Any) -> StartRunBatchRequest:
    run = DefaultRunSettingInput(
        workflow_id="1234567", role_arn="arn:aws:iam::123456789012:role/OmicsRole", output_uri="s3://my-bucket/output/"
    )
    runs = settings or {"inline_settings": TRIO}
    return StartRunBatchRequest(
        request_id="trio-1", batch_name="trio", default_run_setting=run, batch_run_settings=BatchRunSettings(**runs)
    )


async def every_operation(omics: Simulator, clock: ManualClock) -> list[object]:
    """Do what a client can do, and return what it was shown, and what was sent."""
    async with omics.client(max_rate=None) as client:
        shown: list[object] = [started := await client.start_run_batch(request())]
        clock.advance(120)
        shown += [await client.get_batch(started), [item async for item in client.list_batch(name="trio")]]
        clock.advance(7200)
        shown.append(await client.get_batch(started))
        shown.append([run async for run in client.failed_runs(started)])
        await client.delete_run_batch(started)
        clock.advance(3600)
        await client.delete_batch(started)
        for refused in (client.get_batch(started), client.cancel_run_batch(started)):
            with pytest.raises(OmicsBatchError) as caught:
                await refused
            shown.append((type(caught.value), str(caught.value).partition("[")[0]))
    return [*shown, omics.requests]


async def test_every_operation_is_the_same_as_over_http() -> None:
    """Down to the paths, their queries and the statuses of the requests."""
    seen: list[list[object]] = []
    for in_process in (False, True):
        clock = ManualClock()
        async with Simulator(in_process=in_process, clock=clock, life=LIFE, epoch=EPOCH) as omics:
            seen.append(await every_operation(omics, clock))
            assert (omics.connections == 0) is in_process
    assert seen[0] == seen[1]


async def test_a_client_of_the_environment_finds_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipeline that makes a client of its own needs no change."""
    async with Simulator(in_process=True) as omics:
        for name, value in omics.environment.items():
            monkeypatch.setenv(name, value)
        async with OmicsBatchClient() as client:
            assert (await client.get_batch(omics.start_batch(3))).is_processed is False


async def test_two_of_them_are_two_accounts() -> None:
    async with Simulator(in_process=True) as one, Simulator(in_process=True) as other, other.client() as client:
        batch_id = one.start_batch(3)
        with pytest.raises(OmicsBatchError, match="does not exist"):
            await client.get_batch(batch_id)


async def test_one_that_has_stopped_refuses_connections() -> None:
    async with Simulator(in_process=True) as omics:
        client = await omics.client().__aenter__()
    with pytest.raises(ConnectionFailedError, match="in-process"):
        await client.get_batch("7")
    await client.close()


async def test_a_script_that_was_not_met_is_reported() -> None:
    with pytest.raises(UnusedFaultError, match="throttled on GetBatch"):
        async with Simulator(in_process=True, faults=[faults.throttled()]):
            pass


async def test_a_fault_may_come_late() -> None:
    """And so may the true answer."""
    late = replace(faults.throttled(), plan=actions.Delay(60.0, faults.throttled().plan))
    async with Simulator(in_process=True, time_scale=1000.0, faults=[late, faults.delayed(60.0)]) as omics:
        batch_id = omics.start_batch(1)
        async with omics.client(max_rate=None, retry=RetryPolicy(max_attempts=1, attempt_timeout=120)) as client:
            with pytest.raises(ThrottlingError):
                await client.get_batch(batch_id)
            assert (await client.get_batch(batch_id)).id == batch_id
        assert omics.clock.now() > omics.requests[0].time + 120


async def test_a_quota_throttles() -> None:
    clock = ManualClock()
    async with Simulator(in_process=True, clock=clock, quota=2) as omics:
        batch_id = omics.start_batch(1)
        async with omics.client(max_rate=None, retry=RetryPolicy(max_attempts=1)) as client:
            await client.get_batch(batch_id)
            await client.get_batch(batch_id)
            with pytest.raises(ThrottlingError):
                await client.get_batch(batch_id)


@pytest.mark.virtual_time
async def test_an_answer_that_drips_takes_its_time() -> None:
    patient = RetryPolicy(attempt_timeout=3600)
    async with Simulator(in_process=True, clock=VirtualClock(), faults=[faults.dripped(1)]) as omics:
        async with omics.client(retry=patient) as client:
            assert (await client.get_batch(omics.start_batch(1))).id == "7123456"
        assert 100 < omics.clock.now() < 3600


async def test_run_settings_may_lie_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "my-bucket").mkdir()
    (tmp_path / "my-bucket" / "trio.json").write_text('[{"runSettingId": "NA12878"}]')
    async with Simulator(in_process=True, s3=tmp_path) as omics, omics.client() as client:
        started = await client.start_run_batch(request(s3_uri_settings="s3://my-bucket/trio.json"))
        with pytest.raises(ValidationError):
            await client.start_run_batch(
                request(s3_uri_settings="s3://my-bucket/none.json").model_copy(update={"request_id": "trio-2"})
            )
        assert [run.run_setting_id async for run in client.list_runs_in_batch(started)] == []


async def test_there_is_no_aiobotocore_underneath() -> None:
    async with Simulator(in_process=True) as omics, omics.client() as client:
        with pytest.raises(InvalidInputError, match="leave in_process away to use client.aws"):
            _ = client.aws


async def test_a_fault_of_its_own_is_an_internal_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A life that cannot be reported is no outage of a network."""

    def broken(_: object) -> Life:
        raise ZeroDivisionError

    async with Simulator(in_process=True, life=broken) as omics, omics.client() as client:
        with pytest.raises(OmicsBatchError, match="The simulator has a fault: see its log"):
            await client.start_run_batch(request())
    assert "StartRunBatch could not be answered" in caplog.text


def test_code_that_blocks_may_have_it_too() -> None:
    with Simulator(in_process=True) as omics:
        assert omics.endpoint_url.endswith(".in-process.invalid")
    with pytest.raises(RuntimeError, match="is not running"):
        _ = omics.endpoint_url
