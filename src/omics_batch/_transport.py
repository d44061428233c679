"""One call in, one answer or one plain `Fault` out: the only room that knows aiobotocore and botocore.

botocore signs, finds credentials and endpoints, and keeps the connections. Everything else that it or
aiohttp would do by themselves is switched off: retries, redirects, the resending of a GET, host prefixes
on an endpoint of the caller's own. The answer's bytes are taken before botocore parses them, since its
parser makes `{}` of a damaged answer and drops fields it does not know.
"""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import urlsplit

import aiohttp
from aiobotocore.awsrequest import AioAWSResponse
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigNotFound,
    ConfigParseError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointProviderError,
    HTTPClientError,
    NoRegionError,
    ParamValidationError,
    ProfileNotFound,
    ReadTimeoutError,
    StubResponseError,
)

from omics_batch._errors import CredentialsError, InvalidInputError
from omics_batch._faults import Fault, Trouble, classify, fault_in_answer
from omics_batch._inputs import check_endpoint, is_loopback
from omics_batch._text import one_line
from omics_batch._version import VERSION

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from types_aiobotocore_omics import OmicsClient

LARGEST_ANSWER: Final = 1024 * 1024
"""Bytes; a GetBatch answer has some thousand."""

_RETRIES: Final = {"mode": "standard", "total_max_attempts": 1}
_POOL: Final = 50
_NOTABLE_SKEW: Final = 240.0
_EVENTS: Final = "omics"

_TIMEOUTS: Final = (TimeoutError, ConnectTimeoutError, ReadTimeoutError)
_MISTAKES: Final = (ParamValidationError, StubResponseError, EndpointProviderError)
_PRESENTABLE: Final = (BotoCoreError, ClientError, aiohttp.ClientError, TimeoutError)


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer: its bytes, or, where botocore was stubbed, the dict it handed out."""

    body: bytes | None
    document: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(slots=True)
class _Attempt:
    """What was seen of one request while it was under way."""

    sent: bool = False
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes = b""
    redirected: int | None = None
    too_large: bool = False


_attempt: ContextVar[_Attempt | None] = ContextVar("omics_batch_attempt", default=None)


class _RefusedError(Exception):
    """Stops aiohttp in the middle of a request."""


async def _refuse_redirect(_: object, __: object, redirect: aiohttp.TraceRequestRedirectParams) -> None:
    redirect.response.close()
    if attempt := _attempt.get():
        attempt.redirected = redirect.response.status
    raise _RefusedError(f"refused to follow a redirect (HTTP {redirect.response.status}) with a signed request")


class _OneRequest(AIOHTTPSession):
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
        attempt = _attempt.get()
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


async def _read(response: aiohttp.ClientResponse, attempt: _Attempt) -> bytes:
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


class Transport:
    """The aiobotocore client underneath, and one request of it at a time."""

    def __init__(self, make: Callable[[], AbstractAsyncContextManager[OmicsClient]]) -> None:
        """Know how to make the client; `open` makes it."""
        self._make = make
        self._exits = AsyncExitStack()
        self._aws: OmicsClient | None = None

    async def open(self) -> None:
        """Make the client, or a new one with credentials found anew; the former serves its calls to their end."""
        aws = await self._exits.enter_async_context(self._make())
        aws.meta.events.register(f"before-send.{_EVENTS}", _on_send)
        aws.meta.events.register(f"before-parse.{_EVENTS}", _on_answer)
        self._aws = aws

    @property
    def aws(self) -> OmicsClient:
        """The client that is used now."""
        if self._aws is None:
            raise RuntimeError("open the transport first")
        return self._aws

    @property
    def region_name(self) -> str:
        """The region that requests are signed for."""
        return self.aws.meta.region_name

    def operation(self, method: str) -> str:
        """Return the AWS operation behind a method of aiobotocore's client: `GetBatch` for `get_batch`."""
        return self.aws.meta.method_to_api_mapping[method]

    async def call(self, method: str, parameters: Mapping[str, Any], *, bound: float) -> Reply | Fault:
        """Send one request.

        Args:
            method: The operation as aiobotocore's client names it, such as `get_batch`.
            parameters: Its parameters, in the service's own names.
            bound: Real seconds until the whole answer has to be there.
        """
        operation = self.operation(method)
        attempt = _Attempt()
        token = _attempt.set(attempt)
        try:
            async with asyncio.timeout(bound):
                document = await getattr(self.aws, method)(**parameters)
        except Exception as error:  # noqa: BLE001 - what aiohttp, botocore and credential sources raise has no common base
            return _fault_of(error, operation, attempt, bound)
        finally:
            _attempt.reset(token)
        if attempt.status is None:
            return Reply(None, {name: value for name, value in document.items() if name != "ResponseMetadata"})
        return Reply(attempt.body)

    async def close(self) -> None:
        """Close all connections."""
        await self._exits.aclose()


async def open_transport(
    *,
    region_name: str | None,
    profile_name: str | None,
    endpoint_url: str | None,
    allow_http: bool,
    session: AioSession | None,
    attempt_timeout: float,
    keepalive: float,
) -> Transport:
    """Return a transport that is ready.

    Args:
        region_name: The AWS region; None takes it from the environment or the profile.
        profile_name: The profile of the shared configuration files; None takes the environment's.
        endpoint_url: Another endpoint than the region's; None takes the environment's, or the region's.
        allow_http: Whether plain http may leave this machine.
        session: The caller's own session, which stays as it is.
        attempt_timeout: Seconds, for finding credentials, for connecting and for each read; each attempt is
            bounded from outside too.
        keepalive: Seconds that an idle connection is kept: more than a poll's interval.

    Raises:
        InvalidInputError: There is no such profile, no region, or the endpoint is not acceptable.
        CredentialsError: The credentials are incomplete, or their source fails or does not answer.
    """
    if endpoint_url is not None:
        check_endpoint(endpoint_url, allow_http=allow_http)
    config = AioConfig(
        http_session_cls=_OneRequest,
        connector_args={"keepalive_timeout": keepalive},
        retries=_RETRIES,
        connect_timeout=attempt_timeout,
        read_timeout=attempt_timeout,
        max_pool_connections=_POOL,
        proxies=_proxies_for(endpoint_url),
        parameter_validation=True,
        user_agent_extra=f"omics-batch/{VERSION}",
    )

    @asynccontextmanager
    async def make() -> AsyncGenerator[OmicsClient]:
        found = session or AioSession(profile=profile_name)
        await _find_credentials(found, attempt_timeout)
        making = found.create_client("omics", region_name=region_name, endpoint_url=endpoint_url, config=config)
        async with AsyncExitStack() as exits:
            try:
                aws: OmicsClient = await exits.enter_async_context(making)
            except NoRegionError:
                raise InvalidInputError("no AWS region: give region_name, or set AWS_DEFAULT_REGION") from None
            except (BotoCoreError, ValueError) as error:
                raise InvalidInputError(f"no client can be made of these settings: {_told(error)}") from None
            check_endpoint(aws.meta.endpoint_url, allow_http=allow_http)
            _keep_the_host_of_a_custom_endpoint(aws)
            _assert_no_retries(aws)
            yield aws

    transport = Transport(make)
    await transport.open()
    return transport


async def _find_credentials(session: AioSession, limit: float) -> None:
    """Let the session find its credentials; having none is an error of the first call, not of this one."""
    try:
        async with asyncio.timeout(limit):
            await session.get_credentials()
    except (ProfileNotFound, ConfigParseError, ConfigNotFound) as error:
        raise InvalidInputError(one_line(str(error))) from None
    except TimeoutError:
        raise CredentialsError(f"the source of the credentials gave no answer within {limit:g} s") from None
    except Exception as error:  # noqa: BLE001 - a source of credentials may raise anything
        raise CredentialsError(f"no usable credentials: {_told(error)}. Complete or renew them.") from None


def static_session(access_key: str, secret_key: str) -> AioSession:
    """Return a session with fixed credentials that nothing else on this machine has a say in.

    The local HealthOmics is reached this way: neither AWS_* variables nor profiles nor proxies change it.
    """
    alone = {name: (None, None, default, kind) for name, (_, _, default, kind) in AioSession.SESSION_VARIABLES.items()}
    files = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    session = AioSession(session_vars={**alone, **files})
    session.set_default_client_config(AioConfig(proxies={}))
    session.set_credentials(access_key, secret_key)
    return session


def _proxies_for(endpoint_url: str | None) -> dict[str, str] | None:
    """Return no proxy for this machine itself, where none can be of use, else None for the environment's."""
    return {} if endpoint_url and is_loopback(urlsplit(endpoint_url).hostname or "") else None


def _keep_the_host_of_a_custom_endpoint(aws: OmicsClient) -> None:
    # The model's host prefix belongs before the service's own hosts; it would make workflows-127.0.0.1 of others.
    host = urlsplit(aws.meta.endpoint_url).hostname or ""
    if not host.startswith(("omics.", "omics-fips.")):
        aws.meta.config.inject_host_prefix = False


def _assert_no_retries(aws: OmicsClient) -> None:
    config: Any = aws.meta.config
    retries: dict[str, object] = config.retries
    if any(retries.get(option) != value for option, value in _RETRIES.items()):
        raise InvalidInputError(f"botocore kept retries of its own ({retries}): requests would multiply")


def _on_send(**_: object) -> None:
    if attempt := _attempt.get():
        attempt.sent = True


def _on_answer(response_dict: dict[str, Any], **_: object) -> None:
    attempt = _attempt.get()
    if attempt is None:
        return
    attempt.status = response_dict["status_code"]
    attempt.headers = response_dict["headers"]
    attempt.body = response_dict["body"]
    # botocore's parser stumbles over a damaged body, and is slow on a sound one: both are ours to read.
    response_dict["body"] = b"{}"


def _fault_of(error: Exception, operation: str, attempt: _Attempt, bound: float) -> Fault:
    if attempt.status is not None and not isinstance(error, TimeoutError):
        return _fault_in_answer(operation, attempt, _rid_of_secrets(error))
    if isinstance(error, ClientError) and error.operation_name == operation:
        return _fault_of_a_stub(operation, error)
    trouble, detail = _trouble_of(error, attempt, bound)
    return Fault(trouble=trouble, operation=operation, detail=detail, cause=_rid_of_secrets(error))


def _trouble_of(error: Exception, attempt: _Attempt, bound: float) -> tuple[Trouble, str]:
    if attempt.redirected:
        return Trouble.REDIRECT, f"the endpoint answered with a redirect (HTTP {attempt.redirected})"
    if attempt.too_large:
        return Trouble.UNREADABLE, f"the answer was larger than {LARGEST_ANSWER} bytes"
    if isinstance(error, _TIMEOUTS):
        return Trouble.TIMEOUT, f"no whole answer within {bound:g} s"
    if isinstance(error, _MISTAKES):
        return Trouble.INVALID, _told(error)
    if not attempt.sent:
        return Trouble.CREDENTIALS, f"no usable credentials: {_told(error)}"
    return Trouble.CONNECTION, f"the connection failed: {_told(error)}"


def _fault_in_answer(operation: str, attempt: _Attempt, cause: Exception | None) -> Fault:
    fault = fault_in_answer(operation, attempt.status or 0, attempt.headers, attempt.body, cause)
    skew = _clock_skew(attempt.headers.get("date", ""))
    if classify(fault).error is not CredentialsError or abs(skew) < _NOTABLE_SKEW:
        return fault
    direction = "behind" if skew > 0 else "ahead of"
    return replace(fault, detail=f"{fault.detail}; this machine's clock is {abs(skew):.0f} s {direction} the service's")


def _fault_of_a_stub(operation: str, error: ClientError) -> Fault:
    told = error.response.get("Error", {})
    metadata = error.response.get("ResponseMetadata", {})
    headers = {"x-amzn-errortype": told.get("Code", ""), **metadata.get("HTTPHeaders", {})}
    body = json.dumps({"message": told.get("Message", "")}).encode()
    return fault_in_answer(operation, metadata.get("HTTPStatusCode", 400), headers, body, _rid_of_secrets(error))


def _clock_skew(date: str) -> float:
    """Seconds that the service's clock is ahead of this machine's, by an answer's Date; 0 without one."""
    try:
        return (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 0.0


def _told(error: Exception) -> str:
    # A credential source may raise anything, with its secrets in the text: what AWS's and the network's say is shown.
    kind = type(error).__name__
    return f"{kind}: {one_line(str(error))}" if isinstance(error, _PRESENTABLE) else kind


def _rid_of_secrets(error: Exception) -> Exception | None:
    """Return an exception fit to be a cause: without the signed request, its context, or frames that hold either."""
    if not isinstance(error, _PRESENTABLE):
        return None
    if isinstance(error, aiohttp.ClientError):
        error = ConnectionClosedError(endpoint_url="", error=type(error).__name__)
    for holder in ("request", "response"):
        if isinstance(error, HTTPClientError) and hasattr(error, holder):
            setattr(error, holder, None)
    if isinstance(error, BotoCoreError):
        facts: dict[str, object] = vars(error)["kwargs"]
        vars(error)["kwargs"] = {name: str(value) for name, value in facts.items() if name != "request"}
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
