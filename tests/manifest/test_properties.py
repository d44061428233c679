"""Any table survives, any manifest's requests are what the service takes, and the same input is the same output."""

from __future__ import annotations

import csv
import io
import json
import string
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from omics_batch import InlineSetting, InvalidInputError, Manifest
from omics_batch._manifest.file_sheet import FileSheet
from omics_batch._manifest.run_reader import _SNAKE
from tests.manifest._support import DEFAULTS, settings_of
from tests.support import JSON
from tests.test_service_model import input_of

if TYPE_CHECKING:
    from omics_batch._manifest.problems import Report

TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NAMES: Final = TEXTS.filter(lambda name: name != "" and not name.startswith("\ufeff"))
DELIMITERS: Final = {".csv": ",", ".tsv": "\t"}


def no_problem(line: int, reported: str, **about: object) -> None:
    raise AssertionError(f"{line}: {reported} {about}")


def read(content: str, suffix: str) -> tuple[tuple[str, ...], list[list[object]]]:
    report: Report = no_problem
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"sheet{suffix}"
        path.write_bytes(content.encode())
        with FileSheet(path).opened(report) as table:
            assert table is not None
            return table.columns, [list(cells) for _, cells in table.rows]


@st.composite
def tables(draw: st.DrawFn, cells: st.SearchStrategy[Any]) -> tuple[list[str], list[list[Any]]]:
    columns = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    width = len(columns)
    return columns, draw(st.lists(st.lists(cells, min_size=width, max_size=width).filter(any), max_size=4))


@pytest.mark.parametrize("suffix", DELIMITERS)
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@given(table=tables(TEXTS))
def test_any_table_survives_writing_and_reading(suffix: str, quoting: Any, ending: str, table: Any) -> None:
    columns, rows = table
    if len(columns) == 1 and set(columns[0]) & set(",;|\t"):
        return  # a header that shows another delimiter is refused
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=DELIMITERS[suffix], quoting=quoting, lineterminator=ending)
    for row in [columns, *rows]:
        # Python's own writer leaves a line break of the other kind without quotes before 3.13.
        writer.writerow(row)
    content = file.getvalue()
    if quoting == csv.QUOTE_MINIMAL and any("\r" in cell or "\n" in cell for row in [columns, *rows] for cell in row):
        return
    assert read(content, suffix) == (tuple(columns), rows)


@given(table=tables(JSON))
def test_any_table_survives_in_json_lines(table: Any) -> None:
    columns, rows = table
    if not rows:
        return
    lines = [json.dumps(dict(zip(columns, row, strict=True))) for row in rows]
    if any("\\ud" in line for line in lines):
        return  # half a character is refused
    assert read("\n".join(lines), ".jsonl") == (tuple(columns), rows)


COLUMNS: Final = ("sample", "number", "yes", "data", "b{")
TEMPLATES: Final = st.lists(
    st.sampled_from([*(f"{{{name}}}" for name in COLUMNS[:-1]), "{{", "}}", "s3://b/", "x", "é", "%s", " "]),
    max_size=4,
).map("".join)
CELLS: Final[st.SearchStrategy[Any]] = st.one_of(
    TEMPLATES,
    st.fixed_dictionaries(
        {"column": st.sampled_from(COLUMNS)},
        optional={"type": st.sampled_from(["text", "int", "float", "bool", "json"]), "empty": st.none()},
    ),
    st.fixed_dictionaries(
        {"columns": st.lists(st.sampled_from(COLUMNS), min_size=1, max_size=3)},
        optional={"type": st.sampled_from(["text", "json"]), "empty": st.none()},
    ),
    st.fixed_dictionaries({"value": JSON}),
    st.integers(-5, 5),
)
VALUES: Final[st.SearchStrategy[Any]] = st.recursive(
    CELLS,
    lambda parts: st.lists(parts, max_size=2) | st.dictionaries(st.sampled_from("abc"), parts, max_size=2),
    max_leaves=4,
)
TEXT_MEMBERS: Final = TEMPLATES | st.fixed_dictionaries({"column": st.sampled_from(COLUMNS)})
SHAPE: Final[Any] = input_of("StartRunBatch")
SETTING: Final[Any] = input_of("StartRunBatch", "batchRunSettings", "inlineSettings")
MEMBERS: Final[dict[str, st.SearchStrategy[Any]]] = {
    "groupBy": st.just("sample"),
    "name": TEXT_MEMBERS,
    "outputUri": st.sampled_from(["s3://b/{sample}/", "s3://b/{number}/{sample}", {"column": "sample"}]),
    "outputBucketOwnerId": st.just("123456789012"),
    "priority": st.sampled_from([{"column": "number", "type": "int"}, 5]),
    "parameters": st.dictionaries(st.sampled_from(string.ascii_lowercase), VALUES, max_size=3),
    "runTags": st.dictionaries(st.sampled_from("abc"), TEXT_MEMBERS, max_size=2),
    "engineSettings": st.dictionaries(st.sampled_from("abc"), VALUES, max_size=2),
}
RUNS: Final[st.SearchStrategy[Any]] = st.fixed_dictionaries(
    {"runSettingId": st.just("{sample}")},
    optional={name: value for name, value in MEMBERS.items() if name in {"groupBy", *SETTING.members}},
)
"""What the installed botocore can send."""
ROWS: Final[st.SearchStrategy[Any]] = st.lists(
    st.fixed_dictionaries(
        {
            "sample": NAMES | st.integers(0, 10),
            "number": st.integers(0, 100_000) | st.integers(0, 100_000).map(str) | st.none(),
            "yes": st.booleans() | st.sampled_from(["true", "false", ""]),
            "data": JSON | TEXTS,
            "b{": TEXTS,
        }
    ),
    min_size=1,
    max_size=4,
)


def manifest_or_none(runs: Any, rows: Any) -> Manifest | None:
    try:
        return Manifest(default_run_setting=DEFAULTS, runs=runs, rows=rows, settings_uri="s3://b/")
    except InvalidInputError:
        return None


@given(runs=RUNS, rows=ROWS)
def test_any_manifest_makes_what_the_service_takes_or_says_what_is_wrong(runs: Any, rows: Any) -> None:
    manifest = manifest_or_none(runs, rows)
    if manifest is None:
        return
    validator: Any = ParamValidator()
    for request in manifest.requests():
        members = request.members()
        assert validator.validate(members, SHAPE).generate_report() == ""
    settings = settings_of(manifest)
    assert [validator.validate(setting, SETTING).generate_report() for setting in settings] == [""] * len(settings)
    ids = [InlineSetting.model_validate(setting).run_setting_id for setting in settings]
    assert len(set(ids)) == len(ids)
    same = Manifest(default_run_setting=DEFAULTS, runs=runs, rows=rows)
    assert same.requests() == manifest.requests()
    assert b"".join(same.settings()) == b"".join(manifest.settings())


@given(runs=RUNS, rows=ROWS)
def test_the_quick_way_writes_what_the_thorough_one_does(runs: Any, rows: Any) -> None:
    """And where it cannot, it leaves the row to the thorough one, with its problems."""
    manifest = manifest_or_none(runs, rows)
    if manifest is None:
        return
    template, sheet = manifest._reading.template, manifest._reading.sheet
    with sheet.opened(no_problem) as table:
        assert table is not None
        quick = template.writer(no_problem)
        for row in table.rows:
            assert quick([row]) == template.write([row], no_problem)


def test_runs_have_the_members_of_a_setting() -> None:
    """An old botocore knows fewer."""
    aliases = {field.alias for field in InlineSetting.model_fields.values()}
    assert set(_SNAKE.values()) - {"groupBy"} == aliases >= set(SETTING.members)
    assert all(_SNAKE[name] == field.alias for name, field in InlineSetting.model_fields.items())
