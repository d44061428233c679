"""The results of list scans, and when the next scan is worth it. Pure."""

from __future__ import annotations

import math
from itertools import islice
from typing import TYPE_CHECKING, Final

from omics_batch._waiting.cost import BELIEVED, SOON, ListCost, Need, are_denied, is_scan_cheaper, longest_useful
from omics_batch._waiting.list_order import ListOrder
from omics_batch._waiting.states import BatchState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from omics_batch._errors import OmicsBatchError
    from omics_batch._waiting.batch_table import BatchTable
    from omics_batch._waiting.tracked_batch import TrackedBatch

BREATH: Final = 0.1
"""Seconds in which batches become due together, so that thousands do not wake the poller one by one."""
_SECOND_CHANCE: Final = 30.0
"""Seconds after which another scan is made for missing batches, if the looks at them take longer."""
_REMEMBERED: Final = 1000
"""The number of ended batches whose end is remembered, to measure how far lists lag."""
_REMEMBERED_FOR: Final = 600.0
"""Seconds for which an end is of use for that."""


class Scans:
    """Decides when to scan, and knows what scans have shown.

    Args:
        batches: The batches that are watched.
    """

    def __init__(self, batches: BatchTable) -> None:
        self._batches = batches
        self._cost = ListCost()
        self._order = ListOrder()
        self._began: float | None = None
        self._pages = 0
        self._rescan_at = math.inf
        """The moment on the clock from which a scan is of use for batches that are LISTED or MISSING."""
        self.next_choice: float = -math.inf
        """The moment on the clock of the next choice between looks and a scan: the choice takes time per batch."""
        self._ended_at: dict[str, float] = {}
        """When looks showed that batches have ended: a list that still shows one as active lags at least since then."""
        self.number: int = 0
        """The number of the scan under way, or of the last one; 0 before the first."""
        self.last_whole: int = 0
        """The number of the last scan that read all lists."""

    @property
    def is_under_way(self) -> bool:
        """Whether a scan is under way."""
        return self._began is not None

    # What is to be scanned, and when

    def want(self, moment: float) -> None:
        """Request a scan for the LISTED and MISSING batches, not before a moment."""
        self._rescan_at = min(self._rescan_at, moment)

    def want_for(self, batch: TrackedBatch, now: float) -> None:
        """Request a scan for a missing batch, in case no look shows it soon."""
        self.want(now + max(batch.interval, _SECOND_CHANCE))

    def due(self, rate: float, now: float) -> Sequence[TrackedBatch]:
        """Return the batches for which to make a scan; none if looks are cheaper, or the lists are paused.

        Args:
            rate: How many calls a second the waits may make.
            now: The moment on the clock.
        """
        if self.is_under_way or now < self.next_choice:
            return ()
        is_rescan = now >= self._rescan_at
        if is_rescan:
            self._rescan_at = now + _SECOND_CHANCE
        missing = self._batches.those(BatchState.MISSING)
        price = self._cost.price(len(self._batches), now)
        to_look_at = islice((batch for batch in missing if not batch.failures), math.ceil(price))
        if not self._cost.are_open(now) or 0 < sum(1 for _ in to_look_at) < price:
            return ()  # batches that the last scan did not show get their looks first, unless there are very many
        queued = list(_listable(self._batches.those(BatchState.DUE), now))
        if is_rescan:
            queued += [*missing, *self._batches.those(BatchState.LISTED)]
        if not queued:
            return ()
        self.next_choice = now + BREATH
        interval = min(batch.interval for batch in queued)
        soon = self._batches.those(BatchState.SCHEDULED).until(now + SOON * interval)
        needed = [*queued, *_listable(soon, now)]
        counts = sum(batch.wants_counts for batch in needed)
        need = Need(len(needed) - counts, counts, interval)
        return queued if is_scan_cheaper(need, price=price, rate=rate) else ()

    def moments(self, now: float, choice: float) -> Iterator[float]:
        """Yield the moments at which a scan may be due.

        Args:
            now: The moment on the clock.
            choice: The value of `next_choice` before the last call of `due`.
        """
        if self._batches.those(BatchState.DUE) and now < choice:
            yield choice
        are_shown = self._batches.those(BatchState.LISTED) or self._batches.those(BatchState.MISSING)
        if not self.is_under_way and are_shown:
            yield max(self._rescan_at, self.next_choice, now + BREATH)

    # What happens to a scan

    def begin(self, now: float) -> None:
        """Begin a scan."""
        self.number += 1
        self._began, self._pages, self._rescan_at = now, 0, math.inf
        self._order.begin()

    def page(self) -> None:
        """Count a page.

        Raises:
            RuntimeError: No scan is under way.
        """
        self._since()
        self._pages += 1

    def skipped(self, batch: TrackedBatch) -> Sequence[TrackedBatch]:
        """Note that a list shows a batch; return the batches just before it in the last scan but not yet in this."""
        return self._order.skipped(batch)

    def is_in_vain(self, lag: float, rate: float, now: float) -> bool:
        """Return whether to stop the scan, since the lists lag or it takes too long; note that for its cost.

        Args:
            lag: The seconds by which the last page lags, as far as known.
            rate: How many calls a second the waits may make.
            now: The moment on the clock.
        """
        watched = len(self._batches)
        longest = longest_useful(watched, rate)
        if lag > longest:
            self._cost.lag(now)
        elif now - self._since() > longest:
            self._cost.stopped(self._pages, watched, now)
        else:
            return False
        return True

    @property
    def is_paused(self) -> bool:
        """Whether no scan was completed since the lists failed or lagged."""
        return self._cost.is_paused

    def are_denied(self, error: OmicsBatchError) -> bool:
        """Whether an error of the scan under way means that the permission for lists is missing."""
        return are_denied(error, self._pages)

    def read(self, now: float) -> None:
        """Note that all lists were read.

        Raises:
            RuntimeError: No scan is under way.
        """
        self._since()
        self._cost.read(self._pages, len(self._batches), now)
        self.last_whole = self.number

    def failed(self, error: OmicsBatchError, rate: float, now: float) -> None:
        """Note that a page cannot be read.

        Raises:
            RuntimeError: No scan is under way.
        """
        self._since()
        self._cost.failed(error, self._pages, self._cost.price(len(self._batches), now), rate, now)

    def end(self, now: float) -> None:
        """End a scan, completed or not."""
        self._began = None
        self.want(now + _SECOND_CHANCE)

    def forget(self) -> None:
        """Forget the batches, when there are no more waits."""
        self._order = ListOrder()

    def _since(self) -> float:
        if self._began is None:
            raise RuntimeError("no scan is under way")
        return self._began

    # The lag of the lists

    def ended(self, batch_id: str, now: float) -> None:
        """Note that a look showed that a batch has ended."""
        self._ended_at[batch_id] = now
        if len(self._ended_at) > _REMEMBERED:
            del self._ended_at[next(iter(self._ended_at))]

    def lag(self, batch_id: str, now: float) -> float | None:
        """Return the lag of a list that shows a batch as active, in seconds; None if no look has shown its end."""
        lag = now - self._ended_at.get(batch_id, -math.inf)
        return lag if lag <= _REMEMBERED_FOR else None


def _listable(batches: Iterable[TrackedBatch], now: float) -> Iterator[TrackedBatch]:
    """Leave out batches that a recent scan did not show although they went on: another scan would not show them."""
    return (batch for batch in batches if batch.missed_at is None or now - batch.missed_at >= BELIEVED)
