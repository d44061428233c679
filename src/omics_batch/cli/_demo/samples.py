"""The demo's samples, and the failures of their runs and requests."""

from __future__ import annotations

from typing import Final

from omics_batch.testing import Fault, Life, faults

SAMPLES: Final = (
    *(f"HG{number:05}" for number in range(96, 186)),
    *("NA12878", "NA12891", "NA12892", "NA19238", "NA19239", "NA19240"),
)
"""96 names like those of the 1000 Genomes Project: the runs' setting ids and names."""

FAILED_RUNS: Final = {
    "HG00112": "Task CallVariants ran out of memory (exit code 137).",
    "HG00147": "Task AlignReads: the CRAM file is truncated.",
    "HG00171": "Task CallVariants ran out of memory (exit code 137).",
    "NA12891": "Task MarkDuplicates: no space left on device.",
}

NOT_SUBMITTED: Final = {
    "HG00129": ("ValidationException", "Parameter input_cram is missing."),
    "NA19239": ("AccessDeniedException", "The role may not read NA19239.cram."),
}

LIFE: Final = Life(
    creating=0.5,
    pending=1.0,
    submission_rate=24.0,
    run_pending=0.5,
    run_starting=1.0,
    run_length=(2.5, 7.5),
    failed_runs=FAILED_RUNS,
    failed_submissions=NOT_SUBMITTED,
)
"""About 14 seconds in all."""

LIFE_AGAIN: Final = Life(
    creating=0.3, pending=0.3, submission_rate=24.0, run_pending=0.3, run_starting=0.5, run_length=2.0
)
"""The rerun's: with more memory each run completes."""

PARAMETERS: Final = {"memory_gb": 16}
CHANGED: Final = {"memory_gb": 64}
"""What the workflow takes its memory from, in the first batch and in its rerun."""

THROTTLES: Final = 2
REQUEST_TIMEOUTS: Final = 1


def script() -> list[Fault]:
    """Return the faults: some while the runs are submitted, and some while they run."""
    return [
        faults.answered(times=5),
        faults.throttled(times=THROTTLES),
        faults.answered(times=6),
        faults.status(408, times=REQUEST_TIMEOUTS),
    ]
