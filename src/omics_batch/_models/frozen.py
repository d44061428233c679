"""Dicts and lists that cannot be changed, so that two waits can share a model.

They are subclasses of dict and list, and equal to dicts and lists with the same content.
"""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

K = TypeVar("K")
V = TypeVar("V")


def _refuse(self: object, *_: object, **__: object) -> NoReturn:
    kind = "dict" if isinstance(self, dict) else "list"
    raise TypeError(f"this {kind} belongs to a frozen model: change a copy of it")


class FrozenDict(dict[K, V]):
    """A dict that is not changed; `dict(it)` is a copy that can be."""

    __slots__ = ()

    __setitem__: Any = _refuse
    __delitem__: Any = _refuse
    __ior__: Any = _refuse
    clear: Any = _refuse
    pop: Any = _refuse
    popitem: Any = _refuse
    setdefault: Any = _refuse
    update: Any = _refuse

    def __hash__(self) -> int:  # type: ignore[override]  # dicts and lists have none
        return hash(frozenset(self.items()))

    def __deepcopy__(self, _: object) -> FrozenDict[K, V]:
        return self

    def __reduce__(self) -> tuple[type[FrozenDict[K, V]], tuple[dict[K, V]]]:
        return type(self), (dict(self),)


class FrozenList(list[V]):
    """A list that is not changed; `list(it)` is a copy that can be."""

    __slots__ = ()

    __setitem__: Any = _refuse
    __delitem__: Any = _refuse
    __iadd__: Any = _refuse
    __imul__: Any = _refuse
    append: Any = _refuse
    clear: Any = _refuse
    extend: Any = _refuse
    insert: Any = _refuse
    pop: Any = _refuse
    remove: Any = _refuse
    reverse: Any = _refuse
    sort: Any = _refuse

    def __hash__(self) -> int:  # type: ignore[override]  # dicts and lists have none
        return hash(tuple(self))

    def __deepcopy__(self, _: object) -> FrozenList[V]:
        return self

    def __reduce__(self) -> tuple[type[FrozenList[V]], tuple[list[V]]]:
        return type(self), (list(self),)


def frozen(value: Any) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Return a value of which no part can be changed; a frozen value is returned as it is."""
    match value:
        case FrozenDict() | FrozenList():
            return value  # pyright: ignore[reportUnknownVariableType] - of whatever
        case dict():
            return FrozenDict({key: frozen(part) for key, part in _items(value)})
        case list():
            return FrozenList(map(frozen, _parts(value)))
        case _:
            return value


def _items(document: Any) -> list[tuple[Any, Any]]:  # noqa: ANN401 - whatever JSON can hold
    return list(document.items())


def _parts(document: Any) -> list[Any]:  # noqa: ANN401 - whatever JSON can hold
    return list(document)
