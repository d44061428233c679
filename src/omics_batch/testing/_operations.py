"""What each operation does: a request's members in, an answer's members out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from omics_batch.testing import _documents as documents
from omics_batch.testing._account import Account, Batch
from omics_batch.testing._model import Document
from omics_batch.testing._pages import page, position
from omics_batch.testing._reply import validation

Handler: TypeAlias = Callable[[Account, Document], Document]

_BATCH_FILTERS: Final = ("submissionStatus", "runSettingId", "runId")
_RUN_FILTERS: Final = ("name", "runGroupId", "batchId", "status")


def start_run_batch(account: Account, request: Document) -> Document:
    """Start a batch of inline settings."""
    settings = request["batchRunSettings"]
    if "inlineSettings" not in settings:
        raise validation("s3UriSettings cannot be read here: send the run settings as inlineSettings.")
    if request["defaultRunSetting"].get("workflowType") == "READY2RUN":
        raise validation("READY2RUN workflows are not supported in run batches.")
    return documents.started_batch(account.start(request, settings["inlineSettings"]))


def get_batch(account: Account, request: Document) -> Document:
    """Show a batch."""
    return documents.whole_batch(account, account.batch(request["batchId"]))


def list_runs_in_batch(account: Account, request: Document) -> Document:
    """List how the submissions of a batch's runs went, in the order of submission."""
    if sum(name in request for name in _BATCH_FILTERS) > 1:
        raise validation(f"Only one filter per call is supported: {', '.join(_BATCH_FILTERS)}.")
    batch = account.batch(request["batchId"])
    scope = _scope("ListRunsInBatch", request, ("batchId", *_BATCH_FILTERS))
    start = position(request.get("startingToken"), scope)
    runs, token = page(_submissions(account, batch, start, request), request.get("maxItems"), scope)
    return {"runs": runs, "nextToken": token}


def list_runs(account: Account, request: Document) -> Document:
    """List runs by their ids."""
    scope = _scope("ListRuns", request, _RUN_FILTERS)
    start = position(request.get("startingToken"), scope)
    items, token = page(_runs(account, start, request), request.get("maxResults"), scope)
    return {"items": items, "nextToken": token}


def get_run(account: Account, request: Document) -> Document:
    """Show a run."""
    return documents.run_document(account, *account.run(request["id"]))


HANDLERS: Final[Mapping[str, Handler]] = {
    "StartRunBatch": start_run_batch,
    "GetBatch": get_batch,
    "ListRunsInBatch": list_runs_in_batch,
    "ListRuns": list_runs,
    "GetRun": get_run,
}
"""The operations that are served, by the model's names."""


def _submissions(
    account: Account, batch: Batch, start: int, wanted: Mapping[str, Any]
) -> Iterator[tuple[int, Document]]:
    age = account.age(batch)
    for index in range(start, len(batch.settings)):
        if not batch.timeline.was_submitted(index, age):
            return
        item = documents.run_in_batch(account, batch, index)
        if all(name not in wanted or item.get(name) == wanted[name] for name in _BATCH_FILTERS):
            yield index, item


def _runs(account: Account, start: int, wanted: Mapping[str, Any]) -> Iterator[tuple[int, Document]]:
    for run_id, batch, index, state in account.runs_from(start, wanted.get("batchId")):
        if (
            wanted.get("status", state.status) == state.status
            and wanted.get("name") in {None, documents.run_name(batch, index)}
            and wanted.get("runGroupId") in {None, batch.request["defaultRunSetting"].get("runGroupId")}
        ):
            yield run_id, documents.run_document(account, batch, index, state)


def _scope(operation: str, request: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return repr((operation, *(request.get(name) for name in names)))
