"""A typed, asynchronous client for AWS HealthOmics run batches.

Names load what they need when they are first used: `from omics_batch import Batch` brings in pydantic,
and neither aiobotocore nor tenacity.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from omics_batch._version import VERSION

if TYPE_CHECKING:
    from omics_batch._client import OmicsBatchClient
    from omics_batch._clock import Clock, Duration, SystemClock
    from omics_batch._errors import (
        AccessDeniedError,
        AttemptTimeoutError,
        BatchCancelledError,
        BatchFailedError,
        ClientClosedError,
        ConflictError,
        ConnectionFailedError,
        CredentialsError,
        FailedRunsError,
        InternalServerError,
        InvalidInputError,
        LostContactError,
        MalformedResponseError,
        OmicsBatchError,
        QueueTimeoutError,
        RedirectRefusedError,
        RequestTimeoutError,
        ResourceNotFoundError,
        RunsDeleteFailedError,
        ServiceError,
        ServiceQuotaExceededError,
        ThrottlingError,
        TransportError,
        ValidationError,
        WaitError,
        WaitTimeoutError,
    )
    from omics_batch._inputs import BatchReference
    from omics_batch._models import (
        Batch,
        BatchListItem,
        RunBatchListItem,
        RunSummary,
        StartRunBatchResponse,
        SubmissionSummary,
    )
    from omics_batch._progress import Progress
    from omics_batch._requests import BatchRunSettings, DefaultRunSettingInput, InlineSetting, StartRunBatchRequest
    from omics_batch._retry import RetryPolicy
    from omics_batch._rows import Listing, Rows
    from omics_batch._runs import FailedRun, Run, RunConfiguration, RunLogLocation, RunVpcConfig
    from omics_batch._settings import DefaultRunSetting
    from omics_batch._statuses import (
        Accelerators,
        BatchStatus,
        CacheBehavior,
        FailureKind,
        NetworkingMode,
        Outcome,
        RunLogLevel,
        RunRetentionMode,
        RunStatus,
        ScratchStorageMode,
        StorageType,
        SubmissionStatus,
        WorkflowType,
    )
    from omics_batch._waiting.policy import PollPolicy

__version__ = VERSION

__all__ = [
    "Accelerators",
    "AccessDeniedError",
    "AttemptTimeoutError",
    "Batch",
    "BatchCancelledError",
    "BatchFailedError",
    "BatchListItem",
    "BatchReference",
    "BatchRunSettings",
    "BatchStatus",
    "CacheBehavior",
    "ClientClosedError",
    "Clock",
    "ConflictError",
    "ConnectionFailedError",
    "CredentialsError",
    "DefaultRunSetting",
    "DefaultRunSettingInput",
    "Duration",
    "FailedRun",
    "FailedRunsError",
    "FailureKind",
    "InlineSetting",
    "InternalServerError",
    "InvalidInputError",
    "Listing",
    "LostContactError",
    "MalformedResponseError",
    "NetworkingMode",
    "OmicsBatchClient",
    "OmicsBatchError",
    "Outcome",
    "PollPolicy",
    "Progress",
    "QueueTimeoutError",
    "RedirectRefusedError",
    "RequestTimeoutError",
    "ResourceNotFoundError",
    "RetryPolicy",
    "Rows",
    "Run",
    "RunBatchListItem",
    "RunConfiguration",
    "RunLogLevel",
    "RunLogLocation",
    "RunRetentionMode",
    "RunStatus",
    "RunSummary",
    "RunVpcConfig",
    "RunsDeleteFailedError",
    "ScratchStorageMode",
    "ServiceError",
    "ServiceQuotaExceededError",
    "StartRunBatchRequest",
    "StartRunBatchResponse",
    "StorageType",
    "SubmissionStatus",
    "SubmissionSummary",
    "SystemClock",
    "ThrottlingError",
    "TransportError",
    "ValidationError",
    "WaitError",
    "WaitTimeoutError",
    "WorkflowType",
    "__version__",
]

_ROOMS = {
    "Accelerators": "_statuses",
    "AccessDeniedError": "_errors",
    "AttemptTimeoutError": "_errors",
    "Batch": "_models",
    "BatchCancelledError": "_errors",
    "BatchFailedError": "_errors",
    "BatchListItem": "_models",
    "BatchReference": "_inputs",
    "BatchRunSettings": "_requests",
    "BatchStatus": "_statuses",
    "CacheBehavior": "_statuses",
    "ClientClosedError": "_errors",
    "Clock": "_clock",
    "ConflictError": "_errors",
    "ConnectionFailedError": "_errors",
    "CredentialsError": "_errors",
    "DefaultRunSetting": "_settings",
    "DefaultRunSettingInput": "_requests",
    "Duration": "_clock",
    "FailedRun": "_runs",
    "FailedRunsError": "_errors",
    "FailureKind": "_statuses",
    "InlineSetting": "_requests",
    "InternalServerError": "_errors",
    "InvalidInputError": "_errors",
    "Listing": "_rows",
    "LostContactError": "_errors",
    "MalformedResponseError": "_errors",
    "NetworkingMode": "_statuses",
    "OmicsBatchClient": "_client",
    "OmicsBatchError": "_errors",
    "Outcome": "_statuses",
    "PollPolicy": "_waiting.policy",
    "Progress": "_progress",
    "QueueTimeoutError": "_errors",
    "RedirectRefusedError": "_errors",
    "RequestTimeoutError": "_errors",
    "ResourceNotFoundError": "_errors",
    "RetryPolicy": "_retry",
    "Rows": "_rows",
    "Run": "_runs",
    "RunBatchListItem": "_models",
    "RunConfiguration": "_runs",
    "RunLogLevel": "_statuses",
    "RunLogLocation": "_runs",
    "RunRetentionMode": "_statuses",
    "RunStatus": "_statuses",
    "RunSummary": "_models",
    "RunVpcConfig": "_runs",
    "RunsDeleteFailedError": "_errors",
    "ScratchStorageMode": "_statuses",
    "ServiceError": "_errors",
    "ServiceQuotaExceededError": "_errors",
    "StartRunBatchRequest": "_requests",
    "StartRunBatchResponse": "_models",
    "StorageType": "_statuses",
    "SubmissionStatus": "_statuses",
    "SubmissionSummary": "_models",
    "SystemClock": "_clock",
    "ThrottlingError": "_errors",
    "TransportError": "_errors",
    "ValidationError": "_errors",
    "WaitError": "_errors",
    "WaitTimeoutError": "_errors",
    "WorkflowType": "_statuses",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    room = _ROOMS.get(name)
    if room is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
