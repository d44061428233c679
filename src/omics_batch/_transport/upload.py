"""A request's body that is made while it is sent."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from omics_batch._threads import in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator


class Upload:
    """A body in pieces, each of which is made in a thread: it may take long, and read files.

    Args:
        pieces: Makes the pieces from the first one on, each time that the body is sent.
        size: The bytes of all pieces.
    """

    def __init__(self, pieces: Callable[[], Iterator[bytes]], size: int) -> None:
        """Begin with nothing made."""
        self.error: Exception | None = None
        """What kept the last piece from being made."""
        self._pieces = pieces
        self._size = size

    def __len__(self) -> int:
        """Return the bytes, for the header Content-Length."""
        return self._size

    def seek(self, _position: int) -> None:
        """Do nothing: botocore rewinds a body before it sends it again, and this one always begins at its start."""

    def read(self) -> bytes:
        """Return the whole body at once; for botocore, this also marks it as one that is sent when the server asks."""
        return b"".join(self._pieces())

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        pieces = self._pieces()
        try:
            while piece := await in_thread(partial(next, pieces, b"")):
                yield piece
        except Exception as error:
            self.error = error
            raise
