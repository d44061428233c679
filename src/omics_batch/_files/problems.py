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
_WORDED: Final = {"missing": "is missing", "json_invalid": "it is nested too deeply"}
"""What is wrong by pydantic's name of it. Its own limit of nesting is lower than that of other readers."""


class TextError(ValueError):
    """A text that is not a document; the message says why, and in which line."""


def problems_in(
    errors: Sequence[ErrorDetails],
    document: object,
    lines: Mapping[Place, int],
    *,
    whole: str,
    unknown: Callable[[Place], str],
    limit: int,
) -> list[str]:
    """Say what is wrong, a line for each place of the document.

    If several forms are allowed, the innermost places count.

    Args:
        errors: What pydantic found.
        document: The document.
        lines: The line of each place of the document.
        whole: The name of the whole document in messages.
        unknown: Returns the message for an unknown member.
        limit: The number of problems to show; a last line counts the others.
    """
    inner = problems_by_place(errors, document, lines, unknown=unknown)
    shown = [_line(nearest_line(place, lines), place, problems, whole) for place, problems in inner[:limit]]
    more = len(inner) - limit
    return [*shown, f"and {more} more problems"] if more > 0 else shown


def problems_by_place(
    errors: Sequence[ErrorDetails], document: object, lines: Mapping[Place, int], *, unknown: Callable[[Place], str]
) -> list[tuple[Place, list[str]]]:
    """Say what is wrong at each place of a document, in the order of its lines; see `problems_in`."""
    found: dict[Place, list[str]] = {}
    for error in errors:
        place = _place_of(error, document)
        found.setdefault(place, []).append(_worded(error, place, unknown))
    outer = {place[:end] for place in found for end in range(len(place))}
    inner = [place for place in found if place not in outer]
    return [(place, found[place]) for place in sorted(inner, key=lambda place: nearest_line(place, lines) or 0)]


def unknown_among(known: Iterable[str], name: str) -> str:
    """Say that a member is unknown, and which known one may be meant."""
    similar = meant(name, known)
    return "unknown field" if similar is None else f"unknown field; did you mean {similar}?"


def _place_of(error: ErrorDetails, document: object) -> Place:
    """Return where an error is: what pydantic says, without its names for the parts of a union."""
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


def _worded(error: ErrorDetails, place: Place, unknown: Callable[[Place], str]) -> str:
    match error:
        case {"type": "missing" | "json_invalid" as kind}:
            return _WORDED[kind]
        case {"type": "extra_forbidden"}:
            return unknown(place)
        case {"type": "value_error", "ctx": {"error": reason}}:
            return str(reason)
        case {"type": "string_too_short", "ctx": {"min_length": 1}}:
            return "is empty"
        case {"type": "string_type", "input": bool() | int() | float()}:
            return f"{error['msg']}: put it in quotes"
        case _:
            return in_words(error)


def nearest_line(place: Place, lines: Mapping[Place, int]) -> int | None:
    """Return the line of a place, or of the nearest part around it."""
    return next((lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in lines), None)


def described(place: Place, problems: Sequence[str], whole: str) -> str:
    """Name a place of a document, and say what is wrong there."""
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")
    if all(text.startswith(_SHOULD_BE) for text in problems):
        problems = ["should be " + " or ".join(text.removeprefix(_SHOULD_BE) for text in problems)]
    return one_line(f"{path or whole}: {'; '.join(problems)}", limit=1000, keeps_spaces=True)


def _line(line: int | None, place: Place, problems: Sequence[str], whole: str) -> str:
    return ("" if line is None else f"line {line}: ") + described(place, problems, whole)
