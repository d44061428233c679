"""The service's enums. They accept values that this version does not know."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

from omics_batch._words import one_line

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue
    from pydantic_core import CoreSchema


class OpenEnum(StrEnum):
    """A string enum that also accepts unknown values.

    AWS adds statuses and settings after launch. An unknown text is not an error: it becomes a value that equals the
    text, and that pickle and JSON keep.
    """

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = value
        unknown._value_ = value
        return unknown

    def __repr__(self) -> str:
        """Write the class, the name and the value; the name of an unknown one without control characters."""
        return f"<{type(self).__name__}.{one_line(self.name)}: {self.value!r}>"

    @property
    def is_known(self) -> bool:
        """Whether this release knows the value; an unknown one keeps the service's own text."""
        return self.value in type(self).__members__

    @classmethod
    def __get_pydantic_json_schema__(cls, _: CoreSchema, __: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "title": cls.__name__, "examples": [member.value for member in cls]}


class BatchStatus(OpenEnum):
    """The status of a run batch (GetBatch `status`).

    The usual order is CREATING, PENDING, SUBMITTING, INPROGRESS, PROCESSED. PROCESSED means that
    every run has ended, not that any of them succeeded: see `Batch.outcome`. FAILED means that the
    batch itself failed. It may have created some runs before, and these may go on.
    """

    CREATING = "CREATING"
    PENDING = "PENDING"
    SUBMITTING = "SUBMITTING"
    INPROGRESS = "INPROGRESS"
    STOPPING = "STOPPING"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    PROCESSED = "PROCESSED"
    RUNS_DELETING = "RUNS_DELETING"
    RUNS_DELETE_FAILED = "RUNS_DELETE_FAILED"
    RUNS_DELETED = "RUNS_DELETED"


class SubmissionStatus(OpenEnum):
    """How the submission of one run went (ListRunsInBatch `submissionStatus`), not how the run went."""

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    CANCEL_SUCCESS = "CANCEL_SUCCESS"
    CANCEL_FAILED = "CANCEL_FAILED"
    DELETE_SUCCESS = "DELETE_SUCCESS"
    DELETE_FAILED = "DELETE_FAILED"


class RunStatus(OpenEnum):
    """The status of one run (ListRuns and GetRun `status`)."""

    PENDING = "PENDING"
    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    COMPLETED = "COMPLETED"
    DELETED = "DELETED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"


class Accelerators(OpenEnum):
    """The special hardware that a run's tasks asked for."""

    GPU = "GPU"


class WorkflowType(OpenEnum):
    """Who made the workflow; a batch runs PRIVATE ones only."""

    PRIVATE = "PRIVATE"
    READY2RUN = "READY2RUN"


class CacheBehavior(OpenEnum):
    """When a run's intermediate results go to the run cache."""

    CACHE_ON_FAILURE = "CACHE_ON_FAILURE"
    CACHE_ALWAYS = "CACHE_ALWAYS"


class OutputUriPrefixMode(OpenEnum):
    """Where a run's output is written: below its own prefix, or directly below the output URI, overwriting files."""

    SERVICE_DEFINED = "SERVICE_DEFINED"
    NONE_WITH_OVERWRITE = "NONE_WITH_OVERWRITE"


class RunLogLevel(OpenEnum):
    """How much of a run is logged to CloudWatch."""

    OFF = "OFF"
    FATAL = "FATAL"
    ERROR = "ERROR"
    ALL = "ALL"


class RunRetentionMode(OpenEnum):
    """Whether run records are kept once the account's limit is reached."""

    RETAIN = "RETAIN"
    REMOVE = "REMOVE"


class StorageType(OpenEnum):
    """Whether a run's file system has a fixed size or grows."""

    STATIC = "STATIC"
    DYNAMIC = "DYNAMIC"


class NetworkingMode(OpenEnum):
    """Whether a run reaches a VPC."""

    RESTRICTED = "RESTRICTED"
    VPC = "VPC"


class ScratchStorageMode(OpenEnum):
    """Where a CPU task's /tmp lies."""

    LOCAL = "LOCAL"
    SHARED = "SHARED"


class FailureKind(StrEnum):
    """What kept a run from completing: the values of `FailedRun.kind`."""

    SUBMISSION = "SUBMISSION"
    RUN = "RUN"
    CANCELLED = "CANCELLED"


class Outcome(StrEnum):
    """How the runs of a batch ended: the values of `Batch.outcome`. UNKNOWN if the counts do not show it."""

    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"


RUNS_DELETION: Final = frozenset(
    {BatchStatus.RUNS_DELETING, BatchStatus.RUNS_DELETED, BatchStatus.RUNS_DELETE_FAILED},
)
"""DeleteRunBatch was called, which is allowed once a batch is PROCESSED or CANCELLED."""

TERMINAL: Final = RUNS_DELETION | {BatchStatus.PROCESSED, BatchStatus.FAILED, BatchStatus.CANCELLED}
"""The batch submits no more runs, and its runs have ended; only those of a FAILED batch may go on."""

ACTIVE: Final = (
    BatchStatus.CREATING,
    BatchStatus.PENDING,
    BatchStatus.SUBMITTING,
    BatchStatus.INPROGRESS,
    BatchStatus.STOPPING,
)
"""Runs of the batch may start or go on. The order is that of a batch's life: if lists are read in this order, a batch
whose status changes meanwhile is in one of them."""

CANCELLATION: Final = frozenset({BatchStatus.STOPPING, BatchStatus.CANCELLED})
"""CancelRunBatch was called."""

CANCELLABLE: Final = frozenset({BatchStatus.PENDING, BatchStatus.SUBMITTING, BatchStatus.INPROGRESS})
"""CancelRunBatch is allowed."""

RUNS_DELETABLE: Final = frozenset({BatchStatus.PROCESSED, BatchStatus.CANCELLED})
"""DeleteRunBatch is allowed."""

DELETABLE: Final = RUNS_DELETABLE | {BatchStatus.FAILED, BatchStatus.RUNS_DELETE_FAILED, BatchStatus.RUNS_DELETED}
"""DeleteBatch is allowed."""

WORDS: Final = tuple(frozenset(member.value for member in kind) for kind in OpenEnum.__subclasses__())
"""The values that this release knows, for each enum."""
