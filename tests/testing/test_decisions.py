"""The small decisions around an answer: who may ask, how often, which page, and what was scripted."""

from __future__ import annotations

import base64
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omics_batch.testing import ManualClock, UnusedFaultError, faults
from omics_batch.testing._faults import actions
from omics_batch.testing._faults.script import Script
from omics_batch.testing._http.access import check_host
from omics_batch.testing._service.http_response import Refusal
from omics_batch.testing._service.pagination import page, position
from omics_batch.testing._service.quota import Quota


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "127.1.2.3", "[::1]:8080"])
def test_loopback_names_are_let_in(host: str) -> None:
    check_host(host, "127.0.0.1")


@pytest.mark.parametrize(
    "host", [None, "", "example.org", "10.0.0.1:80", "127.0.0.1.example.org", "workflows-127.0.0.1"]
)
def test_other_names_are_not(host: str | None) -> None:
    with pytest.raises(Refusal, match="421"):
        check_host(host, "127.0.0.1")
    check_host(host, "0.0.0.0")  # noqa: S104 - whoever opens it to others says so


def test_a_quota_saves_up_for_one_second_at_most() -> None:
    clock = ManualClock()
    quota = Quota(10, clock)
    assert [quota.admits() for _ in range(12)] == [True] * 10 + [False] * 2
    clock.advance(0.25)
    assert [quota.admits() for _ in range(3)] == [True, True, False]
    clock.advance(3600)
    assert sum(quota.admits() for _ in range(100)) == 10


def test_a_quota_below_one_a_second_admits_one_now_and_then() -> None:
    clock = ManualClock()
    quota = Quota(0.5, clock)
    assert [quota.admits(), quota.admits()] == [True, False]
    clock.advance(2)
    assert quota.admits()


@pytest.mark.parametrize("rate", [0, -1, float("inf"), float("nan")])
def test_a_quota_is_a_positive_number(rate: float) -> None:
    with pytest.raises(ValueError, match="quota"):
        Quota(rate, ManualClock())


def test_pages_continue_where_the_last_one_ended() -> None:
    numbered = list(enumerate("abcde"))
    seen, token = list[list[str]](), None
    for _ in range(3):
        start = position(token, "letters") or 0
        items, token = page(numbered[start:], 2, "letters")
        seen.append(items)
    assert seen == [["a", "b"], ["c", "d"], ["e"]]
    assert token is None


def test_a_full_last_page_gives_no_token() -> None:
    assert page(enumerate("ab"), 2, "letters") == (["a", "b"], None)
    assert len(page(enumerate("x" * 500), None, "letters")[0]) == 100


@pytest.mark.parametrize(
    "token", ["x", "====", "é", base64.b64encode(b"\xff").decode(), base64.b64encode(b"a:b").decode()]
)
def test_a_token_that_was_never_given_is_refused(token: str) -> None:
    with pytest.raises(Refusal, match="Invalid startingToken"):
        position(token, "letters")


def test_a_token_of_another_call_is_refused() -> None:
    token = page(enumerate("abc"), 1, "letters")[1]
    with pytest.raises(Refusal, match="Invalid startingToken"):
        position(token, "numbers")


@given(st.text())
def test_any_text_as_a_token_is_a_position_or_a_refusal(token: str) -> None:
    with pytest.raises(Refusal):
        position(token, "letters")


def test_a_script_meets_requests_in_its_order() -> None:
    script = Script()
    throttle, reset = faults.throttled(times=2), faults.reset(operation=faults.ANY)
    script.add([throttle, faults.answered(), reset])
    assert script.take("GetBatch", {}) == throttle.plan
    assert script.take("ListRuns", {}) == actions.Reset()
    assert script.take("ListRuns", {}) == actions.PassThrough()
    assert [script.take("GetBatch", {}) for _ in range(3)] == [
        throttle.plan,
        actions.PassThrough(),
        actions.PassThrough(),
    ]
    script.check_used()


def test_what_is_left_of_a_script_is_named() -> None:
    script = Script()
    script.add([faults.throttled(times=3), faults.delayed(2.5, operation="GetRun")])
    script.take("GetBatch", {})
    with pytest.raises(
        UnusedFaultError, match=r"throttled on GetBatch, 2 times; delayed by 2\.5 s on GetRun"
    ) as caught:
        script.check_used()
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_a_fault_that_never_happens_is_refused() -> None:
    with pytest.raises(ValueError, match="times"):
        faults.reset(times=0)


@pytest.mark.parametrize("code", [100, 199, 600])
def test_a_fault_ends_an_exchange(code: int) -> None:
    for fault in (faults.status, faults.empty):
        with pytest.raises(ValueError, match="200 to 599"):
            fault(code)
    with pytest.raises(ValueError, match="200 to 599"):
        faults.error("Any", code)


def test_a_wait_in_a_fault_is_a_duration() -> None:
    with pytest.raises(ValueError, match="duration"):
        faults.delayed(-1)
    with pytest.raises(ValueError, match="interval"):
        faults.dripped(-1)
