"""One request of the aiobotocore client underneath."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from omics_batch._faults import Fault, Trouble
from omics_batch._transport._attempt import CURRENT, Attempt
from omics_batch._transport._mishaps import fault_of
from omics_batch._transport._sendable import unsendable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from types_aiobotocore_omics import OmicsClient

_CLIENTS: Final = 2
"""The one that is used now, and the one before it, which may have calls under way."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer: its bytes, or, where botocore was stubbed, the dict it handed out."""

    body: bytes | None
    document: Mapping[str, Any] = field(default_factory=dict[str, Any])
    status: int = 200
    request_id: str | None = None
    """What the service marks its answers with; None for a stranger's."""


class Transport:
    """The aiobotocore client underneath, and one request of it at a time."""

    def __init__(self, make: Callable[[], AbstractAsyncContextManager[OmicsClient]], *, is_renewable: bool) -> None:
        """Know how to make the client; `open` makes it."""
        self.is_renewable: bool = is_renewable
        """Whether a new client would find its credentials anew: a caller's own session keeps what it has."""
        self._make = make
        self._exits: list[AsyncExitStack] = []
        self._aws: OmicsClient | None = None

    async def open(self) -> None:
        """Make the client, or a new one with credentials found anew; the former serves its calls until the next."""
        exits = AsyncExitStack()
        aws = await exits.enter_async_context(self._make())
        self._exits.append(exits)
        self._aws = aws
        while len(self._exits) > _CLIENTS:
            await self._exits.pop(0).aclose()

    @property
    def aws(self) -> OmicsClient:
        """The client that is used now."""
        if self._aws is None:
            raise RuntimeError("open the transport first")
        return self._aws

    @property
    def region_name(self) -> str:
        """The region that requests are signed for."""
        return self.aws.meta.region_name

    def operation(self, method: str) -> str:
        """Return the AWS operation behind a method of aiobotocore's client: `GetBatch` for `get_batch`."""
        return self.aws.meta.method_to_api_mapping[method]

    async def call(self, method: str, parameters: Mapping[str, Any], *, bound: float) -> Reply | Fault:
        """Send one request.

        Args:
            method: The operation as aiobotocore's client names it, such as `get_batch`.
            parameters: Its parameters, in the service's own names.
            bound: Real seconds until the whole answer has to be there.
        """
        operation = self.operation(method)
        if problem := unsendable(self.aws.meta.service_model.operation_model(operation).input_shape, parameters):
            return Fault(trouble=Trouble.INVALID, operation=operation, detail=problem)
        attempt = Attempt()
        token = CURRENT.set(attempt)
        try:
            async with asyncio.timeout(bound):
                document = await getattr(self.aws, method)(**parameters)
        except Exception as error:  # noqa: BLE001 - what aiohttp, botocore and credential sources raise has no common base
            return fault_of(error, operation, attempt, bound)
        finally:
            CURRENT.reset(token)
        if attempt.status is None:
            return Reply(None, {name: value for name, value in document.items() if name != "ResponseMetadata"})
        return Reply(attempt.body, status=attempt.status, request_id=attempt.headers.get("x-amzn-requestid"))

    async def close(self) -> None:
        """Close all connections."""
        while self._exits:
            await self._exits.pop().aclose()
