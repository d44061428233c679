"""Whether a failed run is worth running again, and what has to change first, by the service's reason.

Source: "Run failure reasons" and "Batch runs in HealthOmics" of the HealthOmics User Guide. A reason that is not here
is for a person to look at: a rerun costs money, and fails again where its cause is still there.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from omics_batch._models.enums import FailureKind

if TYPE_CHECKING:
    from collections.abc import Mapping


class Remedy(StrEnum):
    """What can be done about a failed run: the values of `FailedRun.remedy`.

    RESUBMIT: the same run may succeed now; AWS documents "try again" for its reason. WAIT: a quota is used up, so
    resubmit it once other runs have ended. CHANGE: resubmit it with other parameters or settings. FIX: first fix the
    workflow, the role, the image or the data: no setting of a run can. LOOK: the reason does not show what to do, so
    read the message and the logs.
    """

    RESUBMIT = "RESUBMIT"
    WAIT = "WAIT"
    CHANGE = "CHANGE"
    FIX = "FIX"
    LOOK = "LOOK"


_SUBMISSION: Final[Mapping[str, Remedy]] = {
    "ThrottlingException": Remedy.RESUBMIT,
    "RequestTimeoutException": Remedy.RESUBMIT,
    "InternalServerException": Remedy.RESUBMIT,
    "ServiceQuotaExceededException": Remedy.WAIT,
    "ValidationException": Remedy.CHANGE,
    "AccessDeniedException": Remedy.FIX,
    "ResourceNotFoundException": Remedy.FIX,
}

_RUN: Final[Mapping[str, Remedy]] = {
    # What the guide says "try again" about, and no more.
    "SERVICE_ERROR": Remedy.RESUBMIT,
    "INSTANCE_RESERVATION_FAILED": Remedy.RESUBMIT,
    "MODIFIED_INPUT_RESOURCE": Remedy.RESUBMIT,
    "FILE_SYSTEM_OUT_OF_SPACE": Remedy.CHANGE,
    "INVALID_RUN_PARAMETERS": Remedy.CHANGE,
    "INVALID_URI_INPUT": Remedy.CHANGE,
    "UNSUPPORTED_INPUT_SIZE": Remedy.CHANGE,
    # A run's memory, CPUs and images are set in its workflow: a new version of it is no setting of a run.
    "OUT_OF_MEMORY_ERROR": Remedy.FIX,
    "INVALID_TASK_RESOURCE_VALUE": Remedy.FIX,
    "UNSUPPORTED_GPU_INSTANCE_TYPE": Remedy.FIX,
    "CANNOT_START_CONTAINER_ERROR": Remedy.FIX,
    "CANNOT_START_CONTAINER_SIZE_ERROR": Remedy.FIX,
    "IMAGE_VERIFICATION_FAILURE": Remedy.FIX,
    "INVALID_ECR_IMAGE_URI": Remedy.FIX,
    "ASSUME_ROLE_FAILED": Remedy.FIX,
    "ECR_PERMISSION_ERROR": Remedy.FIX,
    "EXPORT_FAILED": Remedy.FIX,
    "IMPORT_FAILED": Remedy.FIX,
    "INACTIVE_OMICS_STORAGE_RESOURCE": Remedy.FIX,
    "INPUT_URI_NOT_FOUND": Remedy.FIX,
}


def remedy_of(kind: FailureKind, reason: str | None) -> Remedy:
    """Return what can be done about a run that failed in some way, for a reason; LOOK where that is not known."""
    reasons = {FailureKind.SUBMISSION: _SUBMISSION, FailureKind.RUN: _RUN}.get(kind, {})
    return reasons.get(reason or "", Remedy.LOOK)
