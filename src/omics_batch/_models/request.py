"""The request of StartRunBatch, checked when it is made.

The limits are those of botocore's service model; what the user guide adds to them is checked too.
"""

from __future__ import annotations

import json
import os
import uuid
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import IO, TYPE_CHECKING, Annotated, Any, Final, Self, TypeAlias, cast

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from omics_batch._errors import InvalidInputError
from omics_batch._files import TextError, name_of, problems_in, read_document, unknown_among
from omics_batch._models.base import SentDocument
from omics_batch._models.enums import (
    CacheBehavior,
    NetworkingMode,
    RunLogLevel,
    RunRetentionMode,
    ScratchStorageMode,
    StorageType,
    WorkflowType,
)
from omics_batch._models.frozen import frozen
from omics_batch._models.request_part import BatchName, Name, NumericId, RequestPart
from omics_batch._patterns import ACCOUNT, ARN, VERSION_NAME, VISIBLE, VISIBLE_OR_BREAK

if TYPE_CHECKING:
    from omics_batch._files import Place


MOST_INLINE: Final = 100
"""Runs that a request itself can hold."""
_MAX_SETTINGS_URI: Final = 750 - len("/.json") - 64
"""What the longest URI leaves beside the SHA-256 of a file."""
_MAX_PROBLEMS: Final = 1000
"""Ten problems for each run that a request can hold."""


def _in_s3(uri: str) -> str:
    if not uri.startswith("s3://"):
        raise ValueError("an S3 URI begins with s3://")
    return uri


_AccountId: TypeAlias = Annotated[str, Field(pattern=ACCOUNT)]
_RoleArn: TypeAlias = Annotated[str, Field(min_length=1, max_length=128, pattern=ARN)]
_VersionName: TypeAlias = Annotated[str, Field(min_length=1, max_length=64, pattern=VERSION_NAME)]
_ConfigurationName: TypeAlias = Annotated[str, Field(min_length=1, max_length=128, pattern=VERSION_NAME)]
_Policy: TypeAlias = Annotated[str, Field(min_length=1, max_length=2048, pattern=VISIBLE_OR_BREAK)]
_S3Uri: TypeAlias = Annotated[str, Field(min_length=1, max_length=750, pattern=VISIBLE), AfterValidator(_in_s3)]
_SettingsUri: TypeAlias = Annotated[
    str, Field(min_length=1, max_length=_MAX_SETTINGS_URI, pattern=VISIBLE), AfterValidator(_in_s3)
]
_UpToHundredThousand: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=100_000)]
_TagKey: TypeAlias = Annotated[str, Field(min_length=1, max_length=128)]
_TagValue: TypeAlias = Annotated[str, Field(max_length=256)]
_Tags: TypeAlias = Annotated[dict[_TagKey, _TagValue], AfterValidator(frozen)]


class DefaultRunSettingInput(RequestPart, frozen=True):
    """What all runs of a new batch share; a run's own setting takes precedence.

    GetBatch returns it as `Batch.default_run_setting`. `parameters` and `run_tags` are merged with a run's
    own, and the run's values win. Other fields of a run replace these.
    """

    workflow_id: NumericId
    """The workflow that every run executes."""
    role_arn: _RoleArn
    """The IAM role that the runs act as; starting needs iam:PassRole for it."""
    workflow_type: WorkflowType | None = None
    """Who made the workflow; READY2RUN workflows cannot be run in batches."""
    workflow_owner_id: _AccountId | None = None
    """The account that shares the workflow, where it is not your own."""
    workflow_version_name: _VersionName | None = None
    """The version of the workflow; None takes its default."""
    name: Name | None = None
    """The name of every run that has none of its own."""
    cache_id: NumericId | None = None
    """The run cache that the runs use."""
    cache_behavior: CacheBehavior | None = None
    """When results go to the run cache; needs `cache_id`."""
    run_group_id: NumericId | None = None
    """The run group, whose limits hold for the runs."""
    priority: _UpToHundredThousand | None = None
    """0 to 100,000; higher goes first."""
    parameters: SentDocument = None
    """The workflow's parameters, a free JSON document."""
    storage_capacity: _UpToHundredThousand | None = None
    """The file system's size a run, in GiB; the service's default is 1,200."""
    storage_type: StorageType | None = None
    """Whether that size is fixed."""
    scratch_storage_mode: ScratchStorageMode | None = None
    """Where /tmp of a CPU task lies; the service's default is SHARED. Needs botocore 1.43.35."""
    output_uri: _S3Uri | None = None
    """The S3 URI below which the runs write their output."""
    output_bucket_owner_id: _AccountId | None = None
    """The account that has to own the output bucket."""
    requester_pays_enabled: Annotated[bool, Field(strict=True)] | None = None
    """Whether the runs may read from buckets whose requesters pay, at your account's cost. Needs botocore 1.44.8."""
    log_level: RunLogLevel | None = None
    """How much goes to CloudWatch."""
    run_tags: _Tags | None = None
    """The tags of every run; the batch's own are `StartRunBatchRequest.tags`."""
    retention_mode: RunRetentionMode | None = None
    """Whether old run records are removed once the account's limit is reached."""
    networking_mode: NetworkingMode | None = None
    """Whether the runs reach a VPC; the service's default is RESTRICTED. Needs botocore 1.42.97."""
    configuration_name: _ConfigurationName | None = None
    """The account's named configuration that the runs use. Needs botocore 1.42.97."""
    session_policy: _Policy | None = None
    """An inline IAM policy, as JSON text, that narrows the role. Needs botocore 1.43.90."""
    engine_settings: SentDocument = None
    """Settings of the workflow engine, such as Nextflow profiles: a free JSON document. Needs botocore 1.43.25."""

    @model_validator(mode="after")
    def _is_accepted(self) -> Self:
        if self.workflow_type == WorkflowType.READY2RUN:
            raise ValueError("READY2RUN workflows cannot be run in batches: start them run by run")
        if self.cache_behavior is not None and self.cache_id is None:
            raise ValueError("cacheBehavior needs a cacheId")
        return self


class InlineSetting(RequestPart, frozen=True):
    """What one run of a new batch has of its own."""

    run_setting_id: Name
    """Your own name of the run, such as the sample's, unique in its batch. Failed runs are listed by it."""
    name: Name | None = None
    """The run's name."""
    output_uri: _S3Uri | None = None
    """The S3 URI below which the run writes its output."""
    output_bucket_owner_id: _AccountId | None = None
    """The account that has to own that bucket."""
    priority: _UpToHundredThousand | None = None
    """0 to 100,000; higher goes first."""
    parameters: SentDocument = None
    """The run's parameters, merged over the default's: a free JSON document."""
    run_tags: _Tags | None = None
    """The run's tags, merged over the default's."""
    engine_settings: SentDocument = None
    """Settings of the workflow engine, in place of the default's: a free JSON document. Needs botocore 1.43.25."""


def _length(settings: object) -> int:
    return len(cast("Sequence[object]", settings)) if isinstance(settings, (list, tuple)) else 0


def _as_many_as_fit(settings: object) -> object:
    if (number := _length(settings)) > MOST_INLINE:
        raise ValueError(
            f"{number} runs are too many: a request holds {MOST_INLINE} at most. Put them into a JSON file in S3, as "
            "an array of the same settings, and give its URI as s3UriSettings in place of inlineSettings"
        )
    return settings


_InlineSettings: TypeAlias = Annotated[
    Sequence[InlineSetting],
    Field(min_length=1, max_length=MOST_INLINE),
    AfterValidator(tuple),
    BeforeValidator(_as_many_as_fit),
]


class BatchRunSettings(RequestPart, frozen=True):
    """The runs of a new batch: listed here, or in a file in S3; exactly one of the two."""

    inline_settings: _InlineSettings | None = None
    """1 to 100 runs: a list or a tuple."""
    s3_uri_settings: _S3Uri | None = None
    """The S3 URI of a JSON array of up to 100,000 runs, in the form of inline settings, of 6 GB at most.

    The service reads it after the call. If it has changed by then, the batch fails.
    """

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if (self.inline_settings is None) == (self.s3_uri_settings is None):
            raise ValueError("give either inlineSettings or s3UriSettings")
        names = Counter(setting.run_setting_id for setting in self.inline_settings or ())
        if twice := [name for name, times in names.items() if times > 1]:
            raise ValueError(f"a runSettingId is unique in its batch, and these are not: {', '.join(twice)}")
        return self


class StartRunBatchRequest(RequestPart, frozen=True):
    """A batch to be started, with the `request_id` that makes the start idempotent.

    Sending the same request again after an error starts no second batch. Save it (`model_dump_json`) before you
    send it: then this also holds after a crash. It reads JSON with AWS's own names too
    (`model_validate_json`); JSON without a `requestId` is a new request each time that it is read.

    Raises:
        InvalidInputError: The service would refuse something in it: each place is named. It is a pydantic
            `ValidationError` too, with the details, and has the original one as its cause.
    """

    default_run_setting: DefaultRunSettingInput
    """What all runs share."""
    batch_run_settings: BatchRunSettings
    """The runs."""
    batch_name: BatchName | None = None
    """A name for the batch, 1 to 64 characters."""
    tags: _Tags | None = None
    """The batch's own tags; its runs get `DefaultRunSettingInput.run_tags`."""
    request_id: Annotated[str, Field(min_length=1, max_length=128, pattern=VISIBLE)] = Field(
        default_factory=lambda: str(uuid.uuid4()),
    )
    """The idempotency token, 1 to 128 characters: made once, when the request is made, unless you give your own."""

    @classmethod
    def load(cls, source: str | os.PathLike[str] | IO[bytes]) -> Self:
        """Read a request from a file, in AWS's own names (`runSettingId`) or in snake_case.

        A file without a `requestId` is a new request each time that it is read: if it is read and sent twice, it starts
        two batches.

        Args:
            source: The path of a JSON file (`.json`) or a YAML file (`.yaml`, `.yml`, which need the extra `cli`). A
                file with another name, or an open file of bytes such as `sys.stdin.buffer`, may have either.

        Raises:
            InvalidInputError: The file cannot be read, or is not a request. Each line of the message names the file,
                the place and the problem, and in YAML also the line.
        """
        name = name_of(source)
        try:
            document, lines = read_document(source)
        except TextError as error:
            raise InvalidInputError(f"{name}: {error}") from None
        try:
            return cls._of_json(document)
        except ValidationError as error:
            found = error.errors(include_url=False)
            unknown = partial(unknown_member, cls)
            texts = problems_in(found, document, lines, whole="the request", unknown=unknown, limit=_MAX_PROBLEMS)
            raise InvalidInputError("\n".join(f"{name}: {problem}" for problem in texts)) from None

    @classmethod
    def _of_json(cls, document: object) -> Self:
        try:
            return cls.model_validate_json(json.dumps(document))
        except ValidationError as error:
            if error.errors(include_url=False, include_input=False)[0]["type"] != "json_invalid":
                raise
        return cls.model_validate(document)  # which names the place that is nested too deeply

    def anew(self) -> Self:
        """Return the same request with a new `request_id`: it starts another batch with all of the runs."""
        return self.model_copy(update={"request_id": str(uuid.uuid4())})

    def members(self) -> dict[str, Any]:
        """Return the request with the service's own names, as StartRunBatch takes it."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class BatchTemplate(RequestPart, frozen=True):
    """A StartRunBatch request without its runs, and the S3 URI for settings files."""

    default_run_setting: DefaultRunSettingInput
    """What all runs share."""
    batch_name: BatchName | None = None
    """A name for the batch, 1 to 64 characters."""
    tags: _Tags | None = None
    """The batch's own tags."""
    settings_uri: _SettingsUri | None = None
    """The S3 URI below which files of run settings go."""

    def request(self, runs: BatchRunSettings, request_id: str) -> StartRunBatchRequest:
        """Return the request that starts these runs."""
        return StartRunBatchRequest(
            default_run_setting=self.default_run_setting,
            batch_run_settings=runs,
            batch_name=self.batch_name,
            tags=self.tags,
            request_id=request_id,
        )


_PARTS: Final[dict[str, type[RequestPart]]] = {
    "defaultRunSetting": DefaultRunSettingInput,
    "batchRunSettings": BatchRunSettings,
    "inlineSettings": InlineSetting,
}


def unknown_member(whole: type[RequestPart], place: Place) -> str:
    """Return the message for an unknown member of a file; it suggests names in the same spelling."""
    *above, member = (part for part in place if isinstance(part, str))
    part = _PARTS[to_camel(above[-1])] if above else whole
    if member in part.model_fields:
        return f"is there twice: {to_camel(member)} is the same"
    return unknown_among(part.model_fields if "_" in member else map(to_camel, part.model_fields), member)


def checked(request: object) -> StartRunBatchRequest:
    """Return what a caller gave to start a batch.

    Raises:
        InvalidInputError: It is not a StartRunBatchRequest, or a wrong copy of one (`model_copy` checks nothing).
    """
    if not isinstance(request, StartRunBatchRequest):
        raise InvalidInputError(f"a batch is started by a StartRunBatchRequest, not by a {type(request).__name__}")
    return StartRunBatchRequest.model_validate(request)  # once more, since pydantic checks no copy (`model_copy`)
