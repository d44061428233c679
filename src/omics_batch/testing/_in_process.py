"""The simulator behind a client in the same process: no sockets, no signatures."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import uuid
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import quote

from botocore.exceptions import ClientError, ConnectionClosedError, EndpointConnectionError

from omics_batch._transport.attempt import LARGEST_ANSWER, REDIRECTS
from omics_batch._transport.in_process import SERVED
from omics_batch.testing._faults import actions
from omics_batch.testing._http.fault_delivery import rewritten
from omics_batch.testing._s3.object_requests import CHECKSUM, OPERATIONS, ObjectRequest
from omics_batch.testing._s3.objects import ServedObjects
from omics_batch.testing._service.http_response import HttpResponse, error_response, json_response
from omics_batch.testing._service.operations import HANDLERS
from omics_batch.testing._service.serialization import checked, path_of
from omics_batch.testing._service.service_model import service_model

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omics_batch._transport.attempt import Attempt
    from omics_batch.testing._http.fault_delivery import Truth
    from omics_batch.testing._service.exchange import Service
    from omics_batch.testing._service.service_model import Operation, Shape

_logger = logging.getLogger("omics_batch.testing")

_HEADERS: Final = {"IfNoneMatch": "if-none-match", "ChecksumSHA256": CHECKSUM, "Range": "range", "IfMatch": "if-match"}
"""What a request to S3 says in headers, by its parameters."""

_ERROR: Final = re.compile("<Code>(?P<code>.*?)</Code><Message>(?P<message>.*?)</Message>", re.DOTALL)

_numbers: Final = count(1)


class InProcessServer:
    """Answers the requests of clients in this process whose endpoint is its URL.

    Args:
        service: Makes the responses.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._operations: dict[str, Operation] = {name: service_model().operation_model(name) for name in HANDLERS}
        self.region_name: str = service.account.region_name
        self.connections = 0
        """No TCP connections are opened."""
        self.endpoint_url: str = f"http://simulator-{next(_numbers)}.in-process.invalid"

    async def start(self) -> str:
        """Register for clients, and return the URL."""
        SERVED[self.endpoint_url] = self
        return self.endpoint_url

    async def stop(self) -> None:
        """Unregister; further requests fail, as if nothing listened."""
        SERVED.pop(self.endpoint_url, None)

    def input_shape(self, operation: str) -> Shape:
        """Return the shape of an operation's request."""
        return self._operations[operation].input_shape

    async def __call__(self, operation: str, parameters: Mapping[str, Any], attempt: Attempt) -> None:
        """Set the response to a request on its attempt; without a response, raise botocore's exception."""
        if self.endpoint_url not in SERVED:
            raise EndpointConnectionError(endpoint_url=self.endpoint_url)
        known = self._operations[operation]
        log, clock = self._service.requests, self._service.clock
        place = log.add(operation, known.http["method"], path_of(known, parameters), clock.now())
        try:
            response = await self._response(known, parameters)
        except ConnectionClosedError:
            raise
        except Exception:
            _logger.exception("%s could not be answered", operation)
            response = error_response(500, "InternalServerException", "The simulator has a fault: see its log.")
        log.answered(place, response.status)
        _note(response, attempt)

    async def store(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer a request to S3; raise what botocore would."""
        if self.endpoint_url not in SERVED:
            raise EndpointConnectionError(endpoint_url=self.endpoint_url)
        if isinstance(self._service.objects, ServedObjects):
            return await self._service.objects.ask(operation, parameters)
        method = next(method for method, name in OPERATIONS.items() if name == operation)
        body = b"".join([piece async for piece in parameters["Body"]]) if "Body" in parameters else b""
        headers = {header: str(parameters[name]) for name, header in _HEADERS.items() if name in parameters}
        request = ObjectRequest(method, parameters["Bucket"], parameters["Key"], headers, body)
        log, clock = self._service.requests, self._service.clock
        place = log.add(operation, method, quote(f"/{request.bucket}/{request.key}"), clock.now())
        response = await self._carry_out(*self._service.take_object(request))
        log.answered(place, response.status)
        return _document(response, operation)

    async def _response(self, operation: Operation, parameters: Mapping[str, Any]) -> HttpResponse:
        sent = json.loads(json.dumps(parameters))
        plan, truth = await self._service.take(operation, partial(checked, operation, sent))
        await asyncio.sleep(0)  # a request over HTTP lets others run as well
        return await self._carry_out(plan, truth)

    async def _carry_out(self, plan: actions.Plan, truth: Truth) -> HttpResponse:
        """Carry out a plan, as `Delivery` does on a connection."""
        clock = self._service.clock
        match plan:
            case actions.Delay(seconds, then):
                await clock.sleep(seconds)
                return await self._carry_out(then, truth)
            case actions.Drip(interval):
                response = truth()
                await clock.sleep(interval * len(response.body))
                return response
            case actions.Flood(size):
                return json_response(200, {"padding": "x" * size})
            case actions.Hold(after_half):
                if after_half:
                    truth()
                await asyncio.Event().wait()  # until the client gives up
            case actions.Cut():
                truth()
            case actions.Raw() | actions.Reset():
                pass
            case _:
                return rewritten(plan, truth)
        raise ConnectionClosedError(endpoint_url=self.endpoint_url)


def _document(response: HttpResponse, operation: str) -> Mapping[str, Any]:
    """Read an answer of S3, as botocore does."""
    metadata: Any = {"HTTPStatusCode": response.status, "HTTPHeaders": response.headers}
    if response.status >= HTTPStatus.MULTIPLE_CHOICES:
        said = _ERROR.search(response.body.decode())
        error: Any = {"Code": said["code"], "Message": said["message"]} if said else {"Code": str(response.status)}
        raise ClientError({"Error": error, "ResponseMetadata": metadata}, operation)
    names = {"etag": "ETag", CHECKSUM: "ChecksumSHA256", "content-range": "ContentRange"}
    found: dict[str, Any] = {names[name]: value for name, value in response.headers.items() if name in names}
    if "content-length" in response.headers:
        found["ContentLength"] = int(response.headers["content-length"])
    return {**found, "Body": response.body, "ResponseMetadata": metadata}


def _note(response: HttpResponse, attempt: Attempt) -> None:
    if response.status in REDIRECTS:
        attempt.redirected = response.status
        _refuse()
    if len(response.body) > LARGEST_ANSWER:
        attempt.too_large = True
        _refuse()
    attempt.status, attempt.body = response.status, response.body
    attempt.headers = {name.lower(): value for name, value in response.headers.items()}
    if response.from_service:
        attempt.headers["x-amzn-requestid"] = str(uuid.uuid4())


def _refuse() -> NoReturn:
    raise ConnectionClosedError(endpoint_url="")
