"""`omics-batch demo`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer
from rich.text import Text

from omics_batch.cli._exits import Exit
from omics_batch.cli._options import Json  # noqa: TC001 - typer reads it off the parameters
from omics_batch.cli._output import console, say_json
from omics_batch.cli._signals import until_signalled
from omics_batch.cli._views.one_live import view_on
from omics_batch.cli._views.one_plain import JsonView
from omics_batch.cli._waits.one_result import processed

if TYPE_CHECKING:
    from omics_batch import Batch, Event, ResubmissionPlan
    from omics_batch.cli._views.one_plain import View


def demo(
    speed: Annotated[
        float, typer.Option(metavar="FACTOR", help="How many times as fast.", min=0.1, max=100, show_default=False)
    ] = 1.0,
    *,
    json: Json = False,
) -> Exit:
    """Watch 96 runs on a local HealthOmics, in about 20 seconds.

    Four of them fail, and run again. It needs no AWS account, no credentials and no configuration. It ends with 0 if
    all went as scripted.

    With --json, each change is one line with the batch as GetBatch returns it. Only the last line has asScripted; it
    also has differences, requests, errors, failed, batch and rerun.
    """
    from omics_batch.cli._demo import runner  # noqa: PLC0415 - no other command needs it
    from omics_batch.cli._demo.check import deviations, document  # noqa: PLC0415 - no other command needs it
    from omics_batch.cli._demo.samples import SAMPLES  # noqa: PLC0415 - no other command needs it
    from omics_batch.cli._demo.summary import summary  # noqa: PLC0415 - no other command needs it

    output = console()
    view: View = JsonView() if json else view_on(output)
    views = [view]
    if not json:
        output.print(Text(f"Simulating {len(SAMPLES)} samples locally.\n", "bold"))

    def note(event: Event) -> None:
        if (text := runner.retried(event)) is not None:
            views[-1].note(text)

    def show_again(batch: Batch, plan: ResubmissionPlan) -> View:
        if not json:
            view.end(processed(batch))
            count = len(plan.runs)
            output.print(
                Text(f"\n{count} runs failed: running them again, with memory_gb=64 in place of 16.\n", "bold")
            )
        views.append(JsonView() if json else view_on(output))
        return views[-1]

    findings = asyncio.run(until_signalled(runner.run(view, speed, note, show_again)))
    differences = deviations(findings)
    if json:
        say_json(document(findings, differences))
    else:
        views[-1].end(processed(findings.rerun or findings.batch))
        output.print(summary(findings, differences))
    return Exit.ERROR if differences else Exit.OK
