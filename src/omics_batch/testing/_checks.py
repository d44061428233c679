"""Holding a request against its shape, in the words with which AWS refuses one."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omics_batch.testing._model import RawShape, ServiceModel

_MAX_PROBLEMS: Final = 10
_CATEGORY: Final = re.compile(r"\\p\{(\w)\}")


def find_problems(model: ServiceModel, shape: RawShape, value: object) -> str | None:
    """Tell what is wrong with a request's members; None if nothing is."""
    problems = [
        f"Value at '{where}' failed to satisfy constraint: {what}" for where, what in _problems(model, shape, value, "")
    ]
    if not problems:
        return None
    noun = "error" if len(problems) == 1 else "errors"
    return f"{len(problems)} validation {noun} detected: {'; '.join(problems[:_MAX_PROBLEMS])}"


def _problems(model: ServiceModel, shape: RawShape, value: object, where: str) -> Iterator[tuple[str, str]]:
    check = _CHECKS.get(shape["type"])
    if check is None or (shape.get("document") and value is not None):
        return
    yield from check(model, shape, value, where)


def _structure(model: ServiceModel, shape: RawShape, value: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield where, "Member must be an object"
        return
    said = cast("dict[str, object]", value)
    members: dict[str, RawShape] = shape["members"]
    for name in shape.get("required", ()):
        if said.get(name) is None:
            yield _member(where, name), "Member must not be null"
    given = [name for name in members if said.get(name) is not None]
    if shape.get("union") and len(given) != 1:
        yield where, f"Member must have exactly one of {', '.join(members)}"
    for name in given:
        yield from _problems(model, model.shape(members[name]), said[name], _member(where, name))


def _list(model: ServiceModel, shape: RawShape, value: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list):
        yield where, "Member must be a list"
        return
    items = cast("list[object]", value)
    yield from _length(shape, len(items), where)
    for index, item in enumerate(items, start=1):
        yield from _problems(model, model.shape(shape["member"]), item, f"{where}.{index}.member")


def _map(model: ServiceModel, shape: RawShape, value: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        yield where, "Member must be an object"
        return
    for key, item in cast("dict[str, object]", value).items():
        yield from _problems(model, model.shape(shape["key"]), key, f"{where}.key")
        yield from _problems(model, model.shape(shape["value"]), item, f"{where}.value")


def _string(_: ServiceModel, shape: RawShape, value: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, str):
        yield where, "Member must be a string"
        return
    yield from _length(shape, len(value), where)
    if "enum" in shape and value not in shape["enum"]:
        yield where, f"Member must satisfy enum value set: [{', '.join(shape['enum'])}]"
    if "pattern" in shape and not _matcher(shape["pattern"])(value):
        yield where, f"Member must satisfy regular expression pattern: {shape['pattern']}"


def _integer(_: ServiceModel, shape: RawShape, value: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, int) or isinstance(value, bool):
        yield where, "Member must be an integer"
        return
    if value < shape.get("min", value):
        yield where, f"Member must have value greater than or equal to {shape['min']}"
    if value > shape.get("max", value):
        yield where, f"Member must have value less than or equal to {shape['max']}"


def _length(shape: RawShape, length: int, where: str) -> Iterator[tuple[str, str]]:
    if length < shape.get("min", 0):
        yield where, f"Member must have length greater than or equal to {shape['min']}"
    if length > shape.get("max", length):
        yield where, f"Member must have length less than or equal to {shape['max']}"


def _member(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


@cache
def _matcher(pattern: str) -> Callable[[str], bool]:
    r"""Make a test of whole strings out of a pattern.

    The model writes for Java: `[\p{L}||\p{M}]+` is one or more characters of these general
    categories, or bars. Python's `re` knows no `\p`, and warns of a doubled bar.
    """
    categories = frozenset(_CATEGORY.findall(pattern))
    if not categories:
        compiled = re.compile(pattern)
        return lambda text: compiled.fullmatch(text) is not None
    others = re.sub(r"\|+", "|", _CATEGORY.sub("", pattern).removesuffix("+"))
    other = re.compile("(?!)" if others == "[]" else others)
    return lambda text: (
        bool(text)
        and all(unicodedata.category(character)[0] in categories or other.fullmatch(character) for character in text)
    )


_CHECKS: Final[dict[str, Callable[[ServiceModel, RawShape, object, str], Iterator[tuple[str, str]]]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _integer,
}
