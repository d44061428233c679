"""`omics-batch results`: how every run went, of a batch or of a batch and its rerun, and in a file."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import omics_batch
from omics_batch import InvalidInputError, OmicsBatchClient, RetryPolicy
from omics_batch._words import spreadsheet_cell
from omics_batch.cli._run_ids import run_ids_in, run_ids_of
from omics_batch.testing import faults
from tests.cli._support import ID, Here
from tests.cli.test_failed import COHORT, LIFE
from tests.cli.test_lists import AT_ONCE

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS: Final = [
    *("runSettingId", "runId", "status", "started", "stopped", "durationSeconds", "outputUri", "reason", "message"),
    *("submissionStatus", "runUuid", "batchId"),
]


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """How fast a client sends, and how often, is shown elsewhere."""
    hasty = partial(OmicsBatchClient, max_rate=None, retry=RetryPolicy(max_attempts=1))
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", hasty)


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(text.splitlines(), strict=True))


def test_each_run_is_listed_and_then_the_sums(here: Here) -> None:
    here.omics.start_batch(COHORT, life=LIFE)
    ran = here.run("results", ID)
    assert (ran.code, ran.stderr) == (0, "")
    header, *lines, sums = ran.lines
    assert header.split() == ["SAMPLE", "STATUS", "RUN", "STARTED", "TOOK", "REASON", "MESSAGE"]
    by_name = {line.split()[0]: line for line in lines}
    assert by_name.keys() == set(COHORT)
    assert "completed" in by_name["HG00097"]
    assert "not submitted" in by_name["HG00099"]
    assert "Parameter input_cram is missing." in by_name["HG00099"]
    assert "ran out of memory" not in by_name["HG00096"]
    head, *counts = sums.replace(",", ":").split(": ")
    assert (head, {*counts}) == ("5 runs", {"2 failed", "2 completed", "1 not submitted"})


def test_details_have_reasons_and_output(here: Here) -> None:
    here.omics.start_batch(COHORT, life=LIFE)
    ran = here.run("results", ID, "--details", "--json")
    runs = {run["runSettingId"]: run for run in map(json.loads, ran.lines)}
    assert runs["HG00096"]["message"] == "Task CallVariants ran out of memory."
    assert runs["HG00097"]["outputUri"] == f"s3://my-bucket/output/{runs['HG00097']['runId']}"
    assert runs["HG00097"]["batchId"] == ID


def test_at_a_terminal_it_says_how_to_get_the_reasons_of_failed_runs(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    here.omics.start_batch(COHORT, life=LIFE)
    well = here.omics.start_batch(COHORT, life=AT_ONCE)
    assert "--details" not in here.run("results", ID).stderr
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    hint = "omics-batch: the reasons of failed runs are not shown: add --details for them, at one call a run"
    assert here.run("results", ID).complaints[-1].endswith(hint)
    for arguments in ([ID, "--details"], [ID, "--json"], [ID, "--csv", "-"], [well]):
        assert "--details" not in here.run("results", *arguments).stderr


def test_a_batch_and_its_rerun_are_one_file_that_a_spreadsheet_opens(here: Here, tmp_path: Path) -> None:
    file = tmp_path / "results.csv"
    life = replace(AT_ONCE, failed_submissions={"größe": ("ValidationException", "=cmd()")})
    here.omics.start_batch(["größe", "-2"], life=life)
    here.omics.start_batch(["größe"], life=AT_ONCE)
    ran = here.run("results", ID, "7123457", "--csv", str(file))
    assert ran.code == 0
    (complaint,) = ran.complaints
    assert "2 cells have an apostrophe before the text in the CSV" in complaint
    assert file.read_bytes().startswith(b"\xef\xbb\xbfrunSettingId,")
    first, second, third = rows_of(file.read_text(encoding="utf-8-sig"))
    assert [*first] == COLUMNS
    assert (first["runSettingId"], first["message"], first["batchId"]) == ("größe", "'=cmd()", ID)
    assert (second["runSettingId"], second["status"], second["durationSeconds"]) == ("'-2", "COMPLETED", "0")
    assert (third["runSettingId"], third["batchId"]) == ("größe", "7123457")
    assert run_ids_in(str(file)) == ("größe", "-2")


def test_stdout_has_no_mark(here: Here) -> None:
    here.omics.start_batch(COHORT, life=LIFE)
    ran = here.run("results", ID, "--csv", "-", "--limit", "1")
    assert ran.lines[0] == ",".join(COLUMNS)
    assert len(ran.lines) == 2
    assert here.run("results", ID, "--csv", "-", "--json").code == 2


def test_the_limit_is_one_for_all_batches(here: Here) -> None:
    here.omics.start_batch(COHORT, life=LIFE)
    here.omics.start_batch(COHORT, life=LIFE)
    assert here.run("results", ID, "7123457", "--limit", "5").lines[-1].startswith("The first 5 runs: ")


def test_a_batch_that_was_just_started_has_none(here: Here) -> None:
    here.omics.start_batch(COHORT)
    ran = here.run("results", ID)
    assert (ran.code, ran.stdout, ran.complaints) == (0, "", ["omics-batch: no run is listed"])


def test_runs_that_are_listed_no_more_say_so(here: Here) -> None:
    here.omics.start_batch(["HG00096"], life=AT_ONCE)
    here.omics.script(replace(faults.body(b'{"items": []}'), operation="ListRuns"))
    assert here.run("results", ID).lines[-1] == "1 run: 1 not listed"


def test_what_cannot_be_written_leaves_no_file(here: Here, tmp_path: Path) -> None:
    here.omics.start_batch(COHORT, life=LIFE)
    (tmp_path / "folder").mkdir()
    assert here.run("results", ID, "--csv", str(tmp_path / "missing" / "x.csv")).code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


# The runs that a file names


@given(st.lists(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=8), min_size=1))
def test_any_names_survive_the_way_through_a_spreadsheet(names: list[str]) -> None:
    cells = [spreadsheet_cell(name).replace('"', '""') for name in names]
    text = "sample,runSettingId\r\n" + "".join(f'x,"{cell}"\r\n' for cell in cells)
    assert run_ids_of(text) == tuple(dict.fromkeys(names))


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("runSettingId,kind\nA,RUN\nB,RUN\n\n", ("A", "B")),
        ("run_setting_id\nA\nA\n", ("A",)),
        ("kind;runSettingId\r\nRUN;A\r\n", ("A",)),
        ("kind\trunSettingId\nRUN\t'=A\n", ("=A",)),
        ("runSettingId\n''=A\n'A\n", ("'=A", "'A")),
    ],
)
def test_a_file_names_runs(text: str, ids: tuple[str, ...], tmp_path: Path) -> None:
    assert run_ids_of(text) == ids
    (tmp_path / "ids.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert run_ids_in(str(tmp_path / "ids.csv")) == ids


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "there is no column runSettingId: it is empty"),
        (b"sample,run\nA,1\n", "there is no column runSettingId: it has sample, run"),
        (b'"open', "there is no column runSettingId: it has open"),
        (b"runSettingId\n", "it names no run"),
        (b"runSettingId,kind\n,RUN\n", "line 2: the runSettingId is empty"),
        (b"kind,runSettingId\nRUN\n", "line 2: the runSettingId is empty"),
        (b'runSettingId\n"A\n', "line 2: unexpected end of data"),
        (b'runSettingId,"x"y\nA,1\n', "line 1: ',' expected after '\"'"),
        (b"runSettingId\n\xff\n", "not a UTF-8 text file"),
    ],
)
def test_a_file_that_names_no_runs_is_refused(content: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "ids.csv"
    file.write_bytes(content)
    with pytest.raises(InvalidInputError) as caught:
        run_ids_in(str(file))
    assert str(caught.value) == f"{file}: {message}"


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(InvalidInputError, match="nowhere.csv: No such file"):
        run_ids_in("nowhere.csv")
