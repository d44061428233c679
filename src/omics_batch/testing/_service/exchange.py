"""One request in, one response or fault out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from omics_batch.testing._http.request_log import RequestLog
from omics_batch.testing._s3.batches import S3Batches
from omics_batch.testing._s3.object_requests import answer_object
from omics_batch.testing._service.http_response import (
    HttpResponse,
    Refusal,
    error_response,
    json_response,
    page_response,
)
from omics_batch.testing._service.operations import HANDLERS, start_run_batch
from omics_batch.testing._service.serialization import write_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from omics_batch._clock import Clock
    from omics_batch.testing._faults.actions import Plan
    from omics_batch.testing._faults.script import Script
    from omics_batch.testing._http.fault_delivery import Truth
    from omics_batch.testing._s3.batches import StoredSettings
    from omics_batch.testing._s3.object_requests import ObjectRequest
    from omics_batch.testing._s3.objects import Objects
    from omics_batch.testing._service.quota import Quota
    from omics_batch.testing._service.service_model import Document, Operation
    from omics_batch.testing._service.store import Store


_WHOLE: Final = frozenset({"GetBatch", "GetWorkflow", "GetWorkflowVersion"})
"""The operations whose answers are made as their shapes have them."""

_LATER: Final = ("requesterPaysEnabled",)
"""Settings that a run takes from its batch, and that older models of botocore lack."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was read."""

    members: Document
    stored: StoredSettings | None
    """The run settings in S3 that it names."""


class Service:
    """One account, the script of its faults, its quota, and the log of its requests.

    Args:
        account: The store of the account.
        script: The faults.
        clock: The clock of the simulator.
        quota: The requests a second that are answered; None for no limit.
        objects: The S3 objects that requests name; None if there are none.
    """

    def __init__(
        self, *, account: Store, script: Script, clock: Clock, quota: Quota | None, objects: Objects | None
    ) -> None:
        self.account = account
        self.clock = clock
        self.requests = RequestLog()
        self._script = script
        self._quota = quota
        self.objects = objects
        self._s3_batches = S3Batches(objects, account)

    async def take(self, operation: Operation, read: Callable[[], Document]) -> tuple[Plan, Truth]:
        """Take a request.

        Args:
            operation: Its operation.
            read: Returns its members, or raises a `Refusal`, which is the normal response then.

        Returns:
            The plan for it, and a function that returns the normal response.
        """
        asked = await self._understand(read)
        members = {} if isinstance(asked, Refusal) else asked.members
        return self._script.take(operation.name, members), partial(self._answer, operation, asked)

    def take_object(self, request: ObjectRequest) -> tuple[Plan, Truth]:
        """Take a request to S3 in: what happens to it, and what gives the true answer."""
        members = {"Bucket": request.bucket, "Key": request.key}
        return self._script.take(request.operation, members), partial(answer_object, request, self.objects)

    async def _understand(self, read: Callable[[], Document]) -> Asked | Refusal:
        await self._s3_batches.settle()
        try:
            members = read()
            return Asked(members, await self._s3_batches.read(members))
        except Refusal as refusal:
            return refusal

    def _answer(self, operation: Operation, asked: Asked | Refusal) -> HttpResponse:
        """Return the normal response, which may be an error."""
        if self._quota is not None and not self._quota.admits():
            return error_response(429, "ThrottlingException", "Rate exceeded")
        if isinstance(asked, Refusal):
            return asked.response
        try:
            return self._carry_out(operation, asked)
        except Refusal as refusal:
            return refusal.response

    def _carry_out(self, operation: Operation, asked: Asked) -> HttpResponse:
        members, status = asked.members, operation.http["responseCode"]
        if operation.name == "GetBatch" and (put := self.account.document(members["batchId"])) is not None:
            return json_response(status, put)
        if asked.stored is None:
            answer = HANDLERS[operation.name](self.account, members)
        else:
            answer = start_run_batch(self.account, members, asked.stored.settings)
            self._s3_batches.follow(answer["id"], asked.stored)
        if not operation.output_shape or not operation.output_shape.members:
            return HttpResponse(status, b"")
        if operation.name in _WHOLE:
            return json_response(status, answer)
        written: Document = write_answer(operation.output_shape, answer)
        if operation.name == "GetRun":
            written |= {name: answer[name] for name in _LATER if answer.get(name) is not None}
        return page_response(status, written) if "items" in written else json_response(status, written)
