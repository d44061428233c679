"""When to send a request again: the retry rules of AWS's SDKs, run by tenacity.

Source: the AWS SDKs and Tools Reference Guide, "Retry behavior" (standard mode, 2026).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from omics_batch._clock import Clock, Duration, in_seconds, is_number
from omics_batch._errors import InvalidInputError
from omics_batch._transport.failure import CallFailure, Retry, classify

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tenacity import RetryCallState

T = TypeVar("T")

_COST: Final = {Retry.TRANSIENT: 14, Retry.THROTTLED: 5}
_MOST_PATIENCE_BEYOND: Final = 5.0
_LAST_ATTEMPT: Final = 1.0
"""Seconds that are left for the last attempt of a call that is retried until its deadline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how fast a failed request is sent again.

    Before retry i (from 0) it waits a random share of `base` x 2^i seconds, `cap` at most;
    `throttling_base` takes the place of `base` when the service throttled. AWS_MAX_ATTEMPTS and
    AWS_RETRY_MODE change nothing here.
    """

    max_attempts: int = 3
    """Requests a call may send, the first one included.

    Without a policy of your own, `start_run_batch`, `cancel_run_batch`, `delete_run_batch` and `delete_batch` may send
    more of them until their `timeout`.
    """
    base: Duration = 0.05
    """The unit of the delay after a transient error."""
    throttling_base: Duration = 1.0
    """The unit of the delay after throttling."""
    cap: Duration = 20.0
    """The longest delay, before chance shortens it."""
    attempt_timeout: Duration = 30.0
    """How long one request may take, from when it may be sent until its whole answer is read."""
    quota: int = 500
    """The tokens that all calls of a client share: a retry costs 14, after throttling 5."""

    def __post_init__(self) -> None:
        """Refuse numbers that make no policy.

        Raises:
            InvalidInputError: A number is out of its range.
        """
        if not is_number(self.max_attempts) or self.max_attempts < 1:
            raise InvalidInputError(f"max_attempts has to be 1 or more, not {self.max_attempts!r}")
        if not is_number(self.quota) or self.quota < 0:
            raise InvalidInputError(f"quota has to be 0 or more, not {self.quota!r}")
        if in_seconds("attempt_timeout", self.attempt_timeout) == 0:
            raise InvalidInputError("attempt_timeout has to be more than 0")
        for name in ("base", "throttling_base", "cap"):
            in_seconds(name, getattr(self, name))

    @property
    def patient_attempts(self) -> int:
        """Attempts for important calls: max_attempts squared."""
        return self.max_attempts**2

    def delay(
        self,
        retry: int,
        meaning: Retry,
        chance: float,
        retry_after: float | None = None,
        *,
        longest: float = math.inf,
    ) -> float:
        """Return the seconds to wait before a retry.

        Args:
            retry: Which retry it is, from 0.
            meaning: Whether the last attempt was throttled.
            chance: 0.0 to 1.0, at random.
            retry_after: The delay that the service asks for, in seconds; it lengthens the delay by 5 s at most.
            longest: A limit for the delay in seconds, before chance shortens it and the service lengthens it.
        """
        base = self.throttling_base if meaning is Retry.THROTTLED else self.base
        # The exponent is bounded, or the float overflows.
        longest = min(in_seconds("base", base) * 2.0 ** min(retry, 64), in_seconds("cap", self.cap), longest)
        delay = chance * longest
        return delay if retry_after is None else max(delay, min(retry_after, delay + _MOST_PATIENCE_BEYOND))


class RetryQuota:
    """The tokens that retries cost; all calls of a client share them, so that retries do not worsen an outage."""

    def __init__(self, size: int) -> None:
        """Start full."""
        self._size = size
        self.left: int = size
        """How many tokens are left."""

    def take(self, cost: int) -> bool:
        """Pay for a retry; False where too few tokens are left, and none is taken."""
        if cost > self.left:
            return False
        self.left -= cost
        return True

    def give_back(self, tokens: int) -> None:
        """Refill after a success."""
        self.left = min(self.left + tokens, self._size)


class Failed(Protocol):
    """A function that is called with each failure, once it is known whether a retry follows."""

    def __call__(self, failure: CallFailure, delay: float | None, *, is_quota_used_up: bool = False) -> None:
        """Take a failure.

        Args:
            failure: The failure of the attempt.
            delay: Seconds until the next attempt; None if there is none.
            is_quota_used_up: Whether there is none because too few tokens are left.
        """
        ...


class RetryHandler:
    """Sends a request until it is answered, its attempts or its time are used up, or a retry makes no sense.

    Args:
        policy: How often and how fast; None is the default policy, under which some calls are retried until their
            deadline.
        clock: What the delays are measured on.
        random: A source of numbers from 0.0 to 1.0.
    """

    def __init__(self, policy: RetryPolicy | None, clock: Clock, random: Callable[[], float]) -> None:
        self.policy: RetryPolicy = policy or RetryPolicy()
        self.quota: RetryQuota = RetryQuota(self.policy.quota)
        """Full at first."""
        self._is_default = policy is None
        self._clock = clock
        self._random = random

    async def run(
        self,
        attempt: Callable[[], Awaitable[T | CallFailure]],
        failed: Failed,
        *,
        deadline: float | None,
        max_attempts: int | None = None,
        retry_until_deadline: bool = False,
    ) -> T | CallFailure:
        """Return the attempt's result, or the last failure once no attempt is left.

        Args:
            attempt: Sends the request once.
            failed: Called with the failure of each attempt that failed.
            deadline: The latest moment on the clock for a retry.
            max_attempts: The number of attempts; None for the policy's.
            retry_until_deadline: Whether, under the default policy, retries go on until the deadline, if there is one.
        """
        answer = await attempt()
        paid, is_quota_used_up = 0, False
        # tenacity takes a tenth of a call's time, and time to import: it is used only after a failure.
        if _is_worth_a_retry(answer):
            attempts = _Attempts(
                max_attempts or self.policy.max_attempts,
                deadline,
                self._clock,
                goes_on=retry_until_deadline and self._is_default,
            )
            answer, paid, is_quota_used_up = await self._retry(answer, attempt, attempts, failed)
        if isinstance(answer, CallFailure):
            failed(answer, None, is_quota_used_up=is_quota_used_up)
        else:
            self.quota.give_back(paid or 1)
        return answer

    async def _retry(
        self,
        met: T | CallFailure,
        attempt: Callable[[], Awaitable[T | CallFailure]],
        attempts: _Attempts,
        failed: Failed,
    ) -> tuple[T | CallFailure, int, bool]:
        """Return the last result, what the last retry cost, and whether too few tokens were left for one more.

        Args:
            met: The result of the first attempt: tenacity counts it as its first.
            attempt: Sends the request once more.
            attempts: How many there may be, and until when.
            failed: Called with each failure that a retry follows.
        """
        from tenacity import AsyncRetrying, retry_if_result  # noqa: PLC0415 - a program that meets no failure needs none

        paid, is_quota_used_up = 0, False
        first = [met]

        async def next_attempt() -> T | CallFailure:
            return first.pop() if first else await attempt()

        def wait(state: RetryCallState) -> float:
            failure = _failure_of(state)
            meaning, retry = classify(failure).retry, state.attempt_number - 1
            longest = attempts.longest_delay()
            return self.policy.delay(retry, meaning, self._random(), failure.retry_after, longest=longest)

        def stop(state: RetryCallState) -> bool:
            nonlocal paid, is_quota_used_up
            is_beyond = state.attempt_number >= attempts.most
            if (is_beyond and not attempts.are_unlimited) or not attempts.are_in_time(after=state.upcoming_sleep):
                return True
            cost = _COST[classify(_failure_of(state)).retry]
            # Retries beyond the policy's number are rare and slow: they neither need tokens nor take them from others.
            if not is_beyond and self.quota.take(cost):
                paid = cost
                return False
            paid = 0
            is_quota_used_up = not attempts.are_unlimited
            return is_quota_used_up

        retrying = AsyncRetrying(
            sleep=self._clock.sleep,
            retry=retry_if_result(_is_worth_a_retry),
            wait=wait,
            stop=stop,
            before_sleep=lambda state: failed(_failure_of(state), state.upcoming_sleep),
            retry_error_callback=_failure_of,
        )
        answer: T | CallFailure = await retrying(next_attempt)
        return answer, paid, is_quota_used_up


@dataclass(frozen=True, slots=True)
class _Attempts:
    """How many attempts a call may make, and until when."""

    most: int
    """Attempts, the first one included; more of them where the call `goes_on`."""
    deadline: float | None
    clock: Clock
    goes_on: bool = field(kw_only=True)
    """Whether it is retried until the deadline."""

    @property
    def are_unlimited(self) -> bool:
        """Whether another attempt is allowed, whatever their number, since time is left for it."""
        return self.longest_delay() < math.inf

    def longest_delay(self) -> float:
        """Return the longest delay that leaves time for an attempt, if the call `goes_on`; else infinity."""
        if not self.goes_on or self.deadline is None:
            return math.inf
        left = self.deadline - _LAST_ATTEMPT - self.clock.now()
        return left if left > 0 else math.inf

    def are_in_time(self, *, after: float) -> bool:
        """Whether another attempt, after a delay, is sent before the deadline."""
        return self.deadline is None or self.clock.now() + after <= self.deadline


def _is_worth_a_retry(answer: object) -> bool:
    return isinstance(answer, CallFailure) and classify(answer).retry is not Retry.NEVER


def _failure_of(state: RetryCallState) -> CallFailure:
    outcome: Any = state.outcome  # that of an attempt: only failures are retried
    failure: CallFailure = outcome.result()
    return failure
