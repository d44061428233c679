"""The queue of faults, and an error for unused ones."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from omics_batch._errors import InvalidInputError
from omics_batch.testing._faults import actions
from omics_batch.testing.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class UnusedFaultError(AssertionError):
    """A test scripted faults that no request met, so it did not test them."""


class Script:
    """A queue of faults; each waits for the next request of its operation.

    Args:
        choose: Returns the fault of a request for which the queue has none; None for the normal response.
    """

    def __init__(self, choose: Callable[[str, Mapping[str, Any]], Fault | None] | None = None) -> None:
        """Start with an empty queue."""
        self._choose = choose
        self._faults: list[Fault] = []
        self._lock = threading.Lock()  # a test may script from another thread than the server's

    def check_used(self) -> None:
        """Check that no fault is left.

        Raises:
            UnusedFaultError: Some faults are left: the message names them.
        """
        if self._faults:
            left = "; ".join(fault.description for fault in self._faults)
            raise UnusedFaultError(f"Scripted, but never met by a request: {left}.")

    def add(self, faults: Iterable[Fault]) -> None:
        """Add faults to the end of the script."""
        added = list(faults)
        strangers: list[object] = [fault for fault in added if type(fault) is not Fault]
        if strangers:
            raise InvalidInputError(f"a script is of faults, such as faults.throttled(), not of {strangers[0]!r}")
        with self._lock:
            self._faults.extend(added)

    def clear(self) -> None:
        """Remove the faults that are left."""
        with self._lock:
            self._faults.clear()

    def take(self, operation: str, members: Mapping[str, Any]) -> actions.Plan:
        """Return the plan for a request: the normal response if no fault is scripted.

        Args:
            operation: The AWS operation.
            members: The members of the request.
        """
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.matches(operation):
                    left = fault.once_less()
                    self._faults[index : index + 1] = [] if left is None else [left]
                    return fault.plan
        chosen = None if self._choose is None else self._choose(operation, members)
        return actions.PassThrough() if chosen is None else chosen.plan
