"""What the demo's client found, compared with the script."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omics_batch import FailureKind
from omics_batch.cli._demo.samples import FAILED_RUNS, NOT_SUBMITTED, REQUEST_TIMEOUTS, SAMPLES, THROTTLES
from omics_batch.cli._output import with_aws_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omics_batch import Batch, FailedRun


@dataclass(frozen=True, slots=True)
class Findings:
    """What the demo's client and its simulator found."""

    batch: Batch
    failed: Sequence[FailedRun]
    requests: int
    """How many requests the service got."""
    errors: Mapping[int, int]
    """How many of them it answered with an error, by HTTP status."""
    rerun: Batch | None
    """The batch of the failed runs that ran again; None if there was none."""

    def of(self, kind: FailureKind) -> list[FailedRun]:
        """Return the runs that failed in one way."""
        return [run for run in self.failed if run.kind is kind]


def deviations(findings: Findings) -> list[str]:
    """Return the differences between the findings and the script; empty if there are none."""
    runs, starts = findings.batch.run_summary, findings.batch.submission_summary
    completed = len(SAMPLES) - len(FAILED_RUNS) - len(NOT_SUBMITTED)
    compared: list[tuple[str, object, object]] = [
        ("completed runs", runs.completed_run_count, completed),
        ("failed runs", runs.failed_run_count, len(FAILED_RUNS)),
        ("runs not submitted", starts.failed_start_submission_count, len(NOT_SUBMITTED)),
        (
            "why runs failed",
            {run.run_setting_id: run.message for run in findings.of(FailureKind.RUN)},
            FAILED_RUNS,
        ),
        (
            "why runs were not submitted",
            {run.run_setting_id: (run.reason, run.message) for run in findings.of(FailureKind.SUBMISSION)},
            NOT_SUBMITTED,
        ),
        ("completed runs of the rerun", _completed(findings.rerun), len(FAILED_RUNS)),
        ("errors answered", findings.errors, {429: THROTTLES, 408: REQUEST_TIMEOUTS}),
    ]
    return [
        f"{what}: {found}, where the script says {scripted}" for what, found, scripted in compared if found != scripted
    ]


def _completed(batch: Batch | None) -> int:
    return 0 if batch is None else batch.run_summary.completed_run_count


def document(findings: Findings, differences: Sequence[str]) -> dict[str, Any]:
    """Write the findings for a program, and where they differ from the script."""
    return {
        "asScripted": not differences,
        "differences": differences,
        "requests": findings.requests,
        "errors": findings.errors,
        "failed": [
            {"runSettingId": run.run_setting_id, "kind": run.kind.value, "reason": run.reason, "message": run.message}
            for run in findings.failed
        ],
        "batch": with_aws_names(findings.batch),
        "rerun": None if findings.rerun is None else with_aws_names(findings.rerun),
    }
