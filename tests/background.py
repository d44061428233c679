"""A local HealthOmics in a thread of its own, for code that runs an event loop itself."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from omics_batch.testing import Simulator
from omics_batch.testing._background import in_background

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def served(**settings: Any) -> Generator[Simulator]:
    """Serve a simulator in a thread until the block ends."""
    simulator = Simulator(**settings)
    with in_background(simulator):
        yield simulator
