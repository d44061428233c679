"""The types that can be declared for a cell. Nothing is guessed: without a type it is text."""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn, cast

from omics_batch._manifest.canonical import canonical, quoted
from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    CellWriter = Callable[[object], str]
    """Writes a cell as JSON, or raises a ValueError that says what it should be."""

_INT: Final = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_MAX_LEVELS: Final = 100


def text_of(cell: object) -> str:
    """Return a cell as text. A whole number has one spelling; values of other types have several, and are refused.

    Raises:
        ValueError: It is another value.
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    raise ValueError(f"{_kind(cell)} is not text: put it in quotes in the sheet, or declare its type")


def _text(cell: object) -> str:
    return quoted(text_of(cell))


def _int(cell: object) -> str:
    if isinstance(cell, str):
        if _INT.fullmatch(cell):
            return cell
    elif isinstance(cell, int) and not isinstance(cell, bool):
        return str(cell)
    raise ValueError(f"should be a whole number, such as 5{_without_spaces(cell)}")


def _float(cell: object) -> str:
    number = math.nan
    if isinstance(cell, str):
        if _FLOAT.fullmatch(cell):
            number = float(cell)
    elif isinstance(cell, (int, float)) and not isinstance(cell, bool):
        with suppress(OverflowError):
            number = float(cell)
    if math.isfinite(number):
        return repr(number)
    raise ValueError(f"should be a finite number, such as 0.05 or 1e-8{_without_spaces(cell)}")


def _bool(cell: object) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if cell in ("true", "false"):
        return str(cell)
    raise ValueError(f"should be true or false, in lower case{_without_spaces(cell)}")


def _without_spaces(cell: object) -> str:
    return ", without spaces around it" if isinstance(cell, str) and cell != cell.strip() else ""


def _json_value(cell: object) -> str:
    if _levels(cell) > _MAX_LEVELS:
        raise ValueError("is nested too deeply")
    try:
        return canonical(cell)
    except ValueError:
        raise ValueError("has a number that is not finite") from None


def _json_text(cell: object) -> str:
    try:
        value: object = json.loads(text_of(cell), object_pairs_hook=_once, parse_constant=_refuse_constant)
        text = _json_value(value)
        text.encode()
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error.msg} at character {error.pos + 1}") from None
    except UnicodeEncodeError:
        raise ValueError("holds half a character") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    return text


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    if len(members := dict(pairs)) < len(pairs):
        raise ValueError("is JSON that names a member twice")
    return members


def _refuse_constant(constant: str) -> NoReturn:
    raise ValueError(f"is not JSON, which has no {one_line(constant)}")


def _levels(value: object) -> int:
    levels, parts = 0, [value]
    while parts := [part for whole in parts for part in _parts(whole)]:
        levels += 1
    return levels


def _parts(value: object) -> list[object]:
    match value:
        case dict():
            return [*cast("dict[str, object]", value).values(), None]
        case list():
            return [*cast("list[object]", value), None]
        case _:
            return []


def _kind(cell: object) -> str:
    match cell:
        case bool():
            return "true or false"
        case float():
            return "a number with a fraction"
        case list():
            return "a list"
        case _:
            return "an object"


_TEXT: Final = "text"
_WRITERS: Final[Mapping[str, CellWriter]] = {_TEXT: _text, "int": _int, "float": _float, "bool": _bool}
_JSON: Final = "json"

TYPES: Final = (*_WRITERS, _JSON)
"""The types by their names."""


def writer_of(kind: str, *, is_typed: bool) -> CellWriter:
    """Return what writes the cells of a type.

    Args:
        kind: One of `TYPES`.
        is_typed: Whether the sheet's cells are JSON values already; else `json` reads their text.
    """
    if kind == _JSON:
        return _json_value if is_typed else _json_text
    return _WRITERS[kind]
