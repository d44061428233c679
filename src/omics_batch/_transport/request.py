"""Sending one request with the aiobotocore client."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from omics_batch._clock import time_limit
from omics_batch._transport.attempt import CURRENT, Attempt, Response
from omics_batch._transport.exceptions import answer_in, failure_of, failure_of_source
from omics_batch._transport.failure import CallFailure, FailureStage
from omics_batch._transport.model_check import unsendable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from aiobotocore.session import AioSession
    from types_aiobotocore_omics import OmicsClient

    from omics_batch._clock import Clock
    from omics_batch._transport.credential_sources import Source

_CLIENTS: Final = 2
"""The one that is used now, and the one before it, which may have calls under way."""


@dataclass(frozen=True, slots=True)
class MadeClient:
    """A client of aiobotocore, and where its credentials come from."""

    aws: Any
    session: AioSession
    credentials: Any
    source: Callable[[str], Source]
    """Describes a source by botocore's name of its provider."""
    waits: Callable[[], bool]
    """Whether requests wait for new credentials now."""


class Transport:
    """Sends single requests with an aiobotocore client, and replaces the client to renew credentials."""

    def __init__(
        self, make: Callable[[bool], AbstractAsyncContextManager[MadeClient]], clock: Clock, *, is_renewable: bool
    ) -> None:
        """Take how to make the client; `open` makes it.

        Args:
            make: Makes a client; its argument is whether a source of credentials may prompt.
            clock: The clock that measures the limit of a request.
            is_renewable: Whether a new client would look for its credentials again.
        """
        self.is_renewable: bool = is_renewable
        """Whether a new client looks for new credentials: a caller's own session keeps what it has."""
        self.generation: int = 0
        """The number of clients made so far; each has looked for its credentials."""
        self._make = make
        self._clock = clock
        self._exits: list[AsyncExitStack] = []
        self._made: MadeClient | None = None
        self._unsent: asyncio.Task[Any] | None = None
        """The task whose last request ended before it was sent."""

    async def open(self) -> None:
        """Make the client, or a new one that looks for credentials again. The old one ends its calls under way."""
        exits = AsyncExitStack()
        # Do not prompt during a wait.
        made = await exits.enter_async_context(self._make(self._made is None))
        self._exits.append(exits)
        self._made = made
        self.generation += 1
        while len(self._exits) > _CLIENTS:
            await self._exits.pop(0).aclose()

    @property
    def aws(self) -> OmicsClient:
        """The present client."""
        aws: OmicsClient = self.now.aws
        return aws

    @property
    def region_name(self) -> str:
        """The region that requests are signed for."""
        return self.aws.meta.region_name

    def operation(self, method: str) -> str:
        """Return the AWS operation behind a method of aiobotocore's client: `GetBatch` for `get_batch`."""
        return self.aws.meta.method_to_api_mapping[method]

    @property
    def now(self) -> MadeClient:
        """What is used now, and where it comes from."""
        if self._made is None:
            raise RuntimeError("open the transport first")
        return self._made

    def waits_for_credentials(self, method: str, bound: float) -> CallFailure | None:
        """Return the failure of this task's last request, if it ended while it waited for credentials.

        Args:
            method: The operation as aiobotocore's client names it.
            bound: The seconds after which it ended.
        """
        was_sent = self._unsent is not asyncio.current_task()
        self._unsent = None
        if was_sent or not self.now.waits():
            return None
        source = self.now.source(self.now.credentials.method)
        return failure_of_source(source.silent(bound), self.operation(method))

    async def call(self, method: str, parameters: Mapping[str, Any], *, bound: float) -> Response | CallFailure:
        """Send one request.

        Args:
            method: The operation as aiobotocore's client names it, such as `get_batch`.
            parameters: Its parameters, in the service's own names.
            bound: Seconds of the clock until the whole answer has to be there.
        """
        operation = self.operation(method)
        if problem := unsendable(self.aws.meta.service_model.operation_model(operation).input_shape, parameters):
            return CallFailure(stage=FailureStage.INVALID, operation=operation, detail=problem)
        attempt = Attempt()
        token = CURRENT.set(attempt)
        try:
            async with time_limit(self._clock, bound):
                document = await getattr(self.aws, method)(**parameters)
        except Exception as error:  # noqa: BLE001 - what aiohttp, botocore and credential sources raise has no common base
            if isinstance(error, TimeoutError) and not attempt.sent:
                self._unsent = asyncio.current_task()
            return self.waits_for_credentials(method, bound) or failure_of(
                error, operation, attempt, bound, self.now.source
            )
        except asyncio.CancelledError:  # perhaps by the limit of the whole call
            self._unsent = None if attempt.sent else asyncio.current_task()
            raise
        finally:
            CURRENT.reset(token)
        if attempt.status is None:
            body = attempt.body or None  # an object of S3; botocore would read it from the connection once more
            return Response(body, {name: value for name, value in document.items() if name != "ResponseMetadata"})
        return answer_in(operation, attempt)

    async def close(self) -> None:
        """Close all connections."""
        while self._exits:
            await self._exits.pop().aclose()
