"""`omics-batch init`: a manifest from the columns of a sheet, which overwrites nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from omics_batch import Manifest
from omics_batch.cli import _program_name, main

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cli._support import Ran

    Run = Callable[..., Ran]

SHEET: Final = "sample,lane,fastq_1,fastq_2\nNA12878,L1,a,b\nNA12878,L2,c,d\nNA12891,L1,e,f\n"
KNOWN: Final = (
    *("--workflow-id", "1234567"),
    *("--role-arn", "arn:aws:iam::123456789012:role/OmicsRole"),
    *("--output-uri", "s3://my-bucket/out/"),
)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The program in a folder with a sheet; it needs no service."""
    from tests.cli._support import Ran  # noqa: PLC0415 - as a value

    (tmp_path / "samples.csv").write_text(SHEET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Ran:
        code = main(["init", *arguments])
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return run


def test_a_manifest_is_written_and_the_next_command_printed(run: Run) -> None:
    ran = run("samples.csv", *KNOWN)
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.lines == [
        "Written   cohort.yaml",
        "Edit      name the parameters of your workflow",
        f"Next      {_program_name.command(['start', 'cohort.yaml', '--dry-run'])}",
    ]
    manifest = Manifest.load("cohort.yaml")
    assert (manifest.runs, manifest.default_run_setting.workflow_id) == (2, "1234567")
    assert "  groupBy: sample\n" in Path("cohort.yaml").read_text(encoding="utf-8")


def test_what_is_not_given_is_a_word_to_replace(run: Run) -> None:
    assert run("samples.csv", *KNOWN[:-2]).lines[1].startswith("Edit      replace the words in capitals, and name the ")
    assert run("samples.csv", "--force").code == 0
    text = Path("cohort.yaml").read_text(encoding="utf-8")
    assert all(word in text for word in ("WORKFLOW_ID", "ROLE_ARN", "OUTPUT_URI"))


def test_nothing_is_overwritten_unless_that_is_asked_for(run: Run) -> None:
    Path("cohort.yaml").write_text("mine", encoding="utf-8")
    ran = run("samples.csv")
    assert (ran.code, ran.stdout) == (2, "")
    assert ran.stderr == "omics-batch: cohort.yaml exists: give --force to overwrite it, or another -o\n"
    assert Path("cohort.yaml").read_text(encoding="utf-8") == "mine"
    assert run("samples.csv", "--force").code == 0
    assert Path("cohort.yaml").read_text(encoding="utf-8") != "mine"


def test_a_folder_is_not_overwritten_at_all(run: Run) -> None:
    Path("folder").mkdir()
    assert run("samples.csv", "-o", "folder", "--force").stderr == (
        "omics-batch: folder is a directory: name a file with -o\n"
    )


def test_the_sheet_is_named_from_the_manifests_folder(run: Run) -> None:
    Path("manifests").mkdir()
    assert run("samples.csv", "-o", "manifests/trio.yaml", *KNOWN).code == 0
    assert Manifest.load("manifests/trio.yaml").runs == 2


def test_it_may_go_to_stdout(run: Run) -> None:
    ran = run("samples.csv", "-o", "-")
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.stdout.startswith("# A StartRunBatch request")
    assert not Path("cohort.yaml").exists()


def test_a_sheet_that_cannot_be_read_is_reported_with_the_line(run: Run) -> None:
    Path("samples.csv").write_text("sample,lane\nNA12878\n", encoding="utf-8")
    ran = run("samples.csv")
    assert (ran.code, ran.stdout) == (2, "")
    assert ran.stderr.startswith("omics-batch: samples.csv:2: 1 of 2 cells")
    assert not Path("cohort.yaml").exists()


@pytest.mark.parametrize("name", ["absent/cohort.yaml", "co\0hort.yaml"])
def test_a_place_that_cannot_be_written_is_reported(run: Run, name: str) -> None:
    ran = run("samples.csv", "-o", name)
    assert (ran.code, ran.stdout) == (2, "")
    assert "cannot be written: " in ran.stderr
