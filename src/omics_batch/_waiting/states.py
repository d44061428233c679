"""The states of a batch in the scheduler, and their transitions. Pure; drawn in `docs/how-it-is-built.md`."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class BatchState(Enum):
    """The state of a batch in the scheduler."""

    __hash__ = object.__hash__  # Enum's is written in Python, and a page of a list takes hundreds of hashes

    SCHEDULED = "its next look has a moment"
    DUE = "queued for a look, unless a list shows it first"
    IN_SCAN = "due, and the scan under way may show it"
    LISTED = "a list shows it; queued for a look at its counts, or for one that confirms the list"
    MISSING = "no list shows it; queued for an urgent look"
    LOOKING = "GetBatch is under way"


class Trigger(Enum):
    """The triggers of state changes."""

    __hash__ = object.__hash__  # the same

    WAKE = "its moment comes, or a wait joins"
    SCAN = "a scan may show it"
    ASK = "GetBatch is wanted beside the lists"
    SHOW = "a list shows it"
    MISS = "no list shows it"
    RELEASE = "the scan ends without it"
    TURN = "a turn comes"
    ANSWER = "GetBatch answers or fails"


_S, _T = BatchState, Trigger

TRANSITIONS: Final[Mapping[BatchState, Mapping[Trigger, BatchState]]] = {
    _S.SCHEDULED: {
        _T.WAKE: _S.DUE,
        _T.SCAN: _S.IN_SCAN,
        _T.ASK: _S.LISTED,
        _T.SHOW: _S.SCHEDULED,
        _T.MISS: _S.MISSING,
    },
    _S.DUE: {
        _T.WAKE: _S.DUE,
        _T.SCAN: _S.IN_SCAN,
        _T.ASK: _S.LISTED,
        _T.SHOW: _S.SCHEDULED,
        _T.MISS: _S.MISSING,
        _T.TURN: _S.LOOKING,
    },
    _S.IN_SCAN: {
        _T.WAKE: _S.DUE,
        _T.SCAN: _S.IN_SCAN,
        _T.ASK: _S.LISTED,
        _T.SHOW: _S.SCHEDULED,
        _T.MISS: _S.MISSING,
        _T.RELEASE: _S.DUE,
    },
    _S.LISTED: {
        _T.WAKE: _S.DUE,
        _T.SCAN: _S.LISTED,
        _T.ASK: _S.LISTED,
        _T.SHOW: _S.LISTED,
        _T.MISS: _S.MISSING,
        _T.TURN: _S.LOOKING,
    },
    _S.MISSING: {
        _T.SHOW: _S.SCHEDULED,
        _T.MISS: _S.MISSING,
        _T.TURN: _S.LOOKING,
    },
    _S.LOOKING: {
        _T.SHOW: _S.LOOKING,
        _T.ANSWER: _S.SCHEDULED,
    },
}
"""The next state, by the present state and the trigger; a transition that is not here is an error."""
