"""What becomes of cells: types, templates, lists, groups."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch import Manifest
from omics_batch._manifest.cell_types import TYPES, writer_of
from omics_batch._manifest.template import parts_of
from tests.manifest._support import BY_SAMPLE, DEFAULTS, complaints, settings_of

if TYPE_CHECKING:
    from tests.manifest._support import Cohort


@pytest.mark.parametrize(
    ("kind", "cell", "written"),
    [
        ("text", "007", '"007"'),
        ("text", 'a "b" \\ \n é 🧬', '"a \\"b\\" \\\\ \\n é 🧬"'),
        ("int", "5", "5"),
        ("int", "-12", "-12"),
        ("int", "123456789012345678901234567890", "123456789012345678901234567890"),
        ("float", "0.05", "0.05"),
        ("float", "1e-8", "1e-08"),
        ("float", "1.0E+05", "100000.0"),
        ("float", "5", "5.0"),
        ("float", "-0.10", "-0.1"),
        ("bool", "true", "true"),
        ("bool", "false", "false"),
        ("json", '{"b": [1, 2.50, null], "a": "é"}', '{"a":"é","b":[1,2.5,null]}'),
        ("json", '"text"', '"text"'),
        ("json", "[" * 100 + "]" * 100, "[" * 100 + "]" * 100),
    ],
)
def test_a_text_of_a_type_is_written_as_json(kind: str, cell: str, written: str) -> None:
    assert writer_of(kind, is_typed=False)(cell) == written
    json.loads(written)


@pytest.mark.parametrize(
    ("kind", "cell", "reported"),
    [
        ("int", "high", "should be a whole number, such as 5"),
        ("int", "5.0", "should be a whole number"),
        ("int", "007", "should be a whole number"),
        ("int", "+5", "should be a whole number"),
        ("int", " 5", "should be a whole number"),
        ("int", "1_000", "should be a whole number"),
        ("int", "1,000", "should be a whole number"),
        ("int", "٥", "should be a whole number"),
        ("int", "5\n", "should be a whole number"),
        ("float", "0,05", "should be a finite number, such as 0.05 or 1e-8"),
        ("float", "nan", "should be a finite number"),
        ("float", "inf", "should be a finite number"),
        ("float", "1e999", "should be a finite number"),
        ("float", ".5", "should be a finite number"),
        ("float", "0x1", "should be a finite number"),
        ("bool", "TRUE", "should be true or false, in lower case"),
        ("bool", "False", "should be true or false, in lower case"),
        ("bool", "yes", "should be true or false"),
        ("bool", "1", "should be true or false"),
        ("json", "{'a': 1}", "is not JSON: Expecting property name enclosed in double quotes at character 2"),
        ("json", "NaN", "is not JSON, which has no NaN"),
        ("json", "[1e999]", "has a number that is not finite"),
        ("json", '{"a": 1, "a": 2}', "is JSON that names a member twice"),
        ("json", '"\\ud83e"', "holds half a character"),
        ("json", "[" * 101 + "]" * 101, "is nested too deeply"),
        ("json", "[" * 100_000, "is nested too deeply"),
    ],
)
def test_a_text_of_another_type_is_refused(kind: str, cell: str, reported: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        writer_of(kind, is_typed=False)(cell)
    assert str(caught.value).startswith(reported)


@pytest.mark.parametrize(
    ("kind", "cell", "written"),
    [
        ("text", "05", '"05"'),
        ("text", 5, '"5"'),
        ("int", 5, "5"),
        ("int", "-5", "-5"),
        ("float", 5, "5.0"),
        ("float", 0.5, "0.5"),
        ("bool", True, "true"),
        ("bool", False, "false"),
        ("json", {"b": [1], "a": None}, '{"a":null,"b":[1]}'),
        ("json", "[1]", '"[1]"'),
    ],
)
def test_a_cell_that_has_a_type_is_taken_as_such(kind: str, cell: object, written: str) -> None:
    assert writer_of(kind, is_typed=True)(cell) == written


@pytest.mark.parametrize(
    ("kind", "cell", "reported"),
    [
        ("text", 0.5, "a number with a fraction is not text: put it in quotes in the sheet, or declare its type"),
        ("text", True, "true or false is not text"),
        ("text", [1], "a list is not text"),
        ("text", {}, "an object is not text"),
        ("int", True, "should be a whole number"),
        ("int", 5.0, "should be a whole number"),
        ("float", True, "should be a finite number"),
        ("float", 10**400, "should be a finite number"),
        ("bool", 1, "should be true or false"),
        ("json", [1e999], "has a number that is not finite"),
    ],
)
def test_a_cell_of_another_type_is_refused(kind: str, cell: object, reported: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        writer_of(kind, is_typed=True)(cell)
    assert str(caught.value).startswith(reported)


def test_the_types_are_five() -> None:
    assert TYPES == ("text", "int", "float", "bool", "json")


@pytest.mark.parametrize(
    ("text", "literals", "names"),
    [
        ("", ("",), ()),
        ("plain %s", ("plain %s",), ()),
        ("{sample}", ("", ""), ("sample",)),
        ("s3://b/{sample}/{lane}.bam", ("s3://b/", "/", ".bam"), ("sample", "lane")),
        ("{{{sample}}}", ("{", "}"), ("sample",)),
        ("{{sample}}", ("{sample}",), ()),
        ("{sample!r:>10}", ("", ""), ("sample!r:>10",)),
        ("{0}{a.b}{a[0]}", ("", "", "", ""), ("0", "a.b", "a[0]")),
        ("{name, first\nline}", ("", ""), ("name, first\nline",)),
    ],
)
def test_a_template_knows_columns_and_braces_alone(
    text: str, literals: tuple[str, ...], names: tuple[str, ...]
) -> None:
    """It is never a format string of Python's."""
    assert parts_of(text) == (literals, names)


@pytest.mark.parametrize("text", ["{", "}", "{}", "{sample", "sample}", "{{sample}", "{a{b}}"])
def test_a_brace_that_stands_alone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^a [{}] stands alone: a column is {NAME}, and a brace is written twice"):
        parts_of(text)


SHEET = "sample,lane,fastq_1,fastq_2,depth,extra\nS1,L1,a1,b1,30,\nS1,L2,a2,b2,30,\nS2,L1,c1,,7,x\n"


@pytest.mark.parametrize(
    ("parameters", "first", "last"),
    [
        ({"id": "{sample}-{lane}"}, {"id": "S1-L1"}, {"id": "S2-L1"}),
        ({"text": "{{{sample}}}: 100 %"}, {"text": "{S1}: 100 %"}, {"text": "{S2}: 100 %"}),
        ({"threads": 4, "on": True, "none": None}, *[{"threads": 4, "on": True, "none": None}] * 2),
        ({"threads": {"value": 4}, "like": {"value": "{sample}"}}, *[{"threads": 4, "like": "{sample}"}] * 2),
        ({"%s": {"value": "5 %d"}, "%": "{sample} %"}, {"%s": "5 %d", "%": "S1 %"}, {"%s": "5 %d", "%": "S2 %"}),
        ({"depth": {"column": "depth"}}, {"depth": "30"}, {"depth": "7"}),
        ({"depth": {"column": "depth", "type": "int"}}, {"depth": 30}, {"depth": 7}),
        ({"depth": {"column": "depth", "type": "float"}}, {"depth": 30.0}, {"depth": 7.0}),
        ({"extra": "{extra}"}, {}, {"extra": "x"}),
        ({"extra": {"column": "extra"}}, {}, {"extra": "x"}),
        ({"extra": {"column": "extra", "empty": None}}, {"extra": None}, {"extra": "x"}),
        ({"reads": {"columns": ["fastq_1"]}}, {"reads": ["a1"]}, {"reads": ["c1"]}),
        (
            {"reads": {"columns": ["fastq_1", "fastq_2"], "empty": None}},
            {"reads": ["a1", "b1"]},
            {"reads": ["c1", None]},
        ),
        ({"n": {"columns": ["depth", "depth"], "type": "int"}}, {"n": [30, 30]}, {"n": [7, 7]}),
        ({"reads": ["{fastq_1}", {"column": "lane"}, 1]}, {"reads": ["a1", "L1", 1]}, {"reads": ["c1", "L1", 1]}),
        ({"b": ["{fastq_1}", {"column": "fastq_2", "empty": None}]}, {"b": ["a1", "b1"]}, {"b": ["c1", None]}),
        (
            {"input": {"class": "File", "path": "s3://b/{fastq_1}"}, "a.b": []},
            {"input": {"class": "File", "path": "s3://b/a1"}, "a.b": []},
            {"input": {"class": "File", "path": "s3://b/c1"}, "a.b": []},
        ),
        ({"value": "{sample}", "column": 1}, {"value": "S1", "column": 1}, {"value": "S2", "column": 1}),
        ({}, {}, {}),
    ],
)
def test_a_row_makes_parameters(cohort: Cohort, parameters: object, first: object, last: object) -> None:
    found = cohort.parameters(SHEET, parameters, runSettingId="{sample}-{lane}")
    assert [found[0], found[-1]] == [first, last]


@pytest.mark.parametrize(
    ("parameters", "first", "last"),
    [
        (
            {"reads": {"columns": ["fastq_1", "fastq_2"], "empty": None}},
            {"reads": [["a1", "b1"], ["a2", "b2"]]},
            {"reads": [["c1", None]]},
        ),
        (
            {"reads": {"columns": ["fastq_1", "lane"], "transpose": True}},
            {"reads": [["a1", "a2"], ["L1", "L2"]]},
            {"reads": [["c1"], ["L1"]]},
        ),
        ({"reads": {"columns": ["fastq_1"], "transpose": False}}, {"reads": [["a1"], ["a2"]]}, {"reads": [["c1"]]}),
        ({"lanes": {"columns": "lane"}}, {"lanes": ["L1", "L2"]}, {"lanes": ["L1"]}),
        ({"n": {"columns": "depth", "type": "int"}}, {"n": [30, 30]}, {"n": [7]}),
        (
            {"depth": {"column": "depth", "type": "int"}, "id": "{sample}"},
            {"depth": 30, "id": "S1"},
            {"depth": 7, "id": "S2"},
        ),
    ],
)
@pytest.mark.parametrize("name", ["groupBy", "group_by"])
def test_a_group_of_rows_makes_parameters(
    cohort: Cohort, parameters: object, first: object, last: object, name: str
) -> None:
    """A group is a list in the order of the file, even with one row."""
    assert cohort.parameters(SHEET, parameters, **{name: "sample"}) == [first, last]


def test_groups_go_in_the_order_in_which_they_begin(cohort: Cohort) -> None:
    content = "sample,lane\nB,1\nA,2\nB,3\nC,4\nA,5\n"
    found = cohort.settings(content, {**BY_SAMPLE, "groupBy": "sample", "parameters": {"n": {"columns": "lane"}}})
    assert [(run["runSettingId"], run["parameters"]["n"]) for run in found] == [
        ("B", ["1", "3"]),
        ("A", ["2", "5"]),
        ("C", ["4"]),
    ]


def test_a_run_has_all_that_a_setting_can_have(cohort: Cohort) -> None:
    content = "sample,owner,priority,cohort,out,profile\nS1,123456789012,5,trio,s3://o/1/,test\nS2,,,,,\n"
    runs = {
        "runSettingId": "{sample}",
        "name": "run of {sample}",
        "outputUri": {"column": "out"},
        "outputBucketOwnerId": "{owner}",
        "priority": {"column": "priority", "type": "int"},
        "parameters": {},
        "runTags": {"cohort": "{cohort}", "kind": {"value": "{test}"}, "c2": {"column": "cohort"}},
        "engineSettings": {"profiles": ["{sample}"], "p": "{profile}"},
    }
    assert cohort.settings(content, runs) == [
        {
            "engineSettings": {"profiles": ["S1"], "p": "test"},
            "name": "run of S1",
            "outputBucketOwnerId": "123456789012",
            "outputUri": "s3://o/1/",
            "parameters": {},
            "priority": 5,
            "runSettingId": "S1",
            "runTags": {"c2": "trio", "cohort": "trio", "kind": "{test}"},
        },
        {
            "engineSettings": {"profiles": ["S2"]},
            "name": "run of S2",
            "parameters": {},
            "runSettingId": "S2",
            "runTags": {"kind": "{test}"},
        },
    ]
    snake = {"run_setting_id": "{sample}", "run_tags": {"c": "{cohort}"}, "priority": {"value": 7}}
    assert cohort.settings(content, snake) == [
        {"priority": 7, "runSettingId": "S1", "runTags": {"c": "trio"}},
        {"priority": 7, "runSettingId": "S2"},
    ]
    assert cohort.settings(content, {**BY_SAMPLE, "runTags": {}, "priority": 0})[0] == {
        "priority": 0,
        "runSettingId": "S1",
    }


def test_rows_of_a_program_have_types_of_their_own() -> None:
    rows: list[dict[str, Any]] = [
        {"sample": 1001, "lanes": [{"r1": "a"}], "depth": 30.5, "paired": True, "note": None},
        {"sample": "S2", "lanes": [], "depth": "7", "paired": "false", "note": ""},
    ]
    parameters: dict[str, object] = {
        "lanes": {"column": "lanes", "type": "json"},
        "depth": {"column": "depth", "type": "float"},
        "paired": {"column": "paired", "type": "bool"},
        "note": "{note}",
    }
    manifest = Manifest(
        default_run_setting=DEFAULTS, runs={**BY_SAMPLE, "parameters": parameters}, rows=(row for row in rows)
    )
    rows[0]["lanes"].append("later")
    assert settings_of(manifest) == [
        {"runSettingId": "1001", "parameters": {"lanes": [{"r1": "a"}], "depth": 30.5, "paired": True}},
        {"runSettingId": "S2", "parameters": {"lanes": [], "depth": 7.0, "paired": False}},
    ]
    assert settings_of(manifest) == settings_of(manifest)


def test_rows_of_a_program_are_grouped_by_whole_numbers_and_texts() -> None:
    rows: list[dict[str, Any]] = [{"sample": 1, "lane": 1.5}, {"sample": 1, "lane": [2]}]
    parameters = {"lanes": {"columns": "lane", "type": "json"}}
    runs = {**BY_SAMPLE, "groupBy": "sample", "parameters": parameters}
    manifest = Manifest(default_run_setting=DEFAULTS, runs=runs, rows=rows)
    assert settings_of(manifest) == [{"runSettingId": "1", "parameters": {"lanes": [1.5, [2]]}}]


@pytest.mark.parametrize(
    ("rows", "reported"),
    [  # pyright: ignore[reportUnknownArgumentType] - sets, numbers and other strangers
        ([], "rows: there are none: give a mapping of columns to cells for each run"),
        ([{}], "row 1: a row without columns: give each row the same ones"),
        ([{}, {"sample": "S1"}], "row 1: a row without columns"),
        (["S1"], "row 1: a row is a mapping of column names to cells"),
        ([{"sample": "S1"}, {1: "S2"}], "row 2: a row is a mapping"),
        ([{"sample": "S1"}, {"sample": "S2", "lane": 1}], "row 2: the first row has no lane"),
        ([{"sample": "S1"}, {}], "row 2: the first row has sample, and this one has not"),
        ([{"sample": "S1", "": 1}], "row 1: column 2 has no name"),
        ([{"sample": "S1", "x": float("nan")}], "row 1, column x, value nan: a float that JSON cannot hold"),
        ([{"sample": "S1", "x": {1, 2}}], "row 1, column x, value {1, 2}: a set that JSON cannot hold: give a text"),
        ([{"sample": "S1", "x": "\ud83e"}], r"row 1, column x, value '\ud83e': a str that JSON cannot hold"),
        ([{"sample": None}], "row 1, column sample: an empty cell in the text {sample}: fill it in"),
        ([{"sample": "S1"}, {"sample": "S1"}], "row 2, column sample, value 'S1': row 1 has the same runSettingId"),
        ([{"sample": 0.5}], "row 1, column sample, value 0.5: a number with a fraction is not text"),
    ],
)
def test_rows_of_a_program_are_refused_by_their_numbers(rows: Any, reported: str) -> None:
    (problem, *_) = complaints(lambda: Manifest(default_run_setting=DEFAULTS, runs=BY_SAMPLE, rows=rows))
    assert problem.startswith(reported)
