"""Configuration that can never work: refused when the client is opened, or at the first look, with its name."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiobotocore.session
import aiohttp
import boto3
import botocore
import botocore.session
import pytest
from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioRefreshableCredentials
from aiobotocore.session import AioSession

from omics_batch import (
    ConnectionFailedError,
    CredentialsError,
    InvalidInputError,
    OmicsBatchClient,
    Party,
    PollPolicy,
    RetryPolicy,
    WaitTimeoutError,
)
from omics_batch._transport.resolver import Resolver
from omics_batch._transport.session import static_session
from omics_batch.testing import Simulator, faults, local_client
from tests.events import until
from tests.machine import has_ipv6
from tests.sources import Program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


# The session


@pytest.mark.parametrize(
    ("session", "named"),
    [
        (boto3.Session(), r"boto3\.session\.Session"),
        (botocore.session.get_session(), r"botocore\.session\.Session"),
        (AioSession, r"the class aiobotocore\.session\.AioSession"),
        ("lab", r"builtins\.str"),
        (aiohttp, r"builtins\.module"),
        (aiobotocore.session.get_session, r"builtins\.function"),
        (
            static_session("A", "B").create_client("omics", region_name="us-west-2"),
            r"aiobotocore\.session\.ClientCreatorContext",
        ),
    ],
    ids=["boto3", "botocore", "class", "profile", "module", "function", "client"],
)
def test_what_is_no_session_of_aiobotocore_is_refused(session: Any, named: str) -> None:
    with pytest.raises(InvalidInputError, match=rf"session of aiobotocore.*, not .*{named}") as caught:
        OmicsBatchClient(session=session)
    assert caught.value.fault is Party.CALLER


@pytest.mark.parametrize(
    "session", [AioSession(), aiobotocore.session.get_session(), type("Mine", (AioSession,), {})()]
)
def test_every_session_of_aiobotocore_is_taken(session: AioSession) -> None:
    OmicsBatchClient(session=session)


# Keys and tokens

KEYS = {"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "SECRET"}


@pytest.mark.parametrize(
    ("variables", "wrong"),
    [
        ({"AWS_SESSION_TOKEN": "t\n"}, "AWS_SESSION_TOKEN holds a line break"),
        ({"AWS_SESSION_TOKEN": "t t"}, "AWS_SESSION_TOKEN holds a space"),
        ({"AWS_ACCESS_KEY_ID": "AKIA\r"}, "AWS_ACCESS_KEY_ID holds a carriage return"),
        ({"AWS_ACCESS_KEY_ID": " AKIA"}, "AWS_ACCESS_KEY_ID holds a space"),
        ({"AWS_SECRET_ACCESS_KEY": "SECRET "}, "AWS_SECRET_ACCESS_KEY holds a space"),
        ({"AWS_SECRET_ACCESS_KEY": "SECRE\u0422"}, "AWS_SECRET_ACCESS_KEY holds a character that is not ASCII"),
        ({"AWS_SECRET_ACCESS_KEY": "SECRET\x1b"}, "AWS_SECRET_ACCESS_KEY holds a control character"),
    ],
)
async def test_keys_of_the_environment_that_can_never_work_are_refused(
    monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str], wrong: str
) -> None:
    for name, value in {**KEYS, **variables}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(CredentialsError, match=wrong) as caught:
        async with OmicsBatchClient(region_name="us-west-2"):
            pass
    assert "SECRE" not in str(caught.value).replace("AWS_SECRET_ACCESS_KEY", "")


async def test_keys_of_a_profile_and_of_a_callers_session_are_held_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    (tmp_path / "config").write_text("[profile lab]\naws_access_key_id = A KIA\naws_secret_access_key = SECRET\n")
    with pytest.raises(CredentialsError, match=r"profile lab of .*config: aws_access_key_id holds a space"):
        async with OmicsBatchClient(region_name="us-west-2", profile_name="lab"):
            pass
    session = AioSession()
    session.set_credentials("AKIA", "SECRET", "token\n")
    with pytest.raises(CredentialsError, match="session token holds a line break"):
        async with OmicsBatchClient(region_name="us-west-2", session=session):
            pass


async def test_keys_that_a_process_prints_are_held_to_the_same(
    omics: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that it prints first, and those that it prints later."""
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    program = Program(tmp_path)
    (tmp_path / "config").write_text(f"[profile lab]\ncredential_process = {program.path}\n")

    def break_lines() -> None:
        file = tmp_path / "credentials.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), "SessionToken": "token\n"}))

    client = OmicsBatchClient(region_name="us-west-2", profile_name="lab", endpoint_url=omics.endpoint_url)
    program.expire_in(30)
    async with client:
        break_lines()
        with pytest.raises(CredentialsError, match="process of profile lab: session token holds a line break"):
            await client.get_batch("7123456")
    with pytest.raises(CredentialsError, match="process of profile lab: session token holds a line break"):
        async with OmicsBatchClient(region_name="us-west-2", profile_name="lab"):
            pass


@pytest.mark.parametrize(
    ("keys", "wrong"),
    [(("AKIA", "SECRET", "t\r"), "session token holds a carriage return"), (("A\nB", "S", "t"), "access key ID holds")],
)
async def test_keys_that_a_callers_session_finds_later_do_not_pass_for_a_network_that_fails(
    omics: Simulator, keys: tuple[str, str, str], wrong: str
) -> None:
    expires = datetime.now(UTC) + timedelta(hours=9)
    session = AioSession()
    vars(session)["_credentials"] = AioRefreshableCredentials(*keys, expires, dict, "explicit")
    async with OmicsBatchClient(region_name="us-west-2", session=session, endpoint_url=omics.endpoint_url) as client:
        with pytest.raises(CredentialsError, match=wrong):
            await client.get_batch("7123456")
    assert not omics.requests


# The endpoint


@pytest.mark.parametrize("host", ["omics.lab.internal", "omics-fips.lab.internal", "omics", "gateway.lab.internal"])
@pytest.mark.parametrize("by", ["argument", "environment"])
async def test_a_request_goes_to_the_host_that_is_named_and_to_no_other(
    monkeypatch: pytest.MonkeyPatch, host: str, by: str
) -> None:
    asked: list[str] = []

    def find(name: str, port: int, *_: object, **__: object) -> list[Any]:
        asked.append(name)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    async with Simulator(host="0.0.0.0") as omics:  # noqa: S104 - or it would refuse another name
        monkeypatch.setattr(socket, "getaddrinfo", find)
        url: str | None = f"http://{host}:{urlsplit(omics.endpoint_url).port}"
        if by == "environment":
            monkeypatch.setenv("AWS_ENDPOINT_URL_OMICS", str(url))
            url = None
        session = static_session(omics.access_key, omics.secret_key) if by == "argument" else None
        for name, value in {"AWS_ACCESS_KEY_ID": omics.access_key, "AWS_SECRET_ACCESS_KEY": omics.secret_key}.items():
            monkeypatch.setenv(name, value)
        async with OmicsBatchClient(
            region_name="us-west-2", endpoint_url=url, allow_http=True, session=session
        ) as client:
            assert (await client.get_batch(omics.start_batch(1))).arn
    assert asked == [host]


@pytest.mark.parametrize(("host", "named"), [("0.0.0.0", "127.0.0.1"), ("::", "[::1]")])  # noqa: S104 - as users do
async def test_a_simulator_on_all_addresses_names_one_that_clients_take(host: str, named: str) -> None:
    if host == "::" and not has_ipv6():
        pytest.skip("this machine has no IPv6")
    async with Simulator(host=host) as omics, omics.client() as client:
        assert omics.endpoint_url.startswith(f"http://{named}:")
        assert (await client.get_batch(omics.start_batch(1))).arn


# Proxies


@pytest.fixture
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


async def opened(**settings: Any) -> None:
    arguments: dict[str, Any] = {"region_name": "us-west-2", **settings}
    async with OmicsBatchClient(**arguments):
        pass


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize(
    ("proxy", "wrong"),
    [
        (
            "socks5://127.0.0.1:9",
            "HTTPS_PROXY names the proxy 'socks5://127.0.0.1:9': socks5 proxies are not",
        ),
        ("socks5h://user:hunter2@proxy:1080", "socks5h proxies are not supported"),
        ("ftp://proxy", "ftp proxies are not supported"),
        ("HTTP://proxy", "HTTP proxies are not supported"),
        ("http://", "no URL of a proxy"),
        ("http:proxy:3128", "no URL of a proxy"),
        ("http://proxy:port", "no URL of a proxy"),
        ("http://proxy:99999", "no URL of a proxy"),
        ("http://user:hunter2@proxy:0", "no URL of a proxy"),
        ("http://pro xy:3128", "no URL of a proxy"),
        ("proxy:3128\r", "no URL of a proxy"),
        (":3128", "no URL of a proxy"),
        ("http://[::1:3128", "no URL of a proxy"),
    ],
)
async def test_a_proxy_that_can_never_work_is_refused(monkeypatch: pytest.MonkeyPatch, proxy: str, wrong: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(InvalidInputError, match=wrong) as caught:
        await opened()
    assert caught.value.fault is Party.MACHINE
    assert "hunter2" not in str(caught.value)


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize(
    ("variables", "endpoint"),
    [
        ({"HTTPS_PROXY": "proxy.corp:3128"}, None),
        ({"HTTPS_PROXY": "//proxy.corp:3128"}, None),
        ({"HTTPS_PROXY": "https://user:pa%20ss@proxy.corp"}, None),
        ({"HTTPS_PROXY": "http://10.0.0.1:3128/"}, None),
        ({"HTTPS_PROXY": "http://[fd00::1]:3128"}, None),
        ({"HTTPS_PROXY": ""}, None),
        ({"HTTP_PROXY": "socks5://127.0.0.1:9"}, None),
        ({"ALL_PROXY": "socks5://127.0.0.1:9"}, None),
        ({"HTTPS_PROXY": "socks5://127.0.0.1:9", "NO_PROXY": ".amazonaws.com"}, None),
        ({"HTTPS_PROXY": "socks5://127.0.0.1:9"}, "http://127.0.0.1:1"),
        ({"HTTPS_PROXY": "socks5://127.0.0.1:9"}, "https://localhost:1"),
    ],
)
async def test_no_more_is_refused_than_can_never_work(
    monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str], endpoint: str | None
) -> None:
    """A proxy without a scheme, and one that botocore would not use for this endpoint."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    await opened(endpoint_url=endpoint)


@pytest.mark.usefixtures("_keys")
async def test_the_setting_of_a_proxy_that_no_variable_holds_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS, where the system has it."""
    monkeypatch.setattr("botocore.utils.getproxies", lambda: {"https": "socks4://proxy"})
    with pytest.raises(InvalidInputError, match="the proxy's setting names the proxy 'socks4://proxy'"):
        await opened()


# Certificates


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "ca_bundle"])
@pytest.mark.parametrize("kind", ["gone", "folder", "empty", "text", "broken", "pipe"])
async def test_certificates_that_can_never_work_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    path = tmp_path / "ca.pem"
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "gone":
            pass
        case _:
            begin = "-----BEGIN CERTIFICATE-----"
            path.write_text({"empty": "", "text": "my certificates", "broken": f"{begin}\nAAAA\n"}[kind])
    if name == "ca_bundle":
        (tmp_path / "config").write_text(f"[default]\nca_bundle = {path}\n")
        monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    else:
        monkeypatch.setenv(name, str(path))
    with pytest.raises(InvalidInputError, match=rf"{path} \(.*{name}") as caught:
        await opened()
    assert caught.value.fault is Party.MACHINE


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize("name", ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"])
async def test_certificates_that_can_be_read_are_taken(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, str(Path(botocore.__file__).parent / "cacert.pem"))
    await opened()


@pytest.mark.parametrize(
    ("config", "wrong"),
    [
        (AioConfig(client_cert="/nowhere/client.pem"), "the certificates cannot be read: No such file or directory"),
        (
            AioConfig(proxies_config={"proxy_ca_bundle": "/nowhere/ca.pem"}),
            "the certificates of the proxy cannot be read",
        ),
    ],
    ids=["client", "proxy"],
)
async def test_certificates_of_a_callers_session_are_held_to_the_same(
    monkeypatch: pytest.MonkeyPatch, config: AioConfig, wrong: str
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "https://proxy.example.org")
    session = static_session("A", "B")
    session.set_default_client_config(config)
    with pytest.raises(InvalidInputError, match=f"{wrong}|aiobotocore before 3.9"):
        await opened(session=session)


# The region


class Names:
    """Looks names up."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *known: str) -> None:
        self.asked: list[str] = []
        self.known = known
        monkeypatch.setattr(socket, "getaddrinfo", self.find)

    def find(self, name: str, port: int, *_: object, **__: object) -> list[Any]:
        self.asked.append(name)
        if name not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize(
    ("region", "meant"), [("us-wset-2", "us-west-2"), ("eu-central-11", "eu-central-1"), ("usw2", None)]
)
async def test_a_region_that_nobody_knows_is_refused(
    monkeypatch: pytest.MonkeyPatch, region: str, meant: str | None
) -> None:
    names = Names(monkeypatch)
    with pytest.raises(InvalidInputError, match=f"botocore knows no region '{region}'") as caught:
        await opened(region_name=region)
    assert (f"did you mean {meant}?" in str(caught.value)) is (meant is not None)
    assert caught.value.fault is Party.MACHINE
    assert names.asked == [f"workflows-omics.{region}.amazonaws.com"]


@pytest.mark.usefixtures("_keys")
async def test_a_region_is_refused_no_more_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names(monkeypatch, "workflows-omics.us-new-1.amazonaws.com")
    await opened(region_name="us-new-1")
    assert names.asked == ["workflows-omics.us-new-1.amazonaws.com"]
    names.asked.clear()
    await opened(region_name="us-west-2")
    await opened(region_name="us-wset-2", endpoint_url="https://omics.lab.internal")
    monkeypatch.setenv("HTTPS_PROXY", "proxy.corp:3128")
    await opened(region_name="us-wset-2")
    assert names.asked == []


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"AWS_DEFAULT_REGION": ""}, "AWS_DEFAULT_REGION"),
        ({"AWS_DEFAULT_REGION": "us-west-2\n"}, r"no name of a region, such as us-west-2 \(AWS_DEFAULT_REGION"),
        ({"AWS_REGION": "us-west-2"}, "botocore reads AWS_DEFAULT_REGION"),
        ({"AWS_DEFAULT_REGION": "us-west-2", "AWS_ENDPOINT_URL": "omics.lab"}, "AWS_ENDPOINT_URL"),
    ],
    ids=["empty", "line break", "unread", "no URL"],
)
async def test_a_variable_that_leads_nowhere_is_named(
    variables: Mapping[str, str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(InvalidInputError, match=named) as caught:
        async with OmicsBatchClient():
            pass
    assert caught.value.fault is Party.MACHINE


@pytest.mark.usefixtures("_keys")
@pytest.mark.parametrize("name", ["AWS_METADATA_SERVICE_TIMEOUT", "AWS_METADATA_SERVICE_NUM_ATTEMPTS"])
async def test_a_setting_that_has_to_be_a_number_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "abc")
    with pytest.raises(CredentialsError, match=f"{name}, or the profile's metadata_service_\\w+, is not a number"):
        await opened()


@pytest.mark.usefixtures("_keys")
@pytest.mark.usefixtures("short_waits")
async def test_a_name_that_does_not_resolve_is_said_by_a_call_and_by_a_wait(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Names(monkeypatch)
    policy = RetryPolicy(max_attempts=1)
    said = "the name nowhere.lab.internal does not resolve"
    async with OmicsBatchClient(
        region_name="us-west-2", endpoint_url="https://nowhere.lab.internal", retry=policy, poll=PollPolicy()
    ) as client:
        with pytest.raises(ConnectionFailedError, match=said):
            await client.get_batch("7123456")
        caplog.clear()
        waiting = asyncio.create_task(client.wait_until_processed("7123456"))
        await until(lambda: caplog.records)
        assert [record.getMessage().count(said) for record in caplog.records] == [1]
        waiting.cancel()
        await asyncio.wait({waiting})
        with pytest.raises(WaitTimeoutError, match=rf"was never seen.*{said}"):
            await client.wait_until_processed("7123456", timeout=0)


# The application's threads


async def test_a_wait_does_not_depend_on_the_applications_threads(omics: Simulator) -> None:
    """They are all busy, and each look needs a new connection to a name."""
    over = threading.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))
    busy = [asyncio.ensure_future(asyncio.to_thread(over.wait)) for _ in range(3)]
    batch_id = omics.start_batch(1)
    url = omics.endpoint_url.replace("127.0.0.1", "localhost")
    try:
        async with local_client(url) as client:
            omics.script(faults.reset(), faults.reset())
            assert (await client.get_batch(batch_id)).arn
        assert omics.connections == 3
    finally:
        over.set()
        await asyncio.wait(busy)


async def test_an_address_of_this_link_is_named_in_threads_of_our_own_too() -> None:
    over = threading.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))
    busy = asyncio.ensure_future(asyncio.to_thread(over.wait))
    try:
        host, port = await Resolver()._loop.getnameinfo(
            ("127.0.0.1", 80), socket.NI_NUMERICHOST | socket.NI_NUMERICSERV
        )
    finally:
        over.set()
        await busy
    assert (host, port) == ("127.0.0.1", "80")
