"""The demo: a cohort's whole life on a local HealthOmics, started and followed by the real client over real HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from omics_batch import (
    BatchRunSettings,
    DefaultRunSettingInput,
    InlineSetting,
    PollPolicy,
    StartRunBatchRequest,
)
from omics_batch.cli._demo._cohort import SAMPLES
from omics_batch.cli._demo._findings import Findings
from omics_batch.cli._demo._theatre import raised
from omics_batch.testing import ScaledClock, local_client

if TYPE_CHECKING:
    from omics_batch.cli._views._of_one import View

OPERATION: Final = "GetBatch: "
"""How the log messages about a single request begin: with what was asked for."""

POLL: Final = PollPolicy(initial=0.5, maximum=0.5)
"""A batch of seconds is looked at more often than one of hours."""


async def perform(view: View, speed: float) -> Findings:
    """Start the service and a batch on it, wait for the batch in front of a view, and ask what went wrong in it."""
    async with raised(speed) as stage:
        async with local_client(stage.endpoint_url, poll=POLL, clock=ScaledClock(speed)) as client:
            started = await client.start_run_batch(cohort())
            with view:
                batch = await client.wait_until_processed(started, on_update=view.show)
            failed = [run async for run in client.failed_runs(batch)]
        return Findings(batch, failed, await stage.close())


def cohort() -> StartRunBatchRequest:
    """Return the request for a batch of all samples."""
    samples = [InlineSetting(run_setting_id=sample, name=sample) for sample in SAMPLES]
    return StartRunBatchRequest(
        batch_name="demo-cohort",
        default_run_setting=DefaultRunSettingInput(
            workflow_id="1234567",
            role_arn="arn:aws:iam::123456789012:role/OmicsRole",
            output_uri="s3://cohort/output/",
        ),
        batch_run_settings=BatchRunSettings(inline_settings=samples),
    )
