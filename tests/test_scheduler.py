"""The scheduler as tables: what a batch is doing, what comes, and what it is doing then."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

import omics_batch._waiting
from omics_batch import AccessDeniedError, Batch, Event, InternalServerError, ListsLagging, PollPolicy
from omics_batch._waiting.actions import Action, AskTurn, End, Look, LookFailure, Report, Scan, StopScan, WakeAt
from omics_batch._waiting.batch_table import BatchTable
from omics_batch._waiting.list_scan import ActiveBatch
from omics_batch._waiting.scans import Scans
from omics_batch._waiting.scheduler import Scheduler
from omics_batch._waiting.states import TRANSITIONS, BatchState, Trigger
from omics_batch._waiting.subscriptions import ChangeSubscription, Subscription
from omics_batch._waiting.tracked_batch import TrackedBatch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

POLICY: Final = PollPolicy(initial=30, factor=1, maximum=30, jitter=0)
OTHERS: Final = [str(number) for number in range(100, 120)]
DOWN: Final = InternalServerError("down")
DENIED: Final = AccessDeniedError("no")
PURE: Final = (
    "actions",
    "compressed",
    "cost",
    "deadlines",
    "list_order",
    "news",
    "policy",
    "scheduler",
    "states",
    "wait",
)
IMPURE: Final = {"asyncio", "random", "time", "datetime.datetime", "threading", "omics_batch._loop"}

S = BatchState
GONE: Final = "gone"
ERROR: Final = "error"


@pytest.mark.parametrize("module", PURE)
def test_what_decides_has_no_event_loop_no_clock_and_no_chance_of_its_own(module: str) -> None:
    """`policy` alone takes from `_clock`, and only what checks numbers."""
    path = Path(omics_batch._waiting.__path__[0]) / f"{module}.py"
    allowed = {"omics_batch._clock.Duration", "omics_batch._clock.in_seconds", "omics_batch._clock.is_number"}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            assert not {name, name.rpartition(".")[0]} & IMPURE
            assert not name.startswith("omics_batch._clock") or (module == "policy" and name in allowed)


def seen(status: str = "INPROGRESS", batch_id: str = "7") -> Batch:
    return Batch.model_validate({"id": batch_id, "status": status, "totalRuns": 96})


class Bench:
    """A scheduler at five calls a second, and the actions that it answered with."""

    def __init__(self, chance: Callable[[], float] = lambda: 0.5) -> None:
        self.scheduler = Scheduler(chance, lambda _: True)
        self.scheduler.rate(5.0)
        self.now = 0.0
        self.actions: list[Action] = []
        self.events: list[Event] = []

    def __getattr__(self, name: str) -> Callable[..., list[Action]]:
        """Give the scheduler an input at the present moment, and keep what it answers."""

        def call(*args: Any, **more: Any) -> list[Action]:
            timeless = name in {"leave", "rate", "close"}
            answer: list[Action] = getattr(self.scheduler, name)(*args, *[] if timeless else [self.now], **more)
            actions: list[Action] = [action for action in answer if not isinstance(action, Report)]
            self.actions += actions
            self.events += [action.event for action in answer if isinstance(action, Report)]
            return actions

        return call

    def wait(
        self, batch_id: str, *, counts: bool = False, timeout: float | None = None, poll: PollPolicy = POLICY
    ) -> Subscription:
        wait = (ChangeSubscription if counts else Subscription)(batch_id, poll, timeout, self.now)
        self.join(wait)
        return wait

    def waits(self, batch_ids: Sequence[str]) -> None:
        for batch_id in batch_ids:
            self.wait(batch_id)

    def show(self, *batch_ids: str, status: str = "INPROGRESS") -> list[Action]:
        return self.page([ActiveBatch(id=batch_id, status=status) for batch_id in batch_ids])

    def at(self, moment: float) -> list[Action]:
        """Let time pass to a moment, at which the scheduler is woken."""
        self.now = moment
        return self.tick()

    def scan(self, *batch_ids: str) -> None:
        """Read lists that show these."""
        assert self.scheduler.is_scanning
        self.show(*batch_ids)
        self.scan_ended()

    def look(self, *, is_urgent: bool = False) -> str | None:
        """Spend a turn; return which batch it is for."""
        looks = [action.batch_id for action in self.turn(is_urgent=is_urgent) if isinstance(action, Look)]
        return looks[0] if looks else None

    def state(self, batch_id: str = "7") -> BatchState | str:
        batch = self.scheduler._batches.get(batch_id)
        return GONE if batch is None else batch.state

    @property
    def results(self) -> list[object]:
        return [action.result for action in self.actions if isinstance(action, End)]


def a_scan_and(state: BatchState) -> Bench:
    """A scan is under way, and batch 7 is in a state."""
    bench = Bench()
    first = state in {S.IN_SCAN, S.LISTED, S.MISSING, S.SCHEDULED}
    if first:
        bench.wait("7", counts=state is S.LISTED)
    bench.waits(OTHERS)
    bench.tick()
    if state is S.SCHEDULED:
        bench.show("7")
    if state is S.MISSING:
        bench.scan_ended()
        bench.at(60)
    if not first:
        bench.wait("7")
    if state is S.LOOKING:
        assert bench.look() == "7"
    assert bench.scheduler.is_scanning
    assert bench.state() is state
    return bench


INPUTS: Final[dict[str, Callable[[Bench], object]]] = {
    "a wait joins": lambda bench: bench.wait("7"),
    "the wait leaves": lambda bench: bench.leave(next(iter(bench.scheduler._batches["7"].waits))),
    "a turn": lambda bench: bench.turn(is_urgent=False),
    "an urgent turn": lambda bench: bench.turn(is_urgent=True),
    "looked, goes on": lambda bench: bench.scheduler.looked("7", seen(), bench.now),
    "looked, ended": lambda bench: bench.scheduler.looked("7", seen("PROCESSED"), bench.now),
    "look failed, outage": lambda bench: bench.scheduler.look_failed("7", DOWN, LookFailure.OUTAGE, bench.now),
    "look failed, refusal": lambda bench: bench.scheduler.look_failed("7", DENIED, LookFailure.REFUSAL, bench.now),
    "look failed, broken": lambda bench: bench.scheduler.look_failed("7", DOWN, LookFailure.BROKEN, bench.now),
    "a page shows it": lambda bench: bench.show("7"),
    "a page shows it as ended": lambda bench: bench.show("7", status="PROCESSED"),
    "a page shows others": lambda bench: bench.show(*OTHERS),
    "the scan ended": lambda bench: bench.scan_ended(),
    "the scan failed": lambda bench: bench.scan_failed(DOWN),
    "the rate": lambda bench: bench.rate(1.0),
    "a tick": lambda bench: bench.tick(),
    "a tick when it is due": lambda bench: bench.at(bench.now + 31),
    "a standstill": lambda bench: bench.stood_still(3600.0),
    "the client closes": lambda bench: bench.close(RuntimeError("closed")),
}

Outcomes = dict[BatchState, BatchState | str]


def unless(default: dict[BatchState, BatchState] | str | None = None, **special: BatchState | str) -> Outcomes:
    """Fill in a row of the table: all states stay as they are, or have this outcome, but for some."""
    row: Outcomes = {state: default if isinstance(default, str) else state for state in BatchState}
    return {**row, **{BatchState[name]: outcome for name, outcome in special.items()}}


TABLE: Final[dict[str, Outcomes]] = {
    "a wait joins": unless(SCHEDULED=S.IN_SCAN, IN_SCAN=S.DUE),
    "the wait leaves": unless(GONE),
    "a turn": unless(DUE=S.LOOKING, LISTED=S.LOOKING, MISSING=S.LOOKING),
    "an urgent turn": unless(MISSING=S.LOOKING),
    "looked, goes on": unless(ERROR, LOOKING=S.SCHEDULED),
    "looked, ended": unless(ERROR, LOOKING=GONE),
    "look failed, outage": unless(ERROR, LOOKING=S.SCHEDULED),
    "look failed, refusal": unless(ERROR, LOOKING=GONE),
    "look failed, broken": unless(ERROR, LOOKING=GONE),
    "a page shows it": unless(DUE=S.SCHEDULED, IN_SCAN=S.SCHEDULED, MISSING=S.SCHEDULED),
    "a page shows it as ended": unless(),
    "a page shows others": unless(),
    "the scan ended": unless(IN_SCAN=S.MISSING, LISTED=S.MISSING),
    "the scan failed": unless(IN_SCAN=S.DUE),
    "the rate": unless(),
    "a tick": unless(),
    "a tick when it is due": unless(SCHEDULED=S.IN_SCAN),
    "a standstill": unless(),
    "the client closes": unless(GONE),
}


@pytest.mark.parametrize("name", INPUTS)
def test_each_input_leads_each_state_to_another_or_is_an_error(name: str) -> None:
    for state, expected in TABLE[name].items():
        bench = a_scan_and(state)
        if expected == ERROR:
            with pytest.raises(RuntimeError, match=f"batch 7 is {state.name}, where ANSWER cannot come"):
                INPUTS[name](bench)
            assert bench.state() is state
        else:
            INPUTS[name](bench)
            assert (state, bench.state()) == (state, expected)


def test_the_table_of_inputs_and_states_is_complete() -> None:
    assert {name: set(row) for name, row in TABLE.items()} == {name: set(BatchState) for name in INPUTS}


@pytest.mark.parametrize("trigger", Trigger)
def test_each_trigger_is_a_transition_or_an_error(trigger: Trigger) -> None:
    """And a batch is among those of its state, and nowhere else."""
    for state in BatchState:
        scheduler, batch = Scheduler(lambda: 0.5, lambda _: False), TrackedBatch("7", 0.0)
        batch.state = state
        scheduler._batches.add(batch)
        scheduler._batches.place(batch)
        after = TRANSITIONS[state].get(trigger)
        if after is None:
            with pytest.raises(RuntimeError, match=f"batch 7 is {state.name}, where {trigger.name} cannot come"):
                scheduler._move(batch, trigger, 0.0)
        else:
            scheduler._move(batch, trigger, 0.0)
        assert batch.state is (after or state)
        assert [each for each in BatchState if batch in scheduler._batches.those(each)] == [batch.state]


@pytest.mark.parametrize("name", ["a page shows others", "the scan ended", "the scan failed"])
def test_what_comes_of_a_scan_that_is_not_under_way_is_an_error(name: str) -> None:
    bench = Bench()
    bench.wait("7")
    with pytest.raises(RuntimeError, match="no scan is under way"):
        INPUTS[name](bench)


def test_an_answer_about_a_batch_that_nobody_waits_for_is_an_error() -> None:
    with pytest.raises(KeyError):
        Bench().scheduler.looked("7", seen(), 0.0)


# Turns


def test_one_turn_of_each_kind_is_asked_for_at_a_time() -> None:
    bench = a_scan_and(S.MISSING)
    asked = [action for action in bench.actions if isinstance(action, AskTurn)]
    assert asked == [AskTurn(is_urgent=True), AskTurn(is_urgent=False)]
    assert bench.look(is_urgent=True) == "7"
    assert bench.actions[-1] == AskTurn(is_urgent=True)


def test_other_turns_alternate_between_due_batches_and_wanted_counts() -> None:
    bench = Bench()
    for number in range(200):
        bench.wait(str(number), counts=True)
    bench.tick()
    bench.waits(["first", "second"])
    assert [bench.look() for _ in range(4)] == ["first", "0", "second", "1"]


def test_counts_that_are_the_oldest_come_first() -> None:
    """Whoever was never looked at comes before all others."""
    bench = Bench()
    for number in range(200):
        bench.wait(str(number), counts=True)
    bench.tick()
    assert [bench.look(), bench.look()] == ["0", "1"]
    for number in (1, 0):
        bench.now += 1
        bench.scheduler.looked(str(number), seen(batch_id=str(number)), bench.now)
    bench.at(40)
    bench.wait("new", counts=True)
    assert [bench.look() for _ in range(199)][-1] == "new"
    assert [bench.look(), bench.look()] == ["1", "0"]


def test_a_look_at_counts_that_failed_is_made_again_before_newer_counts_are_read() -> None:
    """A round of ten thousand waits takes minutes: to wait for the next one would make counts twice as old."""
    bench = Bench()
    everyone = [str(number) for number in range(200)]
    for batch_id in everyone:
        bench.wait(batch_id, counts=True)

    def scan_at(moment: float) -> None:
        bench.at(moment)
        if bench.scheduler.is_scanning:
            bench.scan(*everyone)

    scan_at(0)
    for _ in everyone:
        looked = bench.look()
        bench.now += 0.1
        bench.looked(looked, seen(batch_id=str(looked)))
    scan_at(80)
    failed = bench.look()
    bench.look_failed(failed, DOWN, LookFailure.OUTAGE)
    scan_at(120)
    scan_at(160)
    assert bench.state(str(failed)) is BatchState.LISTED
    assert failed in {bench.look(), bench.look()}  # turns alternate between two queues


def test_a_turn_that_nobody_needs_any_more_is_lost() -> None:
    bench = Bench()
    bench.leave(bench.wait("7"))
    assert bench.look() is None


def test_missing_batches_are_looked_at_in_the_order_in_which_they_were_shown_last() -> None:
    """Lists that stop in the middle miss thousands, and those that ended before come first all the same."""
    bench = Bench()
    bench.waits(["7", *OTHERS])
    bench.tick()
    bench.scan("7", *OTHERS)
    bench.at(31)
    bench.show(*OTHERS[10:])
    bench.now = 32
    bench.show(*OTHERS[:5])
    bench.scan_ended()
    bench.at(70)  # many are missing, so that the lists are read again
    bench.scan()
    assert [bench.look(is_urgent=True) for _ in range(7)] == ["7", *OTHERS[5:10], OTHERS[10]]


# Scans


def test_a_few_missing_batches_are_looked_at_before_the_next_scan() -> None:
    bench = Bench()
    bench.waits(["7", *OTHERS])
    bench.tick()
    bench.scan(*OTHERS)
    assert Scan() not in bench.at(31)
    assert bench.look(is_urgent=True) == "7"
    assert isinstance(bench.actions[-1], WakeAt)
    assert Scan() in bench.tick()


def test_a_missing_batch_whose_look_failed_blocks_no_scan_and_is_not_held_by_one() -> None:
    """It is looked at again when its policy says, before all that are missing since then."""
    bench = Bench()
    bench.waits(["7", *OTHERS])
    bench.tick()
    bench.scan(*OTHERS)
    bench.look(is_urgent=True)
    bench.look_failed("7", DOWN, LookFailure.OUTAGE)
    assert Scan() in bench.at(30)
    assert bench.state() is S.MISSING
    bench.scan(*OTHERS[:-1])
    assert [bench.look(is_urgent=True), bench.look(is_urgent=True)] == ["7", OTHERS[-1]]


def test_a_batch_that_a_scan_misses_again_after_a_look_that_failed_waits_for_its_interval() -> None:
    bench = Bench()
    bench.wait("7", poll=PollPolicy(initial=600, maximum=600, factor=1, jitter=0))
    bench.waits(OTHERS)
    bench.tick()
    bench.scan("7", *OTHERS)
    bench.at(31)
    bench.scan(*OTHERS)
    assert bench.look(is_urgent=True) == "7"
    bench.look_failed("7", DOWN, LookFailure.OUTAGE)
    for round_ in range(2, 10):
        bench.at(round_ * 35)
        bench.scan(*OTHERS)
        assert bench.state() is S.SCHEDULED


def test_a_batch_that_lists_do_not_show_though_it_goes_on_causes_no_scan() -> None:
    """Lists that lag by half an hour do not show what began since: a scan for these would show nothing."""
    bench = Bench()
    bench.waits(OTHERS)
    bench.tick()
    bench.scan()
    for batch_id in OTHERS:
        assert bench.look(is_urgent=True) == batch_id
        bench.looked(batch_id, seen(batch_id=batch_id))
    assert Scan() not in bench.at(31)
    assert [bench.look() for _ in OTHERS] == OTHERS


def test_after_five_minutes_a_scan_is_made_for_batches_that_lists_did_not_show() -> None:
    """They may have been empty for once, and no other batch causes a scan."""
    bench = Bench()
    bench.waits(OTHERS)
    bench.tick()
    bench.scan()
    for moment in range(0, 300, 30):
        assert Scan() not in bench.at(moment)
        while (batch_id := bench.look() or bench.look(is_urgent=True)) is not None:
            bench.looked(batch_id, seen(batch_id=batch_id))
    assert Scan() in bench.at(300)
    bench.scan(*OTHERS)
    assert Scan() in bench.at(331)


def test_a_batch_that_is_due_and_that_a_second_scan_misses_is_urgent() -> None:
    """It went on when a look showed it; with thousands in the queue, its end would be noticed late."""
    bench = Bench()
    bench.waits(["7", *OTHERS])
    bench.tick()
    bench.scan(*OTHERS)
    bench.look(is_urgent=True)
    bench.looked("7", seen())
    bench.at(31)
    assert bench.state() is S.DUE
    bench.scan(*OTHERS)
    assert bench.state() is S.MISSING


@pytest.mark.parametrize("counts", [False, True])
def test_a_batch_that_no_scan_has_shown_since_its_last_look_is_urgent_when_it_is_due(*, counts: bool) -> None:
    """It has probably ended, and is not put into the queue of those whose counts are wanted."""
    bench = Bench()
    bench.waits(OTHERS)
    bench.wait("7", counts=counts)
    bench.tick()
    bench.scan("7", *OTHERS)
    bench.now = 20
    bench.wait("7")  # has it looked at
    assert bench.look() == "7"
    bench.looked("7", seen())
    bench.at(31)
    bench.scan(*OTHERS)
    assert bench.state() is S.SCHEDULED
    bench.at(50)
    assert bench.state() is S.MISSING


def test_a_scan_that_takes_too_long_is_stopped() -> None:
    bench = a_scan_and(S.IN_SCAN)
    bench.now = 60
    assert StopScan() not in bench.show()
    bench.now = 61
    assert StopScan() in bench.show()
    assert bench.state() is S.DUE


def test_batches_whose_scan_failed_are_scanned_again_though_they_are_queued_for_their_counts() -> None:
    bench = Bench()
    for number in range(400):
        bench.wait(str(number), counts=True)
    bench.tick()
    bench.scan_failed(DOWN)
    assert Scan() not in bench.at(30)
    assert Scan() in bench.at(61)


# What lists are believed


def confirmed_by(bench: Bench, until: float, *, step: float = 0.2) -> list[str]:
    """Serve the scheduler for some time by lists that show all, and looks that show that each batch goes on."""
    looked_at: list[str] = []
    ids = [batch.batch_id for batch in bench.scheduler._batches]
    pages = [ids[place : place + 100] for place in range(0, len(ids), 100)]
    left: list[list[str]] = []
    while bench.now < until:
        if Scan() in bench.tick():
            left = list(pages)
        if bench.scheduler.is_scanning and left:
            bench.show(*left.pop(0))
        elif bench.scheduler.is_scanning:
            bench.scan_ended()
        elif (batch_id := bench.look()) is not None:
            looked_at.append(batch_id)
            bench.looked(batch_id, seen(batch_id=batch_id))
        bench.now = round(bench.now + step, 6)
    return looked_at


def spread() -> Callable[[], float]:
    """Chance that is as even as can be."""
    numbers = iter(range(10**9))
    return lambda: next(numbers) * 0.618034 % 1


def test_a_few_hundred_batches_are_each_confirmed_within_five_minutes() -> None:
    bench = Bench(spread())
    bench.waits([str(number) for number in range(100)])
    confirmed_by(bench, 300)
    looks = confirmed_by(bench, 610)
    assert set(looks) == {batch.batch_id for batch in bench.scheduler._batches}
    assert len(looks) < 110


def test_of_more_batches_one_call_in_ten_confirms_the_one_that_was_confirmed_longest_ago() -> None:
    bench = Bench(spread())
    bench.rate(0.5)
    bench.waits([str(number) for number in range(100)])
    looks = confirmed_by(bench, 3600, step=2.0)
    assert len(looks) == pytest.approx(bench.scheduler._scans.number / 9, abs=1)
    assert len(looks) == len(set(looks))


def test_while_counts_are_wanted_one_look_in_ten_confirms() -> None:
    """Or callers of `on_update` would wait for theirs."""
    bench = Bench(spread())
    bench.rate(0.5)
    bench.waits([str(number) for number in range(100)])
    for number in range(100, 150):
        bench.wait(str(number), counts=True)
    looks = confirmed_by(bench, 3600, step=2.0)
    assert sum(int(batch_id) < 100 for batch_id in looks) == pytest.approx(len(looks) / 10, rel=0.1)


def test_a_confirming_look_that_fails_is_made_again_at_the_interval() -> None:
    bench = Bench()
    bench.waits(["7", *OTHERS])
    bench.tick()
    bench.scan("7", *OTHERS)
    for moment in (31, 62, 93, 124):
        bench.at(moment)
        bench.scan("7", *OTHERS)
    bench.at(151)
    assert bench.look() == "7"
    bench.now = 152
    bench.look_failed("7", DOWN, LookFailure.OUTAGE)
    bench.at(155)
    bench.scan("7", *OTHERS)
    assert bench.state() is S.SCHEDULED
    bench.at(181.9)
    assert bench.state() is S.SCHEDULED
    bench.at(182)
    assert bench.state() is S.LISTED


def lagging(seconds: float) -> tuple[list[Action], list[Event]]:
    """Return what the scheduler does and reports where lists show a batch this long after it has ended."""
    bench = Bench()
    bench.waits(["7", *OTHERS])
    bench.tick()
    bench.scan(*OTHERS)
    assert bench.look(is_urgent=True) == "7"
    bench.looked("7", seen("PROCESSED"))
    assert Scan() in bench.at(seconds - 1)
    bench.now = seconds
    bench.events.clear()
    return bench.show("7"), bench.events


@pytest.mark.parametrize(("seconds", "is_stopped"), [(59.0, False), (60.1, True), (601.0, False)])
def test_lists_that_lag_by_more_than_a_minute_are_closed(seconds: float, *, is_stopped: bool) -> None:
    actions, events = lagging(seconds)
    assert (StopScan() in actions) is is_stopped
    assert events == ([ListsLagging(time=seconds, lag=seconds)] if is_stopped else [])


def test_a_list_that_shows_what_a_look_saw_ended_is_not_believed() -> None:
    """Somebody waits again for a batch that ended a moment ago."""
    bench = Bench()
    bench.wait("7")
    bench.tick()
    bench.look()
    bench.looked("7", seen("PROCESSED"))
    bench.now = 1
    bench.waits(OTHERS)
    bench.tick()
    bench.wait("7")
    bench.show("7")
    assert bench.state() is S.DUE


def test_a_thousand_ends_are_remembered() -> None:
    scans = Scans(BatchTable())
    for number in range(1001):
        scans.ended(str(number), 0.0)
    assert [scans.lag(batch_id, 5.0) for batch_id in ("0", "1", "1000", "7777")] == [None, 5.0, 5.0, None]


# Ends


def test_a_wait_ends_at_its_deadline() -> None:
    bench = Bench()
    bench.wait("7", timeout=20)
    assert bench.tick()[-1] == WakeAt(20)
    assert not bench.results
    bench.at(20)
    assert bench.results == [None]
    assert bench.state() == GONE


def test_nothing_is_due_where_nobody_waits() -> None:
    assert Bench().tick() == [WakeAt(float("inf"))]
