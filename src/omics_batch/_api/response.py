"""From a response's bytes to a model. An unreadable response is a failure."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from omics_batch._models.base import first_problem, from_json, from_object
from omics_batch._transport.failure import CallFailure, FailureStage, object_in
from omics_batch._words import one_line

if TYPE_CHECKING:
    from omics_batch._models.base import ResponseModel
    from omics_batch._transport.attempt import Response

M = TypeVar("M", bound="ResponseModel")


def read_answer(model: type[M], reply: Response, operation: str) -> M | CallFailure:
    """Read an operation's response; it is a failure if it does not parse."""
    try:
        if reply.body is None:
            return from_object(model, reply.document)
        return from_json(model, reply.body)
    except ValueError as error:
        return unreadable(operation, reply, f"the answer cannot be read: {first_problem(error)}", error)


def read_acceptance(reply: Response, operation: str) -> bool | CallFailure:
    """Read a response without content: a proxy's page must not pass for acceptance."""
    if reply.body is None:
        return True
    if reply.status == HTTPStatus.ACCEPTED and (not reply.body or object_in(reply.body) is not None):
        return True
    return unreadable(operation, reply, f"HTTP {reply.status} is not how the service accepts it")


def unreadable(operation: str, reply: Response, detail: str, cause: Exception | None = None) -> CallFailure:
    """Return the failure for a response with a success status that cannot be trusted."""
    return CallFailure(
        stage=FailureStage.UNREADABLE,
        operation=operation,
        detail=one_line(detail),
        status=reply.status,
        cause=cause and cause.with_traceback(None),
    )
