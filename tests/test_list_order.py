"""A batch that is skipped in a list that keeps its order has probably left it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch._waiting.list_order import ListOrder
from omics_batch._waiting.tracked_batch import TrackedBatch

BATCHES = {str(n): TrackedBatch(str(n), 0.0) for n in range(100)}


def scanned(order: ListOrder, batch_ids: list[str]) -> dict[str, list[str]]:
    """Show an order one scan; return who was passed over, by who was shown then."""
    order.begin()
    passed = {batch_id: [batch.batch_id for batch in order.skipped(BATCHES[batch_id])] for batch_id in batch_ids}
    return {batch_id: targets for batch_id, targets in passed.items() if targets}


@pytest.mark.parametrize(
    ("before", "now", "passed"),
    [
        pytest.param("", "1 2 3", {}, id="the first scan has nothing to compare with"),
        pytest.param("1 2 3", "1 2 3", {}, id="all are still listed"),
        pytest.param("1 2 3", "1 3", {"3": ["2"]}, id="one has left"),
        pytest.param("1 2 3 4", "4", {"4": ["1", "2", "3"]}, id="some have left at the head"),
        pytest.param("1 2 3", "1 2", {}, id="who stood last is found at the scan's end"),
        pytest.param("1 2 3", "9 8 1 2 3", {}, id="newcomers come first"),
        pytest.param("1 2 3 4", "1 9 4", {"4": ["2", "3"]}, id="a newcomer in between"),
        pytest.param("1 2 3 4", "1 3 2 4", {"3": ["2"]}, id="who moved to a later list is passed over for once"),
        pytest.param("1 2 3 4", "4 3 2 1", {"4": ["1", "2", "3"]}, id="a reversed order misleads once"),
        pytest.param(" ".join(map(str, range(50))), "0 40 41", {}, id="too many to have left at once"),
    ],
)
def test_which_batches_the_next_scan_skips(before: str, now: str, passed: dict[str, list[str]]) -> None:
    order = ListOrder()
    scanned(order, before.split())
    assert scanned(order, now.split()) == passed


def test_what_another_order_says_of_a_place_is_not_believed() -> None:
    """A batch without a wait keeps its place, until another one takes it."""
    order, other = ListOrder(), ListOrder()
    scanned(other, ["1", "2", "3"])
    scanned(order, ["7", "8", "9"])
    assert scanned(order, ["3"]) == {}


@given(st.lists(st.permutations(sorted(BATCHES)[:30]), max_size=5), st.data())
def test_any_order_reports_nobody_twice_in_a_scan(scans: list[list[str]], data: st.DataObject) -> None:
    """So that a scan costs a look for each batch at most, whatever the service does with its lists."""
    order = ListOrder()
    for batch_ids in scans:
        shown = batch_ids[: data.draw(st.integers(0, len(batch_ids)))]
        reported = [batch_id for passed in scanned(order, shown).values() for batch_id in passed]
        assert len(reported) == len(set(reported))
