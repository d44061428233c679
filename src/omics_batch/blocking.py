"""`BlockingClient`: `OmicsBatchClient` for code without asyncio, such as scripts, Flask, Django and Celery."""

from __future__ import annotations

import asyncio
import inspect
import os
import random as _random
import weakref
from collections.abc import AsyncGenerator, Callable, Collection, Coroutine, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import IO, Any, Final, Generic, Self, TypeVar

import omics_batch
from omics_batch._api.arguments import BatchReference, several
from omics_batch._api.listing import Listing, Rows
from omics_batch._api.retry import RetryPolicy
from omics_batch._client import OmicsBatchClient
from omics_batch._clock import Clock, Duration, SystemClock
from omics_batch._errors import ClientClosedError, InvalidInputError, OmicsBatchError
from omics_batch._loop_thread import LoopThread
from omics_batch._models.batch import Batch, BatchListItem, RunBatchListItem, StartRunBatchResponse
from omics_batch._signals import call_at_signals
from omics_batch._transport.types import AioSession
from omics_batch._waiting.policy import PollPolicy

__all__ = ["BlockingClient", "BlockingIterator", "BlockingListing"]

T = TypeVar("T")

_PLAIN: Final = "on_update has to be a plain function here: it is called, and not awaited"


class BlockingClient:
    """Starts, follows and ends AWS HealthOmics run batches like `OmicsBatchClient`, without `async` and `await`.

    For example::

        with BlockingClient(region_name="us-west-2") as client:
            batch = client.wait_until_processed("7123456", timeout=24 * 3600)
            for run in client.failed_runs(batch):
                print(run.run_setting_id, run.message)

    Its methods have the same arguments, results and errors as those of `OmicsBatchClient`, and return iterators where
    those return asynchronous ones. Use one client for all threads of a process. It runs its own thread with an event
    loop.

    The client opens at its first call. It closes at the end of `with`, with `close`, or at the end of the interpreter.
    Ctrl-C ends the call that the main thread is waiting for. The client stays open, and the batch continues.
    """

    def __init__(
        self,
        *,
        region_name: str | None = None,
        profile_name: str | None = None,
        endpoint_url: str | None = None,
        allow_http: bool = False,
        session: AioSession | None = None,
        max_rate: float | None = 10.0,
        retry: RetryPolicy | None = None,
        poll: PollPolicy = PollPolicy(),
        clock: Clock = SystemClock(),
        random: Callable[[], float] = _random.random,
        on_event: Callable[[omics_batch.Event], object] | None = None,
    ) -> None:
        """Take the settings; nothing is looked up or sent before the client is opened.

        The arguments are those of `OmicsBatchClient`. `on_event` is called in the client's own thread, and must not
        call the client.
        """
        client = OmicsBatchClient(
            region_name=region_name,
            profile_name=profile_name,
            endpoint_url=endpoint_url,
            allow_http=allow_http,
            session=session,
            max_rate=max_rate,
            retry=retry,
            poll=poll,
            clock=clock,
            random=random,
            on_event=on_event,
        )
        self._opening = _Opening(client)
        self._thread = LoopThread(client.close)
        self._put_signals_back: Callable[[], None] | None = None
        weakref.finalize(self, self._thread.stop).atexit = False  # then `close` is called, which waits

    def open(self) -> Self:
        """Find region, credentials and endpoint.

        Not needed: the first call of any method opens the client. On an open client it does nothing.
        """
        self._call(_nothing)
        return self

    def __enter__(self) -> Self:
        """Open the client, as `open` does."""
        return self.open()

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections, as `close` does."""
        self.close()

    def close(self) -> None:
        """Close the connections; waits and calls under way end with `ClientClosedError`.

        It returns when the client's thread has ended. A closed client stays closed. Closing it again does nothing, nor
        does closing it in a forked process.
        """
        if self._put_signals_back is not None:
            self._put_signals_back()
        self._thread.close()

    def close_at_signals(self) -> None:
        """Close the client as soon as SIGINT or SIGTERM comes, so that a server can stop.

        As `OmicsBatchClient.close_at_signals`. The calls of all threads end with `ClientClosedError`.
        """
        self.open()
        self._put_signals_back = call_at_signals(self._thread.stop)

    @property
    def retry_quota(self) -> int:
        """The tokens that are left for retries; all retries of this client share them."""
        return self._call(_retry_quota)

    # The operations of the service, under AWS's own names

    def start_run_batch(
        self, request: omics_batch.StartRunBatchRequest, *, timeout: Duration | None = None
    ) -> StartRunBatchResponse:
        """Start a batch, and return the service's response: give it to `wait_until_processed`.

        As `OmicsBatchClient.start_run_batch`. After Ctrl-C the batch may have been started: send the same request
        again.
        """
        return self._call(lambda client: client.start_run_batch(request, timeout=timeout))

    def get_batch(self, batch: BatchReference, *, timeout: Duration | None = None) -> Batch:
        """Return a batch as it stands now.

        As `OmicsBatchClient.get_batch`.
        """
        return self._call(lambda client: client.get_batch(batch, timeout=timeout))

    def list_batch(
        self,
        *,
        status: str | None = None,
        name: str | None = None,
        run_group_id: str | None = None,
        timeout: Duration | None = None,
    ) -> BlockingListing[BatchListItem]:
        """Iterate over the account's batches in the client's region, without their counts, or take them `all`.

        As `OmicsBatchClient.list_batch`.
        """
        return self._listing(
            lambda client: client.list_batch(status=status, name=name, run_group_id=run_group_id, timeout=timeout)
        )

    def list_runs_in_batch(
        self,
        batch: BatchReference,
        *,
        submission_status: str | None = None,
        run_setting_id: str | None = None,
        run_id: str | None = None,
        timeout: Duration | None = None,
    ) -> BlockingListing[RunBatchListItem]:
        """Iterate over the runs of a batch, or take them `all`: how the submission of each went.

        As `OmicsBatchClient.list_runs_in_batch`.
        """
        return self._listing(
            lambda client: client.list_runs_in_batch(
                batch,
                submission_status=submission_status,
                run_setting_id=run_setting_id,
                run_id=run_id,
                timeout=timeout,
            )
        )

    def cancel_run_batch(self, batch: BatchReference, *, timeout: Duration | None = None) -> None:
        """Ask for a batch to be cancelled: runs not yet submitted never start, those under way are stopped.

        As `OmicsBatchClient.cancel_run_batch`.
        """
        self._call(lambda client: client.cancel_run_batch(batch, timeout=timeout))

    def delete_run_batch(self, batch: BatchReference, *, timeout: Duration | None = None) -> None:
        """Ask for the runs of a batch to be deleted.

        As `OmicsBatchClient.delete_run_batch`.
        """
        self._call(lambda client: client.delete_run_batch(batch, timeout=timeout))

    def delete_batch(self, batch: BatchReference, *, timeout: Duration | None = None) -> None:
        """Delete the record of a batch that has ended.

        As `OmicsBatchClient.delete_batch`.
        """
        self._call(lambda client: client.delete_batch(batch, timeout=timeout))

    # Waits and what is made from several calls

    def wait_until_processed(
        self,
        batch: BatchReference,
        *,
        timeout: Duration | None = None,
        on_update: Callable[[Batch], object] | None = None,
        raise_on_failed_runs: bool = False,
        poll: PollPolicy | None = None,
    ) -> Batch:
        """Wait until every run of a batch has ended, and return the batch.

        As `OmicsBatchClient.wait_until_processed`. `on_update` is called in the thread that waits. It may call the
        client. It cannot be asynchronous.
        """
        return self._thread.run(
            lambda caller: self._opening.use(
                lambda client: client.wait_until_processed(
                    batch,
                    timeout=timeout,
                    on_update=None if on_update is None else partial(caller.call, _plain, on_update),
                    raise_on_failed_runs=raise_on_failed_runs,
                    poll=poll,
                )
            )
        )

    def as_processed(
        self,
        batches: Iterable[BatchReference],
        *,
        timeout: Duration | None = None,
        poll: PollPolicy | None = None,
    ) -> BlockingIterator[tuple[str, Batch | OmicsBatchError]]:
        """Iterate over many batches as they end: each one's id, and the `Batch` or what ended its wait instead.

        As `OmicsBatchClient.as_processed`.
        """
        given = several(batches)  # here: whatever they come from may call this client
        return self._iterator(lambda client: client.as_processed(given, timeout=timeout, poll=poll))

    def watch(
        self,
        batch: BatchReference,
        *,
        timeout: Duration | None = None,
        poll: PollPolicy | None = None,
    ) -> BlockingIterator[Batch]:
        """Iterate over a batch as it changes, until it has ended.

        As `OmicsBatchClient.watch`.
        """
        return self._iterator(lambda client: client.watch(batch, timeout=timeout, poll=poll))

    def failed_runs(
        self,
        batch: BatchReference,
        *,
        reasons: bool = True,
        cancelled: bool = False,
        timeout: Duration | None = None,
    ) -> BlockingListing[omics_batch.FailedRun]:
        """Iterate over every sample of a batch that did not succeed, or take them `all`: which, how, and why.

        As `OmicsBatchClient.failed_runs`.
        """
        return self._listing(
            lambda client: client.failed_runs(batch, reasons=reasons, cancelled=cancelled, timeout=timeout)
        )

    def results(
        self, batch: BatchReference, *, details: bool = False, timeout: Duration | None = None
    ) -> BlockingListing[omics_batch.RunResult]:
        """Iterate over the results of all runs of a batch, or take them `all`: status and times by runSettingId.

        As `OmicsBatchClient.results`.
        """
        return self._listing(lambda client: client.results(batch, details=details, timeout=timeout))

    def plan_resubmission(
        self,
        batch: BatchReference,
        *,
        request: omics_batch.StartRunBatchRequest | None = None,
        manifest: omics_batch.Manifest | None = None,
        remedies: Collection[omics_batch.Remedy] | None = None,
        cancelled: bool = False,
        default: Mapping[str, object] | None = None,
        parameters: Mapping[str, object] | None = None,
        max_attempts: int = 3,
        lineage: bool = True,
        timeout: Duration | None = None,
    ) -> omics_batch.ResubmissionPlan:
        """Plan which failed runs of a batch run again, and with what changes; nothing is started.

        As `OmicsBatchClient.plan_resubmission`.
        """
        return self._call(
            lambda client: client.plan_resubmission(
                batch,
                request=request,
                manifest=manifest,
                remedies=remedies,
                cancelled=cancelled,
                default=default,
                parameters=parameters,
                max_attempts=max_attempts,
                lineage=lineage,
                timeout=timeout,
            )
        )

    def cancel_and_wait(
        self,
        batch: BatchReference,
        *,
        timeout: Duration | None = None,
        poll: PollPolicy | None = None,
    ) -> Batch:
        """Cancel a batch, wait until none of its runs is under way, and return it with its counts.

        As `OmicsBatchClient.cancel_and_wait`.
        """
        return self._call(lambda client: client.cancel_and_wait(batch, timeout=timeout, poll=poll))

    def delete_everything(
        self,
        batch: BatchReference,
        *,
        timeout: Duration | None = None,
        poll: PollPolicy | None = None,
    ) -> Batch:
        """Delete the runs of a batch that has ended, then its record, and return its last known state.

        As `OmicsBatchClient.delete_everything`.
        """
        return self._call(lambda client: client.delete_everything(batch, timeout=timeout, poll=poll))

    def check_manifest(
        self, manifest: omics_batch.Manifest, *, timeout: Duration | None = None
    ) -> omics_batch.ManifestCheck:
        """Check a manifest against the parameter template of its workflow, before anything is started.

        As `OmicsBatchClient.check_manifest`.
        """
        return self._call(lambda client: client.check_manifest(manifest, timeout=timeout))

    def start_manifest(
        self,
        manifest: omics_batch.Manifest,
        *,
        attempt: int = 1,
        bucket_owner: str | None = None,
        encryption: str | None = None,
        kms_key_id: str | None = None,
        tag_batches: bool = True,
        timeout: Duration | None = None,
    ) -> BlockingIterator[omics_batch.StartedBatch]:
        """Start the batches of a manifest, one after the other, and iterate over them.

        As `OmicsBatchClient.start_manifest`.
        """
        return self._iterator(
            lambda client: client.start_manifest(
                manifest,
                attempt=attempt,
                bucket_owner=bucket_owner,
                encryption=encryption,
                kms_key_id=kms_key_id,
                tag_batches=tag_batches,
                timeout=timeout,
            )
        )

    def find_manifest(
        self, manifest: omics_batch.Manifest, *, timeout: Duration | None = None
    ) -> tuple[omics_batch.StartedBatch, ...]:
        """Return the batches that were started from a manifest, of all attempts.

        As `OmicsBatchClient.find_manifest`.
        """
        return self._call(lambda client: client.find_manifest(manifest, timeout=timeout))

    def _call(self, call: Callable[[OmicsBatchClient], Coroutine[Any, Any, T]]) -> T:
        return self._thread.run(lambda _: self._opening.use(call))

    def _iterator(self, make: Callable[[OmicsBatchClient], AsyncGenerator[T]]) -> BlockingIterator[T]:
        return BlockingIterator(self._thread, self._call(partial(_made, make)), self)

    def _listing(self, make: Callable[[OmicsBatchClient], Listing[T]]) -> BlockingListing[T]:
        return BlockingListing(self._thread, self._call(partial(_made, make)), self)


class _Opening:
    """A client that is opened by the first call that needs it, on its loop.

    Args:
        client: The client.
    """

    def __init__(self, client: OmicsBatchClient) -> None:
        self._client = client
        self._gate = asyncio.Lock()
        self._opened: OmicsBatchClient | None = None

    async def use(self, call: Callable[[OmicsBatchClient], Coroutine[Any, Any, T]]) -> T:
        """Make a call, once the client is open."""
        async with self._gate:
            self._opened = self._opened or await self._client.open()
        return await call(self._opened)


class BlockingIterator(Iterator[T], Generic[T]):
    """An iterator of a `BlockingClient`: each step waits for the next item.

    If you leave the loop early and keep the iterator, close it (`contextlib.closing`). It ends with the first error,
    and with Ctrl-C.
    """

    def __init__(self, thread: LoopThread, walk: AsyncGenerator[T], client: object) -> None:
        """Begin before the first item."""
        self._thread = thread
        self._walk = walk
        self._client = client  # kept: a client that nothing refers to is closed

    def __next__(self) -> T:
        try:
            return self._thread.run(lambda _: self._next())
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """End the iteration."""
        with suppress(ClientClosedError):
            self._thread.run(lambda _: self._walk.aclose())

    async def _next(self) -> T:
        return await anext(self._walk)


class BlockingListing(BlockingIterator[T], Generic[T]):
    """A list of the service: iterate over it with `for`, page by page, or take `all` of it at once.

    For example::

        for item in client.list_batch():
            print(item.id)
        failed = client.failed_runs("7123456").all()
        client.results("7123456").to_csv("results.csv")

    It can be read once.
    """

    def __init__(self, thread: LoopThread, walk: Listing[T], client: object) -> None:
        """Begin before the first item; nothing is sent yet."""
        super().__init__(thread, walk, client)
        self._listing = walk

    def __repr__(self) -> str:
        return "<BlockingListing: take `all()` of it, or iterate over it with `for`>"

    def all(self) -> Rows[T]:
        """Return all items as a list, which a notebook shows as a table.

        Raises:
            InvalidInputError: Its iteration has begun already: items would be missing.
            OmicsBatchError: As the iteration.
        """
        return self._thread.run(lambda _: self._all())

    def to_csv(self, file: str | os.PathLike[str] | IO[str], *, spreadsheet: bool = False, delimiter: str = ",") -> int:
        """Write the items to a CSV file as they come, as `Rows.to_csv` does; none of them is kept.

        As `Listing.to_csv`. An open file is written in the client's thread, while this one waits.

        Returns:
            How many cells got an apostrophe.

        Raises:
            InvalidInputError: Its iteration has begun already: items would be missing.
            OSError: The file cannot be written.
            OmicsBatchError: As the iteration.
        """
        return self._thread.run(lambda _: self._listing.to_csv(file, spreadsheet=spreadsheet, delimiter=delimiter))

    def to_json_lines(self, file: str | os.PathLike[str] | IO[str]) -> None:
        """Write the items to a file of JSON lines as they come, as `Rows.to_json_lines` does; none of them is kept.

        As `Listing.to_json_lines`. An open file is written in the client's thread, while this one waits.

        Raises:
            InvalidInputError: Its iteration has begun already: items would be missing.
            OSError: The file cannot be written.
            OmicsBatchError: As the iteration.
        """
        self._thread.run(lambda _: self._listing.to_json_lines(file))

    async def _all(self) -> Rows[T]:
        return await self._listing


async def _nothing(_: OmicsBatchClient) -> None:
    """Let the client be opened."""


async def _retry_quota(client: OmicsBatchClient) -> int:
    return client.retry_quota


async def _made(make: Callable[[OmicsBatchClient], T], client: OmicsBatchClient) -> T:
    return make(client)


def _plain(on_update: Callable[[Batch], object], batch: Batch) -> None:
    returned = on_update(batch)
    if inspect.isawaitable(returned):
        if inspect.iscoroutine(returned):
            returned.close()
        raise InvalidInputError(_PLAIN)
