"""Many batches as they end: one's failure is a value, not the end of the others."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch import (
    Batch,
    BatchCancelledError,
    BatchFailedError,
    ClientClosedError,
    InvalidInputError,
    OmicsBatchError,
    ResourceNotFoundError,
    StartRunBatchResponse,
    WaitTimeoutError,
)
from tests.accounts import Account, cohort, ends, following
from tests.stories import NOT_FOUND
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from omics_batch.testing import Fault

pytestmark = pytest.mark.virtual_time


def _tasks_of_ours() -> list[asyncio.Task[Any]]:
    return [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]


async def test_batches_come_as_they_end() -> None:
    """Not as they were named, nor all at once."""
    account = Account({"1": ends(200), "2": ends(100), "3": ends(0)})
    moments: list[float] = []
    async with following(account) as client:
        outcomes: list[tuple[str, Batch | OmicsBatchError]] = []
        async for batch_id, outcome in client.as_processed(["1", "2", "3"]):
            outcomes.append((batch_id, outcome))
            moments.append(running_clock().now())
    assert [batch_id for batch_id, _ in outcomes] == ["3", "2", "1"]
    assert all(isinstance(outcome, Batch) and outcome.is_processed for _, outcome in outcomes)
    assert moments == pytest.approx([0.4, 120, 210], abs=1)


async def test_what_ends_a_wait_is_its_value() -> None:
    """A failure, a cancel, a time-out and a refusal leave the others their time."""

    class Forgetful(Account):
        async def meets(self, method: str, parameters: Any) -> Fault | None:
            return NOT_FOUND if parameters.get("batchId") == "9" else await super().meets(method, parameters)

    lives = {"1": ends(40, "FAILED"), "2": ends(40, "CANCELLED"), "3": ends(700), "4": ends(300), "9": ends(0)}
    async with following(Forgetful(lives)) as client:
        outcomes = {batch_id: outcome async for batch_id, outcome in client.as_processed(lives, timeout=600)}
    assert {batch_id: type(outcome) for batch_id, outcome in outcomes.items()} == {
        "1": BatchFailedError,
        "2": BatchCancelledError,
        "3": WaitTimeoutError,
        "4": Batch,
        "9": ResourceNotFoundError,
    }
    assert all(outcome.batch_id == name for name, outcome in outcomes.items() if isinstance(outcome, OmicsBatchError))


async def test_hundreds_share_a_scan() -> None:
    """As `gather` over the waits does."""
    account = Account({**cohort(250, ends(100))})
    async with following(account) as client:
        count = len([outcome async for _, outcome in client.as_processed(account.lives) if isinstance(outcome, Batch)])
    assert count == 250
    assert len(account.looks) == 250


async def test_any_way_to_name_a_batch_is_fine_and_twice_is_once() -> None:
    """The id is what comes back."""
    arn = "arn:aws:omics:us-west-2:123456789012:runBatch/7"
    started = StartRunBatchResponse.model_validate({"id": "8", "status": "CREATING"})
    async with following(Account({"7": ends(0), "8": ends(0)})) as client:
        outcomes = [batch_id async for batch_id, _ in client.as_processed([arn, "7", started])]
    assert sorted(outcomes) == ["7", "8"]


async def test_none_are_no_batches() -> None:
    """An empty list ends at once."""
    async with following(Account({})) as client:
        assert [outcome async for outcome in client.as_processed([])] == []


@pytest.mark.parametrize("batches", ["7123456", ["7", "seven"], ["7", None]])
async def test_what_cannot_be_right_is_reported_before_anything_is_sent(batches: Any) -> None:
    """One id by itself is no list of ids, though Python could iterate over it."""
    account = Account({"7": ends(0)})
    async with following(account) as client:
        with pytest.raises(InvalidInputError):
            client.as_processed(batches)
    assert account.sent == []


async def test_leaving_the_loop_ends_the_waits_that_are_left() -> None:
    """Those that have ended meanwhile with an error are no news to anybody."""
    account = Account({"1": ends(0), "2": ends(0, "FAILED"), "3": ends(1000)})
    async with following(account) as client:
        async with aclosing(client.as_processed(account.lives)) as outcomes:
            async for _ in outcomes:
                await running_clock().sleep(60)
                break
        await running_clock().sleep(0.01)
        assert _tasks_of_ours() == []


async def test_a_closed_client_ends_the_iteration() -> None:
    """Nothing more can be reported: there is no further value, and the wait does not hang."""
    async with following(Account({"1": ends(0), "2": ends(1000), "3": ends(1000)})) as client:
        reported: list[str] = []

        async def iterate() -> None:
            async for batch_id, _ in client.as_processed(["1", "2", "3"]):
                reported.append(batch_id)
                await client.close()

        with pytest.raises(ClientClosedError):
            await iterate()
    assert reported == ["1"]


async def test_cancelling_the_iteration_cancels_its_waits() -> None:
    """And no other."""
    account = Account({"1": ends(1000), "2": ends(1000)})
    async with following(account) as client:

        async def iterate() -> None:
            async for _ in client.as_processed(["1", "2"]):
                raise AssertionError

        other = asyncio.create_task(client.wait_until_processed("1"))
        iteration = asyncio.create_task(iterate())
        await running_clock().sleep(100)
        iteration.cancel()
        await asyncio.wait({iteration})
        assert iteration.cancelled()
        assert (await other).is_processed
