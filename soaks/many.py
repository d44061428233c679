"""Ten thousand waits at a time, most of them for the end alone: how soon each notices it."""

from __future__ import annotations

import asyncio
from array import array
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from omics_batch import Batch, LostContactError, PollPolicy, WaitTimeoutError
from soaks.batches import HOUR, End, spread
from soaks.waits import EAGER, Wait, Waiting

if TYPE_CHECKING:
    from omics_batch import OmicsBatchClient
    from soaks.account import Account
    from soaks.service import Followed

STEADY: Final = PollPolicy(initial=30.0, factor=1.0, maximum=30.0)
_POLICIES: Final = (STEADY, STEADY, STEADY, None, None, EAGER)
_IN_TURN: Final = 900.0
"""Seconds in which each that listens has its turn to be reported, while the scans take most of the pace."""
_ITERATED: Final = 0.2
"""Of the waits for the end alone."""
_IN_TIME: Final = 900.0
"""Seconds after which a wait is taken for forgotten."""


class Many(Waiting):
    """Keeps thousands of waits under way."""

    sharing = 0.1

    def __init__(self, client: OmicsBatchClient, account: Account) -> None:
        super().__init__(client, account)
        self._account = account
        self.under_way: set[Wait] = set()
        self.latencies: array[float] = array("d")
        """How many seconds after the truth each wait noticed it."""
        self.first_looks: array[float] = array("d")
        """How many seconds after its beginning each wait that listens noticed its batch."""
        self.cancelled_in_scans = 0

    async def audit(self, until: float) -> None:
        """See every few minutes that no wait was forgotten; at the end, none is left."""
        clock = self._account.clock
        while clock.now() < until or self.under_way:
            await clock.sleep(_IN_TIME / 3)
            for wait in self.under_way:
                try:
                    self._check_under_way(wait, clock.now())
                except AssertionError as error:
                    error.add_note(f"{wait} goes on at {clock.now()}, over at {wait.followed.fate.over_at}")
                    raise

    def _drawn(self, followed: Followed) -> Wait:
        random, now = self._account.random, self._account.clock.now()
        is_watch, listens = random.choices([(True, False), (False, True), (False, False)], weights=[1, 1, 98])[0]
        has_deadline = followed.fate.end is End.NEVER or random.random() < 0.1
        return Wait(
            followed,
            began=now,
            timeout=(0.0 if random.random() < 0.02 else spread(random, 60, 6 * HOUR)) if has_deadline else None,
            poll=random.choice(_POLICIES),
            cancelled_after=spread(random, 0.1, 3 * HOUR) if random.random() < 0.05 else None,
            raises_on_failed_runs=not is_watch and random.random() < 0.1,
            is_watch=is_watch,
            listens=listens,
            dawdles=random.choice([0.0, 0.0, 0.0, 5.0]) if listens else 0.0,
        )

    async def _one(self, wait: Wait) -> None:
        self.under_way.add(wait)
        await super()._one(wait)
        self.under_way.remove(wait)

    async def _outcome(self, wait: Wait) -> Batch | None:
        """Wait as most do, or by the iteration over many: here over one, so that each has its own time-out."""
        is_plain = not (wait.is_watch or wait.listens or wait.raises_on_failed_runs)
        if not is_plain or self._account.random.random() >= _ITERATED:
            return await super()._outcome(wait)
        ended = self._client.as_processed([wait.followed.fate.id], timeout=wait.timeout, poll=wait.poll)
        async with aclosing(ended):
            async for _, outcome in ended:
                if isinstance(outcome, Batch):
                    return outcome
                raise outcome
        raise AssertionError("the iteration ended without the batch")

    def _hold(self, wait: Wait, outcome: object) -> None:
        super()._hold(wait, outcome)
        if isinstance(outcome, asyncio.CancelledError):
            self.cancelled_in_scans += self._account.is_scanning
        elif not (isinstance(outcome, WaitTimeoutError | LostContactError) or wait.dawdles):
            latency = wait.ended - max(wait.began, wait.followed.fate.over_at)
            self.latencies.append(latency)
            assert latency < _IN_TIME

    def _check_under_way(self, wait: Wait, now: float) -> None:
        """Whatever its batch does, a wait that goes on is no later than what is bearable, and shows what was."""
        fate = wait.followed.fate
        bearable = wait.max_silence + _IN_TIME if fate.is_silent else _IN_TIME
        assert now - max(wait.began, fate.over_at) < bearable
        assert wait.deadline is None or now < wait.deadline + 60
        past = now - _IN_TURN
        if (wait.listens or wait.is_watch) and wait.began < past and not fate.is_silent:
            assert wait.reported
            assert (
                wait.reported[-1].finished_run_count >= Batch.model_validate_json(fate.shown(past)).finished_run_count
            )
