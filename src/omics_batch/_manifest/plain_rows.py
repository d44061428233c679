"""The fast path for plain rows: rows in which no used cell is empty or wrong. Most rows are plain.

The setting of a plain row is made with a pattern. An empty or wrong cell raises `NotPlainError`. Then the row is
written again on the slow path, which leaves out members and reports problems.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn, TypeAlias

from omics_batch._manifest.problems import NO_VALUE
from omics_batch._manifest.sheet import Row

if TYPE_CHECKING:
    from omics_batch._manifest.values import Value

Leaf: TypeAlias = Callable[[Sequence[object], Sequence[Row]], str]
"""Writes a part of a plain run's setting as JSON, from the cells of its first row or all rows; or raises ValueError."""

Plain: TypeAlias = tuple[str, tuple[Leaf, ...]]
"""JSON with a `%s` for each part that differs from run to run, and the functions that write these parts."""


class NotPlainError(ValueError):
    """A row has to be written on the slow path."""


def plain_whole(value: Value) -> Plain:
    """Return the fast path for a value that has none of its own."""

    def leaf(_: Sequence[object], run: Sequence[Row]) -> str:
        text = value.json(run, _refuse)
        if text is None:
            raise NotPlainError
        return text

    return "%s", (leaf,)


def joined(start: str, parts: Sequence[Plain], end: str) -> Plain:
    """Return the fast path for a list or an object of parts."""
    pattern = ",".join(pattern for pattern, _ in parts)
    return f"{start}{pattern}{end}", tuple(leaf for _, leaves in parts for leaf in leaves)


def escaped(text: str) -> str:
    """Escape a text for use in a pattern."""
    return text.replace("%", "%%")


def _refuse(line: int, problem: str, *, column: str = "", value: object = NO_VALUE) -> NoReturn:  # noqa: ARG001 - the slow path reports it
    raise NotPlainError
