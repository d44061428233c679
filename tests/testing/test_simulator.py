"""The simulator as a server: who it answers, what it records, and how it begins and ends."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urlencode

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omics_batch import InvalidInputError
from omics_batch.testing import Fault, Life, ManualClock, ReceivedRequest, Simulator, UnusedFaultError, faults
from omics_batch.testing._service.operations import HANDLERS
from tests.events import until
from tests.machine import has_ipv6
from tests.testing._support import (
    EPOCH,
    SETTING,
    Wire,
    aiobotocore_config,
    aiobotocore_session,
    signed,
    wire_to,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


async def test_aiobotocore_works_against_it(omics: Simulator) -> None:
    batch_id = omics.start_batch(3)
    config = aiobotocore_config.AioConfig(inject_host_prefix=False)
    async with aiobotocore_session.get_session().create_client(
        "omics",
        region_name="us-west-2",
        endpoint_url=omics.endpoint_url,
        aws_access_key_id=Simulator.access_key,
        aws_secret_access_key=Simulator.secret_key,
        config=config,
    ) as client:
        assert (await client.get_batch(batchId=batch_id))["status"] == "CREATING"
        started = await client.start_run_batch(
            requestId="1",
            defaultRunSetting=SETTING,
            batchRunSettings={"inlineSettings": [{"runSettingId": "a"}]},
        )
        assert (await client.get_batch(batchId=started["id"]))["creationTime"] == EPOCH


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"life": Life}, "life has to be a Life, or a function that gives one, not <class"),
        ({"life": None}, "life has to be a Life"),
        ({"time_scale": "fast"}, "time_scale has to be a number above 0, not 'fast'"),
        ({"time_scale": None}, "time_scale has to be a number above 0, not None"),
        ({"faults": 5}, r"faults has to be a list of faults, such as \[faults.throttled\(\)\], or a function"),
        ({"faults": faults.throttled()}, "faults has to be a list of faults"),
        ({"faults": "throttled"}, "faults has to be a list of faults"),
        ({"quota": "1"}, "quota has to be a number of requests a second above 0, not '1'"),
        ({"list_lag": "1"}, "list_lag has to be a finite number of seconds"),
        ({"host": 5}, "host has to be an address to listen on"),
        ({"host": ""}, "host has to be an address to listen on"),
        ({"port": "80"}, "port has to be a number from 0 to 65535, not '80'"),
        ({"port": 65536}, "port has to be a number from 0 to 65535, not 65536"),
        ({"region_name": 5}, "region_name has to be a region such as us-west-2, not 5"),
        ({"epoch": "2025"}, "epoch has to be a datetime, not '2025'"),
        ({"s3": 5}, "s3 has to be a folder or the URL of a local S3, not 5"),
        ({"advertise": 5}, "advertise has to be a URL, such as http://omics:8080, not 5"),
        ({"in_process": "yes"}, "in_process has to be True or False, not 'yes'"),
        ({"quota": "1", "port": "80"}, "quota has .*; port has "),
    ],
)
def test_a_setting_of_a_wrong_type_is_refused_by_its_name(settings: dict[str, Any], wanted: str) -> None:
    with pytest.raises(InvalidInputError, match=f"^{wanted}"):
        Simulator(**settings)


async def test_our_own_client_is_ready_to_use(clock: ManualClock) -> None:
    async with Simulator(clock=clock) as omics:
        batch_id = omics.start_batch(3, name="cohort")
        async with omics.client(max_rate=None) as client:
            assert (await client.get_batch(batch_id)).name == "cohort"


async def test_it_answers_as_the_service_does(wire: Wire) -> None:
    response = await wire.start()
    assert response.status == 201
    assert response.headers["content-type"] == "application/json"
    assert len(response.headers["x-amzn-requestid"]) == 36
    assert "x-amzn-errortype" not in response.headers


@pytest.mark.parametrize(
    ("method", "path", "headers", "refusal"),
    [
        ("GET", "/", {}, (404, "UnknownOperationException")),
        ("GET", "/runbatch/1", {}, (404, "UnknownOperationException")),
        ("PUT", "/runBatch/1", {}, (404, "UnknownOperationException")),
        ("POST", "/workflow", {}, (404, "UnknownOperationException")),
        ("GET", "/runBatch/..%2f..", {}, (400, "ValidationException")),
        ("GET", "/runBatch/1234567890123456789", {}, (400, "ValidationException")),
        ("POST", "/runBatch", {}, (400, "ValidationException")),
        ("GET", "/runBatch/1", {"Authorization": ""}, (403, "MissingAuthenticationTokenException")),
        ("GET", "/", {"Authorization": "Bearer x"}, (403, "IncompleteSignatureException")),
        ("GET", "/runBatch/1", {"Host": "example.org"}, (421, "MisdirectedRequestException")),
    ],
)
async def test_other_requests_are_refused_as_aws_does(
    wire: Wire, method: str, path: str, headers: dict[str, str], refusal: tuple[int, str]
) -> None:
    response = await wire.ask(method, path, headers=headers)
    assert (response.status, response.code) == refusal
    assert response.message


async def test_a_body_that_is_too_long_is_refused(wire: Wire) -> None:
    response = await wire.ask("POST", "/runBatch", BytesIO(b" " * (4 * 1024 * 1024 + 1)))
    assert (response.status, response.code) == (413, "RequestEntityTooLargeException")


async def test_requests_are_recorded_without_their_signatures(
    omics: Simulator, clock: ManualClock, wire: Wire, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await wire.start()
    clock.advance(3)
    await wire.get("/runBatch/7123456?x=y")
    await wire.get("/nothing")
    assert omics.requests == (
        ReceivedRequest("StartRunBatch", "POST", "/runBatch", 0.0, 201),
        ReceivedRequest("GetBatch", "GET", "/runBatch/7123456", 3.0, 200),
        ReceivedRequest("Unknown", "GET", "/nothing", 3.0, 404),
    )
    assert omics.requests_of("GetBatch") == 1
    assert omics.connections == 1
    assert "Credential" not in caplog.text


async def test_requests_that_come_later_are_not_among_those_that_were_asked_for(omics: Simulator, wire: Wire) -> None:
    before = omics.requests
    assert before == ()
    assert not before
    await wire.start()
    await wire.get("/runBatch/7123456")
    after = omics.requests
    assert (len(before), len(after), after[-1].operation) == (0, 2, "GetBatch")
    assert after[1:] == (after[1],)
    assert after == omics.requests != before
    assert repr(after) == repr(tuple(after))


async def test_what_is_no_http_is_refused_and_not_quoted_in_the_log(
    omics: Simulator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(omics.endpoint_url.rpartition(":")[2]))
    writer.write(b"GET /runBatch/1 HTTP/1.1\r\nAuthorization SECRET\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.0 400")
    writer.close()
    await writer.wait_closed()
    assert "SECRET" not in caplog.text


async def test_a_fault_of_its_own_is_an_internal_error(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> dict[str, Any]:
        raise ZeroDivisionError

    monkeypatch.setattr("omics_batch.testing._service.exchange.HANDLERS", {**HANDLERS, "GetBatch": fail})
    response = await wire.get("/runBatch/1")
    assert (response.status, response.code) == (500, "InternalServerException")
    assert "ZeroDivisionError" in caplog.text


async def test_a_document_is_served_as_it_was_put(omics: Simulator, wire: Wire) -> None:
    document = {"id": "42", "status": "REHEARSING", "mood": None, "creationTime": EPOCH}
    assert omics.put_batch(document) == "42"
    assert (await wire.get("/runBatch/42")).document == {**document, "creationTime": "2025-03-15T10:00:00Z"}

    omics.put_batch({"id": "42", "status": "PROCESSED"})
    assert (await wire.get("/runBatch/42")).document == {"id": "42", "status": "PROCESSED"}
    with pytest.raises(ValueError, match="id"):
        omics.put_batch({"status": "PROCESSED"})


async def test_placed_batches_are_named_and_counted(omics: Simulator, clock: ManualClock, wire: Wire) -> None:
    batch_id = omics.start_batch(2)
    clock.advance(60)
    runs = (await wire.get(f"/runBatch/{batch_id}/run")).document["runs"]
    assert [run["runSettingId"] for run in runs] == ["sample-1", "sample-2"]
    assert "name" not in (await wire.get(f"/runBatch/{batch_id}")).document
    assert omics.start_batch(2) != batch_id
    for nothing in (0, ()):
        with pytest.raises(ValueError, match="one run or more"):
            omics.start_batch(nothing)


async def test_a_quota_throttles_what_is_beyond_it(clock: ManualClock) -> None:
    async with Simulator(clock=clock, quota=2) as omics, wire_to(omics) as wire:
        omics.put_batch({"id": "1"})
        assert [(await wire.get("/runBatch/1")).status for _ in range(3)] == [200, 200, 429]
        clock.advance(0.5)
        assert [(await wire.get("/runBatch/1")).status for _ in range(2)] == [200, 429]


async def test_a_script_that_was_not_used_up_fails_the_test() -> None:
    with pytest.raises(UnusedFaultError, match="throttled on GetBatch"):
        async with Simulator(faults=[faults.throttled()]):
            pass


async def test_a_failure_of_the_test_itself_is_not_hidden_by_its_script() -> None:
    with pytest.raises(ZeroDivisionError):
        async with Simulator(faults=[faults.throttled()]):
            raise ZeroDivisionError


async def test_it_is_there_only_within_its_block() -> None:
    simulator = Simulator()
    with pytest.raises(RuntimeError, match="not running"):
        _ = simulator.endpoint_url
    async with simulator:
        url = simulator.endpoint_url
        assert url.startswith("http://127.0.0.1:")
    with pytest.raises(RuntimeError, match="not running"):
        _ = simulator.endpoint_url
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(url)


async def test_it_listens_where_it_is_asked_to(unused_tcp_port: int) -> None:
    async with Simulator(port=unused_tcp_port, host="localhost") as omics:
        assert omics.endpoint_url == f"http://localhost:{unused_tcp_port}"


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no ::1")
async def test_it_listens_on_ipv6_and_writes_the_address_in_brackets() -> None:
    async with Simulator(host="::1") as omics:
        assert omics.endpoint_url.startswith("http://[::1]:")
        async with wire_to(omics) as wire:
            assert (await wire.start()).status == 201


async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_behind(omics: Simulator) -> None:
    taken = Simulator(port=int(omics.endpoint_url.rpartition(":")[2]))
    with pytest.raises(OSError, match="address already in use"):
        await taken.__aenter__()
    await taken.__aexit__(None, None, None)


async def test_time_runs_as_fast_as_it_is_asked_to() -> None:
    """At a billion seconds a second, a batch is over before one can look."""
    async with Simulator(time_scale=1e9) as omics, wire_to(omics) as wire:
        batch_id = omics.start_batch(1)
        await wire.get("/")
        batch = (await wire.get(f"/runBatch/{batch_id}")).document
        assert batch["status"] == "PROCESSED"
        assert datetime.fromisoformat(batch["creationTime"]) - datetime.now(UTC) < timedelta(days=365_000)
    with pytest.raises(ValueError, match="not both"):
        Simulator(clock=ManualClock(), time_scale=2.0)


async def test_a_region_is_as_asked(clock: ManualClock) -> None:
    async with Simulator(clock=clock, region_name="eu-west-1") as omics, wire_to(omics) as wire:
        assert (omics.region_name, omics.clock) == ("eu-west-1", clock)
        batch_id = omics.start_batch(1)
        path = f"/runBatch/{batch_id}"
        assert (await wire.get(path)).document["arn"].startswith("arn:aws:omics:eu-west-1:")
        elsewhere = signed("GET", omics.endpoint_url + path, region="us-west-2")
        assert (await wire.ask("GET", path, headers=elsewhere)).status == 403


async def test_nothing_is_left_running_behind_it(clock: ManualClock) -> None:
    """Who waits for an answer as the block ends is let go of, and no task stays."""
    silences = [faults.unanswered(), faults.stalled(), faults.delayed(60)]
    before = asyncio.all_tasks()
    async with aiohttp.ClientSession() as session:
        async with Simulator(clock=clock, faults=silences) as omics:
            wire = Wire(session, omics.endpoint_url)
            asks = [asyncio.create_task(wire.get("/runBatch/1")) for _ in silences]
            await until(lambda: omics.requests_of("GetBatch") == len(silences) and clock.sleepers)
        results = await asyncio.gather(*asks, return_exceptions=True)
    assert all(isinstance(result, aiohttp.ClientError) for result in results)
    assert asyncio.all_tasks() == before


@pytest.mark.slow
async def test_a_large_batch_is_answered_without_walking_through_it(clock: ManualClock) -> None:
    """Counts come out of sorted times: the work does not grow with the number of runs."""
    async with Simulator(clock=clock, life=Life(submission_rate=100.0)) as omics, wire_to(omics) as wire:
        batch_id = omics.start_batch(100_000)
        clock.advance(500)
        batch = (await wire.get(f"/runBatch/{batch_id}")).document
        assert batch["totalRuns"] == 100_000
        assert batch["submissionSummary"]["successfulStartSubmissionCount"] == 49_500


segments = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="?#/\\ "), max_size=8)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


members = st.sampled_from(["requestId", "defaultRunSetting", "batchRunSettings", "tags", "batchName", "batchId"])
requests = st.dictionaries(members, anything, min_size=1, max_size=2)


@settings(deadline=None, max_examples=60)
@given(
    examples=st.lists(
        st.tuples(
            st.sampled_from(["GET", "POST", "DELETE"]),
            st.lists(
                st.sampled_from(["runBatch", "run", "7123456", "2000001", "cancel", "delete"]) | segments, max_size=4
            ),
            st.dictionaries(
                st.sampled_from(["maxItems", "maxResults", "startingToken", "submissionStatus", "status", "name"]),
                segments,
            ),
            st.binary(max_size=64) | requests.map(json.dumps).map(str.encode),
        ),
        max_size=12,
    )
)
@pytest.mark.slow
def test_no_request_makes_it_fail(examples: list[tuple[str, list[str], dict[str, str], bytes]]) -> None:
    """Whatever is asked, the answer is one that the service might give."""

    async def ask_all() -> list[tuple[int, bytes]]:
        async with Simulator(clock=ManualClock(100.0)) as omics, wire_to(omics) as wire:
            omics.start_batch(3)
            return [
                (response.status, response.body)
                for method, path, query, body in examples
                for response in [await wire.ask(method, _target(path, query), body)]
            ]

    for status, body in asyncio.run(ask_all()):
        assert status in {200, 201, 202, 400, 404, 409}
        assert b"Traceback" not in body


def _target(path: list[str], query: dict[str, str]) -> str:
    return "/" + "/".join(quote(segment, safe="") for segment in path) + "?" + urlencode(query)


async def test_a_script_may_be_forgotten() -> None:
    """The rest of it then fails no test, and no request meets it."""
    async with Simulator(faults=[faults.status(500, times=9)]) as omics, omics.client() as client:
        omics.forget_script()
        assert (await client.get_batch(omics.start_batch(1))).arn


async def test_a_function_may_choose_the_fault_of_each_request(clock: ManualClock) -> None:
    """By the request's operation and its members; a fault of the script comes before it."""
    asked: list[tuple[str, dict[str, Any]]] = []

    def choose(operation: str, members: Mapping[str, Any]) -> Fault | None:
        asked.append((operation, dict(members)))
        return faults.throttled() if operation == "ListBatch" else None

    async with Simulator(clock=clock, faults=choose) as omics, wire_to(omics) as wire:
        batch_id = omics.start_batch(1)
        omics.script(faults.empty(503))
        paths = (f"/runBatch/{batch_id}", f"/runBatch/{batch_id}", "/runBatch?maxItems=5", "/runBatch?maxItems=0")
        assert [(await wire.get(path)).status for path in paths] == [503, 200, 429, 429]
    assert asked == [("GetBatch", {"batchId": batch_id}), ("ListBatch", {"maxItems": 5}), ("ListBatch", {})]


async def test_a_batch_may_be_some_hours_old(clock: ManualClock, wire: Wire, omics: Simulator) -> None:
    batch_id = omics.start_batch(1, life=Life(run_length=7200), age=timedelta(hours=1))
    shown = (await wire.get(f"/runBatch/{batch_id}")).document
    assert shown["status"] == "INPROGRESS"
    assert datetime.fromisoformat(shown["creationTime"]) == EPOCH - timedelta(hours=1)
    clock.advance(3700)
    assert (await wire.get(f"/runBatch/{batch_id}")).document["status"] == "PROCESSED"


async def test_a_batch_that_is_removed_never_was(wire: Wire, omics: Simulator) -> None:
    """Neither it, nor its runs, nor its requestId, nor what DeleteBatch left of one, nor a document."""
    life = Life(creating=0, pending=0, submission_rate=math.inf, run_length=0, run_pending=0, run_starting=0)
    one, other, deleted = (omics.start_batch(3, life=life) for _ in range(3))
    put = omics.put_batch({"id": "7", "status": "PROCESSED"})
    assert (await wire.ask("DELETE", f"/runBatch/{deleted}")).status == 202
    for batch_id in (one, deleted, put):
        omics.remove_batch(batch_id)
        with pytest.raises(InvalidInputError, match=f"no batch '{batch_id}' to remove"):
            omics.remove_batch(batch_id)
        assert (await wire.get(f"/runBatch/{batch_id}")).status == 404
    assert [item["id"] for item in (await wire.get("/runBatch")).document["items"]] == [other]
    assert {run["batchId"] for run in (await wire.get("/run")).document["items"]} == {other}
    assert (await wire.get(f"/runBatch/{other}")).status == 200
    assert omics.start_batch(1) not in {one, other, deleted}


async def test_requests_may_be_forgotten(wire: Wire, omics: Simulator) -> None:
    await wire.get("/runBatch")
    before = omics.requests
    omics.forget_requests()
    assert (len(before), len(omics.requests), omics.requests_of("ListBatch")) == (1, 0, 0)
    await wire.get("/runBatch")
    assert omics.requests_of("ListBatch") == 1


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Simulator(region_name="US West"), "region_name has to be a region"),
        (lambda: Simulator(life=cast("Any", {"failed_runs": 1})), "life has to be a Life, or a function"),
        (lambda: Simulator(faults=[cast("Any", faults.throttled)]), "such as faults.throttled"),
        (lambda: Simulator().start_batch("NA12878"), "not the text 'NA12878'"),
        (lambda: Simulator().start_batch([""]), "a runSettingId is a text of 1 to 128"),
        (lambda: Simulator().start_batch([cast("Any", 1)]), "a text of 1 to 128"),
        (lambda: Life(failed_runs=cast("Any", ["NA12878"])), r"a number or a part, not \['NA12878'\]"),
        (
            lambda: Life(failed_runs=cast("Any", {"NA12878": None})),
            "a message, a text, or a reason and a message for each",
        ),
        (lambda: Life(failed_submissions=cast("Any", {"NA12878": "no"})), "a reason and a message .* NA12878"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_could_not_be_played_is_refused_at_once(make: Callable[[], object], complaint: str) -> None:
    """Or it would be a fault of the service's own, in the middle of somebody's test."""
    with pytest.raises(InvalidInputError, match=complaint):
        make()


def test_batches_may_be_placed_from_many_threads(clock: ManualClock) -> None:
    """A test places them in its thread, and the code under test starts others in the server's."""
    omics = Simulator(clock=clock)
    with ThreadPoolExecutor(4) as threads:
        ids = list(threads.map(omics.start_batch, [50] * 400))
    assert len(set(ids)) == 400
