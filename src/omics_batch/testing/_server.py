"""The HTTP face: a request in, what the script or the account says of it out."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from aiohttp import web

from omics_batch._loop import OwnLoop
from omics_batch.testing._access import check_host
from omics_batch.testing._delivery import Delivery, to_response
from omics_batch.testing._model import Operation, find, service_model
from omics_batch.testing._operations import HANDLERS, start_run_batch
from omics_batch.testing._received import RequestLog
from omics_batch.testing._reply import Refusal, Reply, error_reply, json_reply
from omics_batch.testing._s3._batches import S3Batches
from omics_batch.testing._signature import SignedRequest, check_signature
from omics_batch.testing._wire import read_request, write_answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omics_batch._clock import Clock
    from omics_batch.testing._account import Account
    from omics_batch.testing._model import Document
    from omics_batch.testing._quota import Quota
    from omics_batch.testing._s3._batches import StoredSettings
    from omics_batch.testing._s3._objects import Objects
    from omics_batch.testing._script import Script

UNKNOWN: Final = "Unknown"
"""The operation's name in the record of a request that is for none."""

_MAX_BODY: Final = 4 * 1024 * 1024
_SHUTDOWN: Final = 0.001
"""Seconds that requests under way are left when the server stops; to aiohttp, 0 means for ever."""

_STOP_THERE: Final = "the simulator belongs to another event loop: leave its `async with` there"

_logger = logging.getLogger("omics_batch.testing")

_silent = logging.Logger("omics_batch.testing.http", level=logging.CRITICAL + 1)  # noqa: LOG001 - nobody is to turn it on
"""For aiohttp's own log, which quotes header lines that it cannot read, and so could quote a signature."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was read."""

    members: Document
    stored: StoredSettings | None
    """The run settings in S3 that it names."""


class Server:
    """A HTTP server of one account, on one address.

    Args:
        account: What the answers are about.
        script: What happens to requests instead of a true answer.
        clock: What requests are timed on.
        quota: How many requests a second are answered; None for no limit.
        host: The address to listen on.
        objects: Where the objects of S3 are that requests name; None for nowhere.
    """

    def __init__(
        self,
        *,
        account: Account,
        script: Script,
        clock: Clock,
        quota: Quota | None,
        host: str,
        objects: Objects | None,
    ) -> None:
        self._account = account
        self._script = script
        self._clock = clock
        self._quota = quota
        self._host = host
        self._s3_batches = S3Batches(objects, account)
        self._model = service_model()
        self._running: tuple[asyncio.Server, web.ServerRunner, web.Server, OwnLoop] | None = None
        self.requests = RequestLog()
        self.connections = 0

    async def start(self, port: int) -> int:
        """Listen, and give the port: the one asked for, or a free one for 0."""
        protocols = web.Server(self._handle, access_log=None, logger=_silent, handler_cancellation=True)
        runner = web.ServerRunner(protocols, shutdown_timeout=_SHUTDOWN)

        def accept() -> asyncio.Protocol:
            self.connections += 1
            return protocols()

        listener = await asyncio.get_running_loop().create_server(accept, self._host, port)
        await runner.setup()
        self._running = listener, runner, protocols, OwnLoop()
        address: tuple[str, int] = listener.sockets[0].getsockname()
        return address[1]

    async def stop(self) -> None:
        """Stop listening, and let go of everyone who still waits for an answer.

        Raises:
            InvalidInputError: Another event loop is running than the server's, which is not closed.
        """
        if self._running is None:
            return
        listener, runner, protocols, loop = self._running
        if not loop.may_close(_STOP_THERE):
            with suppress(RuntimeError):  # from what cannot be closed without its loop
                listener.close()
            self._running = None
            return
        listener.close()
        transports = [one.transport for one in protocols.connections if one.transport is not None]
        await runner.cleanup()
        for transport in transports:
            transport.abort()  # a client that does not read would keep a mere close waiting
        await asyncio.sleep(0)  # and the loop tells each connection's end only now
        await listener.wait_closed()
        self._running = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.rel_url.raw_path
        found = find(self._model, request.method, path)
        name = UNKNOWN if found is None else found[0].name
        place = self.requests.add(name, request.method, path, self._clock.now())
        try:
            response = await self._respond(request, found)
        except ConnectionError:
            response = None  # the client left in the middle of the answer
        except Exception:
            _logger.exception("%s could not be answered", name)
            response = to_response(
                error_reply(500, "InternalServerException", "The simulator has a fault: see its log.")
            )
        if response is None:
            return web.Response()  # goes nowhere: the connection is closed
        self.requests.answered(place, response.status)
        return response

    async def _respond(
        self, request: web.BaseRequest, found: tuple[Operation, dict[str, str]] | None
    ) -> web.StreamResponse | None:
        try:
            check_host(request.headers.get("Host"), self._host)
            body = await _read(request)
            signed = SignedRequest(request.method, request.raw_path, request.headers, body)
            check_signature(signed, self._account.region_name, datetime.now(UTC))
            operation, uri_members = _served(found)
        except Refusal as refusal:
            return to_response(refusal.reply)
        query = {name: request.rel_url.query.getall(name) for name in request.rel_url.query}
        asked = await self._understand(operation, uri_members, query, body)
        delivery = Delivery(request, self._clock, lambda: self._answer(operation, asked))
        return await delivery.carry_out(self._script.take(operation.name))

    async def _understand(
        self,
        operation: Operation,
        uri_members: Mapping[str, str],
        query: Mapping[str, Sequence[str]],
        body: bytes,
    ) -> Asked | Refusal:
        """Read what is asked for, and what that refers to; what is wrong with it is told in the answer's turn."""
        await self._s3_batches.settle()
        try:
            members = read_request(operation, uri_members, query, body)
            return Asked(members, await self._s3_batches.read(members))
        except Refusal as refusal:
            return refusal

    def _answer(self, operation: Operation, asked: Asked | Refusal) -> Reply:
        """Give the true answer: an error, too, is one."""
        if self._quota is not None and not self._quota.admits():
            return error_reply(429, "ThrottlingException", "Rate exceeded")
        if isinstance(asked, Refusal):
            return asked.reply
        try:
            return self._carry_out(operation, asked)
        except Refusal as refusal:
            return refusal.reply

    def _carry_out(self, operation: Operation, asked: Asked) -> Reply:
        members, status = asked.members, operation.http["responseCode"]
        if operation.name == "GetBatch" and (put := self._account.document(members["batchId"])) is not None:
            return json_reply(status, put)
        if asked.stored is None:
            answer = HANDLERS[operation.name](self._account, members)
        else:
            answer = start_run_batch(self._account, members, asked.stored.settings)
            self._s3_batches.follow(answer["id"], asked.stored)
        return json_reply(status, write_answer(operation.output_shape, answer))


def _served(found: tuple[Operation, dict[str, str]] | None) -> tuple[Operation, dict[str, str]]:
    if found is None:
        raise Refusal(404, "UnknownOperationException", "The service has no such operation.")
    if found[0].name not in HANDLERS:
        raise Refusal(404, "UnknownOperationException", f"The simulator does not serve {found[0].name}.")
    return found


async def _read(request: web.BaseRequest) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > _MAX_BODY:
            raise Refusal(413, "RequestEntityTooLargeException", f"A request has {_MAX_BODY} bytes at most.")
    return bytes(body)
