"""Tables: aligned in a terminal's cells, cut for a terminal alone, and written as the rows come."""

from __future__ import annotations

import io
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest
from rich.cells import cell_len
from rich.console import Console

from omics_batch.cli._table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Generator

COLUMNS: Final = (Column("ID"), Column("RUNS", is_number=True), Column("STATUS", most=8), Column("NAME"))


class Terminal(io.TextIOWrapper):
    """A stream that is a terminal, or is none."""

    def __init__(self, *, encoding: str = "utf-8", is_one: bool = True) -> None:
        super().__init__(io.BytesIO(), encoding=encoding, errors="backslashreplace", write_through=True)
        self._is_one = is_one

    def isatty(self) -> bool:
        return self._is_one

    @property
    def lines(self) -> list[str]:
        self.seek(0)
        return self.read().splitlines()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def table_on(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, clock: Clock, *, width: int = 40) -> Generator[Table]:
    monkeypatch.setattr(sys, "stdout", terminal)
    with Table(Console(file=terminal, width=width, markup=False, color_system=None), COLUMNS, now=clock) as table:
        yield table


def test_columns_are_as_wide_as_their_cells_and_numbers_stand_to_the_right(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    terminal = Terminal()
    with table_on(terminal, monkeypatch, clock) as table:
        table.add("7123456", 96, "PENDING", "cohort")
        table.add("1", 100_000, None, "")
    assert terminal.lines == [
        "ID         RUNS  STATUS   NAME",
        "7123456      96  PENDING  cohort",
        "1        100000  -        -",
    ]


def test_wide_characters_take_two_cells_and_a_terminal_is_never_overrun(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    terminal = Terminal()
    with table_on(terminal, monkeypatch, clock) as table:
        table.add("\u65e5\u672c", 1, "RUNS_DELETE_FAILED", "\u65e5" * 64)
        table.add("7123", 2, "OK", "e\u0301" * 13)
    title, wide, narrow = terminal.lines
    assert title == "ID    RUNS  STATUS    NAME"
    assert wide == "\u65e5\u672c     1  RUNS_DE\u2026  " + "\u65e5" * 8 + "\u2026"
    assert narrow == "7123     2  OK        " + "e\u0301" * 13
    assert [cell_len(line) for line in (wide, narrow)] == [39, 35]


@pytest.mark.parametrize(("width", "cells"), [(40, 24), (80, 32)])
def test_what_distinguishes_rows_has_more_room_where_there_is_some(
    monkeypatch: pytest.MonkeyPatch, width: int, cells: int
) -> None:
    """Samples of one patient differ in the last of their characters."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    columns = [Column("SAMPLE", is_key=True), Column("NAME")]
    with Table(Console(file=terminal, width=width, markup=False, color_system=None), columns) as table:
        table.add("x" * 100, "y" * 100)
    sample, name = terminal.lines[1].split()
    assert (cell_len(sample), cell_len(name)) == (cells, width - cells - 2)


def test_a_pipe_gets_all(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    terminal = Terminal(is_one=False)
    with table_on(terminal, monkeypatch, clock) as table:
        table.add("1", 1, "RUNS_DELETE_FAILED", "x" * 1000)
    assert terminal.lines[1] == "1      1  RUNS_DELETE_FAILED  " + "x" * 1000


def test_a_terminal_that_is_narrower_than_the_columns_is_not_overrun_either(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    terminal = Terminal()
    with table_on(terminal, monkeypatch, clock, width=10) as table:
        table.add("7123456", 1, "OK", "cohort")
    assert terminal.lines == ["ID       R", "7123456   "]


def test_a_terminal_without_unicode_is_not_overrun_either(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    terminal = Terminal(encoding="ascii")
    with table_on(terminal, monkeypatch, clock) as table:
        table.add("1", 1, "RUNNING_ON", "caf\u00e9 " * 20)
    assert terminal.lines[1] == "1      1  RUNNI...  caf\\xe9 caf\\xe9 c..."
    assert len(terminal.lines[1]) == 40


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("[red]x[/red]", "[red]x[/red]"),
        ("\x1b[2J\x9b31m\r\n7", "[2J 31m 7"),
        ("\u202egnp.exe", "gnp.exe"),
        ("\u05e9\u05dc\u05d5\u05dd", "\u05e9\u05dc\u05d5\u05dd"),
    ],
)
def test_strangers_texts_do_no_harm(text: str, safe: str, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    terminal = Terminal()
    with table_on(terminal, monkeypatch, clock) as table:
        table.add(text, 1, "OK", text)
    assert terminal.lines[1].split("  ")[0].rstrip() == safe
    assert terminal.lines[1].endswith(f"OK      {safe}")


def test_nothing_is_written_of_a_table_without_rows(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    terminal = Terminal()
    with table_on(terminal, monkeypatch, clock):
        pass
    assert terminal.lines == []


def test_the_first_page_is_shown_at_once_and_each_row_after_it(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    terminal = Terminal()
    with table_on(terminal, monkeypatch, clock) as table:
        for number in range(99):
            table.add(number, 1, "OK", "x")
        assert terminal.lines == []
        table.add(99, 1, "OK", "x")
        assert len(terminal.lines) == 101
        table.add("1234567", 1, "OK", "wider than the first page's")
        assert terminal.lines[-1] == "1234567     1  OK      wider than the f\u2026"


def test_rows_that_are_slow_to_come_are_not_kept_back(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    terminal = Terminal()
    with table_on(terminal, monkeypatch, clock) as table:
        clock.now = 50.0
        table.add(1, 1, "OK", "x")
        clock.now = 50.9
        table.add(2, 1, "OK", "x")
        assert terminal.lines == []
        clock.now = 51.0
        table.add(3, 1, "OK", "x")
        assert len(terminal.lines) == 4


def test_what_was_listed_before_an_error_is_written(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    terminal = Terminal()

    def list_and_break_off() -> None:
        with table_on(terminal, monkeypatch, clock) as table:
            table.add(1, 1, "OK", "x")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list_and_break_off()
    assert len(terminal.lines) == 2


RESULTS: Final = (
    Column("SAMPLE", most=8, is_key=True),
    Column("STATUS"),
    Column("TOOK"),
    Column("REASON"),
    Column("MESSAGE", is_whole=True),
)


@contextmanager
def results_on(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, width: int) -> Generator[Table]:
    monkeypatch.setattr(sys, "stdout", terminal)
    with Table(Console(file=terminal, width=width, markup=False, color_system=None), RESULTS) as table:
        yield table


def test_a_row_that_is_wider_than_the_terminal_is_broken_between_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    with results_on(terminal, monkeypatch, 26) as table:
        table.add("S1", "completed", "1 h", None, None)
        table.add("S2", "failed", None, "OUT_OF_MEMORY", None)
        table.add("S3", "not submitted", None, "Denied", "The role may not read it.")
        table.add("S4", "completed", None, None, "Retried.")
        table.add("S5", None, None, None, None)
    assert terminal.lines == [
        "SAMPLE  STATUS",
        "    TOOK  REASON",
        "    MESSAGE",
        "S1      completed",
        "    1 h",
        "S2      failed",
        "    -     OUT_OF_MEMORY",
        "S3      not submitted",
        "    -     Denied",
        "    The role may not read",
        "    it.",
        "S4      completed",
        "    -     -",
        "    Retried.",
        "S5      -",
    ]


def test_a_message_stands_beside_what_was_broken_off_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    with results_on(terminal, monkeypatch, 36) as table:
        table.add("S1", "not submitted", None, "Denied", "The role may not.")
        table.add("S2", "completed", "1 h", None, None)
    assert terminal.lines == [
        "SAMPLE  STATUS         TOOK  REASON",
        "    MESSAGE",
        "S1      not submitted  -     Denied",
        "    The role may not.",
        "S2      completed      1 h   -",
    ]


@pytest.mark.parametrize(("width", "name"), [(80, "patient-0001-tumour"), (40, "patient-0001…"), (30, "patient…")])
def test_names_are_cut_where_they_take_what_other_columns_need(
    monkeypatch: pytest.MonkeyPatch, width: int, name: str
) -> None:
    terminal = Terminal()
    with results_on(terminal, monkeypatch, width) as table:
        for number in range(101):
            table.add("patient-0001-tumour", "completed", "1 h", "NONE", f"{number}")
    assert {line.split()[0] for line in terminal.lines[1:] if not line.startswith(" ")} == {name}
