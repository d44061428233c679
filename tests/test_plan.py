"""Which calls the poller makes, as tables."""

from __future__ import annotations

from math import inf

import pytest

from omics_batch import BatchStatus
from omics_batch._statuses import ACTIVE, TERMINAL
from omics_batch._waiting.plan import Need, is_sign_of_life, is_sweep_cheaper, moves_on, time_for_sweep


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
        pytest.param(0, 60, 105.6, 1, False, id="who listens in a busy account is not helped by a longer sweep"),
    ],
)
def test_the_cheaper_way_is_taken(alone: int, listened: int, price: float, rate: float, *, is_cheaper: bool) -> None:
    need = Need(alone, listened, interval=30)
    assert is_sweep_cheaper(need, price=price, rate=rate) is is_cheaper


@pytest.mark.parametrize(
    ("watched", "rate", "seconds"), [(10, 5, 60), (300, 5, 60), (10_000, 5, 2000), (10_000, inf, 60)]
)
def test_a_sweep_is_given_up_when_asking_one_by_one_would_have_been_quicker(
    watched: int, rate: float, seconds: float
) -> None:
    assert time_for_sweep(watched, rate) == seconds


def test_every_known_status_is_under_way_or_the_end() -> None:
    """A status that botocore adds belongs into one of the two."""
    assert {*ACTIVE, *TERMINAL} == {*BatchStatus}
    assert not {*ACTIVE} & TERMINAL


def test_the_lists_are_read_in_the_order_of_life() -> None:
    """A batch that moves on between two lists is in the second one."""
    assert ACTIVE == ("CREATING", "PENDING", "SUBMITTING", "INPROGRESS", "STOPPING")


@pytest.mark.parametrize("status", [*sorted(TERMINAL), "DEFRAGMENTING", ""])
def test_no_other_status_is_a_sign_of_life(status: str) -> None:
    assert not is_sign_of_life(status)
    assert all(is_sign_of_life(active) for active in ("CREATING", "PENDING", "SUBMITTING", "INPROGRESS", "STOPPING"))


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
    assert moves_on(before, after) is is_news
