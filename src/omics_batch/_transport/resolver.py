"""DNS lookups in threads of our own: the application's threads may all be busy."""

from __future__ import annotations

import socket
from functools import partial
from typing import TYPE_CHECKING, Any

from aiohttp.resolver import ThreadedResolver

from omics_batch._threads import in_thread

if TYPE_CHECKING:
    from collections.abc import Awaitable


class Resolver(ThreadedResolver):
    """aiohttp's resolver, which otherwise waits for a thread of the event loop's executor."""

    def __init__(self) -> None:
        """Make a resolver for the running event loop."""
        loop: Any = _OwnThreads()
        super().__init__(loop)


class _OwnThreads:
    """The two methods of an event loop that aiohttp's resolver calls."""

    def getaddrinfo(self, host: str, port: int, **options: Any) -> Awaitable[Any]:
        return in_thread(partial(socket.getaddrinfo, host, port, **options))

    def getnameinfo(self, address: Any, flags: int) -> Awaitable[Any]:
        return in_thread(partial(socket.getnameinfo, address, flags))
