"""From HTTP requests to members, and from members to JSON."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NoReturn, cast
from urllib.parse import quote

from omics_batch.testing._service.http_response import Item, Refusal, validation
from omics_batch.testing._service.shape_check import WrongTypeError, find_breaches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from omics_batch.testing._service.service_model import Document, Operation, Shape

_BOOLEANS: Final = {"true": True, "false": False}
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")


def read_request(
    operation: Operation,
    uri_members: Mapping[str, str],
    query: Mapping[str, Sequence[str]],
    body: bytes,
) -> Document:
    """Read a request's members from its path, query and body, by the model, and check them.

    Args:
        operation: The operation.
        uri_members: The members in the path, by their names in the model's path.
        query: All values of each parameter of the query.
        body: The body's bytes.

    Raises:
        Refusal: The body is not a JSON object, or a member does not fit its shape.
    """
    request: Document = {}
    members: Mapping[str, Shape] = operation.input_shape.members
    document = _read_body(body) if any("location" not in member.serialization for member in members.values()) else {}
    for name, member in members.items():
        wire_name = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri":
                value: object = uri_members[wire_name]
            case "querystring":
                value = _from_text(member, query.get(wire_name, ()))
            case _:
                value = document.get(wire_name)
        if value is not None:
            request[name] = value
    return checked(operation, request)


def checked(operation: Operation, request: Document) -> Document:
    """Return a request's members if they fit their shapes.

    Raises:
        Refusal: One does not.
    """
    try:
        problem = find_breaches(operation.input_shape, request)
    except WrongTypeError as error:
        raise Refusal(400, "SerializationException", str(error)) from error
    if problem:
        raise validation(problem)
    return request


def path_of(operation: Operation, request: Mapping[str, Any]) -> str:
    """Return the path of a request over HTTP, without its query."""
    members: Mapping[str, Shape] = operation.input_shape.members
    in_path = {
        member.serialization.get("name", name): quote(str(request[name]), safe="")
        for name, member in members.items()
        if member.serialization.get("location") == "uri"
    }
    path: str = operation.http["requestUri"].format_map(in_path)
    return path


def write_answer(shape: Shape | None, value: object) -> Any:  # noqa: ANN401 - JSON
    """Keep the members of a response that its shape has; members that are None are left out.

    Args:
        shape: The response's shape; None if the operation returns nothing.
        value: The response.
    """
    if shape is None or isinstance(value, Item) or shape.metadata.get("document"):
        return value
    match shape.type_name:
        case "structure":
            said = cast("Mapping[str, object]", value)
            return {
                name: write_answer(member, said[name])
                for name, member in shape.members.items()
                if said.get(name) is not None
            }
        case "list":
            items = cast("list[object]", value)
            return [write_answer(shape.member, item) for item in items]
        case _:
            return value


def _read_body(body: bytes) -> dict[str, object]:
    try:
        document: object = json.loads(body or b"{}", parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise Refusal(400, "SerializationException", "The request's body is not JSON.") from error
    if not isinstance(document, dict):
        raise Refusal(400, "SerializationException", "The request's body is not a JSON object.")
    return cast("dict[str, object]", document)


def refuse_constant(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python's parser accepts: a `parse_constant`."""
    msg = f"{constant} is not JSON"
    raise ValueError(msg)


def _from_text(shape: Shape, values: Sequence[str]) -> object:
    """Read a query parameter; a wrong number or boolean stays a text, which the check refuses."""
    if not values:
        return None
    if shape.type_name == "list":
        return list(values)
    text = values[0]
    if shape.type_name == "boolean":
        return _BOOLEANS.get(text, text)
    return int(text) if shape.type_name == "integer" and _INTEGER.fullmatch(text) else text
