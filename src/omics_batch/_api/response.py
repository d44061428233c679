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


def read_answer(model: type[M], response: Response, operation: str) -> M | CallFailure:
    """Read an operation's response; it is a failure if it does not parse."""
    try:
        if response.body is None:
            return from_object(model, response.document)
        return from_json(model, response.body)
    except ValueError as error:
        return unreadable(operation, response, f"the answer cannot be read: {first_problem(error)}", error)


def read_acceptance(response: Response, operation: str) -> bool | CallFailure:
    """Read a response without content: a proxy's page must not pass for acceptance."""
    if response.body is None:
        return True
    if response.status == HTTPStatus.ACCEPTED and (not response.body or object_in(response.body) is not None):
        return True
    return unreadable(operation, response, f"HTTP {response.status} is not how the service accepts it")


def unreadable(operation: str, response: Response, detail: str, cause: Exception | None = None) -> CallFailure:
    """Return the failure for a response with a success status that cannot be trusted."""
    return CallFailure(
        stage=FailureStage.UNREADABLE,
        operation=operation,
        detail=one_line(detail),
        status=response.status,
        cause=cause and cause.with_traceback(None),
    )
