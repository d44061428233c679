"""Soaks run on a loop where days pass in no time, see no AWS configuration, and can be seen again."""

from __future__ import annotations

import os
from random import SystemRandom
from typing import TYPE_CHECKING, Final

import pytest

from omics_batch.testing import VirtualTimeLoop
from tests import machine

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

SEED: Final = "OMICS_BATCH_SOAK_SEED"


def pytest_configure() -> None:
    machine.forget()


@pytest.fixture
def seed() -> int:
    """What all chance depends on: set the environment variable to see a soak again."""
    seed = int(os.environ.get(SEED) or SystemRandom().getrandbits(32))
    print(f"\n{SEED}={seed}")
    return seed


def pytest_asyncio_loop_factories(
    config: pytest.Config,
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"day": VirtualTimeLoop}
