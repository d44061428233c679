"""Many waits share a scan of the account's lists, and keep every promise that a lone wait keeps."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch import (
    Batch,
    BatchCancelledError,
    BatchFailedError,
    ClientClosedError,
    LostContactError,
    PollPolicy,
    WaitTimeoutError,
)
from tests.accounts import (
    LIST_DENIED,
    LIST_DOWN,
    LISTS,
    ONE_ATTEMPT,
    TWO_MINUTES,
    Account,
    cancel_all,
    cohort,
    ends,
    following,
    settled,
    tasks_of_ours,
    waiting,
)
from tests.stories import EMPTY, OUTAGE, service, shown
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omics_batch.testing import Fault

pytestmark = pytest.mark.virtual_time


# Which calls are made


async def test_a_hundred_waits_are_six_calls_every_half_a_minute() -> None:
    """Five lists, one of which has a second page; no batch is requested alone while the lists show all."""
    account = Account(cohort(101))
    async with waiting(account):
        await running_clock().sleep(80)
    assert account.looks == []
    assert account.pages == [*LISTS[:4], "INPROGRESS", "STOPPING"] * 3


async def test_a_scan_takes_its_turns_at_half_the_clients_pace() -> None:
    """Five calls a second by default: the rest stays for others."""
    account = Account(cohort(101))
    async with waiting(account):
        await running_clock().sleep(20)
    assert [round(at, 6) for at, _, _ in account.sent] == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]


async def test_the_end_costs_one_look_of_its_own() -> None:
    """Only a batch that no list shows any more is requested alone."""
    account = Account({**cohort(99), "7": ends(40)})
    async with waiting(account) as waits:
        batch = await waits["7"]
        await running_clock().sleep(80)
    assert batch.is_processed
    assert account.looks == ["7"]
    assert account.asked("7")[0] == pytest.approx(61, abs=2)


async def test_batches_that_have_ended_are_reported_after_one_scan() -> None:
    """The first look of many waits is a scan too: what no list shows is asked for at once."""
    account = Account({**cohort(50), **{str(n): ends(0) for n in range(1, 21)}})
    async with waiting(account) as waits:
        await asyncio.gather(*(waits[str(n)] for n in range(1, 21)))
        assert running_clock().now() == pytest.approx(1.0 + 19 * 0.2)
    assert sorted(account.looks, key=int) == [str(n) for n in range(1, 21)]


@pytest.mark.parametrize(("number", "is_scanned"), [(1, False), (5, False), (6, True), (50, True)])
async def test_few_waits_are_looked_at_one_by_one(number: int, is_scanned: bool) -> None:
    """Five lists are five calls, so five waits are as well asked for by themselves."""
    account = Account(cohort(number))
    async with waiting(account):
        await running_clock().sleep(80)
    assert bool(account.pages) is is_scanned
    assert len(account.looks) == (0 if is_scanned else 3 * number)


async def test_other_peoples_batches_make_a_scan_dearer() -> None:
    """Where the account has thousands more, some dozens of waits are looked at by themselves, once that is known."""
    strangers = [str(10**6 + n) for n in range(5000)]
    account = Account(cohort(30), others={"INPROGRESS": strangers})
    async with waiting(account, max_rate=100):
        await running_clock().sleep(200)
    assert account.pages == [*LISTS[:4], *["INPROGRESS"] * 50, "STOPPING"]
    assert len(account.looks) == 6 * 30


async def test_waits_for_one_batch_are_one() -> None:
    """A hundred waits for one batch are as cheap as one wait."""
    account = Account({"7": ends(70)})
    async with following(account) as client:
        batches = await asyncio.gather(*(client.wait_until_processed("7") for _ in range(100)))
    assert all(batch is batches[0] for batch in batches)
    assert account.asked("7") == [0, 30, 60, 90]
    assert account.pages == []


async def test_a_newcomer_looks_at_once() -> None:
    """Who joins between two scans does not sit out the interval."""
    account = Account({**cohort(50), "7": ends(0)})
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(50)]
        await running_clock().sleep(10)
        await client.wait_until_processed("7")
        assert running_clock().now() == 10
        await cancel_all(waits)


async def test_who_is_passed_over_is_looked_at_before_the_scan_is_over() -> None:
    """A hundred pages take twenty seconds; who is missing on the first need not wait for the last."""
    batches = cohort(2000)
    account = Account({**batches, "1005": ends(20)})
    async with waiting(account) as waits:
        assert (await waits["1005"]).is_processed
        assert running_clock().now() < 33
        await running_clock().sleep(20)
    assert account.looks == ["1005"]


@pytest.mark.slow
async def test_lists_without_any_order_cost_a_few_looks_and_no_more() -> None:
    """They are not believed where they pass over many."""

    class Shuffled(Account):
        async def meets(self, method: str, parameters: Mapping[str, Any]) -> Fault | None:
            if method != "list_batch" or parameters["status"] != "INPROGRESS":
                return await super().meets(method, parameters)
            start = int(parameters.get("startingToken", 0))
            if start == 0:
                batches = list(self.lives.items())
                Random(len(self.sent)).shuffle(batches)  # noqa: S311 - the same disorder every time
                self.lives = dict(batches)
            return self.page("INPROGRESS", start)

    account = Shuffled(cohort(1000))
    async with waiting(account):
        await running_clock().sleep(300)
    assert len(account.pages) == 14 * 10
    assert len(account.looks) < 150


@pytest.mark.slow
async def test_a_list_that_says_once_that_it_is_empty_costs_half_a_minute_of_looks() -> None:
    """The next scan finds those again whom this one missed."""

    class Forgetful(Account):
        async def meets(self, method: str, parameters: Mapping[str, Any]) -> Fault | None:
            is_empty = parameters.get("status") == "INPROGRESS" and 20 < running_clock().now() < 40
            return EMPTY if is_empty else await super().meets(method, parameters)

    account = Forgetful(cohort(2000))
    async with waiting(account):
        await running_clock().sleep(600)
    assert 100 < len(account.looks) < 200 + len(account.sent) / 10  # one call in ten confirms the lists


# Lists are hints


async def test_a_batch_that_moves_on_between_two_lists_is_seen_in_one_of_them() -> None:
    """That is why lists are read in the order of life."""
    account = Account({**cohort(50), "7": {0: "PENDING", 0.5: "SUBMITTING", 30.5: "INPROGRESS", 60.7: "STOPPING"}})
    async with waiting(account):
        await running_clock().sleep(80)
    assert account.looks == []


async def test_a_batch_that_the_lists_do_not_show_yet_is_asked_for_and_never_judged() -> None:
    """Lists lag: a batch that has just begun is in none."""
    account = Account({**cohort(50), "7": {20: "CREATING", 40: "INPROGRESS", 100: "PROCESSED"}}, lag=40)
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(50)]
        await running_clock().sleep(20)
        batch = await client.wait_until_processed("7")
        await cancel_all(waits)
    assert batch.is_processed
    assert account.asked("7")[0] == 20
    assert account.asked("7")[-1] > 140


async def test_a_list_that_lags_delays_the_end_and_no_more() -> None:
    """It shows for a while what has ended."""
    account = Account({**cohort(50), "7": ends(5)}, lag=40)
    async with waiting(account) as waits:
        assert (await waits["7"]).is_processed
    assert account.asked("7")[-1] == pytest.approx(61, abs=2)


async def test_a_status_that_nobody_knows_is_asked_for_each_time(caplog: pytest.LogCaptureFixture) -> None:
    """It is in none of the lists that are read, and counts as not finished."""
    account = Account({**cohort(50), "7": {0: "DEFRAGMENTING", 100: "PROCESSED"}})
    with caplog.at_level(logging.WARNING):
        async with waiting(account) as waits:
            assert (await waits["7"]).is_processed
    assert len(account.asked("7")) == 5
    assert [record.getMessage() for record in caplog.records] == [
        "batch 7: unknown status DEFRAGMENTING counts as not finished"
    ]


@pytest.mark.parametrize("status", ["PROCESSED", "DEFRAGMENTING"])
async def test_a_list_of_active_ones_that_shows_another_status_is_no_answer(status: str) -> None:
    """Neither an end nor a sign of life: the batch itself is asked."""

    class Odd(Account):
        async def meets(self, method: str, parameters: Mapping[str, Any]) -> Fault | None:
            is_odd = parameters.get("status") == "INPROGRESS"
            return self.page("INPROGRESS", also=[{"id": "7", "status": status}]) if is_odd else None

    async with waiting(Odd({**cohort(50), "7": {0: "NOWHERE", 50: "PROCESSED"}})) as waits:
        assert (await waits["7"]).is_processed
        assert running_clock().now() > 50


async def test_pages_that_shift_under_their_tokens_end_no_wait() -> None:
    """A batch may be skipped when one before it ends between two pages: then it is asked for."""

    class Shifting(Account):
        async def meets(self, method: str, parameters: Mapping[str, Any]) -> Fault | None:
            start = int(parameters.get("startingToken", 0))
            return self.page(parameters["status"], start, size=3) if method == "list_batch" else None

    account = Shifting({**{str(n): ends(0.7) for n in range(1, 4)}, **cohort(8)})
    async with waiting(account) as waits:
        await running_clock().sleep(40)
        assert sorted(batch_id for batch_id, wait in waits.items() if wait.done()) == ["1", "2", "3"]
    assert len(account.looks) > 3


async def test_lists_that_are_stuck_are_believed_for_five_minutes() -> None:
    """Each batch that lists go on showing is asked for that often, and the others as before."""

    class Stuck(Account):
        async def meets(self, method: str, parameters: Mapping[str, Any]) -> Fault | None:
            is_stuck = parameters.get("status") == "INPROGRESS" and running_clock().now() > 200
            return self.page("INPROGRESS", also=[{"id": "7", "status": "INPROGRESS"}]) if is_stuck else None

    account = Stuck({**cohort(6), "7": ends(200)})
    async with waiting(account) as waits:
        assert (await waits["7"]).is_processed
    assert account.asked("7") == [pytest.approx(150, abs=3), pytest.approx(450, abs=3)]


async def test_eight_waits_hear_of_an_end_within_five_minutes_though_lists_lag_by_thirty() -> None:
    """And once an end has shown how far they lag, they are left alone."""
    account = Account({**cohort(7), "7": ends(200)}, lag=1800)
    async with waiting(account) as waits:
        assert (await waits["7"]).is_processed
        assert running_clock().now() < 200 + 300
        await running_clock().sleep(100)
        pages = len(account.pages)
        await running_clock().sleep(180)
        assert len(account.pages) == pages


async def test_a_list_that_shows_what_was_does_not_put_a_batch_back() -> None:
    """Nor does it begin the intervals again."""
    account = Account({**cohort(50), "7": {0: "PENDING", 29: "INPROGRESS"}}, lag=15)
    policy = PollPolicy(initial=5, factor=2, maximum=30)
    async with following(account, poll=policy) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(50)]
        await running_clock().sleep(30)
        reported: list[str] = []
        wait = asyncio.create_task(
            client.wait_until_processed("7", on_update=lambda batch: reported.append(batch.status))
        )
        await running_clock().sleep(100)
        await cancel_all([*waits, wait])
    assert reported == ["INPROGRESS"]


# Everything else that a wait promises


async def test_every_end_is_reported_for_what_it_is() -> None:
    """Processed, failed, cancelled."""
    lives = {"1": ends(40), "2": ends(40, "FAILED"), "3": ends(40, "CANCELLED"), **cohort(20)}
    async with waiting(Account(lives)) as waits:
        assert (await waits["1"]).is_processed
        with pytest.raises(BatchFailedError):
            await waits["2"]
        with pytest.raises(BatchCancelledError):
            await waits["3"]


async def test_a_deadline_comes_when_it_comes() -> None:
    """In the middle of a scan too; and the last look shows what there is to show."""
    account = Account(cohort(500), latency=0.1)
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in account.lives]
        with pytest.raises(WaitTimeoutError, match=r"batch 1007 was INPROGRESS, 0.0 % finished") as caught:
            await client.wait_until_processed("1007", timeout=0.55)
        assert running_clock().now() == pytest.approx(0.65)
        assert caught.value.batch is not None
        await cancel_all(waits)


async def test_what_a_list_has_shown_stands_in_the_error() -> None:
    """Where the last look fails, and no look came before it."""
    account = Account(cohort(20), failures={"get_batch": [OUTAGE]})
    async with following(account) as client:
        waits = [client.wait_until_processed(batch_id, timeout=50) for batch_id in account.lives]
        errors = await asyncio.gather(*waits, return_exceptions=True)
    error = errors[0]
    assert isinstance(error, WaitTimeoutError)
    assert "batch 1000 was INPROGRESS when last listed after 0:00:5" in str(error)
    assert error.batch is None
    assert error.polls == 3
    assert error.last_error is error.__cause__


@pytest.mark.slow
async def test_on_update_hears_of_counts_in_turn_within_the_pace() -> None:
    """Lists have none, so those who listen are asked for one by one; the lists show the ends in time."""
    account = Account({**cohort(300), "7": ends(65)})
    reported: Counter[str] = Counter()
    async with following(account) as client:
        waits = {
            batch_id: asyncio.create_task(
                client.wait_until_processed(batch_id, on_update=lambda batch: reported.update([batch.id]))
            )
            for batch_id in account.lives
        }
        assert (await waits["7"]).is_processed
        assert running_clock().now() < 65 + 40
        await running_clock().sleep(60)
        await cancel_all(waits.values())
    assert reported["7"] == 2
    assert reported.keys() == account.lives.keys()
    assert len(account.sent) <= 5 * running_clock().now() + 1


async def test_some_who_listen_need_no_scan() -> None:
    """They have to be asked for anyhow."""
    account = Account(cohort(60))
    async with following(account) as client:
        waits = [
            asyncio.create_task(client.wait_until_processed(batch_id, on_update=lambda _: None))
            for batch_id in account.lives
        ]
        await running_clock().sleep(100)
        await cancel_all(waits)
    assert account.pages == []


async def test_a_look_under_way_goes_on_though_a_list_shows_the_batch() -> None:
    """And brings news that the list has not."""
    account = Account({**cohort(50), "7": ends(12.5)}, latency=3)
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in cohort(50)]
        await running_clock().sleep(10)  # the fourth list is on its way, and comes at 12
        batch = await client.wait_until_processed("7")
        assert running_clock().now() == 13
        await cancel_all(waits)
    assert batch.is_processed


# Failures with the lists


async def test_without_the_permission_to_list_it_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    """And goes on with GetBatch, at the same pace; now and then it tries again, in silence."""
    account = Account({**cohort(6), "7": ends(7500)}, failures={"list_batch": [LIST_DENIED]})
    with caplog.at_level(logging.WARNING):
        async with waiting(account, poll=TWO_MINUTES) as waits:
            assert (await waits["7"]).is_processed
    assert account.pages == ["CREATING"] * 3
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("omics:ListBatch on * is not allowed: batches are looked at one by one")


@pytest.mark.parametrize(("unknown", "is_scanned"), [(["CREATING"], True), (LISTS, False)])
async def test_a_service_that_has_yet_to_learn_a_status_is_scanned_without_it(
    unknown: list[str],
    is_scanned: bool,
) -> None:
    """CREATING came a month after the others; a service that knows none of them has no such lists."""

    class Older(Account):
        async def meets(self, method: str, parameters: Mapping[str, Any]) -> Fault | None:
            return service("ValidationException", 400) if parameters.get("status") in unknown else None

    account = Older({**cohort(20), "7": ends(100)})
    async with waiting(account) as waits:
        assert (await waits["7"]).is_processed
    assert (set(account.looks) == {"7"}) is is_scanned


async def test_lists_that_fail_are_left_alone_for_longer_each_time(caplog: pytest.LogCaptureFixture) -> None:
    """Meanwhile looks go on one by one; when the lists are back, so are the scans."""
    account = Account(cohort(20), failures={"list_batch": [*[LIST_DOWN] * 12, None]})
    with caplog.at_level(logging.INFO):
        async with waiting(account, retry=ONE_ATTEMPT):
            await running_clock().sleep(1400)
    failed = [at for at, method, _ in account.sent if method == "list_batch"][:13:3]
    assert [round(later - at) for at, later in pairwise(failed)] == [
        pytest.approx(pause, abs=40) for pause in (60, 120, 240, 300)
    ]
    assert len(account.looks) > 20 * 20
    lines = [record.getMessage() for record in caplog.records if "lists of batches" in record.getMessage()]
    assert lines[0].startswith("the lists of batches cannot be read, batches are looked at one by one: ")
    assert lines[1:] == ["the lists of batches can be read again"]


async def test_a_list_that_fails_in_the_middle_spares_whom_it_has_shown() -> None:
    """The others are looked at."""
    account = Account(cohort(250), failures={"list_batch": [*[None] * 4, *[LIST_DOWN] * 3, None]})
    async with waiting(account, retry=ONE_ATTEMPT):
        await running_clock().sleep(29.1)  # a tenth later than the last look
    assert set(account.looks) == set(list(account.lives)[100:][: len(account.looks)])
    assert len(account.looks) == 29 * 5 - 7 + 1


@pytest.mark.parametrize(
    ("code", "status"), [("ResourceNotFoundException", 404), ("ServiceQuotaExceededException", 402), ("Teapot", 418)]
)
async def test_a_page_that_is_refused_once_is_asked_for_again(code: str, status: int) -> None:
    """One refused page does not stop the scans for a minute."""
    refused = service(code, status)
    account = Account(cohort(250), failures={"list_batch": [*[None] * 4, refused, None]})
    async with waiting(account):
        await running_clock().sleep(29)
    assert account.looks == []
    assert account.pages == [*LISTS[:4], *["INPROGRESS"] * 3, "STOPPING"]


@pytest.mark.parametrize(("code", "status"), [("AccessDeniedException", 403), ("ValidationException", 400)])
async def test_a_refusal_in_the_middle_of_a_list_concerns_its_page(code: str, status: int) -> None:
    """It is neither a missing permission nor a status that the service does not know."""
    refused = service(code, status)
    account = Account(cohort(250), failures={"list_batch": [*[None] * 4, refused, None]})
    async with waiting(account):
        await running_clock().sleep(29)
    assert account.looks == []
    assert account.pages == [*LISTS[:4], *["INPROGRESS"] * 3, "STOPPING"]


@pytest.mark.parametrize(("code", "status"), [("AccessDeniedException", 403), ("ValidationException", 400)])
async def test_a_page_in_the_middle_that_is_refused_for_good_ends_the_scan_for_a_minute(code: str, status: int) -> None:
    refused = service(code, status)
    account = Account(cohort(250), failures={"list_batch": [*[None] * 4, *[refused] * 3, None]})
    async with waiting(account):
        await running_clock().sleep(95)
    assert account.pages[:7] == [*LISTS[:4], *["INPROGRESS"] * 3]
    assert account.pages[7] == "CREATING"
    (again,) = [at for at, _, about in account.sent if about == "CREATING"][1:2]
    assert again == pytest.approx(62, abs=2)


async def test_a_scan_that_fails_after_many_pages_is_made_again_after_the_time_it_takes() -> None:
    account = Account(cohort(2000), failures={"list_batch": [*[None] * 18, *[LIST_DOWN] * 3, None]})
    async with waiting(account, retry=ONE_ATTEMPT):
        await running_clock().sleep(20)
    first, again = (at for at, _, about in account.sent if about == "CREATING")
    assert again - first == pytest.approx(4.2 + 5, abs=0.5)


async def test_lists_that_are_refused_again_and_again_are_left_alone_after_three_calls() -> None:
    account = Account(cohort(20), failures={"list_batch": [service("Teapot", 418)]})
    async with waiting(account):
        await running_clock().sleep(59)
    assert account.pages == ["CREATING"] * 3
    assert set(account.looks) == account.lives.keys()


async def test_a_list_without_an_end_is_given_up() -> None:
    """After the time in which everybody could have been asked for one by one."""

    class Endless(Account):
        async def meets(self, method: str, parameters: Mapping[str, Any]) -> Fault | None:
            if parameters.get("status") != "PENDING":
                return await super().meets(method, parameters)
            start = int(parameters.get("startingToken", 0))
            return shown({"items": [{"id": str(start), "status": "PENDING"}], "nextToken": str(start + 1)})

    account = Endless({**cohort(20), "7": ends(0)})
    async with waiting(account) as waits:
        assert (await waits["7"]).is_processed
        assert 60 <= running_clock().now() < 65
    assert set(account.pages) == {"CREATING", "PENDING"}


@pytest.mark.slow
async def test_an_outage_of_all_ends_waits_after_their_patience_and_not_before() -> None:
    """`max_silence`, as for a wait alone, apart from the queue of the many last looks."""
    account = Account(cohort(50), failures={"get_batch": [OUTAGE], "list_batch": [None] * 7 + [LIST_DOWN]})
    policy = PollPolicy(initial=30, factor=1, maximum=30, max_silence=600)
    async with waiting(account, poll=policy) as waits:
        results = await asyncio.gather(*waits.values(), return_exceptions=True)
        assert 600 <= running_clock().now() < 720
    assert all(isinstance(result, LostContactError) for result in results)
    assert "it was INPROGRESS when last listed" in str(results[0])


async def test_a_wait_that_queued_for_longer_than_its_patience_is_not_lost_at_its_first_miss() -> None:
    """Waiting for a turn is no silence of the service; from the first failed look on, it counts."""
    account = Account(cohort(6, ends(0)), failures={"get_batch": [*[OUTAGE] * 6, None], "list_batch": [LIST_DENIED]})
    policy = PollPolicy(max_silence=60)
    async with waiting(account, poll=policy, max_rate=0.1, retry=ONE_ATTEMPT) as waits:
        results = await asyncio.gather(*waits.values(), return_exceptions=True)
    assert Counter(type(result) for result in results) == {Batch: 6}


# Ends of waits and clients in the middle of a scan


async def test_a_wait_that_is_cancelled_in_the_middle_of_a_scan_disturbs_no_other() -> None:
    """Batches without a wait cost no look."""
    account = Account({**cohort(400), "7": ends(1)}, latency=0.05)
    async with waiting(account) as waits:
        await running_clock().sleep(0.65)
        for batch_id in cohort(200):
            waits[batch_id].cancel()
        assert (await waits["7"]).is_processed
        await running_clock().sleep(30)
        assert sum(not wait.done() for wait in waits.values()) == 200
    assert account.looks == ["7"]


async def test_the_last_wait_that_leaves_ends_the_scan() -> None:
    """Nothing goes on behind; and who waits next begins again."""
    account = Account(cohort(400), latency=5)
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in account.lives]
        await running_clock().sleep(1)
        assert tasks_of_ours() == ["omics_batch list scan", "omics_batch poller"]
        await cancel_all(waits)
        again = asyncio.create_task(client.wait_until_processed("1000"))
        await settled()
        assert tasks_of_ours() == ["omics_batch look 1000", "omics_batch poller"]
        await cancel_all([again])
        await settled()
        assert tasks_of_ours() == []


async def test_closing_the_client_in_the_middle_of_a_scan_ends_every_wait() -> None:
    """With the reason, and no task is left."""
    account = Account(cohort(400), latency=5)
    async with following(account) as client:
        waits = [asyncio.create_task(client.wait_until_processed(batch_id)) for batch_id in account.lives]
        await running_clock().sleep(1)
        await client.close()
        results = await asyncio.gather(*waits, return_exceptions=True)
    assert all(isinstance(result, ClientClosedError) for result in results)
    assert tasks_of_ours() == []


@pytest.mark.parametrize(("hand", "number"), [("poller", 100), ("list scan", 100), ("urgent turns", 100), ("turns", 4)])
async def test_no_wait_hangs_when_somebody_cancels_what_it_needs(hand: str, number: int) -> None:
    """As a framework may that cancels all tasks it sees."""
    account = Account({str(n): ends(0) for n in range(number)}, latency=0.05)
    async with waiting(account) as waits:
        while not (found := [task for task in asyncio.all_tasks() if task.get_name() == f"omics_batch {hand}"]):
            await running_clock().sleep(0.01)
        found[0].cancel()
        results = await asyncio.wait_for(asyncio.gather(*waits.values(), return_exceptions=True), 5)
    assert {type(result) for result in results} <= {ClientClosedError, Batch}


async def test_what_the_lists_raise_ends_all_waits_where_it_is_no_error_of_ours() -> None:
    """A bug has to be seen, and no wait may hang because of it."""

    class Broken(Account):
        async def meets(self, method: str, parameters: Mapping[str, Any]) -> Fault | None:
            if method == "list_batch":
                raise ArithmeticError("a bug")
            return None

    async with waiting(Broken(cohort(20))) as waits:
        results = await asyncio.gather(*waits.values(), return_exceptions=True)
    assert all(isinstance(result, ArithmeticError) for result in results)
