"""What the command line says of credentials: two lines for each source, and prompts that can be answered or left."""

from __future__ import annotations

import asyncio
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from botocore.utils import ContainerMetadataFetcher

from omics_batch import OmicsBatchClient
from omics_batch.cli import _connection, main
from omics_batch.testing import Life, Simulator
from tests.events import until
from tests.forked import PROGRAM
from tests.sources import Program, sts
from tests.terminal import on_a_terminal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from tests.cli._support import Shell
    from tests.sources import Sts

ROLE: Final = "arn:aws:iam::123456789012:role/R"
_SSO: Final = {"sso_account_id": "123456789012", "sso_role_name": "R"}
_START: Final = {"sso_region": "us-west-2", "sso_start_url": "https://corp.awsapps.com/start"}

PROFILES: Final[Mapping[str, Mapping[str, str]]] = {
    "profile sso": {"sso_session": "corp", **_SSO},
    "sso-session corp": _START,
    "profile sso-legacy": {**_START, **_SSO},
    "profile sso-incomplete": {"sso_account_id": "123456789012"},
    "profile role-of-sso": {"role_arn": ROLE, "source_profile": "sso"},
    "profile role-of-nobody": {"role_arn": ROLE, "source_profile": "nobody"},
    "profile role-of-itself": {"role_arn": ROLE, "source_profile": "role-of-itself-too"},
    "profile role-of-itself-too": {"role_arn": ROLE, "source_profile": "role-of-itself"},
    "profile role-of-an-odd-source": {"role_arn": ROLE, "credential_source": "Moon"},
    "profile role-of-a-process": {"role_arn": ROLE, "source_profile": "process"},
    "profile web": {"role_arn": ROLE, "web_identity_token_file": "/nowhere/token"},
    "profile web-without-role": {"web_identity_token_file": "/nowhere/token"},
    "profile login": {"login_session": "arn:aws:iam::123456789012:user/me"},
    "profile process": {"credential_process": "/nowhere/program"},
    "profile partial": {"aws_access_key_id": "AKIA"},
    "profile mfa": {"role_arn": ROLE, "source_profile": "keys", "mfa_serial": "arn:aws:iam::123456789012:mfa/me"},
    "profile keys": {"aws_access_key_id": "AKIA", "aws_secret_access_key": "SECRET"},
    'profile "own shop"': {"sso_session": "corp", **_SSO},
    "default": {"sso_session": "corp", **_SSO},
}


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration file with all these profiles, none of which has credentials."""
    config = tmp_path / "config"
    lines: list[str] = []
    for name, settings in PROFILES.items():
        lines += [f"[{name}]", "region = us-west-2", *(f"{key} = {value}" for key, value in settings.items())]
    config.write_text("\n".join(lines))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("HOME", str(tmp_path))
    return config


CORRECT = "Correct profile {profile} in {config}."
WEB: Final = "Check AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN (or profile {profile} in {config})"

BY_PROFILE: Final = {
    "sso": ("the SSO session of profile sso: Error loading SSO Token", "Log in: aws sso login --profile sso"),
    "sso-legacy": ("profile sso-legacy: Error loading SSO Token", "Log in: aws sso login --profile sso-legacy"),
    "sso-incomplete": ("missing required configuration", CORRECT),
    "role-of-sso": ("the role of profile role-of-sso: Error loading SSO", "Log in: aws sso login --profile sso"),
    "own shop": ("the SSO session of profile own shop", "Log in: aws sso login --profile 'own shop'"),
    "default": ("the SSO session of profile default", "Log in: aws sso login"),
    "role-of-nobody": (
        'The source_profile "nobody" referenced in the profile "role-of-nobody" does not exist',
        CORRECT,
    ),
    "role-of-itself": ("Infinite loop in credential configuration", CORRECT),
    "role-of-an-odd-source": ('The credential source "Moon" referenced', CORRECT),
    "role-of-a-process": (
        "credential_process of profile process cannot be started: No such file or directory: /nowhere/program",
        "Run the command of credential_process by hand, and see what it does.",
    ),
    "process": (
        "credential_process of profile process cannot be started: No such file or directory: /nowhere/program",
        "Run the command of credential_process by hand, and see what it does.",
    ),
    "web": ("the web identity: No such file or directory: /nowhere/token", WEB),
    "web-without-role": ("the web identity: The provided profile", CORRECT),
    "login": ("the login session of profile login", ""),
    "partial": ("profile partial of {config}: Partial credentials", "Complete profile partial in {config}."),
    "mfa": ("the session of the role of profile mfa needs a new MFA code", "Open a new client (run the command again)"),
}


@pytest.mark.parametrize("profile", BY_PROFILE)
def test_a_profile_without_credentials_takes_two_lines(
    profile: str, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong, and which command or file restores it; no traceback of botocore's."""
    wrong, step = (text.format(config=config, profile=profile) for text in BY_PROFILE[profile])
    assert main(["get", "7123456", "--profile", profile]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith("omics-batch: ")
    assert wrong in first
    assert second.startswith(step)


BY_ENVIRONMENT: Final[list[tuple[dict[str, str], str, str]]] = [
    ({}, "no credentials were found", "Log in (aws configure, aws sso login)"),
    ({"AWS_ACCESS_KEY_ID": "AKIA"}, "missing: AWS_SECRET_ACCESS_KEY", "Set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"),
    (
        {"AWS_ROLE_ARN": ROLE, "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token"},
        "the web identity: No such file or directory: /nowhere/token",
        "Check AWS_WEB_IDENTITY_TOKEN_FILE and AWS_ROLE_ARN",
    ),
    (
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/credentials"},
        "the container's credentials endpoint: it cannot be reached, or did not answer in time",
        "Check the AWS_CONTAINER_* environment variables",
    ),
    (
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/"},
        "the container's credentials endpoint: it cannot be used",
        "Check the AWS_CONTAINER_* environment variables",
    ),
    (
        {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/nowhere/token",
        },
        "the container's credentials endpoint: No such file or directory: /nowhere/token",
        "Check the AWS_CONTAINER_* environment variables",
    ),
    (
        {"AWS_CREDENTIAL_FILE": "/nowhere/keys"},
        "the file of AWS_CREDENTIAL_FILE: The specified config file (/nowhere/keys) could not be found",
        "Check the file that AWS_CREDENTIAL_FILE names.",
    ),
    (
        {
            "AWS_ACCESS_KEY_ID": "AKIA",
            "AWS_SECRET_ACCESS_KEY": "SECRET",
            "AWS_CREDENTIAL_EXPIRATION": "2020-01-01T00:00:00Z",
        },
        "the AWS_* environment variables: the credentials that it gives have expired",
        "Renew them, or correct AWS_CREDENTIAL_EXPIRATION",
    ),
]


@pytest.mark.parametrize(
    ("variables", "wrong", "step"),
    BY_ENVIRONMENT,
    ids=[" ".join(f"{name}={value}" for name, value in row[0].items()) for row in BY_ENVIRONMENT],
)
def test_an_environment_without_credentials_takes_two_lines(
    variables: dict[str, str],
    wrong: str,
    step: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(ContainerMetadataFetcher, "SLEEP_TIME", 0)  # it asks three times
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert main(["get", "7123456", "--region", "us-west-2"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert wrong in first
    assert second.startswith(step)


async def test_a_process_of_its_own_says_no_more_than_that(shell: Shell, config: Path) -> None:
    """Nothing but the program's own handlers keeps botocore's warnings off stderr."""
    ran = await shell.run("wait", "7123456", "--profile", "sso", settings={"AWS_CONFIG_FILE": str(config)})
    assert (ran.code, len(ran.complaints)) == (1, 2)
    assert ran.complaints[1] == "Log in: aws sso login --profile sso"


@pytest.fixture
async def service() -> AsyncIterator[Sts]:
    async with sts() as service:
        yield service


def settings(omics: Simulator, service: Sts, config: Path, shell: Shell) -> dict[str, str]:
    """The environment of a program that finds the simulator, and assumes roles at that STS."""
    return {
        **shell.environment,
        **omics.environment,
        "AWS_CONFIG_FILE": str(config),
        "AWS_ENDPOINT_URL_STS": service.url,
    }


async def test_an_mfa_code_is_asked_for_on_the_terminal(
    omics: Simulator, service: Sts, config: Path, measured_shell: Shell
) -> None:
    """It is not shown, and the role is assumed with it before anything else is."""
    batch_id = omics.start_batch(1)
    environment = settings(omics, service, config, measured_shell)
    async with on_a_terminal([*PROGRAM, "get", batch_id, "--profile", "mfa"], environment) as terminal:
        await terminal.until("Enter MFA code for arn:aws:iam::123456789012:mfa/me:")
        terminal.type("246810\n")
        await terminal.until(batch_id)
        assert await terminal.ended() == 0
    assert [(asked["Action"], asked["TokenCode"]) for asked in service.asked] == [("AssumeRole", "246810")]
    assert "246810" not in terminal.written.decode()


async def test_one_code_is_enough_to_look_ask_and_cancel(
    omics: Simulator, service: Sts, config: Path, measured_shell: Shell
) -> None:
    batch_id = omics.start_batch(1, life=Life(pending=0, creating=0, run_length=36000, stopping=0))
    environment = settings(omics, service, config, measured_shell)
    program = [*PROGRAM, "cancel", batch_id, "--no-wait", "--profile", "mfa"]
    async with on_a_terminal(program, environment, columns=200) as terminal:
        await terminal.until("Enter MFA code for arn:aws:iam::123456789012:mfa/me:")
        terminal.type("246810\n")
        await terminal.until("Cancel it?")
        terminal.type("y\n")
        await terminal.until("is being cancelled")
        assert await terminal.ended() == 0
    assert terminal.written.decode().count("Enter MFA code") == 1
    assert len(service.asked) == 1


async def test_ctrl_c_at_an_mfa_prompt_ends_the_program(
    omics: Simulator, service: Sts, config: Path, measured_shell: Shell
) -> None:
    """At once, and with the terminal as it was: it shows what is typed again."""
    environment = settings(omics, service, config, measured_shell)
    async with on_a_terminal([*PROGRAM, "wait", "7123456", "--profile", "mfa"], environment) as terminal:
        await terminal.until("Enter MFA code")
        assert not terminal.has_echo
        terminal.type("\x03")
        assert await terminal.ended() == 130
        assert terminal.has_echo
    assert service.asked == []


def test_a_time_out_holds_while_credentials_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """They have five seconds at least, as a last look has: less here."""
    monkeypatch.setattr(_connection, "_LEAST", 0.2)
    program = Program(tmp_path)
    program.hang()
    config = tmp_path / "config"
    config.write_text(f"[profile lab]\nregion = us-west-2\ncredential_process = {program.path}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    for batches in (["7123456"], ["7123456", "7123457"]):
        assert main(["wait", *batches, "--profile", "lab", "--timeout", "0.1s"]) == 124
        said = capsys.readouterr().err
        assert "the time-out was over after 0.2 s: credential_process of profile lab gave no answer yet." in said
        assert f"Check credential_process of profile lab in {config}." in " ".join(said.split())
        assert program.alive == []


def test_a_time_out_before_the_client_is_open_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as while a name is looked up: then no source of credentials is to blame."""

    async def hang(_: OmicsBatchClient) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(_connection, "_LEAST", 0.01)
    monkeypatch.setattr(OmicsBatchClient, "open", hang)
    assert main(["wait", "7123456", "--region", "us-west-2", "--timeout", "0"]) == 124
    assert "the time-out was over after 0.01 s: the client is not open yet" in capsys.readouterr().err


def test_files_that_cannot_be_read_before_a_time_out_are_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], config: Path
) -> None:
    over = threading.Event()

    def hang(_: list[str]) -> None:
        over.wait()

    monkeypatch.setattr(_connection, "_LEAST", 0.01)
    monkeypatch.setattr("omics_batch._transport.credentials._read_once", hang)
    assert main(["wait", "7123456", "--profile", "keys", "--timeout", "0"]) == 124
    said = " ".join(capsys.readouterr().err.split())
    assert f"files could not be read yet. Check the disk of {config}." in said
    over.set()


async def test_the_end_of_an_mfa_session_ends_the_wait_and_says_how_to_go_on(
    omics: Simulator, service: Sts, config: Path, measured_shell: Shell
) -> None:
    """No question is asked in the middle of a wait."""
    service.lifetime = 30  # less than a minute: each request wants new credentials
    batch_id = omics.start_batch(1, life=Life(run_length=600))
    environment = settings(omics, service, config, measured_shell)
    program = [*PROGRAM, "wait", batch_id, "--profile", "mfa"]
    async with on_a_terminal(program, environment, columns=200) as terminal:
        await terminal.until("Enter MFA code")
        terminal.type("246810\n")
        text = await terminal.until("Resume with: ")
        assert await terminal.ended() == 1
    assert "the session of the role of profile mfa needs a new MFA code, and it cannot be asked for now" in text
    assert len(service.asked) == 1


_ASKS: Final = """import os
terminal = os.open("/dev/tty", os.O_RDWR)
os.write(terminal, b"The vault's password? ")
os.read(terminal, 100)
print(open("{folder}/credentials.json").read())
"""


async def test_a_credential_process_may_ask_while_the_program_starts(
    omics: Simulator, tmp_path: Path, measured_shell: Shell
) -> None:
    """It shares the terminal: what it asks is seen, and what is typed reaches it."""
    Program(tmp_path).expire_in(3600)
    (tmp_path / "vault.py").write_text(_ASKS.format(folder=tmp_path))
    config = tmp_path / "config"
    config.write_text(
        f"[profile vault]\nregion = us-west-2\ncredential_process = {sys.executable} {tmp_path}/vault.py\n"
    )
    batch_id = omics.start_batch(1)
    environment = {**measured_shell.environment, "AWS_CONFIG_FILE": str(config)}
    async with on_a_terminal([*PROGRAM, "get", batch_id, "--profile", "vault"], environment) as terminal:
        await terminal.until("The vault's password?")
        terminal.type("open\n")
        await terminal.until(batch_id)
        assert await terminal.ended() == 0


async def test_ctrl_c_kills_a_process_that_shares_the_terminal(tmp_path: Path, measured_shell: Shell) -> None:
    """And those that it has started, though they have caught the signal themselves."""
    program = Program(tmp_path, hangs="trap '' INT; sh -c 'echo $$ >> started; sleep 60; :'; :")
    program.hang()
    config = tmp_path / "config"
    config.write_text(f"[profile lab]\nregion = us-west-2\ncredential_process = {program.path}\n")
    environment = {**measured_shell.environment, "AWS_CONFIG_FILE": str(config)}
    async with on_a_terminal([*PROGRAM, "get", "7123456", "--profile", "lab"], environment) as terminal:
        await program.hangs(2)
        terminal.type("\x03")
        assert await terminal.ended() == 130
    await until(lambda: not any(map(_runs, program.started)))  # a busy machine takes its time over a signal


_HIDES: Final = """import getpass, signal, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
getpass.getpass("The vault's password? ")
time.sleep(60)
"""


async def test_a_killed_process_that_asked_leaves_the_terminal_as_it_was(
    omics: Simulator, tmp_path: Path, measured_shell: Shell
) -> None:
    """It had switched the echo off, and could not switch it on again."""
    (tmp_path / "vault.py").write_text(_HIDES)
    config = tmp_path / "config"
    command = f"{sys.executable} {tmp_path}/vault.py"
    config.write_text(f"[profile vault]\nregion = us-west-2\ncredential_process = {command}\n")
    environment = {**measured_shell.environment, "AWS_CONFIG_FILE": str(config)}
    program = [*PROGRAM, "get", omics.start_batch(1), "--profile", "vault"]
    async with on_a_terminal(program, environment) as terminal:
        await terminal.until("The vault's password?")
        assert not terminal.has_echo
        terminal.type("\x03")
        assert await terminal.ended() == 130
        assert terminal.has_echo


def _runs(pid: int) -> bool:
    """Whether a process goes on; one that its new parent has yet to take note of does not."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.usefixtures("config")
async def test_a_notebook_asks_its_own_way(omics: Simulator, service: Sts, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jupyter's kernel takes getpass's place; it is asked in a thread."""
    asked: list[str] = []

    def ask(prompt: str) -> str:
        asked.append(prompt)
        return " 654321 "

    ask.__module__ = "ipykernel.kernelbase"
    monkeypatch.setattr("getpass.getpass", ask)
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", service.url)
    async with OmicsBatchClient(profile_name="mfa", endpoint_url=omics.endpoint_url) as client:
        assert (await client.get_batch(omics.start_batch(1))).arn
    assert asked == ["Enter MFA code for arn:aws:iam::123456789012:mfa/me: "]
    assert service.asked[0]["TokenCode"] == "654321"
