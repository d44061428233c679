"""The table of all that was measured, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from benchmarks.results import RATIO

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.parts import Part
    from benchmarks.results import Measure, Results

_HEAD: Final = "| | at most | median | quartiles | met |\n|---|---|---|---|---|"
_MET: Final = {True: "yes", False: "**no**", None: ""}
_ADJACENT: Final = ("", RATIO)


def table(results: Results, parts: Sequence[Part]) -> str:
    """Write the table: every part in its turn, those too that were not measured yet, and what they were measured on."""
    lines = [_HEAD]
    for part in parts:
        lines.append(_row(f"**{part.title}**"))
        record = results.records.get(part.name)
        lines += [_row("not measured yet")] if record is None else map(_line, record.findings.measures)
    return "\n".join([*lines, "", *_origins(results, parts)]) + "\n"


def number(value: float, unit: str = "") -> str:
    """Write a number with its unit, and with no more digits than mean something."""
    digits = 2 if unit == RATIO or (value % 1 and abs(value) < 10) else 1 if value % 1 and abs(value) < 100 else 0  # noqa: PLR2004 - three digits
    return f"{value:,.{digits}f}{'' if unit in _ADJACENT else ' '}{unit}"


def _line(measure: Measure) -> str:
    return _row(
        f"{measure.name}; {measure.note}" if measure.note else measure.name,
        "" if measure.bound is None else number(measure.bound, measure.unit),
        number(measure.value, measure.unit),
        "" if measure.spread is None else " to ".join(number(value, measure.unit) for value in measure.spread),
        _MET[measure.is_met],
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join([*cells, '', '', '', ''][:5])} |"


def _origins(results: Results, parts: Sequence[Part]) -> Iterator[str]:
    """Yield when and on what machine the parts were measured; once if that is the same for all."""
    origins: dict[str, list[str]] = {}
    for part in parts:
        if record := results.records.get(part.name):
            machine = ", ".join(f"{name} {version}" for name, version in record.machine.items())
            origins.setdefault(f"{record.date} with {machine}.", []).append(part.name)
    for origin, names in origins.items():
        yield f"Measured on {origin}" if len(origins) == 1 else f"{', '.join(names)}: measured on {origin}\n"
