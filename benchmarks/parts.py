"""The parts of the benchmarks, in the order of the table: each can be run alone.

A part is a module with a function `measure() -> Findings`. One that has a picture has `PICTURES` too: by the picture's
name, a function that draws what the part found, `draw(axes: Axes, findings: Findings) -> None`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, TypeAlias, cast

from benchmarks.results import Findings

Axes: TypeAlias = Any
"""matplotlib's; it is not there where the types are checked."""
Draw: TypeAlias = Callable[[Axes, Findings], None]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the benchmarks."""

    name: str
    """What to say to `python -m benchmarks` to run it alone, and the name of its module."""
    title: str
    """What stands above its lines in the table."""

    def measure(self) -> Findings:
        """Run it."""
        return cast("Findings", self._module().measure())

    def pictures(self) -> Mapping[str, Draw]:
        """Return what draws its pictures, by their names."""
        return cast("Mapping[str, Draw]", getattr(self._module(), "PICTURES", {}))

    def _module(self) -> Any:  # noqa: ANN401 - modules have no types of their own
        return import_module(f"benchmarks.{self.name}")


PARTS: Final = (
    Part("calls", "CPU of one call, against bare aiobotocore"),
    Part("connections", "Connections that one wait of ten polls opens, 30 s apart"),
    Part("cold", "CPU of a fresh process until its first answer of get_batch, against bare aiobotocore"),
    Part("startup", "CPU of importing, in fresh processes"),
    Part("clients", "CPU of making a client"),
    Part("memory", "Memory of 10,000 waits that sleep"),
    Part("watch", "Many waits on one account"),
    Part("sheets", "A sheet of 100,000 rows to a settings file, against pandas and polars in the same run"),
    Part("run_results", "How each of 100,000 runs went, into a CSV file, against boto3's paginators in the same run"),
    Part("large_batch", "A batch of 100,000 runs in the local HealthOmics, held against one of 100"),
)
