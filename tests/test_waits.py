"""What a wait promises, each row as a story: what the service showed, how long was slept, what came of it."""

from __future__ import annotations

import asyncio
import logging
import pickle
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import pytest

from omics_batch import (
    AccessDeniedError,
    Batch,
    BatchCancelledError,
    BatchFailedError,
    BatchStatus,
    ClientClosedError,
    CredentialsError,
    Event,
    FailedRunsError,
    InternalServerError,
    InvalidInputError,
    LookFailed,
    LostContactError,
    MalformedResponseError,
    OmicsBatchError,
    Outcome,
    PollPolicy,
    ResourceNotFoundError,
    RetryPolicy,
    StartRunBatchResponse,
    ThrottlingError,
    ValidationError,
    WaitTimeoutError,
)
from omics_batch._transport.failure import FailureStage
from omics_batch._waiting.states import BatchState
from omics_batch._waiting.subscriptions import ChangeSubscription
from omics_batch.testing import Fault, faults
from tests.stories import (
    BATCH_ID,
    DENIED,
    EMPTY,
    NOT_FOUND,
    OUTAGE,
    PROCESSED,
    THROTTLED,
    failing_at,
    repeated,
    seen,
    service,
    telling,
)
from tests.virtual_time import running_clock

pytestmark = pytest.mark.virtual_time

ONE_ATTEMPT = RetryPolicy(max_attempts=1)


async def test_intervals_grow_by_half_from_5_s_to_60_s() -> None:
    """A batch that changes nothing is looked at less and less often, and at least once a minute."""
    async with telling(*repeated(seen("INPROGRESS"), 10), PROCESSED) as story:
        batch = await story.client.wait_until_processed(BATCH_ID)
    assert batch.outcome is Outcome.SUCCEEDED
    assert story.sleeps == [5.0, 7.5, 11.25, 16.875, 25.3125, 37.96875, 56.953125, 60.0, 60.0, 60.0]


async def test_a_change_of_status_starts_the_intervals_again() -> None:
    """What has just changed may change again soon."""
    async with telling(
        seen("PENDING"),
        seen("PENDING"),
        seen("PENDING"),
        seen("SUBMITTING"),
        seen("SUBMITTING"),
        PROCESSED,
    ) as story:
        await story.client.wait_until_processed(BATCH_ID)
    assert story.sleeps == [5.0, 7.5, 11.25, 5.0, 7.5]


async def test_new_counts_alone_do_not_start_the_intervals_again() -> None:
    """Counts change all the time; only the status does."""
    async with telling(seen(completed=1), seen(completed=2), seen(completed=3), PROCESSED) as story:
        await story.client.wait_until_processed(BATCH_ID)
    assert story.sleeps == [5.0, 7.5, 11.25]


@pytest.mark.parametrize(("chance", "first"), [(0.0, 4.5), (0.5, 5.0), (1.0, 5.5)])
async def test_jitter_varies_an_interval_by_a_tenth(chance: float, first: float) -> None:
    """Waits that began together do not look together for ever."""
    async with telling(seen(), PROCESSED, random=lambda: chance) as story:
        await story.client.wait_until_processed(BATCH_ID)
    assert story.sleeps == [first]


async def test_a_wait_may_bring_its_own_poll_policy() -> None:
    """`poll=` wins over the client's policy."""
    async with telling(seen(), seen(), PROCESSED, poll=PollPolicy(initial=50)) as story:
        await story.client.wait_until_processed(BATCH_ID, poll=PollPolicy(initial=timedelta(seconds=1), factor=3))
    assert story.sleeps == [1.0, 3.0]


async def test_a_batch_that_has_ended_already_costs_one_call_and_no_delay() -> None:
    """What is known is reported without waiting 5 s."""
    async with telling(PROCESSED) as story:
        await story.client.wait_until_processed(BATCH_ID)
    assert (story.transport.calls, story.sleeps) == (1, [])


async def test_processed_is_returned_even_with_failed_runs() -> None:
    """PROCESSED means that all runs ended; whether they succeeded is the caller's next question."""
    async with telling(seen("PROCESSED", completed=90, failed=6)) as story:
        batch = await story.client.wait_until_processed(BATCH_ID)
    assert (batch.outcome, batch.failed_run_count) == (Outcome.PARTIAL, 6)


async def test_failed_runs_raise_on_request() -> None:
    """A pipeline may want an exception where anything failed."""
    async with telling(seen(), seen("PROCESSED", completed=90, failed=6)) as story:
        with pytest.raises(FailedRunsError, match="90 of 96 runs completed, 6 failed") as caught:
            await story.client.wait_until_processed(BATCH_ID, raise_on_failed_runs=True)
    assert caught.value.batch is not None
    assert (caught.value.batch.failed_run_count, caught.value.polls) == (6, 2)
    assert caught.value.elapsed == timedelta(seconds=5)


async def test_success_does_not_raise_on_request() -> None:
    """`raise_on_failed_runs` leaves a batch alone whose runs all completed."""
    async with telling(PROCESSED) as story:
        batch = await story.client.wait_until_processed(BATCH_ID, raise_on_failed_runs=True)
    assert batch.outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("status", ["RUNS_DELETING", "RUNS_DELETED", "RUNS_DELETE_FAILED"])
async def test_deleted_runs_of_a_processed_batch_are_no_failure(status: str) -> None:
    """A processed time shows that the batch had been processed before its runs were deleted."""
    async with telling(seen(status, processedTime="2025-03-15T12:00:00Z")) as story:
        batch = await story.client.wait_until_processed(BATCH_ID)
    assert (batch.is_processed, batch.outcome) == (True, Outcome.UNKNOWN)


@pytest.mark.parametrize("status", ["CANCELLED", "RUNS_DELETING", "RUNS_DELETED", "RUNS_DELETE_FAILED"])
async def test_a_cancelled_batch_raises(status: str) -> None:
    """Without a processed time, deleted runs belong to a batch that was cancelled."""
    async with telling(seen("STOPPING"), seen(status, completed=7)) as story:
        with pytest.raises(BatchCancelledError, match=f"{BATCH_ID} is {status}: it was cancelled") as caught:
            await story.client.wait_until_processed(BATCH_ID)
    assert caught.value.batch is not None
    assert caught.value.batch.status == status


@pytest.mark.parametrize(
    "summaries", [{"runSummary": None}, {"runSummary": {}}, {"runSummary": {"completedRunCount": 94}}], ids=repr
)
async def test_a_wait_ends_at_processed_even_where_the_counts_do_not_add_up(summaries: dict[str, Any]) -> None:
    """PROCESSED is the end, and it is no success: the wait does not hang, and says nothing that it does not know."""
    odd: dict[str, Any] = {"submissionSummary": {"successfulStartSubmissionCount": 96}, **summaries}
    async with telling(seen(), seen("PROCESSED", **odd)) as story:
        batch = await story.client.wait_until_processed(BATCH_ID)
    assert (batch.is_processed, batch.counts_are_final, batch.outcome) == (True, False, Outcome.UNKNOWN)
    async with telling(seen("PROCESSED", **odd)) as story:
        with pytest.raises(FailedRunsError, match="Get the batch again in a minute") as caught:
            await story.client.wait_until_processed(BATCH_ID, raise_on_failed_runs=True)
    assert (caught.value.polls, caught.value.runs) == (1, ())


async def test_a_failed_batch_raises_with_the_reason() -> None:
    """The service's own words are what the user has to fix."""
    reason = "Batch has 100001 runs but 100000 runs is the max."
    async with telling(seen("CREATING"), seen("FAILED", failureReason=reason)) as story:
        with pytest.raises(BatchFailedError, match="100001 runs but 100000") as caught:
            await story.client.wait_until_processed(BATCH_ID)
    assert (caught.value.batch_id, caught.value.polls, caught.value.elapsed) == (BATCH_ID, 2, timedelta(seconds=5))
    assert f"batch {BATCH_ID} failed: {reason} Some of its runs may" in str(pickle.loads(pickle.dumps(caught.value)))


async def test_a_failed_batch_without_a_reason_says_so() -> None:
    """Every member of the answer is optional."""
    async with telling(seen("FAILED")) as story:
        with pytest.raises(BatchFailedError, match="gave no reason"):
            await story.client.wait_until_processed(BATCH_ID)


async def test_a_status_nobody_knows_is_waited_out_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """The service's list of statuses grows; a client that stops at a new one breaks on that day."""
    async with telling(*repeated(seen("DEFRAGMENTING\x1b[31m"), 3), PROCESSED) as story:
        with caplog.at_level(logging.WARNING, logger="omics_batch"):
            await story.client.wait_until_processed(BATCH_ID)
    assert [record.getMessage() for record in caplog.records] == [
        f"batch {BATCH_ID}: unknown status DEFRAGMENTING [31m counts as not finished",
    ]
    assert story.transport.calls == 4


async def test_at_the_deadline_it_looks_one_last_time() -> None:
    """20 s are 5, 7.5 and 7.5 of the next interval; the last look has a bound of its own, 5 s."""
    async with telling(seen()) as story:
        with pytest.raises(WaitTimeoutError, match="was INPROGRESS, 0.0 % finished.* after 0:00:20") as caught:
            await story.client.wait_until_processed(BATCH_ID, timeout=20)
    assert story.sleeps[-1] == 7.5
    assert story.transport.at == [0.0, 5.0, 12.5, 20.0]
    assert story.transport.bounds == [20.0, 15.0, 7.5, 5.0]
    assert isinstance(caught.value, TimeoutError)
    assert (caught.value.polls, caught.value.elapsed) == (4, timedelta(seconds=20))


async def test_a_success_found_at_the_deadline_wins() -> None:
    """Who ended in time is not reported late."""
    async with telling(seen(), seen(), PROCESSED) as story:
        batch = await story.client.wait_until_processed(BATCH_ID, timeout=timedelta(seconds=10))
    assert batch.is_processed
    assert story.transport.at == [0.0, 5.0, 10.0]


async def test_a_failure_found_at_the_deadline_wins_too() -> None:
    """The truth is better than a time-out."""
    async with telling(seen(), seen("FAILED")) as story:
        with pytest.raises(BatchFailedError):
            await story.client.wait_until_processed(BATCH_ID, timeout=3)


async def test_a_timeout_of_0_is_one_look() -> None:
    """One request shows whether the batch is done."""
    async with telling(seen()) as story:
        with pytest.raises(WaitTimeoutError):
            await story.client.wait_until_processed(BATCH_ID, timeout=0)
    assert (story.transport.calls, story.sleeps) == (1, [])


async def test_the_last_look_is_bounded_by_the_attempts_limit_where_that_is_smaller() -> None:
    """2 s for an attempt are 2 s at the deadline too."""
    async with telling(seen(), retry=RetryPolicy(attempt_timeout=2)) as story:
        with pytest.raises(WaitTimeoutError):
            await story.client.wait_until_processed(BATCH_ID, timeout=0)
    assert story.transport.bounds == [2.0]


async def test_an_attempt_is_bounded_by_its_limit_or_by_what_is_left() -> None:
    """The default limit is 30 s; near the deadline it is less."""
    async with telling(seen()) as story:
        with pytest.raises(WaitTimeoutError):
            await story.client.wait_until_processed(BATCH_ID, timeout=40)
    assert story.transport.at == [0.0, 5.0, 12.5, 23.75, 40.0]
    assert story.transport.bounds == [30.0, 30.0, 27.5, 16.25, 5.0]


async def test_a_deadline_that_falls_on_a_look_costs_one_call() -> None:
    """The last look takes the place of the one that was due at the same moment."""
    async with telling(seen()) as story:
        with pytest.raises(WaitTimeoutError):
            await story.client.wait_until_processed(BATCH_ID, timeout=5)
    assert story.transport.at == [0.0, 5.0]


async def test_a_timeout_names_the_batch_and_how_long_the_wait_was() -> None:
    """Not how long the clock has been running."""
    async with telling(seen()) as story:
        await story.clock.sleep(1000)
        with pytest.raises(WaitTimeoutError, match=f"^batch {BATCH_ID} was INPROGRESS.* after 0:00:20"):
            await story.client.wait_until_processed(BATCH_ID, timeout=20)


async def test_a_last_look_that_fails_is_the_timeouts_cause() -> None:
    """What went wrong at the end is there to read."""
    async with telling(seen(), OUTAGE) as story:
        with pytest.raises(WaitTimeoutError) as caught:
            await story.client.wait_until_processed(BATCH_ID, timeout=4)
    assert isinstance(caught.value.__cause__, InternalServerError)
    assert caught.value.last_error is caught.value.__cause__
    assert caught.value.batch is not None


async def test_a_last_look_that_is_refused_says_so() -> None:
    """A batch that does not exist is no time-out."""
    async with telling(NOT_FOUND) as story:
        with pytest.raises(ResourceNotFoundError) as caught:
            await story.client.wait_until_processed(BATCH_ID, timeout=0)
    assert caught.value.polls == 1


@pytest.mark.parametrize(
    "fault",
    [
        THROTTLED,
        OUTAGE,
        failing_at(FailureStage.CONNECTION),
        failing_at(FailureStage.TIMEOUT),
        failing_at(FailureStage.UNREADABLE),
        failing_at(FailureStage.REDIRECT),
        faults.html(),
        seen("PROCESSED", batch="999"),
    ],
    ids=["throttled", "500", "connection", "time-out", "unreadable", "redirect", "HTML", "another batch"],
)
async def test_an_outage_does_not_end_a_wait(fault: Fault) -> None:
    """Half an hour of failure is waited out, and the look after it counts."""
    async with telling(seen(), *repeated(fault, 30), PROCESSED, retry=ONE_ATTEMPT) as story:
        assert (await story.client.wait_until_processed(BATCH_ID)).is_processed
    assert story.transport.calls == 32


async def test_throttling_is_retried_before_the_next_poll() -> None:
    """Two retries on the throttle base of 1 s belong to the same look."""
    async with telling(THROTTLED, THROTTLED, PROCESSED) as story:
        await story.client.wait_until_processed(BATCH_ID)
    assert story.sleeps == [0.5, 1.0]
    assert story.transport.calls == 3


async def test_silence_for_an_hour_ends_a_wait() -> None:
    """A wait without a readable response gives up after `max_silence`, and says what it last saw and met."""
    async with telling(seen(completed=31), OUTAGE, retry=ONE_ATTEMPT) as story:
        with pytest.raises(
            LostContactError, match=f"batch {BATCH_ID} for 1:00:00; it was INPROGRESS, 32.3 %"
        ) as caught:
            await story.client.wait_until_processed(BATCH_ID)
    assert caught.value.elapsed == timedelta(hours=1)
    assert isinstance(caught.value.last_error, InternalServerError)
    assert caught.value.__cause__ is caught.value.last_error
    assert caught.value.batch is not None
    assert caught.value.batch.finished_run_count == 31


async def test_silence_from_the_start_says_that_nothing_was_ever_seen() -> None:
    """A wrong endpoint does not hold a wait for ever."""
    async with telling(failing_at(FailureStage.CONNECTION), retry=ONE_ATTEMPT) as story:
        with pytest.raises(LostContactError, match="was never seen") as caught:
            await story.client.wait_until_processed(BATCH_ID, poll=PollPolicy(max_silence=timedelta(minutes=2)))
    assert (caught.value.batch, caught.value.elapsed) == (None, timedelta(minutes=2))


async def test_the_look_at_the_end_of_the_patience_has_time_to_be_answered() -> None:
    """Who polls as seldom as `max_silence` allows gets the answer, though it takes its time."""

    async def answer() -> Fault:
        await running_clock().sleep(0.2)
        return PROCESSED

    async with telling(seen(), answer) as story:
        poll = PollPolicy(initial=60, maximum=60, max_silence=60)
        assert (await story.client.wait_until_processed(BATCH_ID, poll=poll)).is_processed
    assert story.transport.at == [0.0, 60.0]


async def test_a_lost_contact_names_the_failure_that_was_met() -> None:
    """Not the want of time for a last look: that look has 5 s."""

    async def fail() -> Fault:
        await running_clock().sleep(4.9)
        return OUTAGE

    async with telling(seen(), fail, retry=ONE_ATTEMPT) as story:
        with pytest.raises(LostContactError) as caught:
            await story.client.wait_until_processed(BATCH_ID, poll=PollPolicy(initial=60, max_silence=60))
    assert isinstance(caught.value.last_error, InternalServerError)
    assert story.transport.bounds == [30.0, 5.0]


async def test_one_readable_answer_ends_the_silence() -> None:
    """The hour starts again with every answer."""
    half_an_hour = repeated(OUTAGE, 30)
    async with telling(
        *half_an_hour, seen(), *half_an_hour, seen(), *half_an_hour, PROCESSED, retry=ONE_ATTEMPT
    ) as story:
        batch = await story.client.wait_until_processed(BATCH_ID)
    assert batch.is_processed
    assert story.clock.now() > timedelta(hours=1).total_seconds()


@pytest.mark.parametrize(
    ("fault", "error"), [(DENIED, AccessDeniedError), (service("ValidationException", 400), ValidationError)]
)
async def test_a_refusal_ends_a_wait_at_once(fault: Fault, error: type[OmicsBatchError]) -> None:
    """Waiting does not grant a permission; the error reports the wait like every other."""
    async with telling(seen(), fault) as story:
        with pytest.raises(error) as caught:
            await story.client.wait_until_processed(BATCH_ID)
    assert story.sleeps == [5.0]
    assert (caught.value.batch_id, caught.value.elapsed) == (BATCH_ID, timedelta(seconds=5))
    assert caught.value.batch is not None


async def test_credentials_that_never_worked_end_a_wait_at_once() -> None:
    """A typo in a profile is not waited out: it has been corrected by now, or it has not."""
    async with telling(failing_at(FailureStage.CREDENTIALS)) as story:
        with pytest.raises(CredentialsError):
            await story.client.wait_until_processed(BATCH_ID)
    assert (story.transport.calls, story.transport.opened) == (2, 2)


async def test_credentials_that_worked_before_may_come_back() -> None:
    """Whoever renews their SSO login within the hour finds the wait still there."""
    async with telling(seen(), *repeated(failing_at(FailureStage.CREDENTIALS), 20), PROCESSED) as story:
        batch = await story.client.wait_until_processed(BATCH_ID)
    assert batch.is_processed


async def test_credentials_that_worked_before_are_renewed_at_once() -> None:
    """A token that expired overnight is no outage where a fresh one lies ready: one more request, at the next turn."""
    async with telling(seen(), failing_at(FailureStage.CREDENTIALS), PROCESSED) as story:
        await story.client.wait_until_processed(BATCH_ID)
    assert (story.transport.at, story.transport.opened) == ([0.0, 5.0, 5.2], 2)


async def test_credentials_are_looked_for_as_often_as_it_takes() -> None:
    """Each look that they fail looks for new ones, once."""
    expired = failing_at(FailureStage.CREDENTIALS)
    async with telling(seen(), *repeated(expired, 5), seen(), expired, PROCESSED) as story:
        await story.client.wait_until_processed(BATCH_ID)
    assert story.transport.opened == 1 + 3 + 1


async def test_credentials_that_do_not_come_back_end_in_silence() -> None:
    """But not for ever."""
    async with telling(seen(), failing_at(FailureStage.CREDENTIALS)) as story:
        with pytest.raises(LostContactError) as caught:
            await story.client.wait_until_processed(BATCH_ID)
    assert isinstance(caught.value.last_error, CredentialsError)


async def test_cancelling_the_task_ends_this_wait_alone() -> None:
    """CancelledError passes through, another wait for the same batch goes on, and no call touches the batch."""
    async with telling(*repeated(seen(), 5), PROCESSED) as story:
        mine = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        other = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        await story.clock.sleep(8)
        mine.cancel()
        with pytest.raises(asyncio.CancelledError):
            await mine
        assert (await other).is_processed
    assert set(story.transport.asked) == {BATCH_ID}


async def test_cancelling_the_last_wait_cancels_its_look() -> None:
    """Nothing goes on that is not waited for."""
    asked, cancelled = asyncio.Event(), asyncio.Event()

    async def hang() -> Fault:
        asked.set()
        try:
            return await _never()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async with telling(hang) as story:
        wait = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        await asked.wait()
        wait.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wait
        await cancelled.wait()
        await _settled()
        assert _tasks_of_ours() == []


async def test_no_task_outlives_the_waits() -> None:
    """The poller is there only while somebody waits."""
    async with telling(seen(), PROCESSED) as story:
        await story.client.wait_until_processed(BATCH_ID)
        await _settled()
        assert _tasks_of_ours() == []


async def test_no_task_outlives_a_wait_that_timed_out() -> None:
    """The deadline, too, is an end that the poller has to notice."""
    async with telling(seen()) as story:
        with pytest.raises(WaitTimeoutError):
            await story.client.wait_until_processed(BATCH_ID, timeout=20)
        await _settled()
        assert _tasks_of_ours() == []


async def test_nothing_is_remembered_of_a_wait_that_ended() -> None:
    """Neither its deadline nor its next look wakes anybody."""
    async with telling(seen()) as story:
        wait = asyncio.create_task(story.client.wait_until_processed(BATCH_ID, timeout=3600))
        await story.clock.sleep(7)
        wait.cancel()
        await asyncio.wait({wait})
        opened = story.client._open
        assert opened is not None
        scheduler = opened.waits._poller._scheduler
        assert not scheduler
        assert not scheduler._deadlines
        assert not any(map(scheduler._batches.those, BatchState))


async def test_on_update_hears_the_first_each_that_differs_and_the_last() -> None:
    """The same answer twice is reported once."""
    reported: list[Batch] = []
    async with telling(seen(), seen(), seen(completed=1), seen(completed=1), PROCESSED) as story:
        last = await story.client.wait_until_processed(BATCH_ID, on_update=reported.append)
    assert [batch.finished_run_count for batch in reported] == [0, 1, 96]
    assert reported[-1] is last


async def test_on_update_hears_what_the_last_look_at_the_deadline_shows() -> None:
    """The last `Batch` is reported even where it came too late."""
    reported: list[int] = []
    async with telling(seen(), seen(completed=40)) as story:
        with pytest.raises(WaitTimeoutError) as caught:
            await story.client.wait_until_processed(
                BATCH_ID,
                timeout=1,
                on_update=lambda batch: reported.append(batch.finished_run_count),
            )
    assert reported == [0, 40]
    assert caught.value.batch is not None
    assert caught.value.batch.finished_run_count == 40


async def test_an_awaitable_update_is_awaited_in_the_callers_task() -> None:
    """A coroutine function works as a callback."""
    tasks: list[object] = []

    async def note(batch: Batch) -> None:
        await asyncio.sleep(0)
        tasks.append(asyncio.current_task())

    async with telling(seen(), PROCESSED) as story:
        await story.client.wait_until_processed(BATCH_ID, on_update=note)
    assert tasks == [asyncio.current_task()] * 2


async def test_what_on_update_raises_the_wait_raises() -> None:
    """A callback's error is not swallowed."""

    def fail(batch: Batch) -> None:
        raise LookupError(batch.id)

    async with telling(seen()) as story:
        with pytest.raises(LookupError, match=BATCH_ID):
            await story.client.wait_until_processed(BATCH_ID, on_update=fail)


async def test_a_slow_update_delays_no_other_wait_and_loses_nothing() -> None:
    """Ten minutes in one callback count for that callback only."""
    reported: list[int] = []

    async def slow(batch: Batch) -> None:
        await running_clock().sleep(600)
        reported.append(batch.finished_run_count)

    async with telling(seen(), seen(completed=1), seen(completed=2), PROCESSED) as story:
        slow_wait = asyncio.create_task(story.client.wait_until_processed(BATCH_ID, on_update=slow))
        await story.client.wait_until_processed(BATCH_ID)
        assert story.clock.now() < 60
        await slow_wait
    assert reported == [0, 1, 2, 96]


async def test_a_stalled_consumer_is_kept_what_differs_and_no_more() -> None:
    """A watch whose loop sits still for a day holds a handful of batches, not one for each look."""
    reported: list[int] = []
    async with telling(seen(), *repeated(seen(completed=1), 500), PROCESSED) as story:
        wait = ChangeSubscription(BATCH_ID, PollPolicy(), None, 0.0)
        async for batch in story.client._opened().waits.follow(wait):
            reported.append(batch.finished_run_count)
            if len(reported) == 1:
                await story.clock.sleep(86400)
                assert len(wait._unread) == 2
    assert reported == [0, 1, 96]


async def test_two_waits_for_one_batch_share_the_calls() -> None:
    """The account's quota is paid once."""
    async with telling(seen(), seen(), PROCESSED) as story:
        waits = [story.client.wait_until_processed(BATCH_ID) for _ in range(50)]
        batches = await asyncio.gather(*waits)
    assert story.transport.calls == 3
    assert all(batch is batches[0] for batch in batches)


async def test_a_wait_that_joins_during_a_look_shares_it() -> None:
    """Nothing is asked twice at once."""

    async def answer() -> Fault:
        await running_clock().sleep(3)
        return PROCESSED

    async with telling(answer) as story:
        first = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        await story.clock.sleep(1)
        second = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        await asyncio.gather(first, second)
    assert story.transport.calls == 1


async def test_waits_for_one_batch_share_the_look_at_their_deadline() -> None:
    """A hundred waits that end together cost one request, and all of them get the truth."""
    async with telling(PROCESSED) as story:
        waits = [story.client.wait_until_processed(BATCH_ID, timeout=0) for _ in range(100)]
        batches = await asyncio.gather(*waits)
    assert story.transport.calls == 1
    assert all(batch.is_processed for batch in batches)


async def test_a_refusal_at_the_shared_deadline_is_each_waits_own() -> None:
    """As everywhere."""
    async with telling(DENIED) as story:
        waits = [story.client.wait_until_processed(BATCH_ID, timeout=0) for _ in range(2)]
        first, second = await asyncio.gather(*waits, return_exceptions=True)
    assert isinstance(first, AccessDeniedError)
    assert first is not second
    assert first.last_error is None


async def test_cancelling_one_of_those_at_the_deadline_leaves_the_others_their_look() -> None:
    """And cancelling the last of them ends it."""
    async with telling(_never) as story:
        waits = [asyncio.create_task(story.client.wait_until_processed(BATCH_ID, timeout=0)) for _ in range(2)]
        await _settled()
        assert _tasks_of_ours() == [f"omics_batch last look {BATCH_ID}"]
        for wait in waits:
            wait.cancel()
            await _settled()
            assert wait.cancelled()
            assert len(_tasks_of_ours()) == sum(not other.done() for other in waits)


async def test_many_waits_share_one_poller() -> None:
    """A hundred batches that are in no list are one background task, and half of `max_rate` between them."""

    async def the_one_asked_for() -> Fault:
        return seen("PROCESSED", completed=96, batch=story.transport.asked[-1])

    async with telling(the_one_asked_for, max_rate=20.0, others={"list_batch": [EMPTY]}) as story:
        waits = [asyncio.create_task(story.client.wait_until_processed(str(n))) for n in range(1, 101)]
        await asyncio.gather(*waits)
    assert story.transport.methods.count("get_batch") == 100
    assert story.clock.now() == pytest.approx(10.4)  # with the five lists, a tenth of a second each


async def test_a_wait_that_joins_looks_at_once() -> None:
    """Who asks in the middle of a long interval does not sit it out."""
    async with telling(*repeated(seen(), 8), PROCESSED) as story:
        first = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        await story.clock.sleep(100)
        looks = story.transport.calls
        second = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        await asyncio.gather(first, second)
    assert story.transport.at[looks] == 100.0


async def test_a_wait_with_a_deadline_does_not_end_the_one_without() -> None:
    """Each wait has its own deadline, however many share the looks."""
    async with telling(*repeated(seen(), 9), PROCESSED) as story:
        patient = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        with pytest.raises(WaitTimeoutError):
            await story.client.wait_until_processed(BATCH_ID, timeout=30)
        assert story.clock.now() == 30.0
        assert (await patient).is_processed


async def test_each_wait_has_its_own_copy_of_a_shared_refusal() -> None:
    """The facts on it are each wait's own."""
    async with telling(seen(), seen(), DENIED) as story:
        first = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        await story.clock.sleep(1)
        results = await asyncio.gather(first, story.client.wait_until_processed(BATCH_ID), return_exceptions=True)
    assert [getattr(result, "elapsed", None) for result in results] == [timedelta(seconds=6), timedelta(seconds=5)]
    assert results[0] is not results[1]


async def test_watch_ends_after_the_terminal_batch_whatever_that_shows() -> None:
    """A loop over a batch that failed ends; it does not raise."""
    async with telling(seen("PENDING"), seen("PENDING"), seen("FAILED")) as story:
        statuses = [batch.status async for batch in story.client.watch(BATCH_ID)]
    assert statuses == ["PENDING", "FAILED"]


async def test_watch_raises_for_failure() -> None:
    """Its deadline and refusals are the wait's."""
    async with telling(seen()) as story:
        with pytest.raises(WaitTimeoutError):
            _ = [batch async for batch in story.client.watch(BATCH_ID, timeout=1)]


async def test_leaving_a_watch_ends_it() -> None:
    """`aclosing` or the end of the loop's scope: nothing goes on behind."""
    async with telling(seen()) as story:
        async with aclosing(story.client.watch(BATCH_ID)) as batches:
            async for _ in batches:
                break
        await _settled()
        assert _tasks_of_ours() == []


async def test_closing_the_client_ends_its_waits_with_a_clear_error() -> None:
    """A shutdown does not hang on a batch of two days."""
    async with telling(seen(completed=3)) as story:
        waits = [asyncio.create_task(story.client.wait_until_processed(str(BATCH_ID))) for _ in range(3)]
        await story.clock.sleep(1)
        await story.client.close()
        results = await asyncio.gather(*waits, return_exceptions=True)
    assert [type(result) for result in results] == [ClientClosedError] * 3
    assert all(isinstance(result, ClientClosedError) and result.batch is not None for result in results)
    assert {str(result) for result in results} == {"the client was closed under a running wait; the batch goes on"}
    assert story.transport.closed


async def test_closing_the_client_ends_a_look_under_way() -> None:
    """A hanging request does not hold the shutdown."""
    asked = asyncio.Event()

    async def hang() -> Fault:
        asked.set()
        return await _never()

    async with telling(hang) as story:
        wait = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        await asked.wait()
        await story.client.close()
        with pytest.raises(ClientClosedError):
            await wait
        assert _tasks_of_ours() == []


@pytest.mark.parametrize("task", ["poller", f"look {BATCH_ID}"])
async def test_whoever_cancels_the_tasks_of_a_wait_does_not_hang_it(task: str) -> None:
    """A shutdown that cancels every task it finds ends the waits it did not mean to end, with a clear error."""
    async with telling(_never) as story:
        wait = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        await _settled()
        (ours,) = [one for one in asyncio.all_tasks() if one.get_name() == f"omics_batch {task}"]
        ours.cancel()
        with pytest.raises(ClientClosedError, match="cancelled by somebody else"):
            await wait
        await _settled()
        assert _tasks_of_ours() == []


async def test_a_clock_that_breaks_ends_the_waits_instead_of_hanging_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller's own clock may raise; its error reaches every wait."""
    async with telling(seen(), max_rate=None) as story:
        monkeypatch.setattr(story.clock, "sleep", _broken_sleep)
        with pytest.raises(ZeroDivisionError):
            await story.client.wait_until_processed(BATCH_ID)
    assert story.transport.calls == 1


async def _broken_sleep(seconds: float) -> None:
    raise ZeroDivisionError


@pytest.mark.parametrize("bad", ["", "..", "1" * 19, "٧", "7\n", "arn:aws:omics:eu-west-1:123456789012:runBatch/7"])
async def test_a_bad_id_is_an_error_before_anything_is_sent(bad: str) -> None:
    """Nothing of a caller's text reaches the path of a request unless it is an id."""
    async with telling(PROCESSED) as story:
        with pytest.raises(InvalidInputError):
            await story.client.wait_until_processed(bad)
        with pytest.raises(InvalidInputError):
            story.client.watch(bad)
        with pytest.raises(InvalidInputError):
            await story.client.get_batch(bad)
    assert story.transport.calls == 0


@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf"), timedelta(seconds=-1), "5", True])
async def test_a_bad_timeout_is_an_error_before_anything_is_sent(bad: float) -> None:
    """A negative time-out is a mistake, not a time-out."""
    async with telling(PROCESSED) as story:
        with pytest.raises(InvalidInputError, match="timeout"):
            await story.client.wait_until_processed(BATCH_ID, timeout=bad)
        with pytest.raises(InvalidInputError, match="timeout"):
            await story.client.get_batch(BATCH_ID, timeout=bad)
    assert story.transport.calls == 0


async def test_the_log_reports_changes_failures_and_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """One line a change of status, one a request that failed, one a look, one at the end."""
    async with telling(seen("PENDING"), OUTAGE, seen("PENDING"), PROCESSED, retry=ONE_ATTEMPT) as story:
        await story.clock.sleep(1000)
        with caplog.at_level(logging.INFO, logger="omics_batch"):
            await story.client.wait_until_processed(BATCH_ID)
    lines = [record.getMessage() for record in caplog.records]
    failure_met = f"GetBatch of batch {BATCH_ID}: InternalServerException (HTTP 500). Try again"
    assert lines[2].startswith(f"batch {BATCH_ID}: a look failed, the wait goes on: {failure_met}")
    assert [*lines[:2], *lines[3:]] == [
        f"batch {BATCH_ID}: PENDING, 0.0 % finished",
        "GetBatch: InternalServerException (HTTP 500); not sent again",
        f"batch {BATCH_ID}: PROCESSED, 100.0 % finished",
        f"batch {BATCH_ID}: a wait ended after 24 s and 4 looks",
    ]


async def test_what_fails_the_same_way_again_and_again_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    """Until something changes: another failure, or a success in between."""
    another = service("InternalServerException", 503)
    outages = [seen("PENDING"), *[OUTAGE] * 5, another, OUTAGE, OUTAGE, seen("PENDING"), OUTAGE, PROCESSED]
    recorded: list[Event] = []
    async with telling(*outages, retry=ONE_ATTEMPT, on_event=recorded.append) as story:
        with caplog.at_level(logging.WARNING, logger="omics_batch"):
            await story.client.wait_until_processed(BATCH_ID)
    warnings = [record.getMessage() for record in caplog.records]
    assert ["503" in line for line in warnings] == [False, True, False, False]
    failed = [event for event in recorded if isinstance(event, LookFailed)]
    assert [event.repeats for event in failed] == [0, 1, 2, 3, 4, 0, 0, 1, 0]


async def test_two_waits_of_one_batch_are_warned_of_once_each(caplog: pytest.LogCaptureFixture) -> None:
    async with telling(seen("PENDING"), *[OUTAGE] * 4, PROCESSED, retry=ONE_ATTEMPT) as story:
        with caplog.at_level(logging.WARNING, logger="omics_batch"):
            waits = [story.client.wait_until_processed(BATCH_ID) for _ in range(2)]
            await asyncio.gather(*waits)
    assert len(caplog.records) == 2


async def test_a_retry_quota_that_stays_used_up_is_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    """A success gives tokens back, and then it is worth a line again."""
    async with telling(*[OUTAGE] * 70, seen("PENDING"), *[OUTAGE] * 3, PROCESSED) as story:
        with caplog.at_level(logging.WARNING, logger="omics_batch"):
            await story.client.wait_until_processed(BATCH_ID)
    warnings = [record.getMessage() for record in caplog.records if "retry quota" in record.getMessage()]
    assert len(warnings) == 2


def test_errors_of_ours_have_room_for_the_facts_of_a_wait() -> None:
    """Outside of a wait they are empty."""
    error = ThrottlingError("slow down")
    assert (error.batch, error.elapsed, error.polls, error.last_error) == (None, None, 0, None)
    assert MalformedResponseError("?").batch_id is None


def _tasks_of_ours() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name().startswith("omics_batch")]


async def _never() -> Fault:
    answer: asyncio.Future[Fault] = asyncio.get_running_loop().create_future()
    return await answer


async def _settled() -> None:
    """Let every task run that can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_what_is_no_policy_is_refused() -> None:
    async with telling(PROCESSED) as story:
        with pytest.raises(InvalidInputError, match="^poll has to be a PollPolicy, not 5$"):
            await story.client.wait_until_processed(BATCH_ID, poll=5)  # type: ignore[arg-type]  # a wrong type is what is tested


async def test_chance_that_breaks_breaks_the_wait_and_hangs_nobody() -> None:
    """A source of chance that is the caller's own may raise anything, in the middle of a retry."""

    def broken() -> float:
        raise LookupError("no entropy")

    async with telling(OUTAGE, random=broken) as story:
        with pytest.raises(LookupError, match="no entropy"):
            await story.client.wait_until_processed(BATCH_ID)


# A batch that was started just now


NEW = StartRunBatchResponse(id=BATCH_ID, status=BatchStatus.CREATING)


async def test_a_new_batch_may_be_unknown_for_a_while() -> None:
    async with telling(*repeated(NOT_FOUND, 4), seen("PENDING"), PROCESSED) as story:
        batch = await story.client.wait_until_processed(NEW)
    assert batch.is_processed
    assert story.sleeps[:4] == [5, 7.5, 11.25, 16.875]


async def test_a_new_batch_that_stays_unknown_is_none() -> None:
    async with telling(NOT_FOUND) as story:
        with pytest.raises(ResourceNotFoundError) as caught:
            await story.client.wait_until_processed(NEW)
    assert caught.value.elapsed is not None
    assert timedelta(minutes=1) <= caught.value.elapsed <= timedelta(minutes=2)
    assert caught.value.polls == story.transport.calls


async def test_a_batch_that_is_just_an_id_has_to_be_known() -> None:
    async with telling(NOT_FOUND) as story:
        with pytest.raises(ResourceNotFoundError):
            await story.client.wait_until_processed(BATCH_ID)
    assert story.transport.calls == 1


async def test_the_two_of_them_may_wait_side_by_side() -> None:
    async with telling(NOT_FOUND, PROCESSED) as story:
        known, new = await asyncio.gather(
            story.client.wait_until_processed(BATCH_ID),
            story.client.wait_until_processed(NEW),
            return_exceptions=True,
        )
    assert isinstance(known, ResourceNotFoundError)
    assert isinstance(new, Batch)
    assert story.transport.calls == 2


async def test_a_deadline_ends_the_wait_for_a_batch_that_is_still_unknown() -> None:
    async with telling(NOT_FOUND) as story:
        with pytest.raises(WaitTimeoutError, match="was never seen") as caught:
            await story.client.wait_until_processed(NEW, timeout=20)
    assert isinstance(caught.value.last_error, ResourceNotFoundError)


async def test_not_being_known_yet_is_no_silence() -> None:
    async with telling(*repeated(NOT_FOUND, 4), PROCESSED) as story:
        await story.client.wait_until_processed(NEW, poll=PollPolicy(max_silence=8))


# A batch that was seen, and is not found


async def test_a_batch_that_was_seen_and_is_not_found_once_is_looked_at_again() -> None:
    """Soon, and as often as that happens."""
    async with telling(seen(), NOT_FOUND, seen(), NOT_FOUND, PROCESSED) as story:
        batch = await story.client.wait_until_processed(BATCH_ID)
    assert batch.is_processed
    assert story.sleeps[:2] == [5, 5]


async def test_a_batch_that_was_seen_and_is_gone_ends_a_wait_that_says_what_it_was() -> None:
    async with telling(seen(), NOT_FOUND) as story:
        with pytest.raises(ResourceNotFoundError, match="It was INPROGRESS 0:00:10 before: it may have been") as caught:
            await story.client.wait_until_processed(BATCH_ID)
    assert (story.transport.calls, caught.value.polls) == (3, 3)
    assert caught.value.code == "ResourceNotFoundException"
    assert caught.value.batch is not None
    assert "Check the id" not in str(pickle.loads(pickle.dumps(caught.value)))


async def test_an_outage_between_two_404s_does_not_end_the_wait() -> None:
    async with telling(seen(), NOT_FOUND, OUTAGE, NOT_FOUND, PROCESSED, retry=ONE_ATTEMPT) as story:
        assert (await story.client.wait_until_processed(BATCH_ID)).is_processed


async def test_a_new_batch_that_was_seen_may_be_missing_after_its_first_minute() -> None:
    async with telling(*repeated(seen("PENDING"), 5), NOT_FOUND, PROCESSED) as story:
        assert (await story.client.wait_until_processed(NEW)).is_processed


async def test_the_last_look_at_a_batch_that_was_seen_is_late_and_not_refused() -> None:
    async with telling(seen(), NOT_FOUND) as story:
        with pytest.raises(WaitTimeoutError, match="was INPROGRESS") as caught:
            await story.client.wait_until_processed(BATCH_ID, timeout=3)
    assert isinstance(caught.value.last_error, ResourceNotFoundError)


async def test_each_iteration_of_changes_looks_again_too() -> None:
    async with telling(seen(), NOT_FOUND, PROCESSED) as story:
        assert [batch.status async for batch in story.client.watch(BATCH_ID)] == ["INPROGRESS", "PROCESSED"]
