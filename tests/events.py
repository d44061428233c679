"""Waiting for what happens, where a time would do only on a machine that is fast enough."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from omics_batch.testing import Simulator


async def until(condition: Callable[[], object]) -> None:
    """Come back once something is so that has no event; the test's time limit is the only other end."""
    while not condition():  # noqa: ASYNC110 - the condition has no event
        await asyncio.sleep(0.005)


async def asked(omics: Simulator, operation: str = "GetBatch", *, times: int = 1) -> None:
    """Come back once a simulator has had some requests."""
    await until(lambda: omics.requests_of(operation) >= times)
