"""HTTP with every attempt exactly one request, to exactly one host, of an answer of bounded size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NoReturn

import aiohttp
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.httpsession import AIOHTTPSession

from omics_batch._transport._attempt import CURRENT

if TYPE_CHECKING:
    from omics_batch._transport._attempt import Attempt

LARGEST_ANSWER: Final = 1024 * 1024
"""Bytes; a GetBatch answer has some thousand."""


class _RefusedError(Exception):
    """Stops aiohttp in the middle of a request."""


async def _refuse_redirect(_: object, __: object, redirect: aiohttp.TraceRequestRedirectParams) -> None:
    redirect.response.close()
    if attempt := CURRENT.get():
        attempt.redirected = redirect.response.status
    raise _RefusedError(f"refused to follow a redirect (HTTP {redirect.response.status}) with a signed request")


class OneRequestSession(AIOHTTPSession):
    """aiobotocore's HTTP session, with every attempt exactly one request to exactly one host."""

    async def _get_session(self, proxy_url: str | None) -> aiohttp.ClientSession:
        above: Any = super()
        session: aiohttp.ClientSession = await above._get_session(proxy_url)  # noqa: SLF001 - where sessions are made
        if not session.trace_configs:
            trace = aiohttp.TraceConfig()
            trace.on_request_redirect.append(_refuse_redirect)
            trace.freeze()
            session.trace_configs.append(trace)
            session._retry_connection = False  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - no public switch
        return session

    async def send(self, request: Any) -> Any:  # noqa: ANN401 - the stubs name other types than botocore hands over
        above: Any = super()
        attempt = CURRENT.get()
        if attempt is None:
            return await above.send(request)
        # Or it would read the whole answer, however large.
        request.stream_output = True
        response = await above.send(request)
        body = await _read(response.raw, attempt)
        return AioAWSResponse(response.url, response.status_code, response.headers, _Body(body))


@dataclass(frozen=True, slots=True)
class _Body:
    content: bytes

    async def read(self) -> bytes:
        return self.content


async def _read(response: aiohttp.ClientResponse, attempt: Attempt) -> bytes:
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            attempt.too_large = len(body) > LARGEST_ANSWER
            if attempt.too_large:
                _refuse_answer()
    except BaseException:
        response.close()
        raise
    return bytes(body)


def _refuse_answer() -> NoReturn:
    raise _RefusedError(f"refused an answer of more than {LARGEST_ANSWER} bytes")
