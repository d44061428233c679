"""Waits of every sort, one after the other, each held against the truth once it has ended."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from omics_batch import Batch, OmicsBatchError, PollPolicy
from soaks.batches import HOUR, End, spread
from soaks.checks import NOW, Judge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from random import Random

    from omics_batch import OmicsBatchClient
    from soaks.service import Followed, Service

POLL: Final = PollPolicy()
BEGINNING: Final = 5.0
"""Seconds over which the first waits begin."""
EAGER: Final = PollPolicy(initial=1.0, factor=2.0, maximum=30.0, max_silence=900.0)


@dataclass(slots=True, eq=False)
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
    reported: list[Batch] = field(default_factory=list[Batch])
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
    def noticed_the_end(self) -> float | None:
        """The first moment after its beginning at which a look was reported that the batch has ended."""
        return next((moment for moment in self.followed.ends if moment > self.began + NOW), None)

    @property
    def noticed_at_once(self) -> bool:
        """Whether a look reported it in the moment it began: a look of this wait or of an earlier one."""
        return self.ended < self.began + NOW and any(abs(end - self.began) < NOW for end in self.followed.ends)


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

    sharing = 0.7
    """Of the waits: these join one that is under way."""

    def __init__(self, client: OmicsBatchClient, service: Service) -> None:
        self._client = client
        self._service = service
        self.outcomes: Counter[str] = Counter()
        self.judge = Judge()

    async def one_after_the_other(self, until: float) -> None:
        """Wait for batches until a moment; the last wait ends when it ends."""
        random, clock = self._service.random, self._service.clock
        await clock.sleep(random.uniform(0, BEGINNING))
        while clock.now() < until:
            followed = self._service.follow(share=random.random() < self.sharing)
            try:
                await self._one(self._drawn(followed))
            finally:
                self._service.leave(followed)

    def _drawn(self, followed: Followed) -> Wait:
        return drawn(self._service.random, followed, self._service.clock.now())

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
            self._hold(wait, outcome)
        except AssertionError as error:
            error.add_note(f"{wait} ended with {outcome!r}")
            raise

    def _hold(self, wait: Wait, outcome: object) -> None:
        self.judge.check(wait, outcome)

    async def _outcome(self, wait: Wait) -> Batch | None:
        batch_id = wait.followed.fate.id
        if wait.is_watch:
            async for batch in self._client.watch(batch_id, timeout=wait.timeout, poll=wait.poll):
                wait.reported.append(batch)
            return wait.reported[-1]
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
            wait.reported.append(batch)

        return dawdle if wait.dawdles else wait.reported.append


async def until_answered(client: OmicsBatchClient, service: Service) -> None:
    """Let the credentials have worked once: those that never did would end a wait."""
    while True:
        followed = service.follow(share=False)
        try:
            await client.get_batch(followed.fate.id)
        except OmicsBatchError:
            continue
        else:
            return
        finally:
            service.leave(followed)
