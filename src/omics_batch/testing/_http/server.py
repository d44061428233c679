"""The simulator's HTTP server."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from aiohttp import HttpVersion11, web

from omics_batch._loop import OwnLoop
from omics_batch.testing._faults.actions import PassThrough, Skew
from omics_batch.testing._http.access import check_host
from omics_batch.testing._http.fault_delivery import Delivery, to_response
from omics_batch.testing._http.sigv4 import STORAGE, SignedRequest, check_signature, is_current, is_for_storage
from omics_batch.testing._s3.object_requests import ObjectRequest
from omics_batch.testing._s3.objects import MAX_BYTES
from omics_batch.testing._service.http_response import Refusal, error_response
from omics_batch.testing._service.operations import HANDLERS
from omics_batch.testing._service.serialization import read_request
from omics_batch.testing._service.service_model import SERVICE, Operation, find, service_model

if TYPE_CHECKING:
    from omics_batch.testing._service.exchange import Service

UNKNOWN: Final = "Unknown"
"""The operation's name in the log for a request that is for no operation."""

_MAX_BODY: Final = 4 * 1024 * 1024
_SHUTDOWN: Final = 0.001
"""Seconds that requests under way may take when the server stops; for aiohttp, 0 means for ever."""

_STOP_THERE: Final = "the simulator belongs to another event loop: leave its `async with` there"

_logger = logging.getLogger("omics_batch.testing")

_silent = logging.Logger("omics_batch.testing.http", level=logging.CRITICAL + 1)  # noqa: LOG001 - it must not be found and enabled
"""A silent logger for aiohttp: its log quotes invalid header lines, which could contain a signature."""


class Server:
    """An HTTP server of a service, on one address.

    Args:
        service: Makes the responses.
        host: The address to listen on.
        port: The port to listen on; 0 takes a free one.
    """

    def __init__(self, service: Service, host: str, port: int) -> None:
        self._service = service
        self._host = host
        self._port = port
        self._model = service_model()
        self._running: tuple[asyncio.Server, web.ServerRunner, web.Server, OwnLoop] | None = None
        self._skews: set[float] = set()
        """The clock differences, in seconds, that faults have shown to clients."""
        self.connections = 0

    async def start(self) -> str:
        """Listen, and return the URL."""
        protocols = web.Server(self._handle, access_log=None, logger=_silent, handler_cancellation=True)
        runner = web.ServerRunner(protocols, shutdown_timeout=_SHUTDOWN)

        def accept() -> asyncio.Protocol:
            self.connections += 1
            return protocols()

        listener = await asyncio.get_running_loop().create_server(accept, self._host, self._port)
        await runner.setup()
        self._running = listener, runner, protocols, OwnLoop()
        return f"http://{_name_of(self._host)}:{listener.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Stop listening, and close all connections.

        Raises:
            InvalidInputError: Another event loop is running than the server's, which is not closed.
        """
        if self._running is None:
            return
        listener, runner, protocols, loop = self._running
        if not loop.may_close(_STOP_THERE):
            with suppress(RuntimeError):  # raised if it cannot be closed without its loop
                listener.close()
            self._running = None
            return
        listener.close()
        transports = [one.transport for one in protocols.connections if one.transport is not None]
        await runner.cleanup()
        for transport in transports:
            transport.abort()  # close() would wait for a client that does not read
        await asyncio.sleep(0)  # the loop reports the end of each connection in its next turn
        await listener.wait_closed()
        self._running = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.rel_url.raw_path
        found = find(self._model, request.method, path)
        name = UNKNOWN if found is None else found[0].name
        if is_for_storage(request.headers):
            name = _object_request(request).operation or UNKNOWN
        log = self._service.requests
        place = log.add(name, request.method, path, self._service.clock.now())
        try:
            response = await self._respond(request, found)
        except ConnectionError:
            response = None  # the client left in the middle of the answer
        except Exception:
            _logger.exception("%s could not be answered", name)
            response = to_response(
                error_response(500, "InternalServerException", "The simulator has a fault: see its log.")
            )
        if response is None:
            return web.Response()  # never sent: the connection is closed
        log.answered(place, response.status)
        return response

    async def _respond(
        self, request: web.BaseRequest, found: tuple[Operation, dict[str, str]] | None
    ) -> web.StreamResponse | None:
        try:
            check_host(request.headers.get("Host"), self._host)
            await _meet_expectation(request)
            is_storage = is_for_storage(request.headers)
            body = await _read(request, MAX_BYTES if is_storage else _MAX_BODY)
            signed = SignedRequest(request.method, request.raw_path, request.headers, body)
            signed_at = check_signature(
                signed,
                self._service.account.region_name,
                datetime.now(UTC),
                self._skews,
                STORAGE if is_storage else SERVICE,
            )
            if is_storage:
                plan, truth = self._service.take_object(_object_request(request, body))
                return await Delivery(request, self._service.clock, truth).carry_out(plan)
            operation, uri_members = _served(found)
        except Refusal as refusal:
            return to_response(refusal.response)
        query = {name: request.rel_url.query.getall(name) for name in request.rel_url.query}
        plan, truth = await self._service.take(operation, partial(read_request, operation, uri_members, query, body))
        if isinstance(plan, Skew):
            self._skews.add(plan.seconds)
            if is_current(signed_at, datetime.now(UTC) + timedelta(seconds=plan.seconds)):
                plan = PassThrough()  # the client has corrected its clock
        return await Delivery(request, self._service.clock, truth).carry_out(plan)


def _name_of(host: str) -> str:
    """Return the host for the URL at which this machine reaches a server that listens on an address."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    is_ipv6 = address.version == 6  # noqa: PLR2004 - the IP's
    if address.is_unspecified:  # all addresses of this machine: clients refuse it as a name
        return "[::1]" if is_ipv6 else "127.0.0.1"
    return f"[{host}]" if is_ipv6 else host


def _object_request(request: web.BaseRequest, body: bytes = b"") -> ObjectRequest:
    _, bucket, *key = request.rel_url.path.split("/", 2)
    headers = {name.lower(): value for name, value in request.headers.items()}
    return ObjectRequest(request.method, bucket, "".join(key), headers, body)


def _served(found: tuple[Operation, dict[str, str]] | None) -> tuple[Operation, dict[str, str]]:
    if found is None:
        raise Refusal(404, "UnknownOperationException", "The service has no such operation.")
    if found[0].name not in HANDLERS:
        raise Refusal(404, "UnknownOperationException", f"The simulator does not serve {found[0].name}.")
    return found


async def _meet_expectation(request: web.BaseRequest) -> None:
    """Answer `Expect: 100-continue`, for which a client waits before it sends its body."""
    expected = request.headers.get("Expect")
    if expected is None or request.version < HttpVersion11:
        return
    if expected.lower() != "100-continue":
        raise Refusal(417, "ExpectationFailedException", "A request may expect 100-continue, and nothing else.")
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")


async def _read(request: web.BaseRequest, most: int) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > most:
            raise Refusal(413, "RequestEntityTooLargeException", f"A request has {most} bytes at most.")
    return bytes(body)
