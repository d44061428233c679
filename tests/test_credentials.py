"""Sources of credentials that hang, prompt, or start processes: limits hold, and the error names the source."""

from __future__ import annotations

import asyncio
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiobotocore.session import AioSession
from botocore.exceptions import (
    CredentialRetrievalError,
    EndpointConnectionError,
    LoginRefreshRequired,
    MissingDependencyException,
    TokenRetrievalError,
    UnauthorizedSSOTokenError,
)

from omics_batch import (
    AttemptTimeoutError,
    ClientClosedError,
    CredentialsError,
    OmicsBatchClient,
    PollPolicy,
    RetryPolicy,
)
from omics_batch._transport import credential_process, credentials, terminal
from omics_batch._transport.credential_sources import Source, explain
from omics_batch.testing import Life, Simulator, faults
from tests.events import asked, until
from tests.sources import Program, group_ended, is_alive, silent_endpoint, sts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

LIMIT = 30.0
"""Seconds that a source may take: no machine is too slow for one that works."""


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Whatever a source did, no thread of it outlives its test."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(LIMIT)
        assert not thread.is_alive()


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Write a configuration file: its profiles, with their settings."""

    def write(**profiles: dict[str, object]) -> None:
        config = tmp_path / "config"
        lines = [
            line
            for name, settings in profiles.items()
            for line in (f"[profile {name}]", *(f"{key} = {value}" for key, value in settings.items()))
        ]
        config.write_text("\n".join(lines))
        monkeypatch.setenv("AWS_CONFIG_FILE", str(config))

    return write


@pytest.fixture
def program(tmp_path: Path, configure: Callable[..., None]) -> Program:
    """A program that gives the credentials of the profile lab."""
    program = Program(tmp_path)
    configure(lab={"region": "us-west-2", "credential_process": program.path})
    program.expire_in(3600)
    return program


def lab(omics: Simulator, **settings: Any) -> OmicsBatchClient:
    return OmicsBatchClient(profile_name="lab", endpoint_url=omics.endpoint_url, **settings)


# What processes do


async def test_valid_credentials_stay_in_use_while_their_process_hangs(
    omics: Simulator, program: Program, caplog: pytest.LogCaptureFixture, let_processes_age: Callable[[float], None]
) -> None:
    """They expire in ten minutes: no call waits for new ones, and the process that gives none is killed."""
    batch_id = omics.start_batch(1)
    program.expire_in(603)
    async with lab(omics, clock=omics.clock, max_rate=None) as client:
        program.hang()
        for _ in range(20):
            await client.get_batch(batch_id)
        await program.hangs(2)
        let_processes_age(LIMIT)
        warned = "the credentials expire soon, and there are no new ones: credential_process of profile lab failed"
        await until(lambda: warned in caplog.text)
        assert program.alive == []
        await client.get_batch(batch_id)
    assert len(program.started) == 2
    assert "SECRET" not in caplog.text


async def test_valid_credentials_stay_in_use_where_their_process_fails(
    omics: Simulator, program: Program, caplog: pytest.LogCaptureFixture
) -> None:
    batch_id = omics.start_batch(1)
    program.expire_in(603)
    async with lab(omics, clock=omics.clock) as client:
        program.path.write_text("#!/bin/sh\nexit 1\n")
        await client.get_batch(batch_id)
        warned = (
            "the credentials expire soon, and there are no new ones: credential_process of profile lab failed. Check"
        )
        await until(lambda: warned in caplog.text)
        await client.get_batch(batch_id)


async def test_calls_wait_for_one_process_where_the_credentials_are_at_their_end(
    omics: Simulator, program: Program, let_processes_age: Callable[[float], None]
) -> None:
    """It hangs: it is killed, its name stands in each error, and the service is not to blame."""
    batch_id = omics.start_batch(1)
    program.expire_in(30)
    async with lab(omics, max_rate=None) as client:
        program.hang()
        calls = asyncio.gather(*[client.get_batch(batch_id) for _ in range(10)], return_exceptions=True)
        await program.hangs(2)
        let_processes_age(LIMIT)
        problems = await calls
        assert len(program.started) == 2
        await client.close()
        assert program.alive == []
    assert {type(problem) for problem in problems} == {CredentialsError}
    named = (
        f"GetBatch of batch {batch_id}: credential_process of profile lab gave no answer within 30 s, and was killed"
    )
    assert all(str(problem).startswith(named) for problem in problems)


async def test_a_call_with_less_time_than_the_process_needs_names_it_too(
    omics: Simulator, program: Program, let_pass: Callable[[float], None]
) -> None:
    """The process goes on for those that come later."""
    batch_id = omics.start_batch(1)
    program.expire_in(30)
    async with lab(omics) as client:
        program.hang()
        call = asyncio.create_task(client.get_batch(batch_id, timeout=10))
        await program.hangs(2)
        let_pass(10)
        with pytest.raises(
            CredentialsError, match=r"credential_process of profile lab gave no answer within (10|9\.\d+) s"
        ):
            await call
        (running,) = program.alive
        with pytest.raises(CredentialsError, match="credential_process"):
            await client.get_batch(batch_id, timeout=0.5)
        assert program.alive == [running]
    assert program.alive == []


async def test_a_wait_goes_on_once_the_process_gives_credentials_again(
    omics: Simulator, program: Program, let_pass: Callable[[float], None]
) -> None:
    """They worked before, so that their lack is an outage."""
    batch_id = omics.start_batch(1, life=Life(run_length=600))
    program.expire_in(30)

    async with lab(omics, poll=PollPolicy(initial=0.01, factor=1, maximum=0.01)) as client:

        async def hang_for_a_while() -> None:
            program.hang()
            await program.hangs(3)
            program.expire_in(3600)
            program.work()
            let_pass(LIMIT)

        looking = client.watch(batch_id)
        await anext(looking)
        helper = asyncio.create_task(hang_for_a_while())
        next_one = asyncio.create_task(anext(looking))
        await helper
        omics.forget_requests()
        await asked(omics)
        next_one.cancel()
        await asyncio.wait({next_one})
        await looking.aclose()
    assert program.alive == []


async def test_closing_the_client_kills_a_process_that_is_waited_for(omics: Simulator, program: Program) -> None:
    batch_id = omics.start_batch(1)
    program.expire_in(30)
    client = lab(omics)
    async with client:
        program.hang()
        call = asyncio.create_task(client.get_batch(batch_id))
        await program.hangs(2)
    with pytest.raises(ClientClosedError):
        await call
    assert program.alive == []


@pytest.mark.parametrize(
    "hangs",
    ["exec sleep 60", "sleep 60", "trap '' TERM; sleep 60 & wait", "exec >&-; sleep 60"],
    ids=["program", "child", "ignores SIGTERM", "closed its stdout"],
)
async def test_a_process_that_hangs_while_the_client_is_opened_is_killed(
    omics: Simulator,
    tmp_path: Path,
    configure: Callable[..., None],
    hangs: str,
    let_processes_age: Callable[[float], None],
) -> None:
    """With all that it has started."""
    program = Program(tmp_path, hangs=f"echo $$ > /dev/null; {hangs}")
    configure(lab={"region": "us-west-2", "credential_process": program.path})
    program.hang()
    opening = asyncio.create_task(lab(omics).__aenter__())
    await program.hangs(1)
    let_processes_age(LIMIT)
    killed = "credential_process of profile lab gave no answer within 30 s, and was killed"
    with pytest.raises(CredentialsError, match=killed):
        await opening
    (pid,) = program.started
    assert not is_alive(pid)
    await group_ended(pid)


async def test_a_cancelled_opening_kills_the_process(omics: Simulator, program: Program) -> None:
    program.hang()
    opening = asyncio.create_task(lab(omics).__aenter__())
    await program.hangs(1)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert program.alive == []


async def test_a_process_without_end_of_its_output_is_killed(omics: Simulator, configure: Callable[..., None]) -> None:
    configure(lab={"region": "us-west-2", "credential_process": "yes"})
    with pytest.raises(CredentialsError, match="printed over 1048576 bytes, and was killed"):
        async with lab(omics):
            pass


async def test_what_a_process_leaves_behind_holds_nobody_up(
    omics: Simulator, tmp_path: Path, configure: Callable[..., None]
) -> None:
    """An agent that goes on in the background, with the program's stdout, is its owner's matter."""
    program = Program(tmp_path)
    program.expire_in(3600)
    agent = tmp_path / "agent"
    command = f"sh -c 'sleep 60 & echo $! > {agent}; cat {tmp_path}/credentials.json'"
    configure(lab={"region": "us-west-2", "credential_process": command})
    async with lab(omics) as client:
        await client.get_batch(omics.start_batch(1))
    os.kill(int(agent.read_text()), 9)


def test_processes_are_found_where_there_is_no_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on macOS: by ps."""
    ps = tmp_path / "ps"
    ps.write_text("#!/bin/sh\necho '    1     0'\necho '  702     1'\necho '  703   702'\n")
    ps.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert credential_process._parents(str(tmp_path / "proc")) == {1: 0, 702: 1, 703: 702}


def test_the_processes_of_this_machine_have_parents() -> None:
    assert credential_process._parents()[os.getpid()] == os.getppid()


async def test_a_renewal_that_somebody_cancels_is_an_error_of_its_calls(omics: Simulator, program: Program) -> None:
    """Such as a framework that cancels every task it finds."""
    batch_id = omics.start_batch(1)
    program.expire_in(30)
    async with lab(omics) as client:
        program.hang()
        call = asyncio.create_task(client.get_batch(batch_id))
        await program.hangs(2)
        for task in asyncio.all_tasks():
            if task.get_name() == "omics_batch credentials":
                task.cancel()
        with pytest.raises(CredentialsError, match="looking for new credentials was cancelled"):
            await call


# Other sources


async def test_a_container_endpoint_that_is_silent_is_named(
    omics: Simulator, monkeypatch: pytest.MonkeyPatch, let_pass: Callable[[float], None]
) -> None:
    async with silent_endpoint() as (url, is_asked):
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{url}/credentials")
        client = OmicsBatchClient(region_name="us-west-2", endpoint_url=omics.endpoint_url)
        opening = asyncio.create_task(client.__aenter__())
        await is_asked.wait()
        let_pass(LIMIT)
        with pytest.raises(CredentialsError, match=r"the container's credentials endpoint gave no answer within 30 s"):
            await opening


async def test_a_service_that_is_silent_is_not_blamed_on_credentials(
    omics: Simulator, program: Program, let_pass: Callable[[float], None]
) -> None:
    """The request was sent, with credentials that are about to expire."""
    omics.script(faults.unanswered(times=4))
    batch_id = omics.start_batch(1)
    once = RetryPolicy(max_attempts=1)
    program.expire_in(300)
    own = AioSession(profile="lab")
    for client in (lab(omics, retry=once), OmicsBatchClient(session=own, endpoint_url=omics.endpoint_url, retry=once)):
        async with client:
            for timeout in (None, 20):
                omics.forget_requests()
                call = asyncio.create_task(client.get_batch(batch_id, timeout=timeout))
                await asked(omics)
                let_pass(LIMIT)
                with pytest.raises(AttemptTimeoutError):
                    await call


async def test_a_home_that_cannot_be_read_is_no_reason_to_fail(
    omics: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container that runs as anybody: the environment has all that is needed."""
    for name, value in omics.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_CONFIG_FILE", "~nobody-of-that-name/.aws/config")

    def locked(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_fifo", locked)
    async with OmicsBatchClient() as client:
        assert (await client.get_batch(omics.start_batch(1))).arn


async def test_an_sts_that_is_silent_is_named(
    omics: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, let_pass: Callable[[float], None]
) -> None:
    """A role is assumed at the first call, which does not blame HealthOmics."""
    token = tmp_path / "token"
    token.write_text("token")
    async with sts() as service:
        service.is_silent = True
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", service.url)
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(token))
        monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/R")
        async with OmicsBatchClient(region_name="us-west-2", endpoint_url=omics.endpoint_url) as client:
            for timeout, limit in ((None, "30"), (20, r"(20|19\.\d+)")):
                call = asyncio.create_task(client.get_batch("7123456", timeout=timeout))
                await until(lambda: service.asked)
                let_pass(LIMIT)
                with pytest.raises(CredentialsError, match=rf"the web identity gave no answer within {limit} s"):
                    await call
                await until(lambda: "omics_batch credentials" not in {task.get_name() for task in asyncio.all_tasks()})
                service.asked.clear()
        service.is_silent = False
        async with OmicsBatchClient(region_name="us-west-2", endpoint_url=omics.endpoint_url) as client:
            assert (await client.get_batch(omics.start_batch(1))).arn
    assert service.asked[-1]["WebIdentityToken"] == "token"


async def test_a_pipe_in_place_of_a_file_stops_nobody(
    omics: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading it would stop the whole event loop."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for variable in ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONFIG_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        with monkeypatch.context() as patched:
            patched.setenv(variable, str(pipe))
            with pytest.raises(CredentialsError, match=f"{pipe} is a pipe"):
                async with OmicsBatchClient(region_name="us-west-2", endpoint_url=omics.endpoint_url):
                    pass


@pytest.mark.usefixtures("program")
async def test_a_disk_that_does_not_answer_is_named(
    omics: Simulator, monkeypatch: pytest.MonkeyPatch, let_pass: Callable[[float], None]
) -> None:
    """The files are read in a thread first."""
    is_asked, answers = threading.Event(), threading.Event()
    read = Path.read_bytes

    def read_late(path: Path) -> bytes:
        is_asked.set()
        answers.wait()
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", read_late)
    opening = asyncio.create_task(lab(omics).__aenter__())
    await until(is_asked.is_set)
    let_pass(LIMIT)
    with pytest.raises(CredentialsError, match=r"configuration and token files could not be read within 30 s"):
        await opening
    answers.set()


async def test_the_source_of_a_callers_own_session_is_named_too(
    omics: Simulator,
    tmp_path: Path,
    configure: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    let_pass: Callable[[float], None],
) -> None:
    """It keeps its providers, and each call waits for them as aiobotocore has it."""
    token = tmp_path / "token"
    token.write_text("token")
    role = "arn:aws:iam::123456789012:role/R"
    configure(lab={"region": "us-west-2", "web_identity_token_file": token, "role_arn": role})
    async with sts() as service:
        service.is_silent = True
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", service.url)
        session = AioSession(profile="lab")
        async with OmicsBatchClient(session=session, endpoint_url=omics.endpoint_url) as client:
            call = asyncio.create_task(client.get_batch("7123456"))
            await until(lambda: service.asked)
            let_pass(LIMIT)
            with pytest.raises(CredentialsError, match=r"the web identity gave no answer within 30 s"):
                await call


# Questions


def asks(monkeypatch: pytest.MonkeyPatch, ask: Callable[[str], str]) -> None:
    """Let a notebook ask, as Jupyter's kernel does: in the place of getpass."""

    def replaced(prompt: str) -> str:
        return ask(prompt)

    replaced.__module__ = "ipykernel.kernelbase"
    monkeypatch.setattr("getpass.getpass", replaced)


async def test_a_question_that_nobody_answers_ends(
    omics: Simulator, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And with it its thread: a kernel has one socket for answers, which another question may need."""
    configure(
        keys={"aws_access_key_id": "AKIA", "aws_secret_access_key": "SECRET"},
        lab={"role_arn": "arn:aws:iam::123456789012:role/R", "source_profile": "keys", "mfa_serial": "device"},
    )
    begun, ended, left = threading.Event(), threading.Event(), threading.Event()

    def ask(_: str) -> str:
        begun.set()
        try:
            while not left.wait(0.001):  # as ipykernel waits
                pass
        finally:
            ended.set()
        return ""

    asks(monkeypatch, ask)
    with monkeypatch.context() as patched:
        patched.setattr(credentials, "_A_PERSON", 0.05)
        with pytest.raises(CredentialsError, match=r"no MFA code was typed within 0\.05 s"):
            async with lab(omics, region_name="us-west-2"):
                pass
    assert ended.is_set()
    begun.clear()
    opening = asyncio.create_task(lab(omics, region_name="us-west-2").__aenter__())
    await until(begun.is_set)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError) as caught:
        await opening
    assert caught.value.__notes__ == ["no MFA code was typed yet"]
    left.set()


@pytest.mark.parametrize("answer", ["", None], ids=["nothing typed", "no terminal"])
async def test_a_notebook_that_nobody_watches_says_what_is_needed(
    omics: Simulator, configure: Callable[..., None], monkeypatch: pytest.MonkeyPatch, answer: str | None
) -> None:
    """Such as one that papermill runs: its kernel raises an error of its own."""
    configure(
        keys={"aws_access_key_id": "AKIA", "aws_secret_access_key": "SECRET"},
        lab={"role_arn": "arn:aws:iam::123456789012:role/R", "source_profile": "keys", "mfa_serial": "device"},
    )

    def ask(_: str) -> str:
        if answer is None:
            raise RuntimeError("raw_input was called, but this frontend does not support input requests")
        return answer

    asks(monkeypatch, ask)
    with pytest.raises(CredentialsError, match="needs a new MFA code") as caught:
        async with lab(omics, region_name="us-west-2"):
            pass
    assert caught.value.is_final


async def test_a_notebook_without_a_terminal_runs_a_process_all_the_same(
    omics: Simulator, program: Program, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A notebook can ask, but has no terminal to share with the process."""
    monkeypatch.setattr(terminal, "_TTY", str(tmp_path / "no-terminal"))
    asks(monkeypatch, str)
    async with lab(omics) as client:
        assert (await client.get_batch(omics.start_batch(1))).arn
    assert program.alive == []


async def test_an_empty_credential_process_is_said_so(omics: Simulator, configure: Callable[..., None]) -> None:
    configure(lab={"region": "us-west-2", "credential_process": ""})
    with pytest.raises(CredentialsError, match="credential_process of profile lab"):
        async with lab(omics):
            pass


@pytest.mark.parametrize("is_terminal", [True, False])
def test_windows_asks_where_stdin_is_a_terminal(monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool) -> None:
    class Stdin:
        def isatty(self) -> bool:
            return is_terminal

    monkeypatch.delattr(os, "tcgetpgrp")
    monkeypatch.setattr("sys.stdin", Stdin())
    assert terminal.can_ask() is is_terminal


# What an error of a source means


async def test_where_there_are_no_credentials_a_session_looks_once(
    omics: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A metadata service that does not answer takes its time: each client and each request asked it again."""
    asked: list[bytes] = []

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url)
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
        async with OmicsBatchClient(region_name="us-west-2", endpoint_url=omics.endpoint_url) as client:
            opened = len(asked)
            with pytest.raises(CredentialsError, match="no credentials were found"):
                await client.get_batch("7")
    assert 0 < opened <= 4  # those of one look
    assert len(asked) == 2 * opened  # a new session looks once more before the call fails


LAB = Source(method="sso", profile="lab", profiles={"lab": {"source_profile": "base"}, "base": {"sso_session": "corp"}})


@pytest.mark.parametrize(
    ("error", "method", "problem", "next_step"),
    [
        (UnauthorizedSSOTokenError(), "sso", "has expired", "Log in: aws sso login --profile base"),
        (
            TokenRetrievalError(provider="sso", error_msg="expired"),
            "sso",
            "expired",
            "Log in: aws sso login --profile base",
        ),
        (LoginRefreshRequired(), "login", "Please reauthenticate", "Log in: aws login --profile lab"),
        (MissingDependencyException(msg="crt"), "login", "crt", "Install it: pip install 'botocore[crt]'"),
        (EndpointConnectionError(endpoint_url="https://sts"), "assume-role", "https://sts", "Check the network"),
        (
            CredentialRetrievalError(
                provider="container-role", error_msg="Received non 200 response 404 from container metadata: SECRET"
            ),
            "container-role",
            "it answered HTTP 404",
            "Check the AWS_CONTAINER_*",
        ),
        (
            CredentialRetrievalError(provider="custom-process", error_msg="There is no ticket."),
            "custom-process",
            "There is no ticket",
            "Check credential_process of profile lab",
        ),
        (PermissionError(13, "Permission denied", "/token"), "sso", "Permission denied: /token", "Check the sso_"),
        (ValueError("SECRET"), "sso", "it cannot be used (ValueError)", "Log in again: aws sso login --profile base"),
        (
            CredentialRetrievalError(provider="container-role", error_msg="Connect timeout on http://SECRET"),
            "container-role",
            "it cannot be reached, or did not answer in time",
            "Check the AWS_CONTAINER_*",
        ),
        (
            CredentialRetrievalError(provider="container-role", error_msg="Unable to parse JSON: SECRET"),
            "container-role",
            "CredentialRetrievalError (container-role)",
            "Check the AWS_CONTAINER_*",
        ),
        (
            RuntimeError("Credentials were refreshed, but the refreshed credentials are still expired."),
            "env",
            "the credentials that it gives have expired",
            "Set AWS_ACCESS_KEY_ID",
        ),
        (OSError("SECRET"), "iam-role", "it cannot be used (OSError)", "Check the role of this EC2 instance"),
        (
            KeyError("SECRET"),
            "",
            "the source of the credentials: it cannot be used (KeyError)",
            "Check the credentials",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_what_a_source_raised_says_what_to_do(error: Exception, method: str, problem: str, next_step: str) -> None:
    """And nothing that may be secret."""
    explained = explain(error, replace(LAB, method=method))
    assert problem in explained.problem
    assert explained.next_step.startswith(next_step)
    assert not explained.problem.endswith(".")
    assert "SECRET" not in explained.problem
