"""Models as flat dicts, for data frames: one level, with a column for each field, even if it is absent."""

from __future__ import annotations

import json
from enum import Enum
from types import UnionType
from typing import TYPE_CHECKING, Any, Final, TypeAlias, Union, cast, get_args, get_origin

from pydantic import BaseModel

from omics_batch._models.batch import Batch
from omics_batch._words import without_signature

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Path: TypeAlias = tuple[str, ...]
"""The attributes that lead to a value."""

_DERIVED: Final = ("outcome", "percent_complete", "duration")
"""The properties of a batch that are columns too."""


def columns_of(kinds: Iterable[type[BaseModel]]) -> dict[str, Path]:
    """Return the columns for some model classes, and the path of attributes for each."""
    return {".".join(path): path for kind in kinds for path in _paths(kind)}


def flat(model: BaseModel, columns: dict[str, Path]) -> dict[str, Any]:
    """Return the values of a model by column; None if it has none."""
    return {name: _value(model, path) for name, path in columns.items()}


def _paths(kind: type[BaseModel]) -> Iterator[Path]:
    for name, field in kind.model_fields.items():
        inner = _model_in(field.annotation)
        yield from [(name,)] if inner is None else [(name, *path) for path in _paths(inner)]
    yield from ((name,) for name in kind.model_computed_fields)
    if issubclass(kind, Batch):
        yield from ((name,) for name in _DERIVED)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model that a field holds, or may hold."""
    parts = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    return next((part for part in parts if isinstance(part, type) and issubclass(part, BaseModel)), None)


def _value(model: BaseModel, path: Path) -> object:
    value: object = model
    for name in path:
        value = getattr(value, name, None)
    if isinstance(value, Enum):
        return cast("object", value.value)
    if isinstance(value, (dict, list, tuple)):
        return json.dumps(value, ensure_ascii=False)
    return without_signature(value) if path[-1] == "parameters_uri" and isinstance(value, str) else value
