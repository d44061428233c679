"""What a client did, as events: for its hook, and as lines of the log."""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import re
from dataclasses import FrozenInstanceError, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest

import omics_batch
from omics_batch import (
    AccessDeniedError,
    ActionAdvanced,
    Advice,
    AdviceKind,
    AttemptTimeoutError,
    BatchStarted,
    BatchStatus,
    CallEnded,
    ClientClosedError,
    CredentialsError,
    CredentialsRejected,
    CredentialsRenewalFailed,
    CredentialsRenewed,
    Event,
    FailedRunsMissing,
    InternalServerError,
    InvalidInputError,
    ListPageFailed,
    ListScanFailed,
    ListScanRecovered,
    ListsLagging,
    LookFailed,
    OmicsBatchClient,
    OmicsBatchError,
    Outcome,
    Party,
    ProcessStoodStill,
    QueueTimeoutError,
    RateChanged,
    RequestFailed,
    ResourceNotFoundError,
    ResultsMissing,
    RetryPolicy,
    RetryQuotaUsedUp,
    RunReasonMissing,
    SettingsUploaded,
    StatusChanged,
    ThrottlingError,
    UnknownStatus,
    ValidationError,
    WaitEnded,
    WaitEvent,
    WaitStarted,
    WaitTimeoutError,
)
from omics_batch._emitter import LEVELS, EventEmitter
from omics_batch._transport.failure import FailureStage
from omics_batch.testing import Simulator
from tests.accounts import LIST_DENIED, LIST_DOWN, ONE_ATTEMPT, Account, ends, following
from tests.eager import EAGERLY
from tests.stories import (
    BATCH_ID,
    DENIED,
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
from tests.support import batch_with
from tests.virtual_time import running_clock

pytestmark = pytest.mark.virtual_time

E = TypeVar("E", bound=Event)

EXPIRED: Final = failing_at(FailureStage.CREDENTIALS)
INPROGRESS: Final = seen("INPROGRESS", completed=48)


@dataclass
class Recorded:
    """A hook that keeps the events."""

    events: list[Event] = field(default_factory=list[Event])

    def __call__(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def kinds(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    def waits(self) -> list[Any]:
        return [(event.wait_id, type(event).__name__) for event in self.of(WaitEvent)]


# The events themselves

ABOUT: Final[dict[str, Any]] = {"time": 1.0, "batch_id": BATCH_ID}
WAIT: Final[dict[str, Any]] = {**ABOUT, "wait_id": 3}
BATCH: Final = batch_with("INPROGRESS", totalRuns=2, runSummary={"completedRunCount": 1})
PAUSED: Final = BatchStatus("\x1b[31mPAUSED")
FAILED_REQUEST: Final[dict[str, Any]] = {
    **ABOUT,
    "operation": "GetBatch",
    "attempt": 1,
    "error": ThrottlingError,
    "fault": Party.SERVICE,
    "message": "ThrottlingException (HTTP 429): slow down.",
    "code": "ThrottlingException",
    "status_code": 429,
    "request_id": "a1",
}
CALL: Final[dict[str, Any]] = {**ABOUT, "operation": "GetBatch", "elapsed": 1.234}

LINES: Final[list[tuple[Event, str, str]]] = [
    (CallEnded(**CALL, attempts=1, error=None), "DEBUG", "GetBatch of batch 7123456: ended after 1.23 s, 1 attempt"),
    (
        CallEnded(time=1.0, operation="ListBatch", batch_id=None, elapsed=1.234, attempts=0, error=QueueTimeoutError),
        "DEBUG",
        "ListBatch: ended with QueueTimeoutError after 1.23 s, not sent",
    ),
    (
        CallEnded(**CALL, attempts=2, error=asyncio.CancelledError),
        "DEBUG",
        "GetBatch of batch 7123456: ended with CancelledError after 1.23 s, 2 attempts",
    ),
    (
        RequestFailed(**FAILED_REQUEST, delay=0.5),
        "INFO",
        "GetBatch: ThrottlingException (HTTP 429): slow down; attempt 2 in 0.50 s",
    ),
    (
        RequestFailed(**FAILED_REQUEST, delay=None),
        "INFO",
        "GetBatch: ThrottlingException (HTTP 429): slow down; not sent again",
    ),
    (
        RetryQuotaUsedUp(**ABOUT, operation="GetBatch", message="error (HTTP 500)"),
        "WARNING",
        "the retry quota is used up: error (HTTP 500)",
    ),
    (
        RetryQuotaUsedUp(**ABOUT, operation="GetBatch", message="error (HTTP 500)", repeats=1),
        "DEBUG",
        "the retry quota is used up: error (HTTP 500) (2 times in a row)",
    ),
    (
        RateChanged(time=1.0, operation="GetBatch", rate=2.5),
        "DEBUG",
        "GetBatch: throttled: at most 2.5 requests a second now",
    ),
    (CredentialsRejected(time=1.0), "WARNING", "the credentials no longer work: looking for new ones"),
    (CredentialsRenewed(time=1.0), "INFO", "new credentials are in use"),
    (
        CredentialsRenewalFailed(time=1.0, message="no profile lab", are_valid=True),
        "WARNING",
        "the credentials expire soon, and there are no new ones: no profile lab",
    ),
    (
        CredentialsRenewalFailed(time=1.0, message="no profile lab", are_valid=False),
        "WARNING",
        "no new credentials: no profile lab",
    ),
    (
        SettingsUploaded(time=1.0, uri="s3://my-bucket/settings/ab.json", size=13_283, runs=1250),
        "INFO",
        "1,250 run settings are in s3://my-bucket/settings/ab.json (13,283 bytes)",
    ),
    (BatchStarted(**ABOUT, request_id="r-1"), "INFO", "batch 7123456: started by the request r-1"),
    (WaitStarted(**WAIT, timeout=None), "DEBUG", "batch 7123456: a wait started, without a time-out"),
    (WaitStarted(**WAIT, timeout=60.0), "DEBUG", "batch 7123456: a wait started, for 60 s at most"),
    (
        StatusChanged(**WAIT, before=None, status=BatchStatus.INPROGRESS, batch=BATCH),
        "INFO",
        "batch 7123456: INPROGRESS, 50.0 % finished",
    ),
    (
        StatusChanged(**WAIT, before=BatchStatus.PENDING, status=BatchStatus.INPROGRESS, batch=None),
        "INFO",
        "batch 7123456: listed as INPROGRESS",
    ),
    (
        UnknownStatus(**WAIT, status=PAUSED),
        "WARNING",
        "batch 7123456: unknown status [31mPAUSED counts as not finished",
    ),
    (
        LookFailed(
            **WAIT, error=InternalServerError, fault=Party.SERVICE, message="down.", advice=Advice(AdviceKind.TRY_AGAIN)
        ),
        "WARNING",
        "batch 7123456: a look failed, the wait goes on: down. Try again.",
    ),
    (
        LookFailed(**WAIT, error=InternalServerError, fault=Party.SERVICE, message="down.", advice=None, repeats=4),
        "DEBUG",
        "batch 7123456: a look failed, the wait goes on: down. (5 times in a row)",
    ),
    (
        ActionAdvanced(**WAIT, call="cancel_and_wait", advice=Advice(AdviceKind.ASKED, {"call": "cancel_and_wait"})),
        "DEBUG",
        "batch 7123456: cancel_and_wait: ASKED",
    ),
    (
        WaitEnded(**WAIT, outcome=Outcome.SUCCEEDED, error=None, elapsed=23.7, polls=4),
        "INFO",
        "batch 7123456: a wait ended after 24 s and 4 looks",
    ),
    (
        WaitEnded(**WAIT, outcome=None, error=WaitTimeoutError, elapsed=23.7, polls=4),
        "INFO",
        "batch 7123456: a wait ended with WaitTimeoutError after 24 s and 4 looks",
    ),
    (
        ListPageFailed(time=1.0, error=InternalServerError, message="down", is_requested_again=True),
        "INFO",
        "a page of a list failed, and is requested again: down",
    ),
    (
        ListPageFailed(time=1.0, error=ValidationError, message="what is CREATING?", is_requested_again=False),
        "INFO",
        "a list is left out: what is CREATING?",
    ),
    (
        ListScanFailed(time=1.0, error=AccessDeniedError, message="no", is_denied=True),
        "WARNING",
        (
            "omics:ListBatch on * is not allowed: batches are looked at one by one, which takes longer where they are "
            "many. no"
        ),
    ),
    (
        ListScanFailed(time=1.0, error=InternalServerError, message="down", is_denied=False),
        "WARNING",
        "the lists of batches cannot be read, batches are looked at one by one: down",
    ),
    (
        ListsLagging(time=1.0, lag=75.4),
        "WARNING",
        "the lists of batches lag by 75 s, batches are looked at one by one",
    ),
    (ListScanRecovered(time=1.0), "INFO", "the lists of batches can be read again"),
    (ProcessStoodStill(time=1.0, seconds=7200.0), "INFO", "the process stood still for 7200 s"),
    (
        RunReasonMissing(**ABOUT, run_id="5"),
        "WARNING",
        "batch 7123456: run 5 was deleted before its reason could be read",
    ),
    (
        FailedRunsMissing(**ABOUT, listed=2, expected=5, deleted=3),
        "WARNING",
        "batch 7123456: 2 of 5 runs that did not succeed are listed; how its 3 deleted runs ended is lost",
    ),
    (
        ResultsMissing(**ABOUT, missing=2),
        "WARNING",
        (
            "batch 7123456: 2 runs are not in the results, since ListRunsInBatch does not show them yet: ask again in "
            "a minute"
        ),
    ),
]

KINDS: Final = {
    value
    for value in (getattr(omics_batch, name) for name in omics_batch.__all__)
    if isinstance(value, type) and issubclass(value, Event) and value not in {Event, WaitEvent}
}


def test_an_event_is_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "omics_batch"):
        for event, _, _ in LINES:
            EventEmitter().publish(event)
    assert [(record.name, record.levelname, record.getMessage()) for record in caplog.records] == [
        ("omics_batch", level, line) for _, level, line in LINES
    ]
    assert [str(event) for event, _, _ in LINES] == [line for _, _, line in LINES]


def test_every_kind_has_its_line() -> None:
    assert {type(event) for event, _, _ in LINES} == KINDS


def test_an_event_is_a_value() -> None:
    """It is equal to its copies, and nothing in it can be changed."""
    for event, _, _ in LINES:
        assert pickle.loads(pickle.dumps(event)) == event
        with pytest.raises(FrozenInstanceError):
            event.time = 2.0  # type: ignore[misc]  # it is frozen


def extras(event: Event, caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    with caplog.at_level(logging.DEBUG, "omics_batch"):
        EventEmitter().publish(event)
    names = ["batch_id", "wait_id", "operation", "status", "outcome", "attempt", "delay", "polls", "elapsed", "error"]
    (record,) = caplog.records
    return {name: value for name in names if (value := vars(record)[name]) is not None}


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (
            RequestFailed(**FAILED_REQUEST, delay=0.5),
            {
                "batch_id": BATCH_ID,
                "operation": "GetBatch",
                "attempt": 1,
                "delay": 0.5,
                "error": "ThrottlingError",
            },
        ),
        (
            WaitEnded(**WAIT, outcome=Outcome.PARTIAL, error=None, elapsed=23.7, polls=4),
            {"batch_id": BATCH_ID, "wait_id": 3, "outcome": "PARTIAL", "polls": 4, "elapsed": 23.7},
        ),
        (UnknownStatus(**WAIT, status=PAUSED), {"batch_id": BATCH_ID, "wait_id": 3, "status": "[31mPAUSED"}),
    ],
)
def test_a_line_has_its_facts_as_fields(
    event: Event, expected: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """Plain values, fit for JSON and for a terminal; what the event does not have is None, and always there."""
    found = extras(event, caplog)
    assert found == expected
    assert json.loads(json.dumps(found)) == found


# What a wait reports


async def test_a_wait_is_reported_from_its_start_to_its_end() -> None:
    recorded = Recorded()
    async with telling(seen("PENDING"), OUTAGE, INPROGRESS, PROCESSED, retry=ONE_ATTEMPT, on_event=recorded) as story:
        await story.clock.sleep(1000)
        batch = await story.client.wait_until_processed(BATCH_ID, timeout=3600)
    calls = ["CallEnded"]
    assert recorded.kinds == [
        "WaitStarted",
        *calls,
        "StatusChanged",
        *["RequestFailed", "CallEnded"],
        "LookFailed",
        *calls,
        "StatusChanged",
        *calls,
        "StatusChanged",
        "WaitEnded",
    ]
    assert [(event.before, event.status) for event in recorded.of(StatusChanged)] == [
        (None, "PENDING"),
        ("PENDING", "INPROGRESS"),
        ("INPROGRESS", "PROCESSED"),
    ]
    assert recorded.of(StatusChanged)[-1].batch == batch
    (started,), (failed,), (ended,) = recorded.of(WaitStarted), recorded.of(LookFailed), recorded.of(WaitEnded)
    assert (started.time, started.timeout) == (1000.0, 3600.0)
    assert failed.error is InternalServerError
    assert (ended.outcome, ended.error, ended.polls) == (Outcome.SUCCEEDED, None, 4)
    assert ended.elapsed == ended.time - started.time > 0
    assert len({event.wait_id for event in recorded.of(WaitEvent)}) == 1


async def test_two_waits_for_one_batch_are_distinguished() -> None:
    """They share its looks; the one that comes later sees the status for its first time."""
    recorded = Recorded()
    async with telling(seen("PENDING"), INPROGRESS, PROCESSED, on_event=recorded) as story:
        first = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        await story.clock.sleep(1)
        second = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        await asyncio.gather(first, second)
        assert story.transport.calls == 3
    one, two = (event.wait_id for event in recorded.of(WaitStarted))
    assert one != two
    for wait_id, statuses in ((one, ["PENDING", "INPROGRESS", "PROCESSED"]), (two, ["INPROGRESS", "PROCESSED"])):
        assert [event.status for event in recorded.of(StatusChanged) if event.wait_id == wait_id] == statuses
    assert [event.wait_id for event in recorded.of(WaitEnded)] == [one, two]


async def test_an_unknown_status_is_reported_once_for_each_wait() -> None:
    recorded = Recorded()
    async with telling(seen("PAUSED"), seen("NAPPING"), PROCESSED, on_event=recorded) as story:
        await story.client.wait_until_processed(BATCH_ID)
    assert [event.status for event in recorded.of(UnknownStatus)] == ["PAUSED"]
    assert [event.status for event in recorded.of(StatusChanged)] == ["PAUSED", "NAPPING", "PROCESSED"]


async def test_what_the_last_look_shows_is_news_too() -> None:
    recorded = Recorded()
    async with telling(seen("PENDING"), seen("PAUSED"), on_event=recorded) as story:
        with pytest.raises(WaitTimeoutError):
            await story.client.wait_until_processed(BATCH_ID, timeout=3)
    assert [(event.before, event.status) for event in recorded.of(StatusChanged)] == [
        (None, "PENDING"),
        ("PENDING", "PAUSED"),
    ]
    assert len(recorded.of(UnknownStatus)) == 1
    (ended,) = recorded.of(WaitEnded)
    assert (ended.outcome, ended.error, ended.elapsed) == (None, WaitTimeoutError, 3.0)


@pytest.mark.parametrize(
    ("observation", "outcome", "error"),
    [
        (seen("FAILED"), Outcome.FAILED, None),
        (seen("CANCELLED"), Outcome.CANCELLED, None),
        (DENIED, None, AccessDeniedError),
        (NOT_FOUND, None, ResourceNotFoundError),
    ],
)
async def test_however_a_wait_ends_it_is_reported(
    observation: Any, outcome: Outcome | None, error: type[OmicsBatchError] | None
) -> None:
    """The batch's own end is an outcome, also where the wait raises an error for it."""
    recorded = Recorded()
    async with telling(observation, on_event=recorded) as story:
        with pytest.raises(OmicsBatchError):
            await story.client.wait_until_processed(BATCH_ID)
    assert [(event.outcome, event.error) for event in recorded.of(WaitEnded)] == [(outcome, error)]


async def test_a_wait_that_is_cancelled_is_reported() -> None:
    recorded = Recorded()
    async with telling(INPROGRESS, on_event=recorded) as story:
        wait = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        await story.clock.sleep(10)
        wait.cancel()
        await asyncio.wait([wait])
    assert [(event.outcome, event.error) for event in recorded.of(WaitEnded)] == [(None, asyncio.CancelledError)]


async def test_an_iteration_that_is_left_is_a_wait_that_is_given_up() -> None:
    recorded = Recorded()
    async with telling(INPROGRESS, on_event=recorded) as story:
        watching = story.client.watch(BATCH_ID)
        await anext(watching)
        await watching.aclose()
    assert [event.error for event in recorded.of(WaitEnded)] == [asyncio.CancelledError]


async def test_waits_of_a_client_that_is_closed_are_reported() -> None:
    """One that began before, and an iteration of which the first step comes after."""
    recorded = Recorded()
    async with telling(INPROGRESS, on_event=recorded) as story:
        wait = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        late = story.client.watch(BATCH_ID)
        await story.clock.sleep(10)
        await story.client.close()
        for refused in (wait, anext(late)):
            with pytest.raises(ClientClosedError):
                await refused
    assert [event.error for event in recorded.of(WaitEnded)] == [ClientClosedError] * 2
    assert len(recorded.of(WaitStarted)) == 2


async def test_a_status_that_a_list_shows_is_reported_without_a_batch() -> None:
    recorded = Recorded()
    lives = {str(number): {-1e6: "PENDING", 300: "INPROGRESS", 900: "PROCESSED"} for number in range(20)}
    async with following(Account(lives), on_event=recorded) as client:
        await asyncio.gather(*(client.wait_until_processed(batch_id) for batch_id in lives))
    listed = [event for event in recorded.of(StatusChanged) if event.batch is None]
    assert {event.status for event in listed} == {"PENDING", "INPROGRESS"}
    for batch_id in lives:
        assert [event.status for event in recorded.of(StatusChanged) if event.batch_id == batch_id] == [
            *("PENDING", "INPROGRESS", "PROCESSED")
        ]


async def test_lists_that_cannot_be_read_are_reported_once_until_they_can() -> None:
    recorded = Recorded()
    account = Account(
        {str(number): ends(1000) for number in range(20)}, failures={"list_batch": [*[LIST_DOWN] * 7, None]}
    )
    async with following(account, on_event=recorded, retry=ONE_ATTEMPT) as client:
        await asyncio.gather(*(client.wait_until_processed(batch_id) for batch_id in account.lives))
    assert [event.error for event in recorded.of(ListScanFailed)] == [InternalServerError]
    assert len(recorded.of(ListScanRecovered)) == 1
    down = [event for event in recorded.of(ListPageFailed) if event.error is InternalServerError]
    assert [event.is_requested_again for event in down] == [True] * 5


async def test_a_missing_permission_for_lists_is_distinguished() -> None:
    recorded = Recorded()
    account = Account({str(number): ends(100) for number in range(20)}, failures={"list_batch": [LIST_DENIED]})
    async with following(account, on_event=recorded) as client:
        await asyncio.gather(*(client.wait_until_processed(batch_id) for batch_id in account.lives))
    assert [(event.error, event.is_denied) for event in recorded.of(ListScanFailed)] == [(AccessDeniedError, True)]


async def test_a_list_that_the_service_does_not_have_is_left_out() -> None:
    class Older(Account):
        async def meets(self, method: str, parameters: Any) -> Any:
            return service("ValidationException", 400) if parameters.get("status") == "CREATING" else None

    recorded, older = Recorded(), Older({str(number): ends(100) for number in range(20)})
    async with following(older, on_event=recorded) as client:
        await asyncio.gather(*(client.wait_until_processed(str(number)) for number in range(20)))
    assert {(event.error, event.is_requested_again) for event in recorded.of(ListPageFailed)} == {
        (ValidationError, False)
    }


# What a call reports


async def test_a_call_reports_each_request_that_failed_and_its_end() -> None:
    recorded = Recorded()
    async with telling(THROTTLED, OUTAGE, INPROGRESS, on_event=recorded) as story:
        await story.client.get_batch(BATCH_ID)
    assert recorded.kinds == ["RateChanged", "RequestFailed", "RequestFailed", "CallEnded"]
    first, second = recorded.of(RequestFailed)
    assert (first.operation, first.batch_id, first.attempt, first.error) == ("GetBatch", BATCH_ID, 1, ThrottlingError)
    assert (first.code, first.status_code, first.delay) == ("ThrottlingException", 429, 0.5)
    assert first.request_id
    assert (second.attempt, second.error, second.delay) == (2, InternalServerError, 0.05)
    (ended,) = recorded.of(CallEnded)
    assert (ended.operation, ended.batch_id, ended.attempts, ended.error) == ("GetBatch", BATCH_ID, 3, None)
    assert ended.elapsed == ended.time >= 0.55


async def test_a_call_that_fails_reports_that_nothing_follows() -> None:
    recorded = Recorded()
    async with telling(*repeated(OUTAGE, 3), retry=RetryPolicy(max_attempts=3, quota=14), on_event=recorded) as story:
        with pytest.raises(InternalServerError):
            await story.client.get_batch(BATCH_ID)
    assert recorded.kinds == ["RequestFailed", "RequestFailed", "RetryQuotaUsedUp", "CallEnded"]
    assert [event.delay is None for event in recorded.of(RequestFailed)] == [False, True]
    assert recorded.of(CallEnded)[0].error is InternalServerError


async def test_a_call_that_was_never_sent_has_its_end() -> None:
    recorded = Recorded()
    async with telling(INPROGRESS, max_rate=0.01, on_event=recorded) as story:
        await story.client.get_batch(BATCH_ID)
        with pytest.raises(QueueTimeoutError):
            await story.client.get_batch(BATCH_ID, timeout=5)
    assert recorded.kinds == ["CallEnded"] * 2
    assert [(event.attempts, event.error, event.elapsed) for event in recorded.of(CallEnded)][1] == (
        0,
        QueueTimeoutError,
        5.0,
    )


async def never() -> None:
    await running_clock().sleep(1e6)


async def test_a_request_that_the_time_out_of_its_call_ends_has_failed() -> None:
    recorded = Recorded()
    async with telling(never, on_event=recorded) as story:
        with pytest.raises(AttemptTimeoutError):
            await story.client.get_batch(BATCH_ID, timeout=5)
    assert recorded.kinds == ["RequestFailed", "CallEnded"]
    (failed,) = recorded.of(RequestFailed)
    assert (failed.error, failed.delay, failed.time) == (AttemptTimeoutError, None, 5.0)


async def test_a_call_under_way_that_is_cancelled_or_whose_client_is_closed_has_its_end() -> None:
    """Its request has not failed: its result is unknown."""
    recorded = Recorded()
    async with telling(never, on_event=recorded) as story:
        cancelled, closed = (asyncio.create_task(story.client.get_batch(BATCH_ID)) for _ in range(2))
        await story.clock.sleep(1)
        cancelled.cancel()
        await asyncio.wait([cancelled])
        await story.client.close()
        with pytest.raises(ClientClosedError):
            await closed
    assert [(event.attempts, event.error) for event in recorded.of(CallEnded)] == [
        (1, asyncio.CancelledError),
        (1, ClientClosedError),
    ]
    assert recorded.of(RequestFailed) == []


async def test_credentials_that_are_renewed_in_a_wait_are_reported() -> None:
    recorded = Recorded()
    async with telling(INPROGRESS, EXPIRED, PROCESSED, on_event=recorded) as story:
        await story.client.wait_until_processed(BATCH_ID)
        assert story.transport.opened == 2
    renewal = [kind for kind in recorded.kinds if kind.startswith("Credentials")]
    assert renewal == ["CredentialsRejected", "CredentialsRenewed"]
    assert [event.error for event in recorded.of(RequestFailed)] == [CredentialsError]


async def test_a_batch_that_was_started_is_reported() -> None:
    recorded = Recorded()
    async with Simulator(in_process=True, clock=running_clock()) as omics, omics.client(on_event=recorded) as client:
        request = omics_batch.StartRunBatchRequest.model_validate(
            {
                "defaultRunSetting": {"workflowId": "1", "roleArn": "arn:aws:iam::123456789012:role/OmicsRole"},
                "batchRunSettings": {"inlineSettings": [{"runSettingId": "NA12878"}]},
            }
        )
        started = await client.start_run_batch(request)
    assert [(event.batch_id, event.request_id) for event in recorded.of(BatchStarted)] == [
        (started.id, request.request_id)
    ]


# The hook


async def coroutine_function(_: Event) -> None:
    raise AssertionError("not called")


async def generator_function(_: Event) -> Any:
    raise AssertionError("not called")
    yield


class AsynchronousObject:
    async def __call__(self, _: Event) -> None:
        raise AssertionError("not called")


@pytest.mark.parametrize(
    "hook", [coroutine_function, partial(coroutine_function), generator_function, AsynchronousObject(), "print"]
)
def test_a_hook_that_cannot_be_called_is_refused(hook: Any) -> None:
    with pytest.raises(InvalidInputError, match="^on_event has to be a plain function"):
        OmicsBatchClient(on_event=hook)


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), asyncio.CancelledError()])
async def test_a_hook_that_raises_is_logged_once_and_disturbs_nothing(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    recorded = Recorded()

    def hook(event: Event) -> None:
        recorded(event)
        raise error

    async with telling(THROTTLED, INPROGRESS, PROCESSED, on_event=hook) as story:
        assert (await story.client.wait_until_processed(BATCH_ID)).is_processed
    assert len(recorded.events) > 5
    (record,) = caplog.records
    named = str(error) or "CancelledError"
    assert record.getMessage() == f"on_event raised {named}: this is logged once, and it is called for further events"
    assert record.exc_info is not None
    assert record.exc_info[1] is error


async def test_a_hook_that_returns_a_coroutine_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """It is not awaited, and Python does not complain of it either."""

    def hook(event: Event) -> object:
        return coroutine_function(event)

    async with telling(INPROGRESS, PROCESSED, on_event=hook) as story:
        assert (await story.client.wait_until_processed(BATCH_ID)).is_processed
    assert [record.getMessage() for record in caplog.records] == [
        "on_event has to be a plain function: it is called, and not awaited"
    ]


async def test_a_hook_that_ends_the_program_ends_it() -> None:
    def stop(_: Event) -> None:
        raise SystemExit(3)

    async with telling(INPROGRESS, on_event=stop) as story:
        with pytest.raises(SystemExit):
            await story.client.get_batch(BATCH_ID)


async def test_a_hook_that_blocks_delays_and_nothing_more() -> None:
    """Ten milliseconds for each event."""

    def block(_: Event) -> None:
        running_clock().advance(0.01)

    async with telling(THROTTLED, INPROGRESS, PROCESSED, on_event=block) as story:
        waits = [story.client.wait_until_processed(BATCH_ID, timeout=3600) for _ in range(10)]
        assert all(batch.is_processed for batch in await asyncio.gather(*waits))
        assert story.clock.now() < 60


@pytest.mark.parametrize("factory", [None, EAGERLY], ids=["tasks", "eager tasks"])
async def test_a_hook_may_begin_a_wait(factory: Any) -> None:
    """Of another batch as soon as one is processed, and while the poller is at work."""
    asyncio.get_running_loop().set_task_factory(factory)
    recorded, begun = Recorded(), list[asyncio.Task[Any]]()
    account = Account({BATCH_ID: ends(100), "8": ends(200)})

    def hook(event: Event) -> None:
        recorded(event)
        if isinstance(event, StatusChanged) and event.batch_id == BATCH_ID and event.status == BatchStatus.PROCESSED:
            begun.append(asyncio.create_task(client.wait_until_processed("8")))

    async with following(account, on_event=hook) as client:
        await client.wait_until_processed(BATCH_ID)
        assert (await begun[0]).is_processed
    looks = [event.time for event in recorded.of(StatusChanged) if event.batch_id == "8"]
    assert looks[0] - recorded.of(WaitEnded)[0].time < 1


async def test_a_hook_may_cancel_the_wait_and_close_the_client() -> None:
    closings: list[asyncio.Task[None]] = []

    def hook(event: Event) -> None:
        if isinstance(event, StatusChanged):
            wait.cancel()
        if isinstance(event, WaitEnded):
            closings.append(asyncio.create_task(story.client.close()))

    async with telling(INPROGRESS, on_event=hook) as story:
        wait = asyncio.create_task(story.client.wait_until_processed(BATCH_ID))
        with pytest.raises(asyncio.CancelledError):
            await wait
        await closings[0]
        with pytest.raises(ClientClosedError):
            await story.client.get_batch(BATCH_ID)


async def test_without_a_hook_or_a_level_that_wants_it_no_event_is_built(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With a hook there are a dozen; the level WARNING wants the look that failed and the unknown status."""
    built: list[str] = []

    def count(self: EventEmitter, event: Event) -> None:
        built.append(type(event).__name__)

    monkeypatch.setattr(EventEmitter, "publish", count)
    for hook, level, expected in (
        (None, logging.WARNING, 2),
        (None, logging.CRITICAL, 0),
        (print, logging.CRITICAL, 12),
    ):
        built.clear()
        caplog.set_level(level, "omics_batch")
        async with telling(
            seen("PENDING"), OUTAGE, seen("PAUSED"), PROCESSED, retry=ONE_ATTEMPT, on_event=hook
        ) as story:
            await story.client.wait_until_processed(BATCH_ID)
        assert len(built) == expected, built


def test_each_kind_of_event_has_its_level() -> None:
    kinds = {name: getattr(omics_batch, name) for name in omics_batch.__all__}
    events = {name: kind for name, kind in kinds.items() if isinstance(kind, type) and issubclass(kind, Event)}
    assert {name: kind.level for name, kind in events.items() if name not in {"Event", "WaitEvent"}} == LEVELS


def test_the_kind_that_is_asked_for_is_the_one_that_is_built() -> None:
    """The client names a kind before it loads the class, so that nothing else holds the two together."""
    sources = "".join(path.read_text(encoding="utf-8") for path in Path(omics_batch.__file__).parent.rglob("*.py"))
    pattern = r'"(\w+)",\s*lambda(?: now)?: (?:omics_batch\.(\w+)|_(started|ended))\('
    pairs = [(kind, built or f"Wait{part.title()}") for kind, built, part in re.findall(pattern, sources)]
    pairs += re.findall(r'is_wanted\("(\w+)"\)[^()]*(?:\([^()]*)?\(?\s*omics_batch\.(\w+)\(', sources)
    assert {kind for kind, _ in pairs} | {"CallEnded"} == {*LEVELS}
    assert [(kind, built) for kind, built in pairs if kind != built] == []
