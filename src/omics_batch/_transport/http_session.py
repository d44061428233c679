"""An HTTP session that sends each request once, to one host, and limits the response's size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from aiobotocore.httpsession import AIOHTTPSession

from omics_batch._transport.attempt import CURRENT, LARGEST_ANSWER, REDIRECTS
from omics_batch._transport.keys import check_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    import aiohttp

    from omics_batch._transport.attempt import Attempt


class _RefusedError(Exception):
    """Ends a request whose answer is not wanted."""


class OneRequestSession(AIOHTTPSession):
    """aiobotocore's HTTP session, with every attempt exactly one request to exactly one host."""

    async def _get_session(self, proxy_url: str | None) -> _OneRequest:
        above: Any = super()
        session = await above._get_session(proxy_url)  # noqa: SLF001 - where sessions are made
        session._retry_connection = False  # noqa: SLF001 - no public switch
        return _OneRequest(session)

    @property
    def proxies(self) -> Mapping[str, str]:
        """The proxies that botocore has chosen for the endpoint, by its scheme."""
        proxies: Mapping[str, str] = self._own_proxies._proxies  # noqa: SLF001 - no public way
        return proxies

    async def open_for(self, url: str) -> None:
        """Make what the first request to a URL would make: it reads certificates, in a thread that is free now."""
        await self._get_session(self._own_proxies.proxy_url_for(url))

    @property
    def _own_proxies(self) -> Any:  # noqa: ANN401 - botocore has no types
        session: Any = self
        return session._proxy_config  # noqa: SLF001 - the same

    async def send(self, request: Any) -> Any:  # noqa: ANN401 - the stubs name other types than botocore hands over
        above: Any = super()
        attempt = CURRENT.get()
        if attempt is None:
            return await above.send(request)
        check_headers(request.headers)
        attempt.sent = True
        # Or aiobotocore would read the whole answer, however large.
        request.stream_output = True
        response = await above.send(request)
        # botocore finds the stream at its end: its parser stumbles over a damaged body, and is slow on a sound one.
        attempt.body = await _read(response.raw, attempt)
        attempt.status, attempt.headers = response.status_code, response.headers
        return response


@dataclass(frozen=True, slots=True)
class _OneRequest:
    """What aiobotocore uses of an aiohttp session, with no redirect followed."""

    session: Any

    async def request(self, method: str, **options: object) -> aiohttp.ClientResponse:
        response: aiohttp.ClientResponse = await self.session.request(method, **{**options, "allow_redirects": False})
        if response.status in REDIRECTS:
            response.close()
            if attempt := CURRENT.get():
                attempt.redirected = response.status
            raise _RefusedError(f"refused to follow a redirect (HTTP {response.status}) with a signed request")
        return response


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
