"""AWS's own rules of when to send a request again, to the letter."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch import InvalidInputError, RetryPolicy
from omics_batch._api.retry import RetryHandler, RetryQuota
from omics_batch._transport.failure import CallFailure, FailureStage, Retry
from omics_batch.testing import ManualClock
from tests.support import InstantClock, copies_of, service_fault

OK: Final = "the answer"
BUSY: Final = service_fault("InternalServerException", 500)
SLOW: Final = service_fault("ThrottlingException", 429)
LATE: Final = CallFailure(stage=FailureStage.TIMEOUT, operation="GetBatch", detail="no answer")
DENIED: Final = service_fault("AccessDeniedException", 403)

Answers = Sequence[str | CallFailure]


def longest() -> float:
    """Chance at its top, so that a delay is what it is at most."""
    return 1.0


@dataclass
class Service:
    """Answers each request in turn."""

    answers: list[str | CallFailure]
    requests: int = 0

    async def __call__(self) -> str | CallFailure:
        self.requests += 1
        return self.answers.pop(0)


@dataclass
class Setting:
    """A handler whose clock is instant, and what it did."""

    policy: RetryPolicy | None = field(default_factory=RetryPolicy)
    chance: Callable[[], float] = longest
    clock: InstantClock = field(default_factory=InstantClock)
    handler: RetryHandler = field(init=False)
    requests: int = 0
    failures: list[tuple[str, float | None]] = field(default_factory=list[tuple[str, float | None]])
    """What failed, with the delay that followed."""
    used_up: list[bool] = field(default_factory=list[bool])
    """Whether no retry followed for want of tokens, for each of them."""

    def __post_init__(self) -> None:
        self.handler = RetryHandler(self.policy, self.clock, self.chance)

    async def call(self, *answers: str | CallFailure, deadline: float | None = None, **more: Any) -> str | CallFailure:
        service = Service(list(answers))
        answer = await self.handler.run(service, self.failed, deadline=deadline, **more)
        assert not service.answers, "fewer requests than expected"
        self.requests += service.requests
        return answer

    def failed(self, failure: CallFailure, delay: float | None, *, is_quota_used_up: bool = False) -> None:
        self.failures.append((failure.detail, delay))
        self.used_up.append(is_quota_used_up)

    @property
    def slept(self) -> list[float]:
        return self.clock.slept

    @property
    def left(self) -> int:
        return self.handler.quota.left


# The tables that AWS publishes for the standard mode, with the costs and bases of 2026


@dataclass(frozen=True)
class Call:
    """One call: what the service answers, the delays before each retry, and the quota after each answer."""

    answers: Answers
    delays: Sequence[float]
    quota: Sequence[int]


@dataclass(frozen=True)
class Table:
    name: str
    policy: RetryPolicy
    calls: Sequence[Call]

    def __str__(self) -> str:
        return self.name


UNIT: Final[dict[str, Any]] = {"base": 1.0}

PUBLISHED = [
    Table(
        "a retry succeeds in the end",
        RetryPolicy(**UNIT),
        [Call([BUSY, BUSY, OK], [1, 2], [486, 472, 486])],
    ),
    Table(
        "the attempts are used up",
        RetryPolicy(**UNIT),
        [Call([BUSY, BUSY, BUSY], [1, 2], [486, 472, 472])],
    ),
    Table(
        "the quota is used up by one retry",
        RetryPolicy(**UNIT, quota=14),
        [Call([BUSY, BUSY], [1], [0, 0])],
    ),
    Table(
        "no retry without a quota",
        RetryPolicy(**UNIT, quota=0),
        [Call([BUSY], [], [0])],
    ),
    Table(
        "the delay grows exponentially",
        RetryPolicy(**UNIT, max_attempts=5),
        [Call([BUSY] * 5, [1, 2, 4, 8], [486, 472, 458, 444, 444])],
    ),
    Table(
        "the delay has a cap",
        RetryPolicy(**UNIT, max_attempts=5, cap=3),
        [Call([BUSY] * 5, [1, 2, 3, 3], [486, 472, 458, 444, 444])],
    ),
    Table(
        "the retries end where the quota does",
        RetryPolicy(**UNIT, max_attempts=5, quota=28),
        [Call([BUSY, BUSY, BUSY], [1, 2], [14, 0, 0])],
    ),
    Table(
        "the quota recovers with each success",
        RetryPolicy(**UNIT, max_attempts=5, quota=42),
        [
            Call([BUSY, BUSY, OK], [1, 2], [28, 14, 28]),
            Call([BUSY, OK], [1], [14, 28]),
        ],
    ),
    Table(
        "the bases of transient errors",
        RetryPolicy(max_attempts=12),
        [
            Call(
                [BUSY] * 12,
                [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20, 20],
                [486, 472, 458, 444, 430, 416, 402, 388, 374, 360, 346, 346],
            ),
        ],
    ),
    Table(
        "the base and the cost of throttling",
        RetryPolicy(max_attempts=7),
        [Call([SLOW] * 7, [1, 2, 4, 8, 16, 20], [495, 490, 485, 480, 475, 470, 470])],
    ),
    Table(
        "throttling and transient errors in turn",
        RetryPolicy(max_attempts=5),
        [Call([SLOW, BUSY, SLOW, LATE, OK], [1, 0.1, 4, 0.4], [495, 481, 476, 462, 476])],
    ),
    Table(
        "what is given back is what the last retry cost",
        RetryPolicy(),
        [Call([BUSY, SLOW, OK], [0.05, 2], [486, 481, 486]), Call([SLOW, BUSY, OK], [1, 0.1], [481, 467, 481])],
    ),
    Table(
        "a success without a retry gives back one",
        RetryPolicy(**UNIT),
        [Call([BUSY, BUSY, BUSY], [1, 2], [486, 472, 472]), Call([OK], [], [473]), Call([OK], [], [474])],
    ),
    Table(
        "never more than it held at first",
        RetryPolicy(),
        [Call([OK], [], [500]), Call([SLOW, OK], [1], [495, 500]), Call([OK], [], [500])],
    ),
    Table(
        "throttling is still affordable where a transient error is not",
        RetryPolicy(quota=13),
        [Call([BUSY], [], [13]), Call([SLOW, SLOW, SLOW], [1, 2], [8, 3, 3]), Call([SLOW], [], [3])],
    ),
    Table(
        "exactly enough is enough",
        RetryPolicy(quota=19),
        [Call([SLOW, BUSY, DENIED], [1, 0.1], [14, 0, 0])],
    ),
    Table(
        "a refusal after a retry gives nothing back",
        RetryPolicy(),
        [Call([BUSY, DENIED], [0.05], [486, 486])],
    ),
]


@pytest.mark.parametrize("table", PUBLISHED, ids=str)
async def test_delays_and_quota_are_aws_s_own(table: Table) -> None:
    """Chance is 1.0 throughout, as in the tables."""
    setting = Setting(table.policy)
    for call in table.calls:
        quota: list[int] = []
        remaining = list(call.answers)
        before = len(setting.slept)

        async def attempt(
            quota: list[int] = quota, remaining: list[str | CallFailure] = remaining
        ) -> str | CallFailure:
            quota.append(setting.left)
            return remaining.pop(0)

        answer = await setting.handler.run(attempt, setting.failed, deadline=None)
        assert answer is call.answers[-1]
        assert remaining == []
        assert setting.slept[before:] == pytest.approx(call.delays, abs=1e-12)
        assert [*quota[1:], setting.left] == list(call.quota)


# The delay


@pytest.mark.parametrize(
    ("meaning", "longest"),
    [
        (Retry.TRANSIENT, [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 20.0, 20.0]),
        (Retry.THROTTLED, [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]),
    ],
)
@pytest.mark.parametrize("chance", [0.0, 0.25, 0.5, 0.999, 1.0])
def test_a_delay_is_a_random_share_of_an_exponential_with_a_cap(
    meaning: Retry,
    longest: list[float],
    chance: float,
) -> None:
    """The cap comes before the chance, or most of the long delays would be alike."""
    delays = [RetryPolicy().delay(retry, meaning, chance) for retry in range(len(longest))]
    assert delays == pytest.approx([chance * most for most in longest], abs=1e-12)


def test_a_delay_far_out_is_still_the_cap() -> None:
    assert RetryPolicy().delay(10_000, Retry.TRANSIENT, 0.5) == 10.0
    assert RetryPolicy(base=0).delay(10_000, Retry.TRANSIENT, 1.0) == 0.0


def test_the_policys_numbers_are_the_ones_that_count() -> None:
    policy = RetryPolicy(base=timedelta(seconds=2), throttling_base=3, cap=timedelta(seconds=10))
    assert [policy.delay(retry, Retry.TRANSIENT, 1.0) for retry in range(4)] == [2, 4, 8, 10]
    assert [policy.delay(retry, Retry.THROTTLED, 1.0) for retry in range(3)] == [3, 6, 10]


@pytest.mark.parametrize(
    ("chance", "retry_after", "delay"),
    [
        (0.5, None, 0.5),
        (0.5, 0.0, 0.5),
        (0.5, 0.3, 0.5),
        (0.5, 0.5, 0.5),
        (0.5, 2.0, 2.0),
        (0.5, 5.5, 5.5),
        (0.5, 5.6, 5.5),
        (0.5, 86_400.0, 5.5),
        (0.0, 86_400.0, 5.0),
        (1.0, 86_400.0, 6.0),
    ],
)
def test_the_services_wish_lengthens_a_delay_by_five_seconds_at_most(
    chance: float,
    retry_after: float | None,
    delay: float,
) -> None:
    assert RetryPolicy().delay(0, Retry.THROTTLED, chance, retry_after) == delay


@given(
    retry=st.integers(0, 10_000),
    meaning=st.sampled_from([Retry.TRANSIENT, Retry.THROTTLED]),
    chance=st.floats(0, 1),
    retry_after=st.none() | st.floats(0, 1e9),
)
def test_no_delay_is_negative_or_longer_than_the_cap_and_five_seconds(
    retry: int,
    meaning: Retry,
    chance: float,
    retry_after: float | None,
) -> None:
    policy = RetryPolicy()
    plain = policy.delay(retry, meaning, chance)
    assert 0 <= plain <= 20
    assert plain <= policy.delay(retry, meaning, chance, retry_after) <= plain + 5


async def test_chance_is_asked_again_for_each_delay() -> None:
    chances = iter([0.5, 0.25])
    setting = Setting(chance=lambda: next(chances))
    assert await setting.call(SLOW, SLOW, OK) == OK
    assert setting.slept == [0.5, 0.5]


async def test_the_services_wish_is_obeyed() -> None:
    setting = Setting()
    patient = service_fault("ThrottlingException", 429, retry_after=3.0)
    assert await setting.call(patient, OK) == OK
    assert setting.slept == [3.0]


# When it ends


async def test_an_answer_at_once_costs_one_request_and_no_delay() -> None:
    setting = Setting()
    assert await setting.call(OK) == OK
    assert (setting.requests, setting.slept, setting.left) == (1, [], 500)


@pytest.mark.parametrize(
    "fault",
    [
        DENIED,
        service_fault("ValidationException", 400),
        service_fault("ExpiredToken", 403),
        service_fault("", 501),
        CallFailure(stage=FailureStage.REDIRECT, operation="GetBatch", detail=""),
        CallFailure(stage=FailureStage.INVALID, operation="GetBatch", detail=""),
        CallFailure(stage=FailureStage.CREDENTIALS, operation="GetBatch", detail=""),
    ],
    ids=lambda fault: fault.code or fault.stage.name,
)
async def test_a_refusal_is_not_sent_again(fault: CallFailure) -> None:
    setting = Setting()
    assert await setting.call(fault) is fault
    assert (setting.requests, setting.slept, setting.left) == (1, [], 500)


async def test_the_last_fault_is_what_comes_back() -> None:
    faults = [service_fault("InternalServerException", 500, detail=str(number)) for number in range(3)]
    assert await Setting().call(*faults) is faults[2]


async def test_the_policy_says_how_many_attempts_there_are() -> None:
    assert await Setting(RetryPolicy(max_attempts=1)).call(BUSY) is BUSY
    assert await Setting(RetryPolicy(max_attempts=4)).call(BUSY, BUSY, BUSY, OK) == OK


async def test_a_call_may_have_fewer_attempts() -> None:
    setting = Setting()
    assert await setting.call(BUSY, max_attempts=1) is BUSY
    assert (setting.requests, setting.slept, setting.left) == (1, [], 500)


async def test_no_retry_waits_beyond_the_deadline() -> None:
    """The caller gets the fault at once, instead of a time-out later."""
    setting = Setting(clock=InstantClock(100.0))
    assert await setting.call(SLOW, SLOW, deadline=102.5) is SLOW
    assert setting.slept == [1.0]
    assert setting.left == 495


async def test_a_retry_at_the_very_deadline_is_made() -> None:
    setting = Setting(clock=InstantClock(100.0))
    assert await setting.call(SLOW, OK, deadline=101.0) == OK
    assert setting.slept == [1.0]


async def test_an_empty_quota_sends_the_error_up_at_once() -> None:
    setting = Setting(RetryPolicy(quota=20))
    assert await setting.call(BUSY, BUSY) is BUSY
    assert (setting.requests, setting.left, setting.used_up) == (2, 6, [False, True])


async def test_all_calls_share_the_quota() -> None:
    setting = Setting(RetryPolicy(quota=30))
    services = [Service([BUSY] * 3) for _ in range(10)]
    answers = await asyncio.gather(*(setting.handler.run(it, setting.failed, deadline=None) for it in services))
    assert answers == [BUSY] * 10
    assert setting.left == 2
    assert len(setting.slept) == 2


async def test_a_cancelled_call_is_over_at_once_and_is_not_sent_again() -> None:
    clock = ManualClock()
    handler = RetryHandler(RetryPolicy(), clock, longest)
    service = Service([SLOW, OK])
    call = asyncio.create_task(handler.run(service, Setting().failed, deadline=None))
    await asyncio.sleep(0)
    assert clock.sleepers == 1
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert (service.requests, clock.sleepers) == (1, 0)


@pytest.mark.parametrize(
    "error",
    [
        asyncio.CancelledError(),
        KeyboardInterrupt(),
        SystemExit(1),
        GeneratorExit(),
        RuntimeError("a bug"),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_is_raised_passes_through_as_it_is(error: BaseException) -> None:
    """Only faults are judged; `CancelledError` least of all."""
    requests = 0

    async def attempt() -> str | CallFailure:
        nonlocal requests
        requests += 1
        raise error

    setting = Setting()
    with pytest.raises(type(error)) as raised:
        await setting.handler.run(attempt, setting.failed, deadline=None)
    assert raised.value is error
    assert (requests, setting.slept, setting.left) == (1, [], 500)


async def test_an_exception_after_a_retry_gives_nothing_back() -> None:
    requests = 0

    async def attempt() -> str | CallFailure:
        nonlocal requests
        requests += 1
        if requests == 1:
            return BUSY
        raise RuntimeError("a bug")

    setting = Setting()
    with pytest.raises(RuntimeError):
        await setting.handler.run(attempt, setting.failed, deadline=None)
    assert setting.left == 486


async def test_each_fault_is_reported_with_the_delay_that_follows() -> None:
    """None after the last one, whatever made it the last."""
    setting = Setting()
    await setting.call(SLOW, BUSY, OK)
    await setting.call(BUSY, DENIED)
    await setting.call(BUSY, BUSY, BUSY)
    await setting.call(DENIED)
    slow, busy, denied = SLOW.detail, BUSY.detail, DENIED.detail
    assert setting.failures == [
        *[(slow, 1.0), (busy, 0.1)],
        *[(busy, 0.05), (denied, None)],
        *[(busy, 0.05), (busy, 0.1), (busy, None)],
        (denied, None),
    ]
    assert not any(setting.used_up)


@given(answers=st.lists(st.sampled_from([OK, BUSY, SLOW, LATE, DENIED]), max_size=60), size=st.integers(0, 60))
def test_any_schedule_of_faults_keeps_the_rules(answers: list[str | CallFailure], size: int) -> None:
    setting = Setting(RetryPolicy(quota=size))
    remaining = list(answers)

    async def attempt() -> str | CallFailure:
        return remaining.pop(0) if remaining else OK

    async def calls() -> None:
        while remaining:
            before = len(remaining)
            answer = await setting.handler.run(attempt, setting.failed, deadline=None)
            sent = answers[len(answers) - before : len(answers) - len(remaining)]
            assert len(sent) <= 3
            assert not {OK, DENIED} & set(sent[:-1])
            assert answer in (sent[-1], OK)
            assert 0 <= setting.left <= size

    asyncio.run(calls())
    assert all(0 < seconds <= 2 for seconds in setting.slept)


# Until the deadline

DEFAULT: Final = None


async def test_a_call_may_be_retried_until_its_deadline() -> None:
    """The delays grow as ever; near the deadline they are shorter, and a second is left for the last attempt."""
    setting = Setting(DEFAULT)
    assert await setting.call(*[SLOW] * 8, deadline=60.0, retry_until_deadline=True) is SLOW
    assert setting.slept == [1, 2, 4, 8, 16, 20, 8]
    assert setting.clock.now() == 59.0


async def test_chance_shortens_the_last_delays_too() -> None:
    setting = Setting(DEFAULT, chance=lambda: 0.5)
    assert await setting.call(*[SLOW] * 5, OK, deadline=20.0, retry_until_deadline=True) == OK
    assert setting.slept == [0.5, 1, 2, 4, 5.75]


@pytest.mark.parametrize("policy", [RetryPolicy(), RetryPolicy(base=0.1), RetryPolicy(max_attempts=3)])
async def test_a_policy_of_ones_own_says_how_many_attempts_there_are(policy: RetryPolicy) -> None:
    setting = Setting(policy)
    assert await setting.call(SLOW, SLOW, SLOW, deadline=60.0, retry_until_deadline=True) is SLOW
    assert setting.requests == 3


async def test_without_a_deadline_there_is_nothing_to_go_on_until() -> None:
    setting = Setting(DEFAULT)
    assert await setting.call(SLOW, SLOW, SLOW, deadline=None, retry_until_deadline=True) is SLOW


async def test_a_short_deadline_leaves_the_attempts_of_the_policy() -> None:
    setting = Setting(DEFAULT)
    assert await setting.call(BUSY, BUSY, BUSY, deadline=0.9, retry_until_deadline=True) is BUSY
    assert setting.slept == [0.05, 0.1]


async def test_a_service_that_asks_for_more_than_is_left_ends_it() -> None:
    setting = Setting(DEFAULT)
    patient = service_fault("ThrottlingException", 429, retry_after=30.0)
    assert await setting.call(*[patient] * 2, deadline=10.0, retry_until_deadline=True) is patient
    assert setting.slept == [6.0]


async def test_retries_beyond_the_policys_number_take_no_tokens() -> None:
    """A start that is throttled for a minute leaves other calls their retries."""
    setting = Setting(DEFAULT)
    assert await setting.call(*[SLOW] * 8, deadline=60.0, retry_until_deadline=True) is SLOW
    assert (setting.left, setting.requests) == (490, 8)
    assert await setting.call(*[SLOW] * 4, OK, deadline=setting.clock.now() + 60, retry_until_deadline=True) == OK
    assert setting.left == 481


async def test_an_empty_quota_does_not_end_a_call_with_time_left() -> None:
    setting = Setting(DEFAULT)
    setting.handler.quota.take(498)
    assert await setting.call(SLOW, SLOW, OK, deadline=60.0, retry_until_deadline=True) == OK
    assert setting.left == 3
    assert not any(setting.used_up)
    assert await setting.call(SLOW, deadline=setting.clock.now() + 60) is SLOW
    assert setting.used_up[-1]


# The quota by itself


def test_a_quota_is_paid_whole_or_not_at_all() -> None:
    quota = RetryQuota(20)
    assert quota.take(14)
    assert quota.left == 6
    assert not quota.take(14)
    assert quota.left == 6
    assert quota.take(5)
    assert quota.take(1)
    assert quota.left == 0
    assert not quota.take(1)


def test_a_quota_refills_up_to_its_size() -> None:
    quota = RetryQuota(20)
    quota.take(14)
    quota.give_back(1)
    assert quota.left == 7
    quota.give_back(14)
    assert quota.left == 20


# The policy by itself


def test_the_defaults_are_aws_s_own() -> None:
    policy = RetryPolicy()
    assert (policy.max_attempts, policy.base, policy.throttling_base, policy.cap) == (3, 0.05, 1.0, 20.0)
    assert (policy.attempt_timeout, policy.quota) == (30.0, 500)


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ({"max_attempts": 0}, "max_attempts has to be 1 or more, not 0"),
        ({"max_attempts": -3}, "max_attempts has to be 1 or more, not -3"),
        ({"quota": -1}, "quota has to be 0 or more, not -1"),
        ({"attempt_timeout": 0}, "attempt_timeout has to be more than 0"),
        ({"attempt_timeout": timedelta(0)}, "attempt_timeout has to be more than 0"),
        ({"attempt_timeout": -1}, "attempt_timeout has to be a finite number"),
        ({"attempt_timeout": math.inf}, "attempt_timeout has to be a finite number"),
        ({"base": -0.1}, "base has to be a finite number"),
        ({"throttling_base": math.nan}, "throttling_base has to be a finite number"),
        ({"cap": timedelta(seconds=-1)}, "cap has to be a finite number"),
    ],
    ids=repr,
)
def test_numbers_that_make_no_policy_are_refused(setting: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{reason}"):
        RetryPolicy(**setting)


def test_a_policy_at_its_limits_is_a_policy() -> None:
    RetryPolicy(max_attempts=1, base=0, throttling_base=0, cap=0, attempt_timeout=0.001, quota=0)


def test_a_policy_is_a_value() -> None:
    policy = RetryPolicy(max_attempts=5, base=timedelta(seconds=1))
    assert policy == RetryPolicy(max_attempts=5, base=timedelta(seconds=1))
    assert policy != RetryPolicy()
    assert all(twin == policy for twin in copies_of(policy))
    with pytest.raises(AttributeError):
        policy.quota = 1  # type: ignore[misc]  # it is frozen
