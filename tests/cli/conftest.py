from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Final

import pytest

from omics_batch.testing import Simulator
from tests.background import served
from tests.cli._support import PROGRAM, Here, Shell, environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

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


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
def shell(omics: Simulator) -> Shell:
    return Shell(omics)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Here]:
    with served() as simulator:
        for name, value in environment(simulator).items():
            monkeypatch.setenv(name, value)
        yield Here(simulator, capsys)


@pytest.fixture(scope="session")
def whole_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """The demo, on a machine whose configuration is nonsense; it goes on beside the tests that follow."""
    environment = {**os.environ, **NONSENSE, "HOME": str(tmp_path_factory.mktemp("empty-home"))}
    with subprocess.Popen(
        [*PROGRAM, "demo"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()
