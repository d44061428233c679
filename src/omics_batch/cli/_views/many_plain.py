"""A wait for many batches as plain lines or JSON lines."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Final, Protocol

from omics_batch._words import one_line
from omics_batch.cli._output import say_json
from omics_batch.cli._views.one_plain import WHICH, JsonView, PlainView

if TYPE_CHECKING:
    from omics_batch import Batch
    from omics_batch.cli._waits.many_result import ManyResult
    from omics_batch.cli._waits.one_result import OneResult


WHICH_OF_EACH: Final = "Which samples, and why, one batch at a time: "


class ViewOfMany(AbstractContextManager["ViewOfMany"], Protocol):
    """Shows the progress of several waits, during the block around it."""

    def show(self, batch: Batch) -> None:
        """Show a batch that has changed."""
        ...

    def ended(self, ending: OneResult) -> None:
        """Show how the wait for one of the batches ended."""
        ...

    def tick(self) -> None:
        """Draw again, if that is needed."""
        ...

    def conclude(self, conclusion: ManyResult) -> None:
        """Show the result of all waits, once they are over."""
        ...


class PlainLines(PlainView):
    """One line for each change and each result, with the time: for logs."""

    def ended(self, ending: OneResult) -> None:
        """Write a result; batches that go on are reported together at the end."""
        if not ending.goes_on:
            self.note(line_of(ending))

    def tick(self) -> None:
        """Do nothing: lines are not redrawn."""

    def conclude(self, conclusion: ManyResult) -> None:
        """Write the totals, and the batches that did not succeed."""
        for text in summary(conclusion):
            self.note(text)


class JsonLines(JsonView):
    """One JSON object in each line: batches as GetBatch returns them, results, and the totals in the last line."""

    def ended(self, ending: OneResult) -> None:
        """Write a result."""
        say_json(ending.document())

    def tick(self) -> None:
        """Do nothing: lines are not redrawn."""

    def conclude(self, conclusion: ManyResult) -> None:
        """Write the totals."""
        say_json(conclusion.document())


def line_of(ending: OneResult) -> str:
    """Write the result of one of several waits."""
    name = "" if ending.batch is None or not ending.batch.name else f"  ({one_line(ending.batch.name)})"
    return f"{ending.batch_id}  {ending.message}{name}"


def summary(conclusion: ManyResult) -> list[str]:
    """Write the totals, and the batches that did not succeed; nothing if the whole wait failed."""
    if conclusion.error is not None:
        return []
    tally = conclusion.tally
    lines = [f"{tally.words()}."]
    if names := tally.names():
        lines.append(f"Not succeeded: {names}")
    if conclusion.reasons:
        lines.append((WHICH if tally.with_failed_runs == 1 else WHICH_OF_EACH) + conclusion.reasons)
    return lines
