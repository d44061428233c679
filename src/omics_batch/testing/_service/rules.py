"""Rules of the user guide that the service model does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from omics_batch.testing._service.http_response import conflict, validation

if TYPE_CHECKING:
    from collections.abc import Mapping

ALLOWED: Final[Mapping[str, tuple[str, ...]]] = {
    "CancelRunBatch": ("PENDING", "SUBMITTING", "INPROGRESS"),
    "DeleteRunBatch": ("PROCESSED", "CANCELLED"),
    "DeleteBatch": ("PROCESSED", "FAILED", "CANCELLED", "RUNS_DELETE_FAILED", "RUNS_DELETED"),
}
"""The statuses in which a batch can be cancelled and deleted; during a cancel or delete, neither is allowed."""

_S3: Final = "s3://"


def check_status(operation: str, batch_id: str, status: str) -> None:
    """Refuse an operation on a batch whose status forbids it.

    Raises:
        Refusal: It does. The message names the status, and the statuses that allow the operation.
    """
    if status not in ALLOWED[operation]:
        raise conflict(
            f"{operation} is not allowed while run batch {batch_id} is {status}: "
            f"it has to be {', '.join(ALLOWED[operation])}."
        )


def check_one_filter(request: Mapping[str, Any], filters: tuple[str, ...]) -> None:
    """Refuse a list request with more than one filter.

    Raises:
        Refusal: It has several filters.
    """
    if sum(name in request for name in filters) > 1:
        raise validation(f"Only one filter per call is supported: {', '.join(filters)}.")


def check_start(request: Mapping[str, Any]) -> None:
    """Refuse a batch whose settings fit the model but break a rule of the user guide.

    Raises:
        Refusal: The workflow is READY2RUN, a setting needs another that is missing, or an output URI is not in S3.
    """
    default = request["defaultRunSetting"]
    if default.get("workflowType") == "READY2RUN":
        raise validation("READY2RUN workflows are not supported in run batches.")
    if "cacheBehavior" in default and "cacheId" not in default:
        raise validation("defaultRunSetting.cacheBehavior requires defaultRunSetting.cacheId.")
    for setting in (default, *request["batchRunSettings"].get("inlineSettings", ())):
        if not setting.get("outputUri", _S3).startswith(_S3):
            raise validation(f"outputUri must begin with {_S3}, unlike {setting['outputUri']}.")
