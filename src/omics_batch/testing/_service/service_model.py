"""botocore's model of the service, and the operation of a request."""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final, TypeAlias
from urllib.parse import unquote

from botocore.loaders import Loader
from botocore.model import ServiceModel

SERVICE: Final = "omics"

Document: TypeAlias = dict[str, Any]
"""JSON that was checked against its shape, so its members can be used without checks."""

Shape: TypeAlias = Any
"""A shape of `botocore.model`: its attributes depend on its type."""

Operation: TypeAlias = Any
"""An operation of `botocore.model`."""


@cache
def service_model() -> ServiceModel:
    """Load the service's model from the installed botocore."""
    return ServiceModel(Loader().load_service_model(SERVICE, "service-2"), SERVICE)


@cache
def _routes(model: ServiceModel) -> list[tuple[str, re.Pattern[str], Operation]]:
    """Return each operation's method and path, those with the most fixed segments first."""
    operations = [model.operation_model(name) for name in model.operation_names]
    operations.sort(key=lambda operation: operation.http["requestUri"].count("{"))
    return [(operation.http["method"], _pattern(operation.http["requestUri"]), operation) for operation in operations]


def _pattern(uri: str) -> re.Pattern[str]:
    path = re.escape(uri.partition("?")[0])
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", path))


def find(model: ServiceModel, method: str, raw_path: str) -> tuple[Operation, dict[str, str]] | None:
    """Find the operation of a request, and the members in its path.

    If two fit, as for DELETE /runBatch/delete, it is the one with more fixed segments.
    """
    for wanted, path, operation in _routes(model):
        if method == wanted and (said := path.fullmatch(raw_path)) is not None:
            return operation, {name: unquote(value) for name, value in said.groupdict().items()}
    return None


def error_code(status: int) -> str | None:
    """Return the code of the modelled error with an HTTP status; None if there is none."""
    errors = service_model().error_shapes
    return min((shape.name for shape in errors if shape.metadata["error"]["httpStatusCode"] == status), default=None)
