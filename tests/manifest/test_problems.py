"""Every problem of a manifest and its sheet is reported at once, with its place and what to do."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch import InvalidInputError, Manifest
from omics_batch._manifest.run_fields import (
    MAX_KEY,
    MAX_NAME,
    MAX_NUMBER,
    MAX_PARAMETERS,
    MAX_TAG,
    MAX_URI,
    wrong_account,
    wrong_name,
    wrong_priority,
    wrong_tag,
    wrong_uri,
)
from tests.manifest._support import BY_SAMPLE, DEFAULTS, complaints, settings_of
from tests.test_service_model import input_of

if TYPE_CHECKING:
    from tests.manifest._support import Cohort

SHEET = "sample,lane,depth\nS1,L1,30\nS2,L1,7\n"

COHORT = """\
batchName: trio
defaultRunSetting:
  workflowId: "1234567"
  roleArn: arn:aws:iam::123456789012:role/OmicsRole
sheet: samples.csv
runs:
  runSettingId: "{sample}"
  outputUri: "s3://my-bucket/out/{sample}/"
  priority: {column: priority, type: int}
  parameters: {fastq: "{fastq_1}", depth: {column: depth, type: float}}
settingsUri: s3://my-bucket/settings/
"""


def test_all_problems_of_both_files_come_at_once(cohort: Cohort) -> None:
    """Those of the manifest first, each file's in the order of its lines."""
    cohort.write(
        "samples.csv",
        "sample,priority,fastq_1,depth\nS1,high,a.fq,30\nS2,5,b.fq\nS1,100001,c.fq,deep\n../S3,5,d.fq,30\n,5,e.fq,30\n",
    )
    path = cohort.write(
        "cohort.yaml",
        COHORT.replace("workflowId", "workflowID")
        .replace("priority:", "prioritty:")
        .replace("{fastq_1}", "{fastq1}")
        .replace("s3://my-bucket/settings/", "my-bucket/settings"),
    )
    same_id = "samples.csv:4, column sample, value 'S1': line 2 has the same runSettingId"
    same_uri = "samples.csv:4, column sample, value 's3://my-bucket/out/S1/': line 2 has the same outputUri"
    no_path = "/ and .. do not go into a URI: use plain names, or whole URIs by {column: NAME}"
    assert complaints(lambda: Manifest.load(path), cohort.folder) == [
        "cohort.yaml:2: defaultRunSetting.workflowId: is missing",
        "cohort.yaml:3: defaultRunSetting.workflowID: unknown field; did you mean workflowId?",
        "cohort.yaml:9: runs.prioritty: unknown field; did you mean priority?",
        "cohort.yaml:10: runs.parameters.fastq: unknown column fastq1; did you mean fastq_1?",
        "cohort.yaml:11: settingsUri: an S3 URI begins with s3://",
        "samples.csv:3: 3 of 4 cells: add the missing ones, if only as empty cells",
        "samples.csv:4, column depth, value 'deep': should be a finite number, such as 0.05 or 1e-8",
        f"{same_id}: add a column that differs, or groupBy",
        f"{same_uri}: add a column that differs",
        f"samples.csv:5, column sample, value '../S3': {no_path}",
        "samples.csv:6, column sample: an empty cell in the text s3://my-bucket/out/{sample}/: fill it in",
        "samples.csv:6, column sample: an empty cell in the text {sample}: fill it in",
    ]
    cohort.write("cohort.yaml", COHORT)
    assert complaints(lambda: Manifest.load(path), cohort.folder)[:3] == [
        "samples.csv:2, column priority, value 'high': should be a whole number, such as 5",
        "samples.csv:3: 3 of 4 cells: add the missing ones, if only as empty cells",
        "samples.csv:4, column depth, value 'deep': should be a finite number, such as 0.05 or 1e-8",
    ]


@pytest.mark.parametrize(
    ("runs", "reported"),
    [
        ({}, "cohort.json: runs.runSettingId: is missing: name a column that differs from run to run"),
        ("{sample}", "cohort.json: runs: should be an object: runSettingId, parameters and so on"),
        (
            {"runSettingId": "S1"},
            "runs.runSettingId: should have a column in it, such as {sample}: it names the run",
        ),
        ({"runSettingId": {"value": "S1"}}, "runs.runSettingId: should have a column in it"),
        ({"runSettingId": 5}, "runs.runSettingId: should be text: put it in quotes"),
        ({"runSettingId": ["S1"]}, "runs.runSettingId: should be text, {column: NAME} or {value: TEXT}: text has no"),
        ({"runSettingId": {"sample": None}}, 'runs.runSettingId: put it in quotes: "{sample}"'),
        (
            {"runSettingId": {"column": "sample", "type": "text"}},
            "runs.runSettingId: should be text, {column: NAME} or",
        ),
        (
            {"runSettingId": {"column": "smaple"}},
            "runs.runSettingId.column: unknown column smaple; did you mean sample",
        ),
        ({"runSettingId": {"column": 1}}, "runs.runSettingId.column: should be text: put it in quotes"),
        ({"runSettingId": {"value": 1.5}}, "runs.runSettingId.value: should be text: put it in quotes"),
        (
            {"runSettingId": "{sample"},
            "runs.runSettingId: a { stands alone: a column is {NAME}, and a brace is written",
        ),
        ({"runSettingId": "{x}{x}{sample}"}, "runs.runSettingId: unknown column x; the sheet has sample, lane, depth"),
        ({**BY_SAMPLE, "run_setting_id": "{lane}"}, "runs.run_setting_id: is there twice: runSettingId is the same"),
        ({**BY_SAMPLE, "run_tag": {}}, "runs.run_tag: unknown field; did you mean run_tags?"),
        ({**BY_SAMPLE, "groupby": "sample"}, "runs.groupby: unknown field; did you mean groupBy?"),
        ({**BY_SAMPLE, "groupBy": ["sample"]}, "runs.groupBy: should be the name of a column"),
        ({**BY_SAMPLE, "groupBy": "smaple"}, "runs.groupBy: unknown column smaple; did you mean sample?"),
        (
            {**BY_SAMPLE, "outputUri": "s3://b/"},
            "runs.outputUri: should have a column in it, such as {sample}: runs that",
        ),
        ({**BY_SAMPLE, "name": ""}, "runs.name: is empty"),
        ({**BY_SAMPLE, "name": "n" * 129}, "runs.name: has 129 characters: 128 at most"),
        (
            {**BY_SAMPLE, "outputBucketOwnerId": "12"},
            "runs.outputBucketOwnerId: should be the 12 digits of an AWS account",
        ),
        ({**BY_SAMPLE, "priority": "{depth}"}, "runs.priority: should be {column: NAME, type: int} or a whole number"),
        ({**BY_SAMPLE, "priority": {"column": "depth"}}, "runs.priority: should be {column: NAME, type: int}"),
        ({**BY_SAMPLE, "priority": {"type": "int"}}, "runs.priority: should be {column: NAME, type: int}"),
        (
            {**BY_SAMPLE, "priority": {"column": "depth", "type": "int", "empty": None}},
            "runs.priority: should be {column: NAME, type: int}",
        ),
        ({**BY_SAMPLE, "priority": True}, "runs.priority: should be {column: NAME, type: int}"),
        ({**BY_SAMPLE, "priority": {"value": 1, "type": "int"}}, "runs.priority: should be {column: NAME, type: int}"),
        (
            {**BY_SAMPLE, "priority": {"column": "x", "type": "int"}},
            "runs.priority.column: unknown column x; the sheet",
        ),
        ({**BY_SAMPLE, "priority": -1}, "runs.priority: should be 0 to 100,000"),
        ({**BY_SAMPLE, "priority": 100_001}, "runs.priority: should be 0 to 100,000"),
        ({**BY_SAMPLE, "priority": 10**4000}, "runs.priority: should be 0 to 100,000"),
        (
            {**BY_SAMPLE, "parameters": ["{sample}"]},
            "runs.parameters: should be an object: names, each with a template",
        ),
        ({**BY_SAMPLE, "engineSettings": "x"}, "runs.engineSettings: should be an object"),
        ({**BY_SAMPLE, "runTags": "{sample}"}, "runs.runTags: should be an object: the keys of tags, each with a text"),
        ({**BY_SAMPLE, "runTags": {"": "x"}}, "runs.runTags.: the key of a tag is empty"),
        ({**BY_SAMPLE, "runTags": {"k" * 129: "x"}}, f"runs.runTags.{'k' * 129}: has 129 characters: 128 at most"),
        ({**BY_SAMPLE, "runTags": {"k": 5}}, "runs.runTags.k: should be text: put it in quotes"),
        ({**BY_SAMPLE, "runTags": {"k": True}}, "runs.runTags.k: should be text: put it in quotes"),
        ({**BY_SAMPLE, "runTags": {"k": {"lane": None}}}, 'runs.runTags.k: put it in quotes: "{lane}"'),
        ({**BY_SAMPLE, "runTags": {"lane": None}}, "runs.runTags.lane: should be text, {column: NAME}"),
        ({**BY_SAMPLE, "runTags": {"k": "v" * 257}}, "runs.runTags.k: has 257 characters: 256 at most"),
    ],
)
def test_what_is_wrong_with_runs_is_said_at_its_place(cohort: Cohort, runs: Any, reported: str) -> None:
    (problem,) = complaints(lambda: cohort.load(SHEET, runs), cohort.folder)
    assert problem.removeprefix("cohort.json: ").startswith(reported.removeprefix("cohort.json: "))


@pytest.mark.parametrize(
    ("value", "reported"),
    [
        ("{x}", "parameters.p: unknown column x; the sheet has sample, lane, depth"),
        ({"column": "x"}, "parameters.p.column: unknown column x"),
        (
            {"columns": "lane"},
            "parameters.p.columns: one column is a list in a group only: say groupBy, or give a list",
        ),
        ({"columns": ["lane", "x", "y"]}, "parameters.p.columns[1]: unknown column x"),
        ({"column": ["lane"]}, "parameters.p.column: should be the name of a column"),
        ({"columns": []}, "parameters.p.columns: should be the name of a column, or a list of such names"),
        ({"columns": ["lane", 1]}, "parameters.p.columns: should be the name of a column, or a list of such names"),
        ({"columns": {"a": 1}}, "parameters.p.columns: should be the name of a column, or a list of such names"),
        ({"column": "lane", "typ": "int"}, "parameters.p.typ: unknown field; did you mean type?"),
        ({"column": "lane", "type": "integer"}, "parameters.p.type: should be one of text, int, float, bool, json"),
        ({"column": "lane", "type": 1}, "parameters.p.type: should be one of text, int, float, bool, json"),
        ({"column": "lane", "empty": ""}, "parameters.p.empty: should be null: an empty cell is written as null then"),
        ({"value": 1, "type": "int"}, "parameters.p.type: unknown field"),
        ({"column": "lane", "transpose": True}, "parameters.p.transpose: unknown field"),
        ({"columns": ["lane"], "transpose": True}, "parameters.p.transpose: is for groups of rows: say groupBy"),
        ({"columns": ["lane"], "transpose": 1}, "parameters.p.transpose: should be true or false"),
        (["{x}"], "parameters.p[0]: unknown column x"),
        ({"a": {"b": "}"}}, "parameters.p.a.b: a } stands alone"),
        ({"lane": None}, 'parameters.p: put it in quotes: "{lane}", or give an object as {value: ...}'),
        ({"laen": None}, 'parameters.p: put it in quotes: "{laen}"'),
        (["L1", {"lane": None}], 'parameters.p[1]: put it in quotes: "{lane}"'),
        ({"a": {"lane": None}, "b": 1}, 'parameters.p.a: put it in quotes: "{lane}"'),
        ({"column": None}, "parameters.p.column: should be the name of a column"),
    ],
)
def test_what_is_wrong_with_a_parameter_is_said_at_its_place(cohort: Cohort, value: Any, reported: str) -> None:
    (problem, *_) = complaints(lambda: cohort.parameters(SHEET, {"p": value}))
    assert f"runs.{reported}" in problem


def test_a_template_without_quotes_is_refused_with_its_line(cohort: Cohort) -> None:
    """YAML reads `{sample}` as an object with the member `sample`, whose value is null."""
    cohort.write("samples.csv", "sample,value,fastq_1\nS1,5,a.fq\n")
    start, _, _ = COHORT.partition('"{sample}"')
    path = cohort.write("cohort.yaml", f"{start}{{sample}}\n  parameters:\n    reads: {{fastq_1}}\n    v: {{value}}\n")
    otherwise = "or give an object as {value: ...}"
    assert complaints(lambda: Manifest.load(path), cohort.folder) == [
        'cohort.yaml:7: runs.runSettingId: put it in quotes: "{sample}"',
        f'cohort.yaml:9: runs.parameters.reads: put it in quotes: "{{fastq_1}}", {otherwise}',
        f'cohort.yaml:10: runs.parameters.v: put it in quotes: "{{value}}", {otherwise}',
    ]


def test_objects_that_are_no_template_are_constant(cohort: Cohort) -> None:
    constant = {"a": {"value": {"lane": None}}, "b": {"value": None}, "c": {"lane": None, "depth": None}}
    other = {"d": {"{lane}": None}, "e": {"": None}, "f": {"}": None}, "g": {}, "lane": None}
    (given, _) = cohort.parameters(SHEET, {**constant, **other})
    assert given == {**constant, **other, "a": {"lane": None}, "b": None}


def test_one_column_that_is_a_list_has_nothing_to_transpose(cohort: Cohort) -> None:
    runs = {**BY_SAMPLE, "groupBy": "sample", "parameters": {"p": {"columns": "lane", "transpose": True}}}
    assert cohort.problems(SHEET, runs) == [
        "cohort.json: runs.parameters.p.transpose: is for several columns: give a list of them"
    ]


def test_a_list_of_unknown_columns_is_named_in_a_group_too(cohort: Cohort) -> None:
    for columns in ("x", ["x"]):
        runs = {**BY_SAMPLE, "groupBy": "sample", "parameters": {"p": {"columns": columns}}}
        (problem,) = cohort.problems(SHEET, runs)
        assert "unknown column x" in problem


def test_parameters_are_not_nested_without_end(cohort: Cohort) -> None:
    deep: Any = "{sample}"
    for _ in range(61):
        deep = {"d": deep}
    assert cohort.settings(SHEET, {**BY_SAMPLE, "parameters": {"p": deep}})
    (problem,) = cohort.problems(SHEET, {**BY_SAMPLE, "parameters": {"p": {"d": deep}}})
    assert problem.endswith(".d: nested too deeply: give it as {value: ...}")
    for _ in range(200):
        deep = [deep]
    (problem,) = cohort.problems(SHEET, {**BY_SAMPLE, "parameters": {"p": {"value": deep}}})
    assert problem == "cohort.json: the manifest: it is nested too deeply"


@pytest.mark.parametrize(
    ("runs", "reported"),
    [
        ({"runSettingId": "{depth}"}, None),
        ({"runSettingId": "{lane}"}, ":3, column lane, value 'L1': line 2 has the same runSettingId: add a column"),
        (
            {**BY_SAMPLE, "outputUri": "s3://b/{lane}"},
            ":3, column lane, value 's3://b/L1': line 2 has the same outputUri: add a column that differs",
        ),
        (
            {**BY_SAMPLE, "outputUri": "https://b/{sample}"},
            ":2, column sample, value 'https://b/S1': outputUri should be",
        ),
        (
            {**BY_SAMPLE, "outputUri": "s3:///{sample}"},
            ":2, column sample, value 's3:///S1': outputUri should be a URI",
        ),
        (
            {**BY_SAMPLE, "outputUri": "{sample}"},
            ":2, column sample, value 'S1': outputUri should be a URI of S3: s3://",
        ),
        (
            {**BY_SAMPLE, "outputUri": f"s3://b/{'x' * 750}{{sample}}-{{lane}}"},
            f":2, column sample, lane, value 's3://b/{'x' * 54}...': outputUri has 762 characters: 750 at most",
        ),
        ({**BY_SAMPLE, "outputUri": "s3://b/\x00{sample}"}, r":2, column sample, value 's3://b/\x00S1': outputUri has"),
        ({**BY_SAMPLE, "name": f"{'n' * 127}{{sample}}"}, ":2, column sample, value 'nnn"),
        (
            {**BY_SAMPLE, "outputBucketOwnerId": "{depth}"},
            ":2, column depth, value '30': outputBucketOwnerId should be",
        ),
        (
            {**BY_SAMPLE, "runTags": {"cohort": f"{'t' * 255}{{sample}}"}},
            f":2, column sample, value '{'t' * 61}...': the tag cohort has 257 characters: 256 at most",
        ),
        (
            {**BY_SAMPLE, "parameters": {"long": f"{'é' * 25_600}{{sample}}"}},
            ":2: 51,213 bytes of parameters: a run takes 51,200 at most",
        ),
        (
            {**BY_SAMPLE, "groupBy": "lane"},
            ":3, column sample, value 'S2': differs from line 2 in the same group: a run",
        ),
    ],
)
def test_what_a_run_cannot_have_is_said_with_the_line(cohort: Cohort, runs: Any, reported: str | None) -> None:
    if reported is None:
        assert cohort.load(SHEET, runs).runs == 2
        return
    (problem, *_) = cohort.problems(SHEET, runs)
    assert problem.startswith(f"samples.csv{reported}")


def test_a_priority_has_its_limits(cohort: Cohort) -> None:
    runs = {**BY_SAMPLE, "priority": {"column": "priority", "type": "int"}}
    content = "sample,priority\nS1,0\nS2,100000\nS3,\nS4,100001\nS5,-1\nS6,1" + "0" * 5000 + "\n"
    assert [problem[:42] for problem in cohort.problems(content, runs)] == [
        "samples.csv:5, column priority, value '100",
        "samples.csv:6, column priority, value '-1'",
        "samples.csv:7, column priority, value '100",
    ]
    assert cohort.settings("sample,priority\nS1,-0\n", runs) == [{"priority": 0, "runSettingId": "S1"}]


def test_two_uris_that_differ_in_a_slash_at_the_end_are_one(cohort: Cohort) -> None:
    (problem,) = cohort.problems(
        "sample,out\nS1,s3://b/o\nS2,s3://b/o/\n", {**BY_SAMPLE, "outputUri": {"column": "out"}}
    )
    assert problem.startswith("samples.csv:3, column out, value 's3://b/o/': line 2 has the same outputUri")


@pytest.mark.parametrize("name", ["s3://b/{sample}/x.bam", "https://h/{sample}", "{lane}://{sample}"])
def test_a_path_does_not_go_into_any_uri(cohort: Cohort, name: str) -> None:
    content = "sample,lane,id\n../../secret,s3,1\na/b,s3,2\nA..B,s3,3\n"
    runs = {"runSettingId": "{id}", "parameters": {"bam": name}}
    problems = cohort.problems(content, runs)
    assert [problem.partition(": ")[0] for problem in problems] == [
        f"samples.csv:{line}, column sample, value '{value}'"
        for line, value in ((2, "../../secret"), (3, "a/b"), (4, "A..B"))
    ]
    whole = {"runSettingId": "{id}", "parameters": {"bam": {"column": "sample"}, "text": "x/{sample}"}}
    assert cohort.settings(content, whole)[0]["parameters"] == {"bam": "../../secret", "text": "x/../../secret"}


def test_parameters_that_all_runs_share_are_counted_alone_too(cohort: Cohort) -> None:
    for length, problems in ((51_188, []), (51_189, ["51,201 bytes of parameters: a run takes 51,200 at most"])):
        defaults = {"workflowId": "1", "roleArn": "arn:x", "parameters": {"panel": "p" * length}}
        try:
            cohort.load("sample\nS1\n", defaultRunSetting=defaults)
        except InvalidInputError as error:
            reported = str(error).partition("defaultRunSetting.parameters: ")[2].splitlines()
        else:
            reported = []
        assert reported == problems


def test_parameters_count_together_with_those_of_all_runs(cohort: Cohort) -> None:
    """What a run has of its own replaces what all runs share."""
    shared = {"panel": "p" * 40_000, "reads": ""}
    defaults = {"workflowId": "1", "roleArn": "arn:x", "parameters": shared}
    content = "sample,reads\nS1," + "r" * 11_177 + "\nS2," + "r" * 11_178 + "\n"
    runs = {**BY_SAMPLE, "parameters": {"reads": "{reads}"}}
    cohort.write("samples.csv", content)
    problems = cohort.problems(content, runs, defaultRunSetting=defaults)
    assert problems == [
        "samples.csv:3: 51,201 bytes of parameters, with those of defaultRunSetting: a run takes 51,200 at most"
    ]
    fits = {**runs, "parameters": {"reads": "{reads}", "panel": "other"}}
    assert cohort.load(content, fits, defaultRunSetting=defaults).runs == 2


def test_lists_need_every_cell_unless_it_may_be_null(cohort: Cohort) -> None:
    """A missing `fastq_2` would shift the lanes."""
    content = "sample,a,b\nS1,1,\nS2,,2\n"
    empty = "an empty cell in a list: fill it in, or say empty: null in the manifest"
    for parameter in ({"columns": ["a", "b"]}, [{"column": "a"}, {"column": "b"}]):
        assert cohort.problems(content, {**BY_SAMPLE, "parameters": {"p": parameter}}) == [
            f"samples.csv:2, column b: {empty}",
            f"samples.csv:3, column a: {empty}",
        ]
    (problem, _) = cohort.problems(content, {**BY_SAMPLE, "parameters": {"p": ["{a}", "{b}"]}})
    assert problem == "samples.csv:2, column b: an empty cell in the text {b}: fill it in"
    grouped = {**BY_SAMPLE, "groupBy": "sample", "parameters": {"p": {"columns": ["a", "b"], "transpose": True}}}
    assert cohort.problems(content, grouped)[0] == f"samples.csv:2, column b: {empty}"
    (problem, _) = cohort.problems(content, {**BY_SAMPLE, "parameters": {"p": "{a}-{b}"}})
    assert problem == "samples.csv:2, column b: an empty cell in the text {a}-{b}: fill it in"


def test_rows_without_a_group_are_named(cohort: Cohort) -> None:
    runs = {**BY_SAMPLE, "groupBy": "sample"}
    assert cohort.problems("sample,lane\nS1,1\n,2\n", runs) == [
        "samples.csv:3, column sample: an empty cell in the column that rows are grouped by: fill it in"
    ]
    first, second = cohort.problems('{"sample": null}\n{"sample": 1.5}\n', runs, "samples.jsonl")
    assert first.startswith("samples.jsonl:1, column sample: an empty cell in the column that rows are grouped by")
    assert second.startswith("samples.jsonl:2, column sample, value 1.5: a number with a fraction is not text: put it")


def test_a_group_that_is_unknown_hides_no_problem_of_the_rows(cohort: Cohort) -> None:
    assert cohort.problems("sample,lane\nS1,1\nS1\n", {**BY_SAMPLE, "groupBy": "patient"}) == [
        "cohort.json: runs.groupBy: unknown column patient; the sheet has sample, lane",
        "samples.csv:3: 1 of 2 cells: add the missing ones, if only as empty cells",
    ]


def test_a_sheet_that_cannot_be_read_hides_no_problem_of_the_manifest(cohort: Cohort) -> None:
    assert cohort.problems("a;b\n", {"runSettingId": "{x", "parameters": {"y": "{y}"}}) == [
        "cohort.json: runs.runSettingId: a { stands alone: a column is {NAME}, and a brace is written twice, {{ or }}",
        "samples.csv:1: the header has semicolons where the file's name says commas: export it with commas",
    ]


def test_only_the_first_problems_are_shown(cohort: Cohort) -> None:
    rows = "".join(f"S{number},x\n" for number in range(1500))
    runs = {**BY_SAMPLE, "priority": {"column": "depth", "type": "int"}}
    problems = cohort.problems(f"sample,depth\n{rows}", runs, settingsUri="s3://b/")
    assert problems[99].startswith("samples.csv:101, column depth, value 'x'")
    assert problems[100:] == ["and 1,400 more problems"]


@pytest.mark.parametrize(
    ("header", "name", "reported"),
    [
        (" sample , x", "{sample}", "sample; the header has spaces around the name, ' sample ': remove them"),
        (" x,sample", "{x}", "x; the header has spaces around the name, ' x': remove them"),
        ("sample\u00a0,x", "{sample}", r"sample; the header has spaces around the name, 'sample\xa0': remove them"),
        ("sample,x", "{ sample }", "' sample '; did you mean sample, without spaces around it?"),
        ("the sample,x", "{the  sample}", "'the  sample'; did you mean the sample?"),
        ("the  sample,x", "{the sample}", "the sample; did you mean 'the  sample'?"),
        (" a ,b", "{sample}", "sample; the sheet has ' a ', b"),
        ("s" * 100 + " ,x", "{" + "s" * 100 + "}", f"{'s' * 61}...; the header has spaces around the name, 's"),
    ],
)
def test_spaces_in_the_name_of_a_column_are_shown(cohort: Cohort, header: str, name: str, reported: str) -> None:
    (problem,) = cohort.problems(f"{header}\nS1,1\n", {"runSettingId": name})
    assert problem.startswith(f"cohort.json: runs.runSettingId: unknown column {reported}")


@pytest.mark.parametrize(
    ("kind", "cell", "reported"),
    [
        ("int", " 5", "value ' 5': should be a whole number, such as 5, without spaces around it"),
        ("float", "0.5\t", r"value '0.5\t': should be a finite number, such as 0.05 or 1e-8, without spaces around it"),
        ("bool", "true ", "value 'true ': should be true or false, in lower case, without spaces around it"),
        ("bool", "yes", "value 'yes': should be true or false, in lower case"),
    ],
)
def test_spaces_in_a_cell_are_shown(cohort: Cohort, kind: str, cell: str, reported: str) -> None:
    runs = {**BY_SAMPLE, "parameters": {"p": {"column": " the cell", "type": kind}}}
    (problem,) = cohort.problems(f"sample, the cell\nS1,{cell}\n", runs)
    assert problem == f"samples.csv:2, column ' the cell', {reported}"


def test_values_in_messages_do_no_harm(cohort: Cohort) -> None:
    """They are cut, on one line, and a presigned URL is shown without its signature."""
    content = "sample,depth\nS1,\x1b[31mred\nS2,https://b/x?X-Amz-Signature=secret\nS3," + "9" * 100 + "x\n"
    problems = cohort.problems(content, {**BY_SAMPLE, "priority": {"column": "depth", "type": "int"}})
    assert [problem.split(", value ")[1].partition(": should")[0] for problem in problems] == [
        r"'\x1b[31mred'",
        "'https://b/x?...'",
        f"'{'9' * 61}...'",
    ]


@pytest.mark.parametrize(
    ("text", "reported"),
    [
        ("[]", "the manifest: should be an object"),
        ("{", "line 1: Expecting property name enclosed in double quotes"),
    ],
)
@pytest.mark.parametrize("sheet", ["samples.csv", None])
def test_a_file_that_is_no_manifest_says_so(cohort: Cohort, text: str, reported: str, sheet: str | None) -> None:
    path = cohort.write("cohort.json", text)
    given = None if sheet is None else cohort.write(sheet, SHEET)
    (problem, *_) = complaints(lambda: Manifest.load(path, given), cohort.folder)
    assert problem == f"cohort.json: {reported}"


@pytest.mark.parametrize("runs", [None, 5, []])
def test_runs_are_an_object(cohort: Cohort, runs: object) -> None:
    (problem,) = cohort.problems(SHEET, runs)
    assert problem == "cohort.json: runs: should be an object: runSettingId, parameters and so on"


def test_a_manifest_names_its_sheet_or_the_caller_does(cohort: Cohort) -> None:
    document = COHORT.replace("sheet: samples.csv\n", "").partition("  outputUri")[0]
    path = cohort.write("cohort.yaml", document)
    assert complaints(lambda: Manifest.load(path), cohort.folder) == [
        "cohort.yaml:1: sheet: is missing: name the sheet's file, or give its path beside the manifest"
    ]
    absent = cohort.write("cohort.yaml", f"sheet:\n{document}")
    assert complaints(lambda: Manifest.load(absent), cohort.folder) == [
        "cohort.yaml:1: sheet: is missing: name the sheet's file, or give its path beside the manifest"
    ]
    path = cohort.write("cohort.yaml", document)
    sheet = cohort.write("other.csv", SHEET)
    assert Manifest.load(path, sheet).runs == 2
    assert Manifest.load(io.BytesIO(document.encode()), str(sheet)).runs == 2
    path = cohort.write("cohort.yaml", f"sheet: 5\n{document}")
    assert complaints(lambda: Manifest.load(path), cohort.folder) == [
        "cohort.yaml:1: sheet: should be a valid string: put it in quotes"
    ]
    path = cohort.write("cohort.yaml", f"sheet: ''\n{document}")
    assert complaints(lambda: Manifest.load(path), cohort.folder) == ["cohort.yaml:1: sheet: is empty"]


@pytest.mark.parametrize(
    "given", [{}, {"rows": [{"sample": "S1"}], "sheet": "samples.csv"}, {"rows": "S1"}, {"rows": {"sample": "S1"}}]
)
def test_a_program_gives_rows_or_a_sheet(given: Any) -> None:
    assert complaints(lambda: Manifest(default_run_setting=DEFAULTS, runs=BY_SAMPLE, **given)) == [
        "rows: give either rows, an iterable of mappings, or the path of a sheet"
    ]


def test_what_a_program_gives_is_checked_like_a_file(cohort: Cohort) -> None:
    sheet = cohort.write("samples.csv", SHEET)
    made = Manifest(default_run_setting=DEFAULTS, runs=BY_SAMPLE, sheet=sheet, tags={"a": "b"}, batch_name="trio")
    assert (made.runs, made.batch_name, made.default_run_setting) == (2, "trio", DEFAULTS)
    assert made.requests()[0].tags == {"a": "b"}
    wrong: Any = {"runs": {"runSettingId": ("{sample}",)}, "batch_name": "n" * 65, "settings_uri": "s3://" + "x" * 677}
    assert complaints(lambda: Manifest(default_run_setting=DEFAULTS, sheet=sheet, **wrong)) == [
        "batch_name: String should have at most 64 characters",
        "settings_uri: String should have at most 680 characters",
        "runs.runSettingId: input was not a valid JSON value",
        "runs.runSettingId: should be text, {column: NAME} or {value: TEXT}: text has no type",
    ]


def test_what_json_cannot_hold_is_refused_in_a_program(cohort: Cohort) -> None:
    sheet = cohort.write("samples.csv", SHEET)
    wrong: Any = {**BY_SAMPLE, "parameters": {"a": float("nan"), "b": {1}, "c": {"value": 10**5000}}, "priority": 1e999}
    reported = complaints(lambda: Manifest(default_run_setting=DEFAULTS, sheet=sheet, runs=wrong))
    cannot = "JSON cannot hold it: give texts, finite numbers, bools, None, lists, dicts"
    assert {f"runs.parameters.{name}: {cannot}" for name in ("a", "b", "c.value")} < set(reported)


@pytest.mark.parametrize(
    ("member", "place"),
    [
        ({5: "x"}, "runs[5]"),
        ({"parameters": {1: "x", "a": "b"}}, "runs.parameters[1]"),
        ({"parameters": {"a": {"column": "sample", 7: 1}}}, "runs.parameters.a[7]"),
        ({"runTags": {1: "x", "a": "b"}}, "runs.runTags[1]"),
    ],
)
def test_a_program_names_members_by_texts(cohort: Cohort, member: Any, place: str) -> None:
    sheet = cohort.write("samples.csv", SHEET)
    assert complaints(lambda: Manifest(default_run_setting=DEFAULTS, sheet=sheet, runs={**BY_SAMPLE, **member})) == [
        f"{place}: should be a valid string: put it in quotes"
    ]


def test_the_limits_are_those_of_the_service() -> None:
    setting = input_of("StartRunBatch", "batchRunSettings", "inlineSettings")
    limit = {name: member.metadata.get("max") for name, member in setting.members.items()}
    tags = setting.members["runTags"]
    assert (limit["runSettingId"], limit["name"], limit["outputUri"]) == (MAX_NAME, MAX_NAME, MAX_URI)
    assert (limit["priority"], tags.key.metadata["max"], tags.value.metadata["max"]) == (MAX_NUMBER, MAX_KEY, MAX_TAG)
    assert MAX_PARAMETERS == 50 * 1024


@pytest.mark.parametrize(
    ("wrong", "fine", "refused"),
    [
        (wrong_name, ["x" * 128, "a b"], ["", "x" * 129, "a\tb"]),
        (wrong_uri, ["s3://b", "s3://b/" + "x" * 743], ["s3://", "S3://b", "s3://b/" + "x" * 744]),
        (wrong_account, ["123456789012"], ["12345678901", "1234567890123", "12345678901٢", "123456789012\n"]),
        (wrong_tag, ["", "x" * 256], ["x" * 257]),
        (wrong_priority, [0, 100_000], [100_001, -1, 10**5000]),
    ],
)
def test_a_limit_holds_up_to_itself(wrong: Any, fine: list[Any], refused: list[Any]) -> None:
    assert [text for text in fine if wrong(text) is not None] == []
    assert [text for text in refused if wrong(text) is None] == []


def test_a_manifest_that_is_sound_is_not_complained_about(cohort: Cohort) -> None:
    cohort.write("samples.csv", "sample,priority,fastq_1,depth\nS1,5,a.fq,30\nS2,,b.fq,7\n")
    manifest = Manifest.load(cohort.write("cohort.yaml", COHORT))
    assert settings_of(manifest) == [
        {
            "outputUri": "s3://my-bucket/out/S1/",
            "parameters": {"depth": 30.0, "fastq": "a.fq"},
            "priority": 5,
            "runSettingId": "S1",
        },
        {"outputUri": "s3://my-bucket/out/S2/", "parameters": {"depth": 7.0, "fastq": "b.fq"}, "runSettingId": "S2"},
    ]
