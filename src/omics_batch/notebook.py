"""A wait that shows its progress in a notebook: needs the extra `notebook`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from omics_batch._html import card
from omics_batch._html import line as line_of
from omics_batch._models.progress import Progress
from omics_batch._words import how_to_install

if TYPE_CHECKING:
    from omics_batch._clock import Clock
    from omics_batch._models.batch import Batch

try:
    import IPython.display
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(f"omics_batch.notebook needs IPython: {how_to_install('notebook')}") from missing

__all__ = ["LiveBar"]

_ipython: Any = IPython.display  # which has no types


class LiveBar:
    """A bar that changes while a notebook waits, and then keeps showing the last state of the batch.

    For example::

        batch = await client.wait_until_processed("7123456", on_update=LiveBar())

    It shows the same as a `Batch` in a notebook. Once two looks have seen runs end, it also shows how many runs end in
    an hour, and the time left at that rate. Use one bar for one wait at a time. Outside of notebooks it prints a line
    for each change.

    Args:
        clock: The clock that measures the rate.
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
    """What is displayed: a card in HTML, or a line of text."""

    def __init__(self, batch: Batch, progress: Progress) -> None:
        self._batch = batch
        self._progress = progress

    def __repr__(self) -> str:
        return line_of(self._batch, self._progress)

    def _repr_html_(self) -> str:
        return card(self._batch, datetime.now(UTC), self._progress)
