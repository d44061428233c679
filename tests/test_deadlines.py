"""No call and no wait overruns its deadline, whatever the service does.

On virtual time this is exact. Over sockets a busy machine holds everybody up, and only a limit that is missing fails.
"""

from __future__ import annotations

import asyncio
import socket
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch import (
    AttemptTimeoutError,
    BatchRunSettings,
    ClientClosedError,
    DefaultRunSettingInput,
    InlineSetting,
    OmicsBatchClient,
    OmicsBatchError,
    Outcome,
    PollPolicy,
    RetryPolicy,
    StartRunBatchRequest,
    WaitTimeoutError,
)
from omics_batch.testing import Fault, Life, ManualClock, Simulator, VirtualTimeLoop, faults, local_client
from tests.events import asked, until
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Mapping

TIMEOUT = 0.3
LAST_LOOK = 0.2
ON_TIME = 1e-6
"""Seconds after a deadline, on virtual time."""
FAST = 1_000_000.0
"""Seconds of a clock in a real one."""
HELD_UP = 0.02
"""Real seconds; five hours of such a clock."""
NO_HANG = 20.0
"""Seconds after a deadline, on a busy machine: the next longer limit is that of an attempt, 30 s."""

HANGING = [
    faults.unanswered(),
    faults.stalled(),
    faults.dripped(0.01),
    faults.delayed(60),
    faults.throttled(retry_after_ms=60_000),
]


def on_virtual_time() -> bool:
    return isinstance(asyncio.get_running_loop(), VirtualTimeLoop)


@asynccontextmanager
async def busy_loop() -> AsyncGenerator[None]:
    """Hold up whatever runs on the loop, again and again."""

    async def be_busy() -> None:
        while True:
            time.sleep(HELD_UP)  # noqa: ASYNC251 - that is what others suffer from
            await asyncio.sleep(0)

    busy = asyncio.create_task(be_busy())
    yield
    busy.cancel()


@asynccontextmanager
async def hanging(fault: Fault) -> AsyncGenerator[Simulator]:
    """Open a simulator; on a busy machine a limit may be over before anything is sent, and meets no fault."""
    settings: dict[str, Any] = {"in_process": True, "clock": running_clock()} if on_virtual_time() else {}
    async with Simulator(faults=[fault], **settings) as omics:
        yield omics
        omics.forget_script()


async def over_after(seconds: float, call: Awaitable[object], error: type[OmicsBatchError]) -> None:
    """See a call fail by its own limit, and no later."""
    with pytest.raises(error):
        async with asyncio.timeout(seconds + (ON_TIME if on_virtual_time() else NO_HANG)):
            await call


class Deadlines:
    @pytest.mark.parametrize("fault", HANGING, ids=lambda fault: fault.name)
    async def test_a_call_is_over_at_its_timeout(self, fault: Fault) -> None:
        """Neither the attempt's limit of 30 s nor a service that asks for a minute's patience lengthens it."""
        async with hanging(fault) as omics, omics.client(random=lambda: 1.0, max_rate=None) as client:
            await over_after(TIMEOUT, client.get_batch(omics.start_batch(1), timeout=TIMEOUT), OmicsBatchError)

    @pytest.mark.parametrize("fault", HANGING[:3], ids=lambda fault: fault.name)
    async def test_an_attempt_is_over_at_its_limit(self, fault: Fault) -> None:
        """The bound is around the whole attempt: a drip that never stalls does not escape it."""
        policy = RetryPolicy(max_attempts=1, attempt_timeout=TIMEOUT)
        async with hanging(fault) as omics, omics.client(retry=policy) as client:
            await over_after(TIMEOUT, client.get_batch(omics.start_batch(1)), AttemptTimeoutError)

    async def test_a_wait_is_over_at_its_timeout_and_its_last_look(self) -> None:
        """The last look has a bound of its own: here the attempt's limit, which is less than 5 s."""
        policy = RetryPolicy(max_attempts=1, attempt_timeout=LAST_LOOK)
        poll = PollPolicy(initial=0.1, maximum=0.1)
        silent = faults.unanswered(faults.ANY, times=1000)
        async with hanging(silent) as omics, omics.client(retry=policy, poll=poll) as client:
            wait = client.wait_until_processed(omics.start_batch(1), timeout=TIMEOUT)
            await over_after(TIMEOUT + LAST_LOOK, wait, WaitTimeoutError)


@pytest.mark.virtual_time
class TestOnVirtualTime(Deadlines):
    """To the microsecond."""


class TestOverSockets(Deadlines):
    """At all."""


@pytest.mark.virtual_time
@pytest.mark.parametrize(("before", "extra"), [([], 1.5), ([faults.answered()], 5.0)], ids=["never reached", "reached"])
async def test_a_service_that_was_never_reached_is_given_less_time_at_the_end(
    before: list[Fault], extra: float
) -> None:
    """A wrong configuration is reported soon; who has lost the network for a moment is given five seconds."""
    settings: dict[str, Any] = {"in_process": True, "clock": running_clock()}
    async with Simulator(faults=[*before, faults.reset(times=1000)], **settings) as omics, omics.client() as client:
        batch_id, began = omics.start_batch(1), running_clock().now()
        with pytest.raises(WaitTimeoutError):
            await client.wait_until_processed(batch_id, timeout=20)
        assert running_clock().now() - began <= 20 + extra
        omics.forget_script()


@pytest.mark.virtual_time
async def test_a_time_out_names_what_kept_the_attempts_before_from_an_answer() -> None:
    script = [faults.reset(), faults.unanswered()]
    async with Simulator(in_process=True, clock=running_clock(), faults=script) as omics, omics.client() as client:
        with pytest.raises(AttemptTimeoutError, match="no answer within the call's 5 s; the attempt before: .*clos"):
            await client.get_batch(omics.start_batch(1), timeout=5)


@pytest.fixture
def port_that_accepts_nobody() -> Generator[int]:
    """A listening socket whose queue is full: a connection to it is neither made nor refused."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        queue = [socket.socket() for _ in range(3)]
        for waiting in queue:
            waiting.settimeout(0)
            waiting.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]
        for waiting in queue:
            waiting.close()


async def test_a_connection_that_hangs_is_over_at_its_limit(port_that_accepts_nobody: int) -> None:
    """Connecting is a part of the attempt."""
    policy = RetryPolicy(max_attempts=1, attempt_timeout=TIMEOUT)
    async with local_client(f"http://127.0.0.1:{port_that_accepts_nobody}", retry=policy) as client:
        await over_after(TIMEOUT, client.get_batch("7"), AttemptTimeoutError)


# On clocks of other speeds

REQUEST = StartRunBatchRequest(
    default_run_setting=DefaultRunSettingInput(
        workflow_id="1234567", role_arn="arn:aws:iam::123456789012:role/R", output_uri="s3://bucket/"
    ),
    batch_run_settings=BatchRunSettings(inline_settings=(InlineSetting(run_setting_id="NA12878"),)),
)

EVERY_CALL: Mapping[str, Callable[[OmicsBatchClient, str], Awaitable[object]]] = {
    "get_batch": lambda client, batch: client.get_batch(batch, timeout=60),
    "start_run_batch": lambda client, _: client.start_run_batch(REQUEST, timeout=60),
    "list_batch": lambda client, _: client.list_batch(timeout=60),
    "list_runs_in_batch": lambda client, batch: client.list_runs_in_batch(batch, timeout=60),
    "cancel_run_batch": lambda client, batch: client.cancel_run_batch(batch, timeout=60),
    "delete_run_batch": lambda client, batch: client.delete_run_batch(batch, timeout=60),
    "delete_batch": lambda client, batch: client.delete_batch(batch, timeout=60),
    "failed_runs": lambda client, batch: client.failed_runs(batch, timeout=60),
}
EVERY_WAIT: Mapping[str, Callable[[OmicsBatchClient, str], Awaitable[object]]] = {
    "wait_until_processed": lambda client, batch: client.wait_until_processed(batch, timeout=60),
    "watch": lambda client, batch: anext(client.watch(batch, timeout=60)),
    "cancel_and_wait": lambda client, batch: client.cancel_and_wait(batch, timeout=60),
    "delete_everything": lambda client, batch: client.delete_everything(batch, timeout=60),
}
OPERATIONS = (
    "GetBatch",
    "StartRunBatch",
    "ListBatch",
    "ListRunsInBatch",
    "CancelRunBatch",
    "DeleteRunBatch",
    "DeleteBatch",
)
PATIENT = RetryPolicy(attempt_timeout=3600, max_attempts=1)


async def over_at(clock: ManualClock, omics: Simulator, call: Awaitable[object]) -> float:
    """Move the clock by seconds, each once the client has nothing more to do; return when the call was over."""
    running = asyncio.ensure_future(call)
    while not running.done():
        requests = len(omics.requests)
        for _ in range(50):  # turns of the loop in which a request may arrive
            await asyncio.sleep(0)
        if len(omics.requests) == requests:
            clock.advance(1)
    with pytest.raises(TimeoutError):
        await running
    return clock.now()


@pytest.mark.parametrize("name", [*EVERY_CALL, *EVERY_WAIT])
async def test_every_time_out_is_over_in_time_on_a_clock_that_is_moved(name: str) -> None:
    """The service never answers. A wait looks once more, for five seconds."""
    clock = ManualClock()
    async with Simulator(clock=clock) as omics:
        omics.script(*(faults.unanswered(operation, times=1000) for operation in OPERATIONS))
        batch_id = omics.start_batch(1)
        async with omics.client(clock=clock, retry=PATIENT, max_rate=None) as client:
            over = await over_at(clock, omics, {**EVERY_CALL, **EVERY_WAIT}[name](client, batch_id))
        omics.forget_script()
    assert 60 <= over <= (61 if name in EVERY_CALL else 66)


async def test_the_limit_of_an_attempt_is_over_in_time_on_a_clock_that_is_moved() -> None:
    """A call without a time-out ends with it."""
    clock = ManualClock()
    async with Simulator(clock=clock) as omics:
        omics.script(faults.unanswered())
        async with omics.client(clock=clock, retry=RetryPolicy(attempt_timeout=60, max_attempts=1)) as client:
            assert 60 <= await over_at(clock, omics, client.get_batch(omics.start_batch(1))) <= 61


async def test_a_time_out_on_a_fast_clock_is_over_within_seconds() -> None:
    """Sixty seconds of a clock that runs a thousand times as fast."""
    async with Simulator(time_scale=1000) as omics:
        omics.script(faults.unanswered(times=1000))
        batch_id = omics.start_batch(1)
        async with omics.client(max_rate=None) as client:
            begun = [EVERY_CALL["get_batch"](client, batch_id), EVERY_WAIT["wait_until_processed"](client, batch_id)]
            await asyncio.gather(*(over_after(0, one, OmicsBatchError) for one in begun))
        omics.forget_script()


async def test_a_busy_machine_on_a_fast_clock_is_no_lost_contact() -> None:
    """An hour is over in 3.6 ms there, and every task has to wait for longer than that until it may go on."""
    async with Simulator(time_scale=FAST, life=Life(run_length=1e9)) as omics:
        batch_id = omics.start_batch(1)
        async with omics.client() as client, busy_loop():
            wait = asyncio.create_task(client.wait_until_processed(batch_id))
            await asked(omics, times=3)
            omics.advance(hours=1_000_000)
            batch = await wait
    assert batch.outcome is Outcome.SUCCEEDED


async def test_closing_the_client_ends_a_call_on_any_clock() -> None:
    clock = ManualClock()
    async with Simulator(clock=clock) as omics:
        omics.script(faults.unanswered())
        async with omics.client(clock=clock) as client:
            call = asyncio.create_task(client.get_batch(omics.start_batch(1), timeout=60))
            await until(lambda: omics.requests)
        with pytest.raises(ClientClosedError):
            await call
