"""Who waits for the batches of an account: one client of ours, or loops of one's own on bare aiobotocore."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, Final

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import ClientError

from benchmarks.watch_accounts import PAGE
from omics_batch import BatchStatus, PollPolicy
from omics_batch.testing import Simulator, local_client

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AbstractAsyncContextManager

    from types_aiobotocore_omics import OmicsClient

    from benchmarks.scaled_time import ScaledLoop
    from benchmarks.watch_accounts import Account, Begun

INTERVAL: Final = 30.0
POLL: Final = PollPolicy(initial=INTERVAL, factor=1, maximum=INTERVAL)


class Follower:
    """Waits for all batches of an account, and notes when it noticed that one had ended."""

    def __init__(self, account: Account, size: int, loop: ScaledLoop) -> None:
        """Begin before anything has ended.

        Args:
            account: Whose batches.
            size: How many there are at any moment.
            loop: The event loop, which is also the clock.
        """
        self._account = account
        self._size = size
        self._loop = loop
        self._random = Random(size)  # noqa: S311 - as random as before, no secret
        self._noticed: dict[str, float] = {}

    def late(self, begin: float, end: float) -> list[float]:
        """Return how late each end between two moments was noticed; how late it is now, where it was not yet."""
        now = self._loop.now()
        ended = [begun for begun in self._account.begun if begin <= begun.ends < end]
        return [self._noticed.get(begun.batch_id, now) - begun.ends for begun in ended]

    async def share_scans(self) -> None:
        """Wait as our users do."""
        random = self._random.random
        async with local_client(self._account.endpoint_url, clock=self._loop, poll=POLL, random=random) as client:

            async def wait(begun: Begun) -> None:
                await client.wait_until_processed(begun.batch_id)

            await self._wait_everywhere(wait)

    async def poll_alone(self) -> None:
        """Ask for each batch in a loop of its own, and leave the rest to botocore's standard retries."""
        async with bare_client(self._account.endpoint_url) as client:

            async def wait(begun: Begun) -> None:
                while not await _is_processed(client, begun.batch_id):  # noqa: ASYNC110 - that is what is measured
                    await asyncio.sleep(INTERVAL)

            await self._wait_everywhere(wait, spread=INTERVAL)

    async def _wait_everywhere(
        self, wait: Callable[[Begun], Coroutine[None, None, None]], *, spread: float = 0.0
    ) -> None:
        async def follow(place: int) -> None:
            await asyncio.sleep(self._random.uniform(0, spread))
            while True:
                begun = await self._account.places[place].get()
                await wait(begun)
                self._noticed[begun.batch_id] = self._loop.now()

        async with asyncio.TaskGroup() as group:
            for place in range(self._size):
                group.create_task(follow(place))


class Probe:
    """Asks for a page of a list now and then, and notes how long that takes."""

    def __init__(self, endpoint_url: str, loop: ScaledLoop) -> None:
        """Begin without a response; the account is only for the probe, and has no quota."""
        self._endpoint_url = endpoint_url
        self._loop = loop
        self._taken: list[tuple[float, float]] = []

    def taken(self, begin: float, end: float) -> list[float]:
        """Return how many of the loop's seconds each page took that was asked for between two moments."""
        return [seconds for moment, seconds in self._taken if begin <= moment < end]

    async def ask(self) -> None:
        """Ask for ever."""
        async with local_client(self._endpoint_url, clock=self._loop) as client:
            while True:
                began = self._loop.now()
                page = [item async for item in client.list_batch(status=BatchStatus.INPROGRESS)]
                assert len(page) == PAGE  # noqa: S101 - a measurement of something else would be none
                self._taken.append((began, self._loop.now() - began))
                await asyncio.sleep(INTERVAL / 3)


def bare_client(endpoint_url: str) -> AbstractAsyncContextManager[OmicsClient]:
    """Make a client of bare aiobotocore, with botocore's standard retries."""
    session = AioSession()
    session.set_credentials(Simulator.access_key, Simulator.secret_key)
    config = AioConfig(inject_host_prefix=False, retries={"mode": "standard"})
    return session.create_client("omics", region_name="us-west-2", endpoint_url=endpoint_url, config=config)


async def _is_processed(client: OmicsClient, batch_id: str) -> bool:
    """Ask once; whoever is throttled three times asks again at the next interval."""
    try:
        batch = await client.get_batch(batchId=batch_id)
    except ClientError:
        return False
    return batch["status"] == "PROCESSED"
