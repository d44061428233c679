"""Lists are walked through page by page, or awaited whole."""

from __future__ import annotations

import asyncio
import copy
import pickle
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, assert_type

import pytest
from IPython.core.formatters import PlainTextFormatter

from omics_batch import BatchListItem, FailedRun, InvalidInputError, Listing, ResourceNotFoundError, Rows
from omics_batch.testing import Life, Simulator
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from omics_batch import OmicsBatchClient

FORMATTER: Any = PlainTextFormatter  # IPython has few types


class Walk:
    """A walk through three items, which writes down how far it came and whether it was closed."""

    def __init__(self, *, stuck: bool = False) -> None:
        self.stuck = stuck
        self.seen: list[object] = []

    async def items(self) -> AsyncGenerator[int]:
        try:
            for number in range(3):
                self.seen.append(number)
                yield number
                if self.stuck:
                    await asyncio.Event().wait()
        except ZeroDivisionError as error:
            yield -len(error.args)
        finally:
            self.seen.append("closed")


@pytest.fixture
def walk() -> Walk:
    return Walk()


# Listing


async def test_a_listing_is_what_it_always_was(walk: Walk) -> None:
    listing = Listing(walk.items())
    assert isinstance(listing, AsyncGenerator)
    assert [item async for item in listing] == [0, 1, 2]
    assert walk.seen == [0, 1, 2, "closed"]


async def test_awaited_it_gives_all(walk: Walk) -> None:
    listing = Listing(walk.items())
    assert isinstance(listing, Awaitable)
    rows = await listing
    assert isinstance(rows, Rows)
    assert rows == [0, 1, 2]
    assert walk.seen == [0, 1, 2, "closed"]


async def test_nothing_is_asked_for_before_somebody_wants_it(walk: Walk) -> None:
    listing = Listing(walk.items())
    await asyncio.sleep(0)
    assert walk.seen == []
    assert await anext(listing) == 0
    assert walk.seen == [0]
    await listing.aclose()
    assert walk.seen == [0, "closed"]


async def test_left_early_it_is_closed(walk: Walk) -> None:
    async with aclosing(Listing(walk.items())) as listing:
        async for _ in listing:
            break
    assert walk.seen == [0, "closed"]


async def test_an_error_can_be_thrown_into_it(walk: Walk) -> None:
    listing = Listing(walk.items())
    assert await listing.asend(None) == 0
    assert await listing.athrow(ZeroDivisionError("once")) == -1
    with pytest.raises(StopAsyncIteration):
        await anext(listing)


async def test_several_are_awaited_at_once() -> None:
    assert await asyncio.gather(*(Listing(Walk().items()) for _ in range(3))) == [[0, 1, 2]] * 3


async def test_a_cancelled_await_closes_it() -> None:
    walk = Walk(stuck=True)
    waiting = asyncio.ensure_future(Listing(walk.items()))
    await asyncio.sleep(0)
    assert walk.seen == [0]
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert walk.seen == [0, "closed"]


async def test_a_listing_that_was_begun_is_not_taken_for_a_whole_one() -> None:
    """The rest of a list, or none of it, must not pass for all: no failed runs would be good news."""
    begun, thrown, closed, awaited = (Listing(Walk().items()) for _ in range(4))
    await anext(begun)
    with pytest.raises(KeyError):
        await thrown.athrow(KeyError())
    await closed.aclose()
    await awaited
    for listing in (begun, thrown, closed, awaited):
        with pytest.raises(InvalidInputError, match="make the call again"):
            await listing
    await begun.aclose()


async def test_it_says_what_to_do_with_it(walk: Walk) -> None:
    listing = Listing(walk.items())
    assert repr(listing) == "<Listing: `await` it, or iterate over it with `async for`>"
    await listing.aclose()


# Rows


def test_rows_are_a_list() -> None:
    rows = Rows([3, 1, 2])
    assert rows == [3, 1, 2]
    assert repr(rows) == "[3, 1, 2]"
    rows.sort()
    assert_type(rows[0], int)
    assert (rows[0], rows[-1]) == (1, 3)
    with pytest.raises(IndexError):
        rows[3]


def test_a_part_of_rows_and_a_copy_are_rows() -> None:
    rows = Rows(["a", "b", "c"])
    for part in (rows[1:], rows.copy()[1:], copy.copy(rows)[1:], pickle.loads(pickle.dumps(rows))[1:]):
        assert isinstance(part, Rows)
        assert part == ["b", "c"]


def test_lists_are_put_together() -> None:
    failed, more = Rows(["a"]), Rows(["b"])
    both = failed + more
    assert_type(both, Rows[str])
    assert_type(failed + Rows([1]), Rows[str | int])
    assert isinstance(both, Rows)
    assert (both, failed) == (["a", "b"], ["a"])


@pytest.mark.parametrize(("number", "more"), [(100, ""), (12_345, " and 12,245 more")])
def test_what_a_saved_notebook_holds_of_a_long_list_is_short(number: int, more: str) -> None:
    assert re.sub(r"\s+", " ", FORMATTER()(Rows(range(number)))) == f"{list(range(100))}{more}"


# Of a client

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator(in_process=True, clock=running_clock()) as running:
        yield running


@pytest.fixture
async def client(omics: Simulator) -> AsyncIterator[OmicsBatchClient]:
    async with omics.client(max_rate=None) as running:
        yield running


async def test_the_batches_of_an_account_are_awaited(omics: Simulator, client: OmicsBatchClient) -> None:
    ids = {omics.start_batch(1, name=f"cohort-{number}") for number in range(120)}
    batches = await client.list_batch()
    assert_type(batches, Rows[BatchListItem])
    assert {item.id for item in batches} == ids
    assert omics.requests_of("ListBatch") == 2
    assert "Batches: 120" in str(batches._repr_html_())


async def test_the_runs_of_a_batch_are_awaited(omics: Simulator, client: OmicsBatchClient) -> None:
    life = Life(submission_rate=1000, failed_submissions={"sample-2": ("ValidationException", "It does not exist.")})
    batch = await client.wait_until_processed(omics.start_batch(3, life=life))
    submissions = await client.list_runs_in_batch(batch, submission_status="FAILED")
    assert [run.run_setting_id for run in submissions] == ["sample-2"]
    failed = await client.failed_runs(batch)
    assert_type(failed, Rows[FailedRun])
    assert [(run.run_setting_id, run.message) for run in failed] == [("sample-2", "It does not exist.")]


async def test_what_the_iteration_raises_the_await_raises(client: OmicsBatchClient) -> None:
    with pytest.raises(ResourceNotFoundError):
        await client.failed_runs("7123456")
