"""The frame of the benchmarks: measures, the table, and parts that are measured alone."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import aiohttp.connector
import pytest

from benchmarks.__main__ import parts_of
from benchmarks.parts import PARTS, Part
from benchmarks.results import FOLDER, RATIO, Findings, Measure, Record, Results
from benchmarks.scaled_time import ScaledLoop, run_scaled
from benchmarks.table import number, table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CALLS = Part("calls", "One call")
MEMORY = Part("memory", "Memory")


def record(*measures: Measure, date: str = "2026-03-15") -> Record:
    return Record(findings=Findings(measures=measures), date=date, machine={"2 cores of": "x86_64", "Python": "3.11.7"})


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [([], [part.name for part in PARTS]), (["calls", "cold"], ["calls", "cold"]), (["pictures"], ["pictures"])],
)
def test_all_parts_are_measured_unless_some_are_named(arguments: list[str], parts: list[str]) -> None:
    assert parts_of(arguments) == parts


def test_several_rounds_are_a_median_with_its_quartiles() -> None:
    measure = Measure.of("a call", [0.9, 0.7, 0.8, 5.0, 0.6], unit=RATIO, bound=0.8)
    assert (measure.value, measure.spread) == (0.8, (0.7, 0.9))


@pytest.mark.parametrize(
    ("value", "bound", "met"), [(0.79, 0.8, True), (0.8, 0.8, True), (0.81, 0.8, False), (9, None, None)]
)
def test_a_bound_is_kept_up_to_the_bound_itself(value: float, bound: float | None, met: object) -> None:
    assert Measure(name="a call", value=value, bound=bound).is_met is met


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.8, RATIO, "0.80×"),
        (29.887, RATIO, "29.89×"),
        (1.0, "", "1"),
        (10.0, "ms", "10 ms"),
        (1.6234, "kB", "1.62 kB"),
        (11.27, "ms", "11.3 ms"),
        (376.68, "ms", "377 ms"),
        (41856.0, "calls a minute", "41,856 calls a minute"),
    ],
)
def test_numbers_have_no_more_digits_than_mean_something(value: float, unit: str, text: str) -> None:
    assert number(value, unit) == text


def test_the_table_has_a_line_for_each_measure() -> None:
    """The bound, the median, the quartiles and the verdict, each where there is one."""
    ours = Measure(name="ours", value=0.756, unit=RATIO, bound=0.8, spread=(0.741, 0.772))
    theirs = Measure(name="theirs", value=1, unit=RATIO, note="a dict")
    slow = Measure(name="slow", value=31, unit="ms", bound=30)
    assert table(Results({"calls": record(ours, theirs, slow)}), [CALLS]) == (
        "| | at most | median | quartiles | met |\n"
        "|---|---|---|---|---|\n"
        "| **One call** |  |  |  |  |\n"
        "| ours | 0.80× | 0.76× | 0.74× to 0.77× | yes |\n"
        "| theirs; a dict |  | 1.00× |  |  |\n"
        "| slow | 30 ms | 31 ms |  | **no** |\n"
        "\n"
        "Measured on 2026-03-15 with 2 cores of x86_64, Python 3.11.7.\n"
    )


def test_the_table_says_what_was_not_measured_yet() -> None:
    lines = table(Results({"calls": record()}), [CALLS, MEMORY]).splitlines()
    assert lines[3:5] == ["| **Memory** |  |  |  |  |", "| not measured yet |  |  |  |  |"]


def test_parts_that_were_measured_on_other_days_are_distinguished() -> None:
    results = Results({"calls": record(), "memory": record(date="2026-03-16")})
    lines = table(results, [CALLS, MEMORY]).splitlines()
    assert [line[:32] for line in lines if "measured on" in line] == [
        "calls: measured on 2026-03-15 wi",
        "memory: measured on 2026-03-16 w",
    ]


def test_a_part_that_is_measured_alone_replaces_its_own_lines_only(tmp_path: Path) -> None:
    """And the file between two runs loses nothing."""
    first, second, memory = (record(Measure(name=name, value=1, spread=(0.9, 1.1))) for name in ("a", "b", "c"))
    Results({"calls": first, "memory": memory}).write(tmp_path / "new" / "results.json")
    Results.read(tmp_path / "new" / "results.json").with_record("calls", second).write(tmp_path / "results.json")
    text = table(Results.read(tmp_path / "results.json"), [CALLS, MEMORY])
    assert text == table(Results({"calls": second, "memory": memory}), [CALLS, MEMORY])
    assert "| a |" not in text


def test_before_the_first_measuring_there_are_no_results(tmp_path: Path) -> None:
    assert Results.read(tmp_path / "results.json") == Results()


def test_the_table_in_the_documentation_is_what_was_measured() -> None:
    """No number was changed by hand."""
    assert (FOLDER / "table.md").read_text(encoding="utf-8") == table(Results.read(FOLDER / "results.json"), PARTS)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_part_can_be_run(part: Part) -> None:
    """Its module imports without what only the benchmarks install, measures, and knows how to draw what it found."""
    assert callable(import_module(f"benchmarks.{part.name}").measure)
    assert all(map(callable, part.pictures().values()))


def test_on_the_scaled_loop_all_clocks_run_alike() -> None:
    """An hour is over in a moment, for sleepers, for the loop's timers and for aiohttp's idle connections."""
    connector: Any = aiohttp.connector

    async def an_hour(clock: ScaledLoop) -> list[float]:
        clocks: list[Callable[[], float]] = [clock.now, clock.time, connector.monotonic]
        began = [read() for read in clocks]
        await clock.sleep(3600)
        return [read() - start for read, start in zip(clocks, began, strict=True)]

    assert min(run_scaled(an_hour, 1_000_000)) >= 3600
