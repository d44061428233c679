"""Calls and looks whose time is over while they are queued: nothing was sent, and the error blames only the queue."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import (
    AttemptTimeoutError,
    ClientClosedError,
    OmicsBatchError,
    PollPolicy,
    QueueTimeoutError,
    ThrottlingError,
    TransportError,
    WaitTimeoutError,
)
from omics_batch.cli._exits import Exit, exit_of, lines_of
from omics_batch.cli._waits.one_result import failed
from tests.accounts import Account, cohort, following
from tests.stories import ACCEPTED, EMPTY, THROTTLED, seen, shown, started, telling
from tests.support import copies_of
from tests.test_operations import CHANGES, MINUTE, READS, trio
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from tests.stories import Observation, Story

SLOW: Final = 1 / 120
"""Requests a second: the second one has its turn after two minutes."""

EVERY_CALL: Final = {**CHANGES, **READS}


@asynccontextmanager
async def with_a_full_queue(*observations: Observation, **settings: Any) -> AsyncGenerator[Story]:
    """Open a client that has just sent a request, so that the next one has to wait for its turn."""
    others: dict[str, list[Observation]] = {method: [ACCEPTED] for method in EVERY_CALL}
    others |= {"start_run_batch": [started()], "list_batch": [EMPTY], "list_runs_in_batch": [EMPTY]}
    settings.setdefault("max_rate", SLOW)
    async with telling(*(observations or [seen()]), others=others, **settings) as story:
        await story.client.get_batch("7123456")
        yield story


@pytest.mark.virtual_time
@pytest.mark.parametrize("method", EVERY_CALL)
async def test_a_call_whose_turn_did_not_come_was_not_sent(method: str) -> None:
    async with with_a_full_queue() as story:
        with pytest.raises(QueueTimeoutError) as caught:
            await EVERY_CALL[method](story.client, MINUTE)
        assert story.clock.now() == 60
        assert story.transport.methods == ["get_batch"]
    error = caught.value
    operation = "".join(word.capitalize() for word in method.split("_"))
    about = operation if method in {"start_run_batch", "list_batch"} else f"{operation} of batch 7123456"
    assert str(error) == (
        f"{about}: not sent: it waited for its turn until the call's 60 s were over, at 0.01 requests a second. "
        "Make fewer calls at once, raise max_rate, or allow more time."
    )
    assert error.attempts == 0
    assert error.next_step == "Make fewer calls at once, raise max_rate, or allow more time."
    assert isinstance(error, TimeoutError)
    assert not isinstance(error, TransportError)
    assert error.__cause__ is None
    assert all((str(twin), vars(twin)) == (str(error), vars(error)) for twin in copies_of(error))


@pytest.mark.virtual_time
async def test_a_page_of_a_list_whose_turn_did_not_come_was_not_sent() -> None:
    """The time-out is for each page."""
    page = shown({"items": [{"id": "1", "status": "INPROGRESS"}], "nextToken": "two"})
    pages = Account({}, failures={"list_batch": [page]})
    async with following(pages, max_rate=SLOW) as client:
        listed = client.list_batch(status="INPROGRESS", timeout=60)
        assert (await anext(listed)).id == "1"
        with pytest.raises(QueueTimeoutError, match="^ListBatch: not sent: ") as caught:
            await anext(listed)
    assert caught.value.attempts == 0
    assert pages.pages == ["INPROGRESS"]


@pytest.mark.virtual_time
async def test_a_request_that_was_sent_and_not_answered_is_no_matter_of_the_queue() -> None:
    async def silence() -> Any:
        await running_clock().sleep(3600)

    async with telling(silence) as story:
        with pytest.raises(AttemptTimeoutError, match="no answer within the call's 10 s") as caught:
            await story.client.get_batch("7123456", timeout=10)
    assert caught.value.attempts == 1


@pytest.mark.virtual_time
async def test_a_retry_whose_turn_did_not_come_leaves_the_fault_of_the_attempt_before() -> None:
    """It is the service that throttled the call, and not its turn that comes late, which is to be reported."""
    async with telling(THROTTLED, max_rate=SLOW) as story:
        with pytest.raises(ThrottlingError) as caught:
            await story.client.get_batch("7123456", timeout=60)
        assert story.clock.now() == 60
    assert caught.value.attempts == 1
    assert str(caught.value).startswith(
        "GetBatch of batch 7123456: ThrottlingException (HTTP 429). The next attempt was not sent: it waited for its "
        "turn until the call's 60 s were over. "
    )


@pytest.mark.virtual_time
async def test_a_client_that_closes_shows_a_start_that_it_was_not_sent() -> None:
    async with with_a_full_queue() as story:
        start = asyncio.create_task(story.client.start_run_batch(trio()))
        await story.clock.sleep(1)
        await story.client.close()
        with pytest.raises(ClientClosedError, match="^the client was closed before the call was sent$") as caught:
            await start
    assert caught.value.attempts == 0
    assert story.transport.methods == ["get_batch"]


# Waits


@pytest.mark.virtual_time
async def test_a_wait_none_of_whose_looks_was_sent_says_so() -> None:
    async with with_a_full_queue() as story:
        with pytest.raises(WaitTimeoutError) as caught:
            await story.client.wait_until_processed("7123456", timeout=60)
        assert story.clock.now() == 65
    assert str(caught.value) == (
        "no look at batch 7123456 was sent in 0:01:05: it waited for its turn. "
        "Make fewer calls at once, raise max_rate, or allow more time."
    )
    assert caught.value.polls == 0
    assert isinstance(caught.value.last_error, QueueTimeoutError)


@pytest.mark.virtual_time
async def test_a_last_look_whose_turn_did_not_come_leaves_what_was_seen_before() -> None:
    async with telling(seen(completed=48), max_rate=SLOW) as story:
        with pytest.raises(WaitTimeoutError) as caught:
            await story.client.wait_until_processed("7123456", timeout=60)
    assert str(caught.value) == (
        "batch 7123456 was INPROGRESS, 50.0 % finished, when last seen after 0:01:05; the last look at it was not "
        "sent: it waited for its turn. Make fewer calls at once, raise max_rate, or allow more time."
    )
    assert caught.value.polls == 1
    assert caught.value.batch is not None


@pytest.mark.virtual_time
async def test_a_time_out_of_thousands_shows_those_without_a_turn_what_a_list_showed() -> None:
    account = Account(cohort(200))
    async with following(account) as client:
        ended = [error async for _, error in client.as_processed(account.lives, timeout=60)]
    messages = [str(error) for error in ended if isinstance(error, WaitTimeoutError)]
    unsent = [message for message in messages if "the last look at it was not sent" in message]
    assert len(messages) == 200
    assert 140 <= len(unsent) <= 160
    assert all("was INPROGRESS when last listed" in message for message in unsent)


# Cancel and delete


@pytest.mark.virtual_time
@pytest.mark.parametrize(("call", "status"), [("cancel_and_wait", "INPROGRESS"), ("delete_everything", "PROCESSED")])
async def test_a_batch_that_could_not_be_asked_in_time_was_not_asked(call: str, status: str) -> None:
    """The first look is sent at once; the cancel or delete after it has no turn until the time-out."""
    async with telling(seen(status), max_rate=SLOW) as story:
        with pytest.raises(
            WaitTimeoutError, match=f"The service has not accepted the request yet: call {call} again"
        ) as caught:
            await getattr(story.client, call)("7123456", timeout=60)
    assert story.transport.methods == ["get_batch"]
    assert isinstance(caught.value.last_error, QueueTimeoutError)


@pytest.mark.virtual_time
async def test_a_record_that_could_not_be_deleted_in_time_is_still_there() -> None:
    async with telling(seen("RUNS_DELETED"), max_rate=SLOW) as story:
        with pytest.raises(QueueTimeoutError, match="^DeleteBatch of batch 7123456: not sent") as caught:
            await story.client.delete_everything("7123456", timeout=60)
    assert caught.value.__notes__ == [
        "The runs of batch 7123456 are deleted, and its record may not be: call delete_everything again."
    ]


# The command line


@pytest.mark.virtual_time
async def test_the_command_line_says_it_in_options() -> None:
    async with with_a_full_queue(poll=PollPolicy(initial=1, maximum=1)) as story:
        errors: list[OmicsBatchError] = []
        for act in (story.client.get_batch, story.client.wait_until_processed):
            with pytest.raises(OmicsBatchError) as caught:
                await act("7123456", timeout=30)
            errors.append(caught.value)
    call, wait = errors
    assert [exit_of(error) for error in errors] == [Exit.TIMED_OUT] * 2
    (line,) = lines_of(call)
    assert line == (
        "GetBatch of batch 7123456: not sent: it waited for its turn until the call's 30 s were over, at 0.01 requests "
        "a second. Give a longer --timeout, or fewer batches at once."
    )
    assert failed(wait, "7123456", None, "omics-batch wait 7123456").message == (
        "no look at batch 7123456 was sent in 0:00:35: it waited for its turn. "
        "Give a longer --timeout, or fewer batches at once."
    )
