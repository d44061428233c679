"""Waits beside hundreds of the caller's own calls, and operations beside one that is throttled, in virtual time."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import PollPolicy, ThrottlingError, WaitTimeoutError
from tests.accounts import LIST_DENIED, Account, cancel_all, cohort, ends, following
from tests.stories import OUTAGE, PROCESSED, THROTTLED, seen, service, started, telling
from tests.test_operations import trio
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping

    from omics_batch import OmicsBatchClient
    from omics_batch.testing import Fault
    from tests.stories import Observation

EVERY_SECOND: Final = PollPolicy(initial=1, factor=1, maximum=1)
OTHER: Final = "2"
"""The batch that the caller's own calls ask for."""
TURN: Final = 0.1
"""Seconds between two requests at the default rate."""


@asynccontextmanager
async def busy(account: Account, calls: int = 400, **settings: Any) -> AsyncGenerator[OmicsBatchClient]:
    """Open a client, and make a number of the caller's own calls at once."""
    async with following(account, **settings) as client:
        own = [asyncio.create_task(client.get_batch(OTHER)) for _ in range(calls)]
        await asyncio.sleep(0)
        try:
            yield client
        finally:
            await cancel_all(own)


@pytest.mark.virtual_time
@pytest.mark.parametrize("poll", [EVERY_SECOND, PollPolicy()], ids=["every second", "by default"])
async def test_400_calls_do_not_keep_a_wait_from_its_looks(poll: PollPolicy) -> None:
    """The batch ends at 4 s: the wait returns within its poll interval and four turns."""
    account = Account({"1": ends(4.0), OTHER: ends(1e6)})
    async with busy(account, poll=poll) as client:
        assert (await client.wait_until_processed("1", timeout=15)).is_processed
        assert 4.0 < running_clock().now() <= 4.0 + poll.interval(0, 0.5) + 4 * TURN


@pytest.mark.virtual_time
@pytest.mark.parametrize("fault", [THROTTLED, OUTAGE], ids=["throttled", "failing"])
async def test_calls_that_are_sent_again_do_not_keep_a_wait_from_its_looks(fault: Fault) -> None:
    """Every third request fails for a while: the calls are sent again, and throttling lowers the rate."""
    failure: list[Fault | None] = [fault, None, None] * 15
    account = Account({"1": ends(60.0), OTHER: ends(1e6)}, failures={"get_batch": [*failure, None]})
    async with busy(account, calls=1000, poll=EVERY_SECOND) as client:
        wait = asyncio.create_task(client.wait_until_processed("1", timeout=90))
        await running_clock().sleep(60.0)
        turn = 1 / (2 * client._opened().caller.watching_rate)
        await wait
    assert running_clock().now() <= 60.0 + 1 + 4 * turn
    looks = account.asked("1")
    assert max(later - sooner for sooner, later in pairwise(looks)) < 10


@pytest.mark.virtual_time
async def test_many_waits_share_half_of_the_turns_beside_calls() -> None:
    """Twenty batches end at once, and no list may be read: between two looks there is one call."""
    account = Account({**cohort(20, ends(60.0)), OTHER: ends(1e6)}, failures={"list_batch": [LIST_DENIED]})
    async with busy(account, calls=1000, poll=PollPolicy(initial=5, factor=1, maximum=5)) as client:
        waits = [client.wait_until_processed(batch_id, timeout=90) for batch_id in account.lives if batch_id != OTHER]
        await asyncio.gather(*waits)
    assert running_clock().now() <= 60.0 + 5 + 2 * 20 * TURN


@pytest.mark.virtual_time
async def test_lists_of_many_waits_are_read_beside_calls() -> None:
    """Pages of lists, and looks at batches that no list shows any more, have their turns too."""
    account = Account({**cohort(100, ends(60.0)), OTHER: ends(1e6)})
    async with busy(account, calls=1000) as client:
        ended = [batch async for batch in client.as_processed(cohort(100), timeout=150)]
    assert len(ended) == 100
    assert running_clock().now() <= 60.0 + 30 + 2 * 105 * TURN
    assert len(account.pages) >= 10


@pytest.mark.virtual_time
async def test_a_last_look_goes_before_all_calls() -> None:
    account = Account({"1": ends(14.5), OTHER: ends(1e6)})
    async with busy(account, poll=PollPolicy(initial=60, maximum=60)) as client:
        await running_clock().sleep(1)
        begun = running_clock().now()
        assert (await client.wait_until_processed("1", timeout=15)).is_processed
        assert running_clock().now() - begun <= 15 + TURN


@pytest.mark.virtual_time
async def test_hundreds_of_last_looks_let_calls_have_turns() -> None:
    account = Account({**cohort(400), OTHER: ends(1e6)})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id, timeout=0)) for batch_id in cohort(400)]
        await running_clock().sleep(0.5)
        begun = running_clock().now()
        await client.get_batch(OTHER)
        assert running_clock().now() - begun <= 6 * TURN
        results = await asyncio.gather(*waits, return_exceptions=True)
    assert all(isinstance(result, WaitTimeoutError) for result in results)


@pytest.mark.virtual_time
@pytest.mark.parametrize("throttled", ["start_run_batch", "list_batch", "cancel_run_batch"])
async def test_an_operation_that_is_throttled_slows_no_other_one(throttled: str) -> None:
    """AWS has a quota for each operation, so each has a rate of its own."""
    refusal = service("ThrottlingException", 429, throttled)
    async with telling(seen(), others={throttled: [refusal]}) as story:
        acts: Mapping[str, Callable[[], Awaitable[object]]] = {
            "start_run_batch": lambda: story.client.start_run_batch(trio()),
            "list_batch": story.client.list_batch,
            "cancel_run_batch": lambda: story.client.cancel_run_batch("7123456"),
        }
        for _ in range(3):
            with pytest.raises(ThrottlingError):
                await acts[throttled]()
        begun = story.clock.now()
        for _ in range(10):
            await story.client.get_batch("7123456")
        assert story.clock.now() - begun <= 10 * TURN + 1e-6


@pytest.mark.virtual_time
async def test_looks_that_are_throttled_slow_no_start() -> None:
    throttled_for_a_minute = [THROTTLED] * 60
    others: dict[str, list[Observation]] = {"start_run_batch": [started()]}
    async with telling(*throttled_for_a_minute, PROCESSED, others=others) as story:
        wait = asyncio.create_task(story.client.wait_until_processed("7123456", poll=EVERY_SECOND))
        await story.clock.sleep(30)
        begun = story.clock.now()
        for _ in range(10):
            await story.client.start_run_batch(trio())
        assert story.clock.now() - begun <= 10 * TURN + 1e-6
        await wait
