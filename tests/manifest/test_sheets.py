"""Sheets are read as they are, or refused with the line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.manifest._support import BY_SAMPLE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.manifest._support import Cohort

TRIO = "sample,fastq\nNA12878,a.fq\nNA12891,b.fq\nNA12892,c.fq\n"
IDS = ["NA12878", "NA12891", "NA12892"]


def ids(settings: list[Any]) -> list[str]:
    return [setting["runSettingId"] for setting in settings]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(TRIO, id="plain"),
        pytest.param(TRIO.replace("\n", "\r\n"), id="CRLF"),
        pytest.param(TRIO.replace("\n", "\r"), id="CR"),
        pytest.param(TRIO.encode("utf-8-sig"), id="byte order mark"),
        pytest.param('"sample","fastq"\n"NA12878","a.fq"\n"NA12891","b.fq"\n"NA12892","c.fq"\n', id="quotes"),
        pytest.param('"sample","fastq"\n"NA12878","a.fq"\n'.encode("utf-8-sig") + b"NA12891,b.fq\nNA12892,c.fq\n"),
        pytest.param(TRIO.rstrip(), id="no line break at the end"),
        pytest.param(TRIO + "\n\r\n\n", id="empty lines at the end"),
        pytest.param(TRIO + ",\n,\n", id="empty rows at the end, as Excel leaves them"),
    ],
)
def test_a_csv_file_is_read_however_it_was_exported(cohort: Cohort, content: str | bytes) -> None:
    assert ids(cohort.settings(content)) == IDS


@pytest.mark.parametrize("name", ["samples.tsv", "SAMPLES.TSV"])
def test_the_delimiter_goes_by_the_files_name(cohort: Cohort, name: str) -> None:
    assert ids(cohort.settings(TRIO.replace(",", "\t"), name=name)) == IDS


def test_json_lines_have_an_object_for_each_row(cohort: Cohort) -> None:
    lines = [json.dumps({"sample": name, "lane": 1}) for name in IDS]
    assert ids(cohort.settings("\ufeff" + "\r\n".join(lines) + "\n\n", name="samples.jsonl")) == IDS


@pytest.mark.parametrize(
    ("content", "name", "reported"),
    [
        ("sample;fastq\r\nS1;a\r\n", "s.csv", "s.csv:1: the header has semicolons where the file's name says commas"),
        ("sample\tfastq\n", "s.csv", "s.csv:1: the header has tabs where the file's name says commas: name the file"),
        ("sample,fastq\n", "s.tsv", "s.tsv:1: the header has commas where the file's name says tabs: name the file"),
        ("sample|fastq\n", "s.csv", "s.csv:1: the header has vertical bars where the file's name says commas: export"),
        ("sep=;\r\nsample;fastq\r\n", "s.csv", "s.csv:1: the header has semicolons"),
        ("sep=,\r\nsample,fastq\r\nS1,a\r\n", "s.csv", "s.csv:1: delete the line sep=,"),
        ("SEP=\t\nsample\tfastq\nS1\ta\n", "s.tsv", "s.tsv:1: delete the line sep=,"),
        (TRIO, "s.txt", "s.txt: the name of a sheet ends in .csv (with commas), .tsv (with tabs) or .jsonl"),
        (TRIO, "s.csv.gz", "s.csv.gz: the name of a sheet ends in"),
        ("", "s.csv", "s.csv:1: the first line is empty: it has to name the columns"),
        ("\nsample,fastq\n", "s.csv", "s.csv:1: the first line is empty"),
        ("", "s.jsonl", "s.jsonl:1: the first line is empty: it has to be a JSON object"),
        ('{}\n{"sample": "S1"}\n', "s.jsonl", "s.jsonl:1: the first line is empty: it has to be a JSON object"),
        ("sample,fastq\n", "s.csv", "s.csv: no row below the header: a run takes one"),
        ("sample,fastq\n\n,\n", "s.csv", "s.csv: no row below the header"),
        ("sample,,fastq\nS1,,a\n", "s.csv", "s.csv:1: column 2 has no name: name it, or delete the column"),
        ("sample,a,b,a\nS1,,,\n", "s.csv", "s.csv:1, column a: columns 2 and 4 have the same name: rename one"),
        ('{"sample": "S1", "": 1}', "s.jsonl", "s.jsonl:1: column 2 has no name"),
        ("sample,fastq\nS1\n", "s.csv", "s.csv:2: 1 of 2 cells: add the missing ones"),
        (
            "sample,fastq\nS1,a,b\n",
            "s.csv",
            "s.csv:2: 3 cells, and the header has 2 columns: put a cell that has commas",
        ),
        (
            "sample\tfastq\nS1\ta\tb\n",
            "s.tsv",
            "s.tsv:2: 3 cells, and the header has 2 columns: put a cell that has tab",
        ),
        (TRIO + "\n\nS4,d\n", "s.csv", "s.csv:5: the line is empty, and others follow: delete it"),
        ('{"sample": "S1"}\n\n\n{"sample": "S2"}\n', "s.jsonl", "s.jsonl:2: the line is empty, and others follow"),
        ('sample,fastq\nS1,"a"b\n', "s.csv", "s.csv:2: the quotes are wrong: ',' expected after '\"'"),
        ('"sample"x,fastq\nS1,b\n', "s.csv", "s.csv:1: the quotes are wrong"),
        ('sample,fastq\nS1,a\nS2,"b\nS3,c\n', "s.csv", "s.csv:3: a quote is opened here and never closed: close it"),
        (
            'sample,fastq\nS1,a\nS2,"b\n' + "S3,c\n" * 30_000,
            "s.csv",
            "s.csv:3: a cell is longer than 131,072 characters: a quote may not be closed",
        ),
        (b"sample,fastq\nS1,a\nM\xfcller,b\n", "s.csv", "s.csv:3: not text in UTF-8: export the sheet again"),
        (b"M\xfcller,fastq\nS1,a\n", "s.csv", "s.csv:1: not text in UTF-8"),
        (TRIO.encode("utf-16"), "s.csv", "s.csv:1: not text in UTF-8"),
        (b'{"sample": "S1"}\n{"sample": "M\xfcller"}\n', "s.jsonl", "s.jsonl:2: not text in UTF-8"),
        ('{"sample": "S1"}\n{"sample": "S2"\n', "s.jsonl", "s.jsonl:2: not JSON: Expecting ',' delimiter at character"),
        ('[1]\n{"sample": "S2"}\n', "s.jsonl", "s.jsonl:1, value [1]: a row of JSON lines is an object"),
        ('{"sample": "S1", "sample": "S2"}', "s.jsonl", "s.jsonl:1: sample is there twice"),
        ('{"sample": "S1", "x": NaN}', "s.jsonl", "s.jsonl:1: NaN is not JSON: write null"),
        ('{"sample": "\\ud83e"}', "s.jsonl", "s.jsonl:1: a text holds half a character"),
        ('{"sample": ' + "[" * 100_000, "s.jsonl", "s.jsonl:1: nested too deeply"),
        ('{"sample": ' + "1" * 5000 + "}", "s.jsonl", "s.jsonl:1: Exceeds the limit (4300 digits)"),
        (
            '{"sample": "S1", "x": 1}\n{"sample": "S2"}',
            "s.jsonl",
            "s.jsonl:2: the first row has x, and this one has not",
        ),
        ('{"sample": "S1"}\n{"sample": "S2", "x": 1}', "s.jsonl", "s.jsonl:2: the first row has no x: give each row"),
    ],
)
def test_what_is_no_sound_sheet_is_refused_with_the_line(
    cohort: Cohort, content: str | bytes, name: str, reported: str
) -> None:
    (problem, *_) = cohort.problems(content, name=name)
    assert problem.startswith(reported)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_sheet_that_is_no_text_far_down_is_refused_with_the_line(cohort: Cohort, suffix: str) -> None:
    """The rows above it are checked all the same."""
    rows = [{"sample": f"S{number}"} for number in range(5000)]
    rows[7]["sample"] = "S1"
    content = written(rows, suffix).encode().replace(b"S4999", b"M\xfcller")
    header = suffix == ".csv"
    duplicate, undecodable = cohort.problems(content, name=f"samples{suffix}", settingsUri="s3://b/")
    assert duplicate.startswith(
        f"samples{suffix}:{8 + header}, column sample, value 'S1': line {2 + header} has the same"
    )
    assert undecodable.startswith(f"samples{suffix}:{5000 + header}: not text in UTF-8")


def test_the_runs_of_a_sheet_with_problems_are_not_counted(cohort: Cohort) -> None:
    content = "sample\n" + "".join(f"S{number}\n" for number in range(150))
    (reported,) = cohort.problems(content)
    assert reported.startswith("cohort.json: settingsUri: is missing: 150 runs are more than the 100")
    reported, *_ = cohort.problems(content + '"S150\n' + "S151\n" * 100)
    assert reported.startswith("cohort.json: settingsUri: is missing: the runs are more than the 100")


def test_a_sheet_that_is_not_there_is_named(cohort: Cohort) -> None:
    problems = cohort.problems(TRIO, sheet="smaples.csv")
    assert problems == ["smaples.csv: the sheet cannot be read: No such file or directory"]
    problems = cohort.problems(TRIO, sheet="a\0.csv")
    assert problems == ["a .csv: the sheet cannot be read: embedded null byte"]


@pytest.mark.parametrize("uri", ["s3://my/s.csv", "https://my/s.csv", "https://my/s.csv?X-Amz-Signature=secret"])
def test_a_sheet_is_a_local_file(cohort: Cohort, uri: str) -> None:
    (problem,) = cohort.problems(TRIO, sheet=uri)
    shown = uri.replace("//", "/").replace("X-Amz-Signature=secret", "...")
    assert problem == f"{shown}: a sheet is a local file: copy it here first"


def test_a_folder_may_be_named_like_the_start_of_a_uri(cohort: Cohort, tmp_path: Path) -> None:
    (tmp_path / "s3:").mkdir()
    cohort.write("s3:/trio.csv", TRIO)
    assert cohort.load("", sheet="s3:/trio.csv").runs == 3


def test_rows_begin_where_their_first_line_is(cohort: Cohort) -> None:
    """A cell may hold line breaks."""
    content = 'sample,note\nS1,"a\nb\nc"\nS2,d\n,e\n'
    assert cohort.problems(content) == ["samples.csv:6, column sample: an empty cell in the text {sample}: fill it in"]


WILD = {
    "commas": "Müller, Anna",
    "quotes": 'the "best" one',
    "line breaks": "first\nsecond\r\nthird\rfourth",
    "emoji": "🧬👨\u200d👩\u200d👧",
    "right to left": "דגימה \u200f1",
    "formulas": "=cmd|' /C calc'!A1",
    "spaces": "  padded\t ",
    "nothing that is text": "None",
    "numbers that are text": "007",
    "dates that are text": "1-Mar",
    "per cents": "100 %s %d %",
    "braces": "{sample} {{}}",
}


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl"])
def test_cells_are_texts_as_they_stand_there(cohort: Cohort, suffix: str) -> None:
    """Nothing is guessed, cut, or run."""
    columns = {"sample": "S1", **WILD}
    content = written([columns], suffix)
    (parameters,) = cohort.parameters(content, {name: f"{{{name}}}" for name in WILD}, name=f"samples{suffix}")
    assert parameters == WILD


def written(rows: list[dict[str, Any]], suffix: str) -> str:
    if suffix == ".jsonl":
        return "".join(json.dumps(row) + "\n" for row in rows)
    delimiter = {".csv": ",", ".tsv": "\t"}[suffix]

    def line(cells: Any) -> str:
        return delimiter.join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n"

    return "".join(map(line, [rows[0], *(row.values() for row in rows)]))


@pytest.mark.parametrize(
    ("value", "reported"),
    [
        ("first\nsecond", "has the control character U+000A: remove it"),
        ("👨\u200d👩\u200d👧", "has the control character U+200D: remove it"),
        ("דגימה \u200f1", "has the control character U+200F: remove it"),
        ("S" * 129, "has 129 characters: 128 at most"),
    ],
)
def test_a_name_that_the_service_does_not_take_is_refused(cohort: Cohort, value: str, reported: str) -> None:
    (problem,) = cohort.problems(written([{"sample": value}], ".csv"))
    assert problem.startswith("samples.csv:2, column sample, value '")
    assert problem.endswith(f"': runSettingId {reported}")


def test_names_may_have_any_letters(cohort: Cohort) -> None:
    names = ["Müller, Anna", "דגימה 1", "🧬", "=cmd()", "样品\u00a01"]
    assert ids(cohort.settings(written([{"sample": name} for name in names], ".csv"))) == names


def test_a_thousand_columns_are_read(cohort: Cohort) -> None:
    columns = ["sample", *(f"gene {number}" for number in range(999))]
    content = ",".join(columns) + "\nS1," + ",".join(map(str, range(999))) + "\n"
    assert cohort.parameters(content, {"last": "{gene 998}"}) == [{"last": "998"}]
    (problem,) = cohort.problems(content, {**BY_SAMPLE, "name": "{gene 1000}"})
    assert problem.endswith("runs.name: unknown column gene 1000; did you mean gene 100?")


NF_CORE = {
    "ampliseq": "sampleID,forwardReads,reverseReads,run",
    "atacseq": "sample,fastq_1,fastq_2,replicate",
    "chipseq": "sample,fastq_1,fastq_2,replicate,antibody,control,control_replicate",
    "fetchngs": "id",
    "mag": "sample,run,group,short_reads_1,short_reads_2,long_reads",
    "methylseq": "sample,fastq_1,fastq_2,genome",
    "rnaseq": "sample,fastq_1,fastq_2,strandedness",
    "sarek": "patient,sex,status,sample,lane,fastq_1,fastq_2",
    "scrnaseq": "sample,fastq_1,fastq_2,expected_cells",
    "taxprofiler": "sample,run_accession,instrument_platform,fastq_1,fastq_2,fasta",
    "viralrecon": "sample,fastq_1,fastq_2",
}
"""The headers of the test samplesheets of nf-core's pipelines."""


@pytest.mark.parametrize("pipeline", NF_CORE)
def test_the_samplesheets_of_nf_core_become_parameters(cohort: Cohort, pipeline: str) -> None:
    """One row is a run; what is empty, as `fastq_2` of single reads, is no parameter."""
    columns = NF_CORE[pipeline].split(",")
    rows = [[f"{column}_{row}" for column in columns] for row in range(3)]
    for cells in rows[1:]:
        cells[-1] = "" if len(columns) > 1 else cells[-1]
    content = "\n".join([NF_CORE[pipeline], *map(",".join, rows)]) + "\n"
    runs = {"runSettingId": f"{{{columns[0]}}}", "parameters": {column: f"{{{column}}}" for column in columns}}
    found = [setting["parameters"] for setting in cohort.settings(content, runs)]
    assert found == [{column: cell for column, cell in zip(columns, cells, strict=True) if cell} for cells in rows]


def test_the_lanes_of_a_sample_of_sarek_become_one_run(cohort: Cohort) -> None:
    content = (
        "patient,sex,status,sample,lane,fastq_1,fastq_2\n"
        "P1,XX,0,normal,L1,n1_1.fq,n1_2.fq\n"
        "P1,XX,1,tumour,L1,t1_1.fq,t1_2.fq\n"
        "P1,XX,0,normal,L2,n2_1.fq,n2_2.fq\n"
    )
    reads = {"reads": {"columns": ["fastq_1", "fastq_2"]}, "status": {"column": "status", "type": "int"}}
    assert cohort.parameters(content, reads, groupBy="sample") == [
        {"reads": [["n1_1.fq", "n1_2.fq"], ["n2_1.fq", "n2_2.fq"]], "status": 0},
        {"reads": [["t1_1.fq", "t1_2.fq"]], "status": 1},
    ]


def test_the_folder_of_a_sheet_is_that_of_its_manifest(cohort: Cohort, tmp_path: Path) -> None:
    (tmp_path / "sheets").mkdir()
    cohort.write("sheets/trio.csv", TRIO)
    assert cohort.load("", sheet="sheets/trio.csv").runs == 3
