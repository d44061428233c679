"""A hundred waits over real sockets, nothing doubled, while one request in five goes wrong."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from contextlib import suppress
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import (
    Batch,
    BatchCancelledError,
    BatchFailedError,
    OmicsBatchError,
    PollPolicy,
    RetryPolicy,
    WaitTimeoutError,
)
from omics_batch._transport.attempt import LARGEST_ANSWER
from omics_batch.testing import Fault, Life, Simulator, faults
from omics_batch.testing._http.server import Server
from tests.events import until

if TYPE_CHECKING:
    from omics_batch import OmicsBatchClient

WAITS: Final = 100
SCALE: Final = 60.0
SEED: Final = 7
BETWEEN: Final = 4
"""True answers for each fault: one request in five meets one."""
AHEAD: Final = 50
TIMEOUT: Final = 480.0
"""Of the batches that take a day; no machine is too slow for the others."""
NO_HANG: Final = 50 * SCALE
POLL: Final = PollPolicy(initial=5, maximum=60, max_silence=86_400)
ATTEMPTS: Final = RetryPolicy(attempt_timeout=2)

LIVES: Final = {
    "succeeds": Life(run_length=(60, 240)),
    "fails in part": Life(run_length=(60, 240), failed_runs=1),
    "fails": Life(pending=90, failure_reason="the role cannot be assumed"),
    "is cancelled": Life(run_length=300, cancelled_after=120, stopping=30),
    "takes a day": Life(run_length=86_400),
}
TRUTHS: Final = {
    ("succeeds", "SUCCEEDED"),
    ("fails in part", "PARTIAL"),
    ("fails", "BatchFailedError"),
    ("is cancelled", "BatchCancelledError"),
    ("takes a day", "WaitTimeoutError"),
}


def sorts() -> list[Fault]:
    """Every sort of fault that a wait outlives."""
    return [
        faults.throttled(),
        faults.throttled(retry_after_ms=50),
        faults.error("SlowDown", 503),
        faults.empty(429),
        faults.empty(509),
        faults.status(408),
        faults.status(500),
        faults.empty(500),
        faults.html(502),
        faults.body(b"Service Unavailable", 503),
        faults.body(b"[" * 100_000, 504),
        faults.html(403),
        faults.expired_token(),
        faults.skewed_clock(),
        faults.redirected(307, "http://169.254.169.254/latest/meta-data/"),
        faults.delayed(2.0),
        faults.reset(),
        faults.closed(),
        faults.truncated(),
        faults.stalled(),
        faults.unanswered(),
        faults.dripped(1.0),
        faults.not_http(),
        faults.html(200),
        faults.empty(200),
        faults.empty(204),
        faults.body(b"{}"),
        faults.body(b"null"),
        faults.body(b'{"id": "7", "status": "PROC'),
        faults.body(b'{"id": "7", "status": "\xff\xfe"}'),
        faults.gzip_body(),
        faults.wrong_batch(),
        faults.huge(2 * LARGEST_ANSWER, declared=False),
    ]


class Trickster:
    """Keeps the script some requests ahead of the waits, and knows how many it was meant for."""

    def __init__(self, omics: Simulator, random: Random) -> None:
        self._omics = omics
        self._random = random
        self._scripted = 0
        self.met: Counter[str] = Counter()

    @property
    def ahead(self) -> int:
        return self._scripted - self._omics.requests_of("GetBatch")

    def script(self, *scripted: Fault) -> None:
        self._omics.script(*scripted)
        self._scripted += sum(fault.times for fault in scripted)
        self.met.update(fault.name for fault in scripted)

    async def keep_on(self) -> None:
        """Script every sort of fault in turn, in any order, with true answers between them."""
        self.script(faults.answered(times=10))  # the credentials work before they fail
        while True:
            for fault in self._random.sample(sorts(), len(sorts())):
                self.script(fault, faults.answered(times=self._random.randint(1, 2 * BETWEEN - 1)))
                while self.ahead > AHEAD:
                    await self._omics.clock.sleep(1)


async def _outcome(client: OmicsBatchClient, omics: Simulator, kind: str) -> tuple[str, str]:
    """Wait for one batch; show how it was meant, and how the wait ended."""
    batch_id = omics.start_batch(3, life=LIVES[kind])
    timeout = TIMEOUT if kind == "takes a day" else None
    deadline = omics.clock.now() + TIMEOUT
    reported: list[Batch] = []
    shown: Batch | None
    try:
        batch = await client.wait_until_processed(batch_id, timeout=timeout, on_update=reported.append)
        shown, outcome = batch, batch.outcome.name
    except (BatchFailedError, BatchCancelledError, WaitTimeoutError) as error:
        shown, outcome = error.batch, type(error).__name__
    if shown is None:  # a machine that is too busy for any answer in time
        assert (outcome, reported) == ("WaitTimeoutError", [])
    else:
        assert shown is reported[-1]
        assert shown.id == batch_id
    assert outcome != "WaitTimeoutError" or deadline <= omics.clock.now() < deadline + NO_HANG
    return kind, outcome


@pytest.mark.slow
async def test_a_hundred_waits_meet_every_sort_of_fault() -> None:
    """Each ends with its batch's truth, or at its deadline; no task or connection is left over."""
    failures: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context))
    before = asyncio.all_tasks()
    random = Random(SEED)  # noqa: S311 - the same faults every time, no secret
    kinds = [random.choice(list(LIVES)) for _ in range(WAITS)]
    async with Simulator(time_scale=SCALE) as omics:
        trickster = Trickster(omics, random)
        scripting = asyncio.create_task(trickster.keep_on())
        async with omics.client(max_rate=None, retry=ATTEMPTS, poll=POLL, random=random.random) as client:
            outcomes = await asyncio.gather(*(_outcome(client, omics, kind) for kind in kinds))
            scripting.cancel()
            batch_id = omics.start_batch(1)
            while trickster.ahead > 0:
                with suppress(OmicsBatchError):
                    await client.get_batch(batch_id)
            assert (await client.get_batch(batch_id)).id == batch_id
        await _hung_up(omics)
    assert set(outcomes) == TRUTHS
    assert len(omics.requests) > WAITS
    assert {fault.name for fault in sorts()} <= trickster.met.keys()
    assert asyncio.all_tasks() == before
    gc.collect()
    assert failures == []


async def _hung_up(omics: Simulator) -> None:
    """Come back once the server has no connection any more."""
    assert isinstance(omics._server, Server)
    running = omics._server._running
    assert running is not None
    async with asyncio.timeout(50):
        await until(lambda: not running[2].connections)
