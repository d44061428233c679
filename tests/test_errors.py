"""The tree of errors, and the facts that each of them carries."""

from __future__ import annotations

import inspect
import re
from datetime import timedelta

import pytest

import omics_batch
from omics_batch import (
    AccessDeniedError,
    AttemptTimeoutError,
    BatchCancelledError,
    BatchFailedError,
    ClientClosedError,
    ConflictError,
    ConnectionFailedError,
    CredentialsError,
    FailedRun,
    FailedRunsError,
    FailureKind,
    InternalServerError,
    InvalidInputError,
    LostContactError,
    MalformedResponseError,
    OmicsBatchError,
    QueueTimeoutError,
    RedirectRefusedError,
    RequestTimeoutError,
    ResourceNotFoundError,
    RunsDeleteFailedError,
    ServiceError,
    ServiceQuotaExceededError,
    ThrottlingError,
    TransportError,
    ValidationError,
    WaitError,
    WaitTimeoutError,
)
from omics_batch import _errors as errors
from tests.support import batch_with, copies_of

TREE: dict[type[Exception], list[type[Exception]]] = {
    OmicsBatchError: [Exception],
    InvalidInputError: [OmicsBatchError, ValueError],
    ClientClosedError: [OmicsBatchError],
    CredentialsError: [OmicsBatchError],
    QueueTimeoutError: [OmicsBatchError, TimeoutError],
    TransportError: [OmicsBatchError],
    ConnectionFailedError: [TransportError],
    AttemptTimeoutError: [TransportError, TimeoutError],
    MalformedResponseError: [TransportError],
    RedirectRefusedError: [TransportError],
    ServiceError: [OmicsBatchError],
    ThrottlingError: [ServiceError],
    RequestTimeoutError: [ServiceError],
    InternalServerError: [ServiceError],
    ServiceQuotaExceededError: [ServiceError],
    ValidationError: [ServiceError],
    ResourceNotFoundError: [ServiceError],
    AccessDeniedError: [ServiceError],
    ConflictError: [ServiceError],
    WaitError: [OmicsBatchError],
    BatchFailedError: [WaitError],
    BatchCancelledError: [WaitError],
    RunsDeleteFailedError: [WaitError],
    WaitTimeoutError: [WaitError, TimeoutError],
    LostContactError: [WaitError],
    FailedRunsError: [OmicsBatchError],
}

ALL = [kind for kind in TREE if issubclass(kind, OmicsBatchError)]


def test_the_tree_is_as_designed() -> None:
    ours = {kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)}
    assert ours == TREE.keys()
    assert {kind: list(kind.__bases__) for kind in ours} == TREE


def test_the_picture_of_the_tree_shows_every_error_below_its_parent() -> None:
    picture = (errors.__doc__ or "").split("\n\n")[1].splitlines()
    depth_and_name = [re.fullmatch(r"([ │├└─]*)(\w+)(?: \((\w+)\))?(?: {2,}.*)?", line) for line in picture]
    path: list[str] = []
    drawn: dict[str, list[str]] = {}
    turns: dict[str, str] = {}
    for drawing in depth_and_name:
        assert drawing is not None
        branch, name, builtin = drawing.groups()
        level = (len(branch) + 1) // 4 if branch else 0
        path[level:] = [name]
        parent = path[level - 1] if level else "Exception"
        drawn[name] = [parent, *([builtin] if builtin else [])]
        turns[parent] = turns.get(parent, "") + branch.strip(" │─")
    assert drawn == {kind.__name__: [base.__name__ for base in bases] for kind, bases in TREE.items()}
    assert all(re.fullmatch("├*└", turn) for parent, turn in turns.items() if parent != "Exception")


def test_every_error_is_public_and_documented() -> None:
    assert {kind.__name__ for kind in ALL} <= set(omics_batch.__all__)
    assert [kind for kind in ALL if not (kind.__doc__ or "").endswith(".")] == []


def test_an_error_without_facts_has_empty_ones() -> None:
    for kind in ALL:
        error = kind("what happened")
        assert str(error) == "what happened"
        assert error.args == ("what happened",)
        assert (error.attempts, error.polls) == (0, 0)
        assert (error.batch_id, error.batch, error.elapsed, error.last_error) == (None, None, None, None)


def with_facts(kind: type[OmicsBatchError]) -> OmicsBatchError:
    """An error as the end of a wait would leave it."""
    error: OmicsBatchError
    batch = batch_with("PROCESSED", totalRuns=2)
    if issubclass(kind, ServiceError):
        error = kind("what", code="SlowDown", status_code=503, request_id="abc", operation="GetBatch")
    elif issubclass(kind, TransportError):
        error = kind("what", status_code=200)
    elif issubclass(kind, FailedRunsError):
        error = kind("what", batch=batch, runs=(FailedRun(run_setting_id="NA12878", kind=FailureKind.RUN),))
    else:
        error = kind("what")
    error.attempts = 3
    error.batch_id = "7123456"
    error.batch = batch
    error.elapsed = timedelta(hours=2)
    error.polls = 17
    error.last_error = ThrottlingError("slow down", code="ThrottlingException", status_code=429)
    return error


def test_every_error_survives_pickle_and_copy_with_its_facts() -> None:
    """Pipelines send them from worker to worker."""
    for error, twin in [(each, copied) for each in map(with_facts, ALL) for copied in copies_of(each)]:
        assert twin is not error
        assert type(twin) is type(error)
        assert (str(twin), twin.args) == (str(error), error.args)
        facts, expected = dict(vars(twin)), dict(vars(error))
        last, expected_last = facts.pop("last_error"), expected.pop("last_error")
        assert facts == expected
        assert (type(last), vars(last), str(last)) == (ThrottlingError, vars(expected_last), "slow down")


def test_an_error_that_is_its_own_last_failure_survives_pickle_too() -> None:
    error = AccessDeniedError("no", code="AccessDeniedException", status_code=403)
    error.last_error = error
    for twin in copies_of(error)[:-2]:
        assert twin.last_error is twin


def test_time_outs_are_python_s_own_too() -> None:
    for error in (WaitTimeoutError("over"), AttemptTimeoutError("over", status_code=200), QueueTimeoutError("over")):
        with pytest.raises(TimeoutError, match="^over$"):
            raise error


def test_a_mistake_in_an_argument_is_a_value_error_too() -> None:
    with pytest.raises(ValueError, match="^bad$"):
        raise InvalidInputError("bad")


def test_an_error_of_the_service_says_whether_the_same_request_may_succeed_later() -> None:
    retryable = {kind for kind in ALL if issubclass(kind, ServiceError) and kind.retryable}
    assert retryable == {ThrottlingError, RequestTimeoutError, InternalServerError}


def test_an_error_of_the_service_keeps_the_services_facts() -> None:
    error = ServiceError("no", code="TeapotException", status_code=418, request_id="abc", operation="GetBatch")
    assert (error.code, error.status_code, error.request_id, error.operation) == (
        "TeapotException",
        418,
        "abc",
        "GetBatch",
    )
    bare = ServiceError("no")
    assert (bare.code, bare.status_code, bare.request_id, bare.operation) == ("", 0, None, "")


def test_an_unreadable_answer_keeps_its_status() -> None:
    assert MalformedResponseError("no", status_code=200).status_code == 200
    assert ConnectionFailedError("no").status_code is None


def test_failed_runs_name_their_batch() -> None:
    batch = batch_with("PROCESSED")
    error = FailedRunsError("no", batch=batch)
    assert (error.batch, error.batch_id, error.runs) == (batch, "7123456", ())
    assert (FailedRunsError("no").batch, FailedRunsError("no").batch_id) == (None, None)


def test_every_fact_says_when_it_is_there() -> None:
    """The attributes' docstrings are what the documentation shows."""
    source = inspect.getsource(errors)
    for name in ("attempts", "batch_id", "batch", "elapsed", "polls", "last_error"):
        assert re.search(rf'^    {name}: [^\n]+\n    """', source, re.MULTILINE), name
    for name in ("status_code", "code", "request_id", "operation", "runs"):
        assert re.search(rf'^        self\.{name}: [^\n]+\n        """', source, re.MULTILINE), name
