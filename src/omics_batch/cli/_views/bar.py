"""A bar of a batch's runs, coloured by state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from omics_batch.cli._words import is_in_doubt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

    from omics_batch import Batch

STYLES: Final = {
    "submitted": "cyan",
    "completed": "green",
    "failed": "red",
    "not submitted": "magenta",
    "cancelled": "yellow",
    "deleted": "yellow",
    "not counted": "yellow",
    "stopping": "yellow",
    "running": "blue",
    "starting": "cyan",
    "pending": "bright_black",
    "to submit": "bright_black",
}
_ENDED: Final = ("submitted", "completed", "failed", "not submitted", "cancelled", "deleted", "not counted")
_FAILED: Final = ("failed", "not submitted")
_UNDER_WAY: Final = ("running", "starting", "stopping")


def counts_of(batch: Batch) -> dict[str, int]:
    """Count the runs by state; in a processed batch also the ended runs that are in no count."""
    counts = batch.run_counts
    rest = (batch.total_runs or 0) - sum(counts.values()) if is_in_doubt(batch) else 0
    return {**counts, "not counted": rest} if rest > 0 else counts


class Bar:
    """The runs of a batch, coloured by state; the glyphs show the states without colours too."""

    def __init__(self, counts: Mapping[str, int], percent: float) -> None:
        """Take the runs by state, in the order of the bar.

        Args:
            counts: The number of runs in each state.
            percent: The percentage of runs that have ended; the counts lag, so they may not include all runs.
        """
        self._counts = counts
        self._percent = percent

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it in the full width."""
        yield self.drawn(options.max_width, ascii_only=options.ascii_only)

    def drawn(self, width: int, *, ascii_only: bool) -> Text:
        """Draw it in some cells."""
        bar = Text(no_wrap=True, overflow="crop")
        for state, cells in self._cells(width):
            bar.append(_glyph(state, ascii_only=ascii_only) * cells, STYLES[state])
        return bar

    def _cells(self, width: int) -> list[tuple[str, int]]:
        """Divide the cells: those for ended runs are exactly as many as the percentage says."""
        ended = {state: number for state, number in self._counts.items() if state in _ENDED}
        others = {state: number for state, number in self._counts.items() if state not in _ENDED}
        full = int(width * self._percent / 100)
        return [*_shared(ended or {"deleted": 1}, full), *_shared(others or {"to submit": 1}, width - full)]


def widths(numbers: Sequence[int], width: int) -> list[int]:
    """Divide all cells in proportion; a count of 0 gets none."""
    total = sum(numbers)
    edges: list[int] = []
    seen = 0
    for number in numbers:
        seen += number
        edges.append(round(width * seen / total))
    return [end - start for start, end in zip([0, *edges], edges, strict=False)]


def _shared(counts: Mapping[str, int], width: int) -> list[tuple[str, int]]:
    cells = dict(zip(counts, widths([*counts.values()], width), strict=True))
    for state in _FAILED:
        largest = max(cells, key=cells.__getitem__)
        if state in cells and not cells[state] and cells[largest] > 1:  # one in ten thousand is worth a cell too
            cells[state], cells[largest] = 1, cells[largest] - 1
    return [*cells.items()]


def _glyph(state: str, *, ascii_only: bool) -> str:
    if state in _FAILED:
        return "x" if ascii_only else "×"  # noqa: RUF001 - no letter: it stands in the middle of the line
    if state == "not counted":
        return "?"
    if state in _ENDED:
        return "#" if ascii_only else "━"
    if state in _UNDER_WAY:
        return "-" if ascii_only else "─"
    return "." if ascii_only else "┄"
