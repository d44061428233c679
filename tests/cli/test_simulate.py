"""`omics-batch simulate`: it says how to talk to it, and what it says works."""

from __future__ import annotations

import errno
import re
import signal
import socket
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch.cli._simulate import instructions, why_not
from omics_batch.testing import local_client
from tests.cli._support import ID, Shell, line_of

if TYPE_CHECKING:
    from omics_batch.testing import Simulator


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_what_it_says_works_until_a_signal_ends_it(shell: Shell, number: signal.Signals, code: int) -> None:
    async with shell.started("simulate", "--port", "0", "--runs", "4", "--time-scale", "1000") as process:
        found = re.search(r"http://127\.0\.0\.1:[0-9]+", await line_of(process))
        assert found is not None
        said = [await line_of(process) for _ in range(6)]
        assert f"  export AWS_ENDPOINT_URL_OMICS={found[0]}\n" in said
        assert said[-1] == f"  omics-batch wait {ID}\n"
        ran = await shell.run("get", ID, settings={"AWS_ENDPOINT_URL_OMICS": found[0]})
        assert "simulated-cohort" in ran.stdout
        process.send_signal(number)
        assert (await process.communicate()) == (b"", b"")
        assert process.returncode == code


async def test_without_runs_it_begins_empty(shell: Shell) -> None:
    async with shell.started("simulate", "--port", "0", "--host", "::1", "--region", "eu-west-1") as process:
        endpoint_url = (await line_of(process)).split()[5]
        async with local_client(endpoint_url, region_name="eu-west-1") as client:
            aws: Any = client.aws
            assert (await aws.list_runs())["items"] == []


async def test_a_port_in_use_is_one_line(omics: Simulator, shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ran = await shell.run("simulate", "--port", port)
    assert ran.code == 1
    assert ran.complaints == [
        f"omics-batch: port {port} of 127.0.0.1 is in use: choose another with --port, or --port 0 for a free one"
    ]


def test_other_reasons_not_to_listen_are_told_as_they_are() -> None:
    refused = PermissionError(errno.EACCES, "Permission denied")
    assert why_not(refused, "127.0.0.1", 80) == "cannot listen on 127.0.0.1, port 80: Permission denied"


def test_a_batch_is_told_of_only_where_one_was_placed() -> None:
    assert "omics-batch wait" not in instructions("http://127.0.0.1:8080", "us-west-2", None)
