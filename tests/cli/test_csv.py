"""`omics-batch failed --csv`: whole or not at all, and nothing that was found is lost."""

from __future__ import annotations

import csv
import io
import json
import os
import resource
import stat
import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

import omics_batch
from omics_batch import OmicsBatchClient, RetryPolicy
from omics_batch.cli._csv import csv_table
from omics_batch.cli._exits import ProgramError
from omics_batch.testing import faults
from tests.cli._support import ID, Here
from tests.cli.test_failed import COHORT, LIFE
from tests.cli.test_lists import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from omics_batch.testing import Life

COLUMNS: Final = ["runSettingId", "kind", "runId", "reason", "message"]
ROWS: Final = [
    COLUMNS,
    ["HG00096", "RUN", "2000001", "RUN_TASK_FAILED", "Task CallVariants ran out of memory."],
    ["HG00099", "SUBMISSION", "", "ValidationException", "Parameter input_cram is missing."],
    ["HG00100", "RUN", "2000004", "RUN_TASK_FAILED", "The CRAM file is truncated."],
]


OLDER: Final = "runSettingId,kind\nHG00001,RUN\n"


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """How fast a client sends, and how often, is shown elsewhere."""
    hasty = partial(OmicsBatchClient, max_rate=None, retry=RetryPolicy(max_attempts=1))
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", hasty)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file that does not exist yet, alone in its folder."""
    return tmp_path / "failed.csv"


def read(file: Path) -> list[list[str]]:
    with file.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.reader(stream, strict=True))


def those_beside(file: Path) -> list[Path]:
    return [path for path in file.parent.iterdir() if path != file]


def unchangeable(_path: Path, _mode: int) -> bool:
    return False


def failing(**messages: str) -> Life:
    return replace(AT_ONCE, failed_runs=messages)


def test_the_failed_runs_are_in_a_file_too(here: Here, file: Path) -> None:
    """In the columns of the terminal and of JSON, in their order."""
    here.omics.start_batch(COHORT, life=LIFE)
    printed = here.run("failed", ID)
    ran = here.run("failed", ID, "--csv", str(file))
    assert (ran.code, ran.stderr, ran.lines) == (0, "", printed.lines)
    assert read(file) == ROWS
    assert those_beside(file) == []
    documents = [json.loads(line) for line in here.run("failed", ID, "--json", "--csv", str(file)).lines]
    assert [[document[name] or "" for name in [*document][:5]] for document in documents] == ROWS[1:]
    assert [*documents[0]][:5] == COLUMNS
    assert read(file) == ROWS


def test_it_is_rfc_4180_in_utf_8_as_excel_reads_it(here: Here, file: Path) -> None:
    here.omics.start_batch(2, life=failing(**{"sample-1": 'größer, "gut"\nzwei', "sample-2": "\ud800"}))
    here.run("failed", ID, "--csv", str(file))
    assert file.read_bytes() == (
        b"\xef\xbb\xbfrunSettingId,kind,runId,reason,message\r\n"
        b'sample-1,RUN,2000001,RUN_TASK_FAILED,"gr\xc3\xb6\xc3\x9fer, ""gut""\nzwei"\r\n'
        b"sample-2,RUN,2000002,RUN_TASK_FAILED,\\ud800\r\n"
    )


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_what_a_spreadsheet_would_take_for_a_formula_is_escaped_and_said(here: Here, file: Path, text: str) -> None:
    here.omics.start_batch(2, life=failing(**{"sample-1": text, "sample-2": f"1{text}"}))
    ran = here.run("failed", ID, "--csv", str(file))
    assert [row[4] for row in read(file)[1:]] == [f"'{text}", f"1{text}"]
    assert ran.stderr == (
        "omics-batch: 1 cell has an apostrophe before the text in the CSV: a spreadsheet would take it for a formula\n"
    )
    here.omics.start_batch(2, life=failing(**{"sample-1": text, "sample-2": text}))
    assert "2 cells have an apostrophe" in here.run("failed", "7123457", "--csv", str(file)).stderr


def test_stdout_has_the_table_alone(here: Here) -> None:
    here.omics.start_batch(COHORT, life=LIFE)
    ran = here.run("failed", ID, "--csv", "-")
    assert (ran.code, ran.stderr) == (0, "")
    assert list(csv.reader(io.StringIO(ran.stdout, newline=""))) == ROWS
    both = here.run("failed", ID, "--csv", "-", "--json")
    assert (both.code, both.complaints[0]) == (
        2,
        "omics-batch: Invalid value: --csv - and --json are two ways to write: give one.",
    )


def test_stdout_is_utf_8_whatever_the_terminals_encoding(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    here.omics.start_batch(1, life=failing(**{"sample-1": "größer"}))
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    here.run("failed", ID, "--csv", "-")
    assert "größer\r\n".encode() in written.getvalue()


def test_stdout_may_be_any_stream_of_text(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.StringIO(newline="")
    monkeypatch.setattr(sys, "stdout", written)
    with csv_table("-", COLUMNS[:2]) as table:
        table.write({"runSettingId": "NA12878", "kind": None})
    assert written.getvalue() == "runSettingId,kind\r\nNA12878,\r\n"


def test_nothing_in_it_acts_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, kept = io.StringIO(newline=""), io.StringIO(newline="")
    monkeypatch.setattr(seen, "isatty", lambda: True)
    for stream in (seen, kept):
        monkeypatch.setattr(sys, "stdout", stream)
        with csv_table("-", ["message"]) as table:
            table.write({"message": "\x07gone\r\n"})
    assert seen.getvalue() == "message\r\ngone\r\n"
    assert kept.getvalue() == 'message\r\n"\x07gone\r\n"\r\n'


def test_a_file_is_overwritten_and_stays_what_it_was(here: Here, file: Path, tmp_path: Path) -> None:
    """Its mode, and the link that leads to it."""
    here.omics.start_batch(COHORT, life=LIFE)
    file.write_text(OLDER, encoding="utf-8")
    file.chmod(0o640)
    link = tmp_path / "link.csv"
    link.symlink_to(file)
    assert here.run("failed", ID, "--csv", str(link)).code == 0
    assert link.is_symlink()
    assert read(file) == ROWS
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert those_beside(file) == [link]


@pytest.mark.parametrize("command", ["failed", "results"])
def test_another_file_is_not_overwritten(here: Here, file: Path, command: str) -> None:
    """Such as the sheet of the cohort, by which the cohort is found again; an empty file may be."""
    sheet = "sample,fastq_1\nS1,s3://my-bucket/S1.fq.gz\n"
    file.write_text(sheet, encoding="utf-8")
    ran = here.run(command, ID, "--csv", str(file))
    assert (ran.code, ran.stdout) == (2, "")
    assert ran.stderr == (
        f"omics-batch: {file} exists and is no table of runs: give another FILE, or remove it first\n"
    )
    assert file.read_text(encoding="utf-8") == sheet
    file.write_text("\n", encoding="utf-8")
    here.omics.start_batch(COHORT, life=LIFE)
    assert here.run(command, ID, "--csv", str(file)).code == 0
    assert read(file)[0][0] == "runSettingId"


def test_where_none_failed_there_are_the_columns_alone(here: Here, file: Path) -> None:
    """An older list does not stay and look like a new one."""
    file.write_text(OLDER, encoding="utf-8")
    here.omics.start_batch(1, life=failing())
    assert here.run("failed", ID, "--csv", str(file)).stderr == "omics-batch: no run failed\n"
    assert read(file) == [COLUMNS]


def test_a_path_that_cannot_be_written_is_said_before_anything_is_sent(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for path, why in (
        (tmp_path / "none" / "failed.csv", "No such file or directory"),
        (tmp_path, "Is a directory"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        ran = here.run("failed", ID, "--csv", str(path))
        assert (ran.code, ran.stdout) == (2, "")
        assert ran.stderr == f"omics-batch: {path} cannot be written: {why}\n"
    kept = tmp_path / "kept.csv"
    kept.write_text(OLDER, encoding="utf-8")
    monkeypatch.setattr(os, "access", unchangeable)  # root may change every file
    ran = here.run("failed", ID, "--csv", str(kept))
    assert (ran.code, ran.stderr) == (2, f"omics-batch: {kept} cannot be written: Permission denied\n")
    assert those_beside(kept) == []
    assert len(here.omics.requests) == 0


def test_a_list_that_breaks_off_changes_no_file_and_loses_nothing(here: Here, file: Path) -> None:
    file.write_text(OLDER, encoding="utf-8")
    here.omics.start_batch(COHORT, life=LIFE)
    here.omics.script(faults.delayed(0, "GetRun"), faults.status(403, "GetRun"))
    ran = here.run("failed", ID, "--csv", str(file))
    assert ran.code == 1
    assert file.read_text(encoding="utf-8") == OLDER
    (part,) = those_beside(file)
    assert read(part) == ROWS[:3]
    assert ran.complaints[0] == f"omics-batch: 2 runs were found before that and are in {part}; {file} is as it was"
    assert [line.split()[0] for line in ran.lines] == ["SAMPLE", "HG00096", "HG00099"]


def test_a_list_that_never_began_leaves_nothing(here: Here, file: Path) -> None:
    ran = here.run("failed", "1", "--csv", str(file))
    assert ran.code == 1
    assert not file.exists()
    assert those_beside(file) == []


@contextmanager
def files_of_at_most(size: int) -> Generator[None]:
    """No file of this process grows beyond: it is as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize(("size", "lines"), [(10, 0), (100, 2)])
def test_a_full_disk_is_said_so_and_what_was_found_before_is_printed(
    here: Here, file: Path, size: int, lines: int
) -> None:
    file.write_text(OLDER, encoding="utf-8")
    here.omics.start_batch(COHORT, life=LIFE)
    with files_of_at_most(size):
        ran = here.run("failed", ID, "--csv", str(file))
    assert (ran.code, ran.stderr) == (1, f"omics-batch: {file} cannot be written: File too large\n")
    assert file.read_text(encoding="utf-8") == OLDER
    assert those_beside(file) == []
    assert len(ran.lines) == lines


def test_a_file_whose_place_is_taken_meanwhile_is_said_so(file: Path) -> None:
    with pytest.raises(ProgramError, match="cannot be written: Is a directory"), csv_table(str(file), COLUMNS):
        file.mkdir()
    assert those_beside(file) == []


def test_a_device_is_written_as_it_is(here: Here) -> None:
    here.omics.start_batch(COHORT, life=LIFE)
    assert here.run("failed", ID, "--csv", os.devnull).code == 0
    ran = here.run("failed", ID, "--csv", "/dev/full")
    assert (ran.code, ran.stderr) == (1, "omics-batch: /dev/full cannot be written: No space left on device\n")
