"""A web service in a thread of its own, on a real port."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from collections.abc import Generator

    from fastapi import FastAPI


@contextmanager
def running(app: FastAPI, port: int = 0) -> Generator[str]:
    """Serve an app until the block ends, and give its URL; who still listens then is cut off."""
    config = uvicorn.Config(app, port=port, log_config=None, timeout_graceful_shutdown=0)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="service")
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the service has not come up"
            time.sleep(0.005)
        host, bound = server.servers[0].sockets[0].getsockname()[:2]
        yield f"http://{host}:{bound}"
    finally:
        server.should_exit = True
        thread.join()
