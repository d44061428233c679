"""The demo from end to end, over real HTTP between two processes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from omics_batch.cli._cohort import FAILED_RUNS, NOT_SUBMITTED

if TYPE_CHECKING:
    import subprocess


def test_the_demo_goes_as_scripted_whatever_the_machines_configuration(whole_demo: subprocess.Popen[str]) -> None:
    stdout, stderr = whole_demo.communicate()
    assert (whole_demo.returncode, stderr) == (0, ""), stdout
    assert len(re.findall(r"Z  ThrottlingException \(HTTP 429\): .*; attempt [23] in", stdout)) == 2
    assert len(re.findall(r"Z  RequestTimeoutException \(HTTP 408\): .*; attempt 2 in", stdout)) == 1
    assert "90 of 96 runs completed, 4 failed, 2 not submitted." in stdout
    assert "Absorbed: 2 throttled (HTTP 429), 1 timed out (HTTP 408), of " in stdout
    for sample in (*FAILED_RUNS, *NOT_SUBMITTED):
        assert len(re.findall(rf"^  {sample}  \w+  ", stdout, re.MULTILINE)) == 1
    lines = stdout.splitlines()
    assert lines[-1] == "All went as scripted."
    assert max(map(len, lines)) <= 120
    assert "\x1b" not in stdout
