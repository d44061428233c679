"""Running the demo: the simulator, and a real client over HTTP."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from omics_batch import (
    BatchRunSettings,
    DefaultRunSettingInput,
    InlineSetting,
    PollPolicy,
    RequestFailed,
    StartRunBatchRequest,
)
from omics_batch.cli._demo.check import Findings
from omics_batch.cli._demo.samples import LIFE, SAMPLES, script
from omics_batch.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from omics_batch import Event
    from omics_batch.cli._views.one_plain import View
    from omics_batch.testing import ReceivedRequest

POLL: Final = PollPolicy(initial=0.5, maximum=0.5)
"""A batch that takes seconds needs more frequent looks than one that takes hours."""


async def run(view: View, speed: float, on_event: Callable[[Event], None]) -> Findings:
    """Run a simulator, start a batch on it, show the batch until it is processed, and list its failed runs."""
    # In a background thread, so that it answers while this thread draws.
    with Simulator(life=LIFE, faults=script(), time_scale=speed) as simulator:
        async with simulator.client(poll=POLL, on_event=on_event) as client:
            started = await client.start_run_batch(request())
            with view:
                batch = await client.wait_until_processed(started, on_update=view.show)
            failed = [run async for run in client.failed_runs(batch)]
        simulator.forget_script()  # unused faults show as a difference in the counted errors
    return Findings(batch, failed, len(simulator.requests), errors_in(simulator.requests))


def retried(event: Event) -> str | None:
    """Write the error of a look that is retried; None for other events."""
    if isinstance(event, RequestFailed) and event.operation == "GetBatch" and event.delay is not None:
        return f"{event.message.rstrip('.')}; attempt {event.attempt + 1} in {event.delay:.2f} s"
    return None


def errors_in(requests: Iterable[ReceivedRequest]) -> Mapping[int, int]:
    """Count the requests that were answered with an error, by HTTP status."""
    return Counter(
        request.status for request in requests if request.status and request.status >= HTTPStatus.BAD_REQUEST
    )


def request() -> StartRunBatchRequest:
    """Return the request that starts a batch of all samples."""
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
