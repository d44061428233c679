"""No secret of the caller's is in anything this package writes: errors, causes, representations, pickles, logs."""

from __future__ import annotations

import asyncio
import logging
import pickle
import traceback
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from aiobotocore.session import AioSession
from botocore.exceptions import ConnectionClosedError

from omics_batch import ConnectionFailedError, OmicsBatchClient, OmicsBatchError, PollPolicy, RetryPolicy
from omics_batch.testing import Fault, Life, Simulator, faults

if TYPE_CHECKING:
    from pathlib import Path

# The one pair that the local service takes, and a token.
KEY, SECRET, TOKEN = Simulator.access_key, Simulator.secret_key, "CANARYTOKEN/ghi+jkl"

ONCE = RetryPolicy(max_attempts=1)
POLICY = RetryPolicy(max_attempts=2, base=0.001, throttling_base=0.001, attempt_timeout=0.2)

FAULTS = [
    faults.reset(times=2),
    faults.closed(times=2),
    faults.truncated(times=2),
    faults.not_http(times=2),
    faults.unanswered(times=2),
    faults.stalled(times=2),
    faults.dripped(0.1, times=2),
    faults.html(times=2),
    faults.html(404, times=2),
    faults.huge(2 * 1024 * 1024, times=2),
    faults.redirected(307, "http://127.0.0.1:9/"),
    faults.expired_token(),
    faults.skewed_clock(),
    faults.throttled(times=2),
    faults.status(500, times=2),
    faults.wrong_batch(times=2),
    faults.status(403),
]


def strings_in(thing: Any, seen: dict[int, object]) -> Iterator[str]:
    """Every text that can be reached from an object: arguments, attributes, items, causes, contexts.

    What was seen is kept, since another object could get the id of one that is gone, and would not be looked at.
    """
    if id(thing) in seen:
        return
    seen[id(thing)] = thing
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, bytes | bytearray):
        yield thing.decode("latin-1")
    else:
        for part in parts_of(thing):
            yield from strings_in(part, seen)


def parts_of(thing: Any) -> list[Any]:
    if isinstance(thing, Mapping):
        return [*thing.keys(), *thing.values()]
    if isinstance(thing, list | tuple | set | frozenset):
        return list(cast("list[Any]", thing))
    if callable(thing):
        return []
    slots = [getattr(thing, name, None) for name in getattr(thing, "__slots__", ())]
    chained = [str(thing), thing.args, thing.__cause__, thing.__context__] if isinstance(thing, BaseException) else []
    return [repr(thing), getattr(thing, "__dict__", {}), *slots, *chained]


def assert_clean(*things: object) -> None:
    for text in strings_in(things, {}):
        for canary in (KEY, SECRET, TOKEN):
            assert canary not in text


def test_the_search_finds_what_it_is_meant_to_find() -> None:
    """A canary in a header of a request in the context of a cause is found."""

    class Request:
        def __init__(self) -> None:
            self.headers = {"X-Amz-Security-Token": TOKEN}

    error = ValueError("no")
    error.__cause__ = KeyError("k")
    error.__cause__.__context__ = LookupError(Request())
    with pytest.raises(AssertionError):
        assert_clean(error)


def session() -> AioSession:
    made = AioSession()
    made.set_credentials(KEY, SECRET, TOKEN)
    return made


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: repr(fault.plan)[:60])
async def test_no_error_of_a_call_holds_a_secret(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong with a signed request, what is raised is rid of the request."""
    async with Simulator() as omics:
        omics.script(fault)
        batch_id = omics.start_batch(1)
        with caplog.at_level(logging.DEBUG, logger="omics_batch"):
            async with omics.client(session=session(), retry=POLICY, max_rate=None) as client:
                with pytest.raises(OmicsBatchError) as caught:
                    await client.get_batch(batch_id)
                assert_clean(repr(client))
        omics.forget_script()
    assert_clean(caught.value, pickle.dumps(caught.value), repr(caught.value), _logged(caplog))


async def test_the_cause_is_kept_without_the_request() -> None:
    """What botocore raised is there to read: its kind and its words, no more."""
    async with Simulator() as omics:
        omics.script(faults.closed())
        async with omics.client(session=session(), retry=ONCE) as client:
            with pytest.raises(ConnectionFailedError) as caught:
                await client.get_batch("7")
    cause = caught.value.__cause__
    assert isinstance(cause, ConnectionClosedError)
    assert "Connection was closed" in str(cause)
    assert (vars(cause)["request"], cause.__context__, cause.__traceback__) == (None, None, None)


async def test_no_error_of_a_wait_holds_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Nor what a wait survived, nor what it logs of that."""
    async with Simulator(time_scale=100.0) as omics:
        omics.script(faults.answered(), *FAULTS)
        batch_id = omics.start_batch(1, life=Life(run_length=1e6))
        poll = PollPolicy(initial=0.01, maximum=0.01)
        with caplog.at_level(logging.DEBUG, logger="omics_batch"):
            async with omics.client(session=session(), retry=POLICY, max_rate=None, poll=poll) as client:
                with pytest.raises(OmicsBatchError) as caught:
                    await client.wait_until_processed(batch_id)
    assert_clean(caught.value, pickle.dumps(caught.value), _logged(caplog))


@pytest.mark.parametrize("source", ["environment", "profile"])
async def test_no_secret_of_any_source_is_reported(
    source: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Environment and profile hold what a session holds."""
    if source == "environment":
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
        monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    else:
        config = tmp_path / "config"
        config.write_text(
            f"[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\naws_session_token = {TOKEN}\n"
        )
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    async with Simulator() as omics:
        omics.script(faults.closed(times=2))
        with caplog.at_level(logging.DEBUG, logger="omics_batch"):
            async with OmicsBatchClient(
                region_name="us-west-2", endpoint_url=omics.endpoint_url, retry=replace(POLICY, attempt_timeout=30.0)
            ) as client:
                with pytest.raises(OmicsBatchError) as caught:
                    await client.get_batch("7")
    assert_clean(caught.value, pickle.dumps(caught.value), _logged(caplog), repr(client))


@pytest.mark.parametrize(
    "answer", [b"garbage\r\n\r\n", b"HTTP/1.1 407 Who?\r\n\r\n", b""], ids=["garbage", "407", "nothing"]
)
async def test_no_password_of_a_proxy_is_reported_and_the_proxy_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, answer: bytes
) -> None:
    async with serving_bytes(answer) as port:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:hunter2@127.0.0.1:{port}")
        with caplog.at_level(logging.DEBUG, logger="omics_batch"):
            async with OmicsBatchClient(region_name="us-west-2", session=session(), retry=POLICY) as client:
                with pytest.raises(
                    ConnectionFailedError, match=f"the connection failed through the proxy 127.0.0.1:{port}"
                ) as caught:
                    await client.get_batch("7")
    reported = [repr(caught.value), *strings_in([caught.value, caught.value.__cause__, _logged(caplog)], {})]
    assert [text for text in reported if "hunter2" in text] == []


async def test_no_password_of_another_endpoint_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """STS's, where the web identity of a pod is exchanged for credentials."""
    (tmp_path / "token").write_text("token")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/R")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "https://user:hunter2@127.0.0.1:9/?q=hunter2")
    with pytest.raises(
        OmicsBatchError, match=r"Could not connect to the endpoint URL: .https://127.0.0.1:9/"
    ) as caught:
        async with OmicsBatchClient(region_name="us-west-2", endpoint_url="http://127.0.0.1:9") as client:
            await client.get_batch("7", timeout=20)
    assert "hunter2" not in "".join(traceback.format_exception(caught.value))


@asynccontextmanager
async def serving_bytes(answer: bytes) -> AsyncGenerator[int]:
    """Listen on a port of this machine, and answer whoever connects with these bytes."""

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(respond, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def _logged(caplog: pytest.LogCaptureFixture) -> list[Any]:
    ours = [record for record in caplog.records if record.name == "omics_batch"]
    return [(record.getMessage(), record.args, record.exc_info) for record in ours]
