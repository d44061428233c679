"""Cancelling and deleting to the end: what is asked for, when, and what is reported partial success."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from omics_batch import (
    AccessDeniedError,
    ActionAdvanced,
    Advice,
    AdviceKind,
    BatchStatus,
    ClientClosedError,
    ConflictError,
    Event,
    LostContactError,
    PollPolicy,
    ResourceNotFoundError,
    RunsDeleteFailedError,
    WaitError,
    WaitTimeoutError,
)
from omics_batch.testing import Fault, Life, Simulator
from tests.stories import ACCEPTED, BATCH_ID, OUTAGE, PROCESSED, repeated, seen, service, telling
from tests.virtual_time import running_clock

pytestmark = pytest.mark.virtual_time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.stories import Observation

CONFLICT = service("ConflictException", 409)
DENIED = service("AccessDeniedException", 403)


def cancelled(**counts: int) -> Observation:
    return seen("CANCELLED", completed=29, submissionSummary=counts)


def deleted(status: str = "RUNS_DELETED", **counts: int) -> Observation:
    return seen(status, processedTime="2025-03-15T12:00:00Z", submissionSummary=counts)


def others(**answers: Observation) -> dict[str, list[Observation]]:
    return {method: [answer] for method, answer in answers.items()}


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator(in_process=True, clock=running_clock()) as running:
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
    async with telling(PROCESSED) as story:
        with pytest.raises(WaitError, match="^batch 7123456 is PROCESSED: it ended by itself before it was") as caught:
            await story.client.cancel_and_wait(BATCH_ID)
    assert caught.value.batch is not None
    assert caught.value.batch.is_processed
    assert (caught.value.polls, story.transport.methods) == (1, ["get_batch"])


async def test_a_batch_that_failed_by_itself_says_why() -> None:
    shown = [seen("CREATING"), seen("FAILED", failureReason="Invalid JSON format in run configurations")]
    async with telling(*shown) as story:
        with pytest.raises(WaitError, match="before it was cancelled: Invalid JSON format in run configurations"):
            await story.client.cancel_and_wait(BATCH_ID)


async def test_a_batch_that_failed_by_itself_says_that_its_runs_may_go_on() -> None:
    """The user guide: no runs were created, or only some before the failure."""
    advice = " Runs that it had created may go on: cancel those that list_runs_in_batch shows with CancelRun."
    for starts, reported in (
        ({}, advice),
        ({"successfulStartSubmissionCount": 3, "pendingStartSubmissionCount": 93}, advice),
        ({"pendingStartSubmissionCount": 96}, ""),
    ):
        async with telling(seen("FAILED", submissionSummary=starts, failureReason="no.")) as story:
            with pytest.raises(WaitError) as caught:
                await story.client.cancel_and_wait(BATCH_ID)
        assert str(caught.value) == (
            f"batch {BATCH_ID} is FAILED: it ended by itself before it was cancelled: no.{reported}"
        )


async def test_a_batch_that_ends_between_a_look_and_the_cancel_is_reported_as_it_is() -> None:
    async with telling(seen(), PROCESSED, others=others(cancel_run_batch=CONFLICT)) as story:
        with pytest.raises(WaitError, match="is PROCESSED: it ended by itself") as caught:
            await story.client.cancel_and_wait(BATCH_ID)
    assert caught.value.batch is not None
    assert caught.value.batch.is_processed


async def test_a_look_that_lags_behind_a_cancel_is_borne_with() -> None:
    """Somebody cancels, the service refuses a second one, and GetBatch does not show it yet."""
    shown = [seen(), seen(), seen("STOPPING"), cancelled()]
    async with telling(*shown, others=others(cancel_run_batch=CONFLICT)) as story:
        await story.client.cancel_and_wait(BATCH_ID)
    assert story.transport.methods.count("cancel_run_batch") == 2


async def test_a_conflict_that_stays_is_raised() -> None:
    async with telling(seen(), others=others(cancel_run_batch=CONFLICT)) as story:
        with pytest.raises(ConflictError) as caught:
            await story.client.cancel_and_wait(BATCH_ID)
    assert caught.value.batch is not None
    assert story.transport.methods.count("cancel_run_batch") == 3


async def test_an_outage_of_the_cancel_is_survived() -> None:
    answers: dict[str, list[Observation]] = {"cancel_run_batch": [*repeated(OUTAGE, 4), ACCEPTED]}
    async with telling(seen(), seen(), seen("STOPPING"), cancelled(), others=answers) as story:
        await story.client.cancel_and_wait(BATCH_ID)
    assert story.transport.methods.count("cancel_run_batch") == 5


async def test_a_status_that_nobody_knows_is_waited_through() -> None:
    async with telling(seen("VALIDATING"), seen(), cancelled(), others=others(cancel_run_batch=ACCEPTED)) as story:
        await story.client.cancel_and_wait(BATCH_ID)
    assert story.transport.methods == ["get_batch", "get_batch", "cancel_run_batch", "get_batch"]


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


async def test_waiting_for_the_cancel_has_an_end_and_says_that_the_cancel_goes_on() -> None:
    on = "The service accepted the request: call cancel_and_wait again to wait for its end"
    async with telling(seen("STOPPING")) as story:
        with pytest.raises(WaitTimeoutError, match=f"was STOPPING.*{on}"):
            await story.client.cancel_and_wait(BATCH_ID, timeout=timedelta(minutes=5))
    async with telling(seen("STOPPING"), OUTAGE) as story:
        with pytest.raises(LostContactError, match=on):
            await story.client.cancel_and_wait(BATCH_ID, poll=PollPolicy(max_silence=300))


async def test_who_was_never_asked_to_stop_is_not_said_to_be_stopping() -> None:
    async with telling(seen("CREATING")) as story:
        with pytest.raises(
            WaitTimeoutError, match="The service has not accepted the request yet: call cancel_and_wait again"
        ):
            await story.client.cancel_and_wait(BATCH_ID, timeout=60)
    assert set(story.transport.methods) == {"get_batch"}


@pytest.mark.parametrize(
    ("status", "reported"),
    [
        ("STOPPING", "The service accepted the request: "),
        ("CREATING", "The service has not accepted the request yet: "),
    ],
)
async def test_whoever_stops_waiting_is_reported_whether_the_batch_was_asked(status: str, reported: str) -> None:
    looked_again = asyncio.Event()

    async def unanswered() -> Fault:
        looked_again.set()
        never: asyncio.Future[Fault] = asyncio.get_running_loop().create_future()
        return await never

    async with telling(seen(status), unanswered) as story:
        waiting = asyncio.create_task(story.client.cancel_and_wait(BATCH_ID))
        await looked_again.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await waiting
    assert caught.value.__notes__[0].startswith(reported)


async def test_no_time_is_no_request() -> None:
    async with telling(seen()) as story:
        with pytest.raises(WaitTimeoutError, match="has not accepted the request yet"):
            await story.client.cancel_and_wait(BATCH_ID, timeout=0)
    async with telling(PROCESSED) as story:
        with pytest.raises(WaitTimeoutError, match="has not accepted the request yet: call delete_everything again"):
            await story.client.delete_everything(BATCH_ID, timeout=0)
    async with telling(deleted()) as story:
        with pytest.raises(WaitTimeoutError) as caught:
            await story.client.delete_everything(BATCH_ID, timeout=0)
    assert str(caught.value) == (
        f"batch {BATCH_ID} was RUNS_DELETED, 100.0 % finished, when last seen after 0:00:00. The runs of batch "
        f"{BATCH_ID} are deleted, and its record may not be: call delete_everything again."
    )
    assert story.transport.methods == ["get_batch"]


async def test_a_client_that_closes_in_between_leaves_a_note() -> None:
    async def accepted_as_the_client_closes() -> Fault:
        closing.append(asyncio.create_task(story.client.close()))
        return ACCEPTED

    closing: list[asyncio.Task[None]] = []
    answers: dict[str, list[Observation]] = {"cancel_run_batch": [accepted_as_the_client_closes]}
    async with telling(seen(), others=answers) as story:
        with pytest.raises(ClientClosedError) as caught:
            await story.client.cancel_and_wait(BATCH_ID)
        await closing[0]
    assert caught.value.__notes__ == [
        "The service accepted the request: call cancel_and_wait again to wait for its end."
    ]


async def test_a_cancel_that_is_denied_says_what_the_batch_showed() -> None:
    async with telling(seen(completed=29), others=others(cancel_run_batch=DENIED)) as story:
        with pytest.raises(AccessDeniedError) as caught:
            await story.client.cancel_and_wait(BATCH_ID)
    assert caught.value.batch is not None
    assert caught.value.batch.run_summary.completed_run_count == 29
    assert not hasattr(caught.value, "__notes__")
    assert caught.value.advice is not None
    assert caught.value.advice.kind is AdviceKind.ALLOW_OPERATION


async def test_a_cancel_that_was_seen_is_not_asked_for_because_a_look_lags() -> None:
    async with telling(seen("STOPPING"), seen("INPROGRESS"), cancelled()) as story:
        await story.client.cancel_and_wait(BATCH_ID)
    assert story.transport.methods == ["get_batch"] * 3


async def test_the_time_out_holds_for_the_cancel_too() -> None:
    shown = [seen(), seen("STOPPING"), cancelled()]
    async with telling(*shown, others=others(cancel_run_batch=CONFLICT)) as story:
        await story.client.cancel_and_wait(BATCH_ID, timeout=20)
    assert story.transport.methods[:3] == ["get_batch", "cancel_run_batch", "get_batch"]
    assert max(story.transport.bounds) <= 20


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


@pytest.mark.parametrize(
    ("shown", "kinds"),
    [
        ([PROCESSED, deleted()], ["NOT_ASKED", "MAYBE_ASKED", "ASKED", "RECORD_LEFT"]),
        ([seen("FAILED")], ["NOT_ASKED"]),
    ],
    ids=["runs", "no runs"],
)
async def test_each_step_of_a_deletion_is_an_event(shown: list[Observation], kinds: list[str]) -> None:
    steps: list[ActionAdvanced] = []

    def note(event: Event) -> None:
        if isinstance(event, ActionAdvanced):
            steps.append(event)

    answers = others(delete_run_batch=ACCEPTED, delete_batch=ACCEPTED)
    async with telling(*shown, others=answers, on_event=note) as story:
        await story.client.delete_everything(BATCH_ID)
    assert [step.advice.kind for step in steps] == kinds
    assert {(step.call, step.batch_id) for step in steps} == {("delete_everything", BATCH_ID)}
    assert all(step.advice.values["call"] == "delete_everything" for step in steps)


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
            await story.client.delete_everything(BATCH_ID, timeout=3600)
    assert caught.value.batch is not None
    assert "delete_batch" not in story.transport.methods


async def test_a_record_that_is_left_over_is_spoken_of() -> None:
    async with telling(PROCESSED, deleted(), others=others(delete_run_batch=ACCEPTED, delete_batch=DENIED)) as story:
        with pytest.raises(AccessDeniedError) as caught:
            await story.client.delete_everything(BATCH_ID)
    assert caught.value.__notes__ == [
        "The runs of batch 7123456 are deleted, and its record may not be: call delete_everything again.",
    ]
    assert caught.value.batch is not None


async def test_a_record_is_spoken_of_where_somebody_stops_waiting_for_its_end() -> None:
    asked = asyncio.Event()

    async def unanswered() -> Fault:
        asked.set()
        never: asyncio.Future[Fault] = asyncio.get_running_loop().create_future()
        return await never

    answers: dict[str, list[Observation]] = {"delete_batch": [unanswered]}
    async with telling(deleted(), others=answers) as story:
        deleting = asyncio.create_task(story.client.delete_everything(BATCH_ID))
        await asked.wait()
        deleting.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await deleting
    assert caught.value.__notes__ == [
        "The runs of batch 7123456 are deleted, and its record may not be: call delete_everything again.",
    ]


async def test_a_request_that_was_refused_was_not_made() -> None:
    """Whoever stops after a conflict is not left in doubt."""
    looked_again = asyncio.Event()

    async def unanswered() -> Fault:
        looked_again.set()
        never: asyncio.Future[Fault] = asyncio.get_running_loop().create_future()
        return await never

    async with telling(seen(), unanswered, others=others(cancel_run_batch=CONFLICT)) as story:
        waiting = asyncio.create_task(story.client.cancel_and_wait(BATCH_ID))
        await looked_again.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await waiting
    assert caught.value.__notes__[0].startswith("The service has not accepted the request yet")


async def test_a_failed_batch_had_no_runs_to_speak_of() -> None:
    async with telling(seen("FAILED"), others=others(delete_batch=DENIED)) as story:
        with pytest.raises(AccessDeniedError) as caught:
            await story.client.delete_everything(BATCH_ID)
    assert not hasattr(caught.value, "__notes__")


async def test_a_record_that_somebody_else_deleted_first_is_deleted() -> None:
    gone = service("ResourceNotFoundException", 404)
    async with telling(deleted(), gone, others=others(delete_batch=gone)) as story:
        assert (await story.client.delete_everything(BATCH_ID)).status is BatchStatus.RUNS_DELETED


async def test_a_record_that_the_service_misses_for_once_is_deleted() -> None:
    gone = service("ResourceNotFoundException", 404)
    async with telling(deleted(), others={"delete_batch": [gone, ACCEPTED]}) as story:
        await story.client.delete_everything(BATCH_ID)
    assert story.transport.methods == ["get_batch", "delete_batch", "get_batch", "delete_batch"]


async def test_a_record_that_is_still_shown_does_not_pass_for_deleted() -> None:
    gone = service("ResourceNotFoundException", 404)
    async with telling(deleted(), others={"delete_batch": [gone, gone]}) as story:
        with pytest.raises(ResourceNotFoundError, match="But GetBatch shows that it is RUNS_DELETED. Try again in a"):
            await story.client.delete_everything(BATCH_ID)


async def test_a_batch_that_goes_before_it_is_cancelled_was_there() -> None:
    gone = service("ResourceNotFoundException", 404)
    async with telling(seen("CREATING"), seen("PENDING"), gone, others=others(cancel_run_batch=gone)) as story:
        with pytest.raises(
            ResourceNotFoundError, match="It was PENDING 0:00:00 before: it may have been deleted"
        ) as caught:
            await story.client.cancel_and_wait(BATCH_ID)
    assert caught.value.batch is not None
    assert caught.value.batch.status is BatchStatus.PENDING


async def test_a_batch_that_the_service_goes_on_missing_is_not_said_to_be_deleted() -> None:
    gone = service("ResourceNotFoundException", 404)
    async with telling(seen("PENDING"), others={"cancel_run_batch": [gone, gone]}) as story:
        with pytest.raises(ResourceNotFoundError, match="But GetBatch shows that it is PENDING") as caught:
            await story.client.cancel_and_wait(BATCH_ID)
    assert "deleted" not in str(caught.value)


async def test_a_record_that_goes_too_early_leaves_its_runs_in_doubt() -> None:
    async with telling(deleted("RUNS_DELETING"), service("ResourceNotFoundException", 404)) as story:
        with pytest.raises(ResourceNotFoundError) as caught:
            await story.client.delete_everything(BATCH_ID)
    assert "it is unknown whether all of its runs are deleted" in caught.value.__notes__[0]
    assert caught.value.advice == Advice(AdviceKind.RECORD_GONE, {"batch_id": BATCH_ID, "call": "delete_everything"})


async def test_the_last_step_is_tried_often() -> None:
    """Hours of deleting are not lost to three throttles."""
    throttled = service("ThrottlingException", 429)
    answers: dict[str, list[Observation]] = {"delete_batch": [*repeated(throttled, 8), ACCEPTED]}
    async with telling(deleted(), others=answers) as story:
        await story.client.delete_everything(BATCH_ID)
    assert story.transport.methods.count("delete_batch") == 9


async def test_two_who_wait_for_different_ends_share_the_looks() -> None:
    """For a wait it is over when the runs are being deleted; for a deletion it is not."""
    shown = [deleted("RUNS_DELETING"), deleted("RUNS_DELETING"), deleted()]
    async with telling(*shown, others=others(delete_batch=ACCEPTED)) as story:
        waited, gone = await asyncio.gather(
            story.client.wait_until_processed(BATCH_ID), story.client.delete_everything(BATCH_ID)
        )
    assert (waited.status, gone.status) == (BatchStatus.RUNS_DELETING, BatchStatus.RUNS_DELETED)
    assert story.transport.methods == [*["get_batch"] * 3, "delete_batch"]
