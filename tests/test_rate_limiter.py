"""How fast a client may send, and in which order its requests are sent."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch import InvalidInputError
from omics_batch._api.rate_limiter import WAITS_SHARE, AdaptiveRate, Priority, QueuedRequest, RateLimiter, TurnQueue
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
    """A number of answers within the second before a moment."""
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
        # what was answered earlier shows nothing of now
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


@pytest.mark.parametrize("share", [1.0, WAITS_SHARE, 0.25])
def test_full_use_raises_the_rate_by_half_a_request_a_second_each_second(share: float) -> None:
    """Of the share that requests may use: waits alone never use the whole rate."""
    adaptive, now = rate_after(100.0, [(0, THROTTLED)]), 0.0
    while now < 10:
        now += 1 / (adaptive.rate * share)
        adaptive.answered(now, share)
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


# Whose turn it is: the pure queue

EIGHT_A_SECOND: Final = 8.0
"""One each 0.125 s, which floats add up exactly."""

LAST, URGENT, LOOK, CALL = Priority
GET, LIST, START = "get_batch", "list_batch", "start_run_batch"


@dataclass
class Sent:
    """A request that was sent, and what had been sent while it was the first of its priority."""

    method: str
    priority: Priority
    name: str
    moment: float
    calls_before: int
    """Calls of any operation."""
    own_calls_before: int
    """Calls of its operation, from when on it was the first of that one."""


class Play:
    """A queue whose requests are sent at the very moments that it names."""

    def __init__(self, max_rate: float | None = EIGHT_A_SECOND) -> None:
        self.queue = TurnQueue(max_rate)
        self.now = 0.0
        self.sent: list[Sent] = []
        self.waiting: dict[QueuedRequest, str] = {}
        self._first_since: dict[tuple[QueuedRequest, bool], int] = {}
        """How many had been sent when a request became the first of its priority, in its operation or in all."""

    def add(self, method: str, priority: Priority, *names: str) -> list[QueuedRequest]:
        requests = [self.queue.add(method, priority) for _ in names]
        self.waiting.update(zip(requests, names, strict=True))
        self._note_the_first()
        return requests

    def give_up(self, request: QueuedRequest) -> None:
        self.queue.discard(request)
        del self.waiting[request]
        self._note_the_first()

    def run(self, until: float = math.inf) -> None:
        """Let time pass, and send whatever may be sent; to the end of the queue, if no moment is given."""
        while (moment := max(self.queue.next_moment(), self.now)) <= until and moment < math.inf:
            self.now = moment
            request = self.queue.first(self.now)
            assert request is not None
            self._send(request)
        self.now = self.now if math.isinf(until) else until

    def _send(self, request: QueuedRequest) -> None:
        self.queue.take(request, self.now)
        before = [sent.priority for sent in self.sent[self._first_since.get((request, False), len(self.sent)) :]]
        own = [sent.priority for sent in self.sent[self._first_since[request, True] :] if sent.method == request.method]
        calls, own_calls, name = before.count(CALL), own.count(CALL), self.waiting[request]
        self.sent.append(Sent(request.method, request.priority, name, self.now, calls, own_calls))
        self.give_up(request)

    def _note_the_first(self) -> None:
        seen: set[tuple[Priority, str | None]] = set()
        for request in self.waiting:  # in the order of their coming
            for method in (request.method, None):
                if (request.priority, method) not in seen:
                    seen.add((request.priority, method))
                    self._first_since.setdefault((request, method is not None), len(self.sent))

    @property
    def names(self) -> str:
        return " ".join(sent.name for sent in self.sent)


def numbered(letter: str, count: int) -> list[str]:
    return [f"{letter}{number}" for number in range(1, count + 1)]


def test_calls_go_in_the_order_they_came_whatever_their_operation() -> None:
    play = Play()
    play.add(GET, CALL, "a")
    play.add(START, CALL, "b")
    play.add(GET, CALL, "c")
    play.run()
    assert [(sent.name, sent.moment) for sent in play.sent] == [("a", 0.0), ("b", 0.125), ("c", 0.25)]


@pytest.mark.parametrize("begun", [0.0, 0.1, 5.0, 1e6])
@pytest.mark.parametrize("max_rate", [3.0, EIGHT_A_SECOND, 10.0, 30.0])
def test_looks_take_every_other_turn(max_rate: float, begun: float) -> None:
    """Whatever the floats make of the moments."""
    play = Play(max_rate)
    play.run(begun)
    play.add(GET, CALL, *numbered("call", 50))
    play.add(GET, LOOK, *numbered("look", 50))
    play.run()
    assert play.names == " ".join(f"look{number} call{number}" for number in range(1, 51))
    assert [sent.moment for sent in play.sent] == pytest.approx([begun + turn / max_rate for turn in range(100)])


def test_looks_use_no_more_than_their_share_though_nothing_else_is_sent() -> None:
    play = Play()
    play.add(GET, LOOK, "a", "b")
    play.add(LIST, URGENT, "c")
    play.run()
    assert [(sent.name, sent.moment) for sent in play.sent] == [("c", 0.0), ("a", 0.25), ("b", 0.5)]


def test_an_urgent_look_goes_before_three_others_and_then_one_of_them_does() -> None:
    play = Play()
    play.add(GET, LOOK, "a", "b")
    play.add(GET, URGENT, *numbered("URGENT", 6))
    play.run()
    assert play.names == "URGENT1 URGENT2 URGENT3 a URGENT4 URGENT5 URGENT6 b"


def test_a_last_look_goes_before_all_others_and_uses_no_share() -> None:
    play = Play()
    play.add(GET, CALL, "call")
    play.add(GET, LOOK, "look")
    play.add(GET, URGENT, "URGENT")
    play.add(GET, LAST, "LAST1", "LAST2")
    play.run()
    assert play.names == "LAST1 LAST2 URGENT call look"
    assert [sent.moment for sent in play.sent] == [0.0, 0.125, 0.25, 0.375, 0.5]


def test_last_looks_of_many_waits_let_others_have_turns() -> None:
    """Four hundred waits that end at once do not keep others from sending for their five seconds."""
    play = Play()
    play.add(GET, LAST, *numbered("LAST", 12))
    play.add(GET, LOOK, "look")
    play.add(GET, CALL, "call")
    play.run()
    assert play.names.index("look") < play.names.index("call") < play.names.index("LAST6")


def test_an_operation_that_is_throttled_slows_no_other_one() -> None:
    play = Play()
    play.queue.rate(START).rate = 0.5
    play.add(START, CALL, *numbered("start", 3))
    play.add(GET, CALL, *numbered("get", 8))
    play.run()
    assert [sent.moment for sent in play.sent if sent.method == GET] == [0.125 * turn for turn in range(1, 9)]
    assert [sent.moment for sent in play.sent if sent.method == START] == [0.0, 2.0, 4.0]


def test_lists_that_are_throttled_do_not_hold_up_looks() -> None:
    play = Play()
    play.queue.rate(LIST).rate = 0.5
    play.add(LIST, URGENT, "page1", "page2")
    play.add(GET, LOOK, *numbered("look", 4))
    play.run()
    assert play.names == "page1 look1 look2 look3 look4 page2"
    assert [sent.moment for sent in play.sent] == [0.0, 0.25, 0.5, 0.75, 1.0, 4.0]


def test_without_a_limit_all_go_at_once() -> None:
    play = Play(None)
    play.add(GET, CALL, *numbered("call", 100))
    play.add(GET, LOOK, *numbered("look", 100))
    play.run()
    assert {sent.moment for sent in play.sent} == {0.0}


def test_calls_of_a_throttled_operation_do_not_take_the_turns_of_its_looks() -> None:
    """Pages of a list take the share of the waits, calls take the turns of GetBatch: the look needs both at once."""
    play = Play()
    play.queue.rate(GET).rate = 0.5
    play.add(GET, CALL, *numbered("call", 40))
    play.add(LIST, URGENT, *numbered("page", 400))
    play.add(GET, LOOK, "look")
    play.run()
    look = next(sent for sent in play.sent if sent.name == "look")
    assert look.own_calls_before == 4
    assert look.moment <= 10.0


REQUESTS = st.tuples(st.sampled_from([GET, LIST, START]), st.sampled_from(list(Priority)), st.integers(1, 8))
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.01, 0.125, 0.3, 1.0, 5.0]),
        st.one_of(REQUESTS, st.sampled_from(["answered", "throttled", "give up"])),
        st.integers(0, 99),
    ),
    max_size=10,
)


def play_of(max_rate: float | None, steps: list[tuple[float, Any, int]], *, throttles: bool) -> Play:
    """Play a story, and then let all of the queue be sent."""
    play = Play(max_rate)
    for pause, step, pick in steps:
        play.run(play.now + pause)
        if step == "give up":
            if play.waiting:
                play.give_up(list(play.waiting)[pick % len(play.waiting)])
        elif step == "answered":
            play.queue.rate([GET, LIST, START][pick % 3]).answered(play.now)
        elif step == "throttled":
            if throttles:
                play.queue.rate([GET, LIST, START][pick % 3]).throttled(play.now)
        else:
            method, priority, number = step
            play.add(method, priority, *numbered(f"{method} {priority.name} ", number))
    play.run()
    return play


@given(max_rate=st.sampled_from([0.1, 0.5, 3.0, 8.0, 10.0, 1000.0]), steps=STEPS)
def test_no_window_has_more_requests_than_the_rate_allows(max_rate: float, steps: list[tuple[float, Any, int]]) -> None:
    sent = play_of(max_rate, steps, throttles=True).sent
    looks = [request.moment for request in sent if request.priority in (URGENT, LOOK)]
    for rate, moments in ((max_rate, [request.moment for request in sent]), (max_rate / 2, looks)):
        for first, start in enumerate(moments):
            for last, end in enumerate(moments[first:], first):
                assert last - first <= (end - start) * rate + 1e-5


@given(max_rate=st.sampled_from([None, 0.5, 8.0, 10.0]), steps=STEPS, throttles=st.booleans())
def test_four_calls_at_most_are_sent_while_a_look_waits(
    max_rate: float | None, steps: list[tuple[float, Any, int]], *, throttles: bool
) -> None:
    """Of its own operation, in any case; of all operations, while none of them is throttled."""
    for request in play_of(max_rate, steps, throttles=throttles).sent:
        if request.priority is not CALL:
            assert request.own_calls_before <= 4
            assert throttles or max_rate is None or request.calls_before <= 4


@given(max_rate=st.sampled_from([None, 0.5, 8.0, 10.0]), steps=STEPS, throttles=st.booleans())
def test_every_request_is_sent_once_and_none_overtakes_its_like(
    max_rate: float | None, steps: list[tuple[float, Any, int]], *, throttles: bool
) -> None:
    play = play_of(max_rate, steps, throttles=throttles)
    assert not play.waiting
    assert len(play.queue) == 0
    assert play.queue.next_moment() == math.inf
    assert play.queue.oldest() is None


# The turns: who waits for them


@dataclass
class Queue:
    """Callers who want to send, on a clock by hand; of those whose names are in capitals it is the last look."""

    clock: ManualClock = field(default_factory=ManualClock)
    max_rate: float | None = EIGHT_A_SECOND
    served: list[tuple[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.limiter = RateLimiter(self.clock, TurnQueue(self.max_rate))

    async def _send(self, name: str) -> None:
        await self.limiter.turn(GET, LAST if name.isupper() else CALL)
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
    limiter = RateLimiter(clock, TurnQueue(EIGHT_A_SECOND))
    served: list[tuple[int, float]] = []

    async def send(number: int) -> None:
        await limiter.turn(GET)
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
    queue = Queue(max_rate=None)
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
    """One that comes again and again, a moment after each of its turns, delays only the others."""
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
    assert len(queue.limiter) == 0


async def test_200_callers_cancelled_at_once_hold_up_nobody() -> None:
    queue = Queue()
    callers = await queue.enter("first", *(f"caller {number}" for number in range(200)))
    for caller in callers[1:]:
        caller.cancel()
    results = await asyncio.gather(*callers, return_exceptions=True)
    assert results[0] is None
    assert all(isinstance(result, asyncio.CancelledError) for result in results[1:])
    assert (queue.names, queue.clock.sleepers, len(queue.limiter)) == (["first"], 0, 0)
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
    """The head was reported to go, and is cancelled before it could."""
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
    queue.limiter.throttled(GET)
    assert queue.limiter.rate(GET) == 4.0
    await queue.pass_time(1)
    assert queue.served == [("a", 0.0), ("b", 0.25), ("c", 0.5)]


async def test_a_rate_that_rises_holds_from_the_next_caller_on() -> None:
    queue = Queue()
    queue.limiter.throttled(GET)
    await queue.enter("a", "b", "c")
    for _ in range(100):
        queue.limiter.answered(GET)
    assert queue.limiter.rate(GET) == EIGHT_A_SECOND
    await queue.pass_time(1)
    assert queue.served == [("a", 0.0), ("b", 0.25), ("c", 0.375)]


async def test_a_call_of_another_operation_does_not_wait_for_the_sleep_of_the_first() -> None:
    queue = Queue()
    queue.limiter.throttled(GET)
    await queue.enter("a", "b")
    start = asyncio.create_task(queue.limiter.turn(START))
    await queue.pass_time(0.125)
    assert start.done()
    await queue.pass_time(0.125)
    assert queue.served == [("a", 0.0), ("b", 0.25)]


async def test_a_timer_that_somebody_else_cancels_holds_up_nobody() -> None:
    queue = Queue()
    await queue.enter("a", "b", "c")
    (timer,) = [task for task in asyncio.all_tasks() if task.get_name() == "omics_batch rate limiter"]
    timer.cancel()
    await queue.settle()
    await queue.pass_time(0.25)
    assert queue.served == [("a", 0.0), ("b", 0.125), ("c", 0.25)]


async def test_no_task_is_left_once_nobody_waits() -> None:
    queue = Queue()
    before = asyncio.all_tasks()
    callers = await queue.enter("a", "b")
    callers[1].cancel()
    await queue.settle()
    assert asyncio.all_tasks() <= before


async def test_a_clock_that_breaks_does_not_break_the_queue() -> None:
    class Broken(InstantClock):
        async def sleep(self, seconds: float) -> None:
            self.slept.append(seconds)
            raise OSError("no time")

    clock = Broken()
    limiter = RateLimiter(clock, TurnQueue(EIGHT_A_SECOND))
    await limiter.turn(GET)
    results = await asyncio.gather(limiter.turn(GET), limiter.turn(START), return_exceptions=True)
    assert [type(result) for result in results] == [OSError, OSError]
    clock.time = 1.0
    await limiter.turn(GET)


@given(
    max_rate=st.sampled_from([None, 0.5, 3.0, 10.0, 1000.0]),
    priorities=st.lists(st.sampled_from(list(Priority)), min_size=12, max_size=12),
    cancelled=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 15))),
    throttled=st.sets(st.integers(0, 15), max_size=3),
)
def test_whoever_is_cancelled_and_whenever_the_others_are_served(
    max_rate: float | None, priorities: list[Priority], cancelled: list[tuple[int, int]], throttled: set[int]
) -> None:
    """No call hangs, and calls of one priority keep their order."""

    async def story() -> list[int]:
        clock, served = InstantClock(), list[int]()
        limiter = RateLimiter(clock, TurnQueue(max_rate))

        async def send(number: int) -> None:
            await limiter.turn(GET, priorities[number])
            served.append(number)

        callers = [asyncio.create_task(send(number)) for number in range(12)]
        for moment in range(16):
            for caller in (number for number, when in cancelled if when == moment):
                callers[caller].cancel()
            if moment in throttled:
                limiter.throttled(GET)
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            results = await asyncio.gather(*callers, return_exceptions=True)
        assert len(limiter) == 0
        assert {number for number, result in enumerate(results) if result is None} == set(served)
        assert all(result is None or isinstance(result, asyncio.CancelledError) for result in results)
        return served

    served = asyncio.run(story())
    assert set(range(12)) - {number for number, _ in cancelled} <= set(served)
    for priority in Priority:
        of_one = [number for number in served if priorities[number] is priority]
        assert of_one == sorted(of_one)
