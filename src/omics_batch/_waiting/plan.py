"""Which calls the poller makes: batches one by one, or the lists of all active ones. Pure decisions, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from omics_batch._statuses import ACTIVE

SOON: Final = 0.25
"""Of an interval: what is due within this share of it is as well seen now, by a sweep that shows all."""

_ORDER: Final = {status.value: place for place, status in enumerate(ACTIVE)}


@dataclass(frozen=True, slots=True)
class Need:
    """What there is to be seen now."""

    alone: int
    """Batches of which only the end matters."""
    listened: int
    """Batches whose every change somebody wants to hear of: they need GetBatch in any case."""
    interval: float
    """Seconds until the first of them is due again."""


def is_sweep_cheaper(need: Need, *, price: float, rate: float) -> bool:
    """Whether a sweep shows what is needed with fewer calls than GetBatch for each.

    Batches that are listened to are asked for one by one all the same; but where they are too many to be
    asked within their interval, a sweep tells the end of each in time.

    Args:
        need: What there is to be seen.
        price: How many calls a sweep makes.
        rate: How many calls a second the waits may make.
    """
    return need.alone > price or need.alone + need.listened > max(price, rate * need.interval)


def time_for_sweep(watched: int, rate: float) -> float:
    """Return the seconds after which asking one by one would have been quicker, a minute at least.

    Args:
        watched: The batches that are waited for.
        rate: How many calls a second the waits may make.
    """
    return max(60.0, watched / rate)


def is_sign_of_life(status: str) -> bool:
    """Whether a list that shows this status tells that the batch is under way, as far as lists go.

    A status that is no active one, or that nobody knows, is reason to ask for the batch itself.
    """
    return status in _ORDER


def moves_on(before: str | None, after: str) -> bool:
    """Whether an active status comes later in a batch's life: lists lag, and may show what was before.

    Args:
        before: The status that was seen before; None where none was.
        after: An active status.
    """
    return before is None or _ORDER[after] > _ORDER.get(before, len(_ORDER))
