"""The live view of a wait: a bar in the colours of its runs, and a clock that ticks between the looks."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

from rich.console import Group, RenderableType
from rich.constrain import Constrain
from rich.live import Live
from rich.table import Table
from rich.text import Text

from omics_batch.cli._durations import written
from omics_batch.cli._views import PlainView
from omics_batch.cli._words import percent, shown, title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from rich.console import Console, ConsoleOptions, RenderResult

    from omics_batch import Batch
    from omics_batch.cli._ending import Ending
    from omics_batch.cli._views import View

STYLES: Final = {
    "completed": "green",
    "failed": "red",
    "not submitted": "magenta",
    "cancelled": "yellow",
    "deleted": "yellow",
    "stopping": "yellow",
    "running": "blue",
    "starting": "cyan",
    "pending": "bright_black",
    "to submit": "bright_black",
}
_ENDED: Final = ("completed", "failed", "not submitted", "cancelled", "deleted")
_UNDER_WAY: Final = ("running", "starting", "stopping")
_GLYPHS: Final = ("━", "─", "┄")
_ASCII_GLYPHS: Final = ("#", "-", ".")
_WIDEST: Final = 100
"""Columns that the eye still takes in at once."""


def is_live(output: Console) -> bool:
    """Whether a picture may move here: on a terminal that can, whatever colours are forced upon a pipe."""
    return sys.stdout.isatty() and not output.is_dumb_terminal


def view_on(output: Console) -> View:
    """Choose how a wait is shown to people."""
    return LiveView(output) if is_live(output) else PlainView()


def widths(numbers: Sequence[int], width: int) -> list[int]:
    """Share out the cells of a bar: in proportion, none for nothing, and all of them used up."""
    total = sum(numbers)
    edges: list[int] = []
    seen = 0
    for number in numbers:
        seen += number
        edges.append(round(width * seen / total))
    return [end - start for start, end in zip([0, *edges], edges, strict=False)]


class Bar:
    """The runs of a batch side by side, coloured by state; the line's weight tells without colours."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        """Take the counts by state, in the order of the bar."""
        self._counts = counts or {"to submit": 1}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw as wide as there is room."""
        ended, under_way, rest = _ASCII_GLYPHS if options.ascii_only else _GLYPHS
        bar = Text(no_wrap=True, overflow="crop")
        cells = widths([*self._counts.values()], options.max_width)
        for state, width in zip(self._counts, cells, strict=True):
            glyph = ended if state in _ENDED else under_way if state in _UNDER_WAY else rest
            bar.append(glyph * width, STYLES[state])
        yield bar


class LiveView:
    """A bar that moves, for terminals."""

    def __init__(self, output: Console) -> None:
        """Take the console to draw on."""
        self._console = output
        self._started = datetime.now(UTC)
        self._batch: Batch | None = None
        # What others write to stderr meanwhile goes above the bar, unless it goes to a file.
        self._live = Live(
            console=output, get_renderable=self._picture, refresh_per_second=5, redirect_stderr=sys.stderr.isatty()
        )

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start(refresh=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Leave the last picture on the screen."""
        self._live.stop()

    def show(self, batch: Batch) -> None:
        """Draw a batch from now on."""
        self._batch = batch
        self._live.refresh()

    def note(self, text: str) -> None:
        """Write a line above the bar."""
        self._console.print(Text(shown(text), "yellow"))

    def end(self, ending: Ending) -> None:
        """Write the verdict, if there is one: errors are not the output's."""
        if ending.is_verdict:
            self._console.print(Text(ending.message, "bold"))

    def _picture(self) -> RenderableType:
        now = datetime.now(UTC)
        if self._batch is None:
            return Text(f"Looking for the batch ... {written(now - self._started)}")
        return picture(self._batch, now, self._started)


def picture(batch: Batch, now: datetime, started: datetime) -> RenderableType:
    """Draw a batch: which it is and where it stands, the bar, and the counts.

    Args:
        batch: The batch as it was last seen.
        now: The present.
        started: When the wait began: where the service gives no creation time, time is told from here.
    """
    so_far = batch.elapsed(now)
    head = Table.grid(expand=True, padding=(0, 2, 0, 0))
    head.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    head.add_column(justify="right", no_wrap=True)
    head.add_row(Text(f"Batch {title(batch)}", "bold"), Text(shown(batch.status, limit=30)))
    bar = Table.grid(expand=True, padding=(0, 2, 0, 0))
    bar.add_column(ratio=1)
    bar.add_column(justify="right", no_wrap=True, min_width=7)
    bar.add_column(justify="right", no_wrap=True)
    bar.add_row(Bar(batch.run_counts), percent(batch), written(now - started if so_far is None else so_far))
    states = Text("  ").join(Text(f"{number} {label}", STYLES[label]) for label, number in batch.run_counts.items())
    return Constrain(Group(head, bar, states or Text("no runs yet", "bright_black")), _WIDEST)
