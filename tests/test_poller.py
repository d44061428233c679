"""The choices of the poller, one by one: whom it looks at, when, and what it remembers of it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch import LostContactError, PollPolicy, WaitTimeoutError
from tests.accounts import (
    LIST_DENIED,
    LIST_DOWN,
    ONE_ATTEMPT,
    Account,
    cancel_all,
    cohort,
    ends,
    following,
    settled,
    tasks_of_ours,
    waiting,
)
from tests.stories import ACCEPTED, BATCH_ID, OUTAGE, PROCESSED, seen, telling
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from omics_batch.testing import Fault

pytestmark = pytest.mark.virtual_time

SELDOM = PollPolicy(initial=600, factor=1, maximum=600)
GROWING = PollPolicy(initial=5, factor=2, maximum=60)


async def test_who_joins_in_the_middle_of_a_scan_is_never_forgotten() -> None:
    account = Account({**cohort(600), **{str(n): ends(0) for n in range(1, 21)}})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(600)]
        await running_clock().sleep(1)
        late = [asyncio.create_task(client.wait_until_processed(str(n))) for n in range(1, 21)]
        await running_clock().sleep(60)
        assert all(wait.done() for wait in late)
        await cancel_all([*waits, *late])


async def test_a_scan_for_others_shows_the_end_of_one_that_is_looked_at_seldom() -> None:
    account = Account({**cohort(50), "7": ends(40)})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(50)]
        await client.wait_until_processed("7", poll=SELDOM)
        assert running_clock().now() < 70
        await cancel_all(waits)


async def test_one_that_no_list_ever_showed_keeps_its_own_interval() -> None:
    account = Account({**cohort(50), "7": {0: "DEFRAGMENTING"}})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(50)]
        waits.append(asyncio.create_task(client.wait_until_processed("7", poll=SELDOM)))
        await running_clock().sleep(250)
        assert len(account.asked("7")) == 1
        await cancel_all(waits)


async def test_one_that_has_left_the_lists_is_asked_once_and_then_at_its_own_interval() -> None:
    account = Account({**cohort(50), "7": {-1e6: "INPROGRESS", 40: "DEFRAGMENTING"}})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(50)]
        waits.append(asyncio.create_task(client.wait_until_processed("7", poll=SELDOM)))
        await running_clock().sleep(500)
        assert len(account.asked("7")) == 1
        await cancel_all(waits)


async def test_what_lists_show_again_and_again_is_looked_at_less_and_less_often() -> None:
    account = Account(cohort(50))
    async with waiting(account, poll=GROWING):
        await running_clock().sleep(600)
    assert account.pages.count("CREATING") < 20


async def test_a_status_that_a_list_shows_first_begins_the_intervals_again() -> None:
    account = Account(cohort(50, {-1e6: "PENDING", 290: "INPROGRESS"}))
    async with waiting(account, poll=GROWING):
        await running_clock().sleep(400)
    scanned = [at for at, _, about in account.sent if about == "CREATING"]
    first = next(at for at in scanned if at >= 290)
    assert sum(first < at < first + 30 for at in scanned) == 2


async def test_a_list_that_lags_shows_no_news(caplog: pytest.LogCaptureFixture) -> None:
    account = Account({**cohort(50), "7": {0: "PENDING", 5: "INPROGRESS"}}, lag=60)
    with caplog.at_level(logging.INFO):
        async with following(account) as client:
            waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(50)]
            await running_clock().sleep(10)
            waits.append(asyncio.create_task(client.wait_until_processed("7")))
            await running_clock().sleep(120)
            await cancel_all(waits)
    reported = [
        r.getMessage()
        for r in caplog.records
        if r.getMessage().startswith("batch 7: ") and "ended" not in r.getMessage()
    ]
    assert reported == ["batch 7: INPROGRESS, 0.0 % finished"]


@dataclass
class Slow(Account):
    """GetBatch takes as long as it pleases."""

    go: asyncio.Event = field(default_factory=asyncio.Event)

    async def meets(self, method: str, parameters: Any) -> Fault | None:
        if method == "get_batch":
            await self.go.wait()
        return await super().meets(method, parameters)


async def test_a_look_that_takes_long_is_not_doubled_by_a_list() -> None:
    account = Slow({**cohort(50), "7": ends(1e6)})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(50)]
        await running_clock().sleep(10)
        quick = PollPolicy(initial=5, factor=1, maximum=5)
        waits.append(asyncio.create_task(client.wait_until_processed("7", poll=quick)))
        await running_clock().sleep(200)
        assert account.asked("7") == [10]
        account.go.set()
        await running_clock().sleep(3)
        assert account.asked("7") == [10]
        await cancel_all(waits)


async def test_a_look_that_takes_longer_than_the_interval_is_made_once() -> None:
    account = Slow({**cohort(50), "7": {-1e6: "INPROGRESS", 40: "DEFRAGMENTING"}})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(50)]
        waits.append(
            asyncio.create_task(client.wait_until_processed("7", poll=PollPolicy(initial=45, maximum=45, factor=1)))
        )
        await running_clock().sleep(300)
        assert len(account.asked("7")) == 1
        await cancel_all(waits)


async def test_who_is_looked_at_when_a_scan_ends_is_not_looked_at_twice() -> None:
    account = Slow({"7": {-1e6: "DEFRAGMENTING"}, **cohort(300)}, latency=1)
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in account.lives]
        await running_clock().sleep(2)  # a scan is under way, and holds it: who joins now has it looked at
        waits.append(asyncio.create_task(client.wait_until_processed("7")))
        await running_clock().sleep(300)
        assert len(account.asked("7")) == 1
        assert tasks_of_ours().count("omics_batch look 7") == 1
        await cancel_all(waits)


async def test_a_scan_may_take_longer_than_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    account = Account(cohort(1000))
    with caplog.at_level(logging.WARNING):
        async with waiting(account, max_rate=0.4):
            await running_clock().sleep(200)
    assert caplog.records == []
    assert len(account.looks) == 1  # one call in ten confirms the lists


async def test_a_scan_that_fails_makes_no_look_due_that_was_not() -> None:
    account = Account({**cohort(50), "7": {0: "DEFRAGMENTING"}}, failures={"list_batch": [*[None] * 5, LIST_DOWN]})
    async with following(account, retry=ONE_ATTEMPT) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(50)]
        waits.append(asyncio.create_task(client.wait_until_processed("7", poll=SELDOM)))
        await running_clock().sleep(500)
        assert len(account.asked("7")) == 1
        await cancel_all(waits)


@pytest.mark.slow
async def test_many_ends_at_once_do_not_stop_the_scans() -> None:
    account = Account({**cohort(1200, ends(20)), **{str(n): ends(1e6) for n in range(1, 200)}})
    async with waiting(account):
        await running_clock().sleep(200)
    assert account.pages.count("CREATING") > 3


@pytest.mark.slow
async def test_many_ends_and_a_scan_share_the_turns() -> None:
    account = Account({**cohort(3000), **{str(n): ends(0) for n in range(1, 301)}})
    policy = PollPolicy(initial=5, factor=1, maximum=5)
    async with waiting(account, poll=policy) as waits:
        await asyncio.gather(*(waits[str(n)] for n in range(1, 301)))
        assert running_clock().now() < 140


async def test_a_few_ends_are_reported_before_the_next_scan() -> None:
    account = Account({**cohort(1000), **{str(n): ends(0) for n in range(1, 15)}})
    policy = PollPolicy(initial=10, factor=1, maximum=10)
    async with waiting(account, max_rate=2, poll=policy) as waits:
        await asyncio.gather(*(waits[str(n)] for n in range(1, 15)))
        assert running_clock().now() < 40


async def test_the_shorter_interval_of_two_waits_counts() -> None:
    account = Account({"7": ends(1e6)})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed("7", poll=SELDOM))]
        waits.append(asyncio.create_task(client.wait_until_processed("7")))
        await running_clock().sleep(65)
        assert account.asked("7") == [0, 30, 60]
        await cancel_all(waits)


async def test_the_shorter_patience_of_two_waits_counts() -> None:
    account = Account({"7": ends(1e6)}, failures={"get_batch": [OUTAGE]})
    async with following(account, retry=ONE_ATTEMPT) as client:
        other = asyncio.create_task(client.wait_until_processed("7", poll=SELDOM))
        with pytest.raises(LostContactError):
            await client.wait_until_processed("7", poll=PollPolicy(initial=600, maximum=600, max_silence=60))
        assert running_clock().now() == 60
        await cancel_all([other])


async def test_silence_ends_a_wait_though_it_queues_between_its_looks() -> None:
    account = Account(cohort(60), failures={"list_batch": [LIST_DENIED], "get_batch": [OUTAGE]})
    policy = PollPolicy(initial=30, factor=1, maximum=30, max_silence=300)
    async with waiting(account, poll=policy, max_rate=1, retry=ONE_ATTEMPT) as waits:
        await running_clock().sleep(750)
        assert all(wait.done() for wait in waits.values())


async def test_a_look_before_it_was_due_shortens_no_patience() -> None:
    account = Account(
        {**cohort(50), "7": {-1e6: "INPROGRESS", 40: "DEFRAGMENTING"}}, failures={"get_batch": [*[OUTAGE] * 3, None]}
    )
    async with following(account, retry=ONE_ATTEMPT) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(50)]
        late = asyncio.create_task(
            client.wait_until_processed("7", poll=PollPolicy(initial=500, maximum=500, max_silence=300))
        )
        await running_clock().sleep(250)
        assert not late.done()
        await cancel_all([*waits, late])


@pytest.mark.parametrize("failures", [{"list_batch": [LIST_DENIED]}, {}])
async def test_no_turn_outlives_the_last_wait(failures: Any) -> None:
    account = Account(cohort(50, ends(0)), failures=failures)
    async with following(account, max_rate=0.1) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in account.lives]
        while len(account.looks) < 2:
            await running_clock().sleep(1)
        await cancel_all(waits)
        await settled()
        assert tasks_of_ours() == []


async def test_who_has_left_costs_no_turn() -> None:
    account = Account(cohort(20), failures={"list_batch": [LIST_DENIED]})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in account.lives]
        await running_clock().sleep(0.5)
        await cancel_all(waits[3:-1])
        await running_clock().sleep(0.5)
        assert "1019" in account.looks
        await cancel_all(waits)


async def test_two_waits_for_different_ends_of_one_batch() -> None:
    class Deletes(Account):
        async def meets(self, method: str, parameters: Any) -> Fault | None:
            return ACCEPTED if method.startswith("delete") else await super().meets(method, parameters)

    account = Deletes({"7": {-1e6: "PROCESSED", 100: "RUNS_DELETING", 200: "RUNS_DELETED"}})
    async with following(account) as client:
        gone = asyncio.create_task(client.delete_everything("7"))
        wait = asyncio.create_task(client.wait_until_processed("7"))
        assert (await wait).is_processed
        await running_clock().sleep(300)
        assert gone.done()
        await cancel_all([gone])


async def test_a_wait_that_was_answered_queues_again_without_silence() -> None:
    failures: Any = {"get_batch": [OUTAGE, None, OUTAGE, None], "list_batch": [LIST_DENIED]}
    account = Account({"7": ends(1e5)}, failures=failures)
    policy = PollPolicy(initial=30, factor=1, maximum=30, max_silence=60)
    async with following(account, poll=policy, retry=ONE_ATTEMPT, max_rate=0.01) as client:
        wait = asyncio.create_task(client.wait_until_processed("7"))
        await running_clock().sleep(1000)
        assert not wait.done(), wait
        await cancel_all([wait])


async def test_closing_waits_for_the_hands() -> None:
    account = Account(cohort(50), latency=5)
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in account.lives]
        await running_clock().sleep(1)
        await client.close()
        assert tasks_of_ours() == []
        await asyncio.gather(*waits, return_exceptions=True)


async def test_whom_a_scan_serves_early_costs_no_look_when_it_is_due() -> None:
    account = Account(cohort(600))
    async with following(account, max_rate=1) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in list(account.lives)[:300]]
        await running_clock().sleep(5)
        waits += [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in list(account.lives)[300:]]
        await running_clock().sleep(15)
        asked = len(account.looks)
        await running_clock().sleep(120)
        assert len(account.looks) == asked
        await cancel_all(waits)


async def test_who_listens_and_is_due_soon_is_asked_for_though_a_scan_shows_it() -> None:
    account = Account({**cohort(50), "7": ends(1e6)})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(50)]
        await running_clock().sleep(5)
        waits.append(asyncio.create_task(client.wait_until_processed("7", on_update=lambda _: None)))
        await running_clock().sleep(100)
        assert len(account.asked("7")) == 4
        await cancel_all(waits)


async def test_who_listens_less_often_than_others_look_is_not_put_off_by_their_scans() -> None:
    account = Account({**cohort(50), "7": ends(1e6)})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(50)]
        minute = PollPolicy(initial=60, factor=1, maximum=60)
        waits.append(asyncio.create_task(client.wait_until_processed("7", poll=minute, on_update=lambda _: None)))
        await running_clock().sleep(290)
        assert [round(at) for at in account.asked("7")] == [pytest.approx(n * 60, abs=5) for n in range(5)]
        await cancel_all(waits)


async def test_what_lists_show_is_no_silence() -> None:
    account = Account({**cohort(20), "7": ends(1000)}, failures={"get_batch": [OUTAGE, None]})
    policy = PollPolicy(initial=30, factor=1, maximum=30, max_silence=600)
    async with waiting(account, poll=policy, retry=ONE_ATTEMPT) as waits:
        assert (await waits["7"]).is_processed


async def test_a_look_after_a_list_is_what_was_seen_last() -> None:
    life = {-1e6: "INPROGRESS", 40: "DEFRAGMENTING"}
    account = Account({**cohort(20), "7": life}, failures={"get_batch": [None, None, None, OUTAGE]})
    async with following(account, retry=ONE_ATTEMPT) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(20)]
        with pytest.raises(WaitTimeoutError, match="was DEFRAGMENTING, 0.0 % finished, when last seen"):
            await client.wait_until_processed("7", timeout=140)
        await cancel_all(waits)


async def test_who_listens_beside_one_who_does_not_is_asked_for() -> None:
    account = Account({**cohort(50), "7": ends(1e6)})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in [*cohort(50), "7"]]
        waits.append(asyncio.create_task(client.wait_until_processed("7", on_update=lambda _: None)))
        await running_clock().sleep(100)
        assert len(account.asked("7")) == 4
        await cancel_all(waits)


async def test_a_look_that_two_share_has_the_time_of_the_one_with_more() -> None:
    async with telling(seen()) as story:
        waits = [asyncio.create_task(story.client.wait_until_processed(BATCH_ID, timeout=t)) for t in (10, None)]
        await settled()
        assert story.transport.bounds == [30.0]
        await cancel_all(waits)


async def test_a_scan_asks_for_full_pages() -> None:
    sizes: set[int] = set()

    class Noting(Account):
        async def meets(self, method: str, parameters: Any) -> Fault | None:
            sizes.add(parameters.get("maxItems", 0))
            return await super().meets(method, parameters)

    async with waiting(Noting(cohort(20))):
        await running_clock().sleep(10)
    assert sizes == {100}


async def test_a_page_is_tried_more_often_than_a_look(caplog: pytest.LogCaptureFixture) -> None:
    account = Account(cohort(20), failures={"list_batch": [*[LIST_DOWN] * 8, None]})
    with caplog.at_level(logging.WARNING):
        async with waiting(account):
            await running_clock().sleep(100)
    assert account.looks == []
    assert caplog.records == []


async def test_waits_and_other_calls_keep_the_clients_rate_together() -> None:
    account = Account(cohort(3000))
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in account.lives]
        others = [asyncio.create_task(client.get_batch("1000")) for _ in range(60)]
        await running_clock().sleep(5)
        assert len(account.sent) <= 5 * 10 + 1
        await cancel_all([*waits, *others])


async def test_leaving_as_processed_does_not_wait_for_what_is_left() -> None:
    async with following(Account({"1": ends(0), "2": ends(1000)})) as client:
        async with aclosing(client.as_processed(["1", "2"])) as outcomes:
            async for _ in outcomes:
                break
        assert running_clock().now() < 60
        assert not [task for task in asyncio.all_tasks() if "Client._processed" in repr(task.get_coro())]


async def test_cancelling_one_of_two_at_the_deadline_cancels_not_the_other() -> None:
    async def never() -> Any:
        await asyncio.get_running_loop().create_future()

    async with telling(never) as story:
        waits = [asyncio.create_task(story.client.wait_until_processed(BATCH_ID, timeout=0)) for _ in range(2)]
        await settled()
        waits[0].cancel()
        await settled()
        assert not waits[1].done()
        await cancel_all(waits)


async def test_each_later_deadline_has_a_last_look_of_its_own() -> None:
    async with telling(seen(), PROCESSED) as story:
        with pytest.raises(WaitTimeoutError):
            await story.client.wait_until_processed(BATCH_ID, timeout=0)
        assert (await story.client.wait_until_processed(BATCH_ID, timeout=0)).is_processed
