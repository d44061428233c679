"""What is wrong with a scenario's file: where, what, and what is allowed there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from omics_batch._errors import InvalidInputError
from omics_batch._text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pydantic_core import ErrorDetails

    from omics_batch.testing._scenario._text import Place

_MAX_PROBLEMS: Final = 10
_SHOULD_BE: Final = "Input should be "


class ScenarioError(InvalidInputError):
    """A file that is no scenario; each line of the message names the file, the place and what is wrong there."""


def problems_in(
    errors: Sequence[ErrorDetails],
    document: object,
    lines: Mapping[Place, int],
    known_members: Callable[[str | None], Sequence[str]],
) -> list[str]:
    """Say what is wrong, a line for each place of the document: the innermost, where one of several forms would do.

    Args:
        errors: What pydantic found.
        document: What it was found in.
        lines: In which line the document has what.
        known_members: Gives what is allowed below a name; None is the document itself.
    """
    found: dict[Place, list[str]] = {}
    for error in errors:
        place = _place_of(error, document)
        found.setdefault(place, []).append(_told(error, place, known_members))
    inner = [place for place in found if not any(other[: len(place)] == place for other in found if other != place)]
    return [_line(place, found[place], lines) for place in inner[:_MAX_PROBLEMS]]


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


def _told(error: ErrorDetails, place: Place, known_members: Callable[[str | None], Sequence[str]]) -> str:
    match error:
        case {"type": "missing"}:
            return "is missing"
        case {"type": "extra_forbidden"}:
            parent = next((part for part in reversed(place[:-1]) if isinstance(part, str)), None)
            return f"is unknown here, where these are known: {', '.join(known_members(parent))}"
        case {"type": "value_error", "ctx": {"error": reason}}:
            return str(reason)
        case _:
            return error["msg"]


def _line(place: Place, told: Sequence[str], lines: Mapping[Place, int]) -> str:
    nearest = next((lines[place[:end]] for end in range(len(place), -1, -1) if place[:end] in lines), None)
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")
    if all(text.startswith(_SHOULD_BE) for text in told):
        told = ["should be " + " or ".join(text.removeprefix(_SHOULD_BE) for text in told)]
    where = "" if nearest is None else f"line {nearest}: "
    return one_line(f"{where}{path or 'the scenario'}: {'; '.join(told)}", limit=1000)
