"""`omics-batch resubmit`: the failed runs of a batch run again, and a doubled command starts one batch."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest
import typer

import omics_batch
from omics_batch import OmicsBatchClient, PollPolicy, RetryPolicy
from omics_batch.cli import _program_name
from omics_batch.cli._set_option import changes_of
from omics_batch.testing import Simulator
from tests.cli._support import ID, Here
from tests.cli.test_lists import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from omics_batch.testing import Life

REQUEST: Final[dict[str, Any]] = {
    "batchName": "trio",
    "requestId": "first",
    "defaultRunSetting": {
        "workflowId": "1234567",
        "roleArn": "arn:aws:iam::123456789012:role/OmicsRole",
        "outputUri": "s3://my-bucket/output/",
    },
    "batchRunSettings": {
        "inlineSettings": [{"runSettingId": name, "parameters": {"sample": name}} for name in ("HG1", "HG2", "HG3")]
    },
}


FIRST: Final = replace(
    AT_ONCE, failed_runs={"HG2": "out of memory"}, failed_submissions={"HG3": ("ThrottlingException", "slow down")}
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


@dataclass(frozen=True)
class World(Here):
    """A batch that was started from trio.json, with two failures; what is started later succeeds, and is noted."""

    started: list[Mapping[str, Any]]


@pytest.fixture
def first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[World]:
    started: list[Mapping[str, Any]] = []

    def life_of(request: Mapping[str, Any]) -> Life:
        tags = request.get("tags", {})
        if request["requestId"] == "first" or ("omics-batch:request" in tags and "omics-batch:parent" not in tags):
            return FIRST
        started.append(request)
        return AT_ONCE

    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3" / "my-bucket").mkdir(parents=True)
    (tmp_path / "trio.json").write_text(json.dumps(REQUEST))
    with Simulator(in_process=True, life=life_of, s3=tmp_path / "s3") as omics:
        for name, value in omics.environment.items():
            monkeypatch.setenv(name, value)
        world = World(omics, capsys, started)
        assert world.run("start", "trio.json").code == 0
        yield world


def test_a_dry_run_shows_the_plan_and_starts_nothing(first: World) -> None:
    ran = first.run("resubmit", ID, "--request", "trio.json", "--dry-run")
    assert (ran.code, ran.stderr) == (0, "")
    why = "its reason does not say whether a rerun helps: read the message and the logs"
    assert ran.lines == [
        f"Parent    {ID}",
        "Attempt   2",
        "Rerun     1 run: 1 ThrottlingException",
        "Samples   HG3",
        f"Left out  1 run (HG2): {why}; --remedy LOOK adds it",
        "Workflow  1234567",
        "Role      arn:aws:iam::123456789012:role/OmicsRole",
        "Output    s3://my-bucket/output/",
        "Note      No run cache: each run starts from its first task.",
        "{",
        '  "parameters": {',
        '    "sample": "HG3"',
        "  },",
        '  "runSettingId": "HG3"',
        "}",
        "Nothing was started.",
    ]
    assert first.started == []


def test_a_dry_run_shows_what_is_changed(first: World) -> None:
    changes = ["outputUri=s3://b/2/", "parameters.memory_gb=64", "parameters.mode=fast", 'engineSettings={"a": 1}']
    flags = [word for change in changes for word in ("--set", change)]
    ran = first.run("resubmit", ID, "--request", "trio.json", "--dry-run", *flags)
    assert [line for line in ran.lines if line.startswith(("Output", "Changed"))] == [
        "Output    s3://b/2/",
        'Changed   outputUri="s3://b/2/"',
        'Changed   engineSettings={"a": 1}',
        "Changed   parameters.memory_gb=64",
        'Changed   parameters.mode="fast"',
    ]


def test_the_failed_runs_run_again_with_a_changed_parameter(first: World) -> None:
    arguments = ["resubmit", ID, "--request", "trio.json", "--remedy", "look", "--set", "parameters.memory_gb=64"]
    ran = first.run(*arguments)
    assert (ran.code, ran.stderr) == (0, "")
    assert "Samples   HG2, HG3" in ran.lines
    assert ran.lines[-1] == f"Next      {_program_name.command(['wait', '7123457', '--new'])}"
    (sent,) = first.started
    assert sent["defaultRunSetting"]["parameters"] == {"memory_gb": 64}
    assert [run["runSettingId"] for run in sent["batchRunSettings"]["inlineSettings"]] == ["HG2", "HG3"]
    assert sent["tags"] == {"omics-batch:parent": ID, "omics-batch:attempt": "2"}
    again = first.run(*arguments)
    assert again.code == 0
    assert "Batch     7123457" in again.lines


def test_programs_get_the_plan_and_the_new_id(first: World) -> None:
    ran = first.run("resubmit", ID, "--request", "trio.json", "--no-tags", "--json")
    document = json.loads(ran.stdout)
    assert (document["id"], document["parent"], document["attempt"]) == ("7123457", ID, 2)
    assert document["runs"] == [{"runSettingId": "HG3", "remedy": "RESUBMIT", "reason": "ThrottlingException"}]
    assert [(left["runSettingId"], left["remedy"]) for left in document["leftOut"]] == [("HG2", "LOOK")]
    (sent,) = first.started
    assert (sent.get("tags"), sent["requestId"]) == (None, document["requestId"])
    dry = json.loads(first.run("resubmit", ID, "--request", "trio.json", "--no-tags", "--json", "--dry-run").stdout)
    assert dry == {**document, "id": None}


def test_the_option_that_adds_what_is_left_out_is_named(first: World) -> None:
    """Runs that no option adds are left out without one."""
    refused = {
        "A": ("ValidationException", "no"),
        "B": ("AccessDeniedException", "no"),
        "C": ("ValidationException", "no"),
    }
    batch = first.omics.start_batch([*refused], life=replace(AT_ONCE, failed_submissions=refused))
    left = [line for line in first.run("resubmit", batch, "--dry-run").lines if line.startswith("Left out")]
    assert left[0].startswith("Left out  2 runs (A, C): ")
    assert left[0].endswith("; --remedy CHANGE adds them")
    assert left[1].endswith("; --remedy FIX adds it")
    flags = ["--remedy", "CHANGE", "--remedy", "FIX"]
    (left_out,) = (line for line in first.run("resubmit", batch, *flags).lines if line.startswith("Left out"))
    assert left_out.endswith("give the batch's request or manifest")


@pytest.mark.parametrize("as_json", [False, True])
def test_it_waits_for_the_new_batch(first: World, *, as_json: bool) -> None:
    flags = ["--json"] if as_json else []
    ran = first.run("resubmit", ID, "--request", "trio.json", "--wait", *flags)
    assert ran.code == 0
    if as_json:
        assert json.loads(ran.lines[0])["id"] == "7123457"
        assert json.loads(ran.lines[-1])["exitCode"] == 0
    else:
        assert "its one run completed" in ran.lines[-1]


def test_without_the_request_runs_that_never_started_are_left_out(first: World) -> None:
    ran = first.run("resubmit", ID)
    assert ran.code == 0
    assert "Rerun     no run" in ran.lines
    assert "There is nothing to run again." in ran.lines
    assert any("give the batch's request or manifest" in line for line in ran.lines)
    assert first.started == []
    assert json.loads(first.run("resubmit", ID, "--json").stdout)["id"] is None


def test_of_a_batch_without_failed_runs_it_says_so(first: World) -> None:
    whole = first.omics.start_batch(2, life=AT_ONCE)
    ran = first.run("resubmit", whole)
    assert "Rerun     no run: no failed run is listed" in ran.lines
    assert first.started == []


def test_a_manifest_has_the_settings_too(first: World, tmp_path: Path) -> None:
    (tmp_path / "samples.csv").write_text("sample\nHG1\nHG2\nHG3\n")
    manifest = {
        "defaultRunSetting": REQUEST["defaultRunSetting"],
        "sheet": "samples.csv",
        "runs": {"runSettingId": "{sample}"},
    }
    (tmp_path / "cohort.json").write_text(json.dumps(manifest))
    assert first.run("resubmit", ID, "--manifest", "cohort.json", "--cancelled").code == 0
    assert [run["runSettingId"] for run in first.started[0]["batchRunSettings"]["inlineSettings"]] == ["HG3"]


@pytest.fixture
def cohort(first: World, tmp_path: Path) -> World:
    """A manifest of the samples, and their sheet under another name."""
    (tmp_path / "samples.csv").write_text("sample\nHG1\nHG2\nHG3\nHG4\n")
    (tmp_path / "ids.csv").write_text("runSettingId\nHG2\nHG3\n")
    document = {
        "defaultRunSetting": REQUEST["defaultRunSetting"],
        "sheet": "elsewhere.csv",
        "runs": {"runSettingId": "{sample}"},
    }
    (tmp_path / "cohort.json").write_text(json.dumps(document))
    return first


@pytest.mark.parametrize("chosen", [["--rows", "2-3"], ["--only", "ids.csv"]])
def test_a_manifest_is_read_with_the_options_it_was_started_with(cohort: World, chosen: list[str]) -> None:
    """With other options the plan says that the batch was started from other runs."""
    given = ["--sheet", "samples.csv", *chosen]
    begun = cohort.run("start", "cohort.json", *given, "--json")
    assert begun.code == 0, begun.stderr
    started = json.loads(begun.stdout)["batches"][0]["id"]
    plan = ["resubmit", started, "--manifest", "cohort.json", "--dry-run"]
    ran = cohort.run(*plan, *given)
    assert (ran.code, ran.stderr) == (0, "")
    assert "Samples   HG3" in ran.lines
    assert "was not started from just these runs" not in ran.stdout
    assert "was not started from just these runs" in cohort.run(*plan, "--sheet", "samples.csv").stdout
    assert "elsewhere.csv" in cohort.run(*plan).stderr


def test_a_file_of_another_kind_is_said_to_be_one(cohort: World) -> None:
    ran = cohort.run("resubmit", ID, "--request", "cohort.json")
    assert ran.code == 2
    assert "cohort.json is a manifest: give it with --manifest." in ran.stderr
    for option in ("--manifest", "--request"):
        ran = cohort.run("resubmit", ID, option, "samples.csv")
        assert ran.code == 2
        assert "samples.csv is a sheet: give the manifest with --manifest, and the sheet with --sheet" in ran.stderr
    assert cohort.started == []


def test_attempts_are_counted(first: World) -> None:
    ran = first.run("resubmit", ID, "--request", "trio.json", "--max-attempts", "1")
    assert ran.code == 2
    (complaint,) = ran.complaints
    assert complaint.startswith(f"omics-batch: this is attempt 2 of 1: batch {ID} is attempt 1, by its tags. ")
    assert complaint.endswith(", or give a higher --max-attempts.")


@pytest.fixture
def large(first: World) -> World:
    """A batch of 101 runs that all failed."""
    lost = {f"HG{number}": "lost" for number in range(101)}
    first.omics.start_batch([*lost], life=replace(AT_ONCE, failed_runs=lost))
    return first


def test_more_runs_than_a_request_holds_have_their_settings_in_s3(large: World, tmp_path: Path) -> None:
    arguments = ["resubmit", "7123457", "--remedy", "LOOK", "--settings-uri", "s3://my-bucket/settings"]
    ran = large.run(*arguments)
    assert (ran.code, ran.stderr) == (0, "")
    assert "Batch     7123458" in ran.lines
    (sent,) = large.started
    (file,) = (tmp_path / "s3" / "my-bucket" / "settings").iterdir()
    assert sent["batchRunSettings"] == {"s3UriSettings": f"s3://my-bucket/settings/{file.name}"}
    assert len(json.loads(file.read_text())) == 101
    assert (sent["tags"]["omics-batch:parent"], sent["tags"]["omics-batch:attempt"]) == ("7123457", "2")
    again = large.run(*arguments, "--json")
    assert again.complaints == ["omics-batch: batch 7123458 already existed: the same command started it before"]
    assert json.loads(again.stdout)["id"] == "7123458"
    assert len(large.started) == 1


def test_more_runs_than_a_request_holds_need_a_place_in_s3(large: World) -> None:
    ran = large.run("resubmit", "7123457", "--remedy", "LOOK")
    assert ran.code == 2
    assert "101 runs are more than the 100 that a request holds: give --settings-uri" in ran.stderr
    dry = large.run("resubmit", "7123457", "--remedy", "LOOK", "--dry-run")
    assert dry.code == 0
    assert dry.stdout.count("runSettingId") == 3  # the first three runs
    ran = large.run("resubmit", "7123457", "--remedy", "LOOK", "--settings-uri", "settings")
    assert ran.code == 2
    assert "s3://" in ran.stderr
    assert large.started == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--request", "trio.json", "--manifest", "x.yaml"], "--request and --manifest are two ways"),
        (["--request", "missing.json"], "missing.json"),
        (["--rows", "1-2"], "--sheet, --rows and --only go with --manifest."),
        (["--request", "trio.json", "--sheet", "s.csv"], "--sheet, --rows and --only go with --manifest."),
        (["--set", "memory=64"], "a run has no memory: memory, CPUs and time limits of tasks are set in its workflow"),
        (["--set", "memory"], "'memory' is not NAME=VALUE, such as parameters.memory_gb=64."),
        (["--remedy", "again"], "is not known"),
    ],
)
def test_what_cannot_be_is_wrong_usage(first: World, arguments: list[str], message: str) -> None:
    ran = first.run("resubmit", ID, *arguments)
    assert ran.code == 2
    assert message in ran.stderr
    assert first.started == []


@pytest.mark.parametrize(
    ("given", "default", "parameters"),
    [
        ("parameters.memory_gb=64", {}, {"memory_gb": 64}),
        ('parameters.id="007"', {}, {"id": "007"}),
        ("parameters.id=007", {}, {"id": "007"}),
        ("parameters.wf.task.mem=1.5", {}, {"wf.task.mem": 1.5}),
        ("parameters.fast=true", {}, {"fast": True}),
        ("parameters.x=NaN", {}, {"x": "NaN"}),
        ("parameters.x=", {}, {"x": ""}),
        ("parameters.x=a=b", {}, {"x": "a=b"}),
        ("storageCapacity=2400", {"storageCapacity": 2400}, {}),
        ("priority=null", {"priority": None}, {}),
        ("requesterPaysEnabled=true", {"requesterPaysEnabled": True}, {}),
        ("workflowVersionName=2", {"workflowVersionName": "2"}, {}),
        ("runTags.n=1", {"runTags": {"n": "1"}}, {}),
        ("engineSettings.retries=1", {"engineSettings": {"retries": 1}}, {}),
        ('engine_settings={"a": 1}', {"engine_settings": {"a": 1}}, {}),
        ("parameters=1", {"parameters": "1"}, {}),
    ],
)
def test_a_change_is_json_where_it_can_be_and_else_a_text(
    given: str, default: dict[str, Any], parameters: dict[str, Any]
) -> None:
    assert changes_of([given]) == (default, parameters)


@pytest.mark.parametrize("given", ["x", "=1", "parameters.=1", ""])
def test_what_is_no_change_is_refused(given: str) -> None:
    with pytest.raises(typer.BadParameter, match="NAME=VALUE"):
        changes_of([given])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("priority=true", "priority should be a whole number from 0 to 100,000, not 'true'"),
        ("priority=1.5", "priority should be a whole number"),
        ("storage_capacity=-1", "storage_capacity should be a whole number"),
        ("storageCapacity=100001", "storageCapacity should be a whole number"),
        ("requesterPaysEnabled=1", "requesterPaysEnabled should be true or false, not '1'"),
    ],
)
def test_a_value_of_another_type_is_refused(given: str, message: str) -> None:
    with pytest.raises(typer.BadParameter, match=message):
        changes_of([given])
