"""A local HealthOmics in a thread of its own, for code that runs an event loop itself."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from omics_batch.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def served(**settings: Any) -> Generator[Simulator]:
    """Serve a simulator in a thread until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="local HealthOmics")
    thread.start()
    simulator = Simulator(**settings)
    try:
        asyncio.run_coroutine_threadsafe(simulator.__aenter__(), loop).result()
        yield simulator
        asyncio.run_coroutine_threadsafe(simulator.__aexit__(None, None, None), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
