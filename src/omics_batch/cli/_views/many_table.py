"""The table of many batches: a row each, as many as fit, and totals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.text import Text

from omics_batch import BatchStatus
from omics_batch._words import one_line
from omics_batch.cli._cells import fitting, packed, padded
from omics_batch.cli._durations import written
from omics_batch.cli._views.bar import STYLES
from omics_batch.cli._views.followed_batches import ERROR, UNSEEN
from omics_batch.cli._views.row import columns_of, heading, row_of
from omics_batch.cli._words import LEGEND

if TYPE_CHECKING:
    from datetime import timedelta

    from rich.console import Console, ConsoleOptions, RenderResult

    from omics_batch.cli._views.followed_batches import FollowedBatches

_WIDEST: Final = 160
"""The most columns of a readable row."""

_LOW: Final = 16
"""With fewer lines than this, each total gets one line, to leave more lines to rows."""

_MOST_LINES: Final = 3

_STATUSES: Final = (*(status.value for status in BatchStatus), ERROR, UNSEEN)
"""The order of the totals."""


class BatchesTable:
    """A table of all batches that fit, with totals.

    Args:
        roster: The batches.
        elapsed: How long the wait has lasted.
        notice: The last retried errors.
    """

    def __init__(self, roster: FollowedBatches, elapsed: timedelta, notice: str) -> None:
        self._roster = roster
        self._elapsed = elapsed
        self._notice = notice

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw at most as many lines as the terminal has, and no wider ones."""
        width = min(options.max_width, _WIDEST)
        for line in self._lines(width, options.height or console.height, options):
            line.no_wrap = True
            yield line

    def _lines(self, width: int, height: int, options: ConsoleOptions) -> list[Text]:
        roster = self._roster
        most = _MOST_LINES if height >= _LOW else 1
        head, foot = self._head(width, most), self._foot(width, most, options.encoding)
        while foot and len(head) + len(foot) + 3 > height:  # a heading, a row, and how many more there are
            foot.pop()
        most_rows = height - len(head) - len(foot) - 1
        fits = len(roster) <= most_rows
        air = [Text()] if len(roster) + 2 <= most_rows else []
        entries = roster.foremost(max(most_rows if fits else most_rows - 1, 1))
        columns = columns_of(entries, width)
        rows = [row_of(entry, columns, options) for entry in entries]
        if not fits:
            rows.append(Text(f"and {len(roster) - len(entries):,} more", "dim"))
        return [*head, *air, heading(columns), *rows, *air, *foot][:height]

    def _head(self, width: int, most: int) -> list[Text]:
        roster = self._roster
        time = written(self._elapsed)
        ended = f"{roster.ended:,} of {len(roster):,} batches have ended "
        known = [status for status in _STATUSES if roster.statuses[status] > 0]
        others = [status for status, number in roster.statuses.items() if number > 0 and status not in _STATUSES]
        statuses = [Text(f"{roster.statuses[status]:,} {one_line(status, limit=30)}") for status in (*known, *others)]
        return [
            Text.assemble((padded(ended, width - len(time)), "bold"), time),
            *packed(statuses, width, most=most),
        ]

    def _foot(self, width: int, most: int, encoding: str) -> list[Text]:
        runs = self._roster.runs
        states = [Text(f"{runs[state]:,} {state}", style) for state, style in STYLES.items() if runs[state] > 0]
        return [
            *(packed([Text("All runs:", "bold"), *states], width, most=most) if states else []),
            *([Text(fitting(self._notice, width, encoding), "yellow")] if self._notice else []),
            *([Text(LEGEND, "dim")] if self._roster.behind else []),
        ]
