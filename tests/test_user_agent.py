"""The User-Agent: botocore's own, word for word, though it is not built again for each request."""

from __future__ import annotations

from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from aiobotocore.session import AioSession
from botocore.useragent import UserAgentString, register_feature_id

from omics_batch._transport import user_agent
from omics_batch._version import VERSION
from omics_batch.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    import pytest
    from botocore.awsrequest import AWSPreparedRequest
    from types_aiobotocore_omics import OmicsClient


@asynccontextmanager
async def client_and_its_headers(
    session: AioSession | None = None,
) -> AsyncGenerator[tuple[OmicsClient, Callable[[], Awaitable[str]]]]:
    """A client, and what shows the User-Agent that a request of it carries."""
    async with Simulator() as omics:
        batch_id = omics.start_batch(1)
        chosen: dict[str, Any] = {} if session is None else {"session": session}
        async with omics.client(**chosen) as client:
            sent: list[str] = []

            def note(request: AWSPreparedRequest, **_: object) -> None:
                sent.append(_text(request.headers["User-Agent"]))

            client.aws.meta.events.register("before-send.omics", note)

            async def header() -> str:
                await client.get_batch(batch_id)
                return sent.pop()

            yield client.aws, header


def _text(header: bytes | str) -> str:
    return header.decode() if isinstance(header, bytes) else header


def words(header: str) -> list[list[str]]:
    """The header's words; botocore orders a request's features by chance."""
    return [sorted(word.split(",")) for word in header.replace("m/", "m/,").split()]


async def test_it_is_what_botocore_writes() -> None:
    """In the first request as in a later one."""
    session = AioSession()
    session.set_credentials(Simulator.access_key, Simulator.secret_key)
    async with client_and_its_headers(session) as (_, header):
        botocores = words(await header())
    async with client_and_its_headers() as (_, header):
        ours = [words(await header()) for _ in range(3)]
    assert ours == [botocores] * 3
    assert [f"omics-batch/{VERSION}"] in botocores


async def test_it_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Should this fail: botocore keeps a request's features elsewhere; find them again in `_features`."""
    built: list[str] = []
    to_string = UserAgentString.to_string

    def count(creator: UserAgentString) -> str:
        built.append(to_string(creator))
        return built[-1]

    async with client_and_its_headers() as (_, header):
        await header()
        monkeypatch.setattr(UserAgentString, "to_string", count)
        for _ in range(3):
            await header()
    assert built == []


async def test_it_shows_what_a_request_uses() -> None:
    """A feature of one request alone is reported by that request alone."""
    async with client_and_its_headers() as (aws, header):
        before = await header()
        aws.meta.events.register("before-call.omics", _paginate)
        during = await header()
        aws.meta.events.unregister("before-call.omics", _paginate)
        after = await header()
    assert words(before) == words(after)
    (features,) = [word for word in words(during) if word not in words(before)]
    assert "C" in features


def _paginate(**_: object) -> None:
    register_feature_id("PAGINATOR")


async def test_it_is_built_for_each_request_where_botocore_does_not_show_what_it_uses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A botocore that has moved what is its own costs time, and nothing else."""
    async with client_and_its_headers() as (aws, header):
        known = await header()
        monkeypatch.setattr(user_agent, "useragent", SimpleNamespace())
        assert words(await header()) == words(known)
        aws.meta.events.register("before-call.omics", _paginate)
        assert words(await header()) != words(known)
