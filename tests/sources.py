"""Sources of credentials that tests control: a program, and an STS that answers or is silent."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from omics_batch.testing import Simulator
from tests.events import until

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

_SCRIPT = """#!/bin/sh
cd {folder}
echo $$ >> started
if [ -e hang ]; then {hangs}; fi
cat credentials.json
"""


class Program:
    """A `credential_process` that gives the simulator's credentials, until it is reported to hang."""

    def __init__(self, folder: Path, *, hangs: str = "exec sleep 60") -> None:
        self.folder = folder
        self.path = folder / "credentials"
        self.path.write_text(_SCRIPT.format(folder=folder, hangs=hangs))
        self.path.chmod(0o700)

    def expire_in(self, seconds: float) -> None:
        """Give credentials that expire so soon, from now on."""
        credentials = {
            "Version": 1,
            "AccessKeyId": Simulator.access_key,
            "SecretAccessKey": Simulator.secret_key,
            "SessionToken": "SECRET-TOKEN",
            "Expiration": (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(),
        }
        (self.folder / "credentials.json").write_text(json.dumps(credentials))

    def hang(self) -> None:
        """Answer no more."""
        (self.folder / "hang").touch()

    def work(self) -> None:
        """Answer again."""
        (self.folder / "hang").unlink()

    @property
    def started(self) -> list[int]:
        """The ids of all processes that were started."""
        file = self.folder / "started"
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    @property
    def alive(self) -> list[int]:
        """The ids of those that still run."""
        return [pid for pid in self.started if is_alive(pid)]

    async def hangs(self, times: int) -> None:
        """Come back once it has been started so often."""
        await until(lambda: len(self.started) >= times)


def is_alive(pid: int) -> bool:
    """Whether there is such a process; one that we started, that has ended, and that we have not waited for counts."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def group_ended(leader: int) -> None:
    """Come back once no process of a group is left: a busy machine takes its time over a signal."""
    async with asyncio.timeout(50):
        await until(lambda: not _group_of(leader))


def _group_of(leader: int) -> list[int]:
    """The processes of a group that have not ended."""
    group: list[int] = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                state, _, its_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                if int(its_group) == leader and state != "Z":
                    group.append(int(entry.name))
    return group


_ANSWER = """<{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{operation}Result>
<Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey><SessionToken>SECRET</SessionToken>
<Expiration>{expires}</Expiration></Credentials>
<AssumedRoleUser><AssumedRoleId>A:b</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/R/b</Arn></AssumedRoleUser>
</{operation}Result></{operation}Response>"""


@dataclass
class Sts:
    """The STS of a test: roles are assumed with the simulator's credentials."""

    url: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The parameters of each request."""
    lifetime: float = 3600.0
    is_silent: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        parameters = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(parameters)
        if self.is_silent:
            await self.over.wait()
        answer = _ANSWER.format(
            operation=parameters["Action"],
            key=Simulator.access_key,
            secret=Simulator.secret_key,
            expires=(datetime.now(UTC) + timedelta(seconds=self.lifetime)).isoformat(),
        )
        return web.Response(text=answer, content_type="text/xml")


@asynccontextmanager
async def sts() -> AsyncGenerator[Sts]:
    """Serve an STS until the block ends."""
    service = Sts()
    app = web.Application()
    app.router.add_post("/", service.answer)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    service.url = f"http://{host}:{port}"
    try:
        yield service
    finally:
        service.over.set()
        await runner.cleanup()


@asynccontextmanager
async def silent_endpoint() -> AsyncGenerator[tuple[str, asyncio.Event]]:
    """Listen, and never answer, until the block ends; give the URL, and what is set once somebody is connected."""
    is_asked = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    try:
        yield f"http://{host}:{port}", is_asked
    finally:
        server.close()
