"""Publishing events: each is one log record, and one call of the user's hook.

The logger is silent until the application configures logging.
"""

from __future__ import annotations

import inspect
import logging
from asyncio import CancelledError
from collections.abc import Callable, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from omics_batch._clock import Clock, SystemClock
from omics_batch._errors import InvalidInputError
from omics_batch._words import one_line

if TYPE_CHECKING:
    from omics_batch._events import Event

Hook: TypeAlias = Callable[["Event"], object]

_LOG: Final = logging.getLogger("omics_batch")
_LOG.addHandler(logging.NullHandler())

LEVELS: Final[Mapping[str, int]] = {
    "ActionAdvanced": logging.DEBUG,
    "BatchStarted": logging.INFO,
    "CallEnded": logging.DEBUG,
    "CredentialsRejected": logging.WARNING,
    "CredentialsRenewalFailed": logging.WARNING,
    "CredentialsRenewed": logging.INFO,
    "FailedRunsMissing": logging.WARNING,
    "ListPageFailed": logging.INFO,
    "ListScanFailed": logging.WARNING,
    "ListScanRecovered": logging.INFO,
    "ListsLagging": logging.WARNING,
    "LookFailed": logging.WARNING,
    "ProcessStoodStill": logging.INFO,
    "RateChanged": logging.DEBUG,
    "RequestFailed": logging.INFO,
    "ResultsMissing": logging.WARNING,
    "RetryQuotaUsedUp": logging.WARNING,
    "RunReasonMissing": logging.WARNING,
    "SettingsUploaded": logging.INFO,
    "StatusChanged": logging.INFO,
    "UnknownStatus": logging.WARNING,
    "WaitEnded": logging.INFO,
    "WaitStarted": logging.DEBUG,
}
"""The level of each kind of event, by the name of its class: the classes are loaded only when an event is wanted."""

_FIELDS: Final = (
    *("batch_id", "wait_id", "operation", "status", "outcome"),
    *("attempt", "delay", "polls", "elapsed", "error"),
)
"""What each log record has beside its text, None where the event has no such thing."""

_PLAIN: Final = "on_event has to be a plain function: it is called, and not awaited"


class EventEmitter:
    """Hands the events of a client to its hook and to the log; without either, none is built.

    Args:
        hook: The user's function, called with each event.
        clock: The clock that gives events their time.
    """

    def __init__(self, hook: Hook | None = None, clock: Clock = SystemClock()) -> None:
        self._hook = hook
        self._clock = clock
        self._has_complained = False

    def is_wanted(self, kind: str) -> bool:
        """Whether events of a kind (the name of their class) are wanted."""
        return self._hook is not None or _LOG.isEnabledFor(LEVELS[kind])

    def emit(self, kind: str, make: Callable[[float], Event]) -> None:
        """Build an event and publish it, if anybody wants it.

        Args:
            kind: The name of its class.
            make: Builds it, of the moment on the clock.
        """
        if self.is_wanted(kind):
            self.publish(make(self._clock.now()))

    def publish(self, event: Event) -> None:
        """Log an event, and call the hook; an error of the hook is logged."""
        # Repeats are logged at DEBUG only.
        level = logging.DEBUG if getattr(event, "repeats", 0) else event.level
        if _LOG.isEnabledFor(level):
            _LOG.log(level, event, extra={name: _logged(getattr(event, name, None)) for name in _FIELDS})
        if self._hook is None:
            return
        try:
            result = self._hook(event)
        except (Exception, CancelledError) as error:  # noqa: BLE001 - a hook may raise anything, and disturbs nothing
            self._complain("on_event raised %s: this is logged once, and it is called for further events", error)
            return
        if inspect.iscoroutine(result):
            result.close()
            self._complain("%s", InvalidInputError(_PLAIN))

    def _complain(self, text: str, error: BaseException) -> None:
        if not self._has_complained:
            self._has_complained = True
            _LOG.error(text, error if str(error) else type(error).__name__, exc_info=error)


def checked_hook(hook: Hook | None) -> Hook | None:
    """Return what a caller gave as `on_event`.

    Raises:
        InvalidInputError: It cannot be called, or it would have to be awaited.
    """
    if hook is not None and (not callable(hook) or _is_async(hook) or _is_async(getattr(hook, "__call__", None))):  # noqa: B004 - to see whether it is async
        raise InvalidInputError(f"{_PLAIN}. To await something, put the event into an asyncio.Queue")
    return hook


def _is_async(function: object) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _logged(value: Any) -> Any:  # noqa: ANN401 - whatever a log can hold
    """Return a value as logs in JSON can have it."""
    if isinstance(value, type):
        return value.__name__
    plain = value.value if isinstance(value, Enum) else value
    return one_line(plain) if isinstance(plain, str) else plain
