from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from omics_batch._api import get_batch
from omics_batch.testing import Simulator
from tests.cli._support import Here, Shell

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterator


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
def shell(omics: Simulator) -> Shell:
    return Shell(omics, measured=False)


@pytest.fixture
def measured_shell(omics: Simulator) -> Shell:
    """A shell for what runs in a process of its own alone."""
    return Shell(omics, measured=True)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Here]:
    with program_beside(Simulator(in_process=True), monkeypatch, capsys) as running:
        yield running


@pytest.fixture
def here_over_http(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Here]:
    """For what goes wrong before anything is sent: credentials, regions, profiles."""
    with program_beside(Simulator(), monkeypatch, capsys) as running:
        yield running


@contextmanager
def program_beside(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Generator[Here]:
    # Of a wait whose time is over, a last look tries for seconds where there is failure: tests of that are elsewhere.
    monkeypatch.setattr(get_batch, "_LAST_ATTEMPTS", 1)
    with simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        yield Here(simulator, capsys)
