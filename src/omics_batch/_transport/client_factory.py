"""Making the aiobotocore client: credentials, region, endpoint; retries and redirects switched off."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from aiobotocore.config import AioConfig
from botocore.credentials import RefreshableCredentials
from botocore.exceptions import ConfigNotFound, ConfigParseError, NoRegionError, ProfileNotFound

from omics_batch._advice import with_advice, worded
from omics_batch._errors import Advice, AdviceKind, CredentialsError, InvalidInputError
from omics_batch._loop import OwnLoop
from omics_batch._threads import in_thread
from omics_batch._transport.credential_sources import Source, SourceError, explain, presentable
from omics_batch._transport.credentials import RenewedCredentials, source_in
from omics_batch._transport.endpoint import check_endpoint
from omics_batch._transport.hosts import is_loopback, is_own_host
from omics_batch._transport.http_session import OneRequestSession
from omics_batch._transport.in_process import InProcess, find_exchange
from omics_batch._transport.keys import check_keys
from omics_batch._transport.request import MadeClient, Transport
from omics_batch._transport.session import make_cheap, own_session
from omics_batch._transport.settings_check import (
    check_certificates,
    check_proxy,
    check_region,
    check_region_name,
    check_tls,
    misconfigured,
)
from omics_batch._version import VERSION
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from aiobotocore.session import AioSession
    from types_aiobotocore_omics import OmicsClient

    from omics_batch._clock import Clock
    from omics_batch._emitter import EventEmitter
    from omics_batch._transport.credentials import OwnSession

_RETRIES: Final = {"mode": "standard", "total_max_attempts": 1}
_POOL: Final = 50
_MANDATORY: Final = 600
"""Seconds before the expiry of credentials; from then on aiobotocore makes each request wait for new ones."""
_SETTINGS_OF_ENDPOINT: Final = "AWS_ENDPOINT_URL_{service}, AWS_ENDPOINT_URL, or the profile's endpoint_url"
_UNUSABLE: Final = "no client can be made of these settings (region, endpoint, configuration files)"


async def open_transport(
    *,
    region_name: str | None,
    profile_name: str | None,
    endpoint_url: str | None,
    allow_http: bool,
    session: AioSession | None,
    attempt_timeout: float,
    keepalive: float,
    clock: Clock,
    events: EventEmitter,
) -> Transport | InProcess:
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
        clock: The clock that measures the limit of a request. Sources of credentials use real seconds.
        events: Publishes the results of credential renewals.

    Raises:
        InvalidInputError: There is no such profile, no region, or the endpoint is not acceptable.
        CredentialsError: The credentials are incomplete, or their source fails or does not answer.
    """
    if (exchange := find_exchange(endpoint_url)) is not None:
        return InProcess(exchange, clock, is_renewable=session is None)
    if endpoint_url is not None:
        check_endpoint(endpoint_url, allow_http=allow_http)

    @asynccontextmanager
    async def make(may_ask: bool) -> AsyncGenerator[MadeClient]:  # noqa: FBT001 - called by the transport alone
        async with AsyncExitStack() as exits:
            if session is None:
                own = await exits.enter_async_context(aclosing(own_session(profile_name=profile_name)))
                own.events = events
                if region_name is not None:  # for STS and SSO too, not only for HealthOmics
                    own.set_config_variable("region", region_name)
                found: AioSession = own
            else:
                found = session
            credentials = await _find_credentials(found, attempt_timeout, ours=session is None, may_ask=may_ask)
            config = client_config(endpoint_url, attempt_timeout, keepalive)
            aws: OmicsClient = await enter_client(exits, found, "omics", region_name, endpoint_url, config)
            resolved = aws.meta.endpoint_url
            check_resolved(resolved, "omics", allow_http=allow_http)
            if endpoint_url is None and is_here(resolved):
                # Requests to this machine must not go through a proxy of the environment.
                config = client_config(resolved, attempt_timeout, keepalive)
                aws = await enter_client(exits, found, "omics", region_name, resolved, config)
            _keep_the_host_of_a_custom_endpoint(aws)
            http_session = http_session_of(aws)
            check_proxy(http_session.proxies, aws.meta.endpoint_url)
            await check_tls(http_session, aws.meta.endpoint_url)
            await _check_region(found, aws, http_session, attempt_timeout)
            keep_to_this_loop(aws)
            yield MadeClient(aws, found, credentials, partial(source_in, found), partial(_is_waited_for, credentials))

    transport = Transport(make, clock, is_renewable=session is None)
    await transport.open()
    return transport


def check_resolved(url: str, service: str, *, allow_http: bool) -> None:
    """Refuse the endpoint that botocore found in the environment, as one that a caller gives.

    Raises:
        InvalidInputError: Signed requests must not go there.
    """
    try:
        check_endpoint(url, allow_http=allow_http)
    except InvalidInputError as error:  # the caller's URL was checked before, so this one is from the environment
        problem = f"{error.problem.rstrip('.')} ({_SETTINGS_OF_ENDPOINT.format(service=service.upper())})"
        raise misconfigured(problem if error.advice is None else f"{problem}.", error.advice) from None


def client_config(
    endpoint_url: str | None,
    attempt_timeout: float,
    keepalive: float,
    http_session: type[OneRequestSession] = OneRequestSession,
    **options: Any,
) -> AioConfig:
    """Return the configuration of a client, which switches off what it would do by itself."""
    return AioConfig(
        http_session_cls=http_session,
        connector_args={"keepalive_timeout": keepalive},
        retries=_RETRIES,
        connect_timeout=attempt_timeout,
        read_timeout=attempt_timeout,
        max_pool_connections=_POOL,
        proxies={} if endpoint_url and is_here(endpoint_url) else None,
        parameter_validation=True,
        user_agent_extra=f"omics-batch/{VERSION}",
        **options,
    )


async def enter_client(  # noqa: PLR0917 - the session's own arguments, in its order
    exits: AsyncExitStack,
    session: AioSession,
    service: str,
    region_name: str | None,
    endpoint_url: str | None,
    config: AioConfig,
) -> Any:
    """Return a client of a service, open until the exits close.

    Raises:
        InvalidInputError: No client can be made with these settings.
    """
    check_region_name(session, region_name)
    # Plain http needs no certificates, and reading them takes time.
    is_plain = endpoint_url is not None and urlsplit(endpoint_url).scheme == "http"
    if not is_plain:
        await in_thread(partial(check_certificates, session))
    making = session.create_client(
        service, region_name=region_name, endpoint_url=endpoint_url, verify=False if is_plain else None, config=config
    )
    other = " AWS_REGION is set, but botocore reads AWS_DEFAULT_REGION." if os.environ.get("AWS_REGION") else ""
    problem, advice = f"no AWS region.{other}", cast("Advice | None", Advice(AdviceKind.GIVE_REGION))
    try:
        aws: Any = await exits.enter_async_context(making)
        if aws.meta.region_name:  # empty if the variable is empty and the endpoint needs no region
            return aws
    except NoRegionError:
        pass
    except Exception as error:  # noqa: BLE001 - settings of a wrong type make botocore raise anything
        if region_name or session.get_config_variable("region") != "":
            problem, advice = f"{_UNUSABLE}: {_reason(error, service)}", None
    # Raised outside of the except block: botocore's exception may contain a line of the credentials file.
    raise misconfigured(problem, advice)


def _reason(error: Exception, service: str) -> str:
    if isinstance(error, ValueError) and str(error).startswith("Invalid endpoint"):  # whose URL may hold a password
        return f"an endpoint that is no URL ({_SETTINGS_OF_ENDPOINT.format(service=service.upper())})"
    return presentable(error)


async def _find_credentials(session: AioSession, limit: float, *, ours: bool, may_ask: bool) -> Any:
    """Let the session find its credentials; if there are none, the first call raises."""
    problem: InvalidInputError | CredentialsError
    try:
        if ours:
            own = cast("OwnSession", session)
            make_cheap(own)
            await own.open(limit, may_ask=may_ask)
        async with asyncio.timeout(limit):
            credentials: Any = await session.get_credentials()
            if credentials is not None and not hasattr(credentials, "refresh_needed"):  # the others may ask a service
                check_keys(await credentials.get_frozen_credentials(), source_in(session, credentials.method))
            return credentials
    except ProfileNotFound as error:
        problem = misconfigured(f"{one_line(str(error)).rstrip('.')}.", Advice(AdviceKind.CHECK_PROFILE))
    except (ConfigParseError, ConfigNotFound) as error:
        problem = misconfigured(one_line(str(error)))
    except TimeoutError:
        problem = _credentials_error(Source().silent(limit))
    except Exception as error:  # noqa: BLE001 - a source of credentials may raise anything
        trying = cast("str", getattr(session, "trying", ""))  # a caller's session does not say it
        problem = _credentials_error(explain(error, source_in(session, trying) if trying else Source()))
    # Raised outside of the except block: the source's exception may contain the credentials.
    raise problem


def _is_waited_for(credentials: Any) -> bool:
    """Whether requests wait for new credentials now; aiobotocore makes them wait in the last minutes."""
    if isinstance(credentials, RenewedCredentials):
        return credentials.refresh_needed()
    return isinstance(credentials, RefreshableCredentials) and credentials.refresh_needed(_MANDATORY)


def _credentials_error(error: SourceError) -> CredentialsError:
    problem, advice = f"{error.problem}.", Advice(AdviceKind.RENEW_CREDENTIALS, {"step": error.next_step})
    made = CredentialsError(worded(problem, advice), next_step=error.next_step, is_final=error.is_final)
    return with_advice(made, problem, advice)


def is_here(endpoint_url: str) -> bool:
    """Whether an endpoint is on this machine, by its very name."""
    return is_loopback(urlsplit(endpoint_url).hostname or "")


def _keep_the_host_of_a_custom_endpoint(aws: OmicsClient) -> None:
    # The host prefix of the model is for AWS's own hosts. With another host it would make workflows-127.0.0.1.
    if not is_own_host(urlsplit(aws.meta.endpoint_url).hostname or ""):
        aws.meta.config.inject_host_prefix = False


def keep_to_this_loop(aws: Any) -> None:
    """Refuse a request from another event loop before it uses a connection, also one through `client.aws`."""
    loop = OwnLoop()

    def check(**_: object) -> None:
        loop.check()

    aws.meta.events.register_first("provide-client-params", check)


async def _check_region(session: AioSession, aws: OmicsClient, http_session: OneRequestSession, limit: float) -> None:
    host = urlsplit(aws.meta.endpoint_url).hostname or ""
    if http_session.proxies.get("https") or not is_own_host(host):
        return  # the proxy resolves names, or the endpoint is not AWS's
    partitions: list[dict[str, Any]] = session.get_component("data_loader").load_data("partitions")["partitions"]
    regions = {region for partition in partitions for region in partition["regions"]}
    with suppress(TimeoutError):  # then the first request fails
        async with asyncio.timeout(limit):
            await in_thread(partial(check_region, regions, aws.meta.region_name, f"workflows-{host}"))


def http_session_of(aws: Any) -> OneRequestSession:
    """Return the HTTP session of a client; refuse a client that would send several requests for one attempt."""
    http_session = aws._endpoint.http_session
    if not isinstance(http_session, OneRequestSession):
        raise InvalidInputError(
            "the session has a default client config, for which aiobotocore before 3.9 forgets what keeps redirects "
            "from being followed: update aiobotocore, or leave that config away",
        )
    retries: dict[str, object] = aws.meta.config.retries
    if any(retries.get(option) != value for option, value in _RETRIES.items()):
        raise InvalidInputError(f"botocore kept retries of its own ({retries}): requests would multiply")
    return http_session
