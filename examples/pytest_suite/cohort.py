"""A small pipeline, and what makes it worth testing: a cohort can end in many ways."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from omics_batch import (
    BatchFailedError,
    BatchRunSettings,
    DefaultRunSettingInput,
    InlineSetting,
    OmicsBatchClient,
    Outcome,
    StartRunBatchRequest,
    WaitTimeoutError,
)

if TYPE_CHECKING:
    from datetime import timedelta

WORKFLOW = DefaultRunSettingInput(
    workflow_id="1234567",
    role_arn="arn:aws:iam::123456789012:role/OmicsRole",
    output_uri="s3://my-bucket/output/",
)


@dataclass(frozen=True)
class Report:
    """What became of a cohort: one line for all, and the reason of each sample that failed."""

    verdict: str
    failed: dict[str, str] = field(default_factory=dict[str, str])


async def analyse(client: OmicsBatchClient, samples: list[str], *, deadline: timedelta) -> Report:
    """Run the workflow on a cohort; what is not done by the deadline is stopped, so that it costs no more."""
    runs = BatchRunSettings(inline_settings=[InlineSetting(run_setting_id=sample) for sample in samples])
    started = await client.start_run_batch(StartRunBatchRequest(default_run_setting=WORKFLOW, batch_run_settings=runs))
    try:
        batch = await client.wait_until_processed(started, timeout=deadline)
    except BatchFailedError as error:
        return Report(f"the batch failed: {error.batch.failure_reason if error.batch else error}")
    except WaitTimeoutError:
        batch = await client.cancel_and_wait(started)
        return Report(f"stopped at the deadline with {batch.run_summary.completed_run_count} samples done")
    failed = {run.run_setting_id: run.message or run.kind.value async for run in client.failed_runs(batch)}
    if batch.outcome is Outcome.UNKNOWN:
        return Report("processed, but the counts do not show how many samples are done", failed)
    return Report(f"{batch.run_summary.completed_run_count} of {batch.total_runs} samples done", failed)
