"""Machines on which something is misconfigured: a call and a wait are soon over, and name what is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest

from omics_batch import OmicsBatchClient, OmicsBatchError, Party, RetryPolicy
from omics_batch.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.slow

SOON: Final = 7.0
"""Seconds in which a call or a wait with a time-out of 5 s is over."""
BUSY: Final = 13.0
"""Seconds that a busy machine may take beside: what hangs is not over before its 30 s are."""

REGION: Final = {"AWS_DEFAULT_REGION": "us-west-2"}
KEYS: Final = {"AWS_ACCESS_KEY_ID": Simulator.access_key, "AWS_SECRET_ACCESS_KEY": Simulator.secret_key, **REGION}
LAB: Final = {"AWS_PROFILE": "lab", **REGION}
ROLE: Final = "role_arn = arn:aws:iam::123456789012:role/lab"
ELSEWHERE: Final = {**KEYS, "AWS_ENDPOINT_URL_OMICS": "https://omics.lab.invalid"}


@dataclass(frozen=True)
class Row:
    """One misconfigured machine, and the words by which the error names the culprit."""

    name: str
    environment: Mapping[str, str]
    culprit: str
    config: str = ""
    """The lines of profile lab."""
    credentials: str = ""
    file: str = ""
    """The whole of the configuration file, where profile lab is not enough."""
    party: Party = Party.MACHINE
    attempt_timeout: float = field(default=15.0, kw_only=True)
    """More than any of them takes by itself on a busy machine."""
    is_local: bool = field(default=True, kw_only=True)
    """Whether the client is given the simulator's endpoint, and the environment names none."""


ROWS: Final = [
    Row("a profile that is not there", {**REGION, "AWS_PROFILE": "nope"}, "nope"),
    Row("a key without its secret", {**REGION, "AWS_ACCESS_KEY_ID": "A"}, "missing: AWS_SECRET_ACCESS_KEY"),
    Row("a secret with a line break", {**KEYS, "AWS_SECRET_ACCESS_KEY": "s\n"}, "AWS_SECRET_ACCESS_KEY holds a line"),
    Row("a token with a line break", {**KEYS, "AWS_SESSION_TOKEN": "t\n"}, "AWS_SESSION_TOKEN holds a line break"),
    Row("a key with a space", {**KEYS, "AWS_ACCESS_KEY_ID": "A B"}, "AWS_ACCESS_KEY_ID holds a space"),
    Row("half a key", REGION, "missing: aws_secret_access_key", credentials="[default]\naws_access_key_id = A\n"),
    Row("a secret without its key", {**REGION, "AWS_SECRET_ACCESS_KEY": "s"}, "AWS_SECRET_ACCESS_KEY stands alone"),
    Row("an expiry that is over", {**KEYS, "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z"}, "have expired"),
    Row("an expiry that is no time", {**KEYS, "AWS_CREDENTIAL_EXPIRATION": "soon"}, "AWS_CREDENTIAL_EXPIRATION"),
    Row("a time-out in words", {**KEYS, "AWS_METADATA_SERVICE_TIMEOUT": "abc"}, "AWS_METADATA_SERVICE_TIMEOUT"),
    Row("attempts in words", {**KEYS, **LAB}, "metadata_service_num_attempts", "metadata_service_num_attempts = x"),
    Row(
        "a token without an end",
        {**REGION, "AWS_ROLE_ARN": "arn:aws:iam::1:role/R", "AWS_WEB_IDENTITY_TOKEN_FILE": "/dev/zero"},
        "/dev/zero is a device",
    ),
    Row(
        "a web identity without STS",
        {
            **REGION,
            "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/R",
            "AWS_WEB_IDENTITY_TOKEN_FILE": __file__,
            "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9",
        },
        'Could not connect to the endpoint URL: "http://127.0.0.1:9/"',
    ),
    Row("no credentials", REGION, "no credentials were found"),
    Row("a broken file", KEYS, "Unable to parse config file", file="[profile"),
    Row("no program", LAB, "credential_process of profile lab cannot be started", "credential_process = /no/such/one"),
    Row("a program that fails", LAB, "credential_process of profile lab ended with", "credential_process = false"),
    Row("a program that prints no JSON", LAB, "credential_process of profile lab", "credential_process = echo hello"),
    Row("a program that prints no keys", LAB, "credential_process of profile lab", "credential_process = echo {}"),
    Row(
        "a program that hangs",
        LAB,
        "credential_process of profile lab",
        "credential_process = sleep 60",
        attempt_timeout=4.0,
    ),
    Row(
        "SSO without a login",
        LAB,
        "aws sso login",
        "sso_session = s\nsso_account_id = 123456789012\nsso_role_name = r\n[sso-session s]\n"
        "sso_start_url = https://lab.invalid/start\nsso_region = us-west-2",
    ),
    Row("SSO without its session", LAB, 'sso-session does not exist: "s"', "sso_session = s\nsso_account_id = 1"),
    Row("SSO without its region", LAB, "sso_region", "sso_start_url = https://lab.invalid\nsso_account_id = 1"),
    Row(
        "web identity without its file",
        {**REGION, "AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such/file", "AWS_ROLE_ARN": "arn:aws:iam::1:role/r"},
        "AWS_WEB_IDENTITY_TOKEN_FILE",
    ),
    Row("web identity without its role", {**REGION, "AWS_WEB_IDENTITY_TOKEN_FILE": os.devnull}, "role ARN"),
    Row("no such source profile", LAB, 'source_profile "nope"', f"{ROLE}\nsource_profile = nope"),
    Row(
        "source profiles in a circle",
        LAB,
        "Infinite loop",
        f"{ROLE}\nsource_profile = other\n[profile other]\n{ROLE}\nsource_profile = lab",
    ),
    Row("a role without a source", LAB, "missing: source_profile or credential_source", ROLE),
    Row("an unknown source", LAB, 'credential source "Moon"', f"{ROLE}\ncredential_source = Moon"),
    Row(
        "a role that takes an MFA code",
        LAB,
        "MFA code",
        f"{ROLE}\nsource_profile = base\nmfa_serial = arn:aws:iam::1:mfa/me\n[profile base]\n"
        f"aws_access_key_id = {Simulator.access_key}\naws_secret_access_key = {Simulator.secret_key}",
    ),
    Row(
        "a container that refuses connections",
        {**REGION, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/"},
        "it cannot be reached",
    ),
    Row(
        "a container on another machine",
        {**REGION, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://lab.invalid/"},
        "AWS_CONTAINER_",
    ),
    Row(
        "a container's token that is not there",
        {
            **REGION,
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/no/such/file",
        },
        "/no/such/file",
    ),
    Row("no region", {**KEYS, "AWS_DEFAULT_REGION": ""}, "no AWS region"),
    Row("an empty region", {**KEYS, "AWS_DEFAULT_REGION": ""}, "AWS_DEFAULT_REGION", is_local=False),
    Row(
        "a region in a variable that botocore does not read",
        {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "B", "AWS_REGION": "us-west-2"},
        "AWS_REGION",
    ),
    Row("a misspelt region", {**KEYS, "AWS_DEFAULT_REGION": "us-wset-2"}, "us-wset-2", is_local=False),
    Row("a region with a space", {**KEYS, "AWS_DEFAULT_REGION": "us west 2"}, "AWS_DEFAULT_REGION"),
    Row("a region with a line break", {**KEYS, "AWS_DEFAULT_REGION": "us-west-2\n"}, r"'us-west-2\n' is no name"),
    Row(
        "a profile's misspelt region",
        {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "B", "AWS_PROFILE": "lab"},
        "eu-central-11",
        "region = eu-central-11",
        is_local=False,
    ),
    Row("no URL", {**KEYS, "AWS_ENDPOINT_URL_OMICS": "omics.lab"}, "AWS_ENDPOINT_URL_OMICS", is_local=False),
    Row("plain http", {**KEYS, "AWS_ENDPOINT_URL": "http://omics.lab"}, "http://omics.lab", is_local=False),
    Row(
        "an endpoint with a password",
        {**KEYS, "AWS_ENDPOINT_URL_OMICS": "https://me:secret@omics.lab"},
        "no user, password",
        is_local=False,
    ),
    Row(
        "an endpoint that refuses connections",
        {**KEYS, "AWS_ENDPOINT_URL_OMICS": "http://127.0.0.1:9"},
        "http://127.0.0.1:9",
        party=Party.NETWORK,
        is_local=False,
    ),
    Row(
        "an endpoint that does not resolve",
        ELSEWHERE,
        "omics.lab.invalid does not resolve",
        party=Party.NETWORK,
        is_local=False,
    ),
    Row("a socks proxy", {**ELSEWHERE, "HTTPS_PROXY": "socks5://127.0.0.1:9"}, "HTTPS_PROXY", is_local=False),
    Row("a proxy's port", {**ELSEWHERE, "HTTPS_PROXY": "http://proxy:port"}, "HTTPS_PROXY", is_local=False),
    Row(
        "a proxy that refuses connections",
        {**ELSEWHERE, "HTTPS_PROXY": "http://127.0.0.1:9"},
        "through the proxy 127.0.0.1:9",
        party=Party.NETWORK,
        is_local=False,
    ),
    Row("no certificates", {**ELSEWHERE, "AWS_CA_BUNDLE": "/no/such/file"}, "AWS_CA_BUNDLE", is_local=False),
    Row("certificates that are none", {**ELSEWHERE, "AWS_CA_BUNDLE": __file__}, "AWS_CA_BUNDLE", is_local=False),
    Row("a profile's certificates", {**ELSEWHERE, **LAB}, "ca_bundle", "ca_bundle = /no/such/file", is_local=False),
    Row("requests' certificates", {**ELSEWHERE, "REQUESTS_CA_BUNDLE": "/no"}, "REQUESTS_CA_BUNDLE", is_local=False),
    Row("unknown defaults", {**KEYS, "AWS_DEFAULTS_MODE": "bogus"}, "bogus"),
    Row("an unknown mode of STS", {**KEYS, "AWS_STS_REGIONAL_ENDPOINTS": "bogus"}, "bogus"),
]


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


def misconfigure(row: Row, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = folder / "config"
    config.write_text(row.file or (f"[profile lab]\n{row.config}\n" if row.config else ""))
    credentials = folder / "credentials"
    credentials.write_text(row.credentials)
    paths = {"HOME": folder, "AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": credentials}
    for name, value in {**paths, **row.environment}.items():
        monkeypatch.setenv(name, str(value))


def has_ended_child() -> bool:
    """Whether a process has ended that its parent has not noticed."""
    with contextlib.suppress(ChildProcessError):
        return os.waitpid(-1, os.WNOHANG) != (0, 0)
    return False


def threads() -> set[str]:
    """The threads that a client might leave behind."""
    return {thread.name for thread in threading.enumerate() if "omics_batch" in thread.name}


@pytest.mark.parametrize("what", ["get_batch", "wait_until_processed"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_what_is_misconfigured_is_named_within_seconds(
    row: Row, what: str, omics: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    misconfigure(row, tmp_path, monkeypatch)
    others = asyncio.all_tasks()
    began = time.monotonic()
    settings: dict[str, Any] = {"endpoint_url": omics.endpoint_url} if row.is_local else {}
    with pytest.raises(OmicsBatchError) as caught:
        async with OmicsBatchClient(retry=RetryPolicy(attempt_timeout=row.attempt_timeout), **settings) as client:
            await getattr(client, what)(omics.start_batch(1), timeout=5)
    assert time.monotonic() - began < SOON + BUSY
    assert row.culprit in str(caught.value)
    assert caught.value.fault is row.party
    assert asyncio.all_tasks() == others
    assert not has_ended_child()
    assert threads() == set()


def test_there_are_forty_rows() -> None:
    assert len(ROWS) >= 40
    assert len({row.name for row in ROWS}) == len(ROWS)
