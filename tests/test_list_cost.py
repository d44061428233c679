"""What is known of the account's lists."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from omics_batch import AccessDeniedError, InternalServerError
from omics_batch._waiting.cost import ListCost

if TYPE_CHECKING:
    import pytest


def test_the_first_sweep_is_taken_to_meet_nobody_else() -> None:
    """Five lists, and a page for each hundred batches that are waited for."""
    assert [ListCost().price(watched, 0) for watched in (0, 100, 10_000)] == [5, 6, 105]


def test_the_price_is_what_the_last_one_took() -> None:
    """With a page more or less for each hundred batches that have come or gone since."""
    lists = ListCost()
    lists.read(pages=56, watched=100, now=0)
    assert [lists.price(watched, 0) for watched in (100, 300, 0)] == [56, 58, 55]
    lists.read(pages=6, watched=100, now=0)
    assert lists.price(100, 0) == 6


def test_a_sweep_is_never_cheaper_than_a_call_for_each_status() -> None:
    lists = ListCost()
    lists.read(pages=105, watched=10_000, now=0)
    assert lists.price(0, 0) == 5


def test_what_a_sweep_took_before_it_was_given_up_is_remembered_where_that_is_more() -> None:
    lists = ListCost()
    lists.grew(pages=300, watched=20, now=0)
    assert lists.price(20, 0) == 300
    lists.grew(pages=7, watched=20, now=0)
    assert lists.price(20, 0) == 300


def test_a_price_that_was_too_high_is_forgotten_after_an_hour() -> None:
    """Others come and go; nobody would learn of it without a sweep."""
    lists = ListCost()
    lists.read(pages=500, watched=100, now=7)
    assert [lists.price(100, now) for now in (7, 3607, 3608)] == [500, 500, 6]


def test_lists_that_fail_are_left_alone_for_a_minute_then_longer_up_to_five() -> None:
    """And one that is read makes up for all."""
    lists, now = ListCost(), 0.0
    pauses: list[float] = []
    for _ in range(9):
        assert lists.are_open(now)
        lists.failed(InternalServerError("down"), now)
        pauses.append(next(pause for pause in range(60, 4000, 60) if lists.are_open(now + pause)))
        assert not lists.are_open(now + pauses[-1] - 1)
        now += pauses[-1]
    assert pauses == [60, 120, 240, 300, 300, 300, 300, 300, 300]
    lists.read(pages=5, watched=0, now=0)
    lists.failed(InternalServerError("down"), now)
    assert lists.are_open(now + 60)


def test_lists_that_are_not_allowed_are_left_alone_for_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    """It is said once, however often they are tried."""
    lists = ListCost()
    with caplog.at_level(logging.INFO):
        for hour in range(3):
            lists.failed(AccessDeniedError("no"), hour * 3600.0)
            assert not lists.are_open(hour * 3600.0 + 3599)
            assert lists.are_open(hour * 3600.0 + 3600)
        lists.read(pages=5, watched=0, now=0)
    assert len(caplog.records) == 2
