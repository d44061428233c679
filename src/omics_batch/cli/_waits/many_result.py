"""The result of a wait for many batches: one exit code, totals, and how to resume."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omics_batch.cli._exits import Exit, exit_of, lines_of

if TYPE_CHECKING:
    from omics_batch import OmicsBatchError
    from omics_batch.cli._waits.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyResult:
    """The result of a wait for several batches."""

    exit: Exit
    tally: Tally
    complaint: str | None = None
    """Why it ended before all batches had ended; None if all have."""
    next_step: str = ""
    """What to do about it, if that gets a line of its own."""
    error: str | None = None
    """The class of the error that ended the whole wait; errors of single batches are in their own results."""
    resume: str | None = None
    """The command to resume waiting for the batches that are left; None if none is left."""
    reasons: str | None = None
    """The command that lists failed runs and their reasons, for the first batch that has some; None if none has."""

    def document(self) -> dict[str, Any]:
        """Write the last of the JSON lines: the only one with `outcomes`."""
        return {
            "exitCode": int(self.exit),
            "message": self.tally.words() if self.complaint is None else f"{self.complaint} {self.next_step}".strip(),
            "error": self.error,
            "resume": self.resume,
            **self.tally.document(),
        }


def came_to_its_end(tally: Tally, resume: str | None, reasons: str | None = None) -> ManyResult:
    """Return the result of a wait that reported every batch."""
    end = "the time is over" if tally.exit is Exit.TIMED_OUT else "the wait ended"
    complaint = f"{end}{_standing(tally)}" if tally.left else None
    return ManyResult(exit=tally.exit, tally=tally, complaint=complaint, resume=resume, reasons=reasons)


def signalled(exit_code: Exit, tally: Tally, resume: str | None, reasons: str | None = None) -> ManyResult:
    """Return the result of a wait that a signal stopped."""
    stopped = f"stopped{_standing(tally)}" if tally.left else None
    return ManyResult(exit=exit_code, tally=tally, complaint=stopped, resume=resume, reasons=reasons)


def failed(error: OmicsBatchError, tally: Tally) -> ManyResult:
    """Return the result of a wait that failed as a whole."""
    wrong, step = [*lines_of(error), ""][:2]
    return ManyResult(exit=exit_of(error), tally=tally, complaint=wrong, next_step=step, error=type(error).__name__)


def _standing(tally: Tally) -> str:
    return f", with {len(tally.left):,} of {tally.total:,} batches left"
