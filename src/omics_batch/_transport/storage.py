"""Requests to S3, with the session of a client of HealthOmics."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from omics_batch._transport.client_factory import (
    check_resolved,
    client_config,
    enter_client,
    http_session_of,
    is_here,
    keep_to_this_loop,
)
from omics_batch._transport.hosts import is_storage_host
from omics_batch._transport.http_session import StorageSession
from omics_batch._transport.in_process import InProcess
from omics_batch._transport.request import Transport
from omics_batch._transport.settings_check import check_proxy, check_tls

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from aiobotocore.session import AioSession

    from omics_batch._clock import Clock
    from omics_batch._transport.request import MadeClient


def open_storage(
    transport: Transport | InProcess, *, allow_http: bool, attempt_timeout: float, keepalive: float, clock: Clock
) -> Transport | InProcess:
    """Return a transport to S3, which is to be opened.

    The endpoint of HealthOmics has no say in it: S3 is where AWS_ENDPOINT_URL_S3 or the profile says, or else in the
    region.

    Args:
        transport: The transport to HealthOmics, whose session it uses.
        allow_http: Whether plain http may leave this machine.
        attempt_timeout: Seconds for connecting and for each read.
        keepalive: Seconds that an idle connection is kept.
        clock: What the bound of a request is measured on.
    """
    if isinstance(transport, InProcess):
        return transport.storage()
    return StorageTransport(
        transport, allow_http=allow_http, attempt_timeout=attempt_timeout, keepalive=keepalive, clock=clock
    )


class StorageTransport(Transport):
    """The client of S3 underneath, and one request of it at a time."""

    def __init__(
        self, main: Transport, *, allow_http: bool, attempt_timeout: float, keepalive: float, clock: Clock
    ) -> None:
        """Know how to make the client; see `open_storage`."""
        super().__init__(self._client, clock, is_renewable=main.is_renewable)
        self._main = main
        self._allow_http = allow_http
        self._attempt_timeout = attempt_timeout
        self._keepalive = keepalive
        self._main_generation = 0

    async def open(self) -> None:
        """Make the client, or one with new credentials: those of HealthOmics, which looks for others if it has to."""
        if self._main_generation == self._main.generation:
            await self._main.open()
        self._main_generation = self._main.generation
        await super().open()

    @asynccontextmanager
    async def _client(self, _may_ask: bool) -> AsyncGenerator[MadeClient]:  # noqa: FBT001 - called by the transport alone
        made, region_name = self._main.now, self._main.region_name
        given = cast("str | None", getattr(made.session, "storage_url", None))
        async with AsyncExitStack() as exits:
            aws = await enter_client(exits, made.session, "s3", region_name, given, self._config(given))
            url: str = aws.meta.endpoint_url
            check_resolved(url, "s3", allow_http=self._allow_http)
            if given is None and is_here(url):  # of the environment: a proxy must not see what is meant for here
                aws = await enter_client(exits, made.session, "s3", region_name, url, self._config(url))
            http_session = cast("StorageSession", http_session_of(aws))
            http_session.is_allowed = _allowed(made.session, aws)
            check_proxy(http_session.proxies, url)
            await check_tls(http_session, url)
            keep_to_this_loop(aws)
            yield replace(made, aws=aws)

    def _config(self, endpoint_url: str | None) -> Any:
        # The checksum, which is signed, says what the body is: it need not be read twice.
        options: dict[str, object] = {"payload_signing_enabled": False}
        if endpoint_url is not None and is_here(endpoint_url):
            options["addressing_style"] = "path"  # no name of a bucket goes before the name of this machine
        return client_config(endpoint_url, self._attempt_timeout, self._keepalive, StorageSession, s3=options)


def _allowed(session: AioSession, aws: Any) -> Callable[[str], bool]:
    """Return whether a host may get signed requests: S3's own of the client's partition, or the configured one."""
    url: str = aws.meta.endpoint_url
    configured = urlsplit(url).hostname or ""
    partitions: list[dict[str, Any]] = session.get_component("data_loader").load_data("partitions")["partitions"]
    partition = next(found for found in partitions if found["id"] == aws.meta.partition)
    is_own = partial(is_storage_host, suffix=partition["outputs"]["dnsSuffix"], regions=partition["regionRegex"])
    if is_own(configured):
        return is_own
    return lambda host: host == configured or host.endswith(f".{configured}")
