"""PutObject, HeadObject and GetObject, as a folder answers them."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from omics_batch.testing._s3.folder import Folder
from omics_batch.testing._s3.objects import MAX_BYTES
from omics_batch.testing._service.http_response import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omics_batch.testing._s3.objects import Objects

OPERATIONS: Final[Mapping[str, str]] = {"PUT": "PutObject", "HEAD": "HeadObject", "GET": "GetObject"}
"""The operations on objects that are served, by their HTTP methods."""

_NO_FOLDER: Final = (
    "The simulator has no folder for S3: start it again with `simulate --s3 FOLDER`, or Simulator(s3='FOLDER'). A "
    "local S3 that it was given is asked itself."
)

CHECKSUM: Final = "x-amz-checksum-sha256"

_RANGE: Final = re.compile(r"bytes=(?P<first>[0-9]{1,15})-(?P<last>[0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class ObjectRequest:
    """A request about an object."""

    method: str
    bucket: str
    key: str
    headers: Mapping[str, str]
    """By names in small letters."""
    body: bytes = field(default=b"", repr=False)

    @property
    def operation(self) -> str:
        """The operation's name; empty for one that is not served."""
        return OPERATIONS.get(self.method, "") if self.bucket and self.key else ""


class _Refusal(Exception):  # noqa: N818 - an answer
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(code)
        text = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        self.response = _response(status, {"content-type": "application/xml"}, text.encode())


def answer_object(request: ObjectRequest, objects: Objects | None) -> HttpResponse:
    """Answer a request; an error, too, is an answer."""
    try:
        path = _path_of(request, objects)
        return _put(request, path) if request.operation == "PutObject" else _read(request, path)
    except _Refusal as refusal:
        return refusal.response


def _path_of(request: ObjectRequest, objects: Objects | None) -> Path:
    if not isinstance(objects, Folder):
        raise _Refusal(404, "NoSuchBucket", _NO_FOLDER)
    root, bucket = objects.root, objects.root / request.bucket
    if not request.operation:
        raise _Refusal(405, "MethodNotAllowed", f"The simulator serves {', '.join(OPERATIONS.values())} of S3.")
    if not bucket.is_dir() or bucket.parent != root:
        raise _Refusal(404, "NoSuchBucket", f"The specified bucket does not exist: make the folder {bucket}.")
    path = Path(os.path.normpath(bucket / request.key))
    if not path.is_relative_to(bucket) or path == bucket or path.is_dir():
        raise _Refusal(400, "InvalidArgument", "A folder cannot hold an object of this key.")
    return path


def _read(request: ObjectRequest, path: Path) -> HttpResponse:
    if not path.is_file():
        raise _Refusal(404, "NoSuchKey", "The specified key does not exist.")
    content = path.read_bytes()
    facts = _facts(content)
    if request.operation == "HeadObject":
        return _response(200, {**facts, "content-length": str(len(content))})
    if request.headers.get("if-match", facts["etag"]) != facts["etag"]:
        raise _changed()
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    if found is None:
        return _response(200, facts, content)
    first, end = int(found["first"]), min(int(found["last"]) + 1, len(content))
    if first >= end:
        raise _Refusal(416, "InvalidRange", "The requested range is not satisfiable")
    place = {"etag": facts["etag"], "content-range": f"bytes {first}-{end - 1}/{len(content)}"}
    return _response(206, place, content[first:end])


def _put(request: ObjectRequest, path: Path) -> HttpResponse:
    facts = _facts(request.body)
    if request.headers.get(CHECKSUM, facts[CHECKSUM]) != facts[CHECKSUM]:
        raise _Refusal(400, "BadDigest", "The SHA256 you specified did not match the calculated checksum.")
    if len(request.body) > MAX_BYTES:
        raise _Refusal(400, "EntityTooLarge", f"The simulator takes {MAX_BYTES} bytes at most.")
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(request.body)
    place = os.link if request.headers.get("if-none-match") == "*" else os.replace
    try:
        place(name, path)  # whole or not at all, and a link once, whoever else writes there
    except FileExistsError:
        raise _changed() from None
    finally:
        Path(name).unlink(missing_ok=True)
    return _response(200, facts)


def _changed() -> _Refusal:
    return _Refusal(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")


def _facts(content: bytes) -> dict[str, str]:
    checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return {"etag": f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"', CHECKSUM: checksum}


def _response(status: int, headers: Mapping[str, str], body: bytes = b"") -> HttpResponse:
    marks = {"x-amz-request-id": uuid.uuid4().hex[:16].upper()}
    return HttpResponse(status, body, {**headers, **marks}, from_service=False)
