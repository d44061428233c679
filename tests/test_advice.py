"""What to do about an error, and whose fault it is, as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import (
    AccessDeniedError,
    ActionAdvanced,
    Advice,
    AdviceKind,
    ClientClosedError,
    ConflictError,
    CredentialsError,
    InvalidInputError,
    LostContactError,
    OmicsBatchClient,
    OmicsBatchError,
    Party,
    QueueTimeoutError,
    ServiceError,
    WaitTimeoutError,
)
from omics_batch._advice import in_python, worded
from omics_batch._models.enums import CANCELLABLE
from omics_batch._transport.failure import FailureStage
from omics_batch.cli._advice import in_commands
from omics_batch.testing import faults
from tests.stories import ACCEPTED, BATCH_ID, DENIED, NOT_FOUND, OUTAGE, THROTTLED, failing_at, seen, service, telling
from tests.support import batch_with, copies_of

if TYPE_CHECKING:
    from pathlib import Path

    from omics_batch import Event

VALUES: Final[dict[AdviceKind, dict[str, str | int]]] = {
    AdviceKind.RENEW_CREDENTIALS: {"step": "Run: aws sso login"},
    AdviceKind.ALLOW_OPERATION: {"operation": "omics:GetBatch"},
    AdviceKind.START_ANOTHER: {"attempt": 2},
    AdviceKind.WAIT_FOR_STATUS: {"operation": "DeleteBatch", "statuses": "PROCESSED or FAILED"},
    AdviceKind.SEND_AGAIN: {"request_id": "r-{1}"},
    AdviceKind.NOT_ASKED: {"call": "cancel_and_wait"},
    AdviceKind.MAYBE_ASKED: {"call": "cancel_and_wait"},
    AdviceKind.ASKED: {"call": "cancel_and_wait"},
    AdviceKind.RECORD_LEFT: {"batch_id": BATCH_ID, "call": "delete_everything"},
    AdviceKind.RECORD_GONE: {"batch_id": BATCH_ID, "call": "delete_everything"},
    AdviceKind.LEAVE_OUT_CREATED: {"created": 1, "total": 2},
    AdviceKind.WAIT_LONGER: {"goes_on": True},
    AdviceKind.WAIT_AGAIN: {"goes_on": False},
    AdviceKind.USE_REGION: {"region": "eu-west-1"},
}


def test_each_surface_words_every_kind() -> None:
    """In whole sentences; no argument of Python at the command line."""
    for kind in AdviceKind:
        advice = Advice(kind, VALUES.get(kind, {}))
        for words in (in_python(advice), in_commands(advice)):
            assert words, kind
            assert "{operation}" not in words
        assert not any(
            name in in_commands(advice)
            for name in (
                "max_rate",
                "cancel_and_wait",
                "delete_everything",
                "_runs",
                "_name",
                "allow_http=",
                "max_attempts",
            )
        ), kind


def test_an_advice_is_a_value() -> None:
    advice = Advice(AdviceKind.ASKED, {"call": "cancel_and_wait"})
    assert {advice: 1}[Advice(AdviceKind.ASKED, {"call": "cancel_and_wait"})]
    assert advice != Advice(AdviceKind.ASKED, {"call": "delete_everything"})


def shown(error: OmicsBatchError) -> tuple[Party, AdviceKind | None]:
    return error.fault, None if error.advice is None else error.advice.kind


A, P = AdviceKind, Party


@pytest.mark.virtual_time
@pytest.mark.parametrize(
    ("observation", "fault", "advice"),
    [
        (THROTTLED, P.SERVICE, A.LOWER_RATE),
        (OUTAGE, P.SERVICE, A.SEE_SERVICE_HEALTH),
        (service("RequestTimeoutException", 408), P.SERVICE, A.TRY_AGAIN),
        (service("ServiceQuotaExceededException", 402), P.SERVICE, A.RAISE_QUOTA),
        (service("ValidationException", 400), P.CALLER, A.FIX_REQUEST),
        (NOT_FOUND, P.CALLER, A.CHECK_BATCH),
        (DENIED, P.MACHINE, A.ALLOW_OPERATION),
        (service("ConflictException", 409), P.CALLER, A.WAIT_FOR_OTHERS),
        (faults.html(502), P.IN_BETWEEN, A.CHECK_WHAT_IS_BETWEEN),
        (faults.html(403), P.IN_BETWEEN, A.CHECK_WHAT_IS_BETWEEN),
        (failing_at(FailureStage.CREDENTIALS), P.MACHINE, A.RENEW_CREDENTIALS),
        (failing_at(FailureStage.CONNECTION), P.NETWORK, A.CHECK_NETWORK),
        (failing_at(FailureStage.TIMEOUT), P.NETWORK, A.ALLOW_MORE_TIME),
        (failing_at(FailureStage.UNREADABLE), P.IN_BETWEEN, A.CHECK_WHAT_IS_BETWEEN),
        (failing_at(FailureStage.REDIRECT), P.IN_BETWEEN, A.CHECK_ENDPOINT),
        (service("BrandNewException", 418), P.SERVICE, None),
    ],
)
async def test_an_error_of_a_call_says_whose_fault_it_is_and_what_to_do(
    observation: Any, fault: Party, advice: AdviceKind | None
) -> None:
    """And all of that survives pickle and copy. The message has both the problem and the advice, in words of Python."""
    async with telling(observation) as story:
        with pytest.raises(OmicsBatchError) as caught:
            await story.client.get_batch(BATCH_ID)
    error = caught.value
    assert shown(error) == (fault, advice)
    assert str(error).startswith(worded(error.problem, error.advice))
    if advice is A.ALLOW_OPERATION:
        assert error.advice == Advice(advice, {"operation": "omics:GetBatch"})
    for twin in copies_of(error):
        assert (twin.fault, twin.advice, twin.problem) == (error.fault, error.advice, error.problem)


@pytest.mark.virtual_time
async def test_an_error_that_shows_the_time_says_whose_fault_it_is() -> None:
    """A time-out is the caller's, unless the last look failed; contact is lost through what failed last."""
    async with telling(seen("PENDING")) as story:
        with pytest.raises(WaitTimeoutError) as caught:
            await story.client.wait_until_processed(BATCH_ID, timeout=60)
    assert shown(caught.value) == (P.CALLER, A.WAIT_LONGER)
    assert caught.value.advice == Advice(A.WAIT_LONGER, {"goes_on": True})
    async with telling(failing_at(FailureStage.CONNECTION)) as story:
        with pytest.raises(WaitTimeoutError) as caught:
            await story.client.wait_until_processed(BATCH_ID, timeout=60)
        assert shown(caught.value) == (P.NETWORK, A.WAIT_LONGER)
        with pytest.raises(LostContactError) as lost:
            await story.client.wait_until_processed(BATCH_ID)
        assert lost.value.advice == Advice(A.WAIT_AGAIN, {"goes_on": False})
        assert lost.value.fault is P.NETWORK
    async with telling(seen("PENDING"), max_rate=0.001) as story:
        await story.client.get_batch(BATCH_ID)
        with pytest.raises(WaitTimeoutError) as caught:
            await story.client.wait_until_processed(BATCH_ID, timeout=60)
        assert shown(caught.value) == (P.OWN_QUEUE, A.MAKE_ROOM_IN_QUEUE)
        with pytest.raises(QueueTimeoutError) as unsent:
            await story.client.get_batch(BATCH_ID, timeout=60)
        assert shown(unsent.value) == (P.OWN_QUEUE, A.MAKE_ROOM_IN_QUEUE)
        await story.client.close()
        with pytest.raises(ClientClosedError) as closed:
            await story.client.get_batch(BATCH_ID)
        assert shown(closed.value) == (P.CALLER, None)
        assert closed.value.problem == str(closed.value)


@pytest.mark.parametrize(
    ("batch", "advice"),
    [
        (batch_with("FAILED", totalRuns=2, runSummary={"failedRunCount": 1}), A.LEAVE_OUT_CREATED),
        (batch_with("CANCELLED", totalRuns=2, runSummary={"cancelledRunCount": 2}), A.START_INCOMPLETE),
        (batch_with("CANCELLED", totalRuns=2), A.CHECK_COMPLETED),
        (batch_with("CANCELLED", totalRuns=2, runSummary={"deletedRunCount": 2}), A.CHECK_OUTPUT),
        (batch_with("PROCESSED", totalRuns=2, runSummary={"failedRunCount": 2}), A.START_FAILED),
        (batch_with("PROCESSED", totalRuns=2, runSummary={"failedRunCount": 1}), A.LOOK_AGAIN),
        (batch_with("INPROGRESS", totalRuns=2, runSummary={"failedRunCount": 1}), A.WAIT_FOR_END),
    ],
)
def test_what_to_do_about_failed_runs_is_data(batch: Any, advice: AdviceKind) -> None:
    with pytest.raises(OmicsBatchError) as caught:
        batch.raise_for_failed_runs()
    assert shown(caught.value) == (P.CALLER, advice)


@pytest.mark.virtual_time
async def test_what_a_conflict_waits_for_is_data() -> None:
    async with telling(seen(), others={"cancel_run_batch": [service("ConflictException", 409)]}) as story:
        with pytest.raises(ConflictError) as caught:
            await story.client.cancel_run_batch(BATCH_ID)
    assert caught.value.advice is not None
    assert caught.value.advice.kind is A.WAIT_FOR_STATUS
    assert all(status.value in str(caught.value.advice.values["statuses"]) for status in CANCELLABLE)


@pytest.mark.virtual_time
async def test_each_step_of_an_ending_is_an_event() -> None:
    """What to do if it ends there; what the last step says is in the error too."""
    steps: list[AdviceKind] = []

    def hook(event: Event) -> None:
        if isinstance(event, ActionAdvanced):
            assert event.call == event.advice.values["call"] == "cancel_and_wait"
            steps.append(event.advice.kind)

    others = {"cancel_run_batch": [OUTAGE] * 3 + [ACCEPTED]}
    async with telling(seen(), seen(), seen("STOPPING"), others=others, on_event=hook) as story:
        with pytest.raises(WaitTimeoutError) as caught:
            await story.client.cancel_and_wait(BATCH_ID, timeout=60)
    assert steps == [A.NOT_ASKED, A.MAYBE_ASKED, A.ASKED]
    assert caught.value.advice == Advice(A.ASKED, {"call": "cancel_and_wait"})


# This machine's configuration


async def test_what_is_wrong_with_this_machine_is_distinguished_from_what_the_caller_gave(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_DEFAULT_REGION", "AWS_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    plain = "http://omics.example.org"

    async def fault_of(**settings: Any) -> Party:
        with pytest.raises(InvalidInputError) as caught:
            async with OmicsBatchClient(**settings):
                pass
        return caught.value.fault

    assert await fault_of() is P.MACHINE
    assert await fault_of(profile_name="nobody") is P.MACHINE
    assert await fault_of(region_name="us-west-2", endpoint_url=plain) is P.CALLER
    monkeypatch.setenv("AWS_ENDPOINT_URL_OMICS", plain)
    assert await fault_of(region_name="us-west-2") is P.MACHINE
    monkeypatch.delenv("AWS_ENDPOINT_URL_OMICS")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "absent.pem"))
    assert await fault_of(region_name="us-west-2") is P.MACHINE


def test_every_kind_of_error_has_a_fault() -> None:
    assert {kind("what").fault for kind in (CredentialsError, AccessDeniedError)} == {P.MACHINE}
    assert ServiceError("what").fault is P.SERVICE
