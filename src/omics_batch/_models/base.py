"""Base classes of all models."""

import json
import math
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Final, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    JsonValue,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, ErrorDetails

from omics_batch._models.frozen import frozen
from omics_batch._patterns import in_words

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

SENT_LEVELS: Final = 195
"""The most levels of a document that is sent: pydantic reads JSON of 200 levels, and a request adds four."""

READ_LEVELS: Final = 250
"""The most levels of a document that is read: pydantic can validate and write a few more."""

_AROUND: Final = 3
"""The levels that a response adds around a document; a page of items adds the most."""


def _zero_for_null(count: object) -> object:
    return 0 if count is None else count


def _empty_for_null(summary: object) -> object:
    return {} if summary is None else summary


def _without_nulls(parts: object) -> object:
    match parts:
        case dict():
            named = cast("dict[object, object]", parts)
            return {name: part for name, part in named.items() if part is not None}
        case list():
            return list(given(cast("list[object]", parts)))
        case _:
            return parts


def given(parts: Iterable[T | None] | None) -> tuple[T, ...]:
    """Return the items of a list in a response, as AWS's clients do: a null is skipped, and a null list is empty."""
    return tuple(part for part in parts or () if part is not None)


def too_deep(most: int) -> str:
    """Say that a document has more levels than are allowed."""
    return f"it is nested too deeply: {most} levels are the most"


def _check_levels(value: object, most: int) -> None:
    """Refuse a document whose lists and objects have more than `most` levels."""
    if not _fits(value, most):
        raise ValueError(too_deep(most))


def _fits(value: object, most: int) -> bool:
    """Whether the lists and objects of a document have at most `most` levels."""
    if not isinstance(value, (dict, list)):
        return True
    whole = cast("dict[object, object] | list[object]", value)
    return most > 0 and all(_fits(part, most - 1) for part in (whole.values() if isinstance(whole, dict) else whole))


def _check_finite(value: JsonValue) -> None:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is not finite")  # JSON has no such number, and NaN differs even from itself
    if isinstance(value, dict):
        for part in value.values():
            _check_finite(part)
    if isinstance(value, list):
        for part in value:
            _check_finite(part)


def _few_enough_to_send(value: object) -> object:
    _check_levels(value, SENT_LEVELS)
    return value


def _document(value: JsonValue) -> JsonValue:
    _check_levels(value, READ_LEVELS)
    _check_finite(value)
    document: JsonValue = frozen(value)
    return document


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


Count = Annotated[int, Field(strict=True, ge=0), BeforeValidator(_zero_for_null)]
"""A number of runs: null counts as 0, a string or a negative number is no count."""

NullIsEmpty = BeforeValidator(_empty_for_null)
"""For a part of a response that is empty if it is null."""

Document = Annotated[JsonValue, AfterValidator(_document)]
"""Any JSON document; no part of it can be changed."""

SentDocument = Annotated[Document, BeforeValidator(_few_enough_to_send)]
"""Any JSON document that is sent: not too deep for pydantic to read it in a request and in a GetBatch response."""

Texts = Annotated[dict[str, str], BeforeValidator(_without_nulls), AfterValidator(frozen)]
"""Texts by their names, such as tags; they cannot be changed. A null is skipped, as AWS's clients do."""

Names = Annotated[tuple[str, ...], BeforeValidator(_without_nulls)]
"""A list of texts; a null is skipped."""

Timestamp = Annotated[datetime, AfterValidator(_in_utc)]
"""An aware datetime; the service writes UTC."""


class Value(BaseModel, frozen=True):
    """A model that is a value: equal and hashable by its fields, and shown without those that are None.

    A class with `defer_build=True` builds its validator when it is first used.
    """

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:  # noqa: ANN401 - the class's own keywords
        # `defer_build` is for this class only. In the configuration it would also apply to subclasses and TypeAdapters.
        cls.model_config.pop("defer_build", None)

    def __hash__(self) -> int:
        fields = (frozen(vars(self).get(name)) for name in type(self).model_fields)
        return hash((type(self), *fields, frozen(self.__pydantic_extra__)))

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        return ((name, value) for name, value in super().__repr_args__() if value is not None)


class ResponseModel(
    Value,
    frozen=True,
    defer_build=True,
    extra="allow",
    alias_generator=to_camel,
    populate_by_name=True,
    use_attribute_docstrings=True,
):
    """A response of the service: frozen, with AWS's names; unknown fields are kept.

    It reads the service's JSON (bytes or text, `model_validate_json`) and botocore's dicts
    (`model_validate`). `model_dump(by_alias=True)` writes the service's own names, without it snake_case. Absent fields
    are not written. `frozen` is set on each class, since type checkers look for it there.
    """

    __pydantic_extra__: dict[str, Annotated[Any, AfterValidator(_document)]] = Field(  # pyright: ignore[reportIncompatibleVariableOverride] - pydantic reads this very type
        init=False,
    )

    @property
    def model_extra(self) -> dict[str, Any] | None:
        """The fields that this release does not know, as the service named them; they cannot be changed."""
        extra: dict[str, Any] | None = frozen(self.__pydantic_extra__)
        return extra

    @model_serializer(mode="wrap")
    def _leave_out_the_absent(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields = type(self).model_fields
        computed = type(self).model_computed_fields
        present = self.model_fields_set | {fields[name].alias or name for name in self.model_fields_set & fields.keys()}
        present |= {spelling for name, field in computed.items() for spelling in (name, field.alias or name)}
        return {name: value for name, value in write(self).items() if name in present}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, write: GetJsonSchemaHandler) -> JsonSchemaValue:
        # pydantic would describe the serializer's dict. The schema is that of the fields, which the serializer writes.
        fields: Any = {key: part for key, part in schema.items() if key != "serialization"}
        return write(fields)


def problems(error: ValidationError, *, most: int = 10) -> str:
    """Describe a model's first problems in one line, and where each is; never the value."""
    found = error.errors(include_url=False, include_input=False)
    shown = [_worded(problem) for problem in found[:most]]
    more = [f"and {len(found) - most} more"] if len(found) > most else []
    return "; ".join([*shown, *more])


def first_problem(error: ValueError) -> str:
    """Describe a model's first problem, and where it is; never the value."""
    if not isinstance(error, ValidationError):
        return str(error)
    return _worded(error.errors(include_url=False, include_input=False)[0])


def _worded(problem: ErrorDetails) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    return f"{place}{': ' if place else ''}{in_words(problem)}"


def from_json(model: type[M], content: bytes) -> M:
    """Read JSON of any depth. pydantic's own parser is faster, but limited to 200 levels.

    Raises:
        ValueError: It is not JSON, not as the model says (a pydantic.ValidationError), or nested too deeply.
    """
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        if error.errors(include_url=False, include_input=False)[0]["type"] != "json_invalid":
            raise
        try:
            document: object = json.loads(content)
        except ValueError:
            raise error from None
        except RecursionError:
            raise ValueError(too_deep(READ_LEVELS)) from None
        return from_object(model, document)


def from_object(model: type[M], document: object) -> M:
    """Read a response that was parsed already, by `json` or by botocore.

    Raises:
        ValueError: It is not as the model says (a pydantic.ValidationError), or nested too deeply.
    """
    if not _fits(document, READ_LEVELS + _AROUND):  # else pydantic's error would name each level
        raise ValueError(too_deep(READ_LEVELS))
    return model.model_validate(document)
