"""A simulated day of ten thousand waits with unreliable lists: each ends with the right result, and in time."""

from __future__ import annotations

import asyncio
import time
from random import Random
from statistics import quantiles
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import ClientClosedError
from soaks.account import ACTIVE, Account
from soaks.batches import HOUR
from soaks.checks import NOW
from soaks.failures import BROKEN, DENIED, PAGES, SURVIVED
from soaks.gauges import Reader, blocks, check_flat, memory_readings, other_tasks, read_log, settled
from soaks.many import STEADY, Many
from soaks.waits import until_answered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omics_batch import OmicsBatchClient
    from omics_batch.testing import Fault

DAY: Final = 24 * HOUR


@pytest.mark.timeout(3600)
async def test_ten_thousand_waits_for_a_day(seed: int) -> None:
    """At the default rate, while thousands of other batches come and go, and one request in twenty fails."""
    account = Account(Random(seed), others=4000)
    waiting, readings = await soak(account, seed, waits=10_000, until=DAY)
    rows = {row.name for kind, rows in SURVIVED.items() if kind != "no batch" for row in rows}
    assert rows | {row.name for row in PAGES} <= account.met_by_lists.keys()
    assert all(account.whims.met.values())
    assert waiting.cancelled_in_scans
    check_flat(readings, 1.1)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("row", [DENIED, BROKEN], ids=["denied", "broken"])
async def test_a_day_without_lists(seed: int, row: Fault) -> None:
    """Waits that GetBatch can serve lose nothing but calls, and the log does not have it every minute."""
    account = Account(Random(seed), others=1000, no_lists=row)
    await soak(account, seed, waits=60, until=DAY)
    assert 0 < account.asked_for["ListBatch"] < account.asked_for["GetBatch"] / 40


@pytest.mark.timeout(600)
async def test_a_client_closed_in_the_middle_of_a_scan(seed: int) -> None:
    """All its waits end at once, and no task of it is left."""
    account = Account(Random(seed), others=1000)
    async with account.omics, account.client(random=Random(seed + 1).random) as client:
        assert await closed_in_a_scan(client, account) > 300
        assert other_tasks() == set()


@pytest.mark.timeout(600)
async def test_another_client_goes_on_undisturbed(seed: int) -> None:
    """One is closed in the middle of its scan while the other follows waits of the same account."""
    account = Account(Random(seed), others=1000)
    async with (
        account.omics,
        account.client(random=Random(seed + 1).random) as client,
        account.client(random=Random(seed + 2).random) as closing,
        asyncio.TaskGroup() as group,
    ):
        waiting = group.create_task(waited(client, account, waits=500, until=2 * HOUR, sharing=0.0))
        assert await closed_in_a_scan(closing, account) > 300
    assert other_tasks() == set()
    assert (await waiting).outcomes["Batch"] > 200


def listed_last(client: OmicsBatchClient) -> list[str]:
    """Give the status of which a client listed a page last, now and from now on."""
    transport, last = client._opened().caller.transport, [ACTIVE[-1]]
    call = transport.call

    async def noted(method: str, parameters: Mapping[str, Any], *, bound: float) -> Any:
        if method == "list_batch":
            last[0] = parameters["status"]
        return await call(method, parameters, bound=bound)

    vars(transport).update(call=noted)
    return last


async def closed_in_a_scan(client: OmicsBatchClient, account: Account) -> int:
    """Close a client in the middle of a scan; return how many waits were under way."""
    last = listed_last(client)
    await until_answered(client, account)
    account.fill(500)
    followed = [account.follow(share=False) for _ in range(500)]
    waits = [asyncio.create_task(client.wait_until_processed(one.fate.id, poll=STEADY)) for one in followed]
    await account.clock.sleep(600)
    while last == [ACTIVE[-1]]:
        await account.clock.sleep(0.1)
    left = [wait for wait in waits if not wait.done()]
    await client.close()
    closed_at = account.clock.now()
    assert all(isinstance(error, ClientClosedError) for error in await asyncio.gather(*left, return_exceptions=True))
    assert account.clock.now() < closed_at + NOW
    await asyncio.gather(*waits, return_exceptions=True)
    for one in followed:
        account.leave(one)
    return len(left)


async def waited(client: OmicsBatchClient, account: Account, *, waits: int, until: float, sharing: float = 0.1) -> Many:
    """Keep waits under way until a moment, and hold each end against the truth."""
    await until_answered(client, account)
    waiting = Many(client, account)
    waiting.sharing = sharing
    account.fill(round(waits * (1 - sharing)))
    async with asyncio.TaskGroup() as group:
        for _ in range(waits):
            group.create_task(waiting.one_after_the_other(until))
        group.create_task(waiting.audit(until))
    return waiting


async def soak(account: Account, seed: int, *, waits: int, until: float) -> tuple[Many, list[tuple[int, int]]]:
    """Do so with a client of its own, and see that nothing is left over."""
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    begun = time.monotonic()
    with read_log() as log:
        async with (
            account.omics,
            account.client(random=Random(seed + 1).random) as client,
            asyncio.TaskGroup() as group,
        ):
            readings = group.create_task(memory_readings(account.clock, blocks, until))
            waiting = await waited(client, account, waits=waits, until=until)
            await settled()
            assert other_tasks() <= {readings}
    report(account, waiting, log, readings.result(), time.monotonic() - begun)
    assert failures == []
    assert other_tasks() == set()
    assert account.followed == {}
    assert log.denials <= 1
    return waiting, readings.result()


def report(account: Account, waiting: Many, log: Reader, readings: Sequence[tuple[int, int]], seconds: float) -> None:
    faults, of_lists = sum(account.met.values()), sum(account.met_by_lists.values())
    print(f"{waiting.outcomes.total()} waits ended: {dict(waiting.outcomes.most_common())}")
    print(f"{dict(account.asked_for)} requests, {faults} met a fault, {of_lists} of them for lists: {seconds:.0f} s")
    print(f"whims of lists: {dict(account.whims.met)}; asked for in vain: {account.needless}")
    print(f"{waiting.cancelled_in_scans} waits were cancelled in the middle of a scan; {log.lines} lines of log")
    reported = quantiles(waiting.latencies, n=100, method="inclusive")
    print(
        f"noticed after {reported[49]:.0f} s (p50), {reported[98]:.0f} s (p99), {max(waiting.latencies):.0f} s at most"
    )
    print(f"at most {waiting.judge.latest:.2f} s beyond a deadline")
    print(f"memory in use: {', '.join(f'{used:,}' for used, _ in readings)}")
