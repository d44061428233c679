"""The run settings in GetBatch's response."""

from __future__ import annotations

from omics_batch._models.base import Document, ResponseModel, Texts
from omics_batch._models.enums import (
    CacheBehavior,
    NetworkingMode,
    RunLogLevel,
    RunRetentionMode,
    ScratchStorageMode,
    StorageType,
    WorkflowType,
)


class DefaultRunSetting(ResponseModel, frozen=True, defer_build=True):
    """What all runs of a batch share (GetBatch `defaultRunSetting`); a run's own setting takes precedence.

    A field is None where the batch was started without it.
    """

    workflow_id: str | None = None
    """The workflow that every run executes."""
    workflow_type: WorkflowType | None = None
    """Who made the workflow: batches take PRIVATE ones."""
    workflow_owner_id: str | None = None
    """The account that shares the workflow, where it is not the caller's own."""
    workflow_version_name: str | None = None
    """The version of the workflow, where one was chosen."""
    role_arn: str | None = None
    """The IAM role that the runs act as."""
    name: str | None = None
    """The name of every run that has none of its own."""
    cache_id: str | None = None
    """The run cache that the runs use."""
    cache_behavior: CacheBehavior | None = None
    """When results go to the run cache."""
    run_group_id: str | None = None
    """The run group, whose limits hold for the runs."""
    priority: int | None = None
    """0 to 100,000; higher goes first."""
    parameters: Document = None
    """The workflow's parameters, a free JSON document; a run's own win where both name one."""
    storage_capacity: int | None = None
    """The file system's size a run, in GiB; the service's default is 1,200."""
    storage_type: StorageType | None = None
    """Whether that size is fixed."""
    scratch_storage_mode: ScratchStorageMode | None = None
    """Where /tmp of a CPU task lies; the service's default is SHARED."""
    output_uri: str | None = None
    """The S3 URI below which the runs write their output."""
    output_bucket_owner_id: str | None = None
    """The account that has to own the output bucket."""
    requester_pays_enabled: bool | None = None
    """Whether the runs may read from buckets whose requesters pay, at the cost of their account."""
    log_level: RunLogLevel | None = None
    """How much goes to CloudWatch."""
    run_tags: Texts | None = None
    """The tags of every run; the batch's own are `Batch.tags`."""
    retention_mode: RunRetentionMode | None = None
    """Whether old run records are removed once the account's limit is reached."""
    networking_mode: NetworkingMode | None = None
    """Whether the runs reach a VPC; the service's default is RESTRICTED."""
    configuration_name: str | None = None
    """The account's named configuration that the runs use."""
    session_policy: str | None = None
    """An inline IAM policy, as JSON text, that narrows the role."""
    engine_settings: Document = None
    """Settings of the workflow engine, such as Nextflow profiles: a free JSON document."""
