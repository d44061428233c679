"""Some of a manifest's runs, by number or by name."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import InvalidInputError, Manifest
from tests.manifest._support import complaints, settings_of

if TYPE_CHECKING:
    from tests.manifest._support import Cohort

SHEET: Final = "sample\nS1\nS2\nS3\nS4\n"


def ids(manifest: Manifest) -> list[str]:
    return [setting["runSettingId"] for setting in settings_of(manifest)]


def test_runs_are_selected_by_number_and_by_name_in_the_order_of_the_sheet(cohort: Cohort) -> None:
    manifest = cohort.load(SHEET)
    assert ids(manifest.select(runs=range(2, 4))) == ["S2", "S3"]
    assert ids(manifest.select(only=["S4", "S1", "S1"])) == ["S1", "S4"]
    assert ids(manifest.select(runs=range(1, 100), only=iter(["S3"]))) == ["S3"]
    assert manifest.select() == manifest


def test_a_selection_of_more_than_a_hundred_runs_has_its_settings_in_s3(cohort: Cohort) -> None:
    manifest = cohort.load("sample\n" + "".join(f"S{number}\n" for number in range(250)), settingsUri="s3://b/s/")
    selected = manifest.select(runs=range(51, 251))
    (batch,) = selected.batches
    assert (batch.runs, batch.settings_uri) == (200, f"s3://b/s/{batch.sha256}.json")
    assert selected.requests()[0].request_id != manifest.requests()[0].request_id
    assert manifest.select(runs=range(1, 101)).batches[0].settings_uri is None


def test_what_is_not_in_the_sheet_is_named(cohort: Cohort) -> None:
    manifest = cohort.load(SHEET)
    path = cohort.folder / "samples.csv"
    assert complaints(lambda: manifest.select(only=["S1", "S9", "s2"])) == [
        f"{path} has no run S9, s2: are these of another sheet?"
    ]
    for runs, only in ((range(5, 9), None), (range(1, 2), ["S2"]), (None, [])):
        assert complaints(lambda runs=runs, only=only: manifest.select(runs=runs, only=only)) == [
            f"none of the 4 runs of {path} is selected"
        ]


@pytest.mark.parametrize(
    ("selection", "problem"),
    [
        ({"runs": (1, 10)}, r"runs is a range, such as range\(1, 11\) for the first ten, not \(1, 10\)"),
        ({"runs": slice(1, 10)}, "runs is a range"),
        ({"only": "S1"}, r"only is several runSettingIds, such as \['S1'\], not one text"),
    ],
)
def test_a_selection_of_another_kind_is_refused(cohort: Cohort, selection: Any, problem: str) -> None:
    """Two numbers would be two runs, and the letters of a name as many names."""
    with pytest.raises(InvalidInputError, match=problem):
        cohort.load(SHEET).select(**selection)


def test_the_names_of_the_columns_are_read_alone(cohort: Cohort) -> None:
    assert Manifest.columns_of(cohort.write("ragged.tsv", "sample\tfastq_1\nS1\n")) == ("sample", "fastq_1")
    twice = cohort.write("twice.csv", "a,a,\nS1,2,3\n")
    assert complaints(lambda: Manifest.columns_of(twice), cohort.folder) == [
        "twice.csv:1, column a: columns 1 and 2 have the same name: rename one",
        "twice.csv:1: column 3 has no name: name it, or delete the column",
    ]
    with pytest.raises(InvalidInputError, match=r"the name of a sheet ends in \.csv"):
        Manifest.columns_of("samples.xlsx")


@pytest.mark.parametrize(
    ("content", "is_one"),
    [
        (b"runs: {runSettingId: '{sample}'}", True),
        (b"sheet: samples.csv", True),
        (b"defaultRunSetting: {workflowId: '1'}", False),
        (b"- sheet", False),
        (b"{", False),
    ],
)
def test_a_manifest_has_a_sheet_or_runs(cohort: Cohort, content: bytes, is_one: bool) -> None:
    stream = io.BytesIO(content)
    assert Manifest.is_manifest(stream) is is_one
    assert stream.read() == content
    assert Manifest.is_manifest(cohort.write("file.yaml", content)) is is_one
