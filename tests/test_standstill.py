"""A process can stand still: stopped by a signal, in a paused container, on a suspended laptop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from omics_batch import LostContactError, RetryPolicy, WaitTimeoutError
from omics_batch._transport.failure import FailureStage
from omics_batch._waiting import timer
from tests.stories import BATCH_ID, PROCESSED, failing_at, seen, telling
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from omics_batch.testing import Fault

pytestmark = pytest.mark.virtual_time


@pytest.fixture(autouse=True)
def _is_real_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process stands still in real time alone: the clock of these tests passes for the machine's."""

    def is_real(_: object) -> bool:
        return True

    monkeypatch.setattr(timer, "is_real", is_real)


NO_NETWORK = failing_at(FailureStage.CONNECTION)
TWO_HOURS = 7200.0


def stops_for(seconds: float) -> Callable[[], Awaitable[Fault]]:
    """The process stands still while a look is under way, which has lost its connection then."""

    async def stand_still() -> Fault:
        running_clock().advance(seconds)
        return NO_NETWORK

    return stand_still


def back_after(seconds: float) -> Callable[[], Awaitable[Fault]]:
    """The network is back some seconds after the first attempt; then the batch shows its end."""
    began: list[float] = []

    async def answer() -> Fault:
        began.append(running_clock().now())
        return PROCESSED if began[-1] - began[0] >= seconds else NO_NETWORK

    return answer


@pytest.mark.parametrize("network", [PROCESSED, back_after(3)], ids=["at once", "3 s later"])
async def test_time_in_which_nobody_looked_is_no_silence(network: Fault | Callable[[], Awaitable[Fault]]) -> None:
    """The process stood still for longer than `max_silence`; a look comes before the verdict."""
    async with telling(seen(), stops_for(TWO_HOURS), network) as story:
        assert (await story.client.wait_until_processed(BATCH_ID)).is_processed
    assert story.clock.now() > TWO_HOURS


async def test_it_is_no_silence_between_two_looks_either() -> None:
    async with telling(seen(), *[NO_NETWORK] * 3, PROCESSED) as story:
        wait = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        await story.clock.sleep(1)
        story.clock.advance(TWO_HOURS)
        assert (await wait).is_processed


@pytest.mark.parametrize("network", [PROCESSED, back_after(3)], ids=["at once", "3 s later"])
async def test_a_time_out_that_was_over_meanwhile_looks_once_more(
    network: Fault | Callable[[], Awaitable[Fault]],
) -> None:
    """The last look tries again within its five seconds."""
    async with telling(seen(), stops_for(TWO_HOURS), network) as story:
        assert (await story.client.wait_until_processed(BATCH_ID, timeout=60)).is_processed


async def test_a_network_that_stays_away_ends_the_wait_all_the_same() -> None:
    """After an hour in which it did look, and at the end of its time-out."""
    async with telling(seen(), stops_for(TWO_HOURS), NO_NETWORK) as story:
        with pytest.raises(LostContactError):
            await story.client.wait_until_processed(BATCH_ID)
        assert story.clock.now() == pytest.approx(TWO_HOURS + 3600, abs=180)
    async with telling(seen(), stops_for(TWO_HOURS), NO_NETWORK) as story:
        begun = story.clock.now()
        with pytest.raises(WaitTimeoutError):
            await story.client.wait_until_processed(BATCH_ID, timeout=60)
        assert story.clock.now() - begun == pytest.approx(TWO_HOURS + 5, abs=6)


@pytest.mark.parametrize("length", [400.0, 1800.0])
async def test_a_service_that_is_silent_for_long_is_no_standstill(length: float) -> None:
    """A look of half an hour is silence, and no reason to wait for longer."""

    async def silent() -> Fault:
        await running_clock().sleep(length)
        return NO_NETWORK

    patient = RetryPolicy(attempt_timeout=3600, max_attempts=1)
    async with telling(seen(), silent, retry=patient) as story:
        with pytest.raises(LostContactError):
            await story.client.wait_until_processed(BATCH_ID)
        assert story.clock.now() <= 3600 + length + 60


async def test_a_clock_that_a_test_moves_far_is_no_standstill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    async with telling(seen(), stops_for(TWO_HOURS), NO_NETWORK) as story:
        with pytest.raises(LostContactError):
            await story.client.wait_until_processed(BATCH_ID)
        assert story.clock.now() == pytest.approx(TWO_HOURS, abs=10)
