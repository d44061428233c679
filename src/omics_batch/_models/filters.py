"""The filters of the service's lists."""

from __future__ import annotations

from omics_batch._errors import InvalidInputError
from omics_batch._models.enums import BatchStatus, SubmissionStatus
from omics_batch._models.request_part import BatchName, Name, NumericId, RequestPart


class Filter(RequestPart, frozen=True):
    """What a list is filtered by: the service takes one filter a call."""

    def members(self) -> dict[str, str]:
        """Return the filter in the service's own names."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


class BatchFilter(Filter, frozen=True):
    """What ListBatch filters by."""

    status: BatchStatus | None = None
    name: BatchName | None = None
    run_group_id: NumericId | None = None


class RunInBatchFilter(Filter, frozen=True):
    """What ListRunsInBatch filters by."""

    submission_status: SubmissionStatus | None = None
    run_setting_id: Name | None = None
    run_id: NumericId | None = None


def one_filter(kind: type[Filter], **values: str | None) -> dict[str, str]:
    """Return the filter that a caller gave for a list, in the service's own names; empty for none.

    Raises:
        InvalidInputError: There are several, or its value cannot be right.
    """
    given = {name: value for name, value in values.items() if value is not None}
    if len(given) > 1:
        raise InvalidInputError(f"the service takes one filter a call, not {' and '.join(given)}: filter the rest here")
    return kind.model_validate(given).members()
