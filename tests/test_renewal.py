"""Credentials that are renewed elsewhere while a client lives: every call and every wait finds them, time and again."""

from __future__ import annotations

import asyncio
import hashlib
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from aiohttp import web
from botocore.tokens import SSOTokenProvider

from omics_batch import CredentialsError, CredentialsRejected, CredentialsRenewed, Event, OmicsBatchClient, PollPolicy
from omics_batch._api import renewal
from omics_batch._transport.failure import FailureStage
from omics_batch._transport.in_process import InProcess
from omics_batch.testing import Life, Simulator, faults
from tests.events import asked, until
from tests.sources import Program
from tests.stories import BATCH_ID, PROCESSED, client_over, failing_at, repeated, seen, telling
from tests.virtual_time import running_clock

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
    from pathlib import Path

    from omics_batch.testing import Fault

ROLE: Final = "arn:aws:iam::123456789012:role/R"
FAST = PollPolicy(initial=0.01, factor=1, maximum=0.01)


@pytest.fixture
async def omics() -> AsyncIterator[Simulator]:
    async with Simulator() as simulator:
        yield simulator


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "_PAUSE", 0.0)


@dataclass
class Files:
    """The configuration and SSO token files of a test."""

    folder: Path

    def configure(self, **sections: Mapping[str, object]) -> None:
        lines = [
            line
            for name, settings in sections.items()
            for line in (f"[{name.replace('_', ' ', 1)}]", *(f"{key} = {value}" for key, value in settings.items()))
        ]
        (self.folder / "config").write_text("\n".join(lines))

    def log_in(self, token: str, *, expires_in: float) -> None:
        """Write what `aws sso login` writes."""
        name = hashlib.sha1(b"corp", usedforsecurity=False).hexdigest()
        expires = (datetime.now(UTC) + timedelta(seconds=expires_in)).strftime("%Y-%m-%dT%H:%M:%SZ")
        (self.folder / f"{name}.json").write_text(json.dumps({"accessToken": token, "expiresAt": expires}))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setattr(SSOTokenProvider, "_SSO_TOKEN_CACHE_DIR", str(tmp_path))
    return Files(tmp_path)


def lab(omics: Simulator, **settings: Any) -> OmicsBatchClient:
    return OmicsBatchClient(
        region_name="us-west-2", profile_name="lab", endpoint_url=omics.endpoint_url, max_rate=None, **settings
    )


def keys(secret: str = Simulator.secret_key) -> dict[str, object]:
    return {"aws_access_key_id": Simulator.access_key, "aws_secret_access_key": secret}


# Keys in a file

CALLS: Final[dict[str, Callable[[OmicsBatchClient, str], Awaitable[object]]]] = {
    "GetBatch": lambda client, batch_id: client.get_batch(batch_id),
    "ListBatch": lambda client, _: client.list_batch(),
    "ListRunsInBatch": lambda client, batch_id: client.list_runs_in_batch(batch_id),
    "CancelRunBatch": lambda client, batch_id: client.cancel_run_batch(batch_id),
    "DeleteBatch": lambda client, batch_id: client.delete_batch(batch_id),
}


@pytest.mark.parametrize("operation", CALLS)
async def test_every_call_finds_keys_that_were_renewed_after_the_old_ones_expired(
    omics: Simulator, files: Files, operation: str
) -> None:
    age = timedelta(days=10 if operation == "DeleteBatch" else 0.1)
    batch_id = omics.start_batch(1, life=Life(run_length=timedelta(days=1)), age=age)
    files.configure(profile_lab=keys())
    async with lab(omics) as client:
        omics.script(faults.expired_token(operation))
        await CALLS[operation](client, batch_id)
    assert omics.requests_of(operation) == 2


async def test_keys_are_found_more_than_once_and_after_calls_that_found_none(omics: Simulator, files: Files) -> None:
    batch_id = omics.start_batch(1)
    files.configure(profile_lab=keys("WRONG"))
    recorded: list[type[Event]] = []

    def note(event: Event) -> None:
        recorded.append(type(event))

    async with lab(omics, on_event=note) as client:
        for left in (2, 1, 0):
            with pytest.raises(CredentialsError, match="SignatureDoesNotMatch|InvalidSignature"):
                await client.get_batch(batch_id)
            files.configure(profile_lab=keys())
            assert (await client.get_batch(batch_id)).id == batch_id
            if left:
                files.configure(profile_lab=keys("WRONG"))
                omics.script(faults.expired_token())
    assert recorded.count(CredentialsRejected) == recorded.count(CredentialsRenewed) == 2


async def test_a_profile_that_is_gone_and_comes_back_is_found(omics: Simulator, files: Files) -> None:
    batch_id = omics.start_batch(1)
    files.configure(profile_lab=keys())
    async with lab(omics) as client:
        files.configure(profile_other=keys())
        omics.script(faults.expired_token(times=2))
        with pytest.raises(CredentialsError, match="ExpiredToken"):
            await client.get_batch(batch_id)
        files.configure(profile_lab=keys())
        assert (await client.get_batch(batch_id)).id == batch_id


async def test_what_is_wrong_with_the_new_keys_is_said_beside_what_was_wrong_with_the_old(
    omics: Simulator, files: Files
) -> None:
    files.configure(profile_lab=keys("WRONG"))
    async with lab(omics) as client:
        files.configure(profile_lab={"aws_access_key_id": "AKIA"})
        with pytest.raises(CredentialsError, match="HTTP 403.*There are no new ones: .*Partial credentials.*Complete"):
            await client.get_batch("7123456")


async def test_keys_of_the_environment_are_found_too(omics: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    batch_id = omics.start_batch(1)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", omics.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "WRONG")
    async with OmicsBatchClient(region_name="us-west-2", endpoint_url=omics.endpoint_url) as client:
        with pytest.raises(CredentialsError):
            await client.get_batch(batch_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", omics.secret_key)
        assert (await client.get_batch(batch_id)).id == batch_id


# SSO


@dataclass
class Portal:
    """The SSO portal of a test: it gives the simulator's credentials for a token that it knows."""

    url: str = ""
    token: str = "FIRST"
    lifetime: float = 30.0
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.headers["x-amz-sso_bearer_token"])
        if self.asked[-1] != self.token:
            return web.json_response(
                {"message": "Session token not found or invalid"},
                status=401,
                headers={"x-amzn-ErrorType": "UnauthorizedException"},
            )
        role = {
            "accessKeyId": Simulator.access_key,
            "secretAccessKey": Simulator.secret_key,
            "sessionToken": "SECRET",
            "expiration": int((datetime.now(UTC).timestamp() + self.lifetime) * 1000),
        }
        return web.json_response({"roleCredentials": role})


@asynccontextmanager
async def serving(app: web.Application) -> AsyncGenerator[str]:
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


@pytest.fixture
async def portal(files: Files, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Portal]:
    portal = Portal()
    app = web.Application()
    app.router.add_get("/federation/credentials", portal.answer)
    async with serving(app) as portal.url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSO", portal.url)
        files.configure(
            profile_lab={"sso_session": "corp", "sso_account_id": "123456789012", "sso_role_name": "R"},
            **{"sso-session_corp": {"sso_region": "us-west-2", "sso_start_url": "https://corp.awsapps.com/start"}},
        )
        yield portal


async def test_a_second_log_in_is_found_though_the_first_had_time_left(
    omics: Simulator, files: Files, portal: Portal
) -> None:
    """Its role's credentials last half a minute: each call asks for new ones, and botocore keeps the old token."""
    batch_id = omics.start_batch(1)
    files.log_in("FIRST", expires_in=8 * 3600)
    async with lab(omics) as client:
        assert (await client.get_batch(batch_id)).id == batch_id
        for token in ("SECOND", "THIRD"):
            portal.token = token
            with pytest.raises(CredentialsError, match="Log in: aws sso login --profile lab"):
                await client.get_batch(batch_id)
            files.log_in(token, expires_in=8 * 3600)
            assert (await client.get_batch(batch_id)).id == batch_id
    assert portal.asked[-1] == "THIRD"


async def test_a_log_in_after_the_session_has_expired_is_found_by_a_call_and_by_a_wait(
    omics: Simulator, files: Files, portal: Portal
) -> None:
    """Botocore would not read the token's file again within a minute."""
    batch_id = omics.start_batch(1)
    files.log_in("FIRST", expires_in=8 * 3600)
    async with lab(omics, poll=FAST) as client:
        watching = client.watch(batch_id)
        await anext(watching)
        next_one = asyncio.create_task(anext(watching, None))
        files.log_in("FIRST", expires_in=-1)
        portal.token = "SECOND"
        with pytest.raises(CredentialsError, match="aws sso login"):
            await client.get_batch(batch_id)
        files.log_in("SECOND", expires_in=8 * 3600)
        assert (await client.get_batch(batch_id)).id == batch_id
        omics.forget_requests()
        await asked(omics)
        next_one.cancel()
        await asyncio.wait({next_one})
        await watching.aclose()


# A role's source, and a process


async def test_the_keys_that_a_role_is_assumed_with_are_found(
    omics: Simulator, files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Botocore keeps the keys of a source profile for good."""
    batch_id = omics.start_batch(1)
    known = ["OLD"]

    async def assume(request: web.Request) -> web.Response:
        await request.post()
        if f"Credential={known[-1]}/" not in request.headers["Authorization"]:
            error = "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>"
            return web.Response(status=403, text=error, content_type="text/xml")
        expires = (datetime.now(UTC) + timedelta(seconds=30)).isoformat()
        given = (
            "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
            f"<AccessKeyId>{omics.access_key}</AccessKeyId><SecretAccessKey>{omics.secret_key}</SecretAccessKey>"
            f"<SessionToken>SECRET</SessionToken><Expiration>{expires}</Expiration>"
            "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
        )
        return web.Response(text=given, content_type="text/xml")

    def configure(key: str) -> None:
        source = {"aws_access_key_id": key, "aws_secret_access_key": "SECRET"}
        files.configure(profile_lab={"role_arn": ROLE, "source_profile": "keys"}, profile_keys=source)

    app = web.Application()
    app.router.add_post("/", assume)
    configure("OLD")
    async with serving(app) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        async with lab(omics) as client:
            for key in ("NEW", "NEWER"):
                assert (await client.get_batch(batch_id)).id == batch_id
                known.append(key)
                with pytest.raises(CredentialsError, match="the role of profile lab.*InvalidClientTokenId"):
                    await client.get_batch(batch_id)
                configure(key)
            assert (await client.get_batch(batch_id)).id == batch_id


async def test_another_program_in_place_of_one_that_fails_is_found(
    omics: Simulator, files: Files, tmp_path: Path
) -> None:
    program = Program(tmp_path)
    program.expire_in(30)
    batch_id = omics.start_batch(1)
    files.configure(profile_lab={"credential_process": program.path})
    async with lab(omics) as client:
        files.configure(profile_lab={"credential_process": "false"})
        program.path.unlink()
        with pytest.raises(CredentialsError, match="credential_process of profile lab"):
            await client.get_batch(batch_id)
        files.configure(profile_lab=keys())
        assert (await client.get_batch(batch_id)).id == batch_id


# How it is done


async def test_calls_that_fail_at_the_same_time_look_for_credentials_once(omics: Simulator, files: Files) -> None:
    batch_id = omics.start_batch(1)
    files.configure(profile_lab=keys())
    async with lab(omics) as client:
        transport = client._opened().caller.transport
        before = transport.generation
        omics.script(faults.expired_token(times=10))
        await asyncio.gather(*(client.get_batch(batch_id) for _ in range(10)))
        assert transport.generation == before + 1


@pytest.mark.virtual_time
async def test_a_call_whose_old_keys_are_refused_late_takes_those_that_another_found() -> None:
    met = iter([1.0, 2.0])

    async def meets(_: str, __: Mapping[str, Any]) -> Fault | None:
        if (late := next(met, None)) is None:
            return None
        await asyncio.sleep(late)
        return failing_at(FailureStage.CREDENTIALS)

    async with Simulator(in_process=True, clock=running_clock()) as omics, client_over(omics, meets) as (client, seam):
        batch_id = omics.start_batch(1)
        await asyncio.gather(client.get_batch(batch_id), client.get_batch(batch_id))
        assert (seam.calls, seam.opened) == (4, 2)


@pytest.mark.virtual_time
async def test_while_none_work_they_are_looked_for_once_a_second_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(renewal, "_PAUSE", 1.0)
    async with telling(failing_at(FailureStage.CREDENTIALS)) as story:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(5):
            with pytest.raises(CredentialsError):
                await story.client.get_batch(BATCH_ID)
        assert loop.time() - began >= 4.0
        assert story.transport.opened == 6
        with pytest.raises(CredentialsError):
            await story.client.get_batch(BATCH_ID, timeout=0.5)
        assert story.transport.opened == 6


@pytest.mark.virtual_time
async def test_the_last_look_of_a_wait_finds_new_credentials() -> None:
    async with telling(seen(), failing_at(FailureStage.CREDENTIALS), PROCESSED) as story:
        assert (await story.client.wait_until_processed(BATCH_ID, timeout=1)).is_processed


@pytest.mark.virtual_time
async def test_closing_the_client_ends_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: InProcess) -> None:
        await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(InProcess, "open", never)
    async with telling(*repeated(failing_at(FailureStage.CREDENTIALS), 2)) as story:
        call = asyncio.create_task(story.client.get_batch(BATCH_ID))
        await until(lambda: "omics_batch renewal" in {task.get_name() for task in asyncio.all_tasks()})
    await asyncio.wait({call})
    assert "omics_batch renewal" not in {task.get_name() for task in asyncio.all_tasks()}
    assert "closed" in str(call.exception())


@pytest.mark.virtual_time
async def test_a_call_may_begin_another_renewal_while_others_learn_how_the_last_one_went() -> None:
    """They come at every step of the event loop, and each is refused for want of new credentials."""

    async def open_in_vain() -> None:
        await asyncio.sleep(0)
        raise CredentialsError("the source gave no answer")

    settings: dict[str, Any] = {"in_process": True, "clock": running_clock()}
    async with (
        Simulator(faults=[faults.expired_token(times=10_000)], **settings) as omics,
        OmicsBatchClient(
            region_name="us-west-2", endpoint_url=omics.endpoint_url, clock=omics.clock, max_rate=None
        ) as client,
    ):
        vars(client._opened().caller.transport).update(open=open_in_vain)
        batch_id = omics.start_batch(1)

        async def call_after(steps: int) -> None:
            for _ in range(steps):
                await asyncio.sleep(0)
            await client.get_batch(batch_id)

        results = await asyncio.gather(*map(call_after, range(300)), return_exceptions=True)
        omics.forget_script()
    assert {type(result) for result in results} == {CredentialsError}
