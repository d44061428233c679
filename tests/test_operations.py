"""The seven operations over real HTTP: what goes out, what comes back, and what a lost answer leaves open."""

from __future__ import annotations

import asyncio
import pickle
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import pytest
from aiobotocore.stub import AioStubber

from omics_batch import (
    AccessDeniedError,
    Advice,
    AdviceKind,
    AttemptTimeoutError,
    BatchRunSettings,
    BatchStatus,
    ClientClosedError,
    ConflictError,
    ConnectionFailedError,
    CredentialsError,
    DefaultRunSettingInput,
    InlineSetting,
    InternalServerError,
    InvalidInputError,
    MalformedResponseError,
    OmicsBatchClient,
    RequestTimeoutError,
    ResourceNotFoundError,
    RetryPolicy,
    ServiceError,
    StartRunBatchRequest,
    SubmissionStatus,
    ThrottlingError,
)
from omics_batch._transport import failure
from omics_batch._transport.failure import FailureStage, leaves_doubt
from omics_batch.testing import Fault, Life, Simulator, faults
from omics_batch.testing._faults import actions
from omics_batch.testing._service.http_response import json_response
from tests.stories import ACCEPTED, failing_at, seen, service, shown, started, telling
from tests.support import copies_of
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from tests.stories import Observation

DEFAULTS = DefaultRunSettingInput(workflow_id="1234567", role_arn="arn:aws:iam::123456789012:role/OmicsRole")
QUICK = RetryPolicy(base=0.001, throttling_base=0.001, attempt_timeout=3600)


def trio(**members: Any) -> StartRunBatchRequest:
    runs = [InlineSetting(run_setting_id=name) for name in ("NA12878", "NA12891", "NA12892")]
    settings = BatchRunSettings(inline_settings=runs)
    return StartRunBatchRequest(default_run_setting=DEFAULTS, batch_run_settings=settings, **members)


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator(time_scale=1000.0) as running:
        yield running


@pytest.fixture
async def client(omics: Simulator) -> AsyncIterator[OmicsBatchClient]:
    async with omics.client(max_rate=None, retry=QUICK) as running:
        yield running


# Start


async def test_what_started_can_be_waited_for(omics: Simulator, client: OmicsBatchClient) -> None:
    answer = await client.start_run_batch(trio(batch_name="trio", tags={"project": "genomics-study"}))
    assert answer.status is BatchStatus.CREATING
    assert answer.arn is not None
    assert answer.arn.endswith(f":runBatch/{answer.id}")
    assert answer.uuid
    batch = await client.wait_until_processed(answer)
    assert (batch.id, batch.name, batch.total_runs, batch.tags) == (
        answer.id,
        "trio",
        3,
        {"project": "genomics-study"},
    )


async def test_a_retry_after_a_lost_answer_starts_no_second_batch(omics: Simulator, client: OmicsBatchClient) -> None:
    """The first request was obeyed; the second has the same requestId."""
    omics.script(faults.truncated("StartRunBatch"))
    answer = await client.start_run_batch(trio())
    assert omics.requests_of("StartRunBatch") == 2
    assert [item.id async for item in client.list_batch()] == [answer.id]


async def test_a_crash_between_sending_and_answer_costs_no_second_batch(omics: Simulator) -> None:
    """What was kept of the request is enough to go on in another process."""
    request = trio()
    kept = request.model_dump_json()
    omics.script(faults.truncated("StartRunBatch"))
    async with omics.client(retry=RetryPolicy(max_attempts=1)) as client:
        with pytest.raises(ConnectionFailedError, match=r"may have been started: send the same request again"):
            await client.start_run_batch(request)
    async with omics.client() as client:
        answer = await client.start_run_batch(StartRunBatchRequest.model_validate_json(kept))
        assert [item.id async for item in client.list_batch()] == [answer.id]


async def test_a_request_id_is_for_one_batch(client: OmicsBatchClient) -> None:
    await client.start_run_batch(trio(request_id="trio-1"))
    with pytest.raises(ConflictError, match="make a request with a new one"):
        await client.start_run_batch(trio(request_id="trio-1", batch_name="another"))


async def test_a_stubbed_client_accepts_too(omics: Simulator, client: OmicsBatchClient) -> None:
    """Under botocore's Stubber there are no bytes to read."""
    with AioStubber(client.aws) as stubber:
        stubber.add_response("cancel_run_batch", {}, {"batchId": "7123456"})
        await client.cancel_run_batch("7123456")
    assert omics.requests == ()


async def test_only_a_request_starts_a_batch(omics: Simulator, client: OmicsBatchClient) -> None:
    with pytest.raises(InvalidInputError, match="^a batch is started by a StartRunBatchRequest, not by a dict"):
        await client.start_run_batch(cast("StartRunBatchRequest", {"batchName": "trio"}))
    assert omics.requests == ()


async def test_starting_needs_more_than_one_permission(omics: Simulator, client: OmicsBatchClient) -> None:
    omics.script(faults.error("AccessDeniedException", 403, operation="StartRunBatch"))
    with pytest.raises(AccessDeniedError, match=r"omics:StartRun, and iam:PassRole for the role\."):
        await client.start_run_batch(trio())


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    ("last", "error"),
    [
        (failing_at(FailureStage.TIMEOUT), AttemptTimeoutError),
        (failing_at(FailureStage.CONNECTION), ConnectionFailedError),
        (service("InternalServerException", 500), InternalServerError),
        (faults.body(b'{"id": "../1", "status": "CREATING"}', 201), MalformedResponseError),
        (faults.body(b"<html>Sign in</html>", 200), MalformedResponseError),
    ],
)
async def test_an_answer_that_never_comes_leaves_open_whether_it_started(last: Fault, error: type[Exception]) -> None:
    async with telling(seen(), others={"start_run_batch": [last]}) as story:
        with pytest.raises(error, match="The batch may have been started"):
            await story.client.start_run_batch(trio(request_id="trio-1"))
    sent = [parameters["requestId"] for _, parameters in story.transport.sent]
    assert sent == ["trio-1"] * 3


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([failing_at(FailureStage.TIMEOUT), service("ThrottlingException", 429)], ThrottlingError),
        ([failing_at(FailureStage.TIMEOUT), service("AccessDeniedException", 403)], AccessDeniedError),
        ([failing_at(FailureStage.CONNECTION), service("ExpiredTokenException", 403)], CredentialsError),
        ([service("RequestTimeoutException", 408)], RequestTimeoutError),
    ],
)
async def test_what_comes_after_a_lost_answer_does_not_hide_it(
    answers: list[Observation], error: type[Exception]
) -> None:
    async with telling(seen(), others={"start_run_batch": answers}) as story:
        with pytest.raises(error, match=r"may have been started: .* its request_id trio-1 starts it once\.$") as caught:
            await story.client.start_run_batch(trio(request_id="trio-1"))
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    "refusal",
    [service("ValidationException", 400), service("ThrottlingException", 429)],
)
async def test_a_refused_start_started_nothing(refusal: Fault) -> None:
    async with telling(seen(), others={"start_run_batch": [refusal]}) as story:
        with pytest.raises(ServiceError) as caught:
            await story.client.start_run_batch(trio())
    assert "may have been started" not in str(caught.value)


@pytest.mark.virtual_time
async def test_a_start_that_is_answered_while_the_client_closes_is_reported() -> None:
    async def answered_late() -> Fault:
        closing.append(asyncio.create_task(story.client.close()))
        return started()

    closing: list[asyncio.Task[None]] = []
    async with telling(seen(), others={"start_run_batch": [answered_late]}) as story:
        assert (await story.client.start_run_batch(trio())).id == "7123456"
        await closing[0]


@pytest.mark.virtual_time
async def test_a_start_under_which_the_client_closes_is_in_doubt() -> None:
    async def lost() -> Fault:
        await story.client.close()
        return failing_at(FailureStage.CONNECTION)

    async with telling(seen(), others={"start_run_batch": [lost]}, retry=RetryPolicy(max_attempts=1)) as story:
        with pytest.raises(ClientClosedError, match="may have been started"):
            await story.client.start_run_batch(trio())


async def test_a_copy_that_was_not_checked_is_checked_before_it_is_sent(
    omics: Simulator, client: OmicsBatchClient
) -> None:
    """Pydantic checks no copy."""
    runs = [InlineSetting(run_setting_id="NA12878")] * 2
    unchecked = BatchRunSettings.model_construct(inline_settings=tuple(runs))
    for changed, complaint in (
        ({"batch_run_settings": unchecked}, "these are not: NA12878"),
        ({"tags": {"a": object()}}, "tags.a: Input should be a valid string"),
        ({"request_id": ""}, "request_id: String should have at least 1 character"),
    ):
        with pytest.raises(InvalidInputError, match=complaint):
            await client.start_run_batch(trio().model_copy(update=changed))
    assert omics.requests == ()


@pytest.mark.virtual_time
async def test_starting_keeps_to_its_time_out() -> None:
    async with telling(seen(), others={"start_run_batch": [started()]}) as story:
        await story.client.start_run_batch(trio(), timeout=10)
    assert story.transport.bounds == [10]


THROTTLED_START: Final = service("ThrottlingException", 429)


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    "fault", [THROTTLED_START, service("InternalServerException", 500), failing_at(FailureStage.CONNECTION)], ids=str
)
async def test_a_start_is_tried_until_its_time_out(fault: Fault) -> None:
    """Its request_id makes that safe. The account may be busy for half a minute."""
    half_a_minute = [fault] * 9
    async with telling(seen(), others={"start_run_batch": [*half_a_minute, started()]}) as story:
        answer = await story.client.start_run_batch(trio(request_id="trio-1"), timeout=60)
        assert answer.id == "7123456"
        assert story.clock.now() < 60
    assert [parameters["requestId"] for _, parameters in story.transport.sent] == ["trio-1"] * 10


@pytest.mark.virtual_time
async def test_a_start_that_is_throttled_to_the_end_says_so() -> None:
    async with telling(seen(), others={"start_run_batch": [THROTTLED_START]}) as story:
        with pytest.raises(ThrottlingError) as caught:
            await story.client.start_run_batch(trio(), timeout=60)
        assert 50 < story.clock.now() <= 60
    assert caught.value.attempts == story.transport.calls > 8


@pytest.mark.virtual_time
async def test_many_throttled_starts_keep_to_one_in_two_seconds_and_leave_others_their_retries() -> None:
    async with telling(seen(), others={"start_run_batch": [THROTTLED_START]}) as story:
        starts = [story.client.start_run_batch(trio(), timeout=120) for _ in range(20)]
        errors = await asyncio.gather(*starts, return_exceptions=True)
        assert story.clock.now() <= 120
        assert all(isinstance(error, ThrottlingError) for error in errors)
        assert story.transport.calls < 120
        assert story.client.retry_quota >= 300


MINUTE: Final = timedelta(minutes=1)
CHANGES: Final[Mapping[str, Callable[[OmicsBatchClient, timedelta | None], Awaitable[object]]]] = {
    "start_run_batch": lambda client, timeout: client.start_run_batch(trio(), timeout=timeout),
    "cancel_run_batch": lambda client, timeout: client.cancel_run_batch("7123456", timeout=timeout),
    "delete_run_batch": lambda client, timeout: client.delete_run_batch("7123456", timeout=timeout),
    "delete_batch": lambda client, timeout: client.delete_batch("7123456", timeout=timeout),
}
READS: Final[Mapping[str, Callable[[OmicsBatchClient, timedelta | None], Awaitable[object]]]] = {
    "get_batch": lambda client, timeout: client.get_batch("7123456", timeout=timeout),
    "list_batch": lambda client, timeout: client.list_batch(timeout=timeout),
    "list_runs_in_batch": lambda client, timeout: client.list_runs_in_batch("7123456", timeout=timeout),
}


@pytest.mark.virtual_time
@pytest.mark.parametrize("method", CHANGES)
async def test_what_changes_something_is_tried_until_its_time_out(method: str) -> None:
    throttled = service("ThrottlingException", 429)
    answer = started() if method == "start_run_batch" else ACCEPTED
    async with telling(seen(), others={method: [*[throttled] * 6, answer]}) as story:
        await CHANGES[method](story.client, MINUTE)
    assert story.transport.methods == [method] * 7


@pytest.mark.virtual_time
@pytest.mark.parametrize("method", [*CHANGES, *READS])
@pytest.mark.parametrize("own_policy", [False, True], ids=["without a time-out", "with a policy of one's own"])
async def test_else_it_is_tried_three_times(method: str, *, own_policy: bool) -> None:
    throttled = service("ThrottlingException", 429)
    settings = {"retry": RetryPolicy()} if own_policy else {}
    timeout = MINUTE if own_policy or method in READS else None
    async with telling(throttled, others={method: [throttled]}, **settings) as story:
        with pytest.raises(ThrottlingError):
            await {**CHANGES, **READS}[method](story.client, timeout)
        assert story.clock.now() < 10
    assert story.transport.methods == [method] * 3


# Cancel and delete


@pytest.mark.virtual_time
async def test_a_batch_is_cancelled_and_deleted() -> None:
    """Three operations, three things that go: what is under way, the runs, the record."""
    async with Simulator(in_process=True, clock=running_clock()) as omics, omics.client() as client:
        batch_id = omics.start_batch(3, life=Life(run_length=3600, stopping=60, deleting=60))
        await omics.clock.sleep(600)
        await client.cancel_run_batch(batch_id)
        assert (await client.get_batch(batch_id)).status is BatchStatus.STOPPING
        await omics.clock.sleep(60)
        assert (await client.get_batch(batch_id)).status is BatchStatus.CANCELLED

        await client.delete_run_batch(batch_id)
        assert (await client.get_batch(batch_id)).status is BatchStatus.RUNS_DELETING
        await omics.clock.sleep(60)
        assert (await client.get_batch(batch_id)).status is BatchStatus.RUNS_DELETED

        await client.delete_batch(batch_id)
        with pytest.raises(ResourceNotFoundError):
            await client.get_batch(batch_id)


@pytest.mark.parametrize(
    ("method", "advice"),
    [
        ("cancel_run_batch", "A batch is cancelled while it is PENDING, SUBMITTING or INPROGRESS, and one cancel or"),
        ("delete_run_batch", "The runs of a batch are deleted once it is CANCELLED or PROCESSED, and one cancel or"),
        (
            "delete_batch",
            "The record of a batch is deleted once it is CANCELLED, FAILED, PROCESSED, RUNS_DELETE_FAILED or",
        ),
    ],
)
async def test_a_conflict_says_which_states_allow_it(
    omics: Simulator, client: OmicsBatchClient, method: str, advice: str
) -> None:
    batch_id = omics.start_batch(1, life=Life(creating=1e6))
    with pytest.raises(ConflictError, match=advice) as caught:
        await getattr(client, method)(batch_id)
    assert caught.value.batch_id == batch_id
    assert caught.value.attempts == 1


LOST: Final[dict[str, Fault]] = {
    "the answer is cut off": failing_at(FailureStage.CONNECTION),
    "no answer": failing_at(FailureStage.TIMEOUT),
    "a page of somebody else": faults.body(b"<html>Sign in</html>", 200),
    "another status": faults.body(b"{}", 200),
    "a 500": service("InternalServerException", 500),
    "a 408": service("RequestTimeoutException", 408),
}
CONFLICT = service("ConflictException", 409)
GONE = service("ResourceNotFoundException", 404)


@pytest.mark.virtual_time
@pytest.mark.parametrize("lost", LOST.values(), ids=LOST.keys())
@pytest.mark.parametrize(("method", "shown"), [("cancel_run_batch", "STOPPING"), ("delete_run_batch", "RUNS_DELETING")])
async def test_a_conflict_after_a_lost_answer_is_looked_into(lost: Fault, method: str, shown: str) -> None:
    """The first request was obeyed: its retry was refused for what it had done."""
    async with telling(seen(shown), others={method: [lost, CONFLICT]}) as story:
        await getattr(story.client, method)("7123456")
    assert story.transport.methods == [method, method, "get_batch"]


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    ("method", "shown"),
    [
        ("cancel_run_batch", "CREATING"),
        ("cancel_run_batch", "RUNS_DELETING"),
        ("delete_run_batch", "CREATING"),
        ("delete_run_batch", "STOPPING"),
    ],
)
async def test_a_conflict_that_is_no_work_of_ours_is_raised(method: str, shown: str) -> None:
    async with telling(seen(shown), others={method: [LOST["no answer"], CONFLICT]}) as story:
        with pytest.raises(ConflictError):
            await getattr(story.client, method)("7123456")


@pytest.mark.virtual_time
@pytest.mark.parametrize("method", ["cancel_run_batch", "delete_run_batch", "delete_batch"])
async def test_a_change_keeps_to_its_time_out(method: str) -> None:
    async with telling(seen(), others={method: [faults.body(b"{}", 202)]}) as story:
        await getattr(story.client, method)("7123456", timeout=10)
    assert story.transport.bounds == [10]


@pytest.mark.virtual_time
async def test_one_lost_answer_of_several_faults_is_enough_to_doubt() -> None:
    throttled = service("ThrottlingException", 429)
    answers: list[Observation] = [throttled, LOST["no answer"], CONFLICT]
    async with telling(seen("STOPPING"), others={"cancel_run_batch": answers}) as story:
        await story.client.cancel_run_batch("7123456", timeout=40)
    assert story.transport.methods == [*["cancel_run_batch"] * 3, "get_batch"]
    assert story.transport.bounds[-1] < 20


@pytest.mark.virtual_time
@pytest.mark.parametrize("method", ["cancel_run_batch", "delete_run_batch"])
async def test_a_throttled_request_was_not_obeyed(method: str) -> None:
    """Then the conflict is about somebody else's doing, and nothing has to be looked into."""
    throttled = service("ThrottlingException", 429)
    async with telling(seen("STOPPING"), others={method: [throttled, CONFLICT]}) as story:
        with pytest.raises(ConflictError):
            await getattr(story.client, method)("7123456")
    assert story.transport.methods == [method, method]


@pytest.mark.virtual_time
async def test_a_record_that_is_gone_after_a_lost_answer_is_deleted() -> None:
    async with telling(seen(), others={"delete_batch": [LOST["no answer"], GONE]}) as story:
        await story.client.delete_batch("7123456")


@pytest.mark.virtual_time
async def test_a_proxys_404_deletes_nothing() -> None:
    no_code = shown({}, 404)
    async with telling(seen(), others={"delete_batch": [LOST["no answer"], no_code]}) as story:
        with pytest.raises(ResourceNotFoundError):
            await story.client.delete_batch("7123456")


@pytest.mark.virtual_time
@pytest.mark.parametrize("kind", [FailureStage.REDIRECT, FailureStage.CREDENTIALS, FailureStage.INVALID])
async def test_what_did_not_reach_the_service_leaves_no_doubt(kind: FailureStage) -> None:
    assert not leaves_doubt(failure.CallFailure(stage=kind, operation="CancelRunBatch", detail="?"))


@pytest.mark.virtual_time
async def test_a_look_that_fails_does_not_hide_the_conflict() -> None:
    outage = service("InternalServerException", 500)
    async with telling(outage, others={"cancel_run_batch": [LOST["no answer"], CONFLICT]}) as story:
        with pytest.raises(ConflictError) as caught:
            await story.client.cancel_run_batch("7123456")
    assert isinstance(caught.value.__cause__, InternalServerError)


CHANGING: Final = ["cancel_run_batch", "delete_run_batch", "delete_batch"]


@pytest.mark.virtual_time
@pytest.mark.parametrize("method", CHANGING)
async def test_a_batch_that_is_missed_once_is_looked_at_and_asked_again(method: str) -> None:
    async with telling(seen(), others={method: [GONE, ACCEPTED]}) as story:
        await getattr(story.client, method)("7123456", timeout=60)
    assert story.transport.methods == [method, "get_batch", method]


@pytest.mark.virtual_time
@pytest.mark.parametrize("method", CHANGING)
async def test_a_batch_that_is_missed_twice_is_said_to_be_there(method: str) -> None:
    async with telling(seen("INPROGRESS"), others={method: [GONE, GONE]}) as story:
        with pytest.raises(ResourceNotFoundError) as caught:
            await getattr(story.client, method)("7123456")
    assert str(caught.value).endswith("(HTTP 404). But GetBatch shows that it is INPROGRESS. Try again in a minute.")
    assert caught.value.advice == Advice(AdviceKind.TRY_LATER)
    assert caught.value.batch is not None
    assert all((str(twin), twin.advice) == (str(caught.value), caught.value.advice) for twin in copies_of(caught.value))


@pytest.mark.virtual_time
@pytest.mark.parametrize("method", CHANGING)
async def test_a_second_request_without_an_answer_names_the_time_of_the_call(method: str) -> None:
    async def late() -> Fault:
        await asyncio.sleep(1.2)
        return seen()

    async with telling(late, others={method: [GONE, LOST["no answer"]]}) as story:
        began = running_clock().now()
        with pytest.raises(AttemptTimeoutError, match=r"no answer within the call's 2 s; the attempt before: .* 404"):
            await getattr(story.client, method)("7123456", timeout=2)
    assert running_clock().now() - began == pytest.approx(2)


@pytest.mark.virtual_time
@pytest.mark.parametrize("method", CHANGING)
@pytest.mark.parametrize("look", [GONE, service("AccessDeniedException", 403)])
async def test_a_batch_that_cannot_be_seen_is_not_asked_again(method: str, look: Fault) -> None:
    async with telling(look, others={method: [GONE]}) as story:
        with pytest.raises(ResourceNotFoundError, match="Check the id, the account and the region"):
            await getattr(story.client, method)("7123456")
    assert story.transport.methods == [method, "get_batch"]


@pytest.mark.virtual_time
async def test_a_record_that_never_was_is_an_error() -> None:
    throttled = service("ThrottlingException", 429)
    async with telling(GONE, others={"delete_batch": [throttled, GONE]}) as story:
        with pytest.raises(ResourceNotFoundError):
            await story.client.delete_batch("7123456")


@pytest.mark.virtual_time
@pytest.mark.parametrize("body", [b"", b"{}", b" {}\n", b'{"batchId": "7123456"}'])
async def test_an_accepted_request_has_nothing_to_say_that_matters(body: bytes) -> None:
    async with telling(seen(), others={"cancel_run_batch": [faults.body(body, 202)]}) as story:
        await story.client.cancel_run_batch("7123456")
    assert story.transport.sent == [("cancel_run_batch", {"batchId": "7123456"})]


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    "page",
    [faults.body(b"<html>Sign in</html>", 200), faults.body(b"<html>Accepted</html>", 202), faults.body(b"{}", 200)],
    ids=["a page", "a page that accepts", "another status"],
)
async def test_a_strangers_page_cancels_nothing(page: Fault) -> None:
    async with telling(seen(), others={"cancel_run_batch": [page]}) as story:
        with pytest.raises(MalformedResponseError, match="is not how the service accepts it"):
            await story.client.cancel_run_batch("7123456")
    assert story.transport.calls == 3


# Lists


async def test_batches_are_listed_over_all_pages(omics: Simulator, client: OmicsBatchClient) -> None:
    ids = {omics.start_batch(1, name=f"cohort-{number}") for number in range(250)}
    listed = [item async for item in client.list_batch()]
    assert {item.id for item in listed} == ids
    assert len(listed) == 250
    assert omics.requests_of("ListBatch") == 3
    (one,) = [item async for item in client.list_batch(name="cohort-7")]
    assert one.name == "cohort-7"
    assert [item async for item in client.list_batch(status=BatchStatus.CANCELLED)] == []
    assert (await client.get_batch(one)).id == one.id


async def test_runs_of_a_batch_are_listed_over_all_pages(omics: Simulator, client: OmicsBatchClient) -> None:
    refusals = {f"sample-{number}": ("ValidationException", "no such input") for number in (17, 230)}
    batch_id = omics.start_batch(250, life=Life(submission_rate=1e6, failed_submissions=refusals))
    batch = await client.wait_until_processed(batch_id)
    runs = [run async for run in client.list_runs_in_batch(batch)]
    assert [run.run_setting_id for run in runs] == [f"sample-{number}" for number in range(1, 251)]
    failed = [run async for run in client.list_runs_in_batch(batch, submission_status=SubmissionStatus.FAILED)]
    assert [run.run_setting_id for run in failed] == ["sample-17", "sample-230"]
    (one,) = [run async for run in client.list_runs_in_batch(batch, run_setting_id="sample-42")]
    assert [run async for run in client.list_runs_in_batch(batch, run_id=one.run_id)] == [one]


async def test_a_list_that_is_left_early_asks_no_more(omics: Simulator, client: OmicsBatchClient) -> None:
    for _ in range(150):
        omics.start_batch(1)
    async for _ in client.list_batch():
        break
    assert omics.requests_of("ListBatch") == 1


async def test_bad_filters_are_refused_before_anything_is_sent(omics: Simulator, client: OmicsBatchClient) -> None:
    with pytest.raises(InvalidInputError, match="one filter a call, not status and name"):
        client.list_batch(status="FAILED", name="trio")
    with pytest.raises(InvalidInputError, match="one filter a call, not submission_status and run_id"):
        client.list_runs_in_batch("7123456", submission_status="FAILED", run_id="2000001")
    with pytest.raises(InvalidInputError, match="no batch id"):
        client.list_runs_in_batch("../7123456")
    with pytest.raises(InvalidInputError, match="^timeout has to be"):
        client.list_batch(timeout=-1)
    with pytest.raises(
        InvalidInputError, match=r"cannot send 'FINISHED' as status, which is one of .*PENDING, .*: correct it"
    ):
        await anext(client.list_batch(status="FINISHED"))
    with pytest.raises(InvalidInputError, match="cannot send 'COMPLETED' as status"):
        await anext(client.list_batch(status="COMPLETED"))  # of a run, not of a batch
    assert omics.requests == ()


@pytest.mark.virtual_time
async def test_pages_are_asked_for_by_their_tokens() -> None:
    """An empty page in the middle is no end."""
    batch = {"id": "7123456", "status": "INPROGRESS"}
    pages = [
        shown({"items": [batch], "nextToken": "two"}),
        shown({"items": [], "nextToken": "three"}),
        shown({"items": [{**batch, "id": "7123457"}], "nextToken": None}),
    ]
    async with telling(seen(), others={"list_batch": [*pages]}) as story:
        assert [item.id async for item in story.client.list_batch()] == ["7123456", "7123457"]
    assert story.transport.sent == [
        ("list_batch", {"maxItems": 100}),
        ("list_batch", {"maxItems": 100, "startingToken": "two"}),
        ("list_batch", {"maxItems": 100, "startingToken": "three"}),
    ]


@pytest.mark.virtual_time
async def test_an_empty_token_is_no_next_page() -> None:
    async with telling(seen(), others={"list_batch": [shown({"items": [], "nextToken": ""})]}) as story:
        assert [item async for item in story.client.list_batch()] == []
    assert story.transport.calls == 1


@pytest.mark.virtual_time
async def test_a_list_that_goes_in_circles_ends() -> None:
    def page(token: str) -> Fault:
        return shown({"items": [], "nextToken": token})

    pages = [page("two"), page("three"), page("two")]
    async with telling(seen(), others={"list_batch": [*pages]}) as story:
        with pytest.raises(MalformedResponseError, match="the list goes in circles"):
            _ = [item async for item in story.client.list_batch()]


@pytest.mark.virtual_time
@pytest.mark.parametrize("body", [b"{}", b"", b"<html>Sign in</html>", b'{"items": [{"id": "7123456"}]}'])
async def test_a_damaged_page_is_no_empty_list(body: bytes) -> None:
    async with telling(seen(), others={"list_batch": [faults.body(body)]}) as story:
        with pytest.raises(MalformedResponseError, match="^ListBatch"):
            _ = [item async for item in story.client.list_batch()]
    assert story.transport.calls == 3


@pytest.mark.virtual_time
async def test_an_empty_list_may_be_left_out_by_the_service_alone() -> None:
    """Its answers carry a request id; a stranger's `{}` does not."""
    of_the_service = Fault("empty list", "ListBatch", 1, actions.Send(json_response(200, {})))
    async with telling(seen(), others={"list_batch": [of_the_service]}) as story:
        assert [item async for item in story.client.list_batch()] == []


@pytest.mark.virtual_time
async def test_a_page_has_the_time_out_to_itself() -> None:
    """The caller's own time between pages does not count."""
    pages = [shown({"items": [{"id": "1", "status": "FAILED"}], "nextToken": "two"}), shown({"items": []})]
    async with telling(seen(), others={"list_batch": [*pages]}) as story:
        async for _ in story.client.list_batch(timeout=10):
            await story.clock.sleep(3600)
    assert story.transport.bounds == [10, 10]


@pytest.mark.virtual_time
async def test_an_answer_of_another_region_is_refused() -> None:
    async with telling(seen(), others={"start_run_batch": [started()]}) as story:
        answer = await story.client.start_run_batch(trio())
        elsewhere = answer.model_copy(update={"arn": "arn:aws:omics:eu-west-1:123456789012:runBatch/7123456"})
        with pytest.raises(InvalidInputError, match="is in 'eu-west-1', and this client uses us-west-2"):
            await story.client.get_batch(elsewhere)
        of_a_new_form = answer.model_copy(update={"arn": "arn:aws:omics:us-west-2:123456789012:run-batch/v2/7123456"})
        assert (await story.client.get_batch(of_a_new_form)).id == answer.id
        assert (await story.client.get_batch(answer)).id == answer.id
