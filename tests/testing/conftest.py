from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from omics_batch.testing import ManualClock, Simulator
from tests.testing._support import EPOCH, Boto, Wire, boto_to, wire_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def omics(clock: ManualClock) -> AsyncIterator[Simulator]:
    async with Simulator(clock=clock, epoch=EPOCH) as simulator:
        yield simulator


@pytest.fixture
async def wire(omics: Simulator) -> AsyncIterator[Wire]:
    async with wire_to(omics) as connected:
        yield connected


@pytest.fixture
async def boto(omics: Simulator) -> AsyncIterator[Boto]:
    async with boto_to(omics) as connected:
        yield connected
