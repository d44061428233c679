"""HTTP sessions: one that does not use the application's threads, and one that sends each request once, to one host."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from functools import lru_cache, partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn
from urllib.parse import urlsplit

from aiobotocore.httpsession import AIOHTTPSession

from omics_batch._threads import in_thread
from omics_batch._transport.attempt import CURRENT, LARGEST_ANSWER, REDIRECTS, Attempt
from omics_batch._transport.keys import check_headers
from omics_batch._transport.resolver import Resolver
from omics_batch._transport.settings_check import file_version

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    import aiohttp

    from omics_batch._transport.settings_check import FileVersion


class _RefusedError(Exception):
    """Ends a request whose response is refused."""


class OwnThreadsSession(AIOHTTPSession):
    """aiobotocore's HTTP session, without the application's threads: they may all be busy."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        """Take aiobotocore's arguments."""
        super().__init__(*arguments, **settings)
        use_own_threads(self)


class OneRequestSession(OwnThreadsSession):
    """An HTTP session that sends exactly one request, to exactly one host, for each attempt."""

    _refuses_redirects: ClassVar[bool] = True

    async def _get_session(self, proxy_url: str | None) -> _OneRequest:
        above: Any = super()
        session = await above._get_session(proxy_url)
        session._retry_connection = False
        return _OneRequest(session, self._refuses_redirects)

    @property
    def proxies(self) -> Mapping[str, str]:
        """The proxies that botocore has chosen for the endpoint, by its scheme."""
        proxies: Mapping[str, str] = self._own_proxies._proxies
        return proxies

    async def open_for(self, url: str) -> None:
        """Make the session for a URL, as the first request would: this reads the certificates."""
        await self._get_session(self._own_proxies.proxy_url_for(url))

    def _proxy_of(self, request: Any) -> str:
        """Return the host and port of the proxy of a request, without its user and password."""
        return urlsplit(self._own_proxies.proxy_url_for(request.url) or "").netloc.rpartition("@")[2]

    @property
    def _own_proxies(self) -> Any:
        session: Any = self
        return session._proxy_config

    async def send(self, request: Any) -> Any:
        above: Any = super()
        attempt = CURRENT.get()
        if attempt is None:
            return await above.send(request)
        check_headers(request.headers)
        attempt.sent, attempt.proxy = True, self._proxy_of(request)
        # Or aiobotocore would read the whole answer, however large.
        request.stream_output = True
        response = await above.send(request)
        # The body is read here, and botocore gets an empty stream: its parser fails on a damaged body, and is slow.
        attempt.body = await _read(response.raw, attempt)
        attempt.status, attempt.headers = response.status_code, response.headers
        return response


class StorageSession(OneRequestSession):
    """An HTTP session of S3: it follows no redirect, but botocore sees each, and signs again for the bucket's region.

    botocore makes the host of the other region by its own rules, whatever the answer names. Still, a request goes
    only to hosts that are allowed. An answer is read up to a limit.
    """

    _refuses_redirects: ClassVar[bool] = False
    is_allowed: Callable[[str], bool]
    """Whether a signed request may go to a host."""

    async def send(self, request: Any) -> Any:
        attempt = CURRENT.get() or Attempt()
        check_headers(request.headers)
        attempt.sent, attempt.proxy = True, self._proxy_of(request)
        host: str | None = urlsplit(str(request.url)).hostname
        if not self.is_allowed(host or ""):
            raise _RefusedError("refused to send a signed request to a host that is not the storage's")
        attempt.redirected = None
        request.stream_output = True
        response = await OwnThreadsSession.send(self, request)
        attempt.body = await _read(response.raw, attempt)
        response._content = attempt.body  # pyright: ignore[reportPrivateUsage] - where botocore keeps what it reads
        if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            response.raw.close()  # with a body that was not asked for, aiohttp would keep the connection for ever
        if response.status_code in REDIRECTS:
            attempt.redirected = response.status_code
            if "x-amz-bucket-region" not in response.headers:  # which S3 names; botocore would ask and ask for it
                raise _RefusedError("refused a redirect that names no region")
        return response


def use_own_threads(session: Any) -> None:
    """Let a session of aiobotocore look names up and read certificates in threads of our own."""
    session._connector_args = {**session._connector_args, "resolver": Resolver()}
    # Older releases of aiobotocore read certificates on the event loop.
    reads_in_thread = hasattr(session, "_build_ssl_contexts")
    session._create_connector = partial(_connector, session) if reads_in_thread else session._create_connector


async def _connector(session: Any, proxy_url: str | None) -> Any:
    contexts = await in_thread(partial(_contexts, session, proxy_url))
    # With the certificates read, aiobotocore needs no thread.
    ready: Any = copy(session)
    ready._verify, ready._cert_file = False, None
    ready._build_ssl_contexts = {None: contexts}.get
    del ready._create_connector
    return await ready._create_connector(None)


def _contexts(session: Any, proxy_url: str | None) -> tuple[ssl.SSLContext, ssl.SSLContext | None]:
    """Return the TLS contexts for the endpoint and for the proxy.

    Clients that trust the same file, and have no certificate of their own, share one context: reading it is most of the
    time to open a client.
    """
    trusted: str | bool = session._verify
    if not trusted or session._cert_file or proxy_url:
        contexts: tuple[ssl.SSLContext, ssl.SSLContext | None] = session._build_ssl_contexts(proxy_url)
        return contexts
    return _shared_context(trusted, None if trusted is True else file_version(trusted)), None


@lru_cache(maxsize=8)
def _shared_context(trusted: str | bool, _version: FileVersion | None) -> ssl.SSLContext:  # noqa: FBT001 - as botocore
    make: Any = AIOHTTPSession  # whose hints allow no path
    session = make(verify=trusted)
    context: ssl.SSLContext = session._build_ssl_contexts(None)[0]
    return context


@dataclass(frozen=True, slots=True)
class _OneRequest:
    """The part of an aiohttp session that aiobotocore uses; it follows no redirect: that is refused, or the answer."""

    session: Any
    refuses_redirects: bool

    async def request(self, method: str, **options: object) -> aiohttp.ClientResponse:
        response: aiohttp.ClientResponse = await self.session.request(method, **{**options, "allow_redirects": False})
        if self.refuses_redirects and response.status in REDIRECTS:
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
