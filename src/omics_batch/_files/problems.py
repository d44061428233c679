"""Problems in a file: the line, what is wrong, and what is allowed there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, cast

from omics_batch._patterns import in_words
from omics_batch._words import meant, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pydantic_core import ErrorDetails

Place: TypeAlias = tuple[str | int, ...]
"""Where something is in a document: names of members and positions in lists, from the outside in."""

_SHOULD_BE: Final = "Input should be "


class TextError(ValueError):
    """A text that is no document; the message says why, and in which line."""


def problems_in(
    errors: Sequence[ErrorDetails],
    document: object,
    lines: Mapping[Place, int],
    *,
    whole: str,
    unknown: Callable[[Place], str],
    limit: int,
) -> list[str]:
    """Say what is wrong, a line for each place of the document: the innermost, where one of several forms would do.

    Args:
        errors: What pydantic found.
        document: What it was found in.
        lines: In which line the document has what.
        whole: What the whole document is called.
        unknown: Says what is known instead of a member that is not.
        limit: The number of problems to show; then the number of those left out.
    """
    inner = problems_by_place(errors, document, lines, unknown=unknown)
    told = [_line(nearest_line(place, lines), place, told, whole) for place, told in inner[:limit]]
    more = len(inner) - limit
    return [*told, f"and {more} more problems"] if more > 0 else told


def problems_by_place(
    errors: Sequence[ErrorDetails], document: object, lines: Mapping[Place, int], *, unknown: Callable[[Place], str]
) -> list[tuple[Place, list[str]]]:
    """Say what is wrong at each place of a document, in the order of its lines; see `problems_in`."""
    found: dict[Place, list[str]] = {}
    for error in errors:
        place = _place_of(error, document)
        found.setdefault(place, []).append(_told(error, place, unknown))
    outer = {place[:end] for place in found for end in range(len(place))}
    inner = [place for place in found if place not in outer]
    return [(place, found[place]) for place in sorted(inner, key=lambda place: nearest_line(place, lines) or 0)]


def unknown_among(known: Iterable[str], name: str) -> str:
    """Say of a member that it is none of those that are known, and which one may be meant."""
    similar = meant(name, known)
    return "unknown field" if similar is None else f"unknown field; did you mean {similar}?"


def _place_of(error: ErrorDetails, document: object) -> Place:
    """Give where an error is: what pydantic says, less its names for the parts of a union."""
    place: list[str | int] = []
    here = document
    for part in error["loc"]:
        if isinstance(here, dict) and part in here:
            here = cast("dict[str | int, object]", here)[part]
            place.append(part)
        elif isinstance(here, list) and isinstance(part, int) and part < len(cast("list[object]", here)):
            here = cast("list[object]", here)[part]
            place.append(part)
    if error["type"] == "missing":
        place.append(error["loc"][-1])
    return tuple(place)


def _told(error: ErrorDetails, place: Place, unknown: Callable[[Place], str]) -> str:
    match error:
        case {"type": "missing"}:
            return "is missing"
        case {"type": "json_invalid"}:  # pydantic's own limit is lower
            return "it is nested too deeply"
        case {"type": "extra_forbidden"}:
            return unknown(place)
        case {"type": "value_error", "ctx": {"error": reason}}:
            return str(reason)
        case {"type": "string_type", "input": bool() | int() | float()}:
            return f"{error['msg']}: put it in quotes"
        case _:
            return in_words(error)


def nearest_line(place: Place, lines: Mapping[Place, int]) -> int | None:
    """Give the line of a place, or of what it would be in."""
    return next((lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in lines), None)


def described(place: Place, told: Sequence[str], whole: str) -> str:
    """Name a place of a document, and say what is wrong there."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")
    if all(text.startswith(_SHOULD_BE) for text in told):
        told = ["should be " + " or ".join(text.removeprefix(_SHOULD_BE) for text in told)]
    return one_line(f"{path or whole}: {'; '.join(told)}", limit=1000)


def _line(line: int | None, place: Place, told: Sequence[str], whole: str) -> str:
    return ("" if line is None else f"line {line}: ") + described(place, told, whole)
