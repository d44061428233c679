"""A batch in the store."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omics_batch.testing._service.service_model import Document
    from omics_batch.testing._service.timeline import Timeline

AGE_DIGITS: Final = 6
"""Ages and timelines are rounded to microseconds, so that 0.1 s ten times is exactly 1 s."""

_RUN_ID: Final = re.compile(r"[1-9][0-9]{0,17}")


@dataclass
class StoredBatch:
    """One batch; a cancel or a delete gives it another timeline."""

    id: str
    arn: str
    request: Document
    settings: Sequence[Document]
    run_setting_ids: Sequence[str]
    timeline: Timeline
    created: float
    first_run_id: int

    @cached_property
    def uuid(self) -> str:
        """The batch's UUID: always the same for the same ARN."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.arn))

    def age(self, now: float) -> float:
        """Return the seconds from its creation to a moment of the clock."""
        return max(0.0, round(now - self.created, AGE_DIGITS))

    def run_id(self, index: int) -> str:
        """Return the id that a run has once it is submitted."""
        return str(self.first_run_id + index)

    def index_of_run(self, run_id: str) -> int | None:
        """Return the index of the run that has or will have an id; None if the id is not in this batch."""
        index = int(run_id) - self.first_run_id if _RUN_ID.fullmatch(run_id) else -1
        return index if 0 <= index < len(self.run_setting_ids) else None

    def index_of_setting(self, run_setting_id: str) -> int | None:
        """Return the index of the run with a runSettingId; None if there is none."""
        return self._indexes.get(run_setting_id)

    @cached_property
    def _indexes(self) -> dict[str, int]:
        return {run_setting_id: index for index, run_setting_id in enumerate(self.run_setting_ids)}
