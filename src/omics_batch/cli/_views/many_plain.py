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
    """Where the news of many waits go; the block around it is the time in which there may be some."""

    def show(self, batch: Batch) -> None:
        """Show a batch that has changed."""
        ...

    def ended(self, ending: OneResult) -> None:
        """Show how the wait for one of the batches ended."""
        ...

    def tick(self) -> None:
        """Draw again, if it is time."""
        ...

    def conclude(self, conclusion: ManyResult) -> None:
        """Show how the whole wait ended, once it is over."""
        ...


class PlainLines(PlainView):
    """One line a change and an end, with the time: for logs."""

    def ended(self, ending: OneResult) -> None:
        """Write how it ended; those that go on are reported together."""
        if not ending.goes_on:
            self.note(line_of(ending))

    def tick(self) -> None:
        """Nothing moves here."""

    def conclude(self, conclusion: ManyResult) -> None:
        """Write the sums, and who did not succeed."""
        for text in summary(conclusion):
            self.note(text)


class JsonLines(JsonView):
    """One JSON object a line: a batch as GetBatch returns it, how the wait for one ended, and at last the sums."""

    def ended(self, ending: OneResult) -> None:
        """Write how it ended."""
        say_json(ending.document())

    def tick(self) -> None:
        """Nothing moves here."""

    def conclude(self, conclusion: ManyResult) -> None:
        """Write the sums."""
        say_json(conclusion.document())


def line_of(ending: OneResult) -> str:
    """Write how the wait for one of many ended."""
    name = "" if ending.batch is None or not ending.batch.name else f"  ({one_line(ending.batch.name)})"
    return f"{ending.batch_id}  {ending.message}{name}"


def summary(conclusion: ManyResult) -> list[str]:
    """Write what became of all, and who ended otherwise than well; nothing where the wait could not go on at all."""
    if conclusion.error is not None:
        return []
    tally = conclusion.tally
    lines = [f"{tally.words()}."]
    if names := tally.names():
        lines.append(f"Not succeeded: {names}")
    if conclusion.reasons:
        lines.append((WHICH if tally.with_failed_runs == 1 else WHICH_OF_EACH) + conclusion.reasons)
    return lines
