"""Single runs, as ListRuns and GetRun show them, failed runs, and results."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from omics_batch._models.base import Document, Names, ResponseModel, Texts, Timestamp
from omics_batch._models.enums import (
    Accelerators,
    CacheBehavior,
    FailureKind,
    NetworkingMode,
    OutputUriPrefixMode,
    RunLogLevel,
    RunRetentionMode,
    RunStatus,
    ScratchStorageMode,
    StorageType,
    SubmissionStatus,
    WorkflowType,
)
from omics_batch._models.remedy import Remedy, remedy_of
from omics_batch._words import without_signature

if TYPE_CHECKING:
    from collections.abc import Iterator


class RunListItem(ResponseModel, frozen=True):
    """A run as ListRuns shows it: without its runSettingId, and without a reason where it failed."""

    id: str
    """The run's number, as text."""
    status: RunStatus
    """Where the run stands."""
    arn: str | None = None
    """The run's ARN."""
    batch_id: str | None = None
    """The batch that the run belongs to, if any."""
    name: str | None = None
    """The run's name, if any."""
    workflow_id: str | None = None
    """The workflow that the run executes."""
    workflow_name: str | None = None
    """The workflow's name."""
    workflow_version_name: str | None = None
    """The version of the workflow, where one was chosen."""
    priority: int | None = None
    """0 to 100,000; higher goes first."""
    storage_capacity: int | None = None
    """The file system's size, in GiB."""
    storage_type: StorageType | None = None
    """Whether that size is fixed."""
    creation_time: Timestamp | None = None
    """When the run was submitted."""
    start_time: Timestamp | None = None
    """When the run started; None until then."""
    stop_time: Timestamp | None = None
    """When the run ended; None until then."""


class RunLogLocation(ResponseModel, frozen=True):
    """Where a run's logs are in CloudWatch."""

    engine_log_stream: str | None = None
    """The workflow engine's log stream."""
    run_log_stream: str | None = None
    """The run's log stream."""


class RunConfiguration(ResponseModel, frozen=True):
    """The named configuration that a run uses."""

    name: str | None = None
    """Its name."""
    arn: str | None = None
    """Its ARN."""
    uuid: str | None = None
    """Its UUID."""


class RunVpcConfig(ResponseModel, frozen=True):
    """The VPC that a run reaches."""

    vpc_id: str | None = None
    """The VPC."""
    vpc_owner_account_id: str | None = None
    """The account that owns it."""
    subnet_ids: Names | None = None
    """Its subnets."""
    security_group_ids: Names | None = None
    """The security groups of the run's network interfaces."""


class Run(ResponseModel, frozen=True, hide_input_in_errors=True):
    """A run as GetRun shows it at one moment; without its runSettingId, which ListRunsInBatch knows."""

    id: str
    """The run's number, as text."""
    status: RunStatus
    """Where the run stands."""
    status_message: str | None = None
    """What the service says of the status."""
    failure_reason: str | None = None
    """Why the run failed, as a code; only when FAILED."""
    log_location: RunLogLocation | None = None
    """Where its logs are in CloudWatch."""
    arn: str | None = None
    """The run's ARN."""
    uuid: str | None = None
    """The run's UUID; also a part of its output's paths."""
    batch_id: str | None = None
    """The batch that the run belongs to, if any."""
    name: str | None = None
    """The run's name, if any."""
    run_id: str | None = None
    """The run that this one was a copy of, if any."""
    workflow_id: str | None = None
    """The workflow that the run executes."""
    workflow_type: WorkflowType | None = None
    """Who made the workflow."""
    workflow_owner_id: str | None = None
    """The account that shares the workflow, where it is not the caller's own."""
    workflow_uuid: str | None = None
    """The workflow's UUID."""
    workflow_version_name: str | None = None
    """The version of the workflow, where one was chosen."""
    engine_version: str | None = None
    """The workflow engine's version."""
    definition: str | None = None
    """The workflow's definition, where it was asked for."""
    digest: str | None = None
    """The definition's digest."""
    resource_digests: Texts | None = None
    """The digests of what the run read, by URI."""
    role_arn: str | None = None
    """The IAM role that the run acts as."""
    started_by: str | None = None
    """Who started the run."""
    run_group_id: str | None = None
    """The run group, whose limits hold for the run."""
    priority: int | None = None
    """0 to 100,000; higher goes first."""
    parameters: Document = None
    """The workflow's parameters, a free JSON document."""
    parameters_uri: str | None = None
    """The file that the parameters came from, if any. A presigned URL is a credential, which `repr` hides."""
    engine_settings: Document = None
    """Settings of the workflow engine: a free JSON document."""
    cache_id: str | None = None
    """The run cache that the run uses."""
    cache_behavior: CacheBehavior | None = None
    """When results go to the run cache."""
    storage_capacity: int | None = None
    """The file system's size, in GiB."""
    storage_type: StorageType | None = None
    """Whether that size is fixed."""
    scratch_storage_mode: ScratchStorageMode | None = None
    """Where /tmp of a CPU task lies."""
    accelerators: Accelerators | None = None
    """The special hardware that its tasks asked for."""
    output_uri: str | None = None
    """The S3 URI below which the run writes its output."""
    output_uri_prefix_mode: OutputUriPrefixMode | None = None
    """Whether its output has a prefix of its own below that."""
    run_output_uri: str | None = None
    """The S3 URI of the run's own output."""
    requester_pays_enabled: bool | None = None
    """Whether the run may read from buckets whose requesters pay, at the cost of its account."""
    log_level: RunLogLevel | None = None
    """How much goes to CloudWatch."""
    retention_mode: RunRetentionMode | None = None
    """Whether the run's record may be removed once the account's limit is reached."""
    networking_mode: NetworkingMode | None = None
    """Whether the run reaches a VPC."""
    vpc_config: RunVpcConfig | None = None
    """The VPC that the run reaches, if any."""
    configuration: RunConfiguration | None = None
    """The named configuration that the run uses, if any."""
    session_policy: str | None = None
    """The inline IAM policy, as JSON text, that narrows the role."""
    tags: Texts | None = None
    """The run's tags."""
    creation_time: Timestamp | None = None
    """When the run was submitted."""
    start_time: Timestamp | None = None
    """When the run started; None until then."""
    stop_time: Timestamp | None = None
    """When the run ended; None until then."""

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, without_signature(value) if name == "parameters_uri" else value


class FailedRun(BaseModel, frozen=True, alias_generator=to_camel, populate_by_name=True, use_attribute_docstrings=True):
    """A sample of a batch that did not succeed, and why.

    Its JSON is spelled as that of every model: `by_alias=True` writes `runSettingId`, without it `run_setting_id`.
    """

    run_setting_id: str
    """Your own name of the run, as the batch was started with it."""
    kind: FailureKind
    """SUBMISSION: the run was never started. RUN: it was, and failed. CANCELLED: it was cancelled."""
    run_id: str | None = None
    """The service's number of the run; None where it was never started."""
    reason: str | None = None
    """Why, as the service's code: such as ValidationException of a submission; None where it was not asked for."""
    message: str | None = None
    """What the service says of it, if anything."""
    run: Run | None = None
    """The run as GetRun shows it, with where its logs are; None where it was not asked for, or never started."""

    @property
    def remedy(self) -> Remedy:
        """What can be done about it, by its reason; LOOK where the reason was not asked for."""
        return remedy_of(self.kind, self.reason)

    def _repr_html_(self) -> str | None:
        from omics_batch._html import table  # noqa: PLC0415 - notebooks alone need it

        return table([self])


class RunResult(BaseModel, frozen=True, alias_generator=to_camel, populate_by_name=True, use_attribute_docstrings=True):
    """How one run of a batch went: a row of `OmicsBatchClient.results`.

    Its JSON is spelled as that of every model: `by_alias=True` writes `runSettingId`, without it `run_setting_id`.
    """

    run_setting_id: str
    """Your own name of the run, as the batch was started with it."""
    run_id: str | None = None
    """The service's number of the run; None where it was never started."""
    status: RunStatus | None = None
    """Where the run stands. None where it was never started, or where the service lists it no more, or not yet."""
    started: Timestamp | None = None
    """When the run started; None until then."""
    stopped: Timestamp | None = None
    """When the run ended; None until then."""
    duration: timedelta | None = None
    """From the run's start to its end; None until it has ended."""
    output_uri: str | None = None
    """The S3 URI of the run's output; only with `details=True`."""
    reason: str | None = None
    """Why it failed, as the service's code: of a run that was started only with `details=True`."""
    message: str | None = None
    """What the service says of it, if anything: likewise."""
    submission_status: SubmissionStatus | None = None
    """How the submission went, not how the run went."""
    run_uuid: str | None = None
    """The run's UUID, which no other run has: the service gives the ids of deleted runs again."""
    batch_id: str | None = None
    """The batch that the run belongs to."""

    def _repr_html_(self) -> str | None:
        from omics_batch._html import table  # noqa: PLC0415 - notebooks alone need it

        return table([self])
