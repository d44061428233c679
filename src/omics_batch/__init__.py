"""A typed, asynchronous client for AWS HealthOmics run batches.

Names load what they need when they are first used: `from omics_batch import Batch` brings in pydantic,
and neither aiobotocore nor tenacity.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from omics_batch._version import VERSION

if TYPE_CHECKING:
    from omics_batch._api.arguments import BatchReference as BatchReference
    from omics_batch._api.listing import Listing as Listing
    from omics_batch._api.listing import Rows as Rows
    from omics_batch._api.retry import RetryPolicy as RetryPolicy
    from omics_batch._client import OmicsBatchClient as OmicsBatchClient
    from omics_batch._clock import Clock as Clock
    from omics_batch._clock import Duration as Duration
    from omics_batch._clock import SystemClock as SystemClock
    from omics_batch._errors import (
        AccessDeniedError as AccessDeniedError,
    )
    from omics_batch._errors import (
        Advice as Advice,
    )
    from omics_batch._errors import (
        AdviceKind as AdviceKind,
    )
    from omics_batch._errors import (
        AttemptTimeoutError as AttemptTimeoutError,
    )
    from omics_batch._errors import (
        BatchCancelledError as BatchCancelledError,
    )
    from omics_batch._errors import (
        BatchFailedError as BatchFailedError,
    )
    from omics_batch._errors import (
        ClientClosedError as ClientClosedError,
    )
    from omics_batch._errors import (
        ConflictError as ConflictError,
    )
    from omics_batch._errors import (
        ConnectionFailedError as ConnectionFailedError,
    )
    from omics_batch._errors import (
        CredentialsError as CredentialsError,
    )
    from omics_batch._errors import (
        FailedRunsError as FailedRunsError,
    )
    from omics_batch._errors import (
        InternalServerError as InternalServerError,
    )
    from omics_batch._errors import (
        InvalidInputError as InvalidInputError,
    )
    from omics_batch._errors import (
        LostContactError as LostContactError,
    )
    from omics_batch._errors import (
        MalformedResponseError as MalformedResponseError,
    )
    from omics_batch._errors import (
        OmicsBatchError as OmicsBatchError,
    )
    from omics_batch._errors import (
        Party as Party,
    )
    from omics_batch._errors import (
        QueueTimeoutError as QueueTimeoutError,
    )
    from omics_batch._errors import (
        RedirectRefusedError as RedirectRefusedError,
    )
    from omics_batch._errors import (
        RequestTimeoutError as RequestTimeoutError,
    )
    from omics_batch._errors import (
        ResourceNotFoundError as ResourceNotFoundError,
    )
    from omics_batch._errors import (
        RunsDeleteFailedError as RunsDeleteFailedError,
    )
    from omics_batch._errors import (
        ServiceError as ServiceError,
    )
    from omics_batch._errors import (
        ServiceQuotaExceededError as ServiceQuotaExceededError,
    )
    from omics_batch._errors import (
        ThrottlingError as ThrottlingError,
    )
    from omics_batch._errors import (
        TransportError as TransportError,
    )
    from omics_batch._errors import (
        ValidationError as ValidationError,
    )
    from omics_batch._errors import (
        WaitError as WaitError,
    )
    from omics_batch._errors import (
        WaitTimeoutError as WaitTimeoutError,
    )
    from omics_batch._events import (
        ActionAdvanced as ActionAdvanced,
    )
    from omics_batch._events import (
        BatchStarted as BatchStarted,
    )
    from omics_batch._events import (
        CallEnded as CallEnded,
    )
    from omics_batch._events import (
        CredentialsRejected as CredentialsRejected,
    )
    from omics_batch._events import (
        CredentialsRenewalFailed as CredentialsRenewalFailed,
    )
    from omics_batch._events import (
        CredentialsRenewed as CredentialsRenewed,
    )
    from omics_batch._events import (
        Event as Event,
    )
    from omics_batch._events import (
        FailedRunsMissing as FailedRunsMissing,
    )
    from omics_batch._events import (
        ListPageFailed as ListPageFailed,
    )
    from omics_batch._events import (
        ListScanFailed as ListScanFailed,
    )
    from omics_batch._events import (
        ListScanRecovered as ListScanRecovered,
    )
    from omics_batch._events import (
        ListsLagging as ListsLagging,
    )
    from omics_batch._events import (
        LookFailed as LookFailed,
    )
    from omics_batch._events import (
        ProcessStoodStill as ProcessStoodStill,
    )
    from omics_batch._events import (
        RateChanged as RateChanged,
    )
    from omics_batch._events import (
        RequestFailed as RequestFailed,
    )
    from omics_batch._events import (
        ResultsMissing as ResultsMissing,
    )
    from omics_batch._events import (
        RetryQuotaUsedUp as RetryQuotaUsedUp,
    )
    from omics_batch._events import (
        RunReasonMissing as RunReasonMissing,
    )
    from omics_batch._events import (
        SettingsUploaded as SettingsUploaded,
    )
    from omics_batch._events import (
        StatusChanged as StatusChanged,
    )
    from omics_batch._events import (
        UnknownStatus as UnknownStatus,
    )
    from omics_batch._events import (
        WaitEnded as WaitEnded,
    )
    from omics_batch._events import (
        WaitEvent as WaitEvent,
    )
    from omics_batch._events import (
        WaitStarted as WaitStarted,
    )
    from omics_batch._manifest.manifest import Manifest as Manifest
    from omics_batch._manifest.manifest import ManifestBatch as ManifestBatch
    from omics_batch._manifest.parameters import ManifestCheck as ManifestCheck
    from omics_batch._manifest.resubmission import LeftOutRun as LeftOutRun
    from omics_batch._manifest.resubmission import ResubmissionPlan as ResubmissionPlan
    from omics_batch._manifest.started import StartedBatch as StartedBatch
    from omics_batch._models.batch import (
        Batch as Batch,
    )
    from omics_batch._models.batch import (
        BatchListItem as BatchListItem,
    )
    from omics_batch._models.batch import (
        RunBatchListItem as RunBatchListItem,
    )
    from omics_batch._models.batch import (
        RunSummary as RunSummary,
    )
    from omics_batch._models.batch import (
        StartRunBatchResponse as StartRunBatchResponse,
    )
    from omics_batch._models.batch import (
        SubmissionSummary as SubmissionSummary,
    )
    from omics_batch._models.enums import (
        Accelerators as Accelerators,
    )
    from omics_batch._models.enums import (
        BatchStatus as BatchStatus,
    )
    from omics_batch._models.enums import (
        CacheBehavior as CacheBehavior,
    )
    from omics_batch._models.enums import (
        FailureKind as FailureKind,
    )
    from omics_batch._models.enums import (
        NetworkingMode as NetworkingMode,
    )
    from omics_batch._models.enums import (
        Outcome as Outcome,
    )
    from omics_batch._models.enums import (
        OutputUriPrefixMode as OutputUriPrefixMode,
    )
    from omics_batch._models.enums import (
        RunLogLevel as RunLogLevel,
    )
    from omics_batch._models.enums import (
        RunRetentionMode as RunRetentionMode,
    )
    from omics_batch._models.enums import (
        RunStatus as RunStatus,
    )
    from omics_batch._models.enums import (
        ScratchStorageMode as ScratchStorageMode,
    )
    from omics_batch._models.enums import (
        StorageType as StorageType,
    )
    from omics_batch._models.enums import (
        SubmissionStatus as SubmissionStatus,
    )
    from omics_batch._models.enums import (
        WorkflowType as WorkflowType,
    )
    from omics_batch._models.progress import Progress as Progress
    from omics_batch._models.remedy import Remedy as Remedy
    from omics_batch._models.request import (
        BatchRunSettings as BatchRunSettings,
    )
    from omics_batch._models.request import (
        DefaultRunSettingInput as DefaultRunSettingInput,
    )
    from omics_batch._models.request import (
        InlineSetting as InlineSetting,
    )
    from omics_batch._models.request import (
        StartRunBatchRequest as StartRunBatchRequest,
    )
    from omics_batch._models.request_part import InvalidRequestError as InvalidRequestError
    from omics_batch._models.run import (
        FailedRun as FailedRun,
    )
    from omics_batch._models.run import (
        Run as Run,
    )
    from omics_batch._models.run import (
        RunConfiguration as RunConfiguration,
    )
    from omics_batch._models.run import (
        RunLogLocation as RunLogLocation,
    )
    from omics_batch._models.run import (
        RunResult as RunResult,
    )
    from omics_batch._models.run import (
        RunVpcConfig as RunVpcConfig,
    )
    from omics_batch._models.settings import DefaultRunSetting as DefaultRunSetting
    from omics_batch._waiting.policy import PollPolicy as PollPolicy

__version__ = VERSION

_MODULES = {
    "_api.arguments": "BatchReference",
    "_api.listing": "Listing Rows",
    "_api.retry": "RetryPolicy",
    "_client": "OmicsBatchClient",
    "_clock": "Clock Duration SystemClock",
    "_errors": (
        "AccessDeniedError Advice AdviceKind AttemptTimeoutError BatchCancelledError BatchFailedError "
        "ClientClosedError ConflictError ConnectionFailedError CredentialsError FailedRunsError InternalServerError "
        "InvalidInputError LostContactError MalformedResponseError OmicsBatchError Party QueueTimeoutError "
        "RedirectRefusedError RequestTimeoutError ResourceNotFoundError RunsDeleteFailedError ServiceError "
        "ServiceQuotaExceededError ThrottlingError TransportError ValidationError WaitError WaitTimeoutError"
    ),
    "_events": (
        "ActionAdvanced BatchStarted CallEnded CredentialsRejected CredentialsRenewalFailed CredentialsRenewed Event "
        "FailedRunsMissing ListPageFailed ListScanFailed ListScanRecovered ListsLagging LookFailed ProcessStoodStill "
        "RateChanged RequestFailed ResultsMissing RetryQuotaUsedUp RunReasonMissing SettingsUploaded StatusChanged "
        "UnknownStatus WaitEnded WaitEvent WaitStarted"
    ),
    "_manifest.manifest": "Manifest ManifestBatch",
    "_manifest.parameters": "ManifestCheck",
    "_manifest.resubmission": "LeftOutRun ResubmissionPlan",
    "_manifest.started": "StartedBatch",
    "_models.batch": "Batch BatchListItem RunBatchListItem RunSummary StartRunBatchResponse SubmissionSummary",
    "_models.enums": (
        "Accelerators BatchStatus CacheBehavior FailureKind NetworkingMode Outcome OutputUriPrefixMode "
        "RunLogLevel RunRetentionMode RunStatus ScratchStorageMode StorageType SubmissionStatus WorkflowType"
    ),
    "_models.progress": "Progress",
    "_models.remedy": "Remedy",
    "_models.request": "BatchRunSettings DefaultRunSettingInput InlineSetting StartRunBatchRequest",
    "_models.request_part": "InvalidRequestError",
    "_models.run": "FailedRun Run RunConfiguration RunLogLocation RunResult RunVpcConfig",
    "_models.settings": "DefaultRunSetting",
    "_waiting.policy": "PollPolicy",
}
"""The public names by the module that each is loaded from: the one list of them at run time."""

_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names.split()}

__all__ = sorted([*_MODULE_OF, "__version__"])  # noqa: PLE0605 # pyright: ignore[reportUnsupportedDunderAll] - the names are listed once


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    path = _MODULE_OF.get(name)
    if path is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{path}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
