"""The event loop of a client: eager tasks change nothing."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch import Batch, WaitTimeoutError
from tests.accounts import Account, cohort, ends, following
from tests.eager import EAGERLY
from tests.stories import ACCEPTED, BATCH_ID, EMPTY, OUTAGE, PROCESSED, seen, telling
from tests.virtual_time import VirtualTimeLoop, running_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.stories import Observation, Story


def lived(story: Callable[[], Awaitable[object]], factory: Any) -> object:
    """Live a story in virtual time, with the tasks of a factory; none of them is left."""

    async def live() -> object:
        asyncio.get_running_loop().set_task_factory(factory)
        async with asyncio.timeout(20):  # real seconds: what hangs has no time
            result = await story()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return result

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(live())


def facts(story: Story, result: object) -> object:
    return result, story.transport.sent, story.transport.at, story.sleeps


async def _one_look() -> object:
    async with telling(PROCESSED) as story:
        return facts(story, await story.client.wait_until_processed(BATCH_ID, timeout=0))


async def _one_look_that_shows_no_end() -> object:
    async with telling(seen()) as story:
        with pytest.raises(WaitTimeoutError) as caught:
            await story.client.wait_until_processed(BATCH_ID, timeout=0)
        return facts(story, str(caught.value))


async def _a_wait_through_an_outage() -> object:
    async with telling(seen("PENDING"), OUTAGE, OUTAGE, OUTAGE, seen(), PROCESSED) as story:
        return facts(story, await story.client.wait_until_processed(BATCH_ID))


async def _a_wait_with_updates() -> object:
    updates: list[Batch] = []
    async with telling(seen(completed=1), seen(completed=2), PROCESSED) as story:
        await story.client.wait_until_processed(BATCH_ID, on_update=updates.append)
        return facts(story, updates)


async def _a_watch() -> object:
    async with telling(seen(completed=1), seen(completed=2), seen("CANCELLED")) as story:
        return facts(story, [batch async for batch in story.client.watch(BATCH_ID)])


async def _batches_as_they_end() -> object:
    account = Account({"1": ends(0), "2": ends(40, "FAILED"), "3": ends(100), "4": ends(1000)})
    async with following(account) as client:
        ended = [(batch_id, str(end)) async for batch_id, end in client.as_processed(account.lives, timeout=300)]
        return ended, account.sent


async def _one_look_at_each_of_many() -> object:
    account = Account({**cohort(20, ends(0))})
    async with following(account, max_rate=None) as client:
        ends_of = [(batch_id, str(end)) async for batch_id, end in client.as_processed(account.lives, timeout=0)]
        return ends_of, account.sent


async def _hundreds_of_waits() -> object:
    account = Account({**cohort(250, ends(100))})
    async with following(account) as client:
        batches = await asyncio.gather(*map(client.wait_until_processed, account.lives))
        return [batch.id for batch in batches], account.sent


async def _two_waits_that_share_a_last_look() -> object:
    async with telling(seen(), PROCESSED) as story:
        waits = [asyncio.create_task(story.client.wait_until_processed(BATCH_ID, timeout=3)) for _ in range(2)]
        return facts(story, await asyncio.gather(*waits))


async def _a_cancellation() -> object:
    others: dict[str, list[Observation]] = {"cancel_run_batch": [ACCEPTED]}
    async with telling(seen(), seen("STOPPING"), seen("CANCELLED"), others=others) as story:
        return facts(story, await story.client.cancel_and_wait(BATCH_ID))


async def _a_deletion() -> object:
    others: dict[str, list[Observation]] = {"delete_run_batch": [ACCEPTED], "delete_batch": [ACCEPTED]}
    async with telling(PROCESSED, seen("RUNS_DELETING"), seen("RUNS_DELETED"), others=others) as story:
        return facts(story, await story.client.delete_everything(BATCH_ID))


async def _a_list() -> object:
    async with telling(PROCESSED, others={"list_batch": [EMPTY]}) as story:
        return facts(story, await story.client.list_batch())


async def _a_client_that_is_closed_under_its_waits() -> object:
    account = Account({"1": ends(1000), "2": ends(1000)})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in account.lives]
        await running_clock().sleep(100)
        await client.close()
        return [str(error) for error in await asyncio.gather(*waits, return_exceptions=True)], account.sent


async def _an_iteration_that_is_left() -> object:
    account = Account({"1": ends(0), "2": ends(0, "FAILED"), "3": ends(1000)})
    async with following(account) as client:
        async with aclosing(client.as_processed(account.lives)) as outcomes:
            async for batch_id, _ in outcomes:
                return batch_id
        raise AssertionError


@pytest.mark.parametrize(
    "story",
    [
        _one_look,
        _one_look_that_shows_no_end,
        _a_wait_through_an_outage,
        _a_wait_with_updates,
        _a_watch,
        _batches_as_they_end,
        _one_look_at_each_of_many,
        _hundreds_of_waits,
        _two_waits_that_share_a_last_look,
        _a_cancellation,
        _a_deletion,
        _a_list,
        _a_client_that_is_closed_under_its_waits,
        _an_iteration_that_is_left,
    ],
    ids=lambda story: story.__name__.removeprefix("_"),
)
def test_eager_tasks_change_nothing(story: Callable[[], Awaitable[object]]) -> None:
    """The same requests are sent at the same moments, with the same result."""
    assert lived(story, EAGERLY) == lived(story, None)
