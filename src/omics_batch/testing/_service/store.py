"""The store of an account: batches, runs, and request ids."""

from __future__ import annotations

import heapq
import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import count, islice
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from omics_batch.testing._life import Life
from omics_batch.testing._service.batch import StoredBatch
from omics_batch.testing._service.http_response import conflict, iso8601, not_found
from omics_batch.testing._service.records import Record, Records, status_at
from omics_batch.testing._service.rules import check_start, check_status
from omics_batch.testing._service.schedule import Schedule
from omics_batch.testing._service.status_lists import StatusLists
from omics_batch.testing._service.timeline import Timeline
from omics_batch.testing._service.workflows import Workflows

if TYPE_CHECKING:
    from datetime import datetime

    from omics_batch._clock import Clock
    from omics_batch.testing._service.service_model import Document
    from omics_batch.testing._service.states import RunState
    from omics_batch.testing._service.status_lists import Listed

ACCOUNT_ID: Final = "123456789012"

Lives: TypeAlias = Life | Callable[[Mapping[str, Any]], Life]
"""One life for all batches, or a choice by the StartRunBatch request."""

_FIRST_BATCH_ID: Final = 7_123_456
_FIRST_RUN_ID: Final = 2_000_001


class Store:
    """All batches of an account in one region.

    Args:
        region_name: The region, for the ARNs.
        clock: The clock that measures ages.
        epoch: The wall-clock time of the present moment on the clock.
        lives: The life of batches that have none of their own.
        list_lag: The seconds until ListBatch shows a change.
    """

    def __init__(self, *, region_name: str, clock: Clock, epoch: datetime, lives: Lives, list_lag: float = 0.0) -> None:
        """Open an empty account."""
        self.region_name = region_name
        self.workflows = Workflows(self.arn)
        self._clock = clock
        self._epoch = epoch
        self._clock_at_epoch = clock.now()
        self._lives = lives
        self._records = Records()
        self._shelves = StatusLists(list_lag)
        self._started: dict[str, StoredBatch] = {}
        self._batches: dict[str, StoredBatch] = {}
        self._by_run_id: list[StoredBatch] = []
        self._deleting: list[StoredBatch] = []
        """The batches whose runs are or will be deleted, and whose run ids were not reused yet."""
        self._next_batch_id = _FIRST_BATCH_ID
        self._to_come: list[tuple[float, int, Document]] = []
        self._order = count()
        self._next_run_id = _FIRST_RUN_ID
        self._lock = threading.RLock()  # a test may place batches from another thread than the server's

    def start(
        self, request: Document, settings: Sequence[Document], life: Life | None = None, age: float = 0.0
    ) -> StoredBatch:
        """Start a batch, or return the one that the same request started before.

        A requestId whose batch FAILED starts a new batch: after a transient error, the user guide advises
        to submit the same batch with the same requestId. A requestId whose batch's record was deleted also starts a new
        batch: the requestId was part of the record.

        Args:
            request: The members of the StartRunBatch request.
            settings: The run settings.
            life: The batch's life; the account's `lives` if None.
            age: How many seconds ago it was started.

        Raises:
            Refusal: The requestId belongs to another request, or the request breaks a rule of the guide.
        """
        check_start(request)
        with self._lock:
            before = self.started(request)
            if before is not None:
                if before.request != request:
                    raise conflict("The requestId was used before with other parameters.")
                return before
            batch = self._place(request, settings, life or self._life_of(request), age)
            self._started[request["requestId"]] = batch
            return batch

    def started(self, request: Document) -> StoredBatch | None:
        """Return the batch that a request's requestId started before; None if the request starts a new one."""
        before = self._started.get(request["requestId"])
        return None if before is None or before.timeline.status(self.age(before)) == "FAILED" else before

    def put(self, document: Document, at: float | None = None) -> str:
        """Show a document for its id from a moment on, or from now on; it is not checked."""
        batch_id: str = document["id"]
        with self._lock:
            heapq.heappush(self._to_come, (self._clock.now() if at is None else at, next(self._order), document))
            self._put_due()
        return batch_id

    def _put_due(self) -> None:
        """Show the documents whose moment has come."""
        while self._to_come and self._to_come[0][0] <= self._clock.now():
            at, _, document = heapq.heappop(self._to_come)
            self._shelves.note(at, self._records.put(document["id"], document), document)

    def document(self, batch_id: str) -> Document | None:
        """Return the document that was put under an id; None if there is none."""
        record = self._record(batch_id)
        return None if isinstance(record, StoredBatch) else record

    def record(self, batch_id: str) -> Record:
        """Return the record of a batch.

        Raises:
            Refusal: There is no such batch, or its record was deleted.
        """
        record = self._record(batch_id)
        if record is None:
            raise not_found(f"Run batch with ID {batch_id} does not exist.")
        return record

    def listed(self, status: str | None, start: int | None) -> Iterator[Listed]:
        """Iterate over the batches of ListBatch from a place on, or from the newest, to the oldest.

        Args:
            status: The only status; all if None.
            start: The place; None for the newest.
        """
        with self._lock:
            self._put_due()
            return self._shelves.walk(self._clock.now(), status, start)

    def batch(self, batch_id: str) -> StoredBatch | None:
        """Return the batch of an id, even if its record is deleted; None if none was started."""
        return self._batches.get(batch_id)

    def change(self, batch: StoredBatch, timeline: Timeline) -> None:
        """Set another timeline of a batch, after a cancel, a delete or a failure."""
        with self._lock:
            batch.timeline = timeline
            if self._records.get(batch.id) is batch:
                self._shelves.note(self._clock.now(), self._records.place(batch.id), batch)

    def cancel(self, batch_id: str) -> None:
        """Cancel a batch's runs.

        Raises:
            Refusal: There is no such batch, or its status forbids it.
        """
        self._change("CancelRunBatch", batch_id, Timeline.cancelled)

    def delete_runs(self, batch_id: str) -> None:
        """Delete a batch's runs.

        Raises:
            Refusal: There is no such batch, or its status forbids it.
        """
        with self._lock:
            self._change("DeleteRunBatch", batch_id, Timeline.runs_deleted)
            if (batch := self.batch(batch_id)) is not None:
                self._deleting.append(batch)

    def delete(self, batch_id: str) -> None:
        """Delete a batch's record, and leave its runs.

        Raises:
            Refusal: There is no such batch, or its status forbids it.
        """
        with self._lock:
            record = self._permit("DeleteBatch", batch_id)
            self._shelves.note(self._clock.now(), self._records.remove(batch_id), None)
        if isinstance(record, StoredBatch):
            self._forget_request(record)

    def remove(self, batch_id: str) -> None:
        """Remove a batch and its runs completely, in any status.

        Raises:
            KeyError: There is no such batch.
        """
        with self._lock:
            batch = self._batches.pop(batch_id, None)
            if batch is not None:
                self._deleting = [other for other in self._deleting if other is not batch]
                position = self._position(batch.first_run_id)
                if self._by_run_id[position] is batch:
                    del self._by_run_id[position]
                self._forget_request(batch)
            if batch is None or self._record(batch_id) is not None:
                self._shelves.note(self._clock.now(), self._records.remove(batch_id), None)

    def run(self, run_id: str) -> tuple[StoredBatch, int, RunState]:
        """Return the batch of a run, the run's index in it, and the run's state.

        Raises:
            Refusal: There is no such run, it was not submitted yet, or it was deleted.
        """
        for batch in self._batches_from(int(run_id)):
            index = batch.index_of_run(run_id)
            state = None if index is None else batch.timeline.run(index, self.age(batch))
            if index is not None and state is not None:
                return batch, index, state
            break
        raise not_found(f"Run with ID {run_id} does not exist.")

    def runs(
        self, start: int, *, batch_id: str | None = None, status: str | None = None
    ) -> Iterator[tuple[int, StoredBatch, int]]:
        """Iterate over runs by rising id, from the given one on.

        Args:
            start: The first id.
            batch_id: The only batch; all if None.
            status: The only status; all if None.

        Yields:
            The id, the batch and the index in the batch, for each run that exists now.
        """
        if batch_id is None:
            batches = self._batches_from(start)
        else:
            batches = (batch for batch in [self.batch(batch_id)] if batch is not None)
        for batch in batches:
            first = max(0, start - batch.first_run_id)
            for index in batch.timeline.runs_in(status, self.age(batch), first):
                yield batch.first_run_id + index, batch, index

    def age(self, batch: StoredBatch) -> float:
        """Return the seconds since a batch was created."""
        return batch.age(self._clock.now())

    def moment(self, batch: StoredBatch, age: float) -> str:
        """Return the wall-clock time at which a batch had an age."""
        return iso8601(self._epoch + timedelta(seconds=batch.created - self._clock_at_epoch + age))

    def arn(self, kind: str, identifier: str) -> str:
        """Return the ARN of a batch or a run."""
        return f"arn:aws:omics:{self.region_name}:{ACCOUNT_ID}:{kind}/{identifier}"

    def _record(self, batch_id: str) -> Record | None:
        with self._lock:
            self._put_due()
        return self._records.get(batch_id)

    def _life_of(self, request: Document) -> Life:
        return self._lives if isinstance(self._lives, Life) else self._lives(request)

    def _permit(self, operation: str, batch_id: str) -> Record:
        record = self.record(batch_id)
        check_status(operation, batch_id, status_at(record, self._clock.now()))
        return record

    def _change(self, operation: str, batch_id: str, event: Callable[[Timeline, float], Timeline]) -> None:
        """Apply a cancel or delete to a batch; a document that was put stays as it is."""
        with self._lock:
            record = self._permit(operation, batch_id)
            if isinstance(record, StoredBatch):
                self.change(record, event(record.timeline, self.age(record)))

    def _forget_request(self, batch: StoredBatch) -> None:
        request_id = batch.request["requestId"]
        if self._started.get(request_id) is batch:
            del self._started[request_id]

    def _batches_from(self, run_id: int) -> Iterator[StoredBatch]:
        """Iterate over the batches that may have runs with an id or a higher one."""
        return islice(self._by_run_id, max(0, self._position(run_id)), None)

    def _position(self, run_id: int) -> int:
        """Return the position of the last batch whose first run has this id or a lower one; -1 if there is none."""
        return bisect_right(self._by_run_id, run_id, key=lambda batch: batch.first_run_id) - 1

    def _place(self, request: Document, settings: Sequence[Document], life: Life, age: float) -> StoredBatch:
        batch_id = str(self._next_batch_id)
        run_setting_ids = [setting["runSettingId"] for setting in settings]
        batch = StoredBatch(
            id=batch_id,
            arn=self.arn("runBatch", batch_id),
            request=request,
            settings=settings,
            run_setting_ids=run_setting_ids,
            timeline=Timeline(Schedule(life, run_setting_ids)),
            created=self._clock.now() - age,
            first_run_id=self._next_run_id,
        )
        self._batches[batch_id] = batch
        self._give_run_ids(batch)
        self._shelves.note(batch.created, self._records.put(batch_id, batch), batch)
        self._next_batch_id += 1
        return batch

    def _give_run_ids(self, batch: StoredBatch) -> None:
        """Give a batch the ids of deleted runs, which the service may reuse, or else new ones."""
        for deleted in self._deleting:
            is_enough = len(batch.settings) <= len(deleted.settings)
            if is_enough and deleted.timeline.status(self.age(deleted)) == "RUNS_DELETED":
                self._deleting = [other for other in self._deleting if other is not deleted]
                batch.first_run_id = deleted.first_run_id
                self._by_run_id[self._position(batch.first_run_id)] = batch
                return
        self._by_run_id.append(batch)
        self._next_run_id += len(batch.settings)
