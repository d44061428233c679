"""The demo from end to end, over real HTTP to a simulator in a thread."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Final

from omics_batch.cli._demo import runner
from omics_batch.cli._demo.samples import FAILED_RUNS, LIFE_AGAIN, NOT_SUBMITTED

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.cli._support import Here

NONSENSE: Final = {
    "AWS_PROFILE": "nobody",
    "AWS_DEFAULT_REGION": "nowhere",
    "AWS_ENDPOINT_URL": "nonsense",
    "AWS_ENDPOINT_URL_OMICS": "nonsense",
    "AWS_ACCESS_KEY_ID": "",
    "AWS_MAX_ATTEMPTS": "nonsense",
    "AWS_CA_BUNDLE": "/nowhere",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
}
"""A machine's configuration that leads nowhere."""


def test_the_demo_goes_as_scripted_whatever_the_machines_configuration(
    here: Here, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In sixteen times the speed, and with every number as in the usual one."""
    for name, value in {**NONSENSE, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    ran = here.run("demo", "--speed", "16")
    assert (ran.code, ran.stderr) == (0, ""), ran.stdout
    assert [thread.name for thread in threading.enumerate()].count("local HealthOmics") == 1  # of the fixture
    assert len(re.findall(r"Z  ThrottlingException \(HTTP 429\): .*; attempt [23] in", ran.stdout)) == 2
    assert len(re.findall(r"Z  RequestTimeoutException \(HTTP 408\): .*; attempt 2 in", ran.stdout)) == 1
    assert "90 of 96 runs completed, 4 failed, 2 not submitted." in ran.stdout
    assert "4 runs failed: running them again, with memory_gb=64 in place of 16." in ran.stdout
    assert "all 4 runs completed." in ran.stdout
    assert "4 of the failed ones completed when they ran again (StartRunBatch)." in ran.stdout
    assert "Errors retried: 2 throttled (HTTP 429), 1 timed out (HTTP 408), of " in ran.stdout
    for sample in (*FAILED_RUNS, *NOT_SUBMITTED):
        assert len(re.findall(rf"^  {sample}  \w+  ", ran.stdout, re.MULTILINE)) == 1
    assert "All went as scripted.\nTo try your own: " in ran.stdout
    assert max(map(len, ran.lines)) <= 120
    assert "\x1b" not in ran.stdout


def test_without_a_failure_nothing_runs_again_and_that_is_not_as_scripted(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "LIFE", LIFE_AGAIN)
    ran = here.run("demo", "--speed", "50")
    assert ran.code == 1
    assert "None of them ran again." in ran.stdout
    assert "Not as scripted: completed runs of the rerun: 0, where the script says 4" in ran.stdout
