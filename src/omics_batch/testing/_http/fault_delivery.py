"""Carrying out a fault on an HTTP connection."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeAlias

from aiohttp import web

from omics_batch.testing._faults import actions
from omics_batch.testing._http.sigv4 import skew_message
from omics_batch.testing._service.http_response import JSON_TYPE, HttpResponse, error_response
from omics_batch.testing._service.service_model import error_code

if TYPE_CHECKING:
    from omics_batch._clock import Clock

Truth: TypeAlias = Callable[[], HttpResponse]
"""Returns the normal response at the time of the call."""

OTHER_BATCH_ID: Final = "999999999999999999"

_CHUNK: Final = 64 * 1024
_LINGER_NONE: Final = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Delivery:
    """The delivery of the response to one request.

    Args:
        request: The request, with its body read.
        clock: The clock that measures delays.
        truth: Returns the normal response.
    """

    request: web.BaseRequest
    clock: Clock
    truth: Truth

    async def carry_out(self, plan: actions.Plan) -> web.StreamResponse | None:
        """Carry out a plan; None if the connection was broken, so that nothing is left to send."""
        match plan:
            case actions.Delay(seconds, then):
                await self.clock.sleep(seconds)
                return await self.carry_out(then)
            case actions.Drip(interval):
                return await self._drip(self.truth(), interval)
            case actions.Flood(size, declared):
                return await self._flood(size, declared=declared)
            case actions.Hold(after_half):
                if after_half:
                    self._send_half(self.truth())
                await asyncio.get_running_loop().create_future()  # cancelled when the client or the server goes
            case actions.Cut():
                self._send_half(self.truth())
                self._close()
            case actions.Raw(data):
                self._write(data)
                self._close()
            case actions.Reset():
                self._reset()
            case _:
                return to_response(rewritten(plan, self.truth))
        return None

    async def _drip(self, response: HttpResponse, interval: float) -> web.StreamResponse:
        stream = to_response(response, streamed=True)
        stream.content_length = len(response.body)
        await stream.prepare(self.request)
        for byte in response.body:
            await self.clock.sleep(interval)
            await stream.write(bytes([byte]))
        return stream

    async def _flood(self, size: int, *, declared: bool) -> web.StreamResponse:
        head, tail = b'{"padding":"', b'"}'
        response = web.StreamResponse(headers={"content-type": JSON_TYPE})
        if declared:
            response.content_length = size
        await response.prepare(self.request)
        await response.write(head)
        left = size - len(head) - len(tail)
        while left > 0:
            await response.write(b"x" * min(left, _CHUNK))
            left -= _CHUNK
        await response.write(tail)
        return response

    def _send_half(self, response: HttpResponse) -> None:
        phrase = HTTPStatus(response.status).phrase
        lines = [f"HTTP/1.1 {response.status} {phrase}", f"content-length: {len(response.body)}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items()]
        head = "\r\n".join(lines) + "\r\n\r\n"
        self._write(head.encode("latin-1") + response.body[: len(response.body) // 2])

    def _write(self, data: bytes) -> None:
        self._transport.write(data)

    def _close(self) -> None:
        self._transport.close()

    def _reset(self) -> None:
        transport = self._transport
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
        transport.abort()

    @property
    def _transport(self) -> asyncio.Transport:
        transport = self.request.transport
        if transport is None:
            raise ConnectionResetError("the client has left")
        return transport


def rewritten(plan: actions.Plan, truth: Truth) -> HttpResponse:
    """Return the response of a plan that needs no connection."""
    match plan:
        case actions.Send(response):
            return response
        case actions.Status(status):
            return _status_response(status)
        case actions.Skew(seconds):
            return _skewed_response(datetime.now(UTC), seconds)
        case _:
            return _edited(plan, truth())


def _edited(plan: actions.Plan, response: HttpResponse) -> HttpResponse:
    match plan:
        case actions.Edit(edit):
            return replace(response, body=edit(response.body))
        case actions.Gzip():
            headers = {**response.headers, "content-encoding": "gzip"}
            return replace(response, body=gzip.compress(response.body), headers=headers)
        case actions.WrongBatch():
            return _about_another_batch(response)
        case _:
            return response


def _status_response(status: int) -> HttpResponse:
    code = error_code(status)
    if code is None:
        return HttpResponse(status, b"", from_service=False)
    return error_response(status, code, HTTPStatus(status).phrase)


def _skewed_response(now: datetime, seconds: float) -> HttpResponse:
    here = now + timedelta(seconds=seconds)
    headers = {"Date": format_datetime(here, usegmt=True)}
    return error_response(403, "InvalidSignatureException", skew_message(now, here), headers)


def _about_another_batch(response: HttpResponse) -> HttpResponse:
    document = json.loads(response.body)
    arn = document.get("arn", "").rpartition("/")[0]
    other = {**document, "id": OTHER_BATCH_ID, "arn": f"{arn}/{OTHER_BATCH_ID}"}
    return replace(response, body=json.dumps(other).encode())


def to_response(response: HttpResponse, *, streamed: bool = False) -> web.StreamResponse:
    """Return a response for aiohttp, to be sent at once or in parts."""
    headers = dict(response.headers)
    if response.from_service:
        headers["x-amzn-requestid"] = str(uuid.uuid4())
    if streamed:
        return web.StreamResponse(status=response.status, headers=headers)
    return web.Response(status=response.status, body=response.body, headers=headers)
