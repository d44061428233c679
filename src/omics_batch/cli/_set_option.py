"""`--set NAME=VALUE`: what a rerun changes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import typer

from omics_batch._words import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

_PARAMETERS: Final = "parameters"
_OBJECTS: Final = {"runTags", "run_tags", "engineSettings", "engine_settings"}
_NUMBERS: Final = {"storageCapacity", "storage_capacity", "priority"}
_FLAGS: Final = {"requesterPaysEnabled", "requester_pays_enabled"}
_LARGEST: Final = 100_000


def changes_of(given: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the changed members of the default run setting, and the changed parameters.

    `parameters.NAME=VALUE` changes a parameter, whatever dots its name has. A value of a parameter is JSON if it can be
    read as JSON, and else a text: `64` is a number, `"64"` a text, `chr1` a text.

    Raises:
        typer.BadParameter: One of them is no NAME=VALUE, or its value is not of the setting's type.
    """
    default: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    for text in given:
        name, mark, value = text.partition("=")
        head, dot, member = name.partition(".")
        if not mark or not head or (dot and not member):
            raise typer.BadParameter(
                f"{one_line(text, limit=100)!a} is not NAME=VALUE, such as parameters.memory_gb=64.",
                param_hint="'--set'",
            )
        if head == _PARAMETERS and member:
            parameters[member] = _json(value)
        elif head in _OBJECTS and member:
            default.setdefault(head, {})[member] = value if head.startswith("run") else _json(value)
        else:
            default[name] = _setting(name, value)
    return default, parameters


def _setting(name: str, text: str) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Read the value of a setting; null removes it."""
    if name not in _OBJECTS | _NUMBERS | _FLAGS:
        return text
    value = _json(text)
    if value is None or name in _OBJECTS:
        return value
    is_flag = isinstance(value, bool)
    if name in _FLAGS and not is_flag:
        raise _refused(name, text, "true or false")
    if name in _NUMBERS and (is_flag or not isinstance(value, int) or not 0 <= value <= _LARGEST):
        raise _refused(name, text, f"a whole number from 0 to {_LARGEST:,}")
    return value


def _refused(name: str, text: str, what: str) -> typer.BadParameter:
    return typer.BadParameter(f"{name} should be {what}, not {one_line(text, limit=64)!a}.", param_hint="'--set'")


def _json(text: str) -> Any:  # noqa: ANN401 - whatever JSON can hold
    try:
        return json.loads(text, parse_constant=_refuse)
    except ValueError:
        return text


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are no JSON: texts, then
