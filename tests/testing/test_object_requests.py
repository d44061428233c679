"""PutObject, HeadObject and GetObject of the simulator, for the settings that a client puts into S3."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch import ConnectionFailedError, ResourceNotFoundError
from omics_batch.testing import Simulator
from omics_batch.testing._s3 import object_requests
from tests.s3 import local_s3
from tests.testing._support import ClientError, boto3, botocore_config

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = "settings/a b+(é).json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cohorts").mkdir()
    return tmp_path


@pytest.fixture
def omics(folder: Path) -> Iterator[Simulator]:
    with Simulator(s3=folder) as running:
        yield running


def s3_of(omics: Simulator, secret_key: str = Simulator.secret_key) -> Any:
    return boto3.client(
        "s3",
        region_name="us-west-2",
        endpoint_url=omics.environment["AWS_ENDPOINT_URL_S3"],
        aws_access_key_id=Simulator.access_key,
        aws_secret_access_key=secret_key,
        config=botocore_config.Config(
            retries={"total_max_attempts": 1}, request_checksum_calculation="when_required", signature_version="s3v4"
        ),
    )


def test_an_object_is_a_file_of_its_buckets_folder(omics: Simulator, folder: Path) -> None:
    s3 = s3_of(omics)
    put = s3.put_object(Bucket="cohorts", Key=KEY, Body=b"[1]", IfNoneMatch="*", ChecksumAlgorithm="SHA256")
    assert (folder / "cohorts" / KEY).read_bytes() == b"[1]"
    head = s3.head_object(Bucket="cohorts", Key=KEY, ChecksumMode="ENABLED")
    assert (head["ETag"], head["ChecksumSHA256"]) == (put["ETag"], put["ChecksumSHA256"])
    assert head["ContentLength"] == 3
    s3.put_object(Bucket="cohorts", Key=KEY, Body=b"[2]")
    assert [path.name for path in (folder / "cohorts" / "settings").iterdir()] == ["a b+(é).json"]
    assert (folder / "cohorts" / KEY).read_bytes() == b"[2]"
    assert [request.operation for request in omics.requests] == ["PutObject", "HeadObject", "PutObject"]
    s3.close()


def test_an_object_is_read_whole_or_in_ranges(omics: Simulator, folder: Path) -> None:
    (folder / "cohorts" / "x").write_bytes(b"0123456789")
    s3 = s3_of(omics)
    whole = s3.get_object(Bucket="cohorts", Key="x")
    assert whole["Body"].read() == b"0123456789"
    part = s3.get_object(Bucket="cohorts", Key="x", Range="bytes=3-5", IfMatch=whole["ETag"])
    assert (part["Body"].read(), part["ContentRange"]) == (b"345", "bytes 3-5/10")
    assert s3.get_object(Bucket="cohorts", Key="x", Range="bytes=8-99")["ContentRange"] == "bytes 8-9/10"
    s3.close()


async def test_in_process_an_object_is_read_too(folder: Path) -> None:
    content = b"0123456789" * 200_000
    (folder / "cohorts" / "x").write_bytes(content)
    async with Simulator(s3=folder, in_process=True) as omics, omics.client() as client:
        assert await client._opened().storage.read("s3://cohorts/x") == content
        assert omics.requests_of("GetObject") == 2


async def test_in_process_a_local_s3_is_asked_itself() -> None:
    """As over HTTP, where its URL is in the environment."""
    content = b"0123456789" * 50_000
    facts: dict[str, Any] = {
        "size": len(content),
        "checksum": base64.b64encode(hashlib.sha256(content).digest()).decode(),
        "options": {},
    }
    async with local_s3() as s3, Simulator(s3=s3.url, in_process=True) as omics, omics.client() as client:
        storage = client._opened().storage
        assert await storage.put("s3://cohorts/x", lambda: iter([content[:9], content[9:]]), **facts) is not None
        assert await storage.put("s3://cohorts/x", lambda: iter([content]), **facts) is None
        assert (await storage.head("s3://cohorts/x", options={})).checksum == facts["checksum"]
        assert await storage.read("s3://cohorts/x") == content
        with pytest.raises(ResourceNotFoundError, match="GetObject of s3://cohorts/y"):
            await storage.read("s3://cohorts/y")
        assert s3.objects == {"/cohorts/x": content}
        assert omics.requests == ()
    async with Simulator(s3="http://127.0.0.1:9", in_process=True) as omics, omics.client() as client:
        with pytest.raises(ConnectionFailedError, match="HeadObject of s3://cohorts/x"):
            await client._opened().storage.head("s3://cohorts/x", options={})


THERE: dict[str, Any] = {"Bucket": "cohorts", "Key": "there"}
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("put_object", {**THERE, "Body": b"2", "IfNoneMatch": "*"}, "PreconditionFailed"),
    ("put_object", {**THERE, "Body": b"2", "ChecksumSHA256": "x" * 44}, "BadDigest"),
    ("put_object", {**THERE, "Body": b"x" * 100}, "EntityTooLarge"),
    ("put_object", {**THERE, "Body": b"2", "Bucket": "other"}, "NoSuchBucket"),
    ("put_object", {**THERE, "Body": b"2", "Key": "folder"}, "InvalidArgument"),
    ("put_object", {**THERE, "Body": b"2", "Key": "x/../../y"}, "InvalidArgument"),
    ("head_object", {**THERE, "Key": "absent"}, "404"),
    ("get_object", {**THERE, "Key": "absent"}, "NoSuchKey"),
    ("get_object", {**THERE, "Range": "bytes=1-9"}, "InvalidRange"),
    ("get_object", {**THERE, "IfMatch": '"x"'}, "PreconditionFailed"),
    ("delete_object", THERE, "MethodNotAllowed"),
    ("list_buckets", {}, "MethodNotAllowed"),
]


def test_what_s3_refuses(omics: Simulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_requests, "MAX_BYTES", 99)
    (folder / "cohorts" / "there").write_bytes(b"1")
    (folder / "cohorts" / "folder").mkdir()
    s3 = s3_of(omics)
    for operation, members, code in REFUSED:
        with pytest.raises(ClientError) as caught:
            getattr(s3, operation)(**members)
        assert vars(caught.value)["response"]["Error"]["Code"] == code
    assert sorted(path.name for path in folder.rglob("*")) == ["cohorts", "folder", "there"]
    s3.close()


def test_a_signature_of_somebody_else_is_refused_here_too(omics: Simulator) -> None:
    s3 = s3_of(omics, "another")
    with pytest.raises(ClientError, match="403"):
        s3.put_object(Bucket="cohorts", Key=KEY, Body=b"1")
    s3.close()


@pytest.mark.parametrize("settings", [{}, {"in_process": True}])
async def test_without_a_folder_there_is_no_bucket(settings: dict[str, Any]) -> None:
    async with Simulator(**settings) as omics, omics.client() as client:
        storage = client._opened().storage
        with pytest.raises(ResourceNotFoundError, match=r"NoSuchBucket.*The simulator has no folder for S3"):
            await storage.put("s3://cohorts/x", lambda: iter([b"1"]), size=1, checksum="x", options={})


async def test_in_process_a_simulator_that_has_ended_answers_nothing(folder: Path) -> None:
    async with Simulator(s3=folder, in_process=True) as omics:
        client = omics.client()
        await client.open()
    with pytest.raises(ConnectionFailedError, match="HeadObject of s3://cohorts/x .attempt 3.: .*Could not connect"):
        await client._opened().storage.head("s3://cohorts/x", options={})
    await client.close()
