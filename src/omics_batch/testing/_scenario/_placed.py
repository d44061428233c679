"""A batch that a scenario places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omics_batch.testing._life import Life


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedBatch:
    """A batch that is there at once."""

    runs: int | Sequence[str]
    """The runSettingIds, or how many runs: `sample-1` and so on then."""
    name: str | None = None
    """Its name."""
    life: Life | None = None
    """How it lives; as the scenario's batches do if None."""
