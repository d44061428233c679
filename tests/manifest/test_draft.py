"""A first manifest, from the columns of a sheet: once its words are replaced, it loads."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from omics_batch import InvalidInputError, Manifest
from tests.manifest._support import ROLE, complaints, settings_of
from tests.manifest.test_properties import TEXTS, tables
from tests.support import JSON

if TYPE_CHECKING:
    from tests.manifest._support import Cohort

FILLED = {"workflow_id": "1234567", "role_arn": ROLE, "output_uri": "s3://my-bucket/out/"}


def drafted(cohort: Cohort, sheet: str, name: str = "samples.csv") -> str:
    return Manifest.draft(cohort.write(name, sheet), folder=cohort.folder, **FILLED)


def loaded(cohort: Cohort, sheet: str, name: str = "samples.csv") -> list[Any]:
    """The settings of the runs, by the draft as it stands."""
    return settings_of(Manifest.load(cohort.write("cohort.yaml", drafted(cohort, sheet, name))))


def test_a_draft_has_words_to_replace_and_a_problem_for_each(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(cohort.folder)
    cohort.write("samples.csv", "sample,fastq_1,fastq_2\nNA12878,a,b\n")
    text = Manifest.draft("samples.csv")
    assert text == (
        "# A StartRunBatch request without its runs, and how each row of a sheet becomes a run.\n"
        "# Replace the words in capitals, and name the parameters of your workflow.\n"
        "batchName: samples\n"
        "defaultRunSetting:\n"
        "  workflowId: WORKFLOW_ID\n"
        "  roleArn: ROLE_ARN\n"
        "  outputUri: OUTPUT_URI\n"
        'sheet: "samples.csv"\n'
        "# Above 100 runs, their settings go to S3, below this:\n"
        "# settingsUri: SETTINGS_URI\n"
        "runs:\n"
        "  # One run for each row. If several rows are one run, such as lanes: groupBy: sample\n"
        '  runSettingId: "{sample}"\n'
        "  # The parameters of your workflow. A cell is text; {column: NAME, type: int} makes it a number.\n"
        "  parameters:\n"
        '    sample: "{sample}"\n'
        "    reads: {columns: [fastq_1, fastq_2]}  # a list of the two\n"
    )
    problems = complaints(lambda: Manifest.load(cohort.write("cohort.yaml", text)), cohort.folder)
    assert [line.partition(": ")[0] for line in problems] == ["cohort.yaml:5", "cohort.yaml:6", "cohort.yaml:7"]


def test_lanes_are_grouped(cohort: Cohort) -> None:
    """What differs between the rows of a sample is a list, and what does not is one value."""
    sheet = "Sample ID,lane,R1,R2,sex,depth\nS1,L1,a,b,F,3\nS1,L2,c,,F,4.5\nS2,L1,d,e,M,5\n"
    text = drafted(cohort, sheet)
    assert '  groupBy: "Sample ID"\n' in text
    assert "reads: {columns: [R1, R2], empty: null}  # a list for each row of the group" in text
    first, second = loaded(cohort, sheet)
    assert first["parameters"] == {
        "Sample ID": "S1",
        "reads": [["a", "b"], ["c", None]],
        "lane": ["L1", "L2"],
        "sex": "F",
        "depth": ["3", "4.5"],
    }
    assert second["parameters"]["reads"] == [["d", "e"]]


def test_a_number_stays_text_and_its_type_is_proposed(cohort: Cohort) -> None:
    """Nothing is guessed."""
    sheet = "id,lanes,depth,name,mixed\nS1,4,30.5,a,1\nS2,2,29,b,x\nS3,,,c,2\n"
    text = drafted(cohort, sheet)
    assert '    lanes: "{lanes}"  # a number: {column: lanes, type: int}\n' in text
    assert '    depth: "{depth}"  # a number: {column: depth, type: float}\n' in text
    assert '    mixed: "{mixed}"\n' in text
    assert loaded(cohort, sheet)[0]["parameters"]["lanes"] == "4"


def test_cells_of_json_lines_keep_their_types(cohort: Cohort) -> None:
    sheet = '{"sample": "S1", "n": 1, "on": true, "a{": [1, 2]}\n{"sample": "S2", "n": 2, "on": null, "a{": []}\n'
    first, second = loaded(cohort, sheet, "samples.jsonl")
    assert first["parameters"] == {"sample": "S1", "n": "1", "on": True, "a{": [1, 2]}
    assert "on" not in second["parameters"]


def test_many_runs_need_a_place_for_their_settings(cohort: Cohort) -> None:
    sheet = "name,reads,fq1,fq2\n" + "".join(f"S{number},r,a,b\n" for number in range(250))
    text = drafted(cohort, sheet)
    assert "# A request holds 100 runs. The settings of 250 go to S3, below this:\n" in text
    assert '\nsettingsUri: "s3://my-bucket/out/settings/"\n' in text
    assert loaded(cohort, sheet)[0]["parameters"] == {"name": "S0", "reads": "r", "fq1": "a", "fq2": "b"}


def test_the_sheet_is_named_from_the_manifests_folder(
    cohort: Cohort, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sheets = cohort.folder / "sheets"
    sheets.mkdir()
    (sheets / "a.csv").write_text("sample\nS1\n")
    monkeypatch.chdir(cohort.folder)
    assert '\nsheet: "../sheets/a.csv"\n' in Manifest.draft("sheets/a.csv", folder="manifests")
    nameless = sheets / " .csv"
    nameless.write_text("sample\nS1\n")
    assert "batchName" not in Manifest.draft(nameless)
    assert f'\nsheet: "{sheets.as_posix()}/a.csv"\n' in Manifest.draft(sheets / "a.csv", folder="manifests")


@pytest.mark.parametrize(
    ("sheet", "name", "problem"),
    [
        ("sample\n", "samples.csv", "samples.csv: no row below the header: add the samples first"),
        ("sample,sample\nS1,S2\n", "samples.csv", "samples.csv:1, column sample: columns 1 and 2 have the same name"),
        ("sample\nS1,S2\n", "samples.csv", "samples.csv:2: 2 cells, and the header has 1 columns"),
        ("sample,lane\nS1,1\nS1,2\n,3\n", "samples.csv", "samples.csv:4, column sample: an empty cell in the column"),
        (
            "sample;x\nS1;2\n",
            "samples.csv",
            "samples.csv:1: the header has semicolons where",
        ),
        ("sample\nS1\n", "samples.xlsx", "samples.xlsx: the name of a sheet ends in .csv (with commas), "),
    ],
)
def test_a_sheet_that_cannot_be_read_is_no_draft(cohort: Cohort, sheet: str, name: str, problem: str) -> None:
    (line, *_) = complaints(lambda: drafted(cohort, sheet, name), cohort.folder)
    assert line.startswith(problem)


@pytest.mark.parametrize(
    "header",
    [
        "sample,fastq_1,fastq_2,strandedness",
        "patient,sex,status,sample,lane,fastq_1,fastq_2",
        "sample,lane,fastq_1,fastq_2,single_end",
        "group,replicate,fastq_1,fastq_2,antibody,control",
        "sampleID,forwardReads,reverseReads,run",
        "sample,fastq_1,fastq_2,condition,batch",
        "ID,R1,R2,LongFastQ,Fast5,GenomeSize",
        "sample,run_accession,instrument_platform,fastq_1,fastq_2,fasta",
        "SampleName,Read1,Read2",
        "sample,assay,experiment",
    ],
)
def test_sheets_of_public_pipelines_have_a_draft_that_loads(cohort: Cohort, header: str) -> None:
    columns = header.split(",")
    rows = [",".join(f"{column}-{number}" for column in columns) for number in range(3)]
    assert len(loaded(cohort, "\n".join([header, *rows]))) == 3


@given(table=tables(TEXTS), typed=tables(JSON))
def test_the_draft_of_any_table_is_a_manifest(table: Any, typed: Any) -> None:
    """Whatever columns are called. What is wrong then is wrong with the cells."""
    for suffix, (columns, rows) in ((".csv", table), (".tsv", typed)):
        with tempfile.TemporaryDirectory() as folder:
            sheet, manifest = Path(folder, f"sheet{suffix}"), Path(folder, "cohort.yaml")
            with sheet.open("w", encoding="utf-8", errors="replace", newline="") as file:
                delimiter = {".csv": ",", ".tsv": "\t"}[suffix]
                csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([columns, *rows])
            try:
                text = Manifest.draft(sheet, folder=folder, **FILLED)
            except InvalidInputError:
                continue
            manifest.write_text(text, encoding="utf-8")
            try:
                Manifest.load(manifest)
            except InvalidInputError as error:
                assert all(line.startswith(f"{sheet}:") for line in str(error).splitlines()), text  # noqa: PT017 - or none


def test_characters_that_yaml_cannot_hold_are_escaped(cohort: Cohort) -> None:
    odd = "{a\x7f\x85\u2028\ufeff\U0001f9ec\u202e"
    (run,) = loaded(cohort, f"sample,{odd}\nS1,x\n")
    assert run["parameters"] == {"sample": "S1", odd: "x"}
