"""The service's contract, read from botocore's own model of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias, cast
from urllib.parse import unquote

from botocore.loaders import Loader

SERVICE: Final = "omics"

Document: TypeAlias = dict[str, Any]
"""JSON that was checked against its shape, so that its members can be used without asking again."""

RawShape: TypeAlias = Mapping[str, Any]
"""A shape as the model's file writes it: `type`, and `members`, `member`, `key`, `value`, `pattern`, ..."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of the service: how it is asked for, and what it answers."""

    name: str
    method: str
    path: tuple[str, ...]
    """The path's segments; `{batchId}` stands for whatever is sent there."""
    status: int
    input: RawShape
    output: RawShape

    def uri_members(self, method: str, segments: tuple[str, ...]) -> dict[str, str] | None:
        """Give what the path says, by member; None if the request is for another operation."""
        if method != self.method or len(segments) != len(self.path):
            return None
        said: dict[str, str] = {}
        for expected, sent in zip(self.path, segments, strict=True):
            if expected.startswith("{") and sent:
                said[expected.strip("{}")] = sent
            elif expected != sent:
                return None
        return said


class ServiceModel:
    """All operations and shapes of the service.

    Args:
        raw: The model's file, as botocore's loader gives it.
    """

    def __init__(self, raw: Mapping[str, Any]) -> None:
        """Read the model."""
        self._shapes: Mapping[str, RawShape] = raw["shapes"]
        self.operations: dict[str, Operation] = {
            name: self._operation(name, operation) for name, operation in raw["operations"].items()
        }

    def shape(self, reference: Mapping[str, Any]) -> RawShape:
        """Resolve a member's reference to its shape."""
        return self._shapes[reference["shape"]]

    def find(self, method: str, raw_path: str) -> tuple[Operation, dict[str, str]] | None:
        """Find the operation that a request is for, with the members that its path holds.

        Where two fit, as DELETE /runBatch/delete might, the one with more fixed segments is meant.
        """
        segments = _segments(raw_path)
        fits = [
            (operation, said)
            for operation in self.operations.values()
            if (said := operation.uri_members(method, segments)) is not None
        ]
        return min(fits, key=lambda fit: len(fit[1]), default=None)

    def error_status(self, code: str) -> int | None:
        """Give the HTTP status of a modelled error; None for a code that the model lacks."""
        status: int | None = self._shapes.get(code, {}).get("error", {}).get("httpStatusCode")
        return status

    def error_code(self, status: int) -> str | None:
        """Give the modelled error that a HTTP status stands for; None if there is none."""
        codes = (name for name, shape in self._shapes.items() if shape.get("exception"))
        return next((code for code in sorted(codes) if self.error_status(code) == status), None)

    def _operation(self, name: str, raw: Mapping[str, Any]) -> Operation:
        http = raw["http"]
        path = re.sub(r"\?.*", "", http["requestUri"])
        return Operation(
            name=name,
            method=http["method"],
            path=_segments(path),
            status=http["responseCode"],
            input=self.shape(raw["input"]) if "input" in raw else {"type": "structure", "members": {}},
            output=self.shape(raw["output"]) if "output" in raw else {"type": "structure", "members": {}},
        )


@lru_cache(maxsize=1)
def service_model() -> ServiceModel:
    """Load the service's model from the botocore that is installed."""
    load = cast("Callable[[str, str], Mapping[str, Any]]", Loader().load_service_model)
    return ServiceModel(load(SERVICE, "service-2"))


def _segments(raw_path: str) -> tuple[str, ...]:
    return tuple(unquote(segment) for segment in raw_path.split("/")[1:])
