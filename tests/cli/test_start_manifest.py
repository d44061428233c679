"""`omics-batch start` with a manifest, or with a sheet alone."""

from __future__ import annotations

import errno
import io
import json
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest

import omics_batch
from omics_batch import OmicsBatchClient, RetryPolicy
from omics_batch.cli import main
from omics_batch.cli._connection import ConnectionOptions
from omics_batch.testing import Life, Simulator, faults
from tests.cli.conftest import program_beside

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli._support import Here, Ran

ROLE: Final = "arn:aws:iam::123456789012:role/OmicsRole"
MANIFEST: Final = f"""
batchName: trio
defaultRunSetting:
  workflowId: "1234567"
  roleArn: {ROLE}
  outputUri: s3://my-bucket/out/
sheet: samples.csv
runs:
  runSettingId: "{{sample}}"
  parameters: {{depth: {{column: depth, type: int}}}}
"""
SHEET: Final = "sample,depth\nNA12878,30\nNA12891,29\nNA12892,31\nNA19238,28\n"
BY_OPTIONS: Final = ("--workflow-id", "1234567", "--role-arn", ROLE, "--output-uri", "s3://my-bucket/out/")


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """How fast a client sends, and sends again, is shown elsewhere."""
    retry = RetryPolicy(base=0.001, throttling_base=0.001)
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", partial(OmicsBatchClient, max_rate=None, retry=retry))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "cohort.yaml").write_text(MANIFEST, encoding="utf-8")
    (tmp_path / "samples.csv").write_text(SHEET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def started(ran: Ran) -> list[dict[str, Any]]:
    assert ran.code == 0, ran.stderr
    batches: list[dict[str, Any]] = json.loads(ran.stdout)["batches"]
    return batches


def runs_started(here: Here) -> list[str]:
    here.omics.advance(hours=3)
    return sorted(json.loads(line)["runSettingId"] for line in here.run("runs", "7123456", "--json").lines)


@pytest.mark.usefixtures("folder")
def test_a_manifest_starts_each_run_once_however_often_it_is_started(here: Here) -> None:
    ran = here.run("start", "cohort.yaml")
    assert (ran.code, ran.stderr) == (0, "")
    batch, following = ran.lines
    assert batch == "Batch     7123456: 4 runs, started"
    assert following.startswith("Next      ")
    assert "wait 7123456 --new" in following
    assert here.run("start", "cohort.yaml").lines[0].startswith("Batch     7123456: 4 runs, already there, ")
    assert here.omics.requests_of("StartRunBatch") == 1


@pytest.mark.usefixtures("folder")
def test_again_starts_all_a_second_and_a_third_time(here: Here) -> None:
    first, second, third = (
        started(here.run("start", "cohort.yaml", "--json", *flags)) for flags in ([], ["--again"], ["--again"])
    )
    ids = [batch["id"] for (batch,) in (first, second, third)]
    assert len(set(ids)) == 3
    assert [batch["existed"] for (batch,) in (first, second, third)] == [False, False, False]


@pytest.mark.usefixtures("folder")
def test_a_batch_that_fails_now_is_not_tried_another_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What makes it fail would make each attempt fail, and a failed batch may have runs that cost money."""
    lives = iter([Life(creating=0, pending=0, failure_reason="Invalid JSON")] * 3)
    simulator = Simulator(in_process=True, life=lambda _: next(lives, Life()))
    with program_beside(simulator, monkeypatch, capsys) as here:
        ran = here.run("start", "cohort.yaml")
        assert ran.code == 4
        assert ran.complaints[-1].endswith("Invalid JSON. Fix this, then start it again with --again.")
        assert here.run("start", "cohort.yaml", "--again").code == 4
        assert here.omics.requests_of("StartRunBatch") == 2


@pytest.mark.usefixtures("folder")
def test_an_attempt_that_failed_earlier_is_passed_over(here: Here) -> None:
    """The service answers a request that it knows with the batch of that time."""
    here.omics.put_batch({"id": "42", "status": "FAILED", "failureReason": "Invalid JSON"})
    here.omics.script(faults.body(b'{"id": "42", "status": "FAILED"}', 201, operation="StartRunBatch"))
    (batch,) = started(here.run("start", "cohort.yaml", "--again", "--json"))
    assert batch["id"] == "7123456"
    assert here.omics.requests_of("StartRunBatch") == 2
    (same,) = started(here.run("start", "cohort.yaml", "--attempt", "3", "--json"))
    assert (same["id"], same["existed"]) == ("7123456", True)


@pytest.mark.usefixtures("folder")
def test_after_a_lost_answer_to_again_the_attempt_is_named(here: Here) -> None:
    """Given once more, --again would start all runs another time."""
    assert here.run("start", "cohort.yaml").code == 0
    here.omics.script(faults.truncated("StartRunBatch", times=3))
    ran = here.run("start", "cohort.yaml", "--again")
    assert ran.complaints[-1] == (
        "Run the same command with --attempt 2 in place of --again: what was started is found, and not started twice"
    )
    (batch,) = started(here.run("start", "cohort.yaml", "--attempt", "2", "--json"))
    assert (batch["id"], batch["existed"]) == ("7123457", True)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_ids_that_cannot_be_written_are_reported_on_stderr(
    here: Here, monkeypatch: pytest.MonkeyPatch, flags: list[str]
) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "no more")

    monkeypatch.setattr(sys, "stdout", Full())
    ran = here.run("start", "cohort.yaml", "--again", *flags)
    assert ran.code == 1
    assert "the batches 7123456 were started; their ids could not be written" in ran.stderr


@pytest.mark.usefixtures("folder")
def test_rows_and_only_select_runs(here: Here, folder: Path) -> None:
    (folder / "failed.csv").write_text("runSettingId,reason\nNA19238,out of memory\nNA12891,no\n", encoding="utf-8")
    assert here.run("start", "cohort.yaml", "--rows", "2-4", "--only", "failed.csv").code == 0
    assert runs_started(here) == ["NA12891", "NA19238"]


@pytest.mark.usefixtures("folder")
def test_one_row_of_another_sheet(here: Here, folder: Path) -> None:
    (folder / "other.tsv").write_text("sample\tdepth\nHG1\t1\nHG2\t2\n", encoding="utf-8")
    assert here.run("start", "cohort.yaml", "--sheet", "other.tsv", "--rows", "2").code == 0
    assert runs_started(here) == ["HG2"]


@pytest.mark.usefixtures("folder")
def test_a_sheet_without_a_manifest_is_started_by_options(here: Here) -> None:
    options = [*BY_OPTIONS, "--name", "trio", "--settings-uri", "s3://my-bucket/s/", "--param", "interval={depth}"]
    ran = here.run("start", "--sheet", "samples.csv", *options, "--dry-run", "--json")
    (request,) = json.loads(ran.stdout)["requests"]
    assert (request["batchName"], request["defaultRunSetting"]["outputUri"]) == ("trio", "s3://my-bucket/out/")
    first, *_ = request["batchRunSettings"]["inlineSettings"]
    assert first == {"runSettingId": "NA12878", "parameters": {"interval": "30"}}
    assert here.run("start", "--sheet", "samples.csv", *BY_OPTIONS).code == 0
    assert len(runs_started(here)) == 4


def test_a_dry_run_shows_the_first_runs_and_sends_nothing(here: Here, folder: Path) -> None:
    ran = here.run("start", "cohort.yaml", "--dry-run")
    assert (ran.code, ran.stderr, here.omics.requests) == (0, "", ())
    assert ran.lines[:3] == [
        "Name      trio",
        "Runs      4, such as NA12878, NA12891, NA12892",
        f"Batches   1: {omics_batch.Manifest.load(folder / 'cohort.yaml').requests()[0].request_id}",
    ]
    assert ran.stdout.count('"runSettingId"') == 3
    assert ran.lines[-1] == "Valid. No batch was started."


@pytest.mark.usefixtures("folder")
def test_a_dry_run_shows_what_would_be_uploaded_where(here: Here, folder: Path) -> None:
    (folder / "samples.csv").write_text("sample,depth\n" + "".join(f"S{n},{n}\n" for n in range(250)), encoding="utf-8")
    (folder / "cohort.yaml").write_text(f"{MANIFEST}settingsUri: s3://my-bucket/settings/\n", encoding="utf-8")
    ran = here.run("start", "cohort.yaml", "--dry-run")
    (upload,) = [line for line in ran.lines if line.startswith("Upload")]
    assert " bytes to s3://my-bucket/settings/" in upload
    document = json.loads(here.run("start", "cohort.yaml", "--dry-run", "--json").stdout)
    (file,) = document["uploads"]
    assert (file["runs"], file["uri"]) == (250, document["requests"][0]["batchRunSettings"]["s3UriSettings"])


@pytest.mark.usefixtures("folder")
def test_a_manifest_may_come_from_stdin(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(MANIFEST.encode())))
    assert here.run("start", "-", "--rows", "1").code == 0
    assert runs_started(here) == ["NA12878"]


@pytest.mark.usefixtures("folder")
def test_it_can_wait_for_the_end(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    life = Life(creating=0, pending=0, submission_rate=1e6, run_pending=0, run_starting=0, run_length=0)
    with program_beside(Simulator(in_process=True, life=life), monkeypatch, capsys) as here:
        ran = here.run("start", "cohort.yaml", "--wait")
    assert ran.code == 0
    assert "all 4 runs completed" in ran.lines[-1]


@pytest.mark.usefixtures("folder")
def test_without_the_permission_to_see_the_workflow_it_starts_and_says_so(here: Here) -> None:
    here.omics.script(faults.error("AccessDeniedException", 403, "no", "GetWorkflow"))
    ran = here.run("start", "cohort.yaml")
    assert ran.code == 0
    assert ran.complaints[0].startswith("omics-batch: the parameters are not checked against the workflow: GetWorkflow")
    assert "omics:GetWorkflow" in ran.complaints[0]


@pytest.mark.usefixtures("folder")
def test_where_the_answer_is_lost_the_same_command_again_is_the_advice(here: Here) -> None:
    here.omics.script(faults.truncated("StartRunBatch", times=3))
    ran = here.run("start", "cohort.yaml")
    assert ran.code == 1
    assert ran.complaints[-1] == "Run the same command again: what was started is found, and not started twice"
    assert here.run("start", "cohort.yaml").code == 0
    assert len(here.run("list", "--json").lines) == 1


@pytest.mark.usefixtures("folder")
def test_a_signal_leaves_the_advice_to_repeat_the_command(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ConnectionOptions, "talk", interrupted)
    ran = here.run("start", "cohort.yaml")
    assert (ran.code, ran.stdout) == (130, "")
    assert ran.complaints == [
        "omics-batch: stopped: batches may have been started",
        "Run the same command again: what was started is found, and not started twice",
    ]


@pytest.mark.usefixtures("folder")
def test_a_refusal_is_an_error_and_no_reason_to_try_again(here: Here) -> None:
    here.omics.script(faults.error("AccessDeniedException", 403, "no", "StartRunBatch"))
    ran = here.run("start", "cohort.yaml")
    assert ran.code == 1
    assert not any("Run the same command again" in line for line in ran.complaints)


@pytest.mark.parametrize(
    ("arguments", "reported"),
    [
        ([], "give a FILE, or --sheet, --workflow-id and --role-arn. Missing: --sheet, --workflow-id, --role-arn."),
        (["--sheet", "samples.csv", "--workflow-id", "1"], "Missing: --role-arn."),
        (["--sheet", "samples.csv", *BY_OPTIONS, "--param", "reads"], "'reads' is not NAME=TEMPLATE, such as reads={"),
        (
            ["--sheet", "samples.csv", *BY_OPTIONS, "--param", "reads={a}", "--param", "reads={depth}"],
            "Invalid value for '--param': 'reads' is given twice.",
        ),
        (["cohort.yaml", "--name", "x"], "only a sheet without a file takes --name: write that into cohort.yaml."),
        (["cohort.yaml", "--rows", "x-2"], "'x-2' is neither a number nor a range such as 1-10."),
        (["cohort.yaml", "--rows", "3-2"], "'3-2' has no row: 3 comes after 2."),
        (["cohort.yaml", "--rows", "1-0"], "'1-0' has no row: 1 comes after 0."),
        (["cohort.yaml", "--rows", "0"], "'0' has no row: the first one is 1."),
        (["cohort.yaml", "--rows", "0-2"], "'0-2' has no row: the first one is 1."),
        (["cohort.yaml", "--request-id", "x"], "--request-id is for a request: the ids of a manifest follow from its"),
        (
            ["trio.yaml", "--again"],
            "--again and --attempt are for a manifest: for a request, give",
        ),
        (["trio.yaml", "--attempt", "2"], "--again and --attempt are for a manifest: for a request, give another"),
        (["cohort.yaml", "--again", "--attempt", "2"], "two ways to start it once more: give one."),
        (["samples.csv"], "samples.csv is a sheet: write a manifest for it with the command init, or give it with"),
        (["SAMPLES.TSV"], "SAMPLES.TSV is a sheet"),
        (["cohort.yaml", "--rows", "7"], "none of the 4 runs of samples.csv is selected"),
        (["cohort.yaml", "--sheet", "none.csv"], "none.csv: the sheet cannot be read: No such file or directory"),
        (["--sheet", "none.csv", *BY_OPTIONS], "none.csv: the sheet cannot be read: No such file or directory"),
        (["cohort.yaml", "--only", "samples.csv"], "samples.csv: there is no column runSettingId"),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_is_sent(
    here: Here, folder: Path, arguments: list[str], reported: str
) -> None:
    request = {
        "defaultRunSetting": {"workflowId": "1", "roleArn": ROLE, "outputUri": "s3://b/"},
        "batchRunSettings": {"inlineSettings": [{"runSettingId": "S1"}]},
    }
    (folder / "trio.yaml").write_text(json.dumps(request), encoding="utf-8")
    ran = here.run("start", *arguments)
    assert (ran.code, ran.stdout, here.omics.requests) == (2, "", ())
    assert reported in " ".join(" ".join(ran.complaints).split())


@pytest.mark.usefixtures("folder")
def test_a_folder_of_the_local_s3_that_is_not_there_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--s3", "nowhere", "--port", "0"]) == 2
    assert "s3" in capsys.readouterr().err
