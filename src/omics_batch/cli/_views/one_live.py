"""A wait for one batch on a terminal: a live bar and a clock."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

from rich.console import Group
from rich.live import Live
from rich.text import Text

from omics_batch import Progress
from omics_batch._words import one_line, percentage
from omics_batch.cli._cells import fitting, packed, padded
from omics_batch.cli._durations import written
from omics_batch.cli._output import say_prose
from omics_batch.cli._views.bar import STYLES, Bar, counts_of
from omics_batch.cli._views.one_plain import WHICH, PlainView
from omics_batch.cli._words import LEGEND, counted, is_behind, left, percent, rate, time_of, title

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from omics_batch import Batch
    from omics_batch.cli._views.one_plain import View
    from omics_batch.cli._waits.one_result import OneResult

_WIDEST: Final = 100
"""The most columns of a readable picture."""

_NARROW: Final = 60
"""With fewer columns, the bars have no labels."""


def is_live(output: Console) -> bool:
    """Whether a live picture is possible: only on a terminal, even if colours are forced."""
    return sys.stdout.isatty() and not output.is_dumb_terminal


def view_on(output: Console) -> View:
    """Choose how a wait is shown to people."""
    return LiveView(output) if is_live(output) else PlainView()


class LiveView:
    """Bars that move, for terminals."""

    def __init__(self, output: Console, notices: Callable[[], str] = str) -> None:
        """Take the console to draw on.

        Args:
            output: The console.
            notices: Returns a line about retried errors; empty for none.
        """
        self._console = output
        self._notices = notices
        self._started = datetime.now(UTC)
        self._progress = Progress()
        # Other output to stderr goes above the bar, unless stderr is a file.
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
        """Show a batch from now on."""
        self._progress.see(batch)
        self._live.refresh()

    def note(self, text: str) -> None:
        """Write a line above the bar."""
        self._console.print(Text(one_line(text), "yellow"))

    def end(self, ending: OneResult) -> None:
        """Write how a processed batch ended; errors go to stderr."""
        if ending.is_verdict:
            say_prose(self._console, Text(ending.message, "bold"))
        if ending.reasons:
            say_prose(self._console, Text(f"{WHICH}{ending.reasons}"))

    def _picture(self) -> RenderableType:
        now = datetime.now(UTC)
        if self._progress.batch is None:
            return Text(f"Looking for the batch ... {written(now - self._started)}")
        return Picture(self._progress, self._progress.batch, now, self._started, self._notices())


class Picture:
    """A batch with its status, the progress of its submission and of its runs, and their rate.

    Args:
        progress: The progress.
        batch: The last `Batch`.
        now: The present.
        started: When the wait began; time is counted from here if the service does not give a creation time.
        notice: The last retried errors.
    """

    def __init__(self, progress: Progress, batch: Batch, now: datetime, started: datetime, notice: str = "") -> None:
        self._progress = progress
        self._batch = batch
        self._time = written(time_of(batch, now) or now - started)
        self._notice = notice

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it, not too wide."""
        width = min(options.max_width, _WIDEST)
        status = fitting(self._batch.status, 30, options.encoding)
        name = fitting(f"Batch {title(self._batch)}", width - len(status) - 2, options.encoding)
        yield Text.assemble((padded(name, width - len(status)), "bold"), status, no_wrap=True, overflow="crop")
        yield from self._bars(width, ascii_only=options.ascii_only)
        yield Group(*self._states(width))
        if self._notice:
            yield Text(fitting(self._notice, width, options.encoding), "yellow")

    def _bars(self, width: int, *, ascii_only: bool) -> RenderResult:
        progress, starts = self._progress, self._batch.submission_summary
        submitted = {
            "submitted": starts.successful_start_submission_count,
            "not submitted": starts.failed_start_submission_count,
        }
        submission = Bar({state: number for state, number in submitted.items() if number}, progress.percent_submitted)
        execution = Bar(counts_of(self._batch), progress.percent_complete)
        finished = percent(self._batch, progress.percent_complete)
        bars = {
            "submitted": (submission, percentage(progress.percent_submitted), ""),
            "finished": (execution, finished, self._time),
        }
        for label, (bar, so_far, time) in bars.items():
            start = f"{label:<11}" if width >= _NARROW else ""
            end = f"{so_far:>10}{time:>10}"
            drawn = bar.drawn(max(width - len(start) - len(end), 0), ascii_only=ascii_only)
            yield Text.assemble((start, "dim"), drawn, end, no_wrap=True, overflow="crop")

    def _states(self, width: int) -> list[Text]:
        counts = counts_of(self._batch)
        states = [Text(f"{number:,} {label}", STYLES[label]) for label, number in counts.items()]
        pace = "" if self._batch.is_terminal else rate(self._progress.runs_per_hour)
        remaining = left(self._progress.remaining)
        facts = [f"{pace} runs an hour" if pace else "", f"{remaining} left" if remaining else ""]
        texts = [Text(fact) for fact in facts if fact]
        if is_behind(self._batch):
            texts.append(Text(LEGEND, "dim"))
        return [
            *packed(states or [Text(counted(self._batch), "bright_black")], width, most=4),
            *packed(texts, width, most=3),
        ]
