"""An application whose threads are all busy: waits need none of them."""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import pytest

from omics_batch import Event, OmicsBatchClient, PollPolicy, RequestFailed, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

BUSY: Final = 26.0
"""Seconds in which the default executor has no thread to spare."""
LOOKS: Final = 8
"""Looks until the batch is processed, 2 s apart: more than `max_silence`, and less than BUSY."""


@asynccontextmanager
async def closing_after_each_answer() -> AsyncGenerator[tuple[str, list[str]]]:
    """Serve a batch that is processed at the last look, each answer on a connection of its own."""
    requests: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append((await reader.readuntil(b"\r\n\r\n")).decode().partition("\r\n")[0])
        status = "INPROGRESS" if len(requests) < LOOKS else "PROCESSED"
        body = json.dumps({"id": "7", "status": status}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        writer.write(f"{head}\r\n".encode() + body)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "localhost", 0) as server:
        yield f"http://localhost:{server.sockets[0].getsockname()[1]}", requests


@pytest.mark.slow
async def test_a_wait_does_not_depend_on_the_threads_of_the_application(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of each new connection is looked up in a thread of the client's own."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    failed: list[Event] = []

    def note(event: Event) -> None:
        if isinstance(event, RequestFailed):
            failed.append(event)

    poll = PollPolicy(initial=2, factor=1, maximum=2, jitter=0, max_silence=12)
    async with closing_after_each_answer() as (url, requests):
        sleepers = [asyncio.to_thread(time.sleep, BUSY) for _ in range((os.cpu_count() or 1) + 4)]
        busy = asyncio.gather(*sleepers)
        await asyncio.sleep(0)  # they have begun
        async with OmicsBatchClient(
            region_name="us-west-2",
            endpoint_url=url,
            retry=RetryPolicy(attempt_timeout=1),
            poll=poll,
            on_event=note,
        ) as client:
            batch = await client.wait_until_processed("7", timeout=60)
    assert not busy.done()
    assert batch.is_processed
    assert len(requests) == LOOKS
    assert failed == []
    await busy
