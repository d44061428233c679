"""The demo: a cohort's whole life on a local HealthOmics, followed by the real client over real HTTP."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Final

from omics_batch import PollPolicy, RunBatchListItem
from omics_batch.cli import _ending
from omics_batch.cli._cohort import SAMPLES
from omics_batch.cli._findings import Findings, Trouble
from omics_batch.cli._theatre import raised
from omics_batch.testing import local_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from omics_batch import OmicsBatchClient
    from omics_batch.cli._views import View

OPERATION: Final = "GetBatch: "
"""How the log messages about a single request begin: with what was asked for."""

POLL: Final = PollPolicy(initial=0.5, maximum=0.5)
"""A batch of seconds is looked at more often than one of hours."""


async def perform(view: View) -> Findings:
    """Start the service and a batch on it, wait for the batch in front of a view, and ask what went wrong in it."""
    async with raised() as stage:
        async with local_client(stage.endpoint_url, poll=POLL) as client:
            batch_id = await _start(client)
            with view:
                batch = await client.wait_until_processed(batch_id, on_update=view.show)
            view.end(_ending.processed(batch))
            failed_runs = [run async for run in _failed_runs(client, batch_id)]
            not_submitted = [run async for run in _not_submitted(client, batch_id)]
        return Findings(batch, failed_runs, not_submitted, await stage.close())


async def _start(client: OmicsBatchClient) -> str:
    aws: Any = client.aws
    started = await aws.start_run_batch(
        requestId=str(uuid.uuid4()),
        batchName="demo-cohort",
        defaultRunSetting={
            "workflowId": "1234567",
            "roleArn": "arn:aws:iam::123456789012:role/OmicsRole",
            "outputUri": "s3://cohort/output/",
        },
        batchRunSettings={"inlineSettings": [{"runSettingId": sample, "name": sample} for sample in SAMPLES]},
    )
    batch_id: str = started["id"]
    return batch_id


async def _failed_runs(client: OmicsBatchClient, batch_id: str) -> AsyncIterator[Trouble]:
    """Find the runs that were submitted and failed: ListRuns names them, GetRun knows why."""
    aws: Any = client.aws
    async for page in aws.get_paginator("list_runs").paginate(batchId=batch_id, status="FAILED"):
        for item in page["items"]:
            run = await aws.get_run(id=item["id"])
            yield Trouble(run["name"], run["failureReason"], run["statusMessage"])


async def _not_submitted(client: OmicsBatchClient, batch_id: str) -> AsyncIterator[Trouble]:
    """Find the runs whose submission failed, which never became runs: ListRunsInBatch knows why."""
    aws: Any = client.aws
    async for page in aws.get_paginator("list_runs_in_batch").paginate(batchId=batch_id, submissionStatus="FAILED"):
        for item in map(RunBatchListItem.model_validate, page["runs"]):
            yield Trouble(
                item.run_setting_id or "", item.submission_failure_reason or "", item.submission_failure_message or ""
            )
