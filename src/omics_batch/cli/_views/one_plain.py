"""A wait for one batch as plain lines or JSON lines."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol, Self

import typer
from rich.cells import cell_len
from rich.text import Text

from omics_batch.cli._output import console, say_json, say_prose, with_aws_names
from omics_batch.cli._words import line, timestamp

if TYPE_CHECKING:
    from types import TracebackType

    from omics_batch import Batch
    from omics_batch.cli._waits.one_result import OneResult


WHICH: Final = "Which samples, and why: "


class View(AbstractContextManager["View"], Protocol):
    """Shows the progress of a wait, during the block around it."""

    def show(self, batch: Batch) -> None:
        """Show a batch that has changed."""
        ...

    def note(self, text: str) -> None:
        """Show a retried error."""
        ...

    def end(self, ending: OneResult) -> None:
        """Show the result of the wait, once it is over."""
        ...


class _Still:
    """A view without anything to start or stop."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass


class PlainView(_Still):
    """One line for each change, with the time: for logs."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._furthest: dict[str, float] = {}

    def show(self, batch: Batch) -> None:
        """Write the state of a batch; its percentage never falls, even if lagging counts do."""
        furthest = self._furthest.get(batch.id, 0.0)
        self.note(line(batch, furthest))
        self._furthest[batch.id] = max(batch.percent_complete, furthest)

    def note(self, text: str) -> None:
        """Write a line."""
        line, output = f"{timestamp(datetime.now(UTC))}  {text}", console()
        if output.is_terminal and cell_len(line) > output.width:
            say_prose(output, Text(line))
        else:
            typer.echo(line)

    def end(self, ending: OneResult) -> None:
        """Write how a processed batch ended; errors go to stderr."""
        if ending.is_verdict:
            self.note(f"{ending.batch_id}  {ending.message}")
        if ending.reasons:
            self.note(f"{ending.batch_id}  {WHICH}{ending.reasons}")


class JsonView(_Still):
    """One JSON object in each line: the batch as GetBatch returns it, and in the last line the result."""

    def show(self, batch: Batch) -> None:
        """Write a batch, in the service's own names."""
        say_json(with_aws_names(batch))

    def note(self, text: str) -> None:
        """Write nothing: retried errors are not in the JSON."""

    def end(self, ending: OneResult) -> None:
        """Write the result."""
        say_json(ending.document())
