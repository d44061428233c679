"""Running a simulator in a background thread."""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

    from omics_batch.testing._simulator import Simulator


@contextmanager
def in_background(simulator: Simulator) -> Generator[None]:
    """Run a simulator in a thread until the block ends; errors of its start and end are raised here."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="local HealthOmics", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(simulator.__aenter__(), loop).result()
        try:
            yield
        finally:
            asyncio.run_coroutine_threadsafe(simulator.__aexit__(*sys.exc_info()), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
