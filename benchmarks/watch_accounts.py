"""Accounts of the local HealthOmics with a fixed number of batches at any moment, in a process of their own.

    python -m benchmarks.watch_accounts 10 100 300

The first number is the time scale. For each further number there is an account with the default quota and that many
batches: where one ends, another begins. One more account, for the probe, has no quota, and its list of batches in
progress is exactly one full page. The program writes their URLs as a line of JSON, then a line for each batch that
begins. For each line with two moments that it reads, it writes the requests between them.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import math
import sys
from collections import Counter, defaultdict
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from omics_batch.testing import Life, ScaledClock, Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping, Sequence

QUOTA: Final = 10.0
"""Requests a second: the service's default."""
MEAN_LENGTH: Final = 7200.0
PAGE: Final = 100

_AT_ONCE: Final = 50
"""Batches that begin before requests are answered again."""


class Begun(NamedTuple):
    """A batch that has begun."""

    batch_id: str
    ends: float
    """When it will be PROCESSED, on the clock."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one account was asked for between two moments."""

    requests: Mapping[str, int]
    """By the operation's name."""
    throttled: int
    """How many of them all were."""


class Account:
    """One of the accounts, as the process that measures sees it."""

    def __init__(self, endpoint_url: str) -> None:
        """Begin before its batches do."""
        self.endpoint_url = endpoint_url
        self.places: defaultdict[int, asyncio.Queue[Begun]] = defaultdict(asyncio.Queue)
        """The batches that follow each other in each of its places, from the first that is not taken yet."""
        self.begun: list[Begun] = []
        """All batches so far."""

    def take(self, place: int, begun: Begun) -> None:
        """Take in that a batch has begun."""
        self.begun.append(begun)
        self.places[place].put_nowait(begun)


class Accounts:
    """All of them."""

    def __init__(self, process: asyncio.subprocess.Process, facts: Mapping[str, Any]) -> None:
        """Take in where they are."""
        self._process = process
        self.probe_url: str = facts["probe"]
        self.accounts: Sequence[Account] = [Account(url) for url in facts["accounts"]]
        self._asked: asyncio.Queue[list[Asked]] = asyncio.Queue()

    async def listen(self) -> None:
        """Take in what the process says, for ever."""
        async for line in cast("asyncio.StreamReader", self._process.stdout):
            fact: dict[str, Any] = json.loads(line)
            if "asked" in fact:
                self._asked.put_nowait([Asked(**one) for one in fact["asked"]])
            else:
                number: int = fact["account"]
                self.accounts[number].take(fact["place"], Begun(fact["batch_id"], fact["ends"]))

    async def asked(self, begin: float, end: float) -> list[Asked]:
        """Return what each was asked for between two moments of the clock."""
        cast("asyncio.StreamWriter", self._process.stdin).write(f"{begin} {end}\n".encode())
        return await self._asked.get()


@asynccontextmanager
async def accounts(scale: float, sizes: Sequence[int]) -> AsyncGenerator[Accounts]:
    """Run the process."""
    command = [sys.executable, "-m", __name__, str(scale), *map(str, sizes)]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe)
    try:
        facts = json.loads(await cast("asyncio.StreamReader", process.stdout).readline())
        started = Accounts(process, facts)
        listening = asyncio.create_task(started.listen())
        yield started
        listening.cancel()
    finally:
        process.kill()
        await process.wait()


async def _serve(scale: float, sizes: Sequence[int]) -> None:
    clock = ScaledClock(scale)
    async with AsyncExitStack() as exits:
        probed = await exits.enter_async_context(Simulator(clock=clock))
        for _ in range(PAGE):
            probed.start_batch(1, life=Life(creating=0, pending=0, submission_rate=math.inf, run_length=1e9))
        served = [await exits.enter_async_context(Simulator(clock=clock, quota=QUOTA)) for _ in sizes]
        _say({"probe": probed.endpoint_url, "accounts": [omics.endpoint_url for omics in served]})
        filling = [
            asyncio.create_task(_fill(number, omics, size))
            for number, (omics, size) in enumerate(zip(served, sizes, strict=True))
        ]
        while line := await asyncio.to_thread(sys.stdin.readline):
            begin, end = map(float, line.split())
            _say({"asked": [_asked(omics, begin, end) for omics in served]})
        for task in filling:
            task.cancel()


async def _fill(number: int, omics: Simulator, size: int) -> None:
    """Let a batch begin in each place, and another one in each where one ends."""
    random = Random(f"{number} of {size}")  # noqa: S311 - the same lengths every time, no secret
    ends: list[tuple[float, int]] = []

    def begin(place: int) -> None:
        batch_id = omics.start_batch(1, life=Life(run_length=random.expovariate(1 / MEAN_LENGTH)))
        batch = cast("Any", omics._account.batch(batch_id))
        end = batch.created + batch.timeline.processed_by(math.inf)
        heapq.heappush(ends, (end, place))
        _say({"account": number, "place": place, "batch_id": batch_id, "ends": end})

    for place in range(size):
        begin(place)
        if place % _AT_ONCE == 0:
            await asyncio.sleep(0)
    while True:
        end, place = heapq.heappop(ends)
        await omics.clock.sleep(end - omics.clock.now())
        begin(place)


def _asked(omics: Simulator, begin: float, end: float) -> dict[str, Any]:
    within = [request for request in omics.requests if begin <= request.time < end]
    return {
        "requests": Counter(request.operation for request in within),
        "throttled": sum(request.status == 429 for request in within),  # noqa: PLR2004 - HTTP's
    }


def _say(fact: Mapping[str, object]) -> None:
    print(json.dumps(fact), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(float(sys.argv[1]), [int(size) for size in sys.argv[2:]]))
