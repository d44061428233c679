"""Cancelling and deleting to the end: what is asked for, when, and what is told of partial success."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from omics_batch import (
    AccessDeniedError,
    BatchStatus,
    ConflictError,
    LostContactError,
    PollPolicy,
    ResourceNotFoundError,
    RunsDeleteFailedError,
    WaitError,
    WaitTimeoutError,
)
from omics_batch.testing import Life, Simulator
from tests.stories import ACCEPTED, BATCH_ID, OUTAGE, PROCESSED, repeated, seen, service, telling
from tests.virtual_time import running_clock

pytestmark = pytest.mark.virtual_time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.stories import Observation

CONFLICT = service("ConflictException", 409, "CancelRunBatch")
DENIED = service("AccessDeniedException", 403)


def cancelled(**counts: int) -> Observation:
    return seen("CANCELLED", completed=29, submissionSummary=counts)


def deleted(status: str = "RUNS_DELETED", **counts: int) -> Observation:
    return seen(status, processedTime="2025-03-15T12:00:00Z", submissionSummary=counts)


def others(**answers: Observation) -> dict[str, list[Observation]]:
    return {method: [answer] for method, answer in answers.items()}


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator(clock=running_clock()) as running:
        yield running


# Cancel


async def test_a_batch_is_cancelled_to_the_end(omics: Simulator) -> None:
    """Three runs are under way, one of which cannot be cancelled; two were not submitted yet."""
    life = Life(submission_rate=0.01, run_length=3600, failed_cancels={"sample-1"})
    batch_id = omics.start_batch(5, life=life)
    async with omics.client(max_rate=None) as client:
        async for batch in client.watch(batch_id):
            if batch.submission_summary.successful_start_submission_count == 3:
                break
        batch = await client.cancel_and_wait(batch_id)
    assert batch.status is BatchStatus.CANCELLED
    assert batch.submission_summary.successful_cancel_submission_count == 2
    assert batch.submission_summary.failed_cancel_submission_count == 1
    assert batch.run_summary.cancelled_run_count == 2
    assert batch.run_summary.completed_run_count == 1
    assert omics.requests_of("CancelRunBatch") == 1


async def test_it_is_asked_for_once_and_then_waited_for() -> None:
    shown = [seen("INPROGRESS"), seen("INPROGRESS", completed=3), seen("STOPPING"), cancelled()]
    async with telling(*shown, others=others(cancel_run_batch=ACCEPTED)) as story:
        batch = await story.client.cancel_and_wait(BATCH_ID)
    assert batch.status is BatchStatus.CANCELLED
    assert story.transport.methods == ["get_batch", "cancel_run_batch", "get_batch", "get_batch", "get_batch"]


async def test_a_batch_that_is_being_created_is_cancelled_after_that() -> None:
    shown = [seen("CREATING"), seen("CREATING"), seen("PENDING"), seen("STOPPING"), cancelled()]
    async with telling(*shown, others=others(cancel_run_batch=ACCEPTED)) as story:
        await story.client.cancel_and_wait(BATCH_ID)
    assert story.transport.methods.index("cancel_run_batch") == 3


@pytest.mark.parametrize("status", ["STOPPING", "CANCELLED"])
async def test_a_batch_that_somebody_else_cancels_is_waited_for(status: str) -> None:
    async with telling(seen(status), cancelled()) as story:
        await story.client.cancel_and_wait(BATCH_ID)
    assert "cancel_run_batch" not in story.transport.methods


async def test_a_cancel_that_somebody_else_was_quicker_with_is_no_conflict() -> None:
    shown = [seen("INPROGRESS"), seen("STOPPING"), cancelled()]
    async with telling(*shown, others=others(cancel_run_batch=CONFLICT)) as story:
        assert (await story.client.cancel_and_wait(BATCH_ID)).status is BatchStatus.CANCELLED


async def test_a_batch_that_has_ended_is_not_cancelled() -> None:
    async with telling(PROCESSED, others=others(cancel_run_batch=CONFLICT)) as story:
        with pytest.raises(ConflictError, match="A batch is cancelled while it is PENDING") as caught:
            await story.client.cancel_and_wait(BATCH_ID)
    assert caught.value.batch is not None
    assert caught.value.batch.is_processed
    assert caught.value.polls == 1


async def test_a_batch_that_ends_by_itself_after_all_is_not_said_to_be_cancelled() -> None:
    async with telling(seen(), PROCESSED, others=others(cancel_run_batch=ACCEPTED)) as story:
        with pytest.raises(WaitError, match="^batch 7123456 is PROCESSED: it ended by itself before it was") as caught:
            await story.client.cancel_and_wait(BATCH_ID)
    assert caught.value.batch is not None
    assert caught.value.polls == 2


async def test_a_cancelled_batch_whose_runs_are_deleted_by_then_was_cancelled() -> None:
    async with telling(seen(), seen("RUNS_DELETING"), others=others(cancel_run_batch=ACCEPTED)) as story:
        assert (await story.client.cancel_and_wait(BATCH_ID)).status is BatchStatus.RUNS_DELETING


async def test_waiting_for_the_cancel_survives_an_outage() -> None:
    shown = [seen(), *repeated(OUTAGE, 9), cancelled()]
    async with telling(*shown, others=others(cancel_run_batch=ACCEPTED)) as story:
        assert (await story.client.cancel_and_wait(BATCH_ID)).status is BatchStatus.CANCELLED


async def test_waiting_for_the_cancel_has_an_end() -> None:
    async with telling(seen("STOPPING")) as story:
        with pytest.raises(WaitTimeoutError, match="was STOPPING"):
            await story.client.cancel_and_wait(BATCH_ID, timeout=timedelta(minutes=5))
    async with telling(seen("STOPPING"), OUTAGE) as story:
        with pytest.raises(LostContactError):
            await story.client.cancel_and_wait(BATCH_ID, poll=PollPolicy(max_silence=300))


async def test_a_cancel_that_is_denied_says_what_the_batch_showed() -> None:
    async with telling(seen(completed=29), others=others(cancel_run_batch=DENIED)) as story:
        with pytest.raises(AccessDeniedError) as caught:
            await story.client.cancel_and_wait(BATCH_ID)
    assert caught.value.batch is not None
    assert caught.value.batch.run_summary.completed_run_count == 29


# Delete


async def test_everything_of_a_batch_is_deleted(omics: Simulator) -> None:
    batch_id = omics.start_batch(3, life=Life(run_length=5))
    async with omics.client(max_rate=None) as client:
        processed = await client.wait_until_processed(batch_id)
        batch = await client.delete_everything(processed)
        assert batch.status is BatchStatus.RUNS_DELETED
        assert batch.submission_summary.successful_delete_submission_count == 3
        assert batch.run_summary.deleted_run_count == 3
        with pytest.raises(ResourceNotFoundError):
            await client.get_batch(batch_id)


async def test_a_record_whose_runs_are_not_all_deleted_is_kept(omics: Simulator) -> None:
    batch_id = omics.start_batch(3, life=Life(run_length=5, failed_deletions={"sample-2"}))
    async with omics.client(max_rate=None) as client:
        await client.wait_until_processed(batch_id)
        with pytest.raises(RunsDeleteFailedError, match="2 of its runs were deleted, 1 could not be") as caught:
            await client.delete_everything(batch_id)
        assert caught.value.batch is not None
        assert caught.value.batch.status is BatchStatus.RUNS_DELETE_FAILED
        left = [
            run.run_setting_id async for run in client.list_runs_in_batch(batch_id, submission_status="DELETE_FAILED")
        ]
        assert left == ["sample-2"]
        await client.delete_batch(batch_id)


async def test_runs_first_then_the_record() -> None:
    shown = [PROCESSED, PROCESSED, deleted("RUNS_DELETING"), deleted("RUNS_DELETING"), deleted()]
    async with telling(*shown, others=others(delete_run_batch=ACCEPTED, delete_batch=ACCEPTED)) as story:
        await story.client.delete_everything(BATCH_ID)
    looks = ["get_batch"] * 4
    assert story.transport.methods == ["get_batch", "delete_run_batch", *looks, "delete_batch"]


@pytest.mark.parametrize("status", ["RUNS_DELETED", "FAILED"])
async def test_a_batch_without_runs_loses_its_record(status: str) -> None:
    """A FAILED batch never had a run."""
    async with telling(seen(status), others=others(delete_batch=ACCEPTED)) as story:
        await story.client.delete_everything(BATCH_ID)
    assert story.transport.methods == ["get_batch", "delete_batch"]


async def test_a_deletion_goes_on_where_another_ended() -> None:
    """A process that died while the runs were being deleted is followed by another."""
    async with telling(deleted("RUNS_DELETING"), deleted(), others=others(delete_batch=ACCEPTED)) as story:
        await story.client.delete_everything(BATCH_ID)
    assert story.transport.methods == ["get_batch", "get_batch", "delete_batch"]


async def test_runs_that_somebody_else_deletes_are_waited_for() -> None:
    shown = [PROCESSED, deleted("RUNS_DELETING"), deleted("RUNS_DELETING"), deleted()]
    async with telling(*shown, others=others(delete_run_batch=CONFLICT, delete_batch=ACCEPTED)) as story:
        await story.client.delete_everything(BATCH_ID)


@pytest.mark.parametrize("status", ["INPROGRESS", "STOPPING"])
async def test_a_batch_under_way_is_not_deleted(status: str) -> None:
    async with telling(seen(status), others=others(delete_run_batch=CONFLICT)) as story:
        with pytest.raises(ConflictError) as caught:
            await story.client.delete_everything(BATCH_ID)
    assert caught.value.batch is not None
    assert "delete_batch" not in story.transport.methods


async def test_a_record_that_is_left_over_is_spoken_of() -> None:
    async with telling(PROCESSED, deleted(), others=others(delete_run_batch=ACCEPTED, delete_batch=DENIED)) as story:
        with pytest.raises(AccessDeniedError) as caught:
            await story.client.delete_everything(BATCH_ID)
    assert caught.value.__notes__ == [
        "the runs of batch 7123456 are deleted, and its record is not: delete_batch deletes it",
    ]
    assert caught.value.batch is not None


async def test_two_who_wait_for_different_ends_share_the_looks() -> None:
    """For a wait it is over when the runs are being deleted; for a deletion it is not."""
    shown = [deleted("RUNS_DELETING"), deleted("RUNS_DELETING"), deleted()]
    async with telling(*shown, others=others(delete_batch=ACCEPTED)) as story:
        waited, gone = await asyncio.gather(
            story.client.wait_until_processed(BATCH_ID), story.client.delete_everything(BATCH_ID)
        )
    assert (waited.status, gone.status) == (BatchStatus.RUNS_DELETING, BatchStatus.RUNS_DELETED)
    assert story.transport.methods == [*["get_batch"] * 3, "delete_batch"]
