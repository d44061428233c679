"""Checking a request against its shape, with AWS's error messages."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from omics_batch.testing._service.service_model import Shape

_MAX_PROBLEMS: Final = 10
_CATEGORY: Final = re.compile(r"\\p\{(\w)\}")


class WrongTypeError(Exception):
    """A value has another JSON type than its shape: the service cannot read it."""

    def __init__(self, where: str, what: str) -> None:
        """Make the message from the place and the rule."""
        super().__init__(_problem(where, what))


def find_problems(shape: Shape, value: object) -> str | None:
    """Return what is wrong with a request's members, wrong types included; None if nothing is."""
    try:
        return find_breaches(shape, value)
    except WrongTypeError as error:
        return str(error)


def find_breaches(shape: Shape, value: object) -> str | None:
    """Return all constraints that a request's members break; None if they break none.

    Raises:
        WrongTypeError: A member has another type than its shape.
    """
    problems = [_problem(where, what) for where, what in _problems(shape, value, "")]
    if not problems:
        return None
    noun = "error" if len(problems) == 1 else "errors"
    return f"{len(problems)} validation {noun} detected: {'; '.join(problems[:_MAX_PROBLEMS])}"


def _problem(where: str, what: str) -> str:
    return f"Value at '{where}' failed to satisfy constraint: {what}"


def _problems(shape: Shape, value: object, where: str) -> Iterator[tuple[str, str]]:
    check = _CHECKS.get(shape.type_name)
    if check is None or (shape.metadata.get("document") and value is not None):
        return
    yield from check(shape, value, where)


def _structure(shape: Shape, value: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        raise WrongTypeError(where, "Member must be an object")
    said = cast("dict[str, object]", value)
    for name in shape.required_members:
        if said.get(name) is None:
            yield _member(where, name), "Member must not be null"
    given = [name for name in shape.members if said.get(name) is not None]
    if shape.metadata.get("union") and len(given) != 1:
        yield where, f"Member must have exactly one of {', '.join(shape.members)}"
    for name in given:
        yield from _problems(shape.members[name], said[name], _member(where, name))


def _list(shape: Shape, value: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, list):
        raise WrongTypeError(where, "Member must be a list")
    items = cast("list[object]", value)
    yield from _length(shape, len(items), where)
    for index, item in enumerate(items, start=1):
        yield from _problems(shape.member, item, f"{where}.{index}.member")


def _map(shape: Shape, value: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        raise WrongTypeError(where, "Member must be an object")
    for key, item in cast("dict[str, object]", value).items():
        yield from _problems(shape.key, key, f"{where}.key")
        yield from _problems(shape.value, item, f"{where}.value")


def _string(shape: Shape, value: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, str):
        raise WrongTypeError(where, "Member must be a string")
    yield from _length(shape, len(value), where)
    if shape.enum and value not in shape.enum:
        yield where, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
    pattern = shape.metadata.get("pattern")
    if pattern is not None and not _matcher(pattern)(value):
        yield where, f"Member must satisfy regular expression pattern: {pattern}"


def _integer(shape: Shape, value: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, int) or isinstance(value, bool):
        raise WrongTypeError(where, "Member must be an integer")
    limits = shape.metadata
    if value < limits.get("min", value):
        yield where, f"Member must have value greater than or equal to {limits['min']}"
    if value > limits.get("max", value):
        yield where, f"Member must have value less than or equal to {limits['max']}"


def _boolean(_shape: Shape, value: object, where: str) -> Iterator[tuple[str, str]]:
    if not isinstance(value, bool):
        raise WrongTypeError(where, "Member must be a boolean")
    return iter(())


def _length(shape: Shape, length: int, where: str) -> Iterator[tuple[str, str]]:
    limits = shape.metadata
    if length < limits.get("min", 0):
        yield where, f"Member must have length greater than or equal to {limits['min']}"
    if length > limits.get("max", length):
        yield where, f"Member must have length less than or equal to {limits['max']}"


def _member(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name


@cache
def _matcher(pattern: str) -> Callable[[str], bool]:
    r"""Make a function that tests whole strings against a pattern.

    The model's patterns are for Java: `[\p{L}||\p{M}]+` is one or more characters of these general
    categories, or bars. Python's `re` has no `\p`, and warns of a doubled bar.
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


_CHECKS: Final[dict[str, Callable[[Shape, object, str], Iterator[tuple[str, str]]]]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _integer,
    "boolean": _boolean,
}
