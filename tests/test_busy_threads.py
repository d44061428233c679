"""An application whose threads are all busy: waits need none of them."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest
from aiohttp import web
from botocore.credentials import SSOProvider

from omics_batch import Event, OmicsBatchClient, PollPolicy, RequestFailed, RetryPolicy
from omics_batch._transport import http_session
from omics_batch.testing import Simulator
from tests.sources import sts

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping
    from pathlib import Path

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
        head = (
            f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        )
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


# Where credentials come from


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture
async def _busy(omics: Simulator) -> AsyncIterator[None]:
    """The event loop's executor has one thread, and that one has work."""
    over = threading.Event()
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
    busy = asyncio.ensure_future(asyncio.to_thread(over.wait))
    await asyncio.sleep(0)
    yield
    assert not busy.done()
    over.set()
    await busy


def configure(folder: Path, monkeypatch: pytest.MonkeyPatch, lines: str) -> None:
    config = folder / "config"
    config.write_text(f"[profile lab]\nregion = us-west-2\n{lines}")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_PROFILE", "lab")


async def is_allowed(omics: Simulator) -> bool:
    async with OmicsBatchClient(endpoint_url=omics.endpoint_url) as client:
        return (await client.get_batch(omics.start_batch(1))).arn is not None


ROLE: Final = "role_arn = arn:aws:iam::123456789012:role/R"
KEYS: Final = f"aws_access_key_id = {Simulator.access_key}\naws_secret_access_key = {Simulator.secret_key}"


@pytest.mark.parametrize("source", ["web identity", "role"])
@pytest.mark.usefixtures("_busy")
async def test_a_role_is_assumed(
    source: str, omics: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """STS has a name to look up."""
    token = tmp_path / "token"
    token.write_text("token")
    of_source = (
        f"web_identity_token_file = {token}" if source != "role" else f"source_profile = keys\n[profile keys]\n{KEYS}"
    )
    configure(tmp_path, monkeypatch, f"{ROLE}\n{of_source}\n")
    async with sts() as service:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", service.url.replace("127.0.0.1", "localhost"))
        assert await is_allowed(omics)
        assert service.asked


@asynccontextmanager
async def serving(answers: Mapping[str, object]) -> AsyncGenerator[str]:
    """Serve texts and JSON documents by their paths; give the URL of the server, which has a name."""

    async def answer(request: web.Request) -> web.Response:
        found = answers[request.path]
        return web.Response(text=found if isinstance(found, str) else json.dumps(found))

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://localhost:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


LATER: Final = datetime.now(UTC) + timedelta(hours=6)
IN_A_ROLE: Final = {
    "Code": "Success",
    "AccessKeyId": Simulator.access_key,
    "SecretAccessKey": Simulator.secret_key,
    "Token": "SECRET",
    "Expiration": f"{LATER:%Y-%m-%dT%H:%M:%SZ}",
}


@pytest.mark.usefixtures("_busy")
async def test_sso_gives_credentials(omics: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    start = "https://lab.invalid/start"
    monkeypatch.setattr(SSOProvider, "_SSO_TOKEN_CACHE_DIR", str(tmp_path))
    token = {"startUrl": start, "accessToken": "token", "expiresAt": IN_A_ROLE["Expiration"]}
    (tmp_path / f"{hashlib.sha1(start.encode()).hexdigest()}.json").write_text(json.dumps(token))  # noqa: S324 - as botocore names it
    sso = f"sso_start_url = {start}\nsso_region = us-west-2\nsso_account_id = 123456789012\nsso_role_name = R\n"
    configure(tmp_path, monkeypatch, sso)
    keys = {"accessKeyId": Simulator.access_key, "secretAccessKey": Simulator.secret_key, "sessionToken": "SECRET"}
    credentials = {**keys, "expiration": int(LATER.timestamp() * 1000)}
    async with serving({"/federation/credentials": {"roleCredentials": credentials}}) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", url)
        assert await is_allowed(omics)


@pytest.mark.usefixtures("_busy")
async def test_a_container_gives_credentials(omics: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    async with serving({"/credentials": IN_A_ROLE}) as url:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{url}/credentials")
        assert await is_allowed(omics)


@pytest.mark.usefixtures("_busy")
async def test_an_instance_gives_credentials(omics: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    roles = "/latest/meta-data/iam/security-credentials/"
    async with serving({"/latest/api/token": "token", roles: "R", f"{roles}R": IN_A_ROLE}) as url:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
        assert await is_allowed(omics)


@pytest.mark.usefixtures("_busy")
async def test_certificates_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read when the first client is opened whose endpoint is not plain http."""
    http_session._shared_context.cache_clear()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    async with OmicsBatchClient(region_name="us-west-2", endpoint_url="https://omics.lab.invalid"):
        pass
