"""The client over real HTTP: the real aiobotocore against the local HealthOmics."""

from __future__ import annotations

import asyncio
import os
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from aiobotocore.stub import AioStubber
from botocore.httpsession import get_cert_path

from omics_batch import (
    AttemptTimeoutError,
    Batch,
    BatchStatus,
    ClientClosedError,
    CredentialsError,
    CredentialsRejected,
    Event,
    InvalidInputError,
    OmicsBatchClient,
    Outcome,
    Party,
    PollPolicy,
    QueueTimeoutError,
    ResourceNotFoundError,
    RetryPolicy,
    ThrottlingError,
    ValidationError,
)
from omics_batch._transport import http_session
from omics_batch._transport.request import Transport
from omics_batch.blocking import BlockingClient
from omics_batch.testing import Life, Simulator, faults
from tests.events import asked
from tests.machine import NO_FILE
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


FAST = PollPolicy(initial=0.01, maximum=0.05)
PATIENT = PollPolicy(max_silence=1e6)
"""A silence that no machine is too slow for, as `QUICK` has such attempts."""
LONG = Life(run_length=20 * 3600)
QUICK = RetryPolicy(base=0.001, throttling_base=0.001, attempt_timeout=3600)
"""Attempts that no machine is too slow for, on a clock that runs faster than the real one."""


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator(time_scale=1000.0) as running:
        yield running


async def test_get_batch_reads_what_the_service_shows(omics: Simulator) -> None:
    """Id, ARN and times come over the wire as they are."""
    batch_id = omics.start_batch(["NA12878", "NA12891"], name="trio")
    async with omics.client() as client:
        batch = await client.get_batch(batch_id)
        assert (await client.get_batch(str(batch.arn))).id == batch_id
    assert (batch.id, batch.name, batch.total_runs) == (batch_id, "trio", 2)
    assert batch.creation_time is not None
    assert abs(batch.creation_time - datetime.now(UTC)) < timedelta(hours=1)


async def test_a_wait_that_looks_often_keeps_its_connection() -> None:
    """A connection is kept for a minute at least, however short the pauses between two looks are."""
    often = PollPolicy(initial=0.05, factor=1, maximum=0.05)
    async with Simulator(life=Life(run_length=600)) as omics:
        batch_id = omics.start_batch(1)
        async with omics.client(poll=often, max_rate=None) as client:
            wait = asyncio.create_task(client.wait_until_processed(batch_id))
            await asked(omics, times=5)
            assert omics.connections == 1
            wait.cancel()
            await asyncio.wait({wait})


async def test_a_cohort_is_waited_for_through_its_whole_life() -> None:
    """Every status of a life shows in order, on one connection, two throttles and a 408 included."""
    life = Life(
        creating=2,
        pending=3,
        submission_rate=10,
        run_length=(20, 40),
        failed_runs={"S3": "out of memory"},
        failed_submissions={"S7": ("ValidationException", "no such input")},
    )
    seen: list[Batch] = []
    async with Simulator(time_scale=60.0, life=life) as omics:
        omics.script(faults.throttled(times=2), faults.status(408))
        batch_id = omics.start_batch([f"S{n}" for n in range(10)])
        async with omics.client(poll=PollPolicy(initial=1.0, maximum=1.0), retry=QUICK, max_rate=1000) as client:
            batch = await client.wait_until_processed(batch_id, timeout=timedelta(hours=1), on_update=seen.append)
            assert 500 - 5 - 5 < client.retry_quota <= 500
        assert omics.connections == 1
    statuses = list(dict.fromkeys(seen_batch.status for seen_batch in seen))
    order = [BatchStatus.CREATING, BatchStatus.PENDING, BatchStatus.SUBMITTING, BatchStatus.INPROGRESS, "PROCESSED"]
    assert statuses == [status for status in order if status in statuses]
    assert statuses[-1] == BatchStatus.PROCESSED
    assert (batch.outcome, batch.failed_run_count, batch.run_summary.completed_run_count) == (Outcome.PARTIAL, 2, 8)
    assert [one.percent_complete for one in seen] == sorted(one.percent_complete for one in seen)


async def test_what_the_service_says_of_an_error_reaches_the_caller(omics: Simulator) -> None:
    """Code, status, request id, operation and batch are on the error; the message says what to do."""
    async with omics.client() as client:
        with pytest.raises(ResourceNotFoundError, match="GetBatch of batch 404.*Check the id, the account") as caught:
            await client.get_batch("404")
    error = caught.value
    assert (error.code, error.status_code, error.operation) == ("ResourceNotFoundException", 404, "GetBatch")
    assert (error.batch_id, error.attempts, error.retryable) == ("404", 1, False)
    assert error.request_id


async def test_three_attempts_then_the_error_reports_them(omics: Simulator) -> None:
    """The default is AWS's: three attempts in all."""
    omics.script(faults.throttled(times=3))
    batch_id = omics.start_batch(1)
    async with omics.client(retry=QUICK) as client:
        with pytest.raises(ThrottlingError, match="attempt 3") as caught:
            await client.get_batch(batch_id)
    assert (caught.value.attempts, caught.value.retryable, omics.requests_of("GetBatch")) == (3, True, 3)


@pytest.mark.parametrize("variable", ["AWS_MAX_ATTEMPTS", "AWS_RETRY_MODE"])
async def test_botocores_retry_settings_change_nothing(
    omics: Simulator,
    variable: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One owner of retries: environment variables do not multiply them."""
    monkeypatch.setenv(variable, {"AWS_MAX_ATTEMPTS": "10", "AWS_RETRY_MODE": "adaptive"}[variable])
    omics.script(faults.status(500, times=3))
    batch_id = omics.start_batch(1)
    async with omics.client(retry=QUICK) as client:
        with pytest.raises(Exception, match="attempt 3"):
            await client.get_batch(batch_id)
    assert omics.requests_of("GetBatch") == 3


@pytest.mark.virtual_time
async def test_a_call_ends_at_its_timeout() -> None:
    """0.2 s are 0.2 s, though the attempt's own limit is 30."""
    async with Simulator(in_process=True, clock=running_clock(), faults=[faults.unanswered()]) as omics:
        batch_id = omics.start_batch(1)
        async with omics.client() as client:
            with pytest.raises(AttemptTimeoutError, match="0.2 s") as caught:
                await client.get_batch(batch_id, timeout=0.2)
    assert isinstance(caught.value, TimeoutError)
    assert caught.value.batch_id == batch_id


async def test_a_call_that_waits_for_its_turn_ends_at_its_timeout_too() -> None:
    """A queue at a low rate does not hold a call beyond its time."""
    async with Simulator() as omics:
        batch_id = omics.start_batch(1)
        async with omics.client(max_rate=0.1) as client:
            await client.get_batch(batch_id)
            with pytest.raises(QueueTimeoutError, match=r"waited for its turn until the call's 0.1 s were over"):
                await client.get_batch(batch_id, timeout=0.1)
        assert omics.requests_of("GetBatch") == 1


async def test_unknown_fields_and_statuses_come_through(omics: Simulator) -> None:
    """What AWS adds next month is kept: botocore's own parser would drop it."""
    document: dict[str, Any] = {"id": "7", "status": "ARCHIVING", "shards": [1, 2], "runSummary": {"pausedRunCount": 3}}
    omics.put_batch(document)
    async with omics.client() as client:
        batch = await client.get_batch("7")
    assert batch.model_dump(mode="json", by_alias=True) == document
    assert not batch.status.is_known


async def test_the_aws_client_underneath_serves_what_is_not_wrapped(omics: Simulator) -> None:
    """`client.aws` speaks botocore's language, and its answers are botocore's."""
    async with omics.client() as client:
        started = await client.aws.start_run_batch(
            requestId="once",
            defaultRunSetting={
                "workflowId": "1",
                "roleArn": "arn:aws:iam::123456789012:role/R",
                "outputUri": "s3://b/",
            },
            batchRunSettings={"inlineSettings": [{"runSettingId": "NA12878"}]},
        )
        assert (started["status"], started["ResponseMetadata"]["HTTPStatusCode"]) == ("CREATING", 201)
        listed = await client.aws.list_runs_in_batch(batchId=started["id"])
        assert "runs" in listed
        assert (await client.get_batch(started["id"])).total_runs == 1


async def test_botocores_stubber_works_without_bytes(omics: Simulator) -> None:
    """Users who stub `client.aws` get the same objects, and the same errors."""
    async with omics.client() as client:
        stubber = AioStubber(client.aws)
        stubber.add_response(
            "get_batch",
            {"id": "7", "status": "PROCESSED", "creationTime": datetime(2025, 3, 15, tzinfo=UTC)},
            {"batchId": "7"},
        )
        stubber.add_client_error("get_batch", "ResourceNotFoundException", "gone", 404)
        with stubber:
            batch = await client.get_batch("7")
            with pytest.raises(ResourceNotFoundError, match="gone"):
                await client.get_batch("8")
            with pytest.raises(InvalidInputError, match="Stub"):
                await client.get_batch("9")
    assert batch.creation_time == datetime(2025, 3, 15, tzinfo=UTC)


async def test_the_client_is_of_use_only_while_it_is_open(omics: Simulator) -> None:
    """Before and after, a call says so; opening twice is a mistake; closing twice is none."""
    client = omics.client()
    with pytest.raises(ClientClosedError, match=r"is not open: .*async with.* or after `await client.open\(\)`"):
        await client.get_batch("7")
    await client.close()
    async with client:
        for opening in (client.open(), client.__aenter__()):
            with pytest.raises(ClientClosedError, match="is open already, and is opened once: one client serves all"):
                await opening
    await client.close()
    for opening in (client.open(), client.__aenter__()):
        with pytest.raises(ClientClosedError, match="was closed, and is opened once: make another one"):
            await opening
    for use in (lambda: client.aws, lambda: client.retry_quota, lambda: client.watch("7")):
        with pytest.raises(ClientClosedError, match="was closed: make another one"):
            use()


async def test_a_client_without_a_block_is_opened_and_closed_by_name(omics: Simulator) -> None:
    """As the cells of a notebook have it."""
    batch_id = omics.start_batch(1)
    client = await omics.client().open()
    assert (await client.get_batch(batch_id)).id == batch_id
    await client.close()
    await client.close()
    with pytest.raises(ClientClosedError, match="was closed"):
        await client.get_batch(batch_id)


async def test_a_client_is_opened_by_one_task(omics: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    async def found_later(session: AioSession) -> object:
        await asyncio.sleep(0)
        return await found(session)

    found = AioSession.get_credentials
    monkeypatch.setattr(AioSession, "get_credentials", found_later)
    client = omics.client()
    first, second = await asyncio.gather(client.open(), client.open(), return_exceptions=True)
    assert first is client
    assert isinstance(second, ClientClosedError)
    assert str(second) == "the client is being opened, and is opened once: use it once that is over"
    await client.close()


async def test_a_client_that_could_not_be_opened_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a notebook has set the region, the same cell works."""
    async with Simulator(region_name="eu-west-1") as omics:
        batch_id = omics.start_batch(1)
        client = OmicsBatchClient(session=_session(), endpoint_url=omics.endpoint_url)
        with pytest.raises(InvalidInputError, match="AWS_DEFAULT_REGION"):
            await client.open()
        with pytest.raises(ClientClosedError, match="is not open"):
            await client.get_batch(batch_id)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        await client.open()
        assert (await client.get_batch(batch_id)).id == batch_id
        await client.close()


async def test_closing_the_client_ends_a_call_under_way() -> None:
    """A shutdown does not wait for an answer."""
    async with Simulator() as omics:
        omics.script(faults.unanswered())
        batch_id = omics.start_batch(1)
        client = omics.client()
        async with client:
            call = asyncio.create_task(client.get_batch(batch_id))
            await _asked(omics)
        with pytest.raises(ClientClosedError):
            await call


@pytest.mark.parametrize("held_up_by", ["a delay before a retry", "its turn"])
async def test_closing_the_client_ends_a_call_that_is_not_even_sent(held_up_by: str) -> None:
    """A call that sleeps does not sleep on."""
    async with Simulator() as omics:
        omics.script(faults.throttled(retry_after_ms=600_000))
        batch_id = omics.start_batch(1)
        client = omics.client(random=lambda: 1.0, max_rate=0.01 if held_up_by == "its turn" else None)
        async with client:
            call = asyncio.create_task(client.get_batch(batch_id))
            await _asked(omics)
        with pytest.raises(ClientClosedError):
            await asyncio.wait_for(call, 50)  # less than the delay, and than the 100 s of a turn


async def test_closing_in_the_moment_of_a_timeout_closes_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call whose time is just over cannot be ended earlier, and holds nothing up."""
    async with Simulator() as omics:
        omics.script(faults.unanswered())
        batch_id = omics.start_batch(1)
        client = omics.client()
        async with client:
            call = asyncio.create_task(client.get_batch(batch_id, timeout=60))
            await _asked(omics)
            (bound,) = client._opened().caller._under_way
            bound.reschedule(0)
            while not bound.expired():  # noqa: ASYNC110 - the very turn of the loop in which it fires
                await asyncio.sleep(0)
            await client.close()
        with pytest.raises((ClientClosedError, AttemptTimeoutError)):
            await call


async def test_a_close_that_is_cancelled_closes_the_connections() -> None:
    """Ctrl-C in the middle of a shutdown leaves nothing open."""
    async with Simulator() as omics:
        omics.script(faults.unanswered())
        client = omics.client()
        await client.__aenter__()
        wait = asyncio.create_task(client.wait_until_processed(omics.start_batch(1)))
        await _asked(omics)
        transport = client._opened().caller.transport
        closing = asyncio.create_task(client.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        with pytest.raises(ClientClosedError):
            await wait
        assert isinstance(transport, Transport)
        assert transport._exits == []


async def test_what_was_begun_before_the_close_and_is_used_after_it_says_so(omics: Simulator) -> None:
    """A watch that was not iterated yet, and a call at the last moment."""
    client = omics.client()
    async with client:
        batches = client.watch("7")
        caller = client._opened().caller
    with pytest.raises(ClientClosedError):
        await anext(batches)
    with pytest.raises(ClientClosedError):
        await caller.call("get_batch", {}, lambda response: response, batch_id=None, within=None)
    assert not [task for task in asyncio.all_tasks() if task.get_name().startswith("omics_batch")]


async def test_a_last_look_has_real_seconds_on_every_clock() -> None:
    """On a clock a hundred thousand times as fast, 5 s are nothing; a socket takes as long as ever."""
    async with Simulator(time_scale=100_000.0, life=Life(creating=0, pending=0)) as omics:
        batch_id = omics.put_batch({"id": "7", "status": "PROCESSED"})
        async with omics.client() as client:
            assert (await client.wait_until_processed(batch_id, timeout=0)).is_processed


async def test_cancelling_a_call_leaves_the_client_usable() -> None:
    """CancelledError passes through; the next call answers."""
    async with Simulator() as omics:
        omics.script(faults.unanswered())
        batch_id = omics.start_batch(1)
        async with omics.client() as client:
            call = asyncio.create_task(client.get_batch(batch_id))
            await _asked(omics)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert (await client.get_batch(batch_id)).id == batch_id


async def test_an_arn_of_another_region_is_refused_before_anything_is_sent(omics: Simulator) -> None:
    """The client's region is the one it was made for."""
    async with omics.client() as client:
        with pytest.raises(InvalidInputError, match="'eu-west-1'.* this client uses us-west-2"):
            await client.get_batch("arn:aws:omics:eu-west-1:123456789012:runBatch/7")
    assert not omics.requests


async def test_the_service_may_refuse_what_the_client_lets_pass(omics: Simulator) -> None:
    """A ValidationException is ours, not pydantic's."""
    omics.script(faults.error("ValidationException", 400, "no\x1b[2J good"))
    async with omics.client() as client:
        with pytest.raises(ValidationError, match=r"no \[2J good"):
            await client.get_batch("7")


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1:8080",
        "http://example.com",
        "http://localhost.example.com",
        "https://user:secret@example.com",
        "https://example.com/?x=1",
        "https://example.com/#x",
        "https://example.com?",
        5,
        "ftp://127.0.0.1",
        "127.0.0.1:80",
        "http://127.0.0.1:99999",
    ],
)
async def test_an_endpoint_that_leaks_is_refused(url: str) -> None:
    """Plain http leaves the machine only on request, and a URL holds no secrets."""
    with pytest.raises(InvalidInputError, match="endpoint") as caught:
        async with OmicsBatchClient(region_name="us-west-2", endpoint_url=url, session=_session()):
            pass
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://127.9.9.9", "http://[::1]:1", "http://localhost:1"])
async def test_plain_http_to_this_machine_is_fine(url: str) -> None:
    """The local HealthOmics has no certificate."""
    async with OmicsBatchClient(region_name="us-west-2", endpoint_url=url, session=_session()) as client:
        assert client.aws.meta.endpoint_url == url


async def test_plain_http_elsewhere_needs_a_word() -> None:
    """`allow_http=True` is that word."""
    url = "http://gateway.internal"
    async with OmicsBatchClient(
        region_name="us-west-2", endpoint_url=url, session=_session(), allow_http=True
    ) as client:
        assert client.aws.meta.endpoint_url == url


async def test_the_endpoint_of_the_environment_is_used_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_ENDPOINT_URL_OMICS works as everywhere, and leaks as little."""
    async with Simulator() as omics:
        monkeypatch.setenv("AWS_ENDPOINT_URL_OMICS", omics.endpoint_url)
        batch_id = omics.start_batch(1)
        async with OmicsBatchClient(region_name="us-west-2", session=_session()) as client:
            assert (await client.get_batch(batch_id)).id == batch_id
    settings = r" \(AWS_ENDPOINT_URL_OMICS, AWS_ENDPOINT_URL, or the profile's endpoint_url\)"
    for url, wrong in (
        ("http://example.com", rf"plain http.*can read the session token{settings}\. Use https"),
        ("https://example.com/?q=1", f"no user, password, query or fragment{settings}$"),
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL_OMICS", url)
        with pytest.raises(InvalidInputError, match=wrong):
            async with OmicsBatchClient(region_name="us-west-2", session=_session()):
                pass


async def test_the_regions_own_endpoint_keeps_its_host_prefix() -> None:
    """The service answers run batches under workflows-omics; a custom endpoint has no such host."""
    async with OmicsBatchClient(region_name="us-west-2", session=_session()) as client:
        assert client.aws.meta.endpoint_url == "https://omics.us-west-2.amazonaws.com"
        assert client.aws.meta.config.inject_host_prefix


async def test_region_and_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS_DEFAULT_REGION, AWS_ACCESS_KEY_ID and the rest work as everywhere."""
    async with Simulator(region_name="eu-west-1") as omics:
        batch_id = omics.start_batch(1)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", omics.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", omics.secret_key)
        async with OmicsBatchClient(endpoint_url=omics.endpoint_url) as client:
            batch = await client.get_batch(batch_id)
    assert batch.arn == f"arn:aws:omics:eu-west-1:123456789012:runBatch/{batch_id}"


async def test_a_profile_of_the_configuration_files_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """`profile_name` is what it is in boto3."""
    config = tmp_path / "config"
    config.write_text(_profile("eu-west-1"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    async with Simulator(region_name="eu-west-1") as omics:
        batch_id = omics.start_batch(1)
        async with OmicsBatchClient(profile_name="lab", endpoint_url=omics.endpoint_url) as client:
            assert (await client.get_batch(batch_id)).id == batch_id


def test_a_client_belongs_to_its_loop() -> None:
    """On another one it would wait for ever for its own."""
    client = OmicsBatchClient(region_name="us-west-2", session=_session())
    first = asyncio.new_event_loop()
    try:
        first.run_until_complete(client.__aenter__())
        with pytest.raises(InvalidInputError, match="belongs to another event loop: make one client for each"):
            asyncio.run(client.get_batch("7123456"))
        assert client.retry_quota == 500
        first.run_until_complete(client.close())
    finally:
        first.close()


async def test_no_region_is_said_so() -> None:
    """Nothing is guessed."""
    with pytest.raises(InvalidInputError, match="AWS_DEFAULT_REGION"):
        async with OmicsBatchClient(session=_session()):
            pass


async def test_an_empty_region_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that a script left empty would sign for nowhere, where the endpoint is given."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "")
    with pytest.raises(InvalidInputError, match="no AWS region"):
        async with OmicsBatchClient(endpoint_url="http://127.0.0.1:1", session=_session()):
            pass


async def test_certificates_that_are_not_there_are_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait would take them for an outage, and bear with that for an hour."""
    monkeypatch.setenv("AWS_CA_BUNDLE", NO_FILE)
    with pytest.raises(InvalidInputError, match=rf"there is no file of certificates {NO_FILE} \(AWS_CA_BUNDLE"):
        async with OmicsBatchClient(region_name="us-west-2", session=_session()):
            pass


@pytest.mark.skipif(not hasattr(AIOHTTPSession, "_build_ssl_contexts"), reason="older releases share nothing")
async def test_clients_share_the_certificates_of_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of the one that comes with botocore, and of another; a file that has changed is read again."""
    read: list[object] = []
    sessions: Any = AIOHTTPSession
    build: Callable[[Any, str | None], object] = sessions._build_ssl_contexts

    def build_and_note(session: Any, proxy_url: str | None) -> object:
        read.append(session._verify)
        return build(session, proxy_url)

    async def open_two() -> None:
        for _ in range(2):
            async with OmicsBatchClient(region_name="us-west-2", session=_session()):
                pass

    monkeypatch.setattr(sessions, "_build_ssl_contexts", build_and_note)
    http_session._shared_context.cache_clear()
    await open_two()
    assert read == [True]
    of_botocore, path = get_cert_path(verify=True), tmp_path / "ca.pem"
    assert of_botocore
    shutil.copy(of_botocore, path)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(path))
    await open_two()
    assert read == [True, str(path)]
    os.utime(path, (0, 0))
    await open_two()
    assert read == [True, str(path), str(path)]
    path.write_text("")
    with pytest.raises(InvalidInputError, match="holds no certificates"):
        await open_two()


async def test_plain_http_needs_no_certificates(omics: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", NO_FILE)
    async with OmicsBatchClient(region_name="us-west-2", endpoint_url=omics.endpoint_url, session=_session()) as client:
        batch_id = omics.start_batch(1)
        assert (await client.get_batch(batch_id)).id == batch_id


async def test_a_profile_that_does_not_exist_is_said_so() -> None:
    """A typo is found before anything is sent."""
    with pytest.raises(InvalidInputError, match="nobody"):
        async with OmicsBatchClient(region_name="us-west-2", profile_name="nobody"):
            pass


@pytest.mark.parametrize("make", [OmicsBatchClient, BlockingClient])
def test_settings_of_a_wrong_type_are_refused_all_at_once(make: Any) -> None:
    """`allow_http="false"`, as a variable of the environment has it, would be true."""
    with pytest.raises(InvalidInputError) as caught:
        make(region_name=b"us-west-2", allow_http="false", retry=5, poll=None, clock=5)
    assert str(caught.value) == (
        "region_name has to be a text or None, not b'us-west-2'; allow_http has to be True or False, not 'false'; "
        "retry has to be a RetryPolicy or None, not 5; poll has to be a PollPolicy, not None; "
        "clock has to have the methods now and sleep, as Clock says; 5 has not"
    )


async def test_settings_that_botocore_refuses_are_said_so() -> None:
    """A region that is no label of a host, in botocore's own words."""
    with pytest.raises(InvalidInputError, match="no client can be made of these settings.*InvalidRegionError"):
        async with OmicsBatchClient(region_name="-us-west-2", session=_session()):
            pass


@pytest.mark.parametrize("region", ["us west 2", "us-west-2\n", "us-west-2 # mine", "'us-west-2'"])
async def test_a_region_that_is_no_name_is_said_so(region: str) -> None:
    with pytest.raises(InvalidInputError, match="is no name of a region, such as us-west-2$") as caught:
        async with OmicsBatchClient(region_name=region, session=_session()):
            pass
    assert caught.value.fault is Party.CALLER


async def test_a_malformed_endpoint_of_the_environment_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without what it holds, which may be a password."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_OMICS", "http://user:hunter2@exa mple")
    with pytest.raises(InvalidInputError, match="endpoint") as caught:
        async with OmicsBatchClient(region_name="us-west-2", session=_session()):
            pass
    assert "hunter2" not in repr(caught.value)


async def test_a_session_brings_its_own_profile() -> None:
    """Two answers to one question are refused."""
    with pytest.raises(InvalidInputError, match="session or profile_name"):
        OmicsBatchClient(session=_session(), profile_name="lab")


async def test_partial_credentials_are_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key without its secret is a mistake of the configuration."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    with pytest.raises(CredentialsError, match="missing: AWS_SECRET_ACCESS_KEY. Set AWS_ACCESS_KEY_ID"):
        async with OmicsBatchClient(region_name="us-west-2"):
            pass


async def test_no_credentials_are_said_so_and_nothing_is_sent(omics: Simulator) -> None:
    """The request is never sent unsigned."""
    async with OmicsBatchClient(region_name="us-west-2", endpoint_url=omics.endpoint_url) as client:
        with pytest.raises(CredentialsError, match="no credentials were found.*Log in") as caught:
            await client.get_batch("7")
    assert (caught.value.attempts, omics.requests) == (1, ())


@pytest.mark.parametrize("rate", [0, -1, "10", True, float("nan"), float("inf")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    """`None` is the word for no limit."""
    with pytest.raises(InvalidInputError, match="max_rate"):
        OmicsBatchClient(max_rate=rate)


def _session() -> AioSession:
    session = AioSession()
    session.set_credentials(Simulator.access_key, Simulator.secret_key)
    return session


async def test_nonsense_in_botocores_retry_settings_changes_nothing_either(
    omics: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings that are not used are not complained about."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "several")
    monkeypatch.setenv("AWS_RETRY_MODE", "often")
    async with omics.client(session=_session()) as client:
        assert (await client.get_batch(omics.start_batch(1))).arn


@pytest.mark.parametrize(
    ("process", "says"),
    [
        ("false", "ended with exit code 1"),
        ("sh -c 'echo aws_secret_access_key=SECRET >&2; exit 3'", "ended with exit code 3"),
        ("sh -c 'kill $$'", "was ended by signal 15"),
        ("echo nonsense-SECRET", "did not print a JSON document"),
        ("""echo '["SECRET"]'""", "did not print a JSON document"),
        ("""echo '{"Version": 1, "AccessKeyId": "SECRET"}'""", "Missing required key"),
        ("""echo '{"Version": 2}'""", "Unsupported version"),
        ("no-such-program-anywhere", "cannot be started: No such file"),
        ("echo 'SECRET", "it cannot be used .ValueError."),
    ],
)
async def test_a_credential_process_that_fails_is_said_so(
    process: str, says: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever a process does is a CredentialsError that names it, without what the process printed."""
    config = tmp_path / "config"
    config.write_text(f"[profile lab]\nregion = us-west-2\ncredential_process = {process}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    with pytest.raises(CredentialsError, match=f"^credential_process of profile lab.*{says}") as caught:
        async with OmicsBatchClient(profile_name="lab", retry=RetryPolicy(attempt_timeout=30)):
            pass
    assert "SECRET" not in repr(caught.value)


async def test_a_mistyped_line_of_the_credentials_file_is_not_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The parser's own error holds the line; ours has no way back to it."""
    credentials = tmp_path / "credentials"
    credentials.write_text("[default]\naws_secret_access_key SECRET\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
    with pytest.raises(InvalidInputError) as caught:
        async with OmicsBatchClient(region_name="us-west-2"):
            pass
    assert (caught.value.__context__, caught.value.__cause__) == (None, None)


async def test_credentials_of_a_callers_own_session_are_not_looked_for_again(omics: Simulator) -> None:
    """It refreshes them as it does; a new client would find the same."""
    omics.script(faults.answered(), faults.expired_token())
    batch_id = omics.start_batch(2, life=LONG)
    async with omics.client() as client:
        ending = asyncio.create_task(_end_once_asked(omics, 3))
        before = client.aws
        await client.wait_until_processed(batch_id, poll=PATIENT)
        await ending
        assert client.aws is before


async def test_a_source_of_credentials_that_hangs_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening the client has a limit too: that of an attempt."""

    async def hang() -> None:
        await asyncio.get_running_loop().create_future()

    session = _session()
    monkeypatch.setattr(session, "get_credentials", hang)
    with pytest.raises(CredentialsError, match="no answer within 0.1 s"):
        async with OmicsBatchClient(region_name="us-west-2", session=session, retry=RetryPolicy(attempt_timeout=0.1)):
            pass


async def test_new_credentials_are_found_in_the_middle_of_a_wait(
    omics: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Who renews the file while a wait runs finds the wait going on with it, at once."""
    config = tmp_path / "config"
    config.write_text(_profile(token="OLD"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    omics.script(faults.answered(), faults.expired_token())
    batch_id = omics.start_batch(2, life=LONG)
    async with OmicsBatchClient(profile_name="lab", endpoint_url=omics.endpoint_url, clock=omics.clock) as client:
        ending = asyncio.create_task(_end_once_asked(omics, 3))
        old = client.aws
        async for _ in client.watch(batch_id):
            config.write_text(_profile(token="NEW"))
        new = client.aws
        await ending
    assert [await _token(aws) for aws in (old, new)] == ["OLD", "NEW"]


async def test_new_credentials_may_take_long_to_be_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Here 14 hours of the clock, on which silence may last for one: then there is time for an answer to them."""
    config = tmp_path / "config"
    config.write_text(_profile())
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))

    async with Simulator(time_scale=1_000_000, life=Life(run_length=1e9)) as omics:

        def hold_up(event: Event) -> None:
            if isinstance(event, CredentialsRejected):
                omics.advance(hours=14)

        omics.script(faults.answered(), faults.expired_token())
        async with OmicsBatchClient(
            profile_name="lab", endpoint_url=omics.endpoint_url, clock=omics.clock, on_event=hold_up
        ) as client:
            ending = asyncio.create_task(_end_once_asked(omics, 3, days=20_000))
            assert (await client.wait_until_processed(omics.start_batch(2))).is_processed
            await ending


async def test_a_profile_that_vanishes_in_the_middle_of_a_wait_is_an_outage(
    omics: Simulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Credentials that are not to be found again are looked for again after the next success, not at every look."""
    config = tmp_path / "config"
    config.write_text(_profile())
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    omics.script(faults.answered(), faults.expired_token(), faults.expired_token())
    batch_id = omics.start_batch(2, life=LONG)
    async with OmicsBatchClient(
        profile_name="lab", endpoint_url=omics.endpoint_url, clock=omics.clock, max_rate=None
    ) as client:
        ending = asyncio.create_task(_end_once_asked(omics, 4))
        await client.wait_until_processed(batch_id, poll=PATIENT, on_update=lambda _: config.unlink(missing_ok=True))
        await ending
    assert [record.getMessage() for record in caplog.records if "no new credentials" in record.getMessage()] == [
        (
            "no new credentials: The config profile (lab) could not be found. "
            "Check profile_name, AWS_PROFILE and the AWS configuration files."
        )
    ]


def _profile(region_name: str = "us-west-2", **more: str) -> str:
    """A profile of the configuration files, named lab, with the local service's credentials."""
    lines = {
        "region": region_name,
        "aws_access_key_id": Simulator.access_key,
        "aws_secret_access_key": Simulator.secret_key,
        **{f"aws_session_{name}": value for name, value in more.items()},
    }
    return "[profile lab]\n" + "".join(f"{name} = {value}\n" for name, value in lines.items())


async def _end_once_asked(omics: Simulator, times: int, days: float = 1) -> None:
    """Let a batch go on until it was asked for so often, however slow the machine is."""
    await asked(omics, times=times)
    omics.advance(days=days)


async def _token(aws: Any) -> str:
    """The session token that a client sends along."""
    credentials = await aws._request_signer._credentials.get_frozen_credentials()
    return str(credentials.token)


async def _asked(omics: Simulator) -> None:
    """Come back once the service has a request."""
    while not omics.requests:  # noqa: ASYNC110 - the simulator has no event for it, and the loop's turn is short
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("policy", "setting"),
    [
        (RetryPolicy, "max_attempts"),
        (RetryPolicy, "quota"),
        (RetryPolicy, "base"),
        (PollPolicy, "factor"),
        (PollPolicy, "jitter"),
        (PollPolicy, "initial"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_setting_that_is_no_number_is_refused_as_such(policy: type[Any], setting: str) -> None:
    """A number read from a file as text is a mistake of the caller's, not a TypeError of ours."""
    with pytest.raises(InvalidInputError, match=f"{setting}.*'3'"):
        policy(**{setting: "3"})
