"""Cancelling: what happens to the runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from omics_batch import BatchStatus, Outcome
from omics_batch._words import one_line
from omics_batch.cli._destructive.action import standing
from omics_batch.cli._words import counted

if TYPE_CHECKING:
    from omics_batch import Batch, OmicsBatchClient
    from omics_batch.cli._connection import ConnectionOptions

_CANCELLED: Final = frozenset({BatchStatus.STOPPING, BatchStatus.CANCELLED})


@dataclass(frozen=True, slots=True)
class CancelAction:
    """Keep the runs of a batch from starting, and stop those under way."""

    connection: ConnectionOptions
    waits: bool
    """Whether to wait until no run is under way."""

    @property
    def doing(self) -> str:
        """The name of the action while it is under way."""
        return "Cancelling"

    def obstacle(self, batch: Batch) -> str | None:
        """Say that a batch has ended by itself."""
        if not batch.is_terminal or batch.outcome is Outcome.CANCELLED:
            return None
        if batch.status == BatchStatus.FAILED and batch.created_run_count != 0:
            which = self.connection.command("runs", batch.id)
            return (
                f"batch {batch.id} is FAILED, and the service cancels no runs of a failed batch. Runs that it had "
                f"created may still run. See which with: {which}"
            )
        return f"batch {batch.id} is {one_line(batch.status)}: it has ended by itself, and there is nothing to cancel"

    def is_decided(self, batch: Batch) -> bool:
        """Whether the batch was cancelled before."""
        return batch.is_terminal or batch.status in _CANCELLED

    def notice(self, batch: Batch) -> list[str]:
        """Write what happens to the runs."""
        return [
            standing(batch),
            "Runs not yet submitted will never start, and those under way are stopped.",
            "Runs that have ended stay as they are, and nothing is deleted.",
        ]

    def question(self, _: Batch) -> tuple[str, tuple[str, ...]]:
        """Accept a letter as the answer, since no result gets lost."""
        return "Cancel it? [y/N]", ("y", "yes")

    async def carry_out(self, client: OmicsBatchClient, batch: Batch, timeout: float | None) -> Batch:
        """Cancel the batch, unless it was cancelled before."""
        if self.waits:
            return await client.cancel_and_wait(batch.id, timeout=timeout)
        if not self.is_decided(batch):
            await client.cancel_run_batch(batch.id, timeout=timeout)
        return batch

    def result(self, batch: Batch) -> str:
        """Write how many runs could be cancelled; that is unknown until the batch has ended."""
        if not batch.is_terminal:
            again = self.connection.command("cancel", batch.id)
            return f"Batch {batch.id} is being cancelled. This waits for its end: {again}"
        cancels = batch.submission_summary
        stopped, others = cancels.successful_cancel_submission_count, cancels.failed_cancel_submission_count
        could = f" Of the runs under way, {stopped:,} could be cancelled, {others:,} could not." if others else ""
        return f"Batch {batch.id} is {one_line(batch.status)}: {counted(batch)}.{could}"
