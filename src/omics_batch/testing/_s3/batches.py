"""Batches whose run settings are in S3: read at the start, and again when runs are submitted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from omics_batch.testing._life import Life
from omics_batch.testing._s3.run_settings import INVALID, RunSettings
from omics_batch.testing._service.http_response import Refusal, validation
from omics_batch.testing._service.schedule import Schedule
from omics_batch.testing._service.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omics_batch.testing._s3.objects import Objects
    from omics_batch.testing._service.batch import StoredBatch
    from omics_batch.testing._service.service_model import Document
    from omics_batch.testing._service.store import Store

_AFTER_PENDING: Final = frozenset({"SUBMITTING", "INPROGRESS", "PROCESSED"})
"""The statuses after PENDING of a batch that was not cancelled and does not fail for another reason."""


@dataclass(frozen=True, slots=True)
class StoredSettings:
    """The run settings of a batch from an S3 object."""

    uri: str
    etag: str
    settings: Sequence[Document]
    flaw: str | None = None
    """Why a batch with them will be FAILED; None if they can be read."""
    is_new: bool = True
    """False if they are those of an earlier batch with the same requestId."""


class S3Batches:
    """The batches of an account that were started from S3.

    The service records the object's ETag when a batch is started, and reads the object while the batch is
    PENDING: if it has changed by then, the batch is FAILED. The simulator checks the object at the first request of any
    kind after PENDING is over.

    Args:
        objects: The objects; None if no S3 was given.
        account: The store with the batches.
    """

    def __init__(self, objects: Objects | None, account: Store) -> None:
        """Start with no batch."""
        self._objects = objects
        self._account = account
        self._unread: dict[str, tuple[StoredBatch, StoredSettings]] = {}
        self._turn = asyncio.Lock()

    async def read(self, request: Document) -> StoredSettings | None:
        """Read the run settings that a request names by their URI; None if it names none.

        Raises:
            Refusal: There is no such object, or no S3.
        """
        uri = request.get("batchRunSettings", {}).get("s3UriSettings")
        if uri is None:
            return None
        if (before := self._account.started(request)) is not None:  # even if the object has changed since
            return StoredSettings(uri, "", before.settings, is_new=False)
        found = await self._found().read(uri)
        try:
            return StoredSettings(uri, found.etag, await asyncio.to_thread(RunSettings, found.content))
        except ValueError:
            return StoredSettings(uri, found.etag, [], INVALID)

    def follow(self, batch_id: str, stored: StoredSettings) -> None:
        """Check a batch's object again after PENDING, unless the batch is one of an earlier request."""
        batch = self._account.batch(batch_id)
        if stored.is_new and batch is not None and batch.settings is stored.settings:
            self._unread[batch_id] = batch, stored

    async def settle(self) -> None:
        """Check the objects of the batches whose PENDING is over."""
        async with self._turn:  # requests that come meanwhile wait for the result
            for batch, stored in list(self._unread.values()):
                age = self._account.age(batch)
                if age >= batch.timeline.submitting_at:
                    reason = stored.flaw or await self._change(stored)
                    if reason is not None and batch.timeline.status(age) in _AFTER_PENDING:
                        self._account.change(batch, _failed(batch, reason))
                    del self._unread[batch.id]

    async def _change(self, stored: StoredSettings) -> str | None:
        try:
            etag = await self._found().etag(stored.uri)
        except Refusal:
            etag = "null"
        if etag == stored.etag:
            return None
        return (
            f'Expected s3UriConfigs etag: "{stored.etag}" but was: "{etag}". '
            "s3UriConfigs have changed since calling StartRunBatch"
        )

    def _found(self) -> Objects:
        if self._objects is None:
            raise validation(
                "s3UriSettings cannot be read without a folder or the URL of a local S3 (simulate --s3, or "
                "Simulator(s3=...)): give one, or send the run settings as inlineSettings."
            )
        return self._objects


def _failed(batch: StoredBatch, reason: str) -> Timeline:
    """Return the timeline of a batch that fails when PENDING is over."""
    life = Life(creating=batch.timeline.submitting_at, pending=0.0, failure_reason=reason)
    return Timeline(Schedule(life, [setting["runSettingId"] for setting in batch.settings]))
