"""Waits of every sort, one after the other, each held against the truth once it has ended."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from omics_batch import (
    Batch,
    BatchCancelledError,
    BatchFailedError,
    FailedRunsError,
    LostContactError,
    OmicsBatchClient,
    OmicsBatchError,
    Outcome,
    PollPolicy,
    WaitTimeoutError,
)
from soaks.batches import FAILURE, HOUR, End, spread

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random

    from soaks.service import Followed, Service

POLL: Final = PollPolicy()
EAGER: Final = PollPolicy(initial=1.0, factor=2.0, maximum=30.0, max_silence=900.0)
_LATEST: Final = 66.0
"""The longest poll, its jitter included: what a wait may take beyond its deadline."""
_QUEUED: Final = 10 * _LATEST
"""What looks that got no turn may lengthen a wait's patience by."""
_SHARING: Final = 0.7
"""Of the waits: these join one that is under way."""
_NOW: Final = 1e-6
"""Of the same moment, but for what floats lose."""


@dataclass(slots=True)
class Wait:
    """One wait: what was asked for, and what came of it."""

    followed: Followed
    began: float
    timeout: float | None
    poll: PollPolicy | None
    cancelled_after: float | None
    raises_on_failed_runs: bool
    is_watch: bool
    listens: bool
    dawdles: float
    """How long its callback takes."""
    told: list[Batch] = field(default_factory=list[Batch])
    ended: float = 0.0

    @property
    def max_silence(self) -> float:
        policy = self.poll or POLL
        assert isinstance(policy.max_silence, float)
        return policy.max_silence

    @property
    def deadline(self) -> float | None:
        return None if self.timeout is None else self.began + self.timeout

    @property
    def heard_of_the_end(self) -> float | None:
        """The first moment after its beginning at which a look was told that the batch has ended."""
        return next((moment for moment in self.followed.ends if moment > self.began), None)

    @property
    def heard_at_once(self) -> bool:
        """Whether a look was told so in the very moment of its beginning, be it this wait's own or an earlier one."""
        return self.ended == self.began and self.began in self.followed.ends


def drawn(random: Random, followed: Followed, now: float) -> Wait:
    """Draw a wait that begins now; it ends by itself, or has a deadline or is cancelled."""
    has_deadline = followed.fate.end is End.NEVER or random.random() < 0.5
    is_watch = random.random() < 0.1
    listens = not is_watch and random.random() < 0.4
    return Wait(
        followed,
        began=now,
        timeout=(0.0 if random.random() < 0.02 else spread(random, 1.0, 6 * HOUR)) if has_deadline else None,
        poll=EAGER if random.random() < 0.1 else None,
        cancelled_after=spread(random, 0.1, 3 * HOUR) if random.random() < 0.1 else None,
        raises_on_failed_runs=not is_watch and random.random() < 0.2,
        is_watch=is_watch,
        listens=listens,
        dawdles=random.choice([0.0, 0.0, 5.0, 600.0]) if listens else 0.0,
    )


class Waiting:
    """Keeps a number of waits under way, and counts how they end."""

    def __init__(self, client: OmicsBatchClient, service: Service) -> None:
        self._client = client
        self._service = service
        self.outcomes: Counter[str] = Counter()
        self.latest = 0.0
        """The most seconds that a wait took beyond its deadline."""

    async def one_after_the_other(self, until: float) -> None:
        """Wait for batches until a moment; the last wait ends when it ends."""
        random, clock = self._service.random, self._service.clock
        await clock.sleep(random.uniform(0, 5))
        while clock.now() < until:
            followed = self._service.follow(share=random.random() < _SHARING)
            try:
                await self._one(drawn(random, followed, clock.now()))
            finally:
                self._service.leave(followed)

    async def _one(self, wait: Wait) -> None:
        clock = self._service.clock
        wait.followed.dawdlers += bool(wait.dawdles)
        task = asyncio.create_task(self._outcome(wait))
        if wait.cancelled_after is not None:
            alarm = asyncio.create_task(clock.sleep(wait.cancelled_after))
            await asyncio.wait({task, alarm}, return_when=asyncio.FIRST_COMPLETED)
            alarm.cancel()
            task.cancel()
        await asyncio.wait({task})
        wait.ended = clock.now()
        wait.followed.dawdlers -= bool(wait.dawdles)
        outcome: Batch | BaseException | None
        outcome = asyncio.CancelledError() if task.cancelled() else task.exception() or task.result()
        self.outcomes[type(outcome).__name__] += 1
        try:
            self._check(wait, outcome)
        except AssertionError as error:
            error.add_note(f"{wait} ended with {outcome!r}")
            raise

    async def _outcome(self, wait: Wait) -> Batch | None:
        batch_id = wait.followed.fate.id
        if wait.is_watch:
            async for batch in self._client.watch(batch_id, timeout=wait.timeout, poll=wait.poll):
                wait.told.append(batch)
            return wait.told[-1]
        return await self._client.wait_until_processed(
            batch_id,
            timeout=wait.timeout,
            on_update=self._listener(wait) if wait.listens else None,
            raise_on_failed_runs=wait.raises_on_failed_runs,
            poll=wait.poll,
        )

    def _listener(self, wait: Wait) -> Callable[[Batch], Awaitable[None] | None]:
        async def dawdle(batch: Batch) -> None:
            await self._service.clock.sleep(wait.dawdles)
            wait.told.append(batch)

        return dawdle if wait.dawdles else wait.told.append

    def _check(self, wait: Wait, outcome: object) -> None:
        """Hold one wait's end against the truth."""
        fate = wait.followed.fate
        match outcome:
            case asyncio.CancelledError():
                assert wait.cancelled_after is not None
                assert abs(wait.ended - wait.began - wait.cancelled_after) < _NOW
            case WaitTimeoutError():
                self._check_timeout(wait, outcome)
            case LostContactError():
                assert fate.end is End.SILENCE
                self._check_silence(wait)
            case BatchFailedError():
                assert fate.end is End.FAILED
                assert FAILURE in str(outcome)
                self._check_moment(wait)
            case BatchCancelledError():
                assert fate.end is End.CANCELLED
                self._check_moment(wait)
            case FailedRunsError(batch=Batch() as batch):
                assert wait.raises_on_failed_runs
                assert batch.failed_run_count or batch.outcome is not Outcome.SUCCEEDED
                self._check_batch(wait, batch)
            case Batch():
                assert not (wait.raises_on_failed_runs and outcome.failed_run_count)
                self._check_batch(wait, outcome)
            case _:
                assert fate.end is End.REFUSED
                assert type(outcome) is fate.error
                assert fate.is_withdrawn(wait.ended)
        self._check_told(wait, outcome)

    def _check_silence(self, wait: Wait) -> None:
        """It comes when the patience ends, or with the end of a look that is of use to more patient waits.

        Each look that got no turn lengthens it by a minute: half of the client's pace is little for so many waits.
        """
        silence = wait.ended - max(wait.began, wait.followed.heard)
        assert silence > wait.max_silence - _NOW
        was_of_use = wait.followed.is_shared and wait.ended - wait.followed.asked < _LATEST
        assert wait.dawdles or was_of_use or silence < wait.max_silence + _QUEUED

    def _check_timeout(self, wait: Wait, error: WaitTimeoutError) -> None:
        """It comes at the deadline, and only where neither a look before it nor the last one told of the end."""
        assert wait.deadline is not None
        late = wait.ended - wait.deadline
        assert late > -_NOW
        if wait.dawdles:
            return
        self.latest = max(self.latest, late)
        assert late < _LATEST
        heard = wait.heard_of_the_end
        assert heard is None or heard >= wait.deadline - _NOW
        fate = wait.followed.fate
        if fate.has_ended(wait.deadline) or fate.is_withdrawn(wait.deadline):
            assert isinstance(error.__cause__, OmicsBatchError)

    def _check_batch(self, wait: Wait, batch: Batch) -> None:
        fate = wait.followed.fate
        if wait.is_watch:
            assert batch.is_terminal
        else:
            assert fate.end is End.PROCESSED
            assert batch.is_processed
        truth = Batch.model_validate_json(fate.shown(wait.ended))
        assert batch == truth
        self._check_moment(wait)

    def _check_moment(self, wait: Wait) -> None:
        """It comes at the very moment that a look shows the end, or at the deadline's last look."""
        if wait.dawdles:
            return
        heard = wait.heard_of_the_end
        if wait.heard_at_once or (heard is not None and abs(wait.ended - heard) < _NOW):
            return
        assert wait.deadline is not None
        assert heard is None or heard >= wait.deadline - _NOW
        assert -_NOW < wait.ended - wait.deadline < _LATEST

    def _check_told(self, wait: Wait, outcome: object) -> None:
        """Each `Batch` differs from the one before, no run that ended is under way again, and the last is the end's."""
        counts = [batch.finished_run_count for batch in wait.told]
        assert counts == sorted(counts)
        assert all(one != other for one, other in zip(wait.told, wait.told[1:], strict=False))
        if not (wait.listens or wait.is_watch):
            return
        if isinstance(outcome, Batch):
            assert wait.told[-1] is outcome
        if isinstance(outcome, OmicsBatchError):
            assert outcome.batch is (wait.told[-1] if wait.told else None)
            assert outcome.batch_id == wait.followed.fate.id
            assert outcome.elapsed is not None
