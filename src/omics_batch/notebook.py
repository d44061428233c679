"""A wait that shows its progress in a notebook: needs the extra `notebook`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from omics_batch._html import card
from omics_batch._html import line as line_of
from omics_batch._models.progress import Progress

if TYPE_CHECKING:
    from omics_batch._clock import Clock
    from omics_batch._models.batch import Batch

try:
    import IPython.display
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError("omics_batch.notebook needs its extra: pip install 'omics-batch[notebook]'") from missing

__all__ = ["LiveBar"]

_ipython: Any = IPython.display  # which has no types


class LiveBar:
    """A bar that lives while a notebook waits, and stays as the batch was seen last.

    For example::

        batch = await client.wait_until_processed("7123456", on_update=LiveBar())

    It shows what a `Batch` shows of itself, and how fast runs end and how long the rest takes at that rate, once two
    looks have seen some end. One bar is for one wait at a time. Outside of notebooks it prints a line a change.

    Args:
        clock: What the rate is measured on.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        """Begin with nothing shown."""
        self._clock = clock
        self._progress = Progress(clock)
        self._shown: Any = None

    def __call__(self, batch: Batch) -> None:
        """Show the batch as it is now.

        Args:
            batch: The batch as GetBatch has just shown it.
        """
        seen = self._progress.batch
        if seen is not None and (seen.is_terminal or seen.id != batch.id):  # another wait
            self._progress, self._shown = Progress(self._clock), None
        self._progress.see(batch)
        if self._shown is None:
            self._shown = _ipython.display(_Look(batch, self._progress), display_id=True)
        else:
            self._shown.update(_Look(batch, self._progress))


class _Look:
    """What is displayed: the card where there is HTML, and elsewhere a line."""

    def __init__(self, batch: Batch, progress: Progress) -> None:
        self._batch = batch
        self._progress = progress

    def __repr__(self) -> str:
        return line_of(self._batch, self._progress)

    def _repr_html_(self) -> str:
        return card(self._batch, datetime.now(UTC), self._progress)
