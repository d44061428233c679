"""Running the demo: the simulator, and a real client over HTTP."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from omics_batch import (
    BatchRunSettings,
    DefaultRunSettingInput,
    InlineSetting,
    PollPolicy,
    Remedy,
    RequestFailed,
    StartRunBatchRequest,
)
from omics_batch.cli._demo.check import Findings
from omics_batch.cli._demo.samples import CHANGED, LIFE, LIFE_AGAIN, PARAMETERS, SAMPLES, script
from omics_batch.testing import Simulator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from omics_batch import Batch, Event, ResubmissionPlan
    from omics_batch.cli._views.one_plain import View
    from omics_batch.testing import Life, ReceivedRequest

POLL: Final = PollPolicy(initial=0.5, maximum=0.5)
"""A batch that takes seconds needs more frequent looks than one that takes hours."""


async def run(
    view: View, speed: float, on_event: Callable[[Event], None], show_again: Callable[[Batch, ResubmissionPlan], View]
) -> Findings:
    """Run a simulator, run a batch on it, show it until it is processed, and rerun its failed runs.

    Args:
        view: Shows the batch until it is processed.
        speed: How many times as fast.
        on_event: Takes the client's events.
        show_again: Takes the batch, and the plan of its rerun, and returns what shows that.
    """
    # In a background thread, so that it answers while this thread draws.
    with Simulator(life=_life_of, faults=script(), time_scale=speed) as simulator:
        async with simulator.client(poll=POLL, on_event=on_event) as client:
            first = request()
            started = await client.start_run_batch(first)
            with view:
                batch = await client.wait_until_processed(started, on_update=view.show)
            failed = [run async for run in client.failed_runs(batch)]
            plan = await client.plan_resubmission(batch, request=first, remedies={Remedy.LOOK}, parameters=CHANGED)
            rerun = None
            if plan.request is not None:
                started = await client.start_run_batch(plan.request)
                with show_again(batch, plan) as view_again:
                    rerun = await client.wait_until_processed(started, on_update=view_again.show)
        simulator.forget_script()  # unused faults show as a difference in the counted errors
    return Findings(batch, failed, len(simulator.requests), errors_in(simulator.requests), rerun)


def _life_of(request: Mapping[str, Any]) -> Life:
    return LIFE_AGAIN if "omics-batch:parent" in request.get("tags", {}) else LIFE


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
            parameters={**PARAMETERS},
        ),
        batch_run_settings=BatchRunSettings(inline_settings=samples),
    )
