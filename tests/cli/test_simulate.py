"""`omics-batch simulate`: it says how to talk to it, and what it says works."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch import BatchFailedError
from omics_batch.cli._simulate import instructions, why_not
from omics_batch.testing import Scenario, Simulator, local_client
from tests.cli._support import ID, Shell, line_of
from tests.forked import Forked
from tests.machine import has_ipv6

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from pathlib import Path

    from tests.cli._support import Here

COHORTS = """
region: eu-west-1
time_scale: 1000
batches:
  - {name: trio, runs: [NA12878, NA12891, NA12892]}
  - {runs: 5, life: {failure_reason: no such workflow}}
faults:
  - throttled: {operation: GetRun}
"""


async def paste_of(process: Process | Forked) -> str:
    """The lines that it gives to paste, up to the one for its batch."""
    lines = [await line_of(process)]
    while f"wait {ID}" not in lines[-1]:
        lines.append(await line_of(process))
    return "".join(line for line in lines if line.startswith("  export "))


def variables_of(paste: str) -> dict[str, str]:
    """What a shell has in its environment that knew nothing else before."""
    nothing = {"PATH": os.environ["PATH"], "HOME": "/nowhere"}
    said = subprocess.run(["/bin/sh", "-c", f"{paste}env"], env=nothing, check=True, capture_output=True, text=True)
    return dict(line.split("=", 1) for line in said.stdout.splitlines())


async def test_what_it_says_works_until_a_signal_ends_it(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pasted into a shell that knows nothing else, it leads this program and boto3 there."""
    async with shell.started("simulate", "--port", "0", "--runs", "4", "--time-scale", "1000") as process:
        pasted = variables_of(await paste_of(process))
        get = await Forked.piped(["get", ID], pasted)
        assert b"simulated-cohort" in (await get.communicate())[0]
        for name, value in pasted.items():
            monkeypatch.setenv(name, value)
        boto3: Any = import_module("boto3")
        assert boto3.Session().client("omics").get_batch(batchId=ID)["name"] == "simulated-cohort"
        process.send_signal(signal.SIGINT)
        assert (await process.communicate()) == (b"", b"")
        assert process.returncode == 130


async def test_a_program_reads_the_same_as_json(measured_shell: Shell) -> None:
    async with measured_shell.started("simulate", "--port", "0", "--runs", "1", "--json") as process:
        said = json.loads(await line_of(process))
        assert said["environment"] == {
            "AWS_ENDPOINT_URL_OMICS": said["endpointUrl"],
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_DEFAULT_REGION": said["region"],
            "AWS_REGION": "us-west-2",
            "AWS_ACCESS_KEY_ID": Simulator.access_key,
            "AWS_SECRET_ACCESS_KEY": Simulator.secret_key,
            "AWS_ENDPOINT_URL_S3": said["endpointUrl"],
        }
        assert said["batchIds"] == [ID]
        process.terminate()
        assert await process.wait() == 143


@pytest.mark.slow
async def test_it_plays_a_scenario(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "cohorts.yaml"
    path.write_text(COHORTS, encoding="utf-8")
    async with shell.started("simulate", "--port", "0", "--scenario", str(path), "--json") as process:
        said = json.loads(await line_of(process))
        assert (said["region"], said["batchIds"]) == ("eu-west-1", ["7123456", "7123457"])
        async with local_client(said["endpointUrl"], region_name="eu-west-1") as client:
            assert (await client.get_batch("7123456")).name == "trio"
            with pytest.raises(BatchFailedError, match="no such workflow"):
                await client.wait_until_processed("7123457")


@pytest.mark.slow
async def test_the_command_line_has_the_last_word_on_a_scenario(shell: Shell, tmp_path: Path) -> None:
    path = tmp_path / "cohorts.json"
    path.write_text('{"region": "eu-west-1", "s3": "http://127.0.0.1:5000"}', encoding="utf-8")
    arguments = ("--scenario", str(path), "--region", "us-east-1", "--time-scale", "5")
    async with shell.started("simulate", "--port", "0", "--json", *arguments) as process:
        said = json.loads(await line_of(process))
        assert (said["region"], said["batchIds"]) == ("us-east-1", [])
        assert said["environment"]["AWS_ENDPOINT_URL_S3"] == "http://127.0.0.1:5000"


def test_a_scenario_that_is_none_is_reported_line_by_line(here: Here, tmp_path: Path) -> None:
    path = tmp_path / "cohorts.yaml"
    path.write_text("quota: fast\nbatches:\n- run: 3\n", encoding="utf-8")
    ran = here.run("simulate", "--scenario", str(path))
    assert (ran.code, ran.stdout) == (2, "")
    assert ran.complaints == [
        f"omics-batch: {path}: line 1: quota: should be a valid number",
        f"{path}: line 3: batches[0].runs: is missing",
        f"{path}: line 3: batches[0].run: unknown field; did you mean runs?",
    ]


@pytest.mark.parametrize("option", ["--runs", "--failed-runs"])
def test_a_scenario_says_itself_which_batches_there_are(here: Here, tmp_path: Path, option: str) -> None:
    ran = here.run("simulate", option, "3", "--scenario", str(tmp_path / "cohorts.yaml"))
    assert ran.code == 2
    assert "leave --runs and --failed-runs away" in ran.complaints[0]


def test_a_setting_that_no_simulator_takes_is_wrong_usage(here: Here, tmp_path: Path) -> None:
    path = tmp_path / "cohorts.yaml"
    path.write_text("s3: nowhere", encoding="utf-8")
    ran = here.run("simulate", "--scenario", str(path))
    assert ran.code == 2
    assert "s3: there is no folder" in ran.complaints[0]


def test_a_scale_that_is_none_is_wrong_usage(here: Here) -> None:
    ran = here.run("simulate", "--time-scale", "nan")
    assert ran.code == 2
    assert "scale" in ran.complaints[0]


def test_it_prints_the_schema_of_a_scenario(here: Here) -> None:
    ran = here.run("simulate", "--scenario-schema")
    assert (ran.code, json.loads(ran.stdout)) == (0, Scenario.schema())


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
async def test_without_runs_it_begins_empty(shell: Shell) -> None:
    async with shell.started("simulate", "--port", "0", "--host", "::1", "--region", "eu-west-1") as process:
        endpoint_url = (await line_of(process)).split()[5]
        async with local_client(endpoint_url, region_name="eu-west-1") as client:
            aws: Any = client.aws
            assert (await aws.list_runs())["items"] == []


def test_a_port_in_use_is_one_line(here: Here) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = here.run("simulate", "--port", port)
    assert ran.code == 1
    assert ran.complaints == [
        f"omics-batch: port {port} of 127.0.0.1 is in use: choose another with --port, or --port 0 for a free one"
    ]


def test_other_reasons_not_to_listen_are_reported_as_they_are() -> None:
    refused = PermissionError(errno.EACCES, "Permission denied")
    assert why_not(refused, "127.0.0.1", 80) == "cannot listen on 127.0.0.1, port 80: Permission denied"


async def test_of_many_batches_the_first_are_reported(omics: Simulator) -> None:
    assert "omics-batch wait" not in instructions(omics, [])
    assert "more batches" not in instructions(omics, ["1"] * 10)
    lines = instructions(omics, [str(number) for number in range(12)]).splitlines()
    assert lines[-2:] == ["  omics-batch wait 9", "  # and 2 more batches, up to 11"]


async def test_what_it_says_works_where_it_listens_on_all_addresses(shell: Shell) -> None:
    async with shell.started("simulate", "--port", "0", "--host", "0.0.0.0", "--runs", "1") as process:  # noqa: S104 - as users do
        pasted = variables_of(await paste_of(process))
        get = await Forked.piped(["get", ID], pasted)
        assert b"simulated-cohort" in (await get.communicate())[0]


@pytest.mark.parametrize(
    ("url", "option"),
    [
        ("http://omics:8080", " --allow-http"),
        ("http://10.1.2.3:80/lab", " --allow-http"),
        ("https://omics.lab.internal", ""),
        ("http://127.0.0.1:9000", ""),
    ],
)
async def test_what_is_advertised_is_said_in_place_of_where_it_listens(shell: Shell, url: str, option: str) -> None:
    """With the option that pasted commands need then."""
    arguments = ("simulate", "--port", "0", "--runs", "1", "--advertise", url)
    async with shell.started(*arguments) as process:
        lines = [await line_of(process)]
        while "omics-batch wait" not in lines[-1]:
            lines.append(await line_of(process))
        assert f"listens on {url} until" in lines[0]
        assert f"  export AWS_ENDPOINT_URL_OMICS={url}\n" in lines
        assert lines[-1] == f"  omics-batch wait {ID}{option}\n"
    async with shell.started(*arguments, "--json") as process:
        said = json.loads(await line_of(process))
        assert said["endpointUrl"] == said["environment"]["AWS_ENDPOINT_URL_OMICS"] == url


@pytest.mark.parametrize("url", ["omics:8080", "http://user:hunter2@omics", "ftp://omics"])
def test_what_no_client_takes_is_not_advertised(here: Here, url: str) -> None:
    ran = here.run("simulate", "--advertise", url)
    assert ran.code == 2
    assert "endpoint" in ran.complaints[0]
    assert "hunter2" not in ran.stderr
