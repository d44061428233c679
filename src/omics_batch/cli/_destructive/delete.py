"""Deleting: what is deleted, and what is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from omics_batch import BatchStatus
from omics_batch._words import one_line
from omics_batch.cli._destructive.action import standing
from omics_batch.cli._waits.one_result import reasons_of
from omics_batch.cli._words import runs

if TYPE_CHECKING:
    from omics_batch import Batch, OmicsBatchClient
    from omics_batch.cli._connection import ConnectionOptions

_WITHOUT_RECORD: Final = frozenset({"deleted", "not submitted", "to submit"})
"""The states of `Batch.run_counts` in which there is no record of a run."""

_DELETED: Final = frozenset({BatchStatus.RUNS_DELETING, BatchStatus.RUNS_DELETED})


@dataclass(frozen=True, slots=True)
class DeleteAction:
    """Delete the runs of a batch, its own record, or both."""

    connection: ConnectionOptions
    runs: bool
    record: bool

    @property
    def doing(self) -> str:
        """The name of the action while it is under way."""
        return "Deleting"

    def obstacle(self, batch: Batch) -> str | None:
        """Say that a batch has not ended yet."""
        if batch.status == BatchStatus.FAILED and not self.record:
            which = self.connection.command("runs", batch.id)
            return (
                f"batch {batch.id} is FAILED, and the service deletes no runs of a failed batch. "
                f"See which there are with: {which}"
            )
        if batch.is_terminal:
            return None
        return (
            f"batch {batch.id} is {one_line(batch.status)}: it can be deleted once it has ended. "
            f"Wait for that ({self.connection.command('wait', batch.id)}), "
            f"or cancel it ({self.connection.command('cancel', batch.id)})"
        )

    def is_decided(self, batch: Batch) -> bool:
        """Whether no question is needed: the runs are deleted already, and the record is kept."""
        return not self.record and batch.status in _DELETED

    def notice(self, batch: Batch) -> list[str]:
        """Write what is deleted, what is kept, and what cannot be found out afterwards."""
        failed = batch.failed_run_count
        records = f"the records of {runs_of(batch)}: how they ended, and why"
        settings = "the batch's record: its counts, and which sample was which run"
        halves = [(records, self._takes_runs(batch)), (settings, self.record)]
        lines = [standing(batch), "", "Deleted for good:"]
        lines += [f"  - {what}" for what, goes in halves if goes]
        lines += ["Kept:"]
        lines += [f"  - {what}" for what, goes in halves if not goes]
        lines += [f"  - {output_of(batch)}", "  - the logs in CloudWatch", ""]
        if batch.status == BatchStatus.FAILED and batch.created_run_count != 0:
            lines += [
                "Runs that it had created may still run, and afterwards nothing shows which samples those are.",
                "To keep that, stop here and save it first:",
                "",
                f"  {self.connection.command('runs', batch.id)} > runs.txt",
                "",
            ]
        if failed:
            lost = "which or why" if self._takes_runs(batch) else "which samples those were"
            lines += [
                f"{runs(failed)} did not succeed. After deletion you cannot find out {lost}.",
                "To keep that, stop here and save it first:",
                "",
                f"  {reasons_of(batch, self.connection)} --csv failed.csv",
                "",
            ]
        return lines

    def question(self, batch: Batch) -> tuple[str, tuple[str, ...]]:
        """Accept only the batch's id as the answer: a letter is typed too easily where results get lost."""
        takes_runs = self._takes_runs(batch)
        what = "the batch" if takes_runs and self.record else "its runs" if takes_runs else "its record"
        return f"Type the batch's id to delete {what}:", (batch.id,)

    async def carry_out(self, client: OmicsBatchClient, batch: Batch, timeout: float | None) -> Batch:
        """Delete the runs, the record, or both: first the runs, since the record shows which runs are left."""
        if self.runs and self.record:
            return await client.delete_everything(batch.id, timeout=timeout)
        if not self.runs:
            await client.delete_batch(batch.id, timeout=timeout)
        elif not self.is_decided(batch):
            await client.delete_run_batch(batch.id, timeout=timeout)
        return batch

    def result(self, batch: Batch) -> str:
        """Write what was deleted."""
        if not self.record:
            if batch.status == BatchStatus.RUNS_DELETED:
                return f"The runs of batch {batch.id} are deleted."
            look = self.connection.command("get", batch.id)
            return f"The service deletes the runs of batch {batch.id} now. See how far with: {look}"
        is_whole = self._takes_runs(batch)
        what = f"Batch {batch.id} and its runs are" if is_whole else f"The record of batch {batch.id} is"
        return f"{what} deleted. Kept: {output_of(batch)}."

    def _takes_runs(self, batch: Batch) -> bool:
        """Whether runs are deleted: the service deletes no runs of a FAILED batch."""
        return self.runs and batch.status != BatchStatus.FAILED


def runs_of(batch: Batch) -> str:
    """Write how many runs of a batch have a record."""
    number = sum(number for state, number in batch.run_counts.items() if state not in _WITHOUT_RECORD)
    if batch.counts_are_final:
        return f"its {runs(number)}"
    return f"its runs ({number} when last counted)" if number else "its runs, as far as there are any"


def output_of(batch: Batch) -> str:
    """Write where the output is; it is never deleted."""
    uri = None if batch.default_run_setting is None else batch.default_run_setting.output_uri
    return f"all output in S3: {one_line(uri)}" if uri else "all output in S3"
