"""The JSON array of run settings in an S3 object, read entry by entry."""

from __future__ import annotations

import json
import re
from array import array
from collections.abc import Iterator, Sequence
from typing import Final, overload

from omics_batch.testing._service.serialization import refuse_constant
from omics_batch.testing._service.service_model import Document, service_model
from omics_batch.testing._service.shape_check import find_problems

INVALID: Final = "Invalid JSON format in run configurations"
"""The failure reason of a batch whose run settings are not a JSON array of settings."""

_OPENING: Final = re.compile(r"[ \t\n\r]*\[[ \t\n\r]*")
_COMMA: Final = re.compile(r"[ \t\n\r]*,[ \t\n\r]*")
_CLOSING: Final = re.compile(r"[ \t\n\r]*\][ \t\n\r]*")


class RunSettings(Sequence[Document]):
    """Settings that are parsed only when they are read: 100,000 of them take only the memory of their text.

    Args:
        content: The object's bytes.

    Raises:
        ValueError: They are not a JSON array in UTF-8, it is empty, or one of its entries is not a setting.
    """

    def __init__(self, content: bytes) -> None:
        """Find and check every entry."""
        self._text = content.decode()
        self._starts = array("Q")
        self._ends = array("Q")
        setting = service_model().shape_for("InlineSetting")
        for entry, start, end in _entries(self._text):
            if find_problems(setting, entry):
                raise ValueError(INVALID)
            self._starts.append(start)
            self._ends.append(end)
        if not self._starts:
            raise ValueError(INVALID)

    def __len__(self) -> int:
        return len(self._starts)

    @overload
    def __getitem__(self, index: int) -> Document: ...

    @overload
    def __getitem__(self, index: slice) -> list[Document]: ...

    def __getitem__(self, index: int | slice) -> Document | list[Document]:
        if isinstance(index, slice):
            return [self[place] for place in range(len(self))[index]]
        setting: Document = json.loads(self._text[self._starts[index] : self._ends[index]])
        return setting


def _entries(text: str) -> Iterator[tuple[object, int, int]]:
    """Iterate over a JSON array: each entry, its start and its end.

    Parsing one entry at a time holds the interpreter's lock only briefly, so that the event loop can run meanwhile.
    """
    end = 0
    separator = _OPENING.match(text)
    while separator is not None:
        start = separator.end()
        try:
            entry, end = _DECODER.raw_decode(text, start)
        except RecursionError:
            raise ValueError(INVALID) from None
        yield entry, start, end
        separator = _COMMA.match(text, end)
    if _CLOSING.fullmatch(text, end) is None:
        raise ValueError(INVALID)


_DECODER: Final = json.JSONDecoder(parse_constant=refuse_constant)
