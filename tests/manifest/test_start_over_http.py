"""Starting manifests over HTTP: settings in moto's S3, and in the folder that the simulator serves as S3."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import ConflictError, OmicsBatchClient, Outcome, ResourceNotFoundError, RetryPolicy, SettingsUploaded
from omics_batch.testing import Simulator, faults
from tests.manifest._support import settings_of
from tests.manifest.test_start import manifest_of, objects_in, started_by, uri_of
from tests.testing._support import boto3
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from omics_batch import Event

MINE: Final = {"aws_access_key_id": Simulator.access_key, "aws_secret_access_key": Simulator.secret_key}


@pytest.fixture(scope="module")
def moto() -> Iterator[Any]:
    """A client of moto's S3, which has the bucket of the manifests, with versions."""
    moto_server: Any = import_module("moto.server")  # which is dear, and for this alone
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    s3 = boto3.client("s3", region_name="us-west-2", endpoint_url=f"http://{host}:{port}", **MINE)
    s3.create_bucket(Bucket="my-bucket", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_bucket_versioning(Bucket="my-bucket", VersioningConfiguration={"Status": "Enabled"})
    yield s3
    s3.close()
    server.stop()


@pytest.mark.slow  # moto takes a second to import
async def test_a_cohort_starts_with_its_settings_in_moto(moto: Any) -> None:
    """Two starters at once, a bucket with versions, encryption by KMS: one batch, of one version of the file."""
    manifest, uploads = manifest_of(250), list[str]()

    def note(event: Event) -> None:
        if isinstance(event, SettingsUploaded):
            uploads.append(event.uri)

    async with Simulator(s3=moto.meta.endpoint_url) as omics:
        async with omics.client(on_event=note) as one, omics.client(on_event=note) as other:
            (first,), (second,) = await asyncio.gather(
                started_by(one, manifest, kms_key_id="alias/cohorts"),
                started_by(other, manifest, kms_key_id="alias/cohorts", bucket_owner="123456789012"),
            )
            (again,) = await started_by(one, manifest)
        assert first.id == second.id == again.id
        assert again.existed
    key = uri_of(manifest).removeprefix("s3://my-bucket/")
    stored = await asyncio.to_thread(moto.get_object, Bucket="my-bucket", Key=key)
    assert (stored["ServerSideEncryption"], stored["SSEKMSKeyId"]) == ("aws:kms", "alias/cohorts")
    assert stored["Body"].read() == b"".join(manifest.settings())
    versions = await asyncio.to_thread(moto.list_object_versions, Bucket="my-bucket", Prefix=key)
    assert len(versions["Versions"]) == len(uploads) == 1


@pytest.mark.slow
@pytest.mark.virtual_time
async def test_a_cohort_starts_in_process_with_its_settings_in_moto(moto: Any) -> None:
    """Its clients have no sockets but those to moto; virtual time waits for these."""
    manifest = manifest_of(250, batch_name="in process")
    simulator = Simulator(s3=moto.meta.endpoint_url, in_process=True, clock=running_clock())
    async with simulator as omics, omics.client() as client:
        (started,) = await started_by(client, manifest)
        batch = await client.wait_until_processed(started.batch)
    assert (batch.total_runs, batch.outcome) == (250, Outcome.SUCCEEDED)


@pytest.mark.slow
async def test_what_moto_refuses_starts_nothing(moto: Any) -> None:
    manifest = manifest_of(101, batch_name="another")
    key = uri_of(manifest).removeprefix("s3://my-bucket/")
    await asyncio.to_thread(moto.put_object, Bucket="my-bucket", Key=key, Body=b"[]")
    async with Simulator(s3=moto.meta.endpoint_url) as omics, omics.client() as client:
        with pytest.raises(ConflictError, match="which has .* it has no SHA-256. Nothing was started"):
            await started_by(client, manifest)
        with pytest.raises(ResourceNotFoundError, match="NoSuchBucket.*The specified bucket does not exist"):
            await started_by(client, manifest_of(101, settings_uri="s3://your-bucket/settings"))
        assert omics.requests_of("StartRunBatch") == 0


@pytest.fixture
def bucket(tmp_path: Path) -> Path:
    folder = tmp_path / "s3" / "my-bucket"
    folder.mkdir(parents=True)
    return folder


async def test_a_folder_is_served_as_s3_to_every_client(bucket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variables that the simulator gives, and answers that are lost on the way."""
    manifest = manifest_of(250, settings_uri="s3://my-bucket/a cohort (é)/=1")
    lost = [faults.reset("PutObject"), faults.reset("HeadObject"), faults.truncated("StartRunBatch")]
    async with Simulator(s3=bucket.parent, faults=lost) as omics:
        for name, value in omics.environment.items():
            monkeypatch.setenv(name, value)
        async with OmicsBatchClient(retry=RetryPolicy(base=0.001)) as client:
            (started,) = await started_by(client, manifest)
            assert len(await client.list_batch()) == 1
        assert [request.operation for request in omics.requests if "%C3%A9" in request.path][-1] == "HeadObject"
        (file,) = objects_in(bucket)
        assert file.read_bytes() == b"".join(manifest.settings())
        assert len(settings_of(manifest)) == 250
        assert started.id == "7123456"
