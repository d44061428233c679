"""Measure what this package promises about speed, and write it down in docs/speed.

    python -m benchmarks [PART ...]

Without a part it measures all, each in its own process. Results of other parts stay as they were. With `pictures` it
only draws the table and the pictures again, from earlier results.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from benchmarks.machine import machine
from benchmarks.parts import PARTS, Part
from benchmarks.pictures import save_picture
from benchmarks.results import FOLDER, Record, Results
from benchmarks.table import table
from tests.machine import forget

if TYPE_CHECKING:
    from collections.abc import Sequence

REDRAW: Final = "pictures"
ALL: Final = "all"
_RESULTS: Final = FOLDER / "results.json"


def main() -> int:
    """Do what the command line says, and return its exit code."""
    names = parts_of(sys.argv[1:])
    forget()
    if len(names) > 1:
        commands = [[sys.executable, "-m", "benchmarks", name] for name in names]
        codes = [subprocess.run(command, check=False).returncode for command in commands]
        return int(any(codes))
    for part in PARTS:
        if part.name in names:
            _measure(part)
    _draw()
    return 0


def parts_of(arguments: Sequence[str]) -> list[str]:
    """Return the names of the parts to measure: all, if none is named."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed, into docs/speed.")
    every = [part.name for part in PARTS]
    parser.add_argument("part", nargs="*", choices=[*every, REDRAW, ALL], default=ALL)
    named = parser.parse_args(arguments).part
    return every if ALL in named else list(named)


def _measure(part: Part) -> None:
    print(f"{part.name}: {part.title}", flush=True)
    findings = part.measure()
    record = Record(findings=findings, date=datetime.now(UTC).date().isoformat(), machine=machine())
    Results.read(_RESULTS).with_record(part.name, record).write(_RESULTS)
    print(table(Results({part.name: record}), [part]), flush=True)


def _draw() -> None:
    results = Results.read(_RESULTS)
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / "table.md").write_text(table(results, PARTS), encoding="utf-8")
    for part in PARTS:
        if record := results.records.get(part.name):
            for name, draw in part.pictures().items():
                save_picture(FOLDER / f"{name}.svg", draw, record.findings)


if __name__ == "__main__":
    sys.exit(main())
