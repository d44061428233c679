"""A part of a request to the service, which is checked when it is made."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final, Self, TypeAlias

from pydantic import Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

from omics_batch._errors import InvalidInputError
from omics_batch._models.base import Value, problems
from omics_batch._patterns import DIGITS, VISIBLE

if TYPE_CHECKING:
    from collections.abc import Generator

_CustomError: Final[Any] = PydanticCustomError  # whose messages are to be literals

NumericId: TypeAlias = Annotated[str, Field(min_length=1, max_length=18, pattern=DIGITS)]
Name: TypeAlias = Annotated[str, Field(min_length=1, max_length=128, pattern=VISIBLE)]
BatchName: TypeAlias = Annotated[str, Field(min_length=1, max_length=64, pattern=VISIBLE)]


class InvalidRequestError(InvalidInputError, ValidationError):
    """A request is not as the service takes it; each place is named. It is pydantic's `ValidationError` as well."""

    def __str__(self) -> str:
        return problems(self)


@contextmanager
def _reported() -> Generator[None]:
    """Raise what is caught as `InvalidInputError` and as pydantic's `ValidationError`, which is its cause too."""
    try:
        yield
    except ValidationError as error:
        # As custom errors with the same types and messages: pydantic cannot make errors of validators' own types again.
        lines = [
            InitErrorDetails(
                type=_CustomError(found["type"], found["msg"], found.get("ctx")), loc=found["loc"], input=found["input"]
            )
            for found in error.errors(include_url=False)
        ]
        raise InvalidRequestError.from_exception_data(error.title, lines, hide_input=True) from error


class RequestPart(
    Value,
    frozen=True,
    extra="forbid",
    alias_generator=to_camel,
    populate_by_name=True,
    use_attribute_docstrings=True,
    revalidate_instances="always",
    hide_input_in_errors=True,
):
    """A part of a request: with AWS's names or in snake_case, and without unknown members.

    If a caller makes or reads a wrong one, that is an `InvalidRequestError`. If it is a part of another model, or of a
    request to a web service, pydantic reports it as usual, with its place in the whole.
    """

    def __init__(self, /, **members: Any) -> None:  # noqa: ANN401 - as pydantic has it
        with _reported():
            super().__init__(**members)

    @classmethod
    def model_validate(cls, obj: Any, **options: Any) -> Self:  # noqa: ANN401 - as pydantic has it
        """Read a dict, or check a request once more.

        Raises:
            InvalidInputError: Something in it is not as the service takes it; it is a pydantic `ValidationError` too.
        """
        with _reported():
            return super().model_validate(obj, **options)

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, **options: Any) -> Self:  # noqa: ANN401 - as pydantic has it
        """Read JSON.

        Raises:
            InvalidInputError: Something in it is not as the service takes it; it is a pydantic `ValidationError` too.
        """
        with _reported():
            return super().model_validate_json(json_data, **options)
