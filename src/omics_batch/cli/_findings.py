"""What the demo's client found, and whether it is what the script says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from omics_batch.cli._cohort import FAILED_RUNS, NOT_SUBMITTED, REQUEST_TIMEOUTS, SAMPLES, THROTTLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omics_batch import Batch


@dataclass(frozen=True, slots=True)
class Trouble:
    """A run that did not complete, and why, in the service's words."""

    sample: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Account:
    """What the service says that it did."""

    requests: int
    errors: Mapping[str, int]
    """How many requests it answered with an error, by HTTP status."""
    unused: str | None
    """The faults that were scripted and never happened."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What came over the wire."""

    batch: Batch
    failed_runs: Sequence[Trouble]
    not_submitted: Sequence[Trouble]
    account: Account


def deviations(findings: Findings) -> list[str]:
    """Tell where the findings differ from the script; nothing, if all went as scripted."""
    runs, starts = findings.batch.run_summary, findings.batch.submission_summary
    completed = len(SAMPLES) - len(FAILED_RUNS) - len(NOT_SUBMITTED)
    compared: list[tuple[str, object, object]] = [
        ("completed runs", runs.completed_run_count, completed),
        ("failed runs", runs.failed_run_count, len(FAILED_RUNS)),
        ("runs not submitted", starts.failed_start_submission_count, len(NOT_SUBMITTED)),
        ("why runs failed", {run.sample: run.message for run in findings.failed_runs}, FAILED_RUNS),
        (
            "why runs were not submitted",
            {run.sample: (run.reason, run.message) for run in findings.not_submitted},
            NOT_SUBMITTED,
        ),
        ("errors answered", findings.account.errors, {"429": THROTTLES, "408": REQUEST_TIMEOUTS}),
        ("faults left over", findings.account.unused, None),
    ]
    return [
        f"{what}: {found}, where the script says {scripted}" for what, found, scripted in compared if found != scripted
    ]
