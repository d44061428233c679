"""Each fault as it goes over the wire, seen by a client that takes every byte as it comes."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from omics_batch.testing import Fault, ManualClock, Simulator, faults
from omics_batch.testing._faults import actions
from omics_batch.testing._http.fault_delivery import Delivery
from omics_batch.testing._service.http_response import json_response
from tests.events import until
from tests.testing._support import Response, Wire, signed, wire_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def batch_id(omics: Simulator) -> str:
    return omics.start_batch(3, name="cohort")


class Socket:
    """A connection without an HTTP client on it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def ask(self, batch_id: str) -> None:
        headers = {"Host": "127.0.0.1", **signed("GET", f"http://127.0.0.1/runBatch/{batch_id}")}
        lines = [f"GET /runBatch/{batch_id} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        self.writer.write("\r\n".join([*lines, "", ""]).encode())


@pytest.fixture
async def raw(omics: Simulator) -> AsyncIterator[Socket]:
    connected = Socket(*await asyncio.open_connection("127.0.0.1", int(omics.endpoint_url.rpartition(":")[2])))
    yield connected
    connected.writer.close()
    await asyncio.wait([asyncio.ensure_future(connected.writer.wait_closed())])


async def meet(omics: Simulator, wire: Wire, batch_id: str, fault: Fault) -> Response:
    """Ask once with the fault in the way, and once more to see that it is over."""
    omics.script(fault)
    response = await wire.get(f"/runBatch/{batch_id}")
    assert (await wire.get(f"/runBatch/{batch_id}")).document["name"] == "cohort"
    return response


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (faults.throttled(), 429, "ThrottlingException"),
        (faults.status(400), 400, "ValidationException"),
        (faults.status(402), 402, "ServiceQuotaExceededException"),
        (faults.status(403), 403, "AccessDeniedException"),
        (faults.status(404), 404, "ResourceNotFoundException"),
        (faults.status(408), 408, "RequestTimeoutException"),
        (faults.status(409), 409, "ConflictException"),
        (faults.status(429), 429, "ThrottlingException"),
        (faults.status(500), 500, "InternalServerException"),
        (faults.expired_token(), 403, "ExpiredTokenException"),
        (faults.skewed_clock(), 403, "InvalidSignatureException"),
        (faults.error("SlowDown", 503, "Please reduce your request rate."), 503, "SlowDown"),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
async def test_an_error_comes_with_its_code(omics: Simulator, wire: Wire, fault: Fault, status: int, code: str) -> None:
    response = await meet(omics, wire, omics.start_batch(3, name="cohort"), fault)
    assert (response.status, response.code) == (status, code)
    assert response.message
    assert "x-amzn-requestid" in response.headers


async def test_a_status_that_the_service_lacks_comes_alone(omics: Simulator, wire: Wire, batch_id: str) -> None:
    for fault in (faults.status(503), faults.empty(503)):
        response = await meet(omics, wire, batch_id, fault)
        assert (response.status, response.body) == (503, b"")
        assert "x-amzn-errortype" not in response.headers


async def test_a_throttle_can_say_when_to_come_back(omics: Simulator, wire: Wire, batch_id: str) -> None:
    response = await meet(omics, wire, batch_id, faults.throttled(retry_after_ms=1500))
    assert response.headers["x-amz-retry-after"] == "1500"
    assert "x-amz-retry-after" not in (await meet(omics, wire, batch_id, faults.throttled())).headers


@pytest.mark.parametrize(("seconds", "words"), [(900.0, "Signature expired"), (-900.0, "Signature not yet current")])
async def test_a_skewed_clock_shows_in_the_date(
    omics: Simulator, wire: Wire, batch_id: str, seconds: float, words: str
) -> None:
    response = await meet(omics, wire, batch_id, faults.skewed_clock(seconds))
    difference = parsedate_to_datetime(response.headers["Date"]) - datetime.now(UTC)
    assert abs(difference - timedelta(seconds=seconds)) < timedelta(seconds=60)
    assert response.message.startswith(words)


async def test_other_answers_come_as_they_are(omics: Simulator, wire: Wire, batch_id: str) -> None:
    page = await meet(omics, wire, batch_id, faults.html(status=502))
    assert (page.status, page.headers["content-type"]) == (502, "text/html; charset=utf-8")
    assert page.body.startswith(b"<!DOCTYPE html>")
    assert "x-amzn-requestid" not in page.headers

    anything = await meet(omics, wire, batch_id, faults.body(b"\xff\x00", status=201, content_type="image/png"))
    assert (anything.status, anything.headers["content-type"], anything.body) == (201, "image/png", b"\xff\x00")

    moved = await meet(omics, wire, batch_id, faults.redirected(307, "http://169.254.169.254/latest"))
    assert (moved.status, moved.headers["location"], moved.body) == (307, "http://169.254.169.254/latest", b"")


async def test_the_true_answer_can_be_reported_wrongly(omics: Simulator, wire: Wire, batch_id: str) -> None:
    other = (await meet(omics, wire, batch_id, faults.wrong_batch())).document
    assert other["name"] == "cohort"
    assert other["id"] != batch_id
    assert other["arn"].endswith(f":runBatch/{other['id']}")

    edit = actions.Edit(lambda body: body.replace(b"CREATING", b"DEFRAGMENTING"))
    for plan in (edit, actions.Delay(0.0, edit)):
        unknown = await meet(omics, wire, batch_id, replace(faults.answered(), plan=plan))
        assert (unknown.document["name"], unknown.document["status"]) == ("cohort", "DEFRAGMENTING")

    packed = await meet(omics, wire, batch_id, faults.gzip_body())
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.document["name"] == "cohort"


async def test_a_compressed_body_really_is(omics: Simulator, raw: Socket, batch_id: str) -> None:
    omics.script(faults.gzip_body())
    raw.ask(batch_id)
    head = (await raw.reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert json.loads(gzip.decompress(await raw.reader.readexactly(length)))["id"] == batch_id


@pytest.mark.parametrize("declared", [True, False])
async def test_a_huge_body_has_just_its_size(omics: Simulator, wire: Wire, batch_id: str, *, declared: bool) -> None:
    response = await meet(omics, wire, batch_id, faults.huge(200_000, declared=declared))
    assert len(response.body) == 200_000
    assert ("content-length" in response.headers) is declared
    assert response.document["padding"]


async def test_a_client_that_leaves_a_huge_body_does_no_harm(omics: Simulator, raw: Socket, batch_id: str) -> None:
    omics.script(faults.huge(declared=False))
    raw.ask(batch_id)
    await raw.reader.readuntil(b"\r\n\r\n")
    raw.writer.transport.abort()
    async with wire_to(omics) as wire:
        assert (await wire.get(f"/runBatch/{batch_id}")).status == 200


async def test_a_late_answer_waits_on_the_simulators_clock_and_shows_the_truth_of_then(
    omics: Simulator, clock: ManualClock, wire: Wire, batch_id: str
) -> None:
    omics.script(faults.delayed(timedelta(seconds=3)))
    asked = asyncio.create_task(wire.get(f"/runBatch/{batch_id}"))
    await until(lambda: clock.sleepers)
    assert omics.requests[0].status is None
    clock.advance(3)
    assert (await asked).document["status"] == "PENDING"
    assert omics.requests[0].status == 200


async def test_a_dripping_answer_comes_byte_by_byte(omics: Simulator, clock: ManualClock, raw: Socket) -> None:
    omics.put_batch({"id": "1"})
    omics.script(faults.dripped(0.3))
    raw.ask("1")
    await raw.reader.readuntil(b"\r\n\r\n")
    received = b""
    for _ in range(len(b'{"id":"1"}')):
        await until(lambda: clock.sleepers)
        clock.advance(0.3)
        received += await raw.reader.read(10)
    assert received == b'{"id":"1"}'
    assert clock.slept == [0.3] * len(received)


@pytest.mark.parametrize(
    ("fault", "received"),
    [
        (faults.closed(), b""),
        (faults.not_http(), b"220 mail.example.org ESMTP ready\r\n"),
        (faults.not_http(b"\x16\x03\x01"), b"\x16\x03\x01"),
    ],
    ids=["closed", "greeting", "bytes"],
)
async def test_a_connection_can_end_without_an_answer(
    omics: Simulator, raw: Socket, batch_id: str, fault: Fault, received: bytes
) -> None:
    omics.script(fault)
    raw.ask(batch_id)
    assert await raw.reader.read() == received
    assert omics.requests[0].status is None


async def test_a_connection_can_be_reset(omics: Simulator, raw: Socket, batch_id: str) -> None:
    omics.script(faults.reset())
    raw.ask(batch_id)
    with pytest.raises(ConnectionResetError):
        await raw.reader.read()


async def test_an_answer_can_be_cut_in_its_body(omics: Simulator, raw: Socket) -> None:
    omics.put_batch({"id": "1"})
    omics.script(faults.truncated())
    raw.ask("1")
    received = await raw.reader.read()
    assert received.startswith(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\ncontent-type: application/json\r\n")
    assert received.endswith(b'\r\n\r\n{"id"')


@pytest.mark.parametrize("fault", [faults.unanswered(), faults.stalled()], ids=["unanswered", "stalled"])
async def test_silence_ends_when_the_client_leaves(omics: Simulator, raw: Socket, fault: Fault) -> None:
    omics.put_batch({"id": "1"})
    before = asyncio.all_tasks()
    omics.script(fault)
    raw.ask("1")
    if fault.name == "stalled":
        assert (await raw.reader.readuntil(b'{"id"')).startswith(b"HTTP/1.1 200 OK\r\n")
    await until(lambda: omics.requests)
    raw.writer.close()
    await until(lambda: not asyncio.all_tasks() - before)


async def test_a_client_that_takes_no_more_ends_its_answer(omics: Simulator, raw: Socket, batch_id: str) -> None:
    """A client that closes its side is done for the server, though it can be written to for a while."""
    omics.script(faults.huge(declared=False))
    raw.ask(batch_id)
    raw.writer.write_eof()
    with contextlib.suppress(ConnectionResetError):
        while await raw.reader.read(1024 * 1024):
            pass
    assert omics.requests[0].status is None


@pytest.mark.parametrize("fault", [faults.closed(), faults.reset(), faults.truncated()], ids=lambda fault: fault.name)
async def test_a_connection_that_is_gone_cannot_be_broken(fault: Fault) -> None:
    gone: Any = SimpleNamespace(transport=None)
    delivery = Delivery(gone, ManualClock(), lambda: json_response(200, {}))
    with pytest.raises(ConnectionError):
        await delivery.carry_out(fault.plan)
