"""Who is looked at next."""

from __future__ import annotations

import pytest

from omics_batch import PollPolicy
from omics_batch._line import Line
from omics_batch._places import Listener, Target, Waiter


def target(batch_id: str, *, is_listened: bool = False) -> Target:
    """A batch that one wait follows."""
    followed = Target(batch_id)
    kind = Listener if is_listened else Waiter
    followed.waiters[kind(batch_id, PollPolicy(), None, 0.0)] = None
    return followed


def served(line: Line) -> list[str]:
    """Take out all, in the order of their turns."""
    order: list[str] = []
    while (taken := line.take()) is not None:
        order.append(taken.batch_id)
    assert not line
    assert not line.urgent
    return order


def test_whom_no_list_shows_goes_before_whom_is_due_before_whose_counts_are_wanted() -> None:
    line = Line()
    line.want(target("wanted"))
    line.expect(target("due first"))
    line.expect(target("due second"))
    line.miss(target("missing"))
    assert line.urgent == 1
    assert served(line) == ["missing", "due first", "due second", "wanted"]


def test_one_look_serves_all_that_is_wanted_of_a_batch() -> None:
    line, listened = Line(), target("7", is_listened=True)
    line.expect(listened)
    line.miss(listened)
    line.expect(listened)
    assert list(line.due) == [listened]
    assert served(line) == ["7"]


@pytest.mark.parametrize("is_listened", [False, True])
def test_whom_a_list_shows_is_spared_a_look_unless_somebody_listens(is_listened: bool) -> None:  # noqa: FBT001
    line, seen = Line(), target("7", is_listened=is_listened)
    line.expect(seen)
    line.miss(seen)
    line.see(seen)
    assert served(line) == (["7"] if is_listened else [])


def test_counts_are_fetched_in_turn() -> None:
    """Who was served goes to the end."""
    line = Line()
    first, second = target("1", is_listened=True), target("2", is_listened=True)
    for listened in (first, second):
        line.want(listened)
    assert line.take() is first
    line.want(first)
    assert served(line) == ["2", "1"]


def test_who_leaves_is_forgotten() -> None:
    line, leaving = Line(), target("7", is_listened=True)
    line.expect(leaving)
    line.discard(leaving)
    assert not line
    assert line.take() is None
