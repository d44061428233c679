"""What a scan of the lists costs, and whether lists are believed: tables."""

from __future__ import annotations

from math import inf

import pytest

from omics_batch import AccessDeniedError, BatchStatus, InternalServerError, OmicsBatchError
from omics_batch._models.enums import ACTIVE, TERMINAL
from omics_batch._waiting.cost import ListCost, Need, can_confirm, is_active, is_later, is_scan_cheaper, longest_useful


def test_the_first_scan_is_taken_to_meet_nobody_else() -> None:
    """Five lists, and a page for each hundred batches that are waited for."""
    assert [ListCost().price(watched, 0) for watched in (0, 100, 10_000)] == [5, 6, 105]


def test_the_price_is_what_the_last_one_took() -> None:
    """With a page more or less for each hundred batches that have come or gone since."""
    lists = ListCost()
    lists.read(pages=56, watched=100, now=0)
    assert [lists.price(watched, 0) for watched in (100, 300, 0)] == [56, 58, 55]
    lists.read(pages=6, watched=100, now=0)
    assert lists.price(100, 0) == 6


def test_a_scan_is_never_cheaper_than_a_call_for_each_status() -> None:
    lists = ListCost()
    lists.read(pages=105, watched=10_000, now=0)
    assert lists.price(0, 0) == 5


def test_what_a_scan_took_before_it_was_given_up_is_remembered_where_that_is_more() -> None:
    lists = ListCost()
    lists.stopped(pages=300, watched=20, now=0)
    assert lists.price(20, 0) == 300
    lists.stopped(pages=7, watched=20, now=0)
    assert lists.price(20, 0) == 300


def test_a_price_that_was_too_high_is_forgotten_after_an_hour() -> None:
    """Other batches come and go, which only a scan shows."""
    lists = ListCost()
    lists.read(pages=500, watched=100, now=7)
    assert [lists.price(100, now) for now in (7, 3607, 3608)] == [500, 500, 6]


DOWN = InternalServerError("down")
DENIED = AccessDeniedError("no")


def pause(lists: ListCost, now: float, error: OmicsBatchError = DOWN, *, pages: int = 0, price: float = 6) -> int:
    """Let a scan fail at five calls a second; return for how many seconds the lists are closed."""
    lists.failed(error, pages, price, 5.0, now)
    assert not lists.are_open(now)
    return next(seconds for seconds in range(1, 4000) if lists.are_open(now + seconds))


def test_lists_that_fail_are_closed_for_a_minute_then_longer_up_to_five() -> None:
    """And one scan that is whole makes up for all."""
    lists = ListCost()
    assert [pause(lists, hour * 3600) for hour in range(6)] == [60, 120, 240, 300, 300, 300]
    lists.read(pages=5, watched=0, now=0)
    assert pause(lists, 0) == 60


def test_a_scan_that_fails_after_many_pages_is_tried_again_after_the_time_it_takes() -> None:
    """The pause follows the price of a scan, and does not grow."""
    lists = ListCost()
    assert [pause(lists, hour * 3600, pages=90, price=100) for hour in range(3)] == [20, 20, 20]
    assert pause(lists, 20000, pages=10, price=1000) == 60
    assert pause(lists, 30000, pages=9, price=100) == 120


def test_lists_that_are_not_allowed_are_closed_for_an_hour() -> None:
    """They are paused until a scan comes to its end."""
    lists = ListCost()
    assert not lists.is_paused
    assert [pause(lists, hour * 3600, DENIED) for hour in range(3)] == [3600, 3600, 3600]
    assert lists.is_paused
    lists.read(pages=5, watched=0, now=0)
    assert not lists.is_paused


def test_one_refusal_of_lists_that_were_read_closes_them_for_a_minute() -> None:
    """Where it is repeated, the permission was withdrawn."""
    lists = ListCost()
    lists.read(pages=5, watched=0, now=0)
    assert [pause(lists, hour * 3600, DENIED) for hour in (1, 2)] == [60, 3600]


def test_a_refusal_in_the_middle_of_a_scan_is_no_missing_permission() -> None:
    assert pause(ListCost(), 0, DENIED, pages=3) == 60


def test_lists_that_lag_are_closed_for_five_minutes() -> None:
    lists = ListCost()
    lists.lag(1000)
    lists.lag(1001)
    assert [lists.are_open(now) for now in (1300.9, 1301)] == [False, True]
    assert lists.is_paused


@pytest.mark.parametrize(
    ("alone", "listened", "price", "rate", "is_cheaper"),
    [
        pytest.param(1, 0, 5.01, 5, False, id="one wait"),
        pytest.param(5, 0, 5.05, 5, False, id="five waits are five calls, and so are five lists"),
        pytest.param(6, 0, 5.06, 5, True, id="six waits"),
        pytest.param(1000, 0, 15, 5, True, id="a thousand"),
        pytest.param(30, 0, 55.3, 5, False, id="thirty in a busy account"),
        pytest.param(100, 0, 56, 5, True, id="a hundred there"),
        pytest.param(0, 100, 6, 5, False, id="a hundred who listen are asked for anyhow, and can be"),
        pytest.param(0, 200, 7, 5, True, id="two hundred cannot be, in half a minute"),
        pytest.param(5, 146, 6.51, 5, True, id="both kinds together"),
        pytest.param(0, 10_000, 105, inf, False, id="without a limit they can"),
        pytest.param(0, 60, 105.6, 1, False, id="who listens in a busy account is not helped by a longer scan"),
    ],
)
def test_the_cheaper_way_is_taken(alone: int, listened: int, price: float, rate: float, *, is_cheaper: bool) -> None:
    need = Need(alone, listened, interval=30)
    assert is_scan_cheaper(need, price=price, rate=rate) is is_cheaper


@pytest.mark.parametrize(
    ("watched", "rate", "seconds"), [(10, 5, 60), (300, 5, 60), (10_000, 5, 2000), (10_000, inf, 60)]
)
def test_a_scan_and_a_lag_are_too_long_where_looks_one_by_one_would_have_been_quicker(
    watched: int, rate: float, seconds: float
) -> None:
    assert longest_useful(watched, rate) == seconds


def test_every_known_status_is_under_way_or_the_end() -> None:
    """A status that botocore adds belongs into one of the two."""
    assert {*ACTIVE, *TERMINAL} == {*BatchStatus}
    assert not {*ACTIVE} & TERMINAL


def test_the_lists_are_read_in_the_order_of_life() -> None:
    """A batch that moves on between two lists is in the second one."""
    assert ACTIVE == ("CREATING", "PENDING", "SUBMITTING", "INPROGRESS", "STOPPING")


@pytest.mark.parametrize("status", [*sorted(TERMINAL), "DEFRAGMENTING", ""])
def test_no_other_status_is_a_sign_of_life(status: str) -> None:
    assert not is_active(status)
    assert all(is_active(active) for active in ("CREATING", "PENDING", "SUBMITTING", "INPROGRESS", "STOPPING"))


@pytest.mark.parametrize(
    ("before", "after", "is_news"),
    [
        (None, "CREATING", True),
        ("CREATING", "PENDING", True),
        ("PENDING", "PENDING", False),
        ("INPROGRESS", "PENDING", False),
        ("INPROGRESS", "STOPPING", True),
        ("PROCESSED", "INPROGRESS", False),
        ("DEFRAGMENTING", "INPROGRESS", False),
    ],
)
def test_a_list_that_lags_does_not_put_a_batch_back(before: str | None, after: str, *, is_news: bool) -> None:
    assert is_later(after, before) is is_news


@pytest.mark.parametrize(
    ("watched", "rate", "is_enough"), [(750, 5, True), (751, 5, False), (38, 0.25, False), (10_000, inf, True)]
)
def test_lists_are_believed_for_five_minutes_where_half_of_the_rate_is_enough(
    watched: int, rate: float, *, is_enough: bool
) -> None:
    assert can_confirm(watched, rate) is is_enough
