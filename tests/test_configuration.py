"""Configuration that can never work: refused when the client is opened, or at the first look, with its name."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import aiobotocore.session
import aiohttp
import boto3
import botocore.session
import pytest
from aiobotocore.credentials import AioRefreshableCredentials
from aiobotocore.session import AioSession

from omics_batch import CredentialsError, InvalidInputError, OmicsBatchClient, Party
from omics_batch._transport.session import static_session
from omics_batch.testing import Simulator
from tests.machine import has_ipv6
from tests.sources import Program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path


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
