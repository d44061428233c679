"""Starting the batches of a manifest: each of its runs once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import (
    AccessDeniedError,
    Advice,
    AdviceKind,
    Batch,
    BatchFailedError,
    BatchStatus,
    CallEnded,
    ConflictError,
    Event,
    InvalidInputError,
    Manifest,
    OmicsBatchClient,
    Party,
    ResourceNotFoundError,
    StartedBatch,
)
from omics_batch.testing import Life, Simulator, faults
from tests.manifest._support import DEFAULTS, settings_of
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from pathlib import Path

    from tests.manifest._support import Cohort

pytestmark = pytest.mark.virtual_time

URI: Final = "s3://my-bucket/settings/x.json"
SETTINGS: Final = "s3://my-bucket/settings"
AGAIN: Final = Advice(AdviceKind.START_ANOTHER, {"attempt": 2})
TRANSIENT: Final = "There was a transient error in the service. Retry the batch."


def manifest_of(runs: int, **members: Any) -> Manifest:
    rows = [{"sample": f"S{number:04}"} for number in range(runs)]
    given: dict[str, Any] = {"settings_uri": SETTINGS, "batch_name": "cohort", **members}
    return Manifest(default_run_setting=DEFAULTS, runs={"runSettingId": "{sample}"}, rows=rows, **given)


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "s3" / "my-bucket"
    folder.mkdir(parents=True)
    return folder


@asynccontextmanager
async def service(bucket: Path, **settings: Any) -> AsyncGenerator[tuple[Simulator, OmicsBatchClient]]:
    given: dict[str, Any] = {"clock": running_clock(), "s3": bucket.parent, "in_process": True, **settings}
    async with Simulator(**given) as omics, omics.client() as client:
        yield omics, client


async def started_by(client: OmicsBatchClient, manifest: Manifest, **options: Any) -> list[StartedBatch]:
    return [started async for started in client.start_manifest(manifest, **options)]


def operations(omics: Simulator) -> list[str]:
    return [request.operation for request in omics.requests]


async def tags_of(client: OmicsBatchClient, started: StartedBatch) -> Mapping[str, str]:
    return (await client.get_batch(started.id)).tags or {}


def objects_in(bucket: Path) -> list[Path]:
    return [path for path in bucket.rglob("*") if path.is_file()]


async def runs_of(client: OmicsBatchClient, *started: StartedBatch) -> list[str]:
    """Which runs the account has of some batches, in the end."""
    batches = [await client.wait_until_processed(each.batch) for each in started]
    runs = [run.run_setting_id for batch in batches for run in await client.list_runs_in_batch(batch)]
    assert len(await client.list_batch()) == len(batches)
    return runs


# What is started


async def test_a_hundred_runs_go_with_the_request(bucket: Path) -> None:
    manifest = manifest_of(100)
    async with service(bucket) as (omics, client):
        (started,) = await started_by(client, manifest)
        assert operations(omics) == ["ListBatch", "StartRunBatch", "GetBatch"]
        assert (started.index, started.id, started.existed) == (0, "7123456", False)
        tags = {"omics-batch:request": manifest.requests()[0].request_id, "omics-batch:attempt": "1"}
        assert started.request == manifest.requests()[0].model_copy(update={"tags": tags})
        batch = await client.get_batch(started.id)
        assert (batch.name, batch.tags) == ("cohort", tags)
        assert await runs_of(client, started) == [f"S{number:04}" for number in range(100)]


async def test_more_runs_are_put_into_s3_first(bucket: Path) -> None:
    manifest = manifest_of(250, tags={"project": "x"})
    async with service(bucket) as (omics, client):
        (started,) = await started_by(client, manifest)
        store = ["PutObject", "HeadObject"]
        assert operations(omics) == ["ListBatch", *store, "StartRunBatch", "GetBatch", "HeadObject"]
        (file,) = objects_in(bucket)
        assert file.name == f"{hashlib.sha256(file.read_bytes()).hexdigest()}.json"
        assert json.loads(file.read_bytes()) == settings_of(manifest)
        assert (await tags_of(client, started))["project"] == "x"
        assert await runs_of(client, started) == [f"S{number:04}" for number in range(250)]


@pytest.mark.parametrize("name", ["cohort", None])
async def test_several_batches_are_started_one_after_the_other(
    bucket: Path, monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    """As many as 100,000 runs each make: here, 120."""
    for module in ("settings_file", "manifest"):
        monkeypatch.setattr(f"omics_batch._manifest.{module}.MAX_RUNS", 120)
    manifest = manifest_of(250, batch_name=name)
    async with service(bucket) as (omics, client):
        started = await started_by(client, manifest)
        assert [each.index for each in started] == [0, 1, 2]
        assert operations(omics).count("PutObject") == 2  # ten runs go with the request
        again = await started_by(client, manifest)
        assert [(each.id, each.existed) for each in again] == [(each.id, True) for each in started]
        assert await runs_of(client, *started) == [f"S{number:04}" for number in range(250)]


async def test_a_batch_that_is_there_is_found_and_another_attempt_is_another_batch(bucket: Path) -> None:
    manifest = manifest_of(250)
    async with service(bucket) as (omics, client):
        (first,) = await started_by(client, manifest)
        omics.forget_requests()
        (again,) = await started_by(client, manifest)
        assert operations(omics) == ["ListBatch", "GetBatch"]
        assert isinstance(again.batch, Batch)
        assert (again.id, again.existed, again.request) == (first.id, True, first.request)
        (second,) = await started_by(client, manifest, attempt=2)
        assert (second.id != first.id, second.existed) == (True, False)
        assert operations(omics).count("PutObject") == 1  # which finds the file of the first
        assert (await tags_of(client, second))["omics-batch:attempt"] == "2"


async def test_only_batches_that_may_be_it_are_looked_at(bucket: Path) -> None:
    manifest = manifest_of(3, batch_name=None)
    async with service(bucket) as (omics, client):
        omics.start_batch(3, age=3600)
        omics.start_batch(4, age=3600)
        omics.put_batch({"id": "7", "status": "FAILED", "defaultRunSetting": {"workflowId": "1234567"}})
        omics.put_batch({"id": "8", "status": "PENDING", "defaultRunSetting": {"workflowId": "2"}})
        (first,) = await started_by(client, manifest)
        looked = [request.path for request in omics.requests if request.operation == "GetBatch"]
        assert looked == ["/runBatch/7123456", f"/runBatch/{first.id}"]
        omics.forget_requests()
        assert (await started_by(client, manifest))[0].existed
        assert operations(omics) == ["ListBatch", "GetBatch"]  # the newest: that is it


async def test_a_batch_that_is_gone_or_failed_since_it_was_listed_is_started(bucket: Path) -> None:
    manifest, clock = manifest_of(1), running_clock()
    tags = {"omics-batch:request": manifest.requests()[0].request_id}
    async with service(bucket, list_lag=60, life=Life(run_length=1, creating=0)) as (omics, client):
        (first,) = await started_by(client, manifest)
        failed = omics.put_batch({"id": "9", "name": "cohort", "status": "PENDING"})
        omics.put_batch({"id": "9", "name": "cohort", "status": "FAILED", "tags": tags}, after=61)
        await client.wait_until_processed(first.batch)
        await clock.sleep(61)
        await client.delete_batch(first.id)
        assert {item.id for item in await client.list_batch(name="cohort")} == {first.id, failed}
        (second,) = await started_by(client, manifest)
        assert (second.id, second.existed) == ("7123457", False)


async def test_without_tags_the_service_alone_remembers(bucket: Path) -> None:
    async with service(bucket) as (omics, client):
        (first,) = await started_by(client, manifest_of(2), tag_batches=False)
        (again,) = await started_by(client, manifest_of(2), tag_batches=False)
        assert operations(omics) == ["StartRunBatch", "GetBatch"] * 2
        assert (again.id, again.existed) == (first.id, False)
        assert first.request == manifest_of(2).requests()[0]


async def test_two_starters_at_once_start_one_batch(bucket: Path) -> None:
    async with service(bucket) as (omics, client), omics.client() as other:
        both = await asyncio.gather(started_by(client, manifest_of(101)), started_by(other, manifest_of(101)))
        assert both[0][0].id == both[1][0].id
        assert await runs_of(client, both[0][0]) == [f"S{number:04}" for number in range(101)]


async def test_an_iteration_that_is_left_starts_no_more(bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("settings_file", "manifest"):
        monkeypatch.setattr(f"omics_batch._manifest.{module}.MAX_RUNS", 1)
    async with service(bucket) as (omics, client):
        async for started in client.start_manifest(manifest_of(3)):
            assert started.index == 0
            break
        assert omics.requests_of("StartRunBatch") == 1
        assert len(await started_by(client, manifest_of(3))) == 3


# What goes wrong on the way


@pytest.mark.parametrize("operation", ["ListBatch", "PutObject", "HeadObject", "StartRunBatch", "GetBatch"])
async def test_a_lost_answer_costs_nothing(bucket: Path, operation: str) -> None:
    async with service(bucket, faults=[faults.truncated(operation), faults.reset(operation)]) as (_, client):
        (started,) = await started_by(client, manifest_of(101))
        assert not started.existed
        assert await runs_of(client, started) == [f"S{number:04}" for number in range(101)]


def after(operation: str, do: Callable[[], object]) -> Callable[[Event], None]:
    """Do something once the first call of an operation has ended."""
    left = [do]

    def note(event: Event) -> None:
        if isinstance(event, CallEnded) and event.operation == operation and left:
            left.pop()()

    return note


def uri_of(manifest: Manifest) -> str:
    return manifest.batches[0].settings_uri or ""


def path_of(manifest: Manifest, bucket: Path) -> Path:
    return bucket / uri_of(manifest).removeprefix("s3://my-bucket/")


async def test_another_file_of_that_name_is_not_used(bucket: Path) -> None:
    manifest = manifest_of(101)
    path = path_of(manifest, bucket)
    path.parent.mkdir()
    path.write_bytes(b"[]")
    async with service(bucket) as (omics, client):
        with pytest.raises(ConflictError, match="is not the settings file of this manifest") as caught:
            await started_by(client, manifest)
        assert "it has 2 bytes and the SHA-256 T1PN" in str(caught.value)
        assert path.read_bytes() == b"[]"
        assert omics.requests_of("StartRunBatch") == 0


async def test_settings_that_change_before_the_service_reads_them_cancel_the_batch(bucket: Path) -> None:
    manifest = manifest_of(101)
    change = after("HeadObject", lambda: path_of(manifest, bucket).write_bytes(b'[{"runSettingId": "other"}]'))
    life = Life(run_length=86_400)
    async with service(bucket, life=life) as (omics, _), omics.client(on_event=change) as client:
        with pytest.raises(ConflictError) as caught:
            await started_by(client, manifest)
        assert str(caught.value) == (
            f"{uri_of(manifest)} was changed while batch 7123456 was started. The batch was cancelled. "
            "Fix this, then start the manifest again with attempt=2."
        )
        assert (caught.value.batch_id, caught.value.advice) == ("7123456", AGAIN)
        assert (await client.get_batch("7123456")).status == BatchStatus.CANCELLED


async def test_the_service_ends_a_batch_whose_settings_are_removed_after_the_start(bucket: Path) -> None:
    manifest = manifest_of(101)
    remove = after("StartRunBatch", lambda: path_of(manifest, bucket).unlink())
    async with service(bucket, life=Life(pending=0)) as (omics, _), omics.client(on_event=remove) as client:
        with pytest.raises(ConflictError, match="was removed while batch 7123456 was started. The batch ended: .*etag"):
            await started_by(client, manifest)


async def test_a_batch_that_cannot_be_cancelled_is_named(bucket: Path) -> None:
    manifest = manifest_of(101)
    change = after("HeadObject", lambda: path_of(manifest, bucket).write_bytes(b'[{"runSettingId": "other"}]'))
    denied = faults.error("AccessDeniedException", 403, operation="CancelRunBatch")
    async with service(bucket, faults=[denied]) as (omics, _), omics.client(on_event=change) as client:
        message = "Cancel the batch, which was not possible: CancelRunBatch of batch 7123456: AccessDenied"
        with pytest.raises(ConflictError, match=message) as caught:
            await started_by(client, manifest)
        assert caught.value.batch_id == "7123456"


async def test_a_check_after_the_start_that_fails_says_what_was_started(bucket: Path) -> None:
    denied = faults.error("AccessDenied", 403, operation="HeadObject")
    async with service(bucket, faults=[faults.answered("HeadObject"), denied]) as (_, client):
        with pytest.raises(AccessDeniedError, match=f"HeadObject of {SETTINGS}.*Allow s3:GetObject") as caught:
            await started_by(client, manifest_of(101))
        assert caught.value.batch_id == "7123456"
        assert caught.value.__notes__ == [
            "Batch 7123456 was started. Whether its settings have changed since is not known."
        ]
        assert (await started_by(client, manifest_of(101)))[0].existed


async def test_a_batch_that_cannot_be_looked_at_was_started_all_the_same(bucket: Path) -> None:
    async with service(bucket, faults=[faults.error("AccessDeniedException", 403)]) as (_, client):
        assert (await started_by(client, manifest_of(1)))[0].id == "7123456"


def failing(reason: str | None, times: int = 1) -> Callable[[Mapping[str, Any]], Life]:
    """A service whose first batches fail at once."""
    reasons = [reason] * times

    def life(_: Mapping[str, Any]) -> Life:
        return Life(creating=0, pending=0, failure_reason=reasons.pop() if reasons else None)

    return life


async def test_a_failed_batch_of_the_same_content_is_said_so(bucket: Path) -> None:
    reason = "Expected 50 unique runSettingIds but there were 49"
    async with service(bucket, life=failing(reason)) as (_, client):
        with pytest.raises(BatchFailedError) as caught:
            await started_by(client, manifest_of(1))
        error = caught.value
        assert str(error) == (
            f"a batch of this content FAILED, batch 7123456: {reason}. "
            "Fix this, then start the manifest again with attempt=2."
        )
        assert error.batch is not None
        assert (error.batch_id, error.batch.status, error.fault) == ("7123456", BatchStatus.FAILED, Party.SERVICE)
        assert error.advice == AGAIN
        (second,) = await started_by(client, manifest_of(1), attempt=2)
        assert second.id == "7123457"


async def test_the_same_request_is_sent_again_after_a_transient_failure(bucket: Path) -> None:
    async with service(bucket, life=failing(TRANSIENT, times=2)) as (omics, client):
        (started,) = await started_by(client, manifest_of(1))
        assert (started.id, omics.requests_of("StartRunBatch")) == ("7123458", 3)
    async with service(bucket, life=failing(TRANSIENT, times=9)) as (omics, client):
        with pytest.raises(BatchFailedError, match="batch 7123458: There was a transient error"):
            await started_by(client, manifest_of(1))


async def test_a_sheet_that_changed_since_it_was_read_is_not_started(cohort: Cohort, bucket: Path) -> None:
    rows = "".join(f"S{number:04}\n" for number in range(101))
    manifest = cohort.load(f"sample\n{rows}", settingsUri=SETTINGS)
    cohort.write("samples.csv", f"sample\n{rows}more\n")
    async with service(bucket) as (omics, client):
        with pytest.raises(InvalidInputError, match="has changed since the manifest was read"):
            await started_by(client, manifest)
        assert omics.requests_of("StartRunBatch") == 0
        assert objects_in(bucket) == []


async def test_more_bytes_than_s3_takes_at_once_are_refused(bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("omics_batch._manifest.start.MAX_PUT", 1000)
    async with service(bucket) as (omics, client):
        with pytest.raises(InvalidInputError, match=r"bytes of settings for 101 runs: S3 takes 1,000 at once"):
            await started_by(client, manifest_of(101))
        assert operations(omics) == ["ListBatch"]


async def test_an_upload_of_many_bytes_has_more_time(bucket: Path) -> None:
    """A request has 30 s; an upload as long as it takes at 128 KiB a second, if that is more."""
    slow = [faults.delayed(35, operation) for operation in ("PutObject", "HeadObject")]
    content = b"x" * 40 * 128 * 1024
    checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
    async with service(bucket, faults=slow) as (_, client):
        storage = client._opened().storage
        assert await storage.put(URI, lambda: iter([content]), size=len(content), checksum=checksum, options={})
        began = running_clock().now()
        await storage.head(URI, options={})
        assert 30 < running_clock().now() - began < 35


async def test_a_bucket_that_is_not_there_is_named(bucket: Path) -> None:
    async with service(bucket) as (_, client):
        with pytest.raises(ResourceNotFoundError, match=r"PutObject of s3://your-bucket/.*NoSuchBucket") as caught:
            await started_by(client, manifest_of(101, settings_uri="s3://your-bucket/x"))
        assert caught.value.advice == Advice(AdviceKind.CHECK_BUCKET)


async def test_what_cannot_be_started_is_refused_at_once(bucket: Path) -> None:
    strange: Any = "cohort.yaml"
    async with service(bucket) as (omics, client):
        with pytest.raises(InvalidInputError, match="a manifest is a Manifest, as Manifest.load reads it, not a str"):
            client.start_manifest(strange)
        with pytest.raises(InvalidInputError, match="attempt is 1 or more, not 0"):
            client.start_manifest(manifest_of(1), attempt=0)
        assert operations(omics) == []


# Finding them again


async def test_the_batches_of_all_attempts_are_found(bucket: Path) -> None:
    """By their tags, in their order; those of others with the same name are not."""
    async with service(bucket) as (omics, client):
        manifest = manifest_of(120)
        first = await started_by(client, manifest)
        second = await started_by(client, manifest, attempt=2)
        await started_by(client, manifest_of(119))
        omics.start_batch([f"S{number}" for number in range(120)], name="cohort")
        found = await client.find_manifest(manifest)
        assert [(each.id, each.index, each.attempt, each.existed) for each in found] == [
            (first[0].id, 0, 1, True),
            (second[0].id, 0, 2, True),
        ]
        assert [each.attempt for each in (*first, *second)] == [1, 2]
        assert [each.request for each in found] == [first[0].request, second[0].request]
        assert await client.find_manifest(manifest_of(3)) == ()


async def test_tags_that_make_no_sense_are_those_of_the_first_attempt(bucket: Path) -> None:
    async with service(bucket) as (omics, client):
        manifest = manifest_of(2)
        (request,) = manifest.requests()
        for number, attempt in enumerate(("many", "0", "")):
            tags = {"omics-batch:request": request.request_id, "omics-batch:attempt": attempt}
            omics.put_batch({"id": str(number + 1), "name": "cohort", "status": "PENDING", "tags": tags})
        (found,) = await client.find_manifest(manifest)
        assert found.attempt == 1
