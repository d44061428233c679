"""The results of the benchmarks: one measure for each line of the table, in a file from which all is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence  # noqa: TC003 - pydantic reads the annotations
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median, quantiles
from typing import Final, Self

from pydantic import JsonValue, TypeAdapter

FOLDER: Final = Path(__file__).resolve().parent.parent / "docs" / "speed"
"""Where the results, the table and the pictures are."""
RATIO: Final = "×"  # noqa: RUF001 - a number of times
"""The unit of what was held against something else in the same run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One line of the table."""

    name: str
    """What was measured, and against what."""
    value: float
    """The median, where there were several rounds."""
    unit: str = ""
    """Such as `ms`, `kB` or `RATIO`; none for a number of things."""
    bound: float | None = None
    """What the value is to be at most; None for what is only there to be compared with."""
    spread: tuple[float, float] | None = None
    """The quartiles, below and above; None where a number cannot vary."""
    note: str = ""
    """What a reader has to know, in a few words."""

    @classmethod
    def of(
        cls, name: str, values: Sequence[float], *, unit: str = "", bound: float | None = None, note: str = ""
    ) -> Self:
        """Sum up what several rounds measured: two or more."""
        below, _, above = quantiles(values, n=4, method="inclusive")
        return cls(name=name, value=median(values), unit=unit, bound=bound, spread=(below, above), note=note)

    @property
    def is_met(self) -> bool | None:
        """Whether the bound is kept; None where there is none."""
        return None if self.bound is None else self.value <= self.bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What one part of the benchmarks found."""

    measures: Sequence[Measure]
    """Its lines of the table, in their order."""
    data: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """What its pictures are drawn from, where that is more than the measures: any JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What one part found, when, and on which machine."""

    findings: Findings
    date: str
    """The day, such as 2026-03-15."""
    machine: Mapping[str, str]
    """What was measured on, and with which versions, by name."""


@dataclass(frozen=True, slots=True)
class Results:
    """The last record of each part, by the part's name."""

    records: Mapping[str, Record] = field(default_factory=dict[str, Record])

    def with_record(self, part: str, record: Record) -> Results:
        """Return these with a part's record, in place of its former one."""
        return replace(self, records={**self.records, part: record})

    @classmethod
    def read(cls, path: Path) -> Results:
        """Return what the file holds; nothing where there is none."""
        return _RESULTS.validate_json(path.read_bytes()) if path.exists() else cls()

    def write(self, path: Path) -> None:
        """Keep them in the file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_RESULTS.dump_json(self, indent=2) + b"\n")


_RESULTS: Final = TypeAdapter(Results)
