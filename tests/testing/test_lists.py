"""ListBatch over thousands of batches: true at every moment, cheap, and late where lists are to lag."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from operator import methodcaller
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch import InvalidInputError
from omics_batch.testing import Life, ManualClock, Simulator
from omics_batch.testing._service.batch import StoredBatch
from omics_batch.testing._service.operations import HANDLERS
from omics_batch.testing._service.store import Store
from omics_batch.testing._service.timeline import Timeline
from tests.testing._support import EPOCH, SETTING, boto_to

if TYPE_CHECKING:
    from collections.abc import Callable

    from omics_batch.testing._service.records import Record

LIVES: Final = (
    Life(run_length=10),
    Life(run_length=(0, 30), stopping=0),
    Life(failure_reason="no role"),
    Life(cancelled_after=6.3, stopping=4.1),
)
STATUSES: Final = (
    *("CREATING", "PENDING", "SUBMITTING", "INPROGRESS", "STOPPING", "CANCELLED", "FAILED", "PROCESSED"),
    *("RUNS_DELETING", "RUNS_DELETED", "UNHEARD_OF"),
)


@dataclass
class History:
    """An account, and all that ever happened in it: what its lists have to show is worked out from that again."""

    lag: float
    clock: ManualClock = field(default_factory=ManualClock)
    happened: list[tuple[float, str, Record | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.account = Store(region_name="us-west-2", clock=self.clock, epoch=EPOCH, lives=Life(), list_lag=self.lag)
        self._starts = 0

    def start(self, life: int) -> None:
        self._starts += 1
        request = {"requestId": str(self._starts), "defaultRunSetting": SETTING, "batchRunSettings": {}}
        batch = self.account.start(request, [{"runSettingId": "a"}], LIVES[life])
        self.happened.append((self.clock.now(), batch.id, batch))

    def put(self, number: int) -> None:
        document = {"id": str(7_123_456 + number), "status": "UNHEARD_OF"}
        self.account.put(document)
        self.happened.append((self.clock.now(), document["id"], document))

    def end(self, number: int) -> None:
        """Do to a batch whatever its status allows."""
        batch_id = str(7_123_456 + number)
        for operation in ("CancelRunBatch", "DeleteRunBatch", "DeleteBatch"):
            try:
                HANDLERS[operation](self.account, {"batchId": batch_id})
            except Exception:  # noqa: BLE001, S112 - it is not there, or not allowed
                continue
            if operation == "DeleteBatch":
                self.happened.append((self.clock.now(), batch_id, None))
            return

    def truth(self, status: str | None) -> list[tuple[str, str]]:
        """Ids and statuses from the newest to the oldest; a batch that came again came again."""
        seen_at = self.clock.now() - self.lag
        shown: dict[str, Record] = {}
        for moment, batch_id, record in self.happened:
            if moment <= seen_at and record is None:
                del shown[batch_id]
            elif moment <= seen_at and record is not None:
                shown[batch_id] = record
        statuses = {
            batch_id: record.timeline.status(seen_at - record.created)
            if isinstance(record, StoredBatch)
            else str(record["status"])
            for batch_id, record in shown.items()
        }
        return [item for item in reversed(statuses.items()) if status in {None, item[1]}]

    def listed(self, status: str | None) -> list[tuple[str, str]]:
        """The same, as the service shows it on pages of two."""
        reported: list[tuple[str, str]] = []
        request: dict[str, Any] = {"maxItems": 2} if status is None else {"maxItems": 2, "status": status}
        while True:
            page = HANDLERS["ListBatch"](self.account, request)
            reported += [(item["id"], item["status"]) for item in page["items"]]
            if page["nextToken"] is None:
                return reported
            request["startingToken"] = page["nextToken"]


steps = st.one_of(
    st.builds(methodcaller, st.just("start"), st.integers(0, len(LIVES) - 1)),
    st.builds(methodcaller, st.sampled_from(["put", "end", "end"]), st.integers(0, 3)),
    st.sampled_from([1, 2, 3.5, 8, 20]),
)


@given(lag=st.sampled_from([0.0, 2.0, 9.0]), reported=st.lists(steps, max_size=25))
def test_lists_are_what_happened_makes_them(lag: float, reported: list[float | Callable[[History], None]]) -> None:
    """Whatever is started, put, cancelled and deleted, and whenever somebody looks."""
    history = History(lag)
    for step in reported:
        if callable(step):
            step(history)
        else:
            history.clock.advance(step)
            for status in (None, *STATUSES):
                assert history.listed(status) == history.truth(status)


@pytest.mark.parametrize("begun", [0.0, 1e5, 1e12])
def test_a_status_changes_in_the_lists_when_it_changes(begun: float) -> None:
    """To the microsecond, although ages are rounded and large clocks are coarse."""
    clock = ManualClock(begun)
    account = Store(region_name="us-west-2", clock=clock, epoch=EPOCH, lives=Life(creating=0.3, pending=0.6))
    request = {"requestId": "1", "defaultRunSetting": SETTING, "batchRunSettings": {}}
    batch = account.start(request, [{"runSettingId": "a"}])
    for _ in range(40):
        clock.advance(0.1)
        status = batch.timeline.status(account.age(batch))
        assert [listed.status for listed in account.listed(status, None)] == [status]


def test_a_list_that_is_being_read_shows_no_batch_that_has_moved_on() -> None:
    history = History(0.0)
    history.start(0)
    history.start(0)
    reading = history.account.listed("CREATING", None)
    history.clock.advance(2)
    history.start(0)
    assert list(reading) == []


def test_a_batch_that_is_removed_is_in_no_list_once_the_lag_is_over() -> None:
    history = History(10.0)
    history.start(0)
    history.start(0)
    history.clock.advance(15)
    history.account.remove("7123456")
    history.clock.advance(9.9)
    assert [batch_id for batch_id, _ in history.listed(None)] == ["7123457", "7123456"]
    history.clock.advance(0.1)
    assert [batch_id for batch_id, _ in history.listed(None)] == ["7123457"]
    history.start(0)
    assert [place.id for place in history.account._batches.values()] == ["7123457", "7123458"]


def test_batches_that_are_removed_leave_nothing_behind() -> None:
    """Not even the changes that their lives had before them."""
    history = History(0.0)
    for _ in range(3000):
        history.start(0)
        history.account.remove(history.happened.pop()[1])
    account = history.account
    assert not account._records._records
    assert not account._started
    assert not account._by_run_id
    assert not account._shelves._listed
    assert len(account._shelves._changes) < 2000


def test_a_document_that_was_put_hides_what_becomes_of_its_batch() -> None:
    history = History(0.0)
    history.start(0)
    batch = history.account.batch("7123456")
    assert batch is not None
    history.put(0)
    history.account.change(batch, batch.timeline.cancelled(1))
    assert history.listed(None) == [("7123456", "UNHEARD_OF")]


def test_no_batch_is_younger_than_new() -> None:
    """The moment that lists show, and on a coarse clock the present, may lie a hair before its creation."""
    history = History(0.0)
    history.start(0)
    batch = history.account.batch("7123456")
    assert batch is not None
    assert batch.timeline.status(batch.age(-0.001)) == "CREATING"


@pytest.mark.parametrize("lag", [0.0, 15.0])
def test_a_page_costs_what_is_on_it(monkeypatch: pytest.MonkeyPatch, lag: float) -> None:
    """Not what is in the account: a status is worked out where it changes, and not at all on an empty list."""
    worked_out = 0
    truly = Timeline.status

    def counting(timeline: Timeline, age: float) -> str:
        nonlocal worked_out
        worked_out += 1
        return truly(timeline, age)

    history = History(lag)
    for _ in range(1000):
        history.start(0)
    history.clock.advance(8 + lag)
    assert len(history.listed("INPROGRESS")) == 1000
    monkeypatch.setattr(Timeline, "status", counting)
    for status in (None, *STATUSES):
        request = {} if status is None else {"status": status}
        HANDLERS["ListBatch"](history.account, request)
    assert len(list(islice(history.account.listed("INPROGRESS", None), 100))) == 100
    assert worked_out == 0
    history.clock.advance(10)
    assert history.listed("INPROGRESS") == []
    assert worked_out == 1000


async def test_lists_lag_and_get_batch_does_not(clock: ManualClock) -> None:
    """They show a batch late, each of its changes late, and it goes from them late."""
    async with Simulator(clock=clock, epoch=EPOCH, list_lag=timedelta(seconds=20)) as omics, boto_to(omics) as boto:

        async def listed(**members: str) -> list[tuple[str, str]]:
            return [(item["id"], item["status"]) for item in (await boto("list_batch", **members))["items"]]

        batch_id = omics.start_batch(1, life=Life(run_length=10))
        clock.advance(19)
        assert (await boto("get_batch", batchId=batch_id))["status"] == "PROCESSED"
        assert await listed() == []
        clock.advance(1)
        assert await listed() == [(batch_id, "CREATING")]
        clock.advance(18)
        assert await listed(status="PROCESSED") == [(batch_id, "PROCESSED")]
        await boto("delete_batch", batchId=batch_id)
        clock.advance(19)
        assert await listed() == [(batch_id, "PROCESSED")]
        clock.advance(1)
        assert await listed() == []


@pytest.mark.parametrize("lag", [-1, "soon", timedelta(days=-1)])
def test_a_lag_is_no_look_ahead(lag: Any) -> None:
    with pytest.raises(InvalidInputError, match="list_lag has to be a finite number of seconds"):
        Simulator(list_lag=lag)
