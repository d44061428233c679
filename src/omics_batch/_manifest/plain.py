"""The quick way for plain rows: rows in which nothing that is used is empty or wrong. Most rows are plain.

The setting of a plain row is a pattern that is filled in. What is empty or wrong in another row makes a
`NotPlainError`, and the row is written again in the thorough way, which leaves out members and reports problems.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from omics_batch._manifest.problems import NO_VALUE
from omics_batch._manifest.sheet import Row

if TYPE_CHECKING:
    from omics_batch._manifest.values import Value

Leaf: TypeAlias = Callable[[Sequence[object], Sequence[Row]], str]
"""Writes a part of a plain run's setting as JSON, or raises a ValueError: of the cells of its first row, or of all."""

Plain: TypeAlias = tuple[str, tuple[Leaf, ...]]
"""JSON with a `%s` for each part that differs from run to run, and what writes these parts."""


class NotPlainError(ValueError):
    """A row has to be written in the thorough way."""


def plain_whole(value: Value) -> Plain:
    """Return the quick way for a value that has none of its own."""

    def leaf(_: Sequence[object], run: Sequence[Row]) -> str:
        text = value.json(run, _refuse)
        if text is None:
            raise NotPlainError
        return text

    return "%s", (leaf,)


def joined(start: str, parts: Sequence[Plain], end: str) -> Plain:
    """Return the quick way for a list or an object of parts."""
    pattern = ",".join(pattern for pattern, _ in parts)
    return f"{start}{pattern}{end}", tuple(leaf for _, leaves in parts for leaf in leaves)


def escaped(text: str) -> str:
    """Return a text as a pattern that is filled in has it."""
    return text.replace("%", "%%")


def _refuse(line: int, told: str, *, column: str = "", value: object = NO_VALUE) -> NoReturn:  # noqa: ARG001 - whatever it is
    raise NotPlainError
