"""Requests to a simulator in the same process, without sockets and signatures."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final, NoReturn, Protocol

from omics_batch._clock import time_limit
from omics_batch._errors import InvalidInputError
from omics_batch._transport.attempt import Attempt, Response
from omics_batch._transport.exceptions import answer_in, failure_of
from omics_batch._transport.failure import CallFailure, FailureStage
from omics_batch._transport.model_check import unsendable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omics_batch._clock import Clock


class Exchange(Protocol):
    """Answers requests."""

    @property
    def region_name(self) -> str:
        """The region that it stands for."""
        ...

    def input_shape(self, operation: str) -> Any:
        """Return the shape of an operation's request, in the model of the service."""
        ...

    async def __call__(self, operation: str, parameters: Mapping[str, Any], attempt: Attempt) -> None:
        """Set the response to a request on its attempt.

        Raises:
            Exception: There is no response; this is the exception that botocore would raise.
        """
        ...

    async def store(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Answer a request to S3, as botocore would; the `Body` is bytes.

        Raises:
            Exception: What botocore would raise.
        """
        ...


SERVED: Final[dict[str, Exchange]] = {}
"""The services in this process, by their URLs."""


def find_exchange(endpoint_url: str | None) -> Exchange | None:
    """Return the service in this process with this URL, or with the environment's; None if there is none."""
    return SERVED.get(endpoint_url or os.environ.get("AWS_ENDPOINT_URL_OMICS", ""))


class InProcess:
    """Sends requests to a service in this process, in place of a `Transport`."""

    def __init__(self, exchange: Exchange, clock: Clock, *, is_renewable: bool) -> None:
        """Be ready.

        Args:
            exchange: Answers the requests.
            clock: The clock that measures the limit of a request.
            is_renewable: Whether the client would look for its credentials again.
        """
        self.is_renewable: bool = is_renewable
        """Whether the client can look for new credentials, as over HTTP."""
        self.generation: int = 1
        """Counts the credentials, as over HTTP."""
        self.region_name: str = exchange.region_name
        """The region that the service stands for."""
        self._exchange = exchange
        self._clock = clock

    async def open(self) -> None:
        """Look for new credentials: none are needed, so this succeeds."""
        self.generation += 1

    async def close(self) -> None:
        """Close all connections: there is none."""

    @property
    def aws(self) -> NoReturn:
        """Raise: an aiobotocore client exists only over HTTP."""
        raise InvalidInputError(
            "this client talks to a simulator in process, and has no aiobotocore client underneath: leave in_process "
            "away to use client.aws"
        )

    def operation(self, method: str) -> str:
        """Return the AWS operation behind a method of aiobotocore's client: `GetBatch` for `get_batch`."""
        return "".join(word.capitalize() for word in method.split("_"))

    def waits_for_credentials(self, method: str, bound: float) -> None:
        """Return no failure: requests are not signed."""

    async def call(self, method: str, parameters: Mapping[str, Any], *, bound: float) -> Response | CallFailure:
        """Send one request.

        Args:
            method: The operation as aiobotocore's client names it, such as `get_batch`.
            parameters: Its parameters, in the service's own names.
            bound: Seconds of the clock until the whole answer has to be there.
        """
        operation, attempt = self.operation(method), Attempt(sent=True)
        if problem := unsendable(self._exchange.input_shape(operation), parameters):
            return CallFailure(stage=FailureStage.INVALID, operation=operation, detail=problem)
        try:
            async with time_limit(self._clock, bound):
                await self._exchange(operation, parameters, attempt)
        except Exception as error:  # noqa: BLE001 - any exception is a failure, as over HTTP
            return failure_of(error, operation, attempt, bound)
        return answer_in(operation, attempt)

    def storage(self) -> InProcess:
        """Return what sends requests to the S3 of the service in this process."""
        return _InProcessStorage(self._exchange, self._clock, is_renewable=self.is_renewable)


class _InProcessStorage(InProcess):
    """Sends requests to the S3 of a service in this process."""

    async def call(self, method: str, parameters: Mapping[str, Any], *, bound: float) -> Response | CallFailure:
        operation = self.operation(method)
        try:
            async with time_limit(self._clock, bound):
                document = await self._exchange.store(operation, parameters)
                return Response(document["Body"] or None, document)
        except Exception as error:  # noqa: BLE001 - as over HTTP
            return failure_of(error, operation, Attempt(sent=True), bound)
