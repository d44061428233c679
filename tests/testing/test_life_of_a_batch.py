"""The life of a batch by chance: whatever is done to batches and however time passes, no rule of the service breaks."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, precondition, rule

from omics_batch.testing import Life, ManualClock
from omics_batch.testing._service.http_response import Refusal
from omics_batch.testing._service.operations import HANDLERS
from omics_batch.testing._service.store import Store
from tests.testing._support import EPOCH, SETTING

if TYPE_CHECKING:
    from hypothesis.stateful import MultipleResults

Document: TypeAlias = dict[str, Any]

NEXT: Final[dict[str, set[str]]] = {
    "CREATING": {"PENDING"},
    "PENDING": {"SUBMITTING", "STOPPING", "FAILED"},
    "SUBMITTING": {"INPROGRESS", "STOPPING", "FAILED"},
    "INPROGRESS": {"PROCESSED", "STOPPING"},
    "STOPPING": {"CANCELLED"},
    "PROCESSED": {"RUNS_DELETING"},
    "CANCELLED": {"RUNS_DELETING"},
    "RUNS_DELETING": {"RUNS_DELETED", "RUNS_DELETE_FAILED"},
    "RUNS_DELETED": set(),
    "RUNS_DELETE_FAILED": set(),
    "FAILED": set(),
}
ALLOWED: Final = {
    "CancelRunBatch": {"PENDING", "SUBMITTING", "INPROGRESS"},
    "DeleteRunBatch": {"PROCESSED", "CANCELLED"},
    "DeleteBatch": {"PROCESSED", "FAILED", "CANCELLED", "RUNS_DELETE_FAILED", "RUNS_DELETED"},
}
BEGUN: Final = {"CancelRunBatch": ["STOPPING"], "DeleteRunBatch": ["RUNS_DELETING"]}
SETTLED: Final = ALLOWED["DeleteBatch"]
UNDER_WAY: Final = {"PENDING", "STARTING", "RUNNING"}
RUN_COUNTS: Final = {
    "PENDING": "pendingRunCount",
    "STARTING": "startingRunCount",
    "RUNNING": "runningRunCount",
    "STOPPING": "stoppingRunCount",
    "COMPLETED": "completedRunCount",
    "FAILED": "failedRunCount",
    "CANCELLED": "cancelledRunCount",
}
SUBMISSION_COUNTS: Final = {
    "FAILED": "failedStartSubmissionCount",
    "CANCEL_SUCCESS": "successfulCancelSubmissionCount",
    "CANCEL_FAILED": "failedCancelSubmissionCount",
    "DELETE_SUCCESS": "successfulDeleteSubmissionCount",
    "DELETE_FAILED": "failedDeleteSubmissionCount",
}

_MOST: Final = 4
"""Batches in an account: so that time is spent on what becomes of them."""

seconds = st.integers(0, 4).map(float)
samples = st.frozensets(st.sampled_from("abcdef"), max_size=4)
lives = st.builds(
    Life,
    creating=st.sampled_from([0.0, 1.0]),
    pending=st.sampled_from([0.0, 1.0]),
    submission_rate=st.sampled_from([0.5, 1.0, 2.0, float("inf")]),
    run_pending=seconds,
    run_starting=seconds,
    run_length=st.tuples(seconds, st.integers(4, 20).map(float)),
    failed_runs=st.sampled_from([0, 1, 0.5]),
    failed_submissions=samples.map(lambda names: dict.fromkeys(names, ("ConflictException", "no"))),
    failure_reason=st.sampled_from([None, None, None, "Invalid JSON format in run configurations"]),
    cancelled_after=st.sampled_from([None, None, 5.0, 12.5]),
    stopping=seconds,
    failed_cancels=samples,
    deleting=seconds,
    failed_deletions=samples | st.just(frozenset[str]()),
    count_lag=st.sampled_from([0.0, 3.0]),
    seed=st.integers(0, 3),
)
lives |= st.builds(
    replace,
    lives,
    failure_reason=st.just("There was a transient error in the service. Retry the batch."),
    runs_before_failure=st.integers(0, 4),
    failed_with_counts=st.booleans(),
)


@dataclass
class Seen:
    """What is known of a batch from outside."""

    request: Document
    life: Life
    statuses: list[str] = field(default_factory=lambda: ["CREATING"])
    document: Document = field(default_factory=dict[str, Any])
    started: int = 0
    ended: int = 0
    runs: dict[str, str] = field(default_factory=dict[str, str])
    """The status of each run that is listed."""
    names: dict[str, str] = field(default_factory=dict[str, str])
    """The runSettingId of each run that there ever was."""
    is_gone: bool = False

    @property
    def group(self) -> str:
        return str(self.request["defaultRunSetting"]["runGroupId"])


class LifeOfABatch(RuleBasedStateMachine):
    """An account to which anything is done in any order."""

    batches = Bundle[str]("batches")

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock()
        self.account = Store(region_name="us-west-2", clock=self.clock, epoch=EPOCH, lives=self.life_of)
        self.seen: dict[str, Seen] = {}
        self.next_life = Life()

    def life_of(self, _: object) -> Life:
        return self.next_life

    def ask(self, operation: str, **members: object) -> Document:
        return HANDLERS[operation](self.account, members)

    def refusal_of(self, operation: str, **members: object) -> str | None:
        try:
            self.ask(operation, **members)
        except Refusal as refusal:
            return str(refusal)
        return None

    def pages(self, operation: str, key: str, **members: object) -> list[Document]:
        limit = "maxResults" if operation == "ListRuns" else "maxItems"
        items, token = list[Document](), dict[str, str]()
        while True:
            page = self.ask(operation, **members, **token, **{limit: 3})
            assert len(page[key]) == 3 or page["nextToken"] is None
            items += page[key]
            if page["nextToken"] is None:
                return items
            token = {"startingToken": page["nextToken"]}

    @precondition(lambda self: len(self.seen) < _MOST)
    @rule(target=batches, life=lives, runs=st.integers(1, 6), name=st.sampled_from([None, "trio", "cohort"]))
    def start(self, life: Life, runs: int, name: str | None) -> str:
        request: Document = {
            "requestId": f"request-{len(self.seen)}",
            "defaultRunSetting": {**SETTING, "runGroupId": str(runs)},
            "batchRunSettings": {"inlineSettings": [{"runSettingId": letter} for letter in "abcdef"[:runs]]},
        }
        if name is not None:
            request["batchName"] = name
        self.next_life = life
        started = self.ask("StartRunBatch", **request)
        assert started["status"] == "CREATING"
        assert started["id"] not in self.seen
        self.seen[started["id"]] = Seen(request, life)
        return str(started["id"])

    @rule(target=batches, batch_id=batches)
    def start_again(self, batch_id: str) -> MultipleResults[str]:
        """The same request is the same batch, unless that FAILED or its record was deleted."""
        seen = self.seen[batch_id]
        newest = [other for other, known in self.seen.items() if known.request is seen.request][-1]
        is_over = self.seen[newest].is_gone or self.seen[newest].statuses[-1] == "FAILED"
        self.next_life = seen.life
        again = str(self.ask("StartRunBatch", **seen.request)["id"])
        if not is_over:
            assert again == newest
            refusal = self.refusal_of("StartRunBatch", **{**seen.request, "batchName": "another"})
            assert str(refusal).startswith("409 ConflictException")
            return multiple(*list[str]())
        assert again not in self.seen
        self.seen[again] = Seen(seen.request, seen.life)
        return multiple(again)

    @rule(duration=st.sampled_from([0.5, 1.0, 2.0, 3.0]))
    def wait(self, duration: float) -> None:
        self.clock.advance(duration)

    @rule(duration=st.sampled_from([5.0, 10.0, 30.0]))
    def wait_long(self, duration: float) -> None:
        self.clock.advance(duration)

    @rule(batch_id=batches)
    def cancel(self, batch_id: str) -> None:
        """A cancel is for all runs that are under way, and fails for those that cannot be cancelled."""
        if self.attempt("CancelRunBatch", batch_id):
            seen = self.seen[batch_id]
            under_way = {seen.names[run_id] for run_id, status in seen.runs.items() if status in UNDER_WAY}
            assert self.submitted(batch_id, "CANCEL_SUCCESS") == under_way - set(seen.life.failed_cancels)
            assert self.submitted(batch_id, "CANCEL_FAILED") == under_way & set(seen.life.failed_cancels)

    @rule(batch_id=batches)
    def delete_runs(self, batch_id: str) -> None:
        """A delete is for all runs that there are, and fails for those that cannot be deleted."""
        if self.attempt("DeleteRunBatch", batch_id):
            seen = self.seen[batch_id]
            runs = set(seen.names.values())
            assert self.submitted(batch_id, "DELETE_SUCCESS") == runs - set(seen.life.failed_deletions)
            assert self.submitted(batch_id, "DELETE_FAILED") == runs & set(seen.life.failed_deletions)

    @rule(batch_id=batches)
    def delete(self, batch_id: str) -> None:
        self.seen[batch_id].is_gone |= self.attempt("DeleteBatch", batch_id)

    def attempt(self, operation: str, batch_id: str) -> bool:
        """Ask for a change, and be refused where the service says so."""
        seen = self.seen[batch_id]
        refusal = self.refusal_of(operation, batchId=batch_id)
        if seen.is_gone:
            assert refusal == f"404 ResourceNotFoundException: Run batch with ID {batch_id} does not exist."
        elif seen.statuses[-1] in ALLOWED[operation]:
            assert refusal is None
            seen.statuses += BEGUN.get(operation, [])
        else:
            assert str(refusal).startswith("409 ConflictException")
            assert all(word in str(refusal) for word in (seen.statuses[-1], *ALLOWED[operation]))
        return refusal is None

    def submitted(self, batch_id: str, status: str) -> set[str]:
        listed = self.pages("ListRunsInBatch", "runs", batchId=batch_id, submissionStatus=status)
        return {run["runSettingId"] for run in listed}

    @invariant()
    def no_rule_is_broken(self) -> None:
        for batch_id, seen in self.living():
            self.look(batch_id, seen)
            self.check_times(seen)
            if seen.document["status"] == "FAILED":
                seen.runs = {run["id"]: run["status"] for run in self.pages("ListRuns", "items", batchId=batch_id)}
            if "runSummary" in seen.document:
                self.check_sums(seen)
                self.check_progress(seen)
                self.check_submissions(batch_id, seen)
                self.check_runs(batch_id, seen)
        self.check_list()
        self.check_deleted_records()

    def look(self, batch_id: str, seen: Seen) -> None:
        """A status never goes back, and what is settled changes no more."""
        now, before = self.ask("GetBatch", batchId=batch_id), seen.statuses[-1]
        assert now["status"] in reachable(before), f"{now['status']} after {before}"
        if before in SETTLED and seen.document.get("status") == before:
            moving = "runSummary" if before == "FAILED" else ""
            assert {**now, moving: None} == {**seen.document, moving: None}
        if now["status"] != before:
            seen.statuses.append(now["status"])
        if now["status"] in {"RUNS_DELETED", "RUNS_DELETE_FAILED"}:
            failed = now["submissionSummary"]["failedDeleteSubmissionCount"]
            assert (now["status"] == "RUNS_DELETE_FAILED") == (failed > 0)
        seen.document = now

    def check_times(self, seen: Seen) -> None:
        assert ("processedTime" in seen.document) == ("PROCESSED" in passed(seen.statuses))
        assert ("failedTime" in seen.document) == (seen.statuses[-1] == "FAILED")

    def check_sums(self, seen: Seen) -> None:
        """Each run is counted once: as a start that failed, one that is pending, or in the runSummary."""
        starts, runs = seen.document["submissionSummary"], sum(seen.document["runSummary"].values())
        successful, failed = starts["successfulStartSubmissionCount"], starts["failedStartSubmissionCount"]
        assert successful + failed + starts["pendingStartSubmissionCount"] == seen.document["totalRuns"]
        assert runs <= successful
        if seen.document["status"] in SETTLED or seen.life.count_lag == 0.0:
            assert runs == successful

    def check_progress(self, seen: Seen) -> None:
        """What was started and what has ended never gets less."""
        starts, runs = seen.document["submissionSummary"], seen.document["runSummary"]
        started = starts["successfulStartSubmissionCount"] + starts["failedStartSubmissionCount"]
        ended = sum(runs[f"{how}RunCount"] for how in ("completed", "failed", "cancelled", "deleted"))
        assert started >= seen.started
        assert ended >= seen.ended
        seen.started, seen.ended = started, ended

    def check_submissions(self, batch_id: str, seen: Seen) -> None:
        """ListRunsInBatch agrees with the submissionSummary, under each filter."""
        listed = self.pages("ListRunsInBatch", "runs", batchId=batch_id)
        counts: Counter[str] = Counter(seen.document["submissionSummary"])
        assert len(listed) == counts["successfulStartSubmissionCount"] + counts["failedStartSubmissionCount"]
        seen.names = {run["runId"]: run["runSettingId"] for run in listed if "runId" in run}
        by_status = Counter(run["submissionStatus"] for run in listed)
        is_deleted = "RUNS_DELETING" in passed(seen.statuses)
        for status, name in SUBMISSION_COUNTS.items():
            if not (is_deleted and status.startswith("CANCEL")):  # the delete is what a run shows then
                assert by_status[status] == counts[name]
        for member in ("submissionStatus", "runSettingId", "runId"):
            for value in {run[member] for run in listed if member in run}:
                wanted = [run for run in listed if run.get(member) == value]
                assert self.pages("ListRunsInBatch", "runs", batchId=batch_id, **{member: value}) == wanted

    def check_runs(self, batch_id: str, seen: Seen) -> None:
        """ListRuns agrees with the runSummary and with GetRun, and has no run that was deleted."""
        listed = self.pages("ListRuns", "items", batchId=batch_id)
        seen.runs = {run["id"]: run["status"] for run in listed}
        by_status, counts = Counter(seen.runs.values()), seen.document["runSummary"]
        gone = seen.names.keys() - seen.runs.keys()
        is_settled = seen.statuses[-1] in SETTLED - {"FAILED"}  # whose runs go on
        if is_settled or seen.life.count_lag == 0.0:
            assert [by_status[status] for status in RUN_COUNTS] == [counts[name] for name in RUN_COUNTS.values()]
            assert len(gone) == counts["deletedRunCount"]
        if is_settled:
            assert not by_status.keys() & {*UNDER_WAY, "STOPPING"}
        for status in (*RUN_COUNTS, "DELETED"):
            wanted = [run for run in listed if run["status"] == status]
            assert self.pages("ListRuns", "items", batchId=batch_id, status=status) == wanted
        assert seen.runs == {run_id: self.ask("GetRun", id=run_id)["status"] for run_id in seen.runs}
        for run_id in gone:
            with suppress(Refusal):  # or a later batch's run has the id of the one that was deleted
                assert self.ask("GetRun", id=run_id)["batchId"] != batch_id

    def check_list(self) -> None:
        """ListBatch agrees with GetBatch, under each filter."""
        living = dict(reversed(self.living()))
        listed = self.pages("ListBatch", "items")
        assert [item["id"] for item in listed] == list(living)
        for item in listed:
            seen = living[item["id"]]
            assert item["status"] == seen.document["status"]
            assert (item["workflowId"], item.get("name")) == (SETTING["workflowId"], seen.request.get("batchName"))
            if item["status"] != "FAILED":
                assert (item.get("totalRuns"), item["createdAt"]) == (
                    seen.document.get("totalRuns"),
                    seen.document["creationTime"],
                )
        for member in ("status", "name"):
            for value in {item[member] for item in listed if member in item}:
                wanted = [item for item in listed if item.get(member) == value]
                assert self.pages("ListBatch", "items", **{member: value}) == wanted
        for group in {seen.group for seen in living.values()}:
            found = self.pages("ListBatch", "items", runGroupId=group)
            assert [item["id"] for item in found] == [name for name, seen in living.items() if seen.group == group]

    def check_deleted_records(self) -> None:
        """A deleted record is gone everywhere, and its runs stay as they were."""
        for batch_id, seen in self.seen.items():
            if seen.is_gone:
                for operation in ("GetBatch", "ListRunsInBatch", *ALLOWED):
                    assert str(self.refusal_of(operation, batchId=batch_id)).startswith("404")
                listed = self.pages("ListRuns", "items", batchId=batch_id)
                runs = {run["id"]: run["status"] for run in listed}
                if seen.statuses[-1] == "FAILED":
                    assert [*runs] == [*seen.runs]
                else:
                    assert runs == seen.runs

    def living(self) -> list[tuple[str, Seen]]:
        return [(batch_id, seen) for batch_id, seen in self.seen.items() if not seen.is_gone]


def reachable(status: str) -> set[str]:
    return {status}.union(*(reachable(later) for later in NEXT[status]))


def passed(statuses: list[str]) -> set[str]:
    """All statuses that a batch has gone through, seen or not."""
    return {
        status
        for before, after in zip(["CREATING", *statuses], statuses, strict=False)
        for status in reachable(before)
        if after in reachable(status)
    }


TestLifeOfABatch = pytest.mark.slow(LifeOfABatch.TestCase)
TestLifeOfABatch.settings = settings(stateful_step_count=40, deadline=None)
