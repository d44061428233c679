"""The tests see nothing of the machine that they run on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parent.parent

STRANGE: Final = {
    "AWS_PROFILE": "nobody",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "ALL_PROXY": "socks5://127.0.0.1:9",
    "NO_PROXY": "*",
    "FORCE_COLOR": "1",
    "NO_COLOR": "1",
    "TTY_COMPATIBLE": "1",
    "PYTHONUNBUFFERED": "1",
    "TERM": "dumb",
    "COLUMNS": "40",
    "LINES": "10",
}

SENSITIVE: Final = (
    "tests/test_example_suite.py",  # makes a client while it is collected
    "tests/cli/test_live.py",  # measures terminals
    "tests/testing/test_operations.py",  # asks a server of this machine
)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_whatever_the_environment_the_tests_pass() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not slow", "-p", "no:cacheprovider", *SENSITIVE]
    ran = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **STRANGE}, capture_output=True, text=True, timeout=800, check=False
    )
    assert ran.returncode == 0, ran.stdout
