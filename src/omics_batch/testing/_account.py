"""What one account holds: its batches, their runs, and the requests that started them."""

from __future__ import annotations

import itertools
import uuid
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from omics_batch.testing._life import Life
from omics_batch.testing._reply import conflict, not_found
from omics_batch.testing._timeline import RunState, Timeline

if TYPE_CHECKING:
    from omics_batch._clock import Clock
    from omics_batch.testing._model import Document

ACCOUNT_ID: Final = "123456789012"

Lives: TypeAlias = Life | Callable[[Mapping[str, Any]], Life]
"""One life for all batches, or a choice by the StartRunBatch request."""

_FIRST_BATCH_ID: Final = 7_123_456
_FIRST_RUN_ID: Final = 2_000_001
_AGE_DIGITS: Final = 6
"""An age is kept to the microsecond, as the timeline is: 0.1 s ten times has to be 1 s."""


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch, as it was started, and what becomes of it."""

    id: str
    arn: str
    request: Document
    settings: Sequence[Document]
    timeline: Timeline
    created: float
    first_run_id: int

    @property
    def uuid(self) -> str:
        """The batch's UUID: always the same for the same ARN."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, self.arn))

    def run_id(self, index: int) -> str:
        """Give the id that a run has once it is submitted."""
        return str(self.first_run_id + index)


class Account:
    """All batches of an account in one region.

    Args:
        region_name: The region, for the ARNs.
        clock: What every age is read from.
        epoch: The wall-clock time at which the clock shows what it shows now.
        lives: How batches live whose life is not given.
    """

    def __init__(self, *, region_name: str, clock: Clock, epoch: datetime, lives: Lives) -> None:
        """Open an empty account."""
        self.region_name = region_name
        self._clock = clock
        self._epoch = epoch
        self._clock_at_epoch = clock.now()
        self._lives = lives
        self._batches: dict[str, Batch] = {}
        self._documents: dict[str, Document] = {}
        self._started: dict[str, Batch] = {}
        self._batch_ids = itertools.count(_FIRST_BATCH_ID)
        self._first_run_ids: list[int] = []
        self._owners: list[Batch] = []
        self._next_run_id = _FIRST_RUN_ID

    def start(self, request: Document, settings: Sequence[Document], life: Life | None = None) -> Batch:
        """Start a batch, or give the one that the same request started before.

        A requestId whose batch FAILED starts anew: the service's advice after a transient error is
        to submit the same batch with the same requestId.

        Raises:
            Refusal: The requestId belongs to another request.
        """
        before = self._started.get(request["requestId"])
        if before is not None and before.timeline.status(self.age(before)) != "FAILED":
            if before.request != request:
                raise conflict("The requestId was used before with other parameters.")
            return before
        batch = self._place(request, settings, life or self._life_of(request))
        self._started[request["requestId"]] = batch
        return batch

    def put(self, document: Document) -> str:
        """Keep a document that GetBatch is to answer for its id, whatever it says."""
        batch_id: str = document["id"]
        self._documents[batch_id] = document
        return batch_id

    def document(self, batch_id: str) -> Document | None:
        """Give the document that was put under an id; None if there is none."""
        return self._documents.get(batch_id)

    def batch(self, batch_id: str) -> Batch:
        """Find a batch.

        Raises:
            Refusal: There is none.
        """
        try:
            return self._batches[batch_id]
        except KeyError:
            raise not_found(f"Run batch with ID {batch_id} does not exist.") from None

    def run(self, run_id: str) -> tuple[Batch, int, RunState]:
        """Find a run by its id: its batch, its place there, and its state.

        Raises:
            Refusal: There is none, or it was not submitted yet.
        """
        place = bisect_right(self._first_run_ids, int(run_id)) - 1
        if place >= 0:
            batch = self._owners[place]
            index = int(run_id) - batch.first_run_id
            state = batch.timeline.run(index, self.age(batch)) if index < len(batch.settings) else None
            if state is not None:
                return batch, index, state
        raise not_found(f"Run with ID {run_id} does not exist.")

    def runs_from(self, run_id: int, batch_id: str | None = None) -> Iterator[tuple[int, Batch, int, RunState]]:
        """Walk through the runs that exist now, by rising id from the given one, of all batches or of one."""
        place = max(0, bisect_right(self._first_run_ids, run_id) - 1)
        for batch in self._owners[place:]:
            if batch_id is not None and batch.id != batch_id:
                continue
            age = self.age(batch)
            for index in range(max(0, run_id - batch.first_run_id), len(batch.settings)):
                if (state := batch.timeline.run(index, age)) is not None:
                    yield batch.first_run_id + index, batch, index, state

    def age(self, batch: Batch) -> float:
        """Give the seconds since a batch was created."""
        return round(self._clock.now() - batch.created, _AGE_DIGITS)

    def moment(self, batch: Batch, age: float) -> datetime:
        """Give the wall-clock time at which a batch had an age."""
        return self._epoch + timedelta(seconds=batch.created - self._clock_at_epoch + age)

    def arn(self, kind: str, identifier: str) -> str:
        """Give the ARN of a batch or a run."""
        return f"arn:aws:omics:{self.region_name}:{ACCOUNT_ID}:{kind}/{identifier}"

    def _life_of(self, request: Document) -> Life:
        return self._lives if isinstance(self._lives, Life) else self._lives(request)

    def _place(self, request: Document, settings: Sequence[Document], life: Life) -> Batch:
        batch_id = str(next(self._batch_ids))
        batch = Batch(
            id=batch_id,
            arn=self.arn("runBatch", batch_id),
            request=request,
            settings=settings,
            timeline=Timeline(life, [setting["runSettingId"] for setting in settings]),
            created=self._clock.now(),
            first_run_id=self._next_run_id,
        )
        self._batches[batch_id] = batch
        self._owners.append(batch)
        self._first_run_ids.append(batch.first_run_id)
        self._next_run_id += len(settings)
        return batch
