"""How fast a client may send, and in which order its callers get their turns."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch import InvalidInputError
from omics_batch._rate_limiter import AdaptiveRate, RateLimiter
from omics_batch.testing import ManualClock
from tests.support import InstantClock

# The rate

ANSWERED, THROTTLED = True, False


def rate_after(max_rate: float | None, events: list[tuple[float, bool]]) -> AdaptiveRate:
    adaptive = AdaptiveRate(max_rate)
    for moment, answered in events:
        if answered:
            adaptive.answered(moment)
        else:
            adaptive.throttled(moment)
    return adaptive


@pytest.mark.parametrize("max_rate", [10.0, 0.1, 1, 1e6])
def test_a_pace_begins_at_its_highest_rate(max_rate: float) -> None:
    assert AdaptiveRate(max_rate).rate == max_rate


def test_a_pace_without_a_limit_is_as_fast_as_can_be() -> None:
    assert AdaptiveRate(None).rate == math.inf
    assert rate_after(None, [(second / 100, ANSWERED) for second in range(1000)]).rate == math.inf


@pytest.mark.parametrize("max_rate", [0, -1, -math.inf, math.inf, math.nan])
def test_a_rate_has_to_be_above_zero(max_rate: float) -> None:
    with pytest.raises(InvalidInputError, match="^max_rate has to be above 0 requests a second, or None, not "):
        AdaptiveRate(max_rate)


def answers(count: int, *, until: float = 0.0) -> list[tuple[float, bool]]:
    """So many answers within the second before a moment."""
    return [(until - number * 0.9 / count, ANSWERED) for number in reversed(range(count))]


@pytest.mark.parametrize(
    ("max_rate", "events", "rate"),
    [
        # a bit less than what was answered in the second before ...
        (10.0, [*answers(10), (0, THROTTLED)], 8.0),
        (10.0, [*answers(7), (0, THROTTLED)], 5.6),
        (None, [*answers(100), (0, THROTTLED)], 80.0),
        # ... but not below half at once
        (10.0, [*answers(5), (0, THROTTLED)], 5.0),
        (10.0, [(0, THROTTLED)], 5.0),
        (10.0, [(0, THROTTLED), (1, THROTTLED)], 2.5),
        # what was answered earlier tells nothing of now
        (10.0, [*answers(10, until=-1), (0, THROTTLED)], 5.0),
        # without a limit it begins at half of twice the default quota
        (None, [(0, THROTTLED)], 10.0),
        (None, [(0, THROTTLED), (1, THROTTLED)], 5.0),
        # a throttle less than a second after another is the same news
        (10.0, [(0, THROTTLED), (0, THROTTLED), (0.5, THROTTLED), (0.999, THROTTLED)], 5.0),
        (10.0, [(0, THROTTLED), (0.999, THROTTLED), (1.0, THROTTLED)], 2.5),
        # throttling never raises a rate
        (2.0, [*answers(10), (0, THROTTLED)], 2.0),
        # and never lowers it below one request in two seconds, unless the caller asked for less
        (10.0, [(second, THROTTLED) for second in range(100)], 0.5),
        (None, [(second, THROTTLED) for second in range(100)], 0.5),
        (0.2, [(second, THROTTLED) for second in range(100)], 0.2),
    ],
)
def test_throttling_lowers_the_rate(max_rate: float | None, events: list[tuple[float, bool]], rate: float) -> None:
    assert rate_after(max_rate, events).rate == pytest.approx(rate)


def test_an_answer_exactly_a_second_old_no_longer_counts() -> None:
    assert rate_after(10.0, [(0.0, ANSWERED)] * 10 + [(1.0, THROTTLED)]).rate == 5.0
    assert rate_after(10.0, [(0.001, ANSWERED)] * 10 + [(1.0, THROTTLED)]).rate == 8.0


def test_each_answer_raises_the_rate_again_up_to_the_highest() -> None:
    adaptive = rate_after(10.0, [(0, THROTTLED)])
    assert adaptive.rate == 5.0
    adaptive.answered(1.0)
    assert adaptive.rate == pytest.approx(5.1)
    for answer in range(1000):
        adaptive.answered(1.0 + answer)
    assert adaptive.rate == 10.0


def test_full_use_raises_the_rate_by_half_a_request_a_second_each_second() -> None:
    adaptive, now = rate_after(100.0, [(0, THROTTLED)]), 0.0
    while now < 10:
        now += 1 / adaptive.rate
        adaptive.answered(now)
    assert adaptive.rate == pytest.approx(55, abs=0.1)


def test_a_pace_without_a_limit_grows_on_after_throttling() -> None:
    adaptive = rate_after(None, [(0, THROTTLED)])
    before = adaptive.rate
    for answer in range(10_000):
        adaptive.answered(answer / 100)
    assert before * 5 < adaptive.rate < math.inf


@given(
    max_rate=st.none() | st.floats(min_value=0.01, max_value=1e6),
    steps=st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=100),
)
def test_any_history_leaves_a_rate_to_send_at(max_rate: float | None, steps: list[tuple[float, bool]]) -> None:
    adaptive, now = AdaptiveRate(max_rate), 0.0
    for wait, answered in steps:
        now += wait
        before = adaptive.rate
        if answered:
            adaptive.answered(now)
            assert adaptive.rate >= before
        else:
            adaptive.throttled(now)
            assert adaptive.rate <= before
        assert 0 < adaptive.rate <= (max_rate or math.inf)
        assert len(adaptive._answered) <= len(steps)


# The turns

EIGHT_A_SECOND: Final = 8.0
"""One each 0.125 s, which floats add up exactly."""


@dataclass
class Queue:
    """Callers who want to send, on a clock by hand; those whose names are in capitals are urgent."""

    clock: ManualClock = field(default_factory=ManualClock)
    rate: float = EIGHT_A_SECOND
    served: list[tuple[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.turns = RateLimiter(self.clock, lambda: self.rate)

    async def _send(self, name: str) -> None:
        await self.turns.next(is_urgent=name.isupper())
        self.served.append((name, self.clock.now()))

    async def enter(self, *names: str) -> list[asyncio.Task[None]]:
        """Let callers enter in this order."""
        callers = [asyncio.create_task(self._send(name), name=name) for name in names]
        await self.settle()
        return callers

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def pass_time(self, seconds: float, *, step: float = 1 / 64) -> None:
        """Let time pass in small steps, as it does."""
        for _ in range(round(seconds / step)):
            self.clock.advance(step)
            await self.settle()

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.served]


async def test_the_first_caller_goes_at_once() -> None:
    queue = Queue()
    await queue.enter("a")
    assert queue.served == [("a", 0.0)]
    assert queue.clock.slept == []


async def test_callers_go_in_the_order_they_came_at_the_rate() -> None:
    clock = InstantClock()
    turns = RateLimiter(clock, lambda: EIGHT_A_SECOND)
    served: list[tuple[int, float]] = []

    async def send(number: int) -> None:
        await turns.next()
        served.append((number, clock.now()))

    await asyncio.gather(*(send(number) for number in range(5)))
    assert [number for number, _ in served] == [0, 1, 2, 3, 4]
    assert [moment for _, moment in served] == pytest.approx([0, 0.125, 0.25, 0.375, 0.5])
    assert clock.slept == pytest.approx([0.125] * 4)


async def test_a_caller_after_a_pause_goes_at_once_and_nothing_is_saved_up() -> None:
    queue = Queue()
    await queue.enter("a")
    queue.clock.advance(60)
    await queue.enter("b", "c")
    assert queue.served == [("a", 0.0), ("b", 60.0)]
    await queue.pass_time(0.25)
    assert queue.served[2] == ("c", 60.125)


async def test_only_the_head_sleeps() -> None:
    queue = Queue()
    callers = await queue.enter(*"abcdefgh")
    assert queue.clock.sleepers == 1
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    assert queue.clock.sleepers == 0


async def test_without_a_limit_nobody_sleeps() -> None:
    queue = Queue(rate=math.inf)
    await queue.enter(*"abcdefgh")
    assert queue.names == list("abcdefgh")
    assert queue.clock.slept == []


async def test_the_urgent_go_before_all_others() -> None:
    """Whoever came first among them goes first, and the others keep their order."""
    queue = Queue()
    await queue.enter(*"abcXdY")
    await queue.pass_time(1)
    assert queue.names == list("aXYbcd")


async def test_who_sleeps_at_the_head_lets_the_urgent_pass() -> None:
    """One that comes again and again, a moment after each of its turns, holds nobody up but the others."""
    queue = Queue()
    await queue.enter(*"ab")
    for name in "XYZ":
        await queue.pass_time(1 / 16)
        await queue.enter(name)
        await queue.pass_time(1 / 16)
    await queue.pass_time(1)
    assert queue.served == [("a", 0.0), ("X", 0.125), ("Y", 0.25), ("Z", 0.375), ("b", 0.5)]


async def test_an_urgent_one_that_leaves_hands_on_its_place() -> None:
    queue = Queue()
    callers = await queue.enter(*"abXY")
    callers[2].cancel()
    await queue.pass_time(1)
    assert queue.served == [("a", 0.0), ("Y", 0.125), ("b", 0.25)]
    assert not queue.turns._urgent


async def test_200_callers_cancelled_at_once_hold_up_nobody() -> None:
    queue = Queue()
    callers = await queue.enter("first", *(f"caller {number}" for number in range(200)))
    for caller in callers[1:]:
        caller.cancel()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert results[0] is None
    assert all(isinstance(result, asyncio.CancelledError) for result in results[1:])
    assert (queue.names, queue.clock.sleepers, len(queue.turns._queue)) == (["first"], 0, 0)
    queue.clock.advance(0.125)
    await queue.enter("next")
    assert queue.served[-1] == ("next", 0.125)


async def test_whoever_comes_in_the_middle_of_a_mass_cancellation_is_served() -> None:
    queue = Queue()
    callers = await queue.enter("first", *(f"caller {number}" for number in range(200)))
    for caller in callers[1:]:
        caller.cancel()
    newcomer = asyncio.create_task(queue._send("newcomer"))
    await queue.pass_time(0.125)
    assert newcomer.done()
    assert queue.served == [("first", 0.0), ("newcomer", 0.125)]


@pytest.mark.parametrize("leaver", ["b", "c", "d"])
async def test_a_caller_who_leaves_hands_on_the_place(leaver: str) -> None:
    queue = Queue()
    callers = await queue.enter("a", "b", "c", "d")
    await queue.pass_time(1 / 16)
    next(caller for caller in callers if caller.get_name() == leaver).cancel()
    await queue.pass_time(0.5)
    stayed = [name for name in "abcd" if name != leaver]
    assert queue.served == [(name, 0.125 * turn) for turn, name in enumerate(stayed)]


async def test_a_caller_cancelled_while_being_called_hands_on_the_call() -> None:
    """The head was told to go, and is cancelled before it could."""
    queue = Queue()
    _, head, second = await queue.enter("a", "b", "c")
    third = (await queue.enter("d"))[0]
    queue.clock.advance(0.125)  # b is woken ...
    second.cancel()  # ... and will call c, which is gone then
    await queue.settle()
    assert head.done()
    await queue.pass_time(0.125)
    assert third.done()
    assert queue.names == ["a", "b", "d"]


async def test_a_turn_that_was_given_up_costs_nothing() -> None:
    queue = Queue()
    _, leaver = await queue.enter("a", "b")
    leaver.cancel()
    await queue.pass_time(0.125)
    await queue.enter("c")
    assert queue.served == [("a", 0.0), ("c", 0.125)]


async def test_a_rate_that_falls_holds_for_those_who_wait_already() -> None:
    queue = Queue()
    await queue.enter("a", "b", "c")
    queue.rate = 2.0
    await queue.pass_time(31 / 64)
    assert queue.names == ["a"]
    await queue.pass_time(0.75)
    assert queue.served == [("a", 0.0), ("b", 0.5), ("c", 1.0)]


async def test_a_rate_that_rises_holds_from_the_next_caller_on() -> None:
    queue = Queue(rate=1.0)
    await queue.enter("a", "b", "c", "d")
    queue.rate = EIGHT_A_SECOND
    await queue.pass_time(1.5)
    assert queue.served == [("a", 0.0), ("b", 1.0), ("c", 1.125), ("d", 1.25)]


async def test_a_clock_that_breaks_does_not_break_the_queue() -> None:
    class Broken(InstantClock):
        async def sleep(self, seconds: float) -> None:
            self.slept.append(seconds)
            raise OSError("no time")

    clock = Broken()
    turns = RateLimiter(clock, lambda: EIGHT_A_SECOND)
    await turns.next()
    results = await asyncio.gather(turns.next(), turns.next(), return_exceptions=True)
    assert [type(result) for result in results] == [OSError, OSError]
    clock.time = 1.0
    await turns.next()


@given(
    rates=st.lists(st.sampled_from([0.5, 1.0, 3.0, 10.0, 1000.0]), min_size=1, max_size=5),
    cancelled=st.sets(st.integers(0, 19)),
)
def test_any_cancellations_and_rates_serve_the_rest_in_order(rates: list[float], cancelled: set[int]) -> None:
    async def story() -> list[int]:
        clock, served = InstantClock(), list[int]()
        turns = RateLimiter(clock, lambda: rates[len(served) % len(rates)])

        async def send(number: int) -> None:
            await turns.next()
            served.append(number)

        callers = [asyncio.create_task(send(number)) for number in range(20)]
        for number in cancelled:
            callers[number].cancel()
        await asyncio.gather(*callers, return_exceptions=True)
        assert len(turns._queue) == 0
        return served

    assert asyncio.run(story()) == [number for number in range(20) if number not in cancelled]
