"""Run settings in S3: read from a folder or from moto's server, and what becomes of a batch if they are not right."""

from __future__ import annotations

import asyncio
import hashlib
import json
import tracemalloc
from contextlib import asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch import InvalidInputError
from omics_batch.testing import Life, ManualClock, Simulator
from omics_batch.testing._s3 import objects
from omics_batch.testing._s3.folder import Folder
from omics_batch.testing._s3.run_settings import RunSettings
from omics_batch.testing._service.http_response import Refusal
from tests.events import until
from tests.testing._support import EPOCH, Wire, boto3, wire_to

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

INVALID: Final = "Invalid JSON format in run configurations"
URI: Final = "s3://cohorts/spring/runs.json"
TRIO: Final = [{"runSettingId": "NA12878", "priority": 3}, {"runSettingId": "NA12891"}, {"runSettingId": "NA12892"}]


class Store(Protocol):
    """An S3 of the tests."""

    place: Path | str

    def put(self, content: bytes) -> None: ...

    def remove(self) -> None: ...


class FolderStore:
    def __init__(self, folder: Path) -> None:
        self.place: Path | str = folder
        self.file = folder / "cohorts" / "spring" / "runs.json"
        self.file.parent.mkdir(parents=True)

    def put(self, content: bytes) -> None:
        self.file.write_bytes(content)

    def remove(self) -> None:
        self.file.unlink()


class MotoStore:
    def __init__(self, endpoint_url: str) -> None:
        self.place: Path | str = endpoint_url
        self._s3 = boto3.client(
            "s3",
            region_name="us-west-2",
            endpoint_url=endpoint_url,
            aws_access_key_id=Simulator.access_key,
            aws_secret_access_key=Simulator.secret_key,
        )
        self._s3.create_bucket(Bucket="cohorts", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})

    def put(self, content: bytes) -> None:
        self._s3.put_object(Bucket="cohorts", Key="spring/runs.json", Body=content)

    def remove(self) -> None:
        self._s3.delete_object(Bucket="cohorts", Key="spring/runs.json")

    def close(self) -> None:
        self._s3.delete_bucket(Bucket="cohorts")
        self._s3.close()


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    moto_server: Any = import_module("moto.server")  # which is dear, and for this alone
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["folder", "moto"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "folder":
        yield FolderStore(tmp_path)
        return
    moto = MotoStore(request.getfixturevalue("moto_url"))
    yield moto
    moto.remove()
    moto.close()


@asynccontextmanager
async def service_with(store: Store | None, **settings: Any) -> AsyncGenerator[tuple[Wire, ManualClock]]:
    clock = ManualClock()
    place = None if store is None else store.place
    async with Simulator(clock=clock, epoch=EPOCH, s3=place, **settings) as omics, wire_to(omics) as wire:
        yield wire, clock


async def started(wire: Wire, uri: str = URI) -> str:
    response = await wire.start(batchRunSettings={"s3UriSettings": uri})
    assert response.status == 201, response.body
    batch_id: str = response.document["id"]
    return batch_id


async def batch_of(wire: Wire, batch_id: str) -> dict[str, Any]:
    return (await wire.get(f"/runBatch/{batch_id}")).document


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


async def test_a_batch_starts_from_an_object(store: Store) -> None:
    store.put(as_json(TRIO))
    async with service_with(store) as (wire, clock):
        batch_id = await started(wire)
        assert (await batch_of(wire, batch_id))["status"] == "CREATING"
        clock.advance(60)
        batch = await batch_of(wire, batch_id)
        assert (batch["status"], batch["totalRuns"]) == ("PROCESSED", 3)
        runs = (await wire.get(f"/runBatch/{batch_id}/run")).document["runs"]
        assert [run["runSettingId"] for run in runs] == ["NA12878", "NA12891", "NA12892"]
        assert (await wire.get(f"/run/{runs[0]['runId']}")).document["priority"] == 3


async def test_an_object_may_change_once_it_was_read(store: Store) -> None:
    store.put(as_json(TRIO))
    async with service_with(store) as (wire, clock):
        batch_id = await started(wire)
        clock.advance(5)
        assert (await batch_of(wire, batch_id))["status"] == "SUBMITTING"
        store.remove()
        clock.advance(60)
        assert (await batch_of(wire, batch_id))["status"] == "PROCESSED"


async def test_an_object_that_changes_before_fails_its_batch(store: Store) -> None:
    before, after = b'[{"runSettingId": "a"}]', b'[{"runSettingId": "b"}]'
    store.put(before)
    async with service_with(store) as (wire, clock):
        batch_id = await started(wire)
        store.put(after)
        clock.advance(4.9)
        assert (await batch_of(wire, batch_id))["status"] == "PENDING"
        clock.advance(0.1)
        batch = await batch_of(wire, batch_id)
        assert batch["status"] == "FAILED"
        etags = [hashlib.md5(content, usedforsecurity=False).hexdigest() for content in (before, after)]
        assert batch["failureReason"] == (
            f'Expected s3UriConfigs etag: "{etags[0]}" but was: "{etags[1]}". '
            "s3UriConfigs have changed since calling StartRunBatch"
        )
        assert batch["failedTime"] == "2025-03-15T10:00:05Z"
        assert (await wire.get(f"/runBatch/{batch_id}/run")).document["runs"] == []


async def test_the_same_request_gives_the_same_batch_whatever_became_of_the_object(tmp_path: Path) -> None:
    """A retry comes after the object was changed or removed: it is the retry of a batch that is there."""
    store = FolderStore(tmp_path)
    store.put(as_json(TRIO))
    async with service_with(store) as (wire, clock):
        batch_id = await started(wire)
        clock.advance(60)
        assert (await batch_of(wire, batch_id))["status"] == "PROCESSED"
        store.remove()
        assert await started(wire) == batch_id
        assert (await batch_of(wire, batch_id))["status"] == "PROCESSED"


async def test_an_object_that_vanishes_before_fails_its_batch(store: Store) -> None:
    store.put(as_json(TRIO))
    async with service_with(store) as (wire, clock):
        batch_id = await started(wire)
        store.remove()
        clock.advance(60)
        batch = await batch_of(wire, batch_id)
        assert (batch["status"], batch["failureReason"].partition(". ")[0][-6:]) == ("FAILED", '"null"')


async def test_an_object_that_is_not_there_starts_nothing(store: Store) -> None:
    async with service_with(store) as (wire, _):
        for uri in (
            URI,
            "s3://nobodys/runs.json",
            "s3://cohorts",
            "runs.json",
            "s3://../cohorts/x",
            "s3://cohorts/a\tb",
        ):
            response = await wire.start(batchRunSettings={"s3UriSettings": uri})
            assert (response.status, response.code) == (400, "ValidationException")
        assert (await wire.get("/runBatch/7123456")).status == 404


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", INVALID),
        (b"[]", INVALID),
        (b"]", INVALID),
        (b"\xff", INVALID),
        (b'{"runSettingId": "a"}', INVALID),
        (b'[{"runSettingId": "a"}', INVALID),
        (b'[{"runSettingId": "a"},]', INVALID),
        (b'[{"runSettingId": "a"}] []', INVALID),
        (b'[{"runSettingId": "a", "parameters": {"x": NaN}}]', INVALID),
        (b'[{"runSettingId": "a"}, "b"]', INVALID),
        (b'[{"runSettingId": "a"}, {"name": "b"}]', INVALID),
        (b'[{"runSettingId": "a", "priority": 100001}]', INVALID),
        (b"[" * 100_000, INVALID),
        (b'[{"runSettingId": "a"}, {"runSettingId": "a"}]', "Expected 2 unique runSettingIds but there were 1"),
    ],
)
async def test_settings_that_are_not_right_fail_their_batch(tmp_path: Path, content: bytes, reason: str) -> None:
    """The call itself goes well: it only looks whether the object is there."""
    store = FolderStore(tmp_path)
    store.put(content)
    async with service_with(store) as (wire, clock):
        batch_id = await started(wire)
        assert (await batch_of(wire, batch_id))["status"] == "CREATING"
        clock.advance(2)
        assert (await batch_of(wire, batch_id))["status"] == "PENDING"
        clock.advance(3)
        batch = await batch_of(wire, batch_id)
        assert (batch["status"], batch["failureReason"]) == ("FAILED", reason)


@pytest.mark.slow
async def test_too_many_settings_fail_their_batch(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put(as_json([{"runSettingId": str(number)} for number in range(100_001)]))
    async with service_with(store) as (wire, clock):
        batch_id = await started(wire)
        clock.advance(5)
        batch = await batch_of(wire, batch_id)
        assert batch["failureReason"] == "Batch has 100001 runs but 100000 runs is the max."


async def test_a_batch_that_ends_for_another_reason_keeps_it(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    store.put(b"no JSON")
    for life, status in ((Life(cancelled_after=3), "CANCELLED"), (Life(failure_reason="scripted"), "FAILED")):
        async with service_with(store, life=life) as (wire, clock):
            batch_id = await started(wire)
            clock.advance(60)
            batch = await batch_of(wire, batch_id)
            assert (batch["status"], batch.get("failureReason")) == (status, life.failure_reason)


async def test_the_same_request_again_gives_the_same_batch(tmp_path: Path) -> None:
    """Also if the object has become unreadable since: the batch was read by then."""
    store = FolderStore(tmp_path)
    store.put(as_json(TRIO))
    async with service_with(store) as (wire, clock):
        batch_id = await started(wire)
        clock.advance(6)
        await batch_of(wire, batch_id)
        store.put(b"no JSON")
        assert await started(wire) == batch_id
        clock.advance(60)
        assert (await batch_of(wire, batch_id))["status"] == "PROCESSED"


async def test_who_asks_meanwhile_waits_for_the_same_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An object is looked at once, however many ask before it is seen to have changed."""
    store, clock, looks = FolderStore(tmp_path), ManualClock(), list[str]()
    store.put(as_json(TRIO))
    async with Simulator(clock=clock, s3=tmp_path) as omics, wire_to(omics) as wire:
        batch_id = await started(wire)
        clock.advance(6)

        async def look(_: object, uri: str) -> str:
            looks.append(uri)
            await until(lambda: omics.requests_of("GetBatch") == 5)
            return "another"

        monkeypatch.setattr(Folder, "etag", look)
        batches = await asyncio.gather(*(batch_of(wire, batch_id) for _ in range(5)))
    assert [batch["status"] for batch in batches] == ["FAILED"] * 5
    assert looks == [URI]


async def test_without_an_s3_it_says_what_is_missing() -> None:
    async with service_with(None) as (wire, _):
        response = await wire.start(batchRunSettings={"s3UriSettings": URI})
        assert (response.status, response.code) == (400, "ValidationException")
        assert "Simulator(s3=...)" in response.message


async def test_an_s3_that_does_not_answer_is_reported(deaf_port: int) -> None:
    async with Simulator(s3=f"http://127.0.0.1:{deaf_port}") as omics, wire_to(omics) as wire:
        response = await wire.start(batchRunSettings={"s3UriSettings": URI})
        assert response.status == 400
        assert "Could not connect to the endpoint URL" in response.message


async def test_nothing_outside_of_a_bucket_is_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_bytes(as_json(TRIO))
    bucket = tmp_path / "s3" / "cohorts"
    (bucket / "folder").mkdir(parents=True)
    (bucket / "link.json").symlink_to(secret)
    (bucket / "out").symlink_to(tmp_path)
    (tmp_path / "s3" / "linked").symlink_to(tmp_path)
    (bucket / "loop").symlink_to(bucket / "loop")
    async with Simulator(s3=str(tmp_path / "s3")) as omics, wire_to(omics) as wire:
        for uri in (
            "s3://cohorts/../../secret.json",
            f"s3://cohorts/{secret}",
            "s3://cohorts/link.json",
            "s3://cohorts/out/secret.json",
            "s3://linked/secret.json",
            "s3://cohorts/folder",
            "s3://cohorts/loop",
            f"s3://cohorts/{'x' * 700}",
        ):
            response = await wire.start(batchRunSettings={"s3UriSettings": uri})
            assert (uri, response.status) == (uri, 400)
            assert f"s3UriSettings {uri[:300]}" in response.message
        with pytest.raises(Refusal, match="cannot be read"):
            await Folder(tmp_path).read("s3://cohorts/\0")


async def test_an_object_that_is_too_large_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(objects, "MAX_BYTES", 10)
    store.put(as_json(TRIO))
    async with service_with(store) as (wire, _):
        response = await wire.start(batchRunSettings={"s3UriSettings": URI})
        assert response.status == 400
        assert "the simulator reads 10 at most" in response.message


@pytest.mark.parametrize("place", ["/nowhere/at/all", "ftp://127.0.0.1", "http://user:password@127.0.0.1", "http://"])
def test_an_s3_is_a_folder_or_a_url(place: str) -> None:
    with pytest.raises(InvalidInputError):
        Simulator(s3=place)


@pytest.mark.slow
async def test_100_000_settings_take_their_text_and_little_more() -> None:
    content = as_json(
        [
            {"runSettingId": f"sample-{number:06}", "parameters": {"reads": f"s3://reads/{number:06}.cram"}}
            for number in range(100_000)
        ]
    )
    tracemalloc.start()
    settings = await asyncio.to_thread(RunSettings, content)
    memory, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(settings) == 100_000
    assert (
        settings[99_999] == settings[-1] == {"runSettingId": "sample-099999", "parameters": settings[-1]["parameters"]}
    )
    assert [setting["runSettingId"] for setting in settings[10:13]] == [
        "sample-000010",
        "sample-000011",
        "sample-000012",
    ]
    assert memory < peak < 3 * len(content)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
entries = st.fixed_dictionaries(
    {"runSettingId": st.text("abcXYZ019", min_size=1, max_size=20)},
    optional={"parameters": st.dictionaries(st.text(), values, max_size=3), "priority": st.integers(0, 100_000)},
)


@given(
    entries=st.lists(entries, min_size=1, max_size=5),
    style=st.fixed_dictionaries({"indent": st.sampled_from([None, 0, 3]), "ensure_ascii": st.booleans()}),
)
def test_any_settings_are_read_as_they_were_written(entries: list[dict[str, Any]], style: dict[str, Any]) -> None:
    settings = RunSettings(f" \n{json.dumps(entries, **style)}\r\n\t".encode())
    assert list(settings) == entries
    assert settings[1:] == entries[1:]


@given(content=st.binary() | values.map(as_json) | st.text('[]{},: \n"runSettingIda0').map(str.encode))
def test_any_bytes_are_settings_or_a_value_error(content: bytes) -> None:
    try:
        settings = RunSettings(content)
    except ValueError:
        return
    assert all(setting["runSettingId"] for setting in settings)
