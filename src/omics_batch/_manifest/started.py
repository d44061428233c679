"""What is known of a batch that was started from a manifest."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from omics_batch._manifest.lineage import ATTEMPT_TAG
from omics_batch._models.batch import Batch, BatchListItem, StartRunBatchResponse
from omics_batch._models.enums import BatchStatus
from omics_batch._models.request import StartRunBatchRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

REQUEST_TAG: Final = "omics-batch:request"
"""The key of the tag that has a batch's request id, by which it is found again."""

_TRANSIENT: Final = "transient error"
"""What the failure reason says that the service documents as one to send the same request again for."""


@dataclass(frozen=True, slots=True)
class StartedBatch:
    """A batch of a manifest: one that was started now, or one that was there."""

    index: int
    """The number of the batch in the manifest, from 0."""
    batch: StartRunBatchResponse | Batch
    """An answer about the batch, to wait for it: a `Batch` where it was there before."""
    request: StartRunBatchRequest = field(repr=False)
    """The request that started it, with its tags."""
    existed: bool
    """Whether it was found in the account's list, and nothing was started; see its status then."""
    attempt: int = 1
    """Which attempt of the manifest it belongs to."""

    @property
    def id(self) -> str:
        """The batch's id."""
        return self.batch.id


def tagged(request: StartRunBatchRequest, attempt: int) -> StartRunBatchRequest:
    """Return a request whose batch can be found again by its tags; its id stays."""
    tags = {**(request.tags or {}), REQUEST_TAG: request.request_id, ATTEMPT_TAG: str(attempt)}
    return StartRunBatchRequest.model_validate(request.model_copy(update={"tags": tags}))


def may_be(item: BatchListItem, requests: Sequence[StartRunBatchRequest], runs: frozenset[int]) -> bool:
    """Whether an item of a list may be the batch of one of these requests, so that its tags are worth a look.

    Args:
        item: The item.
        requests: The requests, of one workflow.
        runs: How many runs they have.
    """
    if item.status == BatchStatus.FAILED:  # whose tags GetBatch does not show
        return False
    is_same = item.workflow_id in {None, requests[0].default_run_setting.workflow_id}
    return is_same and (not item.total_runs or item.total_runs in runs)  # which is not counted yet in a new one


def request_id_of(batch: Batch | None) -> str:
    """Return the request id that the tags of a batch name; empty where they name none."""
    tags = None if batch is None else batch.tags
    return (tags or {}).get(REQUEST_TAG, "")


def is_transient(reason: str | None) -> bool:
    """Whether a batch failed for the reason for which the same request is to be sent again."""
    return _TRANSIENT in (reason or "").lower()
