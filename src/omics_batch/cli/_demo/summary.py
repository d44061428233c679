"""The demo's summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.constrain import Constrain
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from omics_batch import FailureKind
from omics_batch._words import one_line
from omics_batch.cli._program_name import command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import RenderableType

    from omics_batch import FailedRun
    from omics_batch.cli._demo.check import Findings

_NAMES = {429: "throttled (HTTP 429)", 408: "timed out (HTTP 408)"}
_WIDEST = 100


def summary(findings: Findings, deviations: Sequence[str]) -> RenderableType:
    """Draw the failed runs and the retried errors, and whether all of them were scripted."""
    starts = findings.batch.submission_summary
    failed = findings.batch.run_summary.failed_run_count
    parts: list[RenderableType] = [
        Text(),
        Text(f"{failed} runs failed (ListRuns, GetRun):", "bold red"),
        _samples(findings.of(FailureKind.RUN)),
        Text(f"{starts.failed_start_submission_count} were not submitted (ListRunsInBatch):", "bold magenta"),
        _samples(findings.of(FailureKind.SUBMISSION)),
        Text(_rerun(findings), "bold green"),
        Text(f"Errors retried: {retried(findings.errors)}, of {findings.requests} requests.", "yellow"),
        Text(),
    ]
    parts += [Text(f"Not as scripted: {one_line(deviation)}", "bold red") for deviation in deviations]
    parts += [] if deviations else [Text("All went as scripted.", "bold green")]
    parts.append(Text(f"To try your own: {command(['simulate'])} serves such a HealthOmics."))
    return Constrain(Group(*parts), _WIDEST)


def _rerun(findings: Findings) -> str:
    rerun = findings.rerun
    if rerun is None:
        return "None of them ran again."
    return f"{rerun.run_summary.completed_run_count} of the failed ones completed when they ran again (StartRunBatch)."


def retried(errors: Mapping[int, int]) -> str:
    """Write the errors of the service that were retried."""
    ordered = sorted(errors.items(), reverse=True)
    return ", ".join(f"{number} {_NAMES.get(status, f'HTTP {status}')}" for status, number in ordered) or "none"


def _samples(runs: Sequence[FailedRun]) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    for run in runs:
        table.add_row(*(Text(one_line(text or "")) for text in (run.run_setting_id, run.reason, run.message)))
    return Padding(table, (0, 0, 0, 2))
