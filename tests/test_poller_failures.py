"""No wait hangs, starves or leaks, whatever happens around the poller: a hang would be a TimeoutError here."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch import Batch, ClientClosedError, PollPolicy
from omics_batch._transport.failure import FailureStage
from tests.accounts import (
    LIST_DENIED,
    ONE_ATTEMPT,
    TWO_MINUTES,
    Account,
    cancel_all,
    cohort,
    ends,
    following,
    settled,
    waiting,
)
from tests.stories import BATCH_ID, OUTAGE, PROCESSED, failing_at, seen, telling
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from omics_batch.testing import Fault

pytestmark = pytest.mark.virtual_time


# Hangs


async def test_chance_that_breaks_after_an_answer_hangs_nobody() -> None:
    """The next look cannot be scheduled then, so the wait has to end."""

    def broken() -> float:
        raise LookupError("no entropy")

    async with telling(seen(), random=broken) as story:
        with pytest.raises(LookupError, match="no entropy"):
            await asyncio.wait_for(story.client.wait_until_processed(BATCH_ID), 1)


async def test_a_clock_that_breaks_after_an_answer_hangs_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same by way of the clock."""
    async with telling(seen(), max_rate=None) as story:
        transport, real_now = story.client._opened().caller.transport, story.clock.now
        answered = transport.call

        async def call(*args: Any, **more: Any) -> Any:
            response, readings = await answered(*args, **more), iter(range(100))

            def now() -> float:
                if next(readings) == 1:
                    raise ZeroDivisionError
                return real_now()

            monkeypatch.setattr(story.clock, "now", now)
            return response

        monkeypatch.setattr(transport, "call", call)
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(story.client.wait_until_processed(BATCH_ID), 1)


@pytest.mark.parametrize("name", ["poller", "turns", f"look {BATCH_ID}"])
async def test_whoever_cancels_a_task_before_it_has_begun_hangs_no_wait(name: str) -> None:
    """Its coroutine never runs, so that none of its own clauses could help."""
    async with telling(seen(), max_rate=None) as story:
        wait = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        found: list[asyncio.Task[Any]] = []
        while not found:
            await asyncio.sleep(0)
            found = [task for task in asyncio.all_tasks() if task.get_name() == f"omics_batch {name}"]
        found[0].cancel()
        with pytest.raises(ClientClosedError, match="cancelled by somebody else"):
            await asyncio.wait_for(wait, 1)


async def test_whoever_cancels_a_last_look_does_not_cancel_the_wait() -> None:
    """The wait was not cancelled."""

    async def never() -> Any:
        await asyncio.get_running_loop().create_future()

    async with telling(never) as story:
        wait = asyncio.create_task(story.client.wait_until_processed(BATCH_ID, timeout=0))
        await settled()
        (ours,) = [one for one in asyncio.all_tasks() if one.get_name() == f"omics_batch last look {BATCH_ID}"]
        ours.cancel()
        (result,) = await asyncio.gather(wait, return_exceptions=True)
        assert not isinstance(result, asyncio.CancelledError)


@pytest.mark.parametrize("steps", range(12))
async def test_whoever_begins_to_wait_while_the_poller_ends_is_served(steps: int) -> None:
    """It ends with its last wait; a new one may come at any step of that."""
    async with telling(PROCESSED) as story:
        await story.client.wait_until_processed(BATCH_ID)
        for _ in range(steps):
            await asyncio.sleep(0)
        assert (await asyncio.wait_for(story.client.wait_until_processed(BATCH_ID), 1)).is_processed


# The ordinary lane starves while urgent turns are wanted


@pytest.mark.slow
async def test_a_retry_is_served_though_scans_follow_each_other_without_a_pause() -> None:
    """A thousand waits of a client that is throttled to its lowest rate: 15 pages are a minute."""
    account = Account({**cohort(1000), "7": ends(100)}, failures={"get_batch": [OUTAGE, None]})
    async with waiting(account, max_rate=0.5) as waits:
        await running_clock().sleep(1200)
        assert waits["7"].done()


async def test_a_listener_is_served_though_scans_follow_each_other_without_a_pause() -> None:
    """Every fourth turn is for those who are not urgent."""
    account = Account({**cohort(1000), "7": ends(86400)})
    reported: list[float] = []
    async with following(account, max_rate=0.5) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(1000)]
        await running_clock().sleep(1)

        def update(_: Batch) -> None:
            reported.append(running_clock().now())

        waits.append(asyncio.create_task(client.wait_until_processed("7", on_update=update)))
        await running_clock().sleep(300)
        await cancel_all(waits)
    assert reported


@pytest.mark.parametrize(("number", "life", "moment"), [(1500, None, 1), (1000, ends(5), 40)])
async def test_a_newcomer_does_not_queue_behind_all_others(number: int, life: Any, moment: float) -> None:
    """In the middle of a scan, or after a thousand have ended together; its own batch ended long ago."""
    account = Account({**cohort(number, life), "7": ends(0)})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(number)]
        await running_clock().sleep(moment)
        await client.wait_until_processed("7")
        assert running_clock().now() < moment + 2
        await cancel_all(waits)


# Scans that stay away


async def test_other_batches_that_have_gone_are_forgotten() -> None:
    """Only a scan shows how many there are, and their number keeps scans from being made."""
    others = [str(10**6 + n) for n in range(1500)]
    account = Account(cohort(12), others={"INPROGRESS": others})
    async with waiting(account, poll=TWO_MINUTES):
        await running_clock().sleep(300)
        for batch_id in others:
            account.live_on(batch_id, {0: "PROCESSED"})
        pages, hours = len(account.pages), running_clock().now() + 4 * 3600
        while len(account.pages) == pages and running_clock().now() < hours:
            await running_clock().sleep(60)
    assert len(account.pages) > pages


@pytest.mark.slow
async def test_scans_are_soon_back_after_an_outage_of_all() -> None:
    """An outage that looks meet too says nothing about the lists."""

    class Down(Account):
        async def meets(self, method: str, parameters: Any) -> Fault | None:
            is_down = 100 < running_clock().now() < 2000
            return failing_at(FailureStage.CONNECTION) if is_down else await super().meets(method, parameters)

    account = Down({**cohort(1000), "1999": ends(2050)})
    async with waiting(account) as waits:
        await waits["1999"]
        assert running_clock().now() < 2050 + 60


async def test_one_odd_item_does_not_make_the_lists_unreadable() -> None:
    """It may be a stranger's."""

    class Odd(Account):
        async def meets(self, method: str, parameters: Any) -> Fault | None:
            is_odd = parameters.get("status") == "INPROGRESS"
            return self.page("INPROGRESS", also=[{"status": "INPROGRESS"}]) if is_odd else None

    account = Odd(cohort(20))
    async with waiting(account):
        await running_clock().sleep(80)
    assert account.looks == []


# Facts, patience, memory, CPU


async def test_who_joins_after_a_failed_look_has_patience_of_its_own() -> None:
    """What failed before it came is no silence of its own."""
    failures: Any = {"get_batch": [*[OUTAGE] * 7, None], "list_batch": [LIST_DENIED]}
    account = Account(cohort(6, ends(0)), failures=failures)
    policy = PollPolicy(max_silence=90)
    async with following(account, poll=policy, max_rate=0.1, retry=ONE_ATTEMPT) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in account.lives]
        while not account.looks:
            await running_clock().sleep(1)
        await running_clock().sleep(1)
        assert (await client.wait_until_processed(account.looks[0])).is_processed
        await cancel_all(waits)


async def test_an_idle_client_keeps_no_batch_of_a_wait_that_had_a_deadline() -> None:
    """Not even in the timetable of deadlines."""
    async with telling(PROCESSED) as story:
        batch = weakref.ref(await story.client.wait_until_processed(BATCH_ID, timeout=3600))
        await settled()
        gc.collect()
        assert batch() is None


async def test_waits_that_left_are_not_kept_by_one_that_stays() -> None:
    """A timetable is tidied when somebody leaves."""
    async with telling(seen()) as story:
        stays = asyncio.create_task(story.client.wait_until_processed(BATCH_ID, timeout=10))
        leave = [asyncio.create_task(story.client.wait_until_processed(BATCH_ID, timeout=3600)) for _ in range(1000)]
        await settled()
        await cancel_all(leave)
        assert len(story.client._opened().waits._poller._scheduler._deadlines._heap) < 100
        await cancel_all([stays])


async def test_as_processed_keeps_no_batch_that_it_has_reported() -> None:
    """Ten thousand would be sixty megabytes."""
    reported: list[weakref.ref[Any]] = []
    async with following(Account({"1": ends(0), "2": ends(100)})) as client:
        async for batch_id, batch in client.as_processed(["1", "2"]):
            if batch_id == "2":
                gc.collect()
                assert reported[0]() is None
            reported.append(weakref.ref(batch))
            del batch
