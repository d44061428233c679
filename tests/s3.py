"""A small S3 over real HTTP, whose answers are as S3 documents them: for what no local S3 does by itself."""

from __future__ import annotations

import base64
import hashlib
import inspect
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    Answer = Callable[[web.BaseRequest], "web.Response | Awaitable[web.Response | None] | None"]
    """What a request gets instead of the true answer; None for that."""

_SCOPE: Final = re.compile(r"Credential=[^/]+/[0-9]{8}/(?P<region>[a-z0-9-]+)/s3/aws4_request")


@dataclass
class LocalS3:
    """Its buckets are all there, in one region."""

    region: str = "us-west-2"
    answer: Answer = lambda _: None
    objects: dict[str, bytes] = field(default_factory=dict[str, bytes])
    requests: list[web.BaseRequest] = field(default_factory=list[web.BaseRequest])
    url: str = ""

    @property
    def seen(self) -> list[str]:
        """The requests: the method, and the region that each was signed for."""
        return [f"{request.method} {signed_region(request)}" for request in self.requests]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        answer = self.answer(request)
        instead = await answer if inspect.isawaitable(answer) else answer
        if instead is None and signed_region(request) != self.region:
            instead = redirect(301, "PermanentRedirect", **{"x-amz-bucket-region": self.region})
        if instead is not None:
            return instead
        body, path = await body_of(request), request.path
        if request.method == "PUT":
            if path in self.objects:
                return s3_error(412, "PreconditionFailed")
            self.objects[path] = body
        content = self.objects.get(path)
        if content is None:
            return s3_error(404, "NoSuchKey")
        etag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        if request.method == "GET":
            return _piece(request, content, etag)
        facts = {
            "ETag": etag,
            "x-amz-checksum-sha256": base64.b64encode(hashlib.sha256(content).digest()).decode(),
            "Content-Length": str(0 if request.method == "PUT" else len(content)),
        }
        return web.Response(headers={**MARK, **facts})


def _piece(request: web.BaseRequest, content: bytes, etag: str) -> web.Response:
    if request.headers.get("If-Match", etag) != etag:
        return s3_error(412, "PreconditionFailed")
    wanted = request.http_range
    piece = content[wanted]
    if not piece:
        return s3_error(416, "InvalidRange")
    place = f"bytes {wanted.start}-{wanted.start + len(piece) - 1}/{len(content)}"
    return web.Response(status=206, body=piece, headers={**MARK, "ETag": etag, "Content-Range": place})


MARK: Final = {"x-amz-request-id": "4442587FB7D0A2F9"}
"""What S3 marks its answers with."""


async def body_of(request: web.BaseRequest) -> bytes:
    """Read the body, and ask for it where it waits for that."""
    if request.headers.get("Expect"):
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return await request.read()


def signed_region(request: web.BaseRequest) -> str:
    found = _SCOPE.search(request.headers.get("Authorization", ""))
    return found["region"] if found else ""


def s3_error(status: int, code: str, message: str = "", **headers: str) -> web.Response:
    text = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return web.Response(status=status, text=text, content_type="application/xml", headers={**MARK, **headers})


def redirect(status: int, code: str, **headers: str) -> web.Response:
    return s3_error(status, code, "The bucket is elsewhere.", **headers)


@asynccontextmanager
async def local_s3(region: str = "us-west-2", answer: Answer = lambda _: None) -> AsyncGenerator[LocalS3]:
    s3 = LocalS3(region, answer)
    runner = web.ServerRunner(web.Server(s3.handle, access_log=None, handler_cancellation=True), shutdown_timeout=0.001)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        s3.url = f"http://{host}:{port}"
        yield s3
    finally:
        await runner.cleanup()
