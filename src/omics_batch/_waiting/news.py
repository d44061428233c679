"""Events about a wait's status. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import omics_batch
from omics_batch._models.enums import BatchStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from omics_batch._models.batch import Batch
    from omics_batch._waiting.wait import Wait


def show_status(
    wait: Wait, status: str, batch: Batch | None, now: float, is_wanted: Callable[[str], bool]
) -> list[omics_batch.Event]:
    """Set the status of a wait, and return the events about the change.

    Args:
        wait: The wait.
        status: The status.
        batch: The batch as GetBatch showed it; None if a list showed its status.
        now: The moment on the clock.
        is_wanted: Whether events of a kind are wanted: others are not built.
    """
    if status == wait.status:
        return []
    before, wait.status = wait.status, status
    known, events = BatchStatus(status), list[omics_batch.Event]()
    if is_wanted("StatusChanged"):
        events.append(
            omics_batch.StatusChanged(
                time=now,
                batch_id=wait.batch_id,
                wait_id=wait.wait_id,
                before=None if before is None else BatchStatus(before),
                status=known,
                batch=batch,
            )
        )
    if not (known.is_known or wait.met_unknown):
        wait.met_unknown = True
        if is_wanted("UnknownStatus"):
            events.append(
                omics_batch.UnknownStatus(time=now, batch_id=wait.batch_id, wait_id=wait.wait_id, status=known)
            )
    return events
