"""A wait for one batch as plain lines or JSON lines."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol, Self

import typer

from omics_batch.cli._output import as_the_service_tells, say_json
from omics_batch.cli._words import line, timestamp

if TYPE_CHECKING:
    from types import TracebackType

    from omics_batch import Batch
    from omics_batch.cli._waits.one_result import OneResult


WHICH: Final = "Which samples, and why: "


class View(AbstractContextManager["View"], Protocol):
    """Where the news of a wait go; the block around it is the time in which there may be some."""

    def show(self, batch: Batch) -> None:
        """Show a batch that has changed."""
        ...

    def note(self, text: str) -> None:
        """Show what happened on the way."""
        ...

    def end(self, ending: OneResult) -> None:
        """Show how the wait ended, once it is over."""
        ...


class _Still:
    """A view that has nothing to begin or to stop."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass


class PlainView(_Still):
    """One line a change, with the time: for logs."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._furthest: dict[str, float] = {}

    def show(self, batch: Batch) -> None:
        """Write where a batch stands; how far it was seen once stays, whatever counts that lag say later."""
        furthest = self._furthest.get(batch.id, 0.0)
        self.note(line(batch, furthest))
        self._furthest[batch.id] = max(batch.percent_complete, furthest)

    def note(self, text: str) -> None:
        """Write a line."""
        typer.echo(f"{timestamp(datetime.now(UTC))}  {text}")

    def end(self, ending: OneResult) -> None:
        """Write the verdict, if there is one: errors are not the output's."""
        if ending.is_verdict:
            self.note(f"{ending.batch_id}  {ending.message}")
        if ending.reasons:
            self.note(f"{ending.batch_id}  {WHICH}{ending.reasons}")


class JsonView(_Still):
    """One JSON object a line: the batch as GetBatch returns it, and at last how the wait ended."""

    def show(self, batch: Batch) -> None:
        """Write a batch, in the service's own names."""
        say_json(as_the_service_tells(batch))

    def note(self, text: str) -> None:
        """Write nothing: it is no news of the batch."""

    def end(self, ending: OneResult) -> None:
        """Write the ending, whatever it is."""
        say_json(ending.document())
