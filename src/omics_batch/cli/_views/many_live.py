"""A wait for many batches on a terminal: a live table, or a live line."""

from __future__ import annotations

import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final, Self

from rich.live import Live
from rich.text import Text

from omics_batch.cli._durations import written
from omics_batch.cli._exits import Exit
from omics_batch.cli._output import say_prose
from omics_batch.cli._views.followed_batches import FollowedBatches
from omics_batch.cli._views.many_plain import line_of, summary
from omics_batch.cli._views.many_table import BatchesTable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from rich.console import Console, RenderableType

    from omics_batch import Batch
    from omics_batch.cli._waits.many_result import ManyResult
    from omics_batch.cli._waits.one_result import OneResult

_STYLES: Final = {Exit.OK: "green", Exit.FAILED_RUNS: "yellow", Exit.BATCH_CANCELLED: "yellow"}
_BAD: Final = "red"

_LONGEST_STILL: Final = 1.0
"""Seconds after which a picture is drawn again even without a change, since it shows the time."""

_LINES_AFTER: Final = 7
"""The lines of a terminal that are kept free below the final table, for the summary."""


class _LiveViewOfMany:
    """A picture that is drawn again at a tick, if something has changed or time has passed."""

    def __init__(self, output: Console, picture: Callable[[], RenderableType], *, fills_the_screen: bool) -> None:
        self._console = output
        self._started = time.monotonic()
        self._drawn = self._started
        self._size: tuple[int, int] = output.size
        self._has_changed = False
        self._live = Live(
            console=output,
            get_renderable=picture,
            auto_refresh=False,  # its thread would see half-changed batches
            screen=fills_the_screen,
            transient=True,
            redirect_stderr=sys.stderr.isatty() and not fills_the_screen,
        )

    def __enter__(self) -> Self:
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()

    def tick(self) -> None:
        """Draw again, if something has changed or a second has passed."""
        now = time.monotonic()
        if self._has_changed or now - self._drawn >= _LONGEST_STILL or self._console.size != self._size:
            self._has_changed, self._drawn, self._size = False, now, self._console.size
            self._live.refresh()

    def conclude(self, conclusion: ManyResult) -> None:
        """Write the totals, and the batches that did not succeed."""
        for text in summary(conclusion):
            say_prose(self._console, Text(text, "bold"))

    @property
    def _elapsed(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self._started)


class LiveLine(_LiveViewOfMany):
    """A line for each batch that has ended, and a live line below them."""

    def __init__(self, output: Console, total: int) -> None:
        """Take the console to draw on.

        Args:
            output: The console.
            total: How many batches are waited for.
        """
        self._total = total
        self._ended = 0
        super().__init__(output, self._picture, fills_the_screen=False)

    def show(self, batch: Batch) -> None:
        """Draw nothing: only results are shown here."""

    def ended(self, ending: OneResult) -> None:
        """Write a result; batches that go on are reported together at the end."""
        self._ended += not ending.goes_on
        self._has_changed = True
        if not ending.goes_on:
            self._console.print(Text(line_of(ending), _STYLES.get(ending.exit, _BAD)))

    def _picture(self) -> RenderableType:
        return Text(f"{self._ended:,} of {self._total:,} batches have ended, {written(self._elapsed)}", "bold")


class LiveTable(_LiveViewOfMany):
    """A table of the batches on the alternate screen; its last state stays on the normal screen."""

    def __init__(self, output: Console, batch_ids: Iterable[str], notices: Callable[[], str]) -> None:
        """Take the console to draw on.

        Args:
            output: The console.
            batch_ids: The batches, in the order in which they are shown.
            notices: Writes what happened on the way, in a line.
        """
        self._roster = FollowedBatches(batch_ids)
        self._notices = notices
        super().__init__(output, self._picture, fills_the_screen=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, traceback)
        self._console.print(self._picture(), height=max(self._console.height - _LINES_AFTER, 1))

    def show(self, batch: Batch) -> None:
        """Update a batch that has changed."""
        self._roster.see(batch)
        self._has_changed = True

    def ended(self, ending: OneResult) -> None:
        """Update a batch whose wait has ended."""
        self._roster.end(ending)
        self._has_changed = True

    def _picture(self) -> RenderableType:
        return BatchesTable(self._roster, self._elapsed, self._notices())
