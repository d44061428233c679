"""A heap of deadlines returns its keys when their moments have come."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hypothesis import given
from hypothesis import strategies as st

from omics_batch._waiting.deadlines import DeadlineHeap

if TYPE_CHECKING:
    from collections.abc import Hashable

K = TypeVar("K")


def due(heap: DeadlineHeap[K], moment: float) -> list[K]:
    """Take out all that is due by a moment."""
    keys: list[K] = []
    while (key := heap.pop(moment)) is not None:
        keys.append(key)
    return keys


def test_an_empty_heap_has_nothing_due() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    assert heap.next() is None
    assert len(heap) == 0
    assert due(heap, 1e9) == []


def test_keys_come_out_in_the_order_of_their_moments() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    for key, moment in (("late", 30.0), ("early", 10.0), ("middle", 20.0)):
        heap.set(key, moment)
    assert heap.next() == 10.0
    assert due(heap, 9.999) == []
    assert due(heap, 20.0) == ["early", "middle"]
    assert heap.next() == 30.0
    assert due(heap, 30.0) == ["late"]
    assert heap.next() is None


def test_keys_of_one_moment_come_out_in_the_order_they_were_set() -> None:
    heap: DeadlineHeap[Hashable] = DeadlineHeap()
    keys = [object() for _ in range(5)]  # not to be compared with each other
    for key in keys:
        heap.set(key, 7.0)
    assert due(heap, 7.0) == keys


def test_a_later_setting_replaces_the_former_one() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    heap.set("a", 10.0)
    heap.set("a", 20.0)
    assert heap.next() == 20.0
    assert due(heap, 15.0) == []
    heap.set("a", 5.0)
    assert heap.next() == 5.0
    assert due(heap, 100.0) == ["a"]
    assert due(heap, 100.0) == []


def test_a_key_set_twice_for_one_moment_comes_out_once() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    heap.set("a", 10.0)
    heap.set("a", 10.0)
    assert due(heap, 10.0) == ["a"]
    assert heap.next() is None


def test_a_discarded_key_is_gone() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    heap.set("a", 10.0)
    heap.set("b", 20.0)
    heap.discard("a")
    heap.discard("never there")
    assert heap.next() == 20.0
    assert due(heap, 100.0) == ["b"]


def test_what_is_due_by_a_moment_can_be_read_and_stays() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    heap.set("a", 10.0)
    heap.set("b", 20.0)
    assert heap.until(10.0) == ["a"]
    assert list(heap) == ["a", "b"]


def test_a_discarded_key_may_come_back() -> None:
    heap: DeadlineHeap[str] = DeadlineHeap()
    heap.set("a", 10.0)
    heap.discard("a")
    heap.set("a", 30.0)
    assert due(heap, 10.0) == []
    assert due(heap, 30.0) == ["a"]


def test_what_is_outdated_does_not_pile_up() -> None:
    """A wait of two days sets its next look some thousand times."""
    heap: DeadlineHeap[int] = DeadlineHeap()
    heap.set(-1, 1e9)
    for look in range(10_000):
        heap.set(look % 10, look + 0.5)
    assert len(heap._heap) <= 2 * 11 + 17
    assert heap.next() == 9990.5
    assert due(heap, 1e6) == list(range(10))
    assert due(heap, 1e9) == [-1]


@given(
    steps=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 20))  # set
        | st.integers(0, 5)  # discard
        | st.floats(0, 25),  # what is due by then
        max_size=80,
    ),
)
def test_it_does_what_a_sorted_list_would(steps: list[tuple[int, int] | int | float]) -> None:
    heap: DeadlineHeap[int] = DeadlineHeap()
    moments: dict[int, tuple[float, int]] = {}
    for order, step in enumerate(steps):
        match step:
            case (key, moment):
                heap.set(key, float(moment))
                moments[key] = (float(moment), order)
            case int():
                heap.discard(step)
                moments.pop(step, None)
            case float():
                expected = sorted((key for key in moments if moments[key][0] <= step), key=lambda key: moments[key])
                assert due(heap, step) == expected
                moments = {key: moment for key, moment in moments.items() if key not in expected}
        assert heap.next() == min((moment for moment, _ in moments.values()), default=None)
