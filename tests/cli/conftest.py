from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from omics_batch import _looker
from omics_batch.testing import Simulator
from tests.cli._support import Here, Shell

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator


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
    # Of a wait whose time is over, a last look tries for seconds where there is trouble: tests of that are elsewhere.
    monkeypatch.setattr(_looker, "_LAST_ATTEMPTS", 1)
    with Simulator() as simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        yield Here(simulator, capsys)
