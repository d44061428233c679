"""The package that knows aiobotocore: what it depends on, what it checks, and how it reports unknown exceptions."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.parsers import AioResponseParserFactory
from aiobotocore.session import AioSession
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    HTTPClientError,
    NoCredentialsError,
    ParamValidationError,
)
from botocore.handlers import BUILTIN_HANDLERS

from omics_batch import (
    ConnectionFailedError,
    InvalidInputError,
    OmicsBatchClient,
    RedirectRefusedError,
    ResourceNotFoundError,
    RetryPolicy,
    SystemClock,
)
from omics_batch._transport import client_factory
from omics_batch._transport.attempt import CURRENT, Attempt
from omics_batch._transport.exceptions import failure_of
from omics_batch._transport.failure import FailureStage
from omics_batch._transport.http_session import OneRequestSession
from omics_batch._transport.parsers import Parsers
from omics_batch._transport.request import Transport
from omics_batch._transport.session import own_session, static_session
from omics_batch.testing import Simulator, faults

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from pathlib import Path


async def test_aiohttp_can_still_be_reported_not_to_resend() -> None:
    """The switch is there.

    Should this fail: aiohttp renamed it; find how a ClientSession is kept from resending a GET by itself
    (`_retry_connection` in aiohttp/client.py until now), and set that in OneRequestSession._get_session.
    """
    async with aiohttp.ClientSession() as session:
        assert session._retry_connection is True


def test_aiobotocore_still_makes_its_sessions_where_they_are_changed() -> None:
    """The method is there.

    Should this fail: aiobotocore renamed what makes or finds the aiohttp session of a proxy; override its
    successor in OneRequestSession, or redirects are followed with the session token in hand.
    """
    assert inspect.iscoroutinefunction(getattr(AIOHTTPSession, "_get_session", None))
    assert list(inspect.signature(AIOHTTPSession._get_session).parameters) == ["self", "proxy_url"]  # type: ignore[attr-defined]  # no public way
    assert list(inspect.signature(OneRequestSession._get_session).parameters) == ["self", "proxy_url"]


async def test_a_client_still_has_its_http_session_where_it_is_looked_for() -> None:
    """The client shows which HTTP session it uses.

    Should this fail: botocore renamed `_endpoint`; find out again in _assert_one_request which session a client
    ended up with, since aiobotocore before 3.9 drops ours for sessions with a default config.
    """
    async with Simulator() as omics, omics.client() as client:
        aws: Any = client.aws
        assert isinstance(aws._endpoint.http_session, OneRequestSession)


async def test_aiohttp_resends_nothing_by_itself() -> None:
    """One session serves all requests, and its switch is off."""
    async with Simulator() as omics, omics.client() as client:
        batch_id = omics.start_batch(1)
        for _ in range(3):
            await client.get_batch(batch_id)
        endpoint: Any = client.aws
        (session,) = endpoint._endpoint.http_session._sessions.values()
        assert session._retry_connection is False


async def test_a_session_of_the_callers_own_stays_as_it_is() -> None:
    """What makes our sessions cheap is not forced upon others."""
    session = AioSession()
    session.set_credentials(Simulator.access_key, Simulator.secret_key)
    names = ("data_loader", "user_agent_creator", "response_parser_factory")
    before = [session.get_component(name) for name in names]
    async with Simulator() as omics, omics.client(session=session) as client:
        assert (await client.get_batch(omics.start_batch(1))).arn
        assert [session.get_component(name) for name in names] == before


async def test_an_answer_that_was_taken_is_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Handlers of the caller's own are reported what has arrived, and no error is lost."""
    create_parser = AioResponseParserFactory.create_parser
    protocols: list[str] = []

    def count(factory: AioResponseParserFactory, protocol_name: str) -> object:
        protocols.append(protocol_name)
        return create_parser(factory, protocol_name)

    async with Simulator() as omics, omics.client() as client:
        monkeypatch.setattr(AioResponseParserFactory, "create_parser", count)
        parsed_ones: list[Any] = []

        def note(parsed: object, **_: object) -> None:
            parsed_ones.append(parsed)

        client.aws.meta.events.register("after-call.omics.GetBatch", note)
        await client.get_batch(omics.start_batch(1))
        assert protocols == []
        with pytest.raises(ResourceNotFoundError) as caught:
            await client.get_batch("404")
    assert protocols == ["rest-json"]
    (answer, error) = parsed_ones
    assert answer.keys() == {"ResponseMetadata"}
    metadata = answer["ResponseMetadata"]
    assert (metadata["HTTPStatusCode"], metadata["RetryAttempts"]) == (200, 0)
    assert metadata["RequestId"] == metadata["HTTPHeaders"]["x-amzn-requestid"]
    assert error["Error"]["Code"] == "ResourceNotFoundException"
    assert type(caught.value.__cause__).__name__ == "ResourceNotFoundException"


async def test_answers_that_are_not_ours_are_parsed() -> None:
    """Those of a service that hands out credentials come in the midst of a call, before its own answer."""
    answer: dict[str, Any] = {"status_code": 200, "headers": {}, "body": b'{"id": "7"}'}
    async with Simulator() as omics, omics.client() as client:
        shape = client.aws.meta.service_model.operation_model("GetBatch").output_shape
    token = CURRENT.set(Attempt())
    try:
        assert (await Parsers().create_parser("rest-json").parse(answer, shape))["id"] == "7"
    finally:
        CURRENT.reset(token)


async def test_every_retry_option_of_botocore_is_set() -> None:
    """Its default mode changed once already: a client that would retry by itself is refused at the start."""
    async with Simulator() as omics, omics.client() as client:
        config: Any = client.aws.meta.config
        assert config.retries == {"mode": "standard", "total_max_attempts": 1}


async def test_a_default_config_of_the_session_does_not_open_the_way_for_redirects() -> None:
    """Before 3.9 aiobotocore forgets the guard when it merges the two: then there is no client at all."""
    session = AioSession()
    session.set_credentials(Simulator.access_key, Simulator.secret_key)
    session.set_default_client_config(AioConfig(user_agent_extra="lab"))
    async with Simulator() as target, Simulator() as omics:
        omics.script(faults.redirected(307, f"{target.endpoint_url}/runBatch/7"))
        with pytest.raises((RedirectRefusedError, InvalidInputError), match="redirect"):
            async with omics.client(session=session) as client:
                await client.get_batch("7")
        assert target.connections == 0
        omics.forget_script()


async def test_an_http_session_that_is_not_ours_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever swapped it."""
    monkeypatch.setattr(client_factory, "_keep_the_host_of_a_custom_endpoint", _set_http_session)
    with pytest.raises(InvalidInputError, match="redirects"):
        async with OmicsBatchClient(region_name="us-west-2", session=static_session("A", "B")):
            pass


class Stranger:
    """An HTTP session of another kind, around the one that has to be closed."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


def _set_http_session(aws: Any) -> None:
    aws._endpoint.http_session = Stranger(aws._endpoint.http_session)


async def test_retries_that_botocore_keeps_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stacked layers multiply requests."""
    monkeypatch.setattr(client_factory, "_keep_the_host_of_a_custom_endpoint", _set_retries)
    with pytest.raises(InvalidInputError, match="requests would multiply"):
        async with OmicsBatchClient(region_name="us-west-2", session=static_session("A", "B")):
            pass


def _set_retries(aws: Any) -> None:
    aws.meta.config.retries = {"mode": "standard", "total_max_attempts": 4}


def test_a_transport_is_opened_first() -> None:
    """It has no client before."""
    make: Any = None
    transport = Transport(make, SystemClock(), is_renewable=True)
    with pytest.raises(RuntimeError, match="open the transport"):
        _ = transport.aws


@pytest.mark.parametrize(
    ("error", "sent", "stage", "says"),
    [
        (
            RuntimeError("the process printed SECRET"),
            False,
            FailureStage.CREDENTIALS,
            "it cannot be used (RuntimeError)",
        ),
        (NoCredentialsError(), False, FailureStage.CREDENTIALS, "no credentials were found"),
        (ConnectTimeoutError(endpoint_url="https://sts"), False, FailureStage.CREDENTIALS, "https://sts"),
        (ParamValidationError(report="batchId"), False, FailureStage.INVALID, "batchId"),
        (TimeoutError(), False, FailureStage.TIMEOUT, "within 3 s"),
        (RuntimeError("Session is closed"), True, FailureStage.CONNECTION, "the connection failed: RuntimeError"),
        (aiohttp.ClientPayloadError("cut"), True, FailureStage.CONNECTION, "ClientPayloadError: cut"),
        (HTTPClientError(error=ValueError("odd")), True, FailureStage.CONNECTION, "odd"),
        (
            ClientError({"Error": {"Code": "AccessDenied"}}, "AssumeRole"),
            False,
            FailureStage.CREDENTIALS,
            "calling the AssumeRole operation",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_what_was_raised_and_when_shows_the_failure(
    error: Exception,
    sent: bool,
    stage: FailureStage,
    says: str,
) -> None:
    """Before a request is sent, only its credentials can fail; a stranger's text is not repeated."""
    fault = failure_of(error, "GetBatch", Attempt(sent=sent), 3.0)
    assert fault.stage is stage
    assert says in fault.detail
    assert "SECRET" not in fault.detail


@pytest.mark.parametrize(
    ("date", "says"),
    [
        (timedelta(hours=1), "behind the service's"),
        (timedelta(0), None),
        ("the day before yesterday", None),
        ("Sat, 15 Mar 2025 10:00:00 -0000", None),
        ("", None),
    ],
    ids=["an hour off", "right", "unreadable", "without a zone", "none"],
)
def test_a_clock_that_is_off_is_named_where_the_service_shows_its_time(date: timedelta | str, says: str | None) -> None:
    """By the answer's Date, if that can be read."""
    if isinstance(date, timedelta):  # from now on: minutes may lie between a test's collection and its run
        date = format_datetime(datetime.now(UTC) + date, usegmt=True)
    attempt = Attempt(sent=True, status=403, headers={"x-amzn-errortype": "InvalidSignatureException", "date": date})
    fault = failure_of(ValueError(), "GetBatch", attempt, 3.0)
    assert (says or "clock") in fault.detail if says else "clock" not in fault.detail


async def test_a_bound_that_ends_after_the_answer_came_is_a_timeout() -> None:
    """Whatever was read by then."""
    fault = failure_of(TimeoutError(), "GetBatch", Attempt(sent=True, status=200), 3.0)
    assert fault.stage is FailureStage.TIMEOUT


async def test_the_local_service_needs_no_configuration_and_is_changed_by_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nonsense in every AWS variable, a broken configuration file, a proxy that is none: the demo runs all the same."""
    config = tmp_path / "config"
    config.write_text("[profile\nnonsense")
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_RETRY_MODE", "AWS_MAX_ATTEMPTS", "AWS_CA_BUNDLE"):
        monkeypatch.setenv(name, "nonsense")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://example.com")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with Simulator() as omics, omics.client() as client:
        assert (await client.get_batch(omics.start_batch(1))).arn


async def test_no_proxy_is_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy elsewhere cannot reach a loopback address of ours, and would be handed the request."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", Simulator.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", Simulator.secret_key)
    async with (
        Simulator() as omics,
        OmicsBatchClient(region_name="us-west-2", endpoint_url=omics.endpoint_url) as client,
    ):
        assert (await client.get_batch(omics.start_batch(1))).arn


@asynccontextmanager
async def proxy_that_refuses() -> AsyncGenerator[tuple[int, list[bytes]]]:
    """A proxy that asks for a password, and the first bytes of what it was sent."""
    sent: list[bytes] = []

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent.append(await reader.read(65536))
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], sent


async def test_what_is_meant_for_this_machine_goes_to_no_proxy_wherever_the_endpoint_is_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An endpoint of the environment is loopback, and so fit for plain http, only if no proxy sees the request."""
    async with Simulator() as omics, proxy_that_refuses() as (port, sent):
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("AWS_ENDPOINT_URL_OMICS", omics.endpoint_url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", Simulator.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", Simulator.secret_key)
        monkeypatch.setenv("AWS_SESSION_TOKEN", "token")
        async with OmicsBatchClient(region_name="us-west-2") as client:
            assert (await client.get_batch(omics.start_batch(1))).arn
    assert sent == []


async def test_the_password_of_a_proxy_is_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the error nor in its cause."""
    async with proxy_that_refuses() as (port, sent):
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter2@127.0.0.1:{port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", Simulator.access_key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", Simulator.secret_key)
        policy = RetryPolicy(max_attempts=1)
        async with OmicsBatchClient(region_name="us-west-2", retry=policy) as client:
            with pytest.raises(ConnectionFailedError) as caught:
                await client.get_batch("7")
    assert sent
    cause = caught.value.__cause__
    assert cause is not None
    assert "hunter2" not in f"{caught.value!r} {cause!r} {vars(cause)!r}"


async def test_one_former_client_is_kept_open_at_most() -> None:
    """A session whose credentials expire every hour does not hold a client more for each."""
    async with Simulator() as omics, omics.client() as client:
        transport = client._opened().caller.transport
        batch_id = omics.start_batch(1)
        for _ in range(5):
            await transport.open()
            await client.get_batch(batch_id)
        assert isinstance(transport, Transport)
        assert len(transport._exits) == 2


def test_a_session_of_our_own_has_the_handlers_of_any_other() -> None:
    """In the order in which botocore calls them, event by event; it copies them instead of registering each."""
    names = {event.replace("*", "omics") for event, *_ in BUILTIN_HANDLERS} | {"before-sign.omics.GetBatch"}
    ours, plain = ({name: _handlers(one, name) for name in names} for one in (own_session(), AioSession()))
    assert ours == plain
    assert sum(map(len, plain.values())) > len(names) / 2


def test_a_handler_added_to_those_of_botocore_is_one_of_the_next_session() -> None:
    """As moto adds its own when it is imported, which may be after the first client was made."""

    def note(**_: object) -> None: ...

    sessions = [own_session()]
    added = ("before-send", note)
    BUILTIN_HANDLERS.append(added)
    try:
        sessions.append(own_session())
    finally:
        BUILTIN_HANDLERS.remove(added)
    sessions.append(own_session())
    assert [note in _handlers(one, "before-send.omics.GetBatch") for one in sessions] == [False, True, False]


def _handlers(session: AioSession, event: str) -> list[object]:
    hooks: Any = session
    return list(hooks._original_handler._handlers.prefix_search(event))


async def test_what_is_registered_on_one_session_is_not_on_the_next() -> None:
    """Each has its copy."""
    recorded: list[str] = []

    def note(**_: object) -> None:
        recorded.append("signed")

    first, second = own_session(), own_session()
    first.register("before-sign.omics", note)
    for session, times in ((second, 0), (first, 1)):
        events: Any = session.get_component("event_emitter")
        await events.emit("before-sign.omics.GetBatch", request_signer=None)
        assert len(recorded) == times
