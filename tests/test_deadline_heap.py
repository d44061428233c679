"""A timetable hands out its keys when their moments have come."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from omics_batch._waiting.deadlines import DeadlineHeap

if TYPE_CHECKING:
    from collections.abc import Hashable


def test_an_empty_timetable_has_nothing_due() -> None:
    timetable: DeadlineHeap[str] = DeadlineHeap()
    assert timetable.next() is None
    assert timetable.due(1e9) == []


def test_keys_come_out_in_the_order_of_their_moments() -> None:
    timetable: DeadlineHeap[str] = DeadlineHeap()
    for key, moment in (("late", 30.0), ("early", 10.0), ("middle", 20.0)):
        timetable.set(key, moment)
    assert timetable.next() == 10.0
    assert timetable.due(9.999) == []
    assert timetable.due(20.0) == ["early", "middle"]
    assert timetable.next() == 30.0
    assert timetable.due(30.0) == ["late"]
    assert timetable.next() is None


def test_keys_of_one_moment_come_out_in_the_order_they_were_set() -> None:
    timetable: DeadlineHeap[Hashable] = DeadlineHeap()
    keys = [object() for _ in range(5)]  # not to be compared with each other
    for key in keys:
        timetable.set(key, 7.0)
    assert timetable.due(7.0) == keys


def test_a_later_setting_replaces_the_former_one() -> None:
    timetable: DeadlineHeap[str] = DeadlineHeap()
    timetable.set("a", 10.0)
    timetable.set("a", 20.0)
    assert timetable.next() == 20.0
    assert timetable.due(15.0) == []
    timetable.set("a", 5.0)
    assert timetable.next() == 5.0
    assert timetable.due(100.0) == ["a"]
    assert timetable.due(100.0) == []


def test_a_key_set_twice_for_one_moment_comes_out_once() -> None:
    timetable: DeadlineHeap[str] = DeadlineHeap()
    timetable.set("a", 10.0)
    timetable.set("a", 10.0)
    assert timetable.due(10.0) == ["a"]
    assert timetable.next() is None


def test_a_discarded_key_is_gone() -> None:
    timetable: DeadlineHeap[str] = DeadlineHeap()
    timetable.set("a", 10.0)
    timetable.set("b", 20.0)
    timetable.discard("a")
    timetable.discard("never there")
    assert timetable.next() == 20.0
    assert timetable.due(100.0) == ["b"]


def test_a_discarded_key_may_come_back() -> None:
    timetable: DeadlineHeap[str] = DeadlineHeap()
    timetable.set("a", 10.0)
    timetable.discard("a")
    timetable.set("a", 30.0)
    assert timetable.due(10.0) == []
    assert timetable.due(30.0) == ["a"]


def test_what_is_outdated_does_not_pile_up() -> None:
    """A wait of two days sets its next look some thousand times."""
    timetable: DeadlineHeap[int] = DeadlineHeap()
    timetable.set(-1, 1e9)
    for look in range(10_000):
        timetable.set(look % 10, look + 0.5)
    assert len(timetable._heap) <= 2 * 11 + 17
    assert timetable.next() == 9990.5
    assert timetable.due(1e6) == list(range(10))
    assert timetable.due(1e9) == [-1]


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 20))  # set
        | st.integers(0, 5)  # discard
        | st.floats(0, 25),  # what is due by then
        max_size=80,
    ),
)
def test_it_does_what_a_sorted_list_would(steps: list[tuple[int, int] | int | float]) -> None:
    timetable: DeadlineHeap[int] = DeadlineHeap()
    moments: dict[int, tuple[float, int]] = {}
    for order, step in enumerate(steps):
        match step:
            case (key, moment):
                timetable.set(key, float(moment))
                moments[key] = (float(moment), order)
            case int():
                timetable.discard(step)
                moments.pop(step, None)
            case float():
                due = sorted((key for key in moments if moments[key][0] <= step), key=lambda key: moments[key])
                assert timetable.due(step) == due
                moments = {key: moment for key, moment in moments.items() if key not in due}
        assert timetable.next() == min((moment for moment, _ in moments.values()), default=None)
