"""`wait`, `watch`, `list` and `results` with a manifest in place of ids: a cohort of several batches is one."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import omics_batch
from omics_batch import OmicsBatchClient, PollPolicy, RetryPolicy
from omics_batch._manifest import manifest as manifest_module
from omics_batch._manifest import settings_file
from omics_batch.cli import _manifest_batches
from omics_batch.testing import Simulator
from tests.cli.conftest import program_beside
from tests.cli.test_lists import AT_ONCE
from tests.cli.test_start_manifest import MANIFEST, SHEET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli._support import Here

NOT_FOUND: Final = (
    "omics-batch: no batch of cohort.yaml was found: give --sheet, --rows and --only as they were given to start, or "
    "the batch's id, as of one that FAILED\n"
)


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    hasty = partial(
        OmicsBatchClient,
        max_rate=None,
        retry=RetryPolicy(max_attempts=1),
        poll=PollPolicy(initial=0.01, maximum=0.01),
    )
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", hasty)
    monkeypatch.setattr(_manifest_batches, "_PAUSE", 0.0)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Here]:
    (tmp_path / "cohort.yaml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "samples.csv").write_text(SHEET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with program_beside(Simulator(in_process=True, life=AT_ONCE), monkeypatch, capsys) as running:
        yield running


@pytest.fixture
def several(here: Here, monkeypatch: pytest.MonkeyPatch) -> Here:
    """A cohort of two batches."""
    for limited in (settings_file, manifest_module):
        monkeypatch.setattr(limited, "MAX_RUNS", 2)
    return here


def test_a_manifest_stands_for_its_batch(here: Here) -> None:
    assert here.run("start", "cohort.yaml").code == 0
    for command in ("wait", "watch"):
        ran = here.run(command, "cohort.yaml")
        assert (ran.code, ran.stderr) == (0, "")
        assert "7123456" in ran.stdout
        assert ran.stdout.rstrip().endswith("all 4 runs completed.")


SELECTIONS: Final = [["--rows", "2-3"], ["--only", "few.csv"], ["--sheet", "other.csv"]]


@pytest.mark.parametrize("selection", SELECTIONS)
def test_runs_that_were_selected_are_found_by_the_same_options(here: Here, selection: list[str]) -> None:
    Path("few.csv").write_text("runSettingId\nNA12891\nNA12892\n", encoding="utf-8")
    Path("other.csv").write_text("sample,depth\nNA12891,1\nNA12892,2\n", encoding="utf-8")
    assert here.run("start", "cohort.yaml").code == 0
    assert here.run("start", "cohort.yaml", *selection).code == 0
    for command in ("wait", "watch"):
        ran = here.run(command, "cohort.yaml", *selection)
        assert (ran.code, ran.stderr) == (0, "")
        assert ran.stdout.rstrip().endswith("all 2 runs completed.")
    assert here.run("list", "cohort.yaml", *selection, "--ids").lines == ["7123457"]
    results = here.run("results", "cohort.yaml", *selection, "--json")
    assert [json.loads(line)["runSettingId"] for line in results.lines] == ["NA12891", "NA12892"]


def test_a_selection_takes_a_manifest(here: Here) -> None:
    for command in ("wait 7123456", "watch 7123456", "results 7123456", "list"):
        ran = here.run(*command.split(), "--rows", "1")
        assert (ran.code, here.omics.requests) == (2, ())
        assert "--sheet, --rows and --only go with a manifest's file." in ran.stderr


def test_results_are_those_of_all_batches_of_a_manifest(several: Here) -> None:
    several.run("start", "cohort.yaml")
    assert several.run("wait", "cohort.yaml").code == 0
    ran = several.run("results", "cohort.yaml")
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.lines[-1] == "4 runs: 4 completed"


def test_a_cohort_of_several_batches_is_one(several: Here) -> None:
    assert several.run("start", "cohort.yaml").code == 0
    ran = several.run("wait", "cohort.yaml", "--json")
    assert ran.code == 0
    assert json.loads(ran.lines[-1])["batches"] == 2
    assert [line.split()[0] for line in several.run("list", "cohort.yaml").lines[1:]] == ["7123456", "7123457"]


def test_the_last_attempt_is_waited_for_and_all_are_listed(here: Here) -> None:
    here.run("start", "cohort.yaml")
    here.run("start", "cohort.yaml", "--again")
    ran = here.run("wait", "cohort.yaml", "--json")
    assert json.loads(ran.lines[-1])["batchId"] == "7123457"
    assert here.run("list", "cohort.yaml", "--ids").lines == ["7123456", "7123457"]
    assert here.run("list", "cohort.yaml", "--ids", "--limit", "1").lines == ["7123456"]


def test_batches_that_are_missing_are_counted(several: Here) -> None:
    """As after a start that was stopped in between: the rest is waited for."""
    several.run("start", "cohort.yaml")
    several.omics.remove_batch("7123457")
    ran = several.run("wait", "cohort.yaml")
    assert ran.code == 0
    assert ran.stderr == (
        "omics-batch: cohort.yaml has 2 batches, and 1 were found: start it again to start the others\n"
    )


def test_a_manifest_that_was_not_started_is_reported(here: Here) -> None:
    ran = here.run("wait", "cohort.yaml")
    assert (ran.code, ran.stdout, ran.stderr) == (1, "", NOT_FOUND)
    assert here.run("list", "cohort.yaml").stderr == "omics-batch: no such batch is listed\n"


def test_a_new_one_is_looked_for_again(here: Here) -> None:
    """The service's lists lag."""
    ran = here.run("wait", "cohort.yaml", "--new")
    assert (ran.code, ran.stderr) == (1, NOT_FOUND)
    assert here.omics.requests_of("ListBatch") == 12


def test_a_file_that_is_no_manifest_is_refused(here: Here) -> None:
    Path("request.yaml").write_text("batchRunSettings: {}\n", encoding="utf-8")
    for command in ("wait", "watch", "list", "results"):
        ran = here.run(command, "request.yaml")
        assert (ran.code, ran.stderr) == (2, "omics-batch: request.yaml is no manifest: give the batch's id\n")


def test_every_problem_of_a_manifest_has_its_line(here: Here) -> None:
    Path("samples.csv").write_text("sample,depth\nS1,x\nS2,y\n", encoding="utf-8")
    ran = here.run("wait", "cohort.yaml")
    assert (ran.code, ran.stdout) == (2, "")
    assert [line.partition(",")[0] for line in ran.complaints] == ["omics-batch: samples.csv:2", "samples.csv:3"]
    absent = here.run("list", "absent.yaml")
    assert (absent.code, absent.stdout) == (2, "")
    assert absent.stderr == "omics-batch: absent.yaml: it cannot be read: No such file or directory\n"


def test_what_is_neither_an_id_nor_a_manifest_is_wrong_usage(here: Here) -> None:
    assert here.run("list", "7123456").code == 2
    assert here.run("list", "cohort.yaml", "--name", "trio").code == 2
    assert here.run("wait", "cohort.txt").code == 2
