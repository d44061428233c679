"""Objects in S3: put one that is not there yet, look at one, and read one."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

from omics_batch._api.response import unreadable
from omics_batch._errors import InvalidInputError, OmicsBatchError, ServiceError
from omics_batch._transport.attempt import LARGEST_ANSWER
from omics_batch._transport.upload import Upload
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping

    from omics_batch._api.call import OperationCaller
    from omics_batch._transport.attempt import Response
    from omics_batch._transport.failure import CallFailure

T = TypeVar("T")

MAX_PUT: Final = 5 * 1024**3
"""Bytes that S3 takes in one put."""

_SLOWEST: Final = 128 * 1024
"""Bytes a second that an upload may be as slow as."""

MAX_READ: Final = 256 * 1024**2
"""Bytes of an object that is read into memory; the settings of 100,000 runs usually have a tenth of it."""

_RANGE: Final = re.compile(r"bytes (?P<first>[0-9]{1,15})-[0-9]{1,15}/(?P<size>[0-9]{1,15})")

_URI: Final = re.compile(r"s3://(?P<bucket>[^/]+)/(?P<key>.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ObjectHead:
    """What S3 says of an object without its content."""

    etag: str
    size: int | None
    """Bytes; None in the answer to a put."""
    checksum: str | None
    """The SHA-256 in base64; None if the object was put without."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of an object."""

    content: bytes
    size: int
    """Bytes of the whole object."""
    etag: str


class ObjectStorage:
    """Puts objects, looks at them, and reads them.

    Args:
        connect: Opens the connection to S3: the first request needs it.
    """

    def __init__(self, connect: Callable[[], Awaitable[OperationCaller]]) -> None:
        """Begin without a connection."""
        self._connect = connect
        self._caller: OperationCaller | None = None
        self._opening = asyncio.Lock()

    async def put(
        self,
        uri: str,
        pieces: Callable[[], Iterator[bytes]],
        *,
        size: int,
        checksum: str,
        options: Mapping[str, str],
    ) -> ObjectHead | None:
        """Put an object, unless there is one of this name.

        Args:
            uri: The object's URI.
            pieces: Makes the content from its start, each time that it is sent.
            size: The bytes of the content.
            checksum: The SHA-256 of the content, in base64.
            options: Further parameters of PutObject, in the service's names.

        Returns:
            The new object; None if there is one, which stays as it is: perhaps put by an attempt before.

        Raises:
            OmicsBatchError: It was not put; or what `pieces` raises.
        """
        body = Upload(pieces, size)
        parameters = {
            **_place_of(uri),
            "Body": body,
            "ContentType": "application/json",
            "IfNoneMatch": "*",
            "ChecksumAlgorithm": "SHA256",
            "ChecksumSHA256": checksum,
            **options,
        }
        try:
            return await self._call("put_object", parameters, uri, _read, attempt_timeout=size / _SLOWEST)
        except ServiceError as error:
            if error.status_code == HTTPStatus.PRECONDITION_FAILED:
                return None
            raise
        except OmicsBatchError:
            if body.error is not None:
                raise body.error from None
            raise

    async def head(self, uri: str, *, options: Mapping[str, str]) -> ObjectHead:
        """Look at an object.

        Args:
            uri: The object's URI.
            options: Further parameters of HeadObject, in the service's names.

        Raises:
            ResourceNotFoundError: There is none.
            OmicsBatchError: It could not be looked at.
        """
        return await self._call("head_object", {**_place_of(uri), "ChecksumMode": "ENABLED", **options}, uri, _read)

    async def read(self, uri: str) -> bytes:
        """Read an object, in ranges as large as an answer may be.

        Args:
            uri: The object's URI.

        Raises:
            ResourceNotFoundError: There is none.
            InvalidInputError: It is larger than `MAX_READ`.
            OmicsBatchError: It could not be read, or it changed meanwhile.
        """
        content, parameters = bytearray(), _place_of(uri)
        while True:
            first = len(content)
            parameters["Range"] = f"bytes={first}-{first + LARGEST_ANSWER - 1}"
            try:
                piece = await self._call("get_object", parameters, uri, partial(_read_piece, first))
            except ServiceError as error:
                if error.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:  # it is empty
                    return b""
                raise
            if piece.size > MAX_READ:
                raise InvalidInputError(f"{one_line(uri)} has {piece.size:,} bytes: {MAX_READ:,} are read at most")
            content += piece.content
            if len(content) >= piece.size:
                return bytes(content)
            parameters["IfMatch"] = piece.etag

    async def close(self) -> None:
        """Close the connections."""
        if self._caller is not None:
            await self._caller.close()

    async def _connected(self) -> OperationCaller:
        async with self._opening:
            self._caller = self._caller or await self._connect()
            return self._caller

    async def _call(
        self,
        method: str,
        parameters: Mapping[str, Any],
        uri: str,
        read: Callable[[Response, str], T | CallFailure],
        *,
        attempt_timeout: float = 0.0,
    ) -> T:
        caller = await self._connected()
        operation = caller.transport.operation(method)
        return await caller.call(
            method,
            parameters,
            lambda response: read(response, operation),
            batch_id=None,
            within=None,
            about=one_line(uri),
            attempt_timeout=attempt_timeout,
        )


def _place_of(uri: str) -> dict[str, str]:
    place = _URI.fullmatch(uri)
    if place is None:
        raise InvalidInputError(f"{one_line(uri)!a} names no object in S3: s3://BUCKET/KEY does")
    return {"Bucket": place["bucket"], "Key": place["key"]}


def _read(response: Response, operation: str) -> ObjectHead | CallFailure:
    match response.document:
        case {"ETag": str(etag), **others} if etag:
            return ObjectHead(etag, others.get("ContentLength"), others.get("ChecksumSHA256"))
        case _:
            return unreadable(operation, response, "the answer has no ETag: it is not S3's")


def _read_piece(first: int, response: Response, operation: str) -> _Piece | CallFailure:
    match response.document:
        case {"ETag": str(etag), "ContentRange": str(place)} if (
            response.body and (found := _RANGE.fullmatch(place)) and int(found["first"]) == first
        ):
            return _Piece(response.body, int(found["size"]), etag)
        case _:
            return unreadable(operation, response, "the answer is not the range that was asked for: it is not S3's")
