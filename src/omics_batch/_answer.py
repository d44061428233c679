"""What all answers of the service have in common."""

import math
from datetime import UTC, datetime
from typing import Annotated, Any

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
from pydantic_core import CoreSchema


def _zero_for_null(count: object) -> object:
    return 0 if count is None else count


def _empty_for_null(summary: object) -> object:
    return {} if summary is None else summary


def _finite(value: JsonValue) -> JsonValue:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is not finite")  # JSON has no such number, and NaN differs even from itself
    if isinstance(value, dict):
        for part in value.values():
            _finite(part)
    if isinstance(value, list):
        for part in value:
            _finite(part)
    return value


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


Count = Annotated[int, Field(strict=True, ge=0), BeforeValidator(_zero_for_null)]
"""A number of runs: null counts as 0, a string or a negative number is no count."""

NullIsEmpty = BeforeValidator(_empty_for_null)
"""For a part whose absence means that there is nothing in it yet."""

Document = Annotated[JsonValue, AfterValidator(_finite)]
"""A free JSON document."""

Timestamp = Annotated[datetime, AfterValidator(_in_utc)]
"""An aware datetime; the service writes UTC."""


class Answer(
    BaseModel,
    frozen=True,
    extra="allow",
    alias_generator=to_camel,
    populate_by_name=True,
    use_attribute_docstrings=True,
):
    """Something the service said: frozen, named as AWS names it, keeping fields that nobody knows yet.

    It reads the service's JSON (bytes or text, `model_validate_json`) and botocore's dicts
    (`model_validate`). `model_dump(by_alias=True)` writes the service's own names, without it snake_case;
    what was absent stays absent. `frozen` stands on each class, where type checkers look for it.
    """

    __pydantic_extra__: dict[str, Annotated[Any, AfterValidator(_finite)]] = Field(  # pyright: ignore[reportIncompatibleVariableOverride] - pydantic reads this very type
        init=False,
    )

    @model_serializer(mode="wrap")
    def _leave_out_the_absent(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields = type(self).model_fields
        present = self.model_fields_set | {fields[name].alias or name for name in self.model_fields_set & fields.keys()}
        return {name: value for name, value in write(self).items() if name in present}

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, write: GetJsonSchemaHandler) -> JsonSchemaValue:
        # pydantic would describe the serializer's dict; it writes the fields, so they are the schema.
        fields: Any = {key: part for key, part in schema.items() if key != "serialization"}
        return write(fields)


def first_problem(error: ValidationError) -> str:
    """Tell the first thing that a model complains of, and where; never what it was given."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}{': ' if place else ''}{first['msg']}"
