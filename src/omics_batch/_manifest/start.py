"""Starting the batches of a manifest: each once, however often it is tried."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import omics_batch
from omics_batch._advice import with_advice, worded
from omics_batch._api.storage import MAX_PUT
from omics_batch._errors import (
    Advice,
    AdviceKind,
    BatchFailedError,
    ConflictError,
    InvalidInputError,
    OmicsBatchError,
    Party,
    ResourceNotFoundError,
    WaitError,
)
from omics_batch._manifest.started import StartedBatch, is_transient, tagged
from omics_batch._models.enums import BatchStatus
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence

    from omics_batch._api.changes import BatchChanges
    from omics_batch._api.get_batch import BatchReader
    from omics_batch._api.storage import ObjectHead, ObjectStorage
    from omics_batch._emitter import EventEmitter
    from omics_batch._manifest.find import ManifestFinder
    from omics_batch._manifest.manifest import Manifest, ManifestBatch
    from omics_batch._models.batch import Batch, StartRunBatchResponse
    from omics_batch._models.request import StartRunBatchRequest

E = TypeVar("E", bound=OmicsBatchError)

_TRIES: Final = 3
"""How often a batch is started that fails for a transient reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadOptions:
    """How settings files are put into S3."""

    bucket_owner: str | None = None
    """The account that has to own the bucket."""
    encryption: str | None = None
    """The server-side encryption, such as `aws:kms`; None leaves it to the bucket."""
    kms_key_id: str | None = None
    """The key for it."""

    @property
    def for_head(self) -> Mapping[str, str]:
        """The parameters of HeadObject."""
        return {} if self.bucket_owner is None else {"ExpectedBucketOwner": self.bucket_owner}

    @property
    def for_put(self) -> Mapping[str, str]:
        """The parameters of PutObject."""
        encryption = self.encryption or ("aws:kms" if self.kms_key_id else None)
        given = {"ServerSideEncryption": encryption, "SSEKMSKeyId": self.kms_key_id}
        return {**self.for_head, **{name: value for name, value in given.items() if value is not None}}


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestStarter:
    """Starts the batches of a manifest, one after the other."""

    looker: BatchReader
    changer: BatchChanges
    finder: ManifestFinder
    storage: ObjectStorage
    events: EventEmitter
    cancel: Callable[[StartRunBatchResponse], Awaitable[object]]
    """Cancels a batch that was just started, and waits for that."""
    upload: UploadOptions
    within: float | None
    """Seconds for each call of HealthOmics; None for no limit."""

    async def walk(
        self, manifest: Manifest, requests: Sequence[StartRunBatchRequest], attempt: int, *, tags: bool
    ) -> AsyncGenerator[StartedBatch]:
        """Start each batch that is not there, and yield all of them in their order.

        Args:
            manifest: The manifest.
            requests: Its requests.
            attempt: Which attempt they are.
            tags: Whether the batches are tagged, and found again by that.
        """
        files = manifest.batches
        there: Mapping[str, Batch] = {}
        if tags:
            requests = [tagged(request, attempt) for request in requests]
            there = await self.finder.of(requests, frozenset(file.runs for file in files))
        for index, (request, file) in enumerate(zip(requests, files, strict=True)):
            found = there.get(request.request_id)
            if found is not None:
                yield StartedBatch(index, found, request, existed=True, attempt=attempt)
            else:
                pieces = partial(manifest.settings, index)
                started = await self._start(request, file, pieces, attempt)
                yield StartedBatch(index, started, request, existed=False, attempt=attempt)

    async def _start(
        self, request: StartRunBatchRequest, file: ManifestBatch, pieces: Callable[[], Iterator[bytes]], attempt: int
    ) -> StartRunBatchResponse:
        """Start a batch, with its settings in S3 before and unchanged afterwards."""
        uri = file.settings_uri
        if uri is None:
            return await self._begin(request, attempt)
        before = await self._store(uri, file, pieces)
        started = await self._begin(request, attempt)
        await self._check_unchanged(uri, before, started, attempt)
        return started

    async def _store(self, uri: str, file: ManifestBatch, pieces: Callable[[], Iterator[bytes]]) -> ObjectHead:
        """Put a settings file where it is not, and return what is there: just that file."""
        if file.size > MAX_PUT:
            raise InvalidInputError(
                f"{file.size:,} bytes of settings for {file.runs:,} runs: S3 takes {MAX_PUT:,} at once. Move "
                "parameters that all runs share to defaultRunSetting, or divide the sheet"
            )
        checksum = base64.b64encode(bytes.fromhex(file.sha256)).decode()
        made = await self.storage.put(uri, pieces, size=file.size, checksum=checksum, options=self.upload.for_put)
        if made is not None:
            self.events.emit(
                "SettingsUploaded",
                lambda now: omics_batch.SettingsUploaded(time=now, uri=uri, size=file.size, runs=file.runs),
            )
        there = await self.storage.head(uri, options=self.upload.for_head)
        if (there.size, there.checksum) == (file.size, checksum):
            return there
        what = (
            "has no SHA-256" if there.checksum is None else f"has {there.size} bytes and the SHA-256 {there.checksum}"
        )
        raise ConflictError(
            f"{one_line(uri)} is not the settings file of this manifest, which has {file.size} bytes and the SHA-256 "
            f"{checksum}: it {what}. Nothing was started. Remove the object, or name another settingsUri.",
            operation="PutObject",
        )

    async def _begin(self, request: StartRunBatchRequest, attempt: int) -> StartRunBatchResponse:
        """Start a batch that has not FAILED; again, where the service documents that."""
        tries = 1
        while True:
            started = await self.changer.start(request, within=self.within)
            failed = await self._failed(started)
            if failed is None:
                return started
            if not is_transient(failed.failure_reason) or tries == _TRIES:
                raise _failure(failed, attempt)
            tries += 1

    async def _failed(self, started: StartRunBatchResponse) -> Batch | None:
        """Return the batch that a start was answered with, if it is FAILED: one that an earlier start had made."""
        try:
            batch = await self.looker.get(started.id, within=self.within)
        except OmicsBatchError:  # such as a new batch that is not known yet: a wait is going to see it
            return None
        return batch if batch.status == BatchStatus.FAILED else None

    async def _check_unchanged(
        self, uri: str, before: ObjectHead, started: StartRunBatchResponse, attempt: int
    ) -> None:
        """Cancel a batch whose settings file is not what it was just before the start."""
        try:
            now = await self.storage.head(uri, options=self.upload.for_head)
        except ResourceNotFoundError:
            what = "was removed"
        except OmicsBatchError as error:
            error.batch_id = started.id
            error.add_note(f"Batch {started.id} was started. Whether its settings have changed since is not known.")
            raise
        else:
            if now.etag == before.etag:
                return
            what = "was changed"
        end = "The batch was cancelled"
        try:
            await self.cancel(started)
        except WaitError as ended:
            end = f"The batch ended: {ended.problem.rstrip('.')}"
        except OmicsBatchError as trouble:
            end = f"Cancel the batch, which was not possible: {trouble.problem.rstrip('.')}"
        problem = f"{one_line(uri)} {what} while batch {started.id} was started. {end}."
        raise _with_another_attempt(ConflictError, problem, started.id, attempt, Party.CALLER)


def _failure(batch: Batch, attempt: int) -> BatchFailedError:
    reason = one_line(batch.failure_reason or "the service gave no reason").rstrip(".")
    problem = f"a batch of this content FAILED, batch {batch.id}: {reason}."
    error = _with_another_attempt(BatchFailedError, problem, batch.id, attempt, Party.SERVICE)
    error.batch = batch
    return error


def _with_another_attempt(kind: type[E], problem: str, batch_id: str, attempt: int, fault: Party) -> E:
    advice = Advice(AdviceKind.START_ANOTHER, {"attempt": attempt + 1})
    error = with_advice(kind(worded(problem, advice)), problem, advice)
    error.batch_id, error.fault = batch_id, fault
    return error
