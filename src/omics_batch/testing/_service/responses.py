"""Batches and runs as the service's JSON."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final, cast

from omics_batch.testing._service.batch import StoredBatch
from omics_batch.testing._service.http_response import Item

if TYPE_CHECKING:
    from collections.abc import Mapping

    from omics_batch.testing._service.records import Record
    from omics_batch.testing._service.service_model import Document
    from omics_batch.testing._service.states import RunState
    from omics_batch.testing._service.status_lists import Listed
    from omics_batch.testing._service.store import Store
    from omics_batch.testing._service.timeline import Timeline

_MERGED: Final = ("parameters", "runTags")


def started_batch(batch: StoredBatch) -> Document:
    """Return the response of StartRunBatch: the new batch, also if the same request comes again later."""
    return {
        "id": batch.id,
        "arn": batch.arn,
        "uuid": batch.uuid,
        "status": "CREATING",
        "tags": batch.request.get("tags", {}),
    }


def whole_batch(account: Store, batch: StoredBatch, age: float) -> Document:
    """Return the response of GetBatch for a batch at an age, in the form of its shape.

    A FAILED batch has five members, and counts only if its life says so.
    """
    timeline = batch.timeline
    status = timeline.status(age)
    if status == "FAILED":
        return {
            "id": batch.id,
            "arn": batch.arn,
            "status": status,
            "failureReason": timeline.failure_reason,
            "failedTime": account.moment(batch, timeline.failed_at),
            **(_counts(batch, age) if timeline.has_counts_when_failed else {}),
        }
    document: Document = {
        **started_batch(batch),
        "status": status,
        "defaultRunSetting": default_run_setting(batch),
        "creationTime": account.moment(batch, 0.0),
    }
    if (name := batch_name(batch)) is not None:
        document["name"] = name
    if status != "CREATING":
        document |= _counts(batch, age)
    if (submitted := timeline.submitted_by(age)) is not None:
        document["submittedTime"] = account.moment(batch, submitted)
    if (processed := timeline.processed_by(age)) is not None:
        document["processedTime"] = account.moment(batch, processed)
    return document


def listed_batch(account: Store, listed: Listed) -> Document:
    """Return an item of ListBatch; for a document that was put, with the members that it has."""
    record = listed.record
    if isinstance(record, StoredBatch):
        item = Item(
            id=record.id,
            status=listed.status,
            createdAt=account.moment(record, 0.0),
            workflowId=default_run_setting(record)["workflowId"],
        )
        if (name := batch_name(record)) is not None:
            item["name"] = name
        if listed.status != "CREATING":
            item["totalRuns"] = len(record.settings)
        return item
    return {
        **record,
        "createdAt": record.get("creationTime"),
        "workflowId": default_run_setting(record).get("workflowId"),
    }


def batch_name(record: Record) -> str | None:
    """Return the name of a batch."""
    name: str | None = record.request.get("batchName") if isinstance(record, StoredBatch) else record.get("name")
    return name


def default_run_setting(record: Record) -> Mapping[str, Any]:
    """Return what all runs of a batch share; empty if a document does not have it."""
    setting: object = (record.request if isinstance(record, StoredBatch) else record).get("defaultRunSetting")
    return cast("Mapping[str, Any]", setting) if isinstance(setting, dict) else {}


def run_in_batch(account: Store, batch: StoredBatch, index: int) -> Document:
    """Return an item of ListRunsInBatch: the status of a run's submission, or of its last cancel or delete."""
    item = {
        "runSettingId": batch.run_setting_ids[index],
        "submissionStatus": batch.timeline.submission(index, account.age(batch)),
    }
    failure = batch.timeline.submission_failure(index)
    if failure is not None:
        reason, message = failure
        return {**item, "submissionFailureReason": reason, "submissionFailureMessage": message}
    arn = account.arn("run", batch.run_id(index))
    return {**item, "runId": batch.run_id(index), "runInternalUuid": _uuid(batch, index), "runArn": arn}


def run_name(batch: StoredBatch, index: int) -> str | None:
    """Return the name that a run was started with."""
    default = batch.request["defaultRunSetting"].get("name")
    name: str | None = batch.settings[index].get("name", default)
    return name


def run_document(account: Store, batch: StoredBatch, index: int, state: RunState) -> Document:
    """Return a run with all members, for GetRun; ListRuns uses some of them."""
    setting = _merged_setting(batch, index)
    arn = account.arn("run", batch.run_id(index))
    output_uri = setting.get("outputUri")
    configuration = setting.get("configurationName")
    reason, message = state.failure or (None, None)
    return {
        **setting,
        "id": batch.run_id(index),
        "arn": arn,
        "uuid": _uuid(batch, index),
        "batchId": batch.id,
        "status": state.status,
        "tags": setting.get("runTags", {}),
        "workflowType": setting.get("workflowType", "PRIVATE"),
        "configuration": configuration and {"name": configuration},
        "runOutputUri": output_uri and f"{output_uri.rstrip('/')}/{batch.run_id(index)}",
        "creationTime": account.moment(batch, state.created),
        "startTime": None if state.started is None else account.moment(batch, state.started),
        "stopTime": None if state.stopped is None else account.moment(batch, state.stopped),
        "statusMessage": message,
        "failureReason": reason,
    }


def _merged_setting(batch: StoredBatch, index: int) -> Document:
    """Merge a run's own setting over the batch's default; parameters and tags are merged key by key."""
    default, own = batch.request["defaultRunSetting"], batch.settings[index]
    joined = {
        name: {**default[name], **own[name]}
        for name in _MERGED
        if isinstance(default.get(name), dict) and isinstance(own.get(name), dict)
    }
    return {**default, **own, **joined}


def _counts(batch: StoredBatch, age: float) -> Document:
    return {
        "totalRuns": len(batch.settings),
        "submissionSummary": _submission_summary(batch.timeline, age),
        "runSummary": _run_summary(batch.timeline, age),
    }


def _submission_summary(timeline: Timeline, age: float) -> Document:
    counts = timeline.submissions(age)
    summary = {
        "successfulStartSubmissionCount": counts.successful,
        "failedStartSubmissionCount": counts.failed,
        "pendingStartSubmissionCount": counts.pending,
        "successfulCancelSubmissionCount": counts.cancelled,
        "failedCancelSubmissionCount": counts.not_cancelled,
        "successfulDeleteSubmissionCount": counts.deleted,
        "failedDeleteSubmissionCount": counts.not_deleted,
    }
    return {name: count for name, count in summary.items() if count is not None}


def _run_summary(timeline: Timeline, age: float) -> Document:
    counts = timeline.runs(age)
    return {
        "pendingRunCount": counts.pending,
        "startingRunCount": counts.starting,
        "runningRunCount": counts.running,
        "stoppingRunCount": counts.stopping,
        "completedRunCount": counts.completed,
        "deletedRunCount": counts.deleted,
        "failedRunCount": counts.failed,
        "cancelledRunCount": counts.cancelled,
    }


def _uuid(batch: StoredBatch, index: int) -> str:
    """Return a run's UUID: it is unique, while run ids and ARNs are reused."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{batch.arn}/{index}"))
