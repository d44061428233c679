"""The line of batches that want a look, the most urgent first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from omics_batch._waiting.subscriptions import TrackedBatch


class LookQueue:
    """Who is looked at next, when there is a turn to send.

    Urgent are batches that no list showed, since they may have ended. The other turns go by turns to those that
    are due, and to those whose counts are wanted of which a list has told already that they go on.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._missing: dict[TrackedBatch, None] = {}
        self._due: dict[TrackedBatch, None] = {}
        self._wanted: dict[TrackedBatch, None] = {}
        self._due_first = False

    @property
    def urgent(self) -> int:
        """How many in it are urgent."""
        return len(self._missing)

    def __bool__(self) -> bool:
        """Whether anybody is in it."""
        return bool(self._missing or self._due or self._wanted)

    @property
    def due(self) -> Collection[TrackedBatch]:
        """Those that a sweep may spare a look."""
        return self._due

    def miss(self, target: TrackedBatch) -> None:
        """No list shows the batch, or the lists are not to be believed."""
        self._missing[target] = None

    def expect(self, target: TrackedBatch) -> None:
        """The batch is due to be seen, in whatever way."""
        self._due[target] = None
        if target.is_listened:
            self.want(target)

    def want(self, target: TrackedBatch) -> None:
        """The batch itself is wanted, with its counts."""
        self._wanted[target] = None

    def hold(self, target: TrackedBatch) -> None:
        """A sweep will show the batch, if it goes on."""
        self._due.pop(target, None)

    def see(self, target: TrackedBatch) -> None:
        """A list has shown that the batch goes on."""
        self._missing.pop(target, None)
        self._due.pop(target, None)

    def discard(self, target: TrackedBatch) -> None:
        """Forget a batch, if it is here."""
        self.see(target)
        self._wanted.pop(target, None)

    def take(self, *, is_urgent: bool) -> TrackedBatch | None:
        """Take out who is next for such a turn; None where nobody is here any more."""
        if is_urgent:
            return self._first_of(self._missing)
        due, wanted = self._due, self._wanted
        self._due_first = not self._due_first
        lanes = (due, wanted, self._missing) if self._due_first else (wanted, due, self._missing)
        return next(filter(None, map(self._first_of, lanes)), None)

    def _first_of(self, lane: dict[TrackedBatch, None]) -> TrackedBatch | None:
        target = next(iter(lane), None)
        if target is not None:
            self.discard(target)
        return target
