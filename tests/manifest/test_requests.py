"""What a manifest starts: requests, settings files, and the ids by which the service knows them again."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch import Manifest, ManifestBatch
from omics_batch.testing import Simulator
from tests.manifest._support import BY_SAMPLE, DEFAULTS, complaints, settings_of
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from pathlib import Path

    from tests.manifest._support import Cohort

RUNS = {
    **BY_SAMPLE,
    "outputUri": "s3://my-bucket/out/{sample}/",
    "priority": {"column": "priority", "type": "int"},
    "runTags": {"cohort": "trio"},
    "parameters": {"name": "{name}", "depth": {"column": "depth", "type": "float"}, "more": {"value": [1, None, "é"]}},
}


def sheet_of(runs: int) -> str:
    rows = "".join(f"S{number:06},Müller {number},{number % 7},{number / 8}\n" for number in range(runs))
    return f"sample,name,priority,depth\n{rows}"


def made(rows: int, **members: Any) -> Manifest:
    runs = [{"sample": f"S{number:06}", "name": "🧬", "priority": 1, "depth": number / 8} for number in range(rows)]
    given: dict[str, Any] = {"default_run_setting": DEFAULTS, "runs": RUNS, "rows": runs, **members}
    return Manifest(**given)


def test_up_to_a_hundred_runs_stand_in_the_request() -> None:
    manifest = made(100, batch_name="cohort", tags={"project": "x"})
    (request,) = manifest.requests()
    members = request.members()
    assert members["batchName"] == "cohort"
    assert members["tags"] == {"project": "x"}
    assert members["defaultRunSetting"] == DEFAULTS.model_dump(mode="json", by_alias=True, exclude_none=True)
    assert members["batchRunSettings"] == {"inlineSettings": settings_of(manifest)}
    assert len(settings_of(manifest)) == 100
    content = b"".join(manifest.settings())
    assert manifest.batches == (ManifestBatch(100, None, hashlib.sha256(content).hexdigest(), len(content)),)
    assert repr(manifest) == "<Manifest rows: 100 runs in 1 batch>"


def test_more_runs_are_a_file_that_is_named_for_its_content(cohort: Cohort) -> None:
    manifest = cohort.load(sheet_of(101), RUNS, settingsUri="s3://my-bucket/settings/")
    content = b"".join(manifest.settings())
    sha256 = hashlib.sha256(content).hexdigest()
    uri = f"s3://my-bucket/settings/{sha256}.json"
    assert manifest.batches == (ManifestBatch(101, uri, sha256, len(content)),)
    assert [request.members()["batchRunSettings"] for request in manifest.requests()] == [{"s3UriSettings": uri}]
    settings = json.loads(content)
    assert [setting["runSettingId"] for setting in settings] == [f"S{number:06}" for number in range(101)]
    assert settings[100] == {
        "outputUri": "s3://my-bucket/out/S000100/",
        "parameters": {"depth": 12.5, "more": [1, None, "é"], "name": "Müller 100"},
        "priority": 2,
        "runSettingId": "S000100",
        "runTags": {"cohort": "trio"},
    }
    same = cohort.load(sheet_of(101), RUNS, settingsUri="s3://my-bucket/settings")
    assert same.batches == manifest.batches


def test_more_than_a_hundred_runs_need_a_place(cohort: Cohort) -> None:
    problems = ["settingsUri: is missing: 101 runs are more than the 100 that a request holds, so name a place in S3"]
    assert complaints(lambda: made(101)) == problems
    assert cohort.problems(sheet_of(101), RUNS) == [f"cohort.json: {problem}" for problem in problems]


def test_more_than_a_hundred_thousand_runs_are_several_batches(cohort: Cohort) -> None:
    rows = "".join(f"S{number}\n" for number in range(100_099))
    manifest = cohort.load(f"sample\n{rows}", settingsUri="s3://b/s/")
    assert [batch.runs for batch in manifest.batches] == [100_000, 99]
    assert [batch.settings_uri is None for batch in manifest.batches] == [False, True]
    assert repr(manifest).endswith("samples.csv: 100,099 runs in 2 batches>")
    assert len({request.request_id for request in manifest.requests()}) == 2
    whole = b"".join(manifest.settings(0))
    assert whole.endswith(b'{"runSettingId":"S99999"}\n]\n')
    assert hashlib.sha256(whole).hexdigest() == manifest.batches[0].sha256
    second = settings_of(manifest, 1)
    assert (second[0], second[-1]) == ({"runSettingId": "S100000"}, {"runSettingId": "S100098"})


def test_a_batch_that_there_is_not_has_no_settings() -> None:
    wrong: list[Any] = [1, -1, 0.0, "0"]
    for number in wrong:
        reported = complaints(lambda number=number: made(3).settings(number))
        assert reported == [f"the manifest has the batches 0 to 0, not {number!r}"]


def test_the_ids_of_requests_are_golden(cohort: Cohort) -> None:
    """Whoever has started a cohort finds it again by these ids, with any Python and any later release.

    Where this fails, the canonical form has changed: give it a new version in `request_id.py`, and say so.
    """
    inline = made(3, batch_name="trio", tags={"project": "é"})
    assert [request.request_id for request in inline.requests()] == ["a666aee9-33a3-55b2-b76e-072e4196e23b"]
    assert inline.batches[0].sha256 == "acfccaff23bce4f7d7799c0be0d0ae7766bf98376901ee494313649857a95923"
    large = cohort.load(sheet_of(250), RUNS, settingsUri="s3://my-bucket/settings/")
    assert [request.request_id for request in large.requests()] == ["8c75d235-f1f3-5f53-b75f-252cd0716091"]
    assert [request.request_id for request in large.requests(attempt=2)] == ["4ae9b977-0da8-5471-9a56-16125c25f2b5"]
    assert large.batches[0].sha256 == "247c708bcefac4512a859ee79a58fe25fcae89973cee5b6bfe799dae08d644c1"


def test_the_same_cohort_has_the_same_ids_whatever_file_it_comes_from(cohort: Cohort) -> None:
    """And the order of members in the manifest does not matter."""
    content = sheet_of(3)
    manifest = cohort.load(content, RUNS)
    ids = [request.request_id for request in manifest.requests()]
    turned: Any = {name: RUNS[name] for name in reversed(RUNS)}
    turned["parameters"] = dict(reversed(turned["parameters"].items()))
    for other in (
        cohort.load(content, turned),
        cohort.load(content.replace("\n", "\r\n").encode("utf-8-sig"), RUNS),
        cohort.load(content.replace(",", "\t"), RUNS, "samples.tsv"),
        cohort.load(content.replace("\n", ",\n").replace("depth,", "depth,unused"), RUNS),
    ):
        assert [request.request_id for request in other.requests()] == ids
        assert other == manifest
        assert hash(other) == hash(manifest)


def test_an_edited_cohort_and_a_further_attempt_are_others(cohort: Cohort) -> None:
    content = sheet_of(101)
    uri = "s3://my-bucket/settings/"
    manifest = cohort.load(content, RUNS, settingsUri=uri)
    others = [
        cohort.load(content.replace("Müller 77", "Miller 77"), RUNS, settingsUri=uri),
        cohort.load(content, {**RUNS, "runTags": {"cohort": "other"}}, settingsUri=uri),
        cohort.load(content, RUNS, settingsUri="s3://other-bucket/settings/"),
        cohort.load(content, RUNS, settingsUri=uri, batchName="another"),
        cohort.load(content, RUNS, settingsUri=uri, tags={"a": "b"}),
    ]
    attempts = [manifest.requests(attempt=attempt) for attempt in (1, 2, 3)]
    ids = [request.request_id for requests in attempts for request in requests]
    ids += [request.request_id for other in others for request in other.requests()]
    assert len(set(ids)) == 8
    assert others[0] != manifest
    assert manifest != "a manifest"
    first, second, _ = (requests[0].members() for requests in attempts)
    assert {**first, "requestId": ""} == {**second, "requestId": ""}


@pytest.mark.parametrize("attempt", [0, -1, True, 1.0, "2"])
def test_an_attempt_is_a_number_from_1(attempt: Any) -> None:
    assert complaints(lambda: made(1).requests(attempt=attempt)) == [f"attempt is 1 or more, not {attempt!r}"]


LARGE = sheet_of(1500)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(LARGE.replace("Müller 1400", "Miller 1400"), id="a cell"),
        pytest.param(LARGE + "S9,x,1,1\n", id="a row more"),
        pytest.param(LARGE.removesuffix("\n").rpartition("\n")[0], id="a row less"),
        pytest.param(LARGE.replace("sample,name", "sample,nome"), id="a column"),
        pytest.param(LARGE.replace("S001400,", "S001400,,"), id="a ragged row"),
        pytest.param(LARGE.replace("Müller 1400,0", "Müller 1400,x"), id="a wrong cell"),
        pytest.param(b"\xff", id="no text"),
        pytest.param(None, id="no file"),
    ],
)
def test_a_sheet_that_has_changed_since_makes_no_whole_file(
    cohort: Cohort, tmp_path: Path, changed: str | bytes | None
) -> None:
    """What was read before stays as it is: `requests` reads nothing again."""
    manifest = cohort.load(LARGE, RUNS, settingsUri="s3://b/s/")
    before = manifest.requests()
    if changed is None:
        (tmp_path / "samples.csv").unlink()
    else:
        cohort.write("samples.csv", changed)
    pieces: list[bytes] = []
    reported = complaints(lambda: pieces.extend(manifest.settings()), tmp_path)
    gone, again = "is gone: put it back, or read the manifest with another sheet", "has changed since the manifest was"
    assert reported == [f"samples.csv {gone if changed is None else f'{again} read: read it again'}"]
    assert not b"".join(pieces).endswith(b"]\n")
    assert manifest.requests() == before


def test_a_change_that_no_run_shows_is_none(cohort: Cohort) -> None:
    content = "sample,note\n" + "".join(f"S{number},x\n" for number in range(101))
    manifest = cohort.load(content, settingsUri="s3://b/s/")
    whole = b"".join(manifest.settings())
    cohort.write("samples.csv", content.replace(",x", ",another"))
    assert b"".join(manifest.settings()) == whole


def test_settings_are_written_piece_by_piece(cohort: Cohort) -> None:
    pieces = list(cohort.load(LARGE, RUNS, settingsUri="s3://b/s/").settings())
    assert len(pieces) == 3
    assert pieces[-1] == b"\n]\n"


def test_a_manifest_is_a_value(cohort: Cohort) -> None:
    manifest = cohort.load(sheet_of(101), RUNS, settingsUri="s3://b/s/")
    for same in (copy.copy(manifest), copy.deepcopy(manifest), pickle.loads(pickle.dumps(manifest))):
        assert same == manifest
        assert b"".join(same.settings()) == b"".join(manifest.settings())
    frozen: Any = manifest
    with pytest.raises(AttributeError):
        frozen.runs = 5
    with pytest.raises(AttributeError):
        frozen.anything = 5


@pytest.mark.virtual_time
async def test_what_it_makes_starts_batches(cohort: Cohort, tmp_path: Path) -> None:
    """With settings in the request, and with settings in a file that stands in for S3; each only once."""
    (tmp_path / "my-bucket" / "settings").mkdir(parents=True)
    manifests = [made(3), cohort.load(sheet_of(150), RUNS, settingsUri="s3://my-bucket/settings/")]
    async with Simulator(in_process=True, s3=tmp_path, clock=running_clock()) as omics, omics.client() as client:
        for manifest in manifests:
            (request,), (batch,) = manifest.requests(), manifest.batches
            if batch.settings_uri is not None:
                path = tmp_path / batch.settings_uri.removeprefix("s3://")
                path.write_bytes(b"".join(manifest.settings()))
            started = await client.start_run_batch(request)
            assert (await client.start_run_batch(manifest.requests()[0])).id == started.id
            assert (await client.wait_until_processed(started)).total_runs == manifest.runs
