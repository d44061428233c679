"""What each operation does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from omics_batch.testing._service import responses
from omics_batch.testing._service.batch import StoredBatch
from omics_batch.testing._service.pagination import page, position
from omics_batch.testing._service.rules import check_one_filter
from omics_batch.testing._service.service_model import Document
from omics_batch.testing._service.store import Store

if TYPE_CHECKING:
    from omics_batch.testing._service.records import Record

Handler: TypeAlias = Callable[[Store, Document], Document]

_BATCH_FILTERS: Final = ("status", "name", "runGroupId")
_SUBMISSION_FILTERS: Final = ("submissionStatus", "runSettingId", "runId")
_RUN_FILTERS: Final = ("name", "runGroupId", "batchId", "status")


def start_run_batch(account: Store, request: Document, stored: Sequence[Document] | None = None) -> Document:
    """Start a batch with inline settings, or with settings from S3."""
    settings = request["batchRunSettings"]["inlineSettings"] if stored is None else stored
    return responses.started_batch(account.start(request, settings))


def get_batch(account: Store, request: Document) -> Document:
    """Show a batch."""
    record = account.record(request["batchId"])
    return responses.whole_batch(account, record, account.age(record)) if isinstance(record, StoredBatch) else record


def list_batch(account: Store, request: Document) -> Document:
    """List the batches, the newest first."""
    check_one_filter(request, _BATCH_FILTERS)
    scope = _scope("ListBatch", request, _BATCH_FILTERS)
    start = position(request.get("startingToken"), scope)
    items, token = page(_batches(account, start, request), request.get("maxItems"), scope)
    return {"items": items, "nextToken": token}


def cancel_run_batch(account: Store, request: Document) -> Document:
    """Cancel a batch's runs: those under way, and those not submitted yet."""
    account.cancel(request["batchId"])
    return {}


def delete_run_batch(account: Store, request: Document) -> Document:
    """Delete a batch's runs."""
    account.delete_runs(request["batchId"])
    return {}


def delete_batch(account: Store, request: Document) -> Document:
    """Delete a batch's record, and keep its runs."""
    account.delete(request["batchId"])
    return {}


def list_runs_in_batch(account: Store, request: Document) -> Document:
    """List how the submissions of a batch's runs went, in the order of submission."""
    check_one_filter(request, _SUBMISSION_FILTERS)
    account.record(request["batchId"])
    scope = _scope("ListRunsInBatch", request, ("batchId", *_SUBMISSION_FILTERS))
    start = position(request.get("startingToken"), scope) or 0
    runs, token = page(_submissions(account, start, request), request.get("maxItems"), scope)
    return {"runs": runs, "nextToken": token}


def list_runs(account: Store, request: Document) -> Document:
    """List runs by their ids."""
    scope = _scope("ListRuns", request, _RUN_FILTERS)
    start = position(request.get("startingToken"), scope) or 0
    items, token = page(_runs(account, start, request), request.get("maxResults"), scope)
    return {"items": items, "nextToken": token}


def get_run(account: Store, request: Document) -> Document:
    """Show a run."""
    return responses.run_document(account, *account.run(request["id"]))


def get_workflow(account: Store, request: Document) -> Document:
    """Show a workflow."""
    return account.workflows.get(request["id"])


def get_workflow_version(account: Store, request: Document) -> Document:
    """Show a version of a workflow."""
    return account.workflows.get(request["workflowId"], request["versionName"])


HANDLERS: Final[Mapping[str, Handler]] = {
    "StartRunBatch": start_run_batch,
    "GetBatch": get_batch,
    "ListBatch": list_batch,
    "ListRunsInBatch": list_runs_in_batch,
    "CancelRunBatch": cancel_run_batch,
    "DeleteRunBatch": delete_run_batch,
    "DeleteBatch": delete_batch,
    "ListRuns": list_runs,
    "GetRun": get_run,
    "GetWorkflow": get_workflow,
    "GetWorkflowVersion": get_workflow_version,
}
"""The operations that are served, by the model's names."""


def _batches(account: Store, start: int | None, wanted: Mapping[str, Any]) -> Iterator[tuple[int, Document]]:
    fits = _filter(wanted)
    for listed in account.listed(wanted.get("status"), start):
        if fits(listed.record):
            listed.item = listed.item or responses.listed_batch(account, listed)
            yield listed.place, listed.item


def _filter(wanted: Mapping[str, Any]) -> Callable[[Record], bool]:
    match wanted:
        case {"name": name}:
            return lambda record: responses.batch_name(record) == name
        case {"runGroupId": run_group_id}:
            return lambda record: responses.default_run_setting(record).get("runGroupId") == run_group_id
        case _:
            return lambda _: True


def _submissions(account: Store, start: int, wanted: Mapping[str, Any]) -> Iterator[tuple[int, Document]]:
    batch = account.batch(wanted["batchId"])
    if batch is None:  # a document was put: it has no runs
        return
    for index in _submitted(batch, account.age(batch), start, wanted):
        yield index, responses.run_in_batch(account, batch, index)


def _submitted(batch: StoredBatch, age: float, start: int, wanted: Mapping[str, Any]) -> Iterator[int]:
    match wanted:
        case {"runSettingId": run_setting_id}:
            index = batch.index_of_setting(run_setting_id)
        case {"runId": run_id}:
            index = batch.index_of_run(run_id)
            index = None if index is None or batch.timeline.submission_failure(index) else index
        case _:
            return batch.timeline.submissions_in(wanted.get("submissionStatus"), age, start)
    return iter(() if index is None or batch.timeline.submission(index, age) is None else (index,))


def _runs(account: Store, start: int, wanted: Mapping[str, Any]) -> Iterator[tuple[int, Document]]:
    for run_id, batch, index in account.runs(start, batch_id=wanted.get("batchId"), status=wanted.get("status")):
        fits = wanted.get("name") in {None, responses.run_name(batch, index)} and wanted.get("runGroupId") in {
            None,
            responses.default_run_setting(batch).get("runGroupId"),
        }
        if fits and (state := batch.timeline.run(index, account.age(batch))) is not None:
            yield run_id, responses.run_document(account, batch, index, state)


def _scope(operation: str, request: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return repr((operation, *(request.get(name) for name in names)))
