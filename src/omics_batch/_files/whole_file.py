"""A file of text that is written completely or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Literal


class WholeFile:
    """A file that replaces the old one when it is complete; a pipe or a device is written directly.

    Args:
        name: The file, which is overwritten.
        buffering: As of `open`.

    Raises:
        OSError: It cannot be written.
    """

    def __init__(self, name: str | os.PathLike[str], *, buffering: int = -1) -> None:
        """Open a file beside it, which takes its place later."""
        self._place = self._part = Path(name)
        if not self._place.exists() or self._place.is_file():
            self._place = Path(os.path.realpath(name))  # of a link, what it leads to
            self._part = self._place.with_name(f"{self._place.name[:100]}.{secrets.token_hex(4)}.part")
        if self._place.exists() and not os.access(self._place, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(name))
        mode: Literal["x", "w"] = "x" if self._is_apart else "w"
        self._stream = self._part.open(mode, buffering, encoding="utf-8", errors="backslashreplace", newline="")
        self._is_whole = True

    @property
    def _is_apart(self) -> bool:
        return self._part != self._place

    def write(self, text: str, /) -> None:
        """Write a text."""
        try:
            self._stream.write(text)
        except OSError:
            self._is_whole = False
            raise

    def put_in_place(self) -> None:
        """Replace the old file."""
        try:
            self._stream.close()
            if self._is_apart:
                if self._place.exists():
                    shutil.copymode(self._place, self._part)
                self._part.replace(self._place)
        except OSError:
            self.give_up(is_wanted=False)
            raise

    def give_up(self, *, is_wanted: bool) -> Path | None:
        """Do not replace the old file.

        Args:
            is_wanted: Whether what was written so far is kept beside it.

        Returns:
            The path of what was written so far, if it is wanted and all could be written.
        """
        with suppress(OSError):  # closing tries to write again
            self._stream.close()
        if self._is_apart and is_wanted and self._is_whole:
            return self._part
        if self._is_apart:
            self._part.unlink(missing_ok=True)
        return None
