"""Files that a test writes for users' documents to be loaded from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from omics_batch import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Writer:
    """Writes files into a folder, and shows what is wrong with them."""

    def __init__(
        self,
        folder: Path,
        name: str,
        load: Callable[[Path], object],
        error: type[InvalidInputError] = InvalidInputError,
    ) -> None:
        self._folder = folder
        self._name = name
        self._load = load
        self._error = error

    def __call__(self, text: str | bytes, name: str | None = None) -> Path:
        path = self._folder / (name or self._name)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def problems(self, text: str | bytes, name: str | None = None) -> list[str]:
        """Every line of the complaint, less the file's name, which each begins with."""
        path = self(text, name)
        with pytest.raises(self._error) as caught:
            self._load(path)
        lines = str(caught.value).splitlines()
        assert all(line.startswith(f"{path}: ") for line in lines)
        return [line.removeprefix(f"{path}: ") for line in lines]
