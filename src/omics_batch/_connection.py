"""A client's settings, and its connection while it is open."""

from __future__ import annotations

import asyncio
import random as _random
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Final, Self

import omics_batch
from omics_batch._api.arguments import BatchReference, batch_id_of
from omics_batch._api.call import OperationCaller
from omics_batch._api.changes import BatchChanges
from omics_batch._api.get_batch import BatchReader
from omics_batch._api.pagination import Paginator
from omics_batch._api.rate_limiter import RateLimiter, TurnQueue
from omics_batch._api.retry import RetryHandler, RetryPolicy
from omics_batch._api.storage import ObjectStorage
from omics_batch._clock import Clock, Duration, SystemClock, clock_here, in_seconds, timeout_in_seconds
from omics_batch._emitter import EventEmitter, checked_hook
from omics_batch._errors import ClientClosedError, InvalidInputError
from omics_batch._loop import OwnLoop
from omics_batch._signals import call_at_signals
from omics_batch._transport.client_factory import open_transport
from omics_batch._transport.storage import open_storage
from omics_batch._transport.types import AioSession, OmicsClient
from omics_batch._waiting.cancel_delete import DestructiveActions
from omics_batch._waiting.list_scan import scan_lists
from omics_batch._waiting.policy import PollPolicy
from omics_batch._waiting.waits import Waits
from omics_batch._words import one_line

_KEEPALIVE: Final = 1.5
"""Of the longest poll interval: an idle connection has to outlast it, jitter included."""

_SHORTEST_KEEPALIVE: Final = 60.0
"""Seconds; requests that follow each other closely share a connection, however slow some of them are."""

_CLOSE_THERE: Final = (
    "the client belongs to another event loop: close it there; from another thread, "
    "asyncio.run_coroutine_threadsafe(client.close(), loop) does it"
)

_KINDS: Final[Mapping[str, tuple[str, tuple[type, ...]]]] = {
    "region_name": ("a text or None", (str, type(None))),
    "profile_name": ("a text or None", (str, type(None))),
    "allow_http": ("True or False", (bool,)),
    "retry": ("a RetryPolicy or None", (RetryPolicy, type(None))),
    "poll": ("a PollPolicy", (PollPolicy,)),
}
"""What the settings of a client have to be."""

_NEW: Final = "is not open"
_OPENING: Final = "is being opened"
_OPEN: Final = "is open already"
_CLOSED: Final = "was closed"
_HOW_TO_GO_ON: Final = {
    _NEW: "use it inside `async with OmicsBatchClient() as client`, or after `await client.open()`",
    _OPENING: "use it once that is over",
    _OPEN: "one client serves all tasks of its event loop",
    _CLOSED: "make another one",
}

_WITHOUT_LOOP: Final = 1.0
"""Seconds in which connections are closed whose event loop was closed before."""


class Connection:
    """A client's connections, rate, retries and poller, from `async with` to its end."""

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

        Args:
            region_name: The AWS region, such as us-west-2; None takes the environment's or the profile's.
            profile_name: A profile of the shared AWS configuration files; None takes AWS_PROFILE's.
            endpoint_url: Another endpoint than the region's own; None takes AWS_ENDPOINT_URL_OMICS's, if any.
            allow_http: Let plain http go to other machines; the session token can be read on the way.
            session: An aiobotocore session of your own, for its credentials; it stays as it is.
            max_rate: Requests a second at most. The default is the account's default quota, which all its clients
                share. Throttling lowers the rate of the throttled operation, and answers raise it again. Waits use
                half of it, and their looks are sent before other calls. None is no limit.
            retry: How often and how fast failed requests are sent again. None is `RetryPolicy()`, under which
                calls that start, cancel or delete are retried until their `timeout`.
            poll: When waits look again.
            clock: The clock for sleeping and for all time limits; tests pass their own.
            random: A source of numbers from 0.0 to 1.0 for delays and jitter.
            on_event: Called with each `Event`, at once and on the event loop: it should be quick. It is not awaited.
                If it raises, that is logged once and otherwise ignored.

        Raises:
            InvalidInputError: A setting has a wrong type, or both `session` and `profile_name` are given.
        """
        if session is not None and profile_name is not None:
            raise InvalidInputError("give either session or profile_name: a session has its own profile")
        if session is not None:
            _check_session(session)
        _check_kinds(
            region_name=region_name,
            profile_name=profile_name,
            allow_http=allow_http,
            retry=retry,
            poll=poll,
            clock=clock,
        )
        self._region_name = region_name
        self._profile_name = profile_name
        self._endpoint_url = endpoint_url
        self._allow_http = allow_http
        self._session = session
        self._retry = retry
        self._poll = poll
        self._clock = clock
        self._random = random
        self._on_event = checked_hook(on_event)
        self._turns = TurnQueue(max_rate)
        self._state = _NEW
        self._exits = ExitStack()
        self._open: Opened | None = None

    async def open(self) -> Self:
        """Find region, credentials and endpoint: for notebooks, where no `async with` spans the cells.

        Elsewhere use `async with`, which opens the client and always closes it. After an error, you can open it
        again.

        Returns:
            The client itself.

        Raises:
            ClientClosedError: It is open already, or was closed.
            InvalidInputError: A setting cannot be right, there is no region, or no asyncio event loop is running.
            CredentialsError: The credentials are incomplete.
        """
        if self._state != _NEW:
            raise ClientClosedError(f"the client {self._state}, and is opened once: {_HOW_TO_GO_ON[self._state]}")
        loop = OwnLoop()
        self._state = _OPENING
        try:
            self._open = await self._opened_on(loop)
        except BaseException:
            self._state = _NEW
            raise
        self._state = _OPEN
        return self

    async def __aenter__(self) -> Self:
        """Open the client, as `open` does."""
        return await self.open()

    async def _opened_on(self, loop: OwnLoop) -> Opened:
        self._clock = clock = clock_here(self._clock)
        events = EventEmitter(self._on_event, clock)
        retry = RetryHandler(self._retry, clock, self._random)
        transport = await open_transport(
            region_name=self._region_name,
            profile_name=self._profile_name,
            endpoint_url=self._endpoint_url,
            allow_http=self._allow_http,
            session=self._session,
            attempt_timeout=in_seconds("attempt_timeout", retry.policy.attempt_timeout),
            keepalive=max(_KEEPALIVE * in_seconds("maximum", self._poll.maximum), _SHORTEST_KEEPALIVE),
            clock=clock,
            events=events,
        )
        caller = OperationCaller(transport, retry, RateLimiter(clock, self._turns), clock, events)

        async def connect_storage() -> OperationCaller:
            storage = open_storage(
                transport,
                allow_http=self._allow_http,
                attempt_timeout=caller.attempt_timeout,
                keepalive=_SHORTEST_KEEPALIVE,
                clock=clock,
            )
            await storage.open()
            return OperationCaller(storage, retry, RateLimiter(clock, TurnQueue(None)), clock, events)

        looker = BatchReader(caller, clock)
        changer = BatchChanges(caller, looker, clock)
        scan = partial(scan_lists, caller, looker.is_outage)
        waits = Waits(looker, scan, clock, self._random, events)
        actions = DestructiveActions(waits, changer, looker, clock, events)
        return Opened(loop, caller, looker, changer, waits, actions, ObjectStorage(connect_storage))

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connections, as `close` does."""
        await self.close()

    async def close(self) -> None:
        """Close the connections; waits and calls under way end with `ClientClosedError`.

        `async with` does this by itself. A closed client stays closed, and closing it again does nothing. If the
        client's event loop is closed already, its waits and calls ended with it, and only the connections are closed.

        Raises:
            InvalidInputError: Another event loop is running than the client's, which is not closed.
        """
        if self._open is None:
            return
        is_alive = self._open.loop.may_close(_CLOSE_THERE)
        was_open, self._open, self._state = self._open, None, _CLOSED
        self._exits.close()
        if not is_alive:
            for close in (was_open.storage.close, was_open.caller.transport.close):
                # Closing without the loop may raise RuntimeError, or never end.
                with suppress(RuntimeError, TimeoutError):
                    async with asyncio.timeout(_WITHOUT_LOOP):
                        await close()
            return
        try:
            await was_open.waits.close()
        finally:
            await was_open.storage.close()
            await was_open.caller.close()

    def close_at_signals(self) -> None:
        """Close the client as soon as SIGINT or SIGTERM comes, so that a server can stop.

        A server that has to stop waits for its open responses, and a stream of events waits for its batch. Once
        the client is closed, the waits end with `ClientClosedError`, and so do the streams. Call this after the server
        has set its signal handlers, for example in its lifespan: they are called afterwards. `close` restores them.
        Outside of the main thread, which alone receives signals, it does nothing.

        Raises:
            ClientClosedError: The client is not open.
        """
        loop = self._opened().loop
        self._exits.callback(call_at_signals(lambda: loop.run_soon(self.close)))

    @property
    def retry_quota(self) -> int:
        """The tokens that are left for retries; all retries of this client share them."""
        return self._opened().caller.retry.quota.left

    @property
    def aws(self) -> OmicsClient:
        """The aiobotocore client underneath, for operations that are not wrapped here.

        Calls through it are neither retried nor paced, and raise botocore's own errors. Its type comes
        from `types-aiobotocore-omics`, where you have that installed. Like this client it works on its own event loop
        only.
        """
        return self._opened().caller.transport.aws

    def _opened(self) -> Opened:
        """Return what the client has while it is open, to a method that awaits nothing."""
        if self._open is None:
            raise ClientClosedError(f"the client {self._state}: {_HOW_TO_GO_ON[self._state]}")
        self._open.loop.check_caller()
        return self._open

    def _opened_here(self) -> Opened:
        """Return what the client has while it is open, to a method that awaits something of it."""
        opened = self._opened()
        opened.loop.check()
        return opened

    def _id_of(self, batch: BatchReference) -> str:
        return batch_id_of(batch, self._opened().caller.transport.region_name)

    def _lister(self, timeout: Duration | None, *, max_attempts: int | None = None) -> Paginator:
        return Paginator(self._opened().caller, timeout=timeout_in_seconds(timeout), max_attempts=max_attempts)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a client has while it is open."""

    loop: OwnLoop
    caller: OperationCaller
    looker: BatchReader
    changer: BatchChanges
    waits: Waits
    destructive: DestructiveActions
    storage: ObjectStorage


def _check_kinds(**settings: object) -> None:
    """Refuse settings of a wrong type, all at once: `allow_http="false"` would be true."""
    wrong = [
        f"{name} has to be {wanted}, not {_shown(settings[name])}"
        for name, (wanted, kinds) in _KINDS.items()
        if not isinstance(settings[name], kinds)
    ]
    if not all(callable(getattr(settings["clock"], name, None)) for name in ("now", "sleep")):
        wrong.append(f"clock has to have the methods now and sleep, as Clock says; {_shown(settings['clock'])} has not")
    if wrong:
        raise InvalidInputError("; ".join(wrong))


def _shown(value: object) -> str:
    return one_line(repr(value), limit=100)


def _check_session(session: object) -> None:
    if isinstance(session, AioSession):
        return
    kind = session if isinstance(session, type) else type(session)
    what = "the class" if kind is session else "an object of"
    raise InvalidInputError(
        "session has to be a session of aiobotocore, as aiobotocore.session.get_session() makes one, "
        f"not {what} {kind.__module__}.{kind.__qualname__}; without a session, "
        "region_name and profile_name do what boto3.Session does with them"
    )
