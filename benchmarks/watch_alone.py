"""One wait alone: it calls as often as its policy says, on a loop where hours pass in no time."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Final

from omics_batch.testing import Life, Simulator, VirtualClock, VirtualTimeLoop

if TYPE_CHECKING:
    from omics_batch import PollPolicy

_HOUR: Final = 3600.0
_NO_CHANCE: Final = 0.5
_LIFE: Final = Life(creating=0, pending=0, submission_rate=math.inf, run_length=2 * _HOUR)
"""One status for the whole hour: each change would restart the intervals."""


def expected_calls(poll: PollPolicy) -> int:
    """Count the looks of the first hour."""
    calls, moment = 0, 0.0
    while moment < _HOUR:
        moment += poll.interval(calls, _NO_CHANCE)
        calls += 1
    return calls


def calls_of_one_wait(poll: PollPolicy) -> int:
    """Wait for an hour, and count the calls."""

    async def wait() -> int:
        async with (
            Simulator(in_process=True, clock=VirtualClock(), life=_LIFE) as omics,
            omics.client(random=lambda: _NO_CHANCE, poll=poll) as client,
        ):
            batch_id = omics.start_batch(1)
            waiting = asyncio.create_task(client.wait_until_processed(batch_id))
            await asyncio.sleep(_HOUR)
            waiting.cancel()
            return len(omics.requests)

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(wait())
