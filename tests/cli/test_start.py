"""`omics-batch start`: what goes out, what does not, and how nothing gets lost."""

from __future__ import annotations

import errno
import io
import json
import os
import shlex
import signal
import sys
from functools import partial
from typing import TYPE_CHECKING, Final

import pytest

import omics_batch
from omics_batch import OmicsBatchClient, RetryPolicy
from omics_batch.cli import main
from omics_batch.cli._connection import ConnectionOptions
from omics_batch.testing import Simulator, faults
from tests.cli.conftest import program_beside
from tests.events import until
from tests.forked import PROGRAM

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.cli._support import Here, Ran, Shell

TRIO: Final = """
batchName: trio
requestId: trio-1
defaultRunSetting:
  workflowId: "1234567"
  workflowVersionName: v2
  roleArn: arn:aws:iam::123456789012:role/OmicsRole
  outputUri: s3://my-bucket/output/
batchRunSettings:
  inlineSettings:
    - {runSettingId: NA12878, parameters: {interval: 20:45}}
    - {runSettingId: NA12891}
    - {runSettingId: NA12892}
    - {runSettingId: NA19238}
"""
ANONYMOUS: Final = TRIO.replace("requestId: trio-1\n", "")
AGAIN: Final = "The same request again, which starts no second batch: "


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """How fast a client sends, and sends again, is shown elsewhere."""
    retry = RetryPolicy(base=0.001, throttling_base=0.001)
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", partial(OmicsBatchClient, max_rate=None, retry=retry))


@pytest.fixture
def trio(tmp_path: Path) -> Path:
    path = tmp_path / "trio.yaml"
    path.write_text(TRIO, encoding="utf-8")
    return path


@pytest.fixture
def anonymous(trio: Path) -> Path:
    trio.write_text(ANONYMOUS, encoding="utf-8")
    return trio


def started(omics: Simulator) -> int:
    """How many batches there are: the next one's id shows."""
    return int(omics.start_batch(1)) - 7123456


def stdin(text: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(text.encode()))


def test_a_batch_is_started_and_the_next_command_reported(here: Here, trio: Path) -> None:
    ran = here.run("start", str(trio), "--region", "us-west-2")
    assert (ran.code, ran.stderr) == (0, "")
    *reported, following = ran.lines
    assert reported == [
        "Batch     7123456",
        "ARN       arn:aws:omics:us-west-2:123456789012:runBatch/7123456",
        "Status    CREATING",
        "Request   trio-1",
    ]
    words = shlex.split(following.removeprefix("Next"))
    assert words[-5:] == ["wait", "7123456", "--new", "--region", "us-west-2"]
    batch = json.loads(here.run("get", "7123456", "--json").stdout)
    assert batch["name"] == "trio"
    assert batch["defaultRunSetting"]["workflowVersionName"] == "v2"


def test_programs_get_the_answer_and_the_requests_id(here: Here, trio: Path) -> None:
    ran = here.run("start", str(trio), "--json")
    answer = json.loads(ran.stdout)
    assert (answer["id"], answer["status"], answer["requestId"]) == ("7123456", "CREATING", "trio-1")
    assert answer["arn"].endswith(":runBatch/7123456")


def test_a_request_may_come_from_a_pipe(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", stdin(TRIO))
    assert "Request   trio-1" in here.run("start", "-").lines


def test_a_request_starts_one_batch_however_often_it_is_sent(here: Here, anonymous: Path) -> None:
    for _ in range(3):
        assert here.run("start", str(anonymous), "--request-id", "trio-2").lines[0] == "Batch     7123456"
    assert here.run("start", str(anonymous)).lines[0] == "Batch     7123457"
    assert here.run("start", str(anonymous)).lines[0] == "Batch     7123458"


def test_a_bad_file_is_reported_line_by_line_and_nothing_is_sent(here: Here, trio: Path) -> None:
    trio.write_text(TRIO.replace('"1234567"', "1234567").replace("outputUri", "output"), encoding="utf-8")
    ran = here.run("start", str(trio))
    assert (ran.code, ran.stdout) == (2, "")
    first, second = ran.complaints
    assert first == (
        f"omics-batch: {trio}: line 5: defaultRunSetting.workflowId: should be a valid string: put it in quotes"
    )
    assert second == f"{trio}: line 8: defaultRunSetting.output: unknown field; did you mean outputUri?"
    assert not here.omics.requests


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["nothing.yaml"], "nothing.yaml: it cannot be read: No such file or directory"),
        (["-"], "<stdin>: it is empty"),
        (["trio.yaml", "--request-id", ""], "'--request-id': should be 1 to 128 characters"),
        (["trio.yaml", "--request-id", "a\tb"], "'--request-id': should be 1 to 128 characters, without tabs"),
    ],
)
def test_what_cannot_be_sent_is_wrong_usage(
    here: Here, trio: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], complaint: str
) -> None:
    monkeypatch.chdir(trio.parent)
    for mode in ([], ["--dry-run"]):
        monkeypatch.setattr(sys, "stdin", stdin(""))
        ran = here.run("start", *arguments, *mode)
        assert (ran.code, ran.stdout) == (2, "")
        assert complaint in ran.complaints[0]
    assert not here.omics.requests


# Dry runs


def test_a_dry_run_needs_nothing_and_sends_nothing(
    trio: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_OMICS", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    assert main(["start", str(trio), "--dry-run"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.splitlines() == [
        "Name      trio",
        "Request   trio-1",
        "Runs      4: NA12878, NA12891, NA12892 and 1 more",
        "Workflow  1234567 v2",
        "Role      arn:aws:iam::123456789012:role/OmicsRole",
        "Output    s3://my-bucket/output/",
        "Valid. No batch was started.",
    ]


def test_what_a_dry_run_writes_for_programs_is_a_request(here: Here, anonymous: Path) -> None:
    ran = here.run("start", str(anonymous), "--dry-run", "--json", "--request-id", "trio-2")
    written = json.loads(ran.stdout)
    assert written["requestId"] == "trio-2"
    assert written["batchRunSettings"]["inlineSettings"][0] == {
        "runSettingId": "NA12878",
        "parameters": {"interval": "20:45"},
    }
    assert not here.omics.requests
    anonymous.write_text(ran.stdout, encoding="utf-8")
    assert json.loads(here.run("start", str(anonymous), "--dry-run", "--json").stdout) == written


IN_S3: Final = {
    "defaultRunSetting": {"workflowId": "1", "roleArn": "arn:aws:iam::123456789012:role/OmicsRole"},
    "batchRunSettings": {"s3UriSettings": "s3://my-bucket/cohort.json"},
}


@pytest.fixture
def beside_s3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Generator[tuple[Here, Path]]:
    """A simulator with a folder for S3, in which the request in_s3.json has its settings."""
    bucket = tmp_path / "s3" / "my-bucket"
    bucket.mkdir(parents=True)
    (tmp_path / "in_s3.json").write_text(json.dumps(IN_S3), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with program_beside(Simulator(in_process=True, s3=tmp_path / "s3"), monkeypatch, capsys) as here:
        yield here, bucket / "cohort.json"


def test_a_dry_run_reads_the_settings_in_s3(beside_s3: tuple[Here, Path]) -> None:
    here, settings = beside_s3
    runs = [{"runSettingId": f"S{n}", "parameters": {"depth": n}} for n in range(1, 251)]
    settings.write_text(json.dumps(runs), encoding="utf-8")
    ran = here.run("start", "in_s3.json", "--dry-run")
    assert (ran.code, ran.stderr) == (0, "")
    assert ran.lines[:5] == [
        "Request   a new one each time: the file has no requestId",
        "Settings  s3://my-bucket/cohort.json",
        "Runs      250, such as S1, S2, S3",
        "Workflow  1",
        "Role      arn:aws:iam::123456789012:role/OmicsRole",
    ]
    shown = "".join(f"{json.dumps(run, indent=2)}\n" for run in runs[:3])
    assert ran.stdout.endswith(f"OmicsRole\n{shown}Valid. No batch was started.\n")
    assert here.omics.requests_of("StartRunBatch") == 0
    written = json.loads(here.run("start", "in_s3.json", "--dry-run", "--json").stdout)
    assert written["batchRunSettings"] == IN_S3["batchRunSettings"]


def test_settings_in_s3_that_may_not_be_read_are_no_error(beside_s3: tuple[Here, Path]) -> None:
    """The role of whoever starts a batch need not read them: the service does."""
    here, _ = beside_s3
    here.omics.script(faults.error("AccessDenied", 403, "no", "GetObject"))
    ran = here.run("start", "in_s3.json", "--dry-run")
    assert ran.code == 0
    (complaint,) = ran.complaints
    assert complaint.startswith(
        "omics-batch: the settings in S3 were not read: GetObject of s3://my-bucket/cohort.json"
    )
    assert "Allow s3:GetObject" in complaint
    assert "Runs      those of the settings in S3, which the service reads: they were not read here" in ran.lines


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "s3://my-bucket/cohort.json: there is no such object in S3"),
        ("", "s3://my-bucket/cohort.json is not a JSON array of run settings: the batch would be FAILED"),
        ("[]", "s3://my-bucket/cohort.json is not a JSON array of run settings: the batch would be FAILED"),
        (
            '{"runSettingId": "S1"}',
            "s3://my-bucket/cohort.json is not a JSON array of run settings: the batch would be",
        ),
        ('[{"runSettingId": "S1"}, {"runSettingID": "S2"}]', "s3://my-bucket/cohort.json: run 2: "),
        ('[{"run_setting_id": "S1"}]', "s3://my-bucket/cohort.json: run 1: run_setting_id: not AWS's own name"),
        ("[1]", "s3://my-bucket/cohort.json: run 1: "),
    ],
)
def test_settings_in_s3_that_cannot_be_right_are_wrong_usage(
    beside_s3: tuple[Here, Path], content: str | None, complaint: str
) -> None:
    here, settings = beside_s3
    if content is not None:
        settings.write_text(content, encoding="utf-8")
    ran = here.run("start", "in_s3.json", "--dry-run")
    assert (ran.code, ran.stdout) == (2, "")
    (reported,) = ran.complaints
    assert reported.startswith(f"omics-batch: {complaint}")


def test_without_a_region_the_settings_in_s3_are_not_read(
    beside_s3: tuple[Here, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    here, _ = beside_s3
    monkeypatch.setenv("AWS_ENDPOINT_URL_OMICS", "http://127.0.0.1:9")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    ran = here.run("start", "in_s3.json", "--dry-run")
    assert ran.code == 0
    (complaint,) = ran.complaints
    assert complaint.startswith("omics-batch: the settings in S3 were not read: no AWS region.")


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_what_the_installed_botocore_cannot_send_is_reported(here: Here, trio: Path, dry: list[str]) -> None:
    trio.write_text(TRIO.replace("outputUri:", "storageType: TAPE\n  outputUri:"), encoding="utf-8")
    ran = here.run("start", str(trio), *dry)
    assert (ran.code, ran.stdout) == (2, "")
    (complaint,) = ran.complaints
    assert "cannot send 'TAPE' as defaultRunSetting.storageType, which is one of STATIC, DYNAMIC" in complaint
    assert not here.omics.requests


def test_what_is_wrong_with_a_request_comes_before_a_region_that_is_missing(
    here_over_http: Here, trio: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    ran = here_over_http.run("start", str(trio))
    assert ran.code == 1
    assert ran.complaints[0].startswith("omics-batch: no AWS region.")
    trio.write_text(TRIO.replace("outputUri:", "storageType: TAPE\n  outputUri:"), encoding="utf-8")
    ran = here_over_http.run("start", str(trio))
    assert ran.code == 2
    (complaint,) = ran.complaints
    assert "cannot send 'TAPE' as defaultRunSetting.storageType" in complaint


def test_names_in_a_request_show_harmlessly(here: Here, trio: Path) -> None:
    trio.write_text(
        TRIO.replace("trio-1", "'[red]x[/red]'").replace("NA12891", "\u05e9\u05dc\u05d5\u05dd"), encoding="utf-8"
    )
    assert here.run("start", str(trio), "--dry-run").lines[1:3] == [
        "Request   [red]x[/red]",
        "Runs      4: NA12878, \u05e9\u05dc\u05d5\u05dd, NA12892 and 1 more",
    ]


# The run cache

NO_CACHE: Final = "omics-batch: defaultRunSetting has no cacheId: a later rerun computes every task again"


@pytest.mark.parametrize("flags", [[], ["--dry-run"]])
def test_at_a_terminal_it_says_that_a_rerun_would_have_no_run_cache(
    here: Here, trio: Path, monkeypatch: pytest.MonkeyPatch, flags: list[str]
) -> None:
    """The finished tasks of a rerun are in the cache only if the first batch used it."""
    monkeypatch.setenv("COLUMNS", "200")
    assert here.run("start", str(trio), *flags).stderr == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert here.run("start", str(trio), *flags).complaints[0] == NO_CACHE
    assert "cacheId" not in here.run("start", str(trio), "--json", *flags).stderr
    trio.write_text(TRIO.replace("outputUri:", 'cacheId: "7"\n  outputUri:'), encoding="utf-8")
    assert "cacheId" not in here.run("start", str(trio), *flags).stderr


# Nothing is lost


def again_in(ran: Ran) -> list[str]:
    """The arguments of the command that is reported beside a failure."""
    _, again = ran.complaints
    assert again.startswith(AGAIN)
    words = shlex.split(again.removeprefix(AGAIN))
    return words[words.index("start") :]


def test_where_the_answer_is_lost_the_command_is_reported_that_starts_no_second_batch(
    here: Here, anonymous: Path
) -> None:
    here.omics.script(faults.truncated("StartRunBatch", times=3))
    ran = here.run("start", str(anonymous), "--region", "us-west-2")
    assert (ran.code, ran.stdout) == (1, "")
    assert "The batch may have been started" in ran.complaints[0]
    assert again_in(ran)[-2:] == ["--region", "us-west-2"]  # elsewhere it would be a second batch
    assert here.run(*again_in(ran)).lines[0] == "Batch     7123456"
    assert started(here.omics) == 1


def test_what_came_from_a_pipe_has_to_come_again(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", stdin(TRIO))
    here.omics.script(faults.status(500, "StartRunBatch", times=3))
    ran = here.run("start", "-")
    assert ran.code == 1
    assert ran.complaints[1].endswith(" start - --request-id trio-1 (with the same on stdin)")


def test_throttling_may_pass(here: Here, trio: Path) -> None:
    here.omics.script(faults.throttled("StartRunBatch", times=3))
    assert again_in(here.run("start", str(trio))) == ["start", str(trio), "--request-id", "trio-1"]


@pytest.fixture
def _own_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client's own policy, but for the delays."""
    monkeypatch.setattr(omics_batch, "OmicsBatchClient", partial(OmicsBatchClient, random=lambda: 0.0))


@pytest.mark.usefixtures("_own_retries")
@pytest.mark.usefixtures("short_waits")
def test_with_a_time_out_throttling_passes(here: Here, trio: Path) -> None:
    """A request that is sent again starts no second batch."""
    here.omics.script(faults.throttled("StartRunBatch", times=5))
    ran = here.run("start", str(trio), "--timeout", "1h")
    assert (ran.code, ran.lines[:1], ran.complaints) == (0, ["Batch     7123456"], [])
    assert here.omics.requests_of("StartRunBatch") == 6


def test_a_time_out_that_is_over_is_in_the_command_that_is_reported(here: Here, trio: Path) -> None:
    here.omics.script(faults.status(503, "StartRunBatch", times=3))
    ran = here.run("start", str(trio), "--timeout", "1s")
    assert ran.code == 1
    assert again_in(ran) == ["start", str(trio), "--request-id", "trio-1", "--timeout", "1s"]


def test_a_time_out_of_nothing_is_wrong_usage(here: Here, trio: Path) -> None:
    ran = here.run("start", str(trio), "--timeout", "0")
    assert (ran.code, here.omics.requests) == (2, ())
    assert "0 leaves no time to send anything." in ran.stderr


def test_a_refusal_after_a_lost_answer_is_no_proof_that_nothing_was_started(here: Here, trio: Path) -> None:
    here.omics.script(faults.status(500, "StartRunBatch"), faults.status(403, "StartRunBatch"))
    assert again_in(here.run("start", str(trio))) == ["start", str(trio), "--request-id", "trio-1"]


def test_a_refusal_is_one_line(here_over_http: Here, trio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here_over_http.omics.script(faults.status(403, "StartRunBatch"))
    ran = here_over_http.run("start", str(trio))
    assert ran.code == 1
    (complaint,) = ran.complaints
    assert "AccessDeniedException" in complaint
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    wrong, step = here_over_http.run("start", str(trio)).complaints
    assert "no credentials were found" in wrong
    assert step.startswith("Log in")


@pytest.mark.slow
async def test_a_signal_after_it_was_sent_shows_how_to_go_on(
    omics: Simulator, measured_shell: Shell, shell: Shell, anonymous: Path
) -> None:
    omics.script(faults.stalled("StartRunBatch"))
    async with measured_shell.started("start", str(anonymous)) as process:
        await until(lambda: omics.requests)
        process.send_signal(signal.SIGINT)
        stdout, stderr = await process.communicate()
        assert process.returncode == 130
    assert stdout == b""
    reported, again = stderr.decode().splitlines()
    assert reported == "omics-batch: stopped: the batch may have been started"
    ran = await shell.run(program=tuple(shlex.split(again.removeprefix(AGAIN))))
    assert (ran.code, ran.lines[0]) == (0, "Batch     7123456")
    assert started(omics) == 1


def test_a_signal_before_that_says_nothing(here: Here, trio: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(ConnectionOptions, "talk", interrupted)
    ran = here.run("start", str(trio))
    assert (ran.code, ran.stdout, ran.stderr) == (130, "", "")


@pytest.mark.parametrize(
    ("failure", "code"),
    [(OSError(errno.ENOSPC, "no more"), 1), (OSError(errno.EPIPE, "no more"), 141), (KeyboardInterrupt(), 130)],
)
@pytest.mark.parametrize("how", [[], ["--json"]])
def test_an_id_that_cannot_be_written_is_reported_on_stderr(
    here: Here, trio: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException, code: int, *, how: list[str]
) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise failure

        def fileno(self) -> int:
            return spare.fileno()

    spare = trio.open("rb+")
    monkeypatch.setattr(sys, "stdout", Full())
    ran = here.run("start", str(trio), *how)
    spare.close()
    assert ran.code == code
    assert ran.complaints[0] == (
        "omics-batch: batch 7123456 was started by the request trio-1; its id could not be written"
    )


async def test_nothing_is_sent_where_its_id_could_not_be_reported(
    omics: Simulator, measured_shell: Shell, trio: Path
) -> None:
    command = shlex.join([*PROGRAM, "start", str(trio)])
    ran = await measured_shell.run("-c", f"{command} >&-", program=("bash",))
    assert (ran.code, ran.stderr) == (
        2,
        "omics-batch: stdout is closed, so the batch's id cannot be printed: nothing was sent\n",
    )
    assert not omics.requests


def test_the_command_that_is_reported_next_is_whole(
    here: Here, trio: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A profile's name may be long, and may hold two spaces."""
    profile = f"sequencing  {'lab' * 200}"
    keys = [f"{name.lower()} = {os.environ[name]}\n" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
    (tmp_path / "config").write_text(f"[profile '{profile}']\n{''.join(keys)}", encoding="utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    ran = here.run("start", str(trio), "--profile", profile)
    assert ran.stderr == ""
    assert shlex.split(ran.lines[-1])[-2:] == ["--profile", profile]
