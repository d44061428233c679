"""A batch as a table row: the columns that fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text

from omics_batch._words import one_line, percentage
from omics_batch.cli._cells import GAP, fitting, padded
from omics_batch.cli._views.bar import STYLES, Bar, counts_of
from omics_batch.cli._views.followed_batches import ERROR, Rank
from omics_batch.cli._words import left, percent, rate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import ConsoleOptions

    from omics_batch import Batch, Progress
    from omics_batch.cli._views.followed_batches import FollowedBatch

_WIDTHS: Final = {
    "id": 7,
    "status": 10,
    "runs": 8,
    "submitted": 9,
    "finished": 8,
    "runs/h": 6,
    "left": 6,
    "failed": 6,
    "name": 8,
}
"""The columns from left to right, with the least width of each."""

_DISPENSABLE: Final = ("failed", "runs/h", "submitted", "name", "left", "runs", "status", "finished")
"""The order in which columns are left out if not all fit."""

_NUMBERS: Final = ("submitted", "finished", "runs/h", "left", "failed")
_LONGEST_STATUS: Final = 18
_SHORT: Final = 24
_LONG: Final = 40
"""The width of a bar: `_SHORT` until all names have their full width, then up to `_LONG`."""

_STYLES: Final = {
    Rank.TROUBLED: "bold red",
    Rank.UNDER_WAY: "",
    Rank.ENDED_BADLY: "red",
    Rank.UNSEEN: "bright_black",
    Rank.ENDED_WELL: "green",
}

_COLUMN_STYLES: Final = {"failed": STYLES["failed"]}


def columns_of(entries: Sequence[FollowedBatch], width: int) -> dict[str, int]:
    """Choose the columns that fit, and divide the width among them.

    Args:
        entries: The batches to be shown.
        width: How many cells there are.
    """
    columns = {**_WIDTHS, "id": max(len(entry.batch_id) for entry in entries)}
    longest = max((cell_len(one_line(_name_of(entry))) for entry in entries if entry.batch is not None), default=0)
    if not longest:
        del columns["name"]
    for name in _DISPENSABLE:
        if _total(columns) <= width:
            break
        columns.pop(name, None)
    status = min(max(len(entry.status) for entry in entries), _LONGEST_STATUS)
    wishes = [("status", status), ("name", min(longest, _SHORT)), ("runs", _SHORT), ("name", longest), ("runs", _LONG)]
    for name, wish in wishes:
        if name in columns:
            columns[name] += max(0, min(wish - columns[name], width - _total(columns)))
    return columns


def _total(columns: Mapping[str, int]) -> int:
    return sum(columns.values()) + len(GAP) * (len(columns) - 1)


def heading(columns: Mapping[str, int]) -> Text:
    """Write the columns' names above them."""
    names = [padded(name.upper(), width, to_the_right=name in _NUMBERS) for name, width in columns.items()]
    return Text(GAP.join(names).rstrip(), "bold")


def row_of(entry: FollowedBatch, columns: Mapping[str, int], options: ConsoleOptions) -> Text:
    """Write the columns of a batch; for a batch that was never seen, the rest of the row is its error."""
    start = [Text(padded(entry.batch_id, columns["id"]))]
    if "status" in columns:
        status = fitting(entry.status, columns["status"], options.encoding)
        start.append(Text(padded(status, columns["status"]), _STYLES[entry.rank]))
    if entry.progress is None or entry.batch is None:
        rest_width = options.max_width - sum(part.cell_len + len(GAP) for part in start)
        rest = [Text(fitting(_name_of(entry), max(rest_width, 0), options.encoding))]
    else:
        cells = _cells(entry, entry.progress, entry.batch, columns, options)
        rest = [cells[name] for name in columns if name in cells]
    row = Text(GAP).join([*start, *rest])
    row.rstrip()
    return row


def _cells(
    entry: FollowedBatch, progress: Progress, batch: Batch, columns: Mapping[str, int], options: ConsoleOptions
) -> dict[str, Text]:
    bar = Bar(counts_of(batch), progress.percent_complete)
    numbers = {
        "submitted": percentage(progress.percent_submitted),
        "finished": percent(batch, progress.percent_complete),
        "runs/h": "" if entry.ending else rate(progress.runs_per_hour),
        "left": "" if entry.ending else left(progress.remaining),
        "failed": f"{batch.failed_run_count:,}" if batch.failed_run_count else "",
    }
    return {
        "runs": bar.drawn(columns.get("runs", 0), ascii_only=options.ascii_only),
        **{
            name: Text(padded(number, columns.get(name, 0), to_the_right=True), _COLUMN_STYLES.get(name, ""))
            for name, number in numbers.items()
        },
        "name": Text(fitting(_name_of(entry), columns.get("name", 0), options.encoding)),
    }


def _name_of(entry: FollowedBatch) -> str:
    """Return the name of a batch and its failure reason, or the error of its wait."""
    if entry.status == ERROR and entry.ending is not None:
        return entry.ending.message
    return "" if entry.batch is None else ": ".join(filter(None, [entry.batch.name, entry.batch.failure_reason]))
