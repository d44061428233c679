"""Who is looked at next."""

from __future__ import annotations

import pytest

from omics_batch import PollPolicy
from omics_batch._waiting.look_queue import LookQueue
from omics_batch._waiting.subscriptions import ChangeSubscription, Subscription, TrackedBatch


def target(batch_id: str, *, is_listened: bool = False) -> TrackedBatch:
    """A batch that one wait follows."""
    followed = TrackedBatch(batch_id)
    kind = ChangeSubscription if is_listened else Subscription
    followed.waiters[kind(batch_id, PollPolicy(), None, 0.0)] = None
    return followed


def served(line: LookQueue, *, is_urgent: bool = False) -> list[str]:
    """Take out all for one kind of turn, in their order."""
    order: list[str] = []
    while (taken := line.take(is_urgent=is_urgent)) is not None:
        order.append(taken.batch_id)
    return order


def test_urgent_turns_are_for_those_whom_no_list_shows() -> None:
    line = LookQueue()
    line.expect(target("due"))
    line.miss(target("missing"))
    line.want(target("wanted"))
    assert line.urgent == 1
    assert served(line, is_urgent=True) == ["missing"]
    assert line.urgent == 0
    assert served(line) == ["due", "wanted"]
    assert not line


def test_other_turns_go_by_turns_to_the_due_and_to_those_whose_counts_are_wanted() -> None:
    """Nobody starves, however many the others are; whom no list shows comes last there."""
    line = LookQueue()
    line.miss(target("missing"))
    for number in range(3):
        line.expect(target(f"due {number}"))
    for number in range(2):
        line.want(target(f"wanted {number}"))
    assert served(line) == ["due 0", "wanted 0", "due 1", "wanted 1", "due 2", "missing"]


def test_an_urgent_turn_in_between_changes_nothing_for_the_others() -> None:
    line = LookQueue()
    for number in range(3):
        line.miss(target(f"missing {number}"))
        line.expect(target(f"due {number}"))
        line.want(target(f"wanted {number}"))
    order = [taken.batch_id for _ in range(3) for kind in (True, False) if (taken := line.take(is_urgent=kind))]
    assert order == ["missing 0", "due 0", "missing 1", "wanted 0", "missing 2", "due 1"]


def test_one_look_serves_all_that_is_wanted_of_a_batch() -> None:
    line, listened = LookQueue(), target("7", is_listened=True)
    line.expect(listened)
    line.miss(listened)
    line.expect(listened)
    assert list(line.due) == [listened]
    assert served(line) == ["7"]
    assert not line


@pytest.mark.parametrize("is_listened", [False, True])
def test_whom_a_list_shows_is_spared_a_look_unless_somebody_listens(is_listened: bool) -> None:  # noqa: FBT001
    line, seen = LookQueue(), target("7", is_listened=is_listened)
    line.expect(seen)
    line.miss(seen)
    line.see(seen)
    assert served(line) == (["7"] if is_listened else [])


def test_counts_are_fetched_in_turn() -> None:
    """Who was served goes to the end."""
    line = LookQueue()
    first, second = target("1", is_listened=True), target("2", is_listened=True)
    for listened in (first, second):
        line.want(listened)
    assert line.take(is_urgent=False) is first
    line.want(first)
    assert served(line) == ["2", "1"]


def test_who_leaves_is_forgotten() -> None:
    line, leaving = LookQueue(), target("7", is_listened=True)
    line.expect(leaving)
    line.discard(leaving)
    assert not line
    assert line.take(is_urgent=False) is None
