"""The table of what can go wrong, over real sockets: the error, its facts, and the requests on the wire."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import HTTPClientError

from omics_batch import (
    AccessDeniedError,
    AttemptTimeoutError,
    Batch,
    ConflictError,
    ConnectionFailedError,
    CredentialsError,
    InternalServerError,
    MalformedResponseError,
    OmicsBatchError,
    PollPolicy,
    RedirectRefusedError,
    RequestTimeoutError,
    ResourceNotFoundError,
    RetryPolicy,
    ServiceError,
    ServiceQuotaExceededError,
    ThrottlingError,
    ValidationError,
)
from omics_batch._transport.attempt import LARGEST_ANSWER
from omics_batch.testing import Fault, Simulator, VirtualClock, faults
from omics_batch.testing._http.fault_delivery import OTHER_BATCH_ID
from omics_batch.testing._simulator import local_client
from tests.events import asked

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 30.0
POLICY = RetryPolicy(base=0.001, throttling_base=0.001, attempt_timeout=LIMIT)


@dataclass(frozen=True)
class Row:
    """One row: what the service does, three times if need be, and what the caller is to see."""

    name: str
    fault: Fault
    error: type[OmicsBatchError]
    retried: bool
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    says: str = ""

    def __str__(self) -> str:
        return self.name


RETRIED, ONCE = True, False
MALFORMED = (MalformedResponseError, RETRIED)

TABLE = [
    Row("429 ThrottlingException", faults.status(429), ThrottlingError, RETRIED, {"code": "ThrottlingException"}),
    Row(
        "400 ThrottlingException",
        faults.error("ThrottlingException", 400, "in words"),
        ThrottlingError,
        RETRIED,
        {"status_code": 400},
    ),
    Row("429 without a body", faults.empty(429), ThrottlingError, RETRIED, {"code": "", "status_code": 429}),
    Row("429 of a proxy", faults.html(429), ThrottlingError, RETRIED),
    Row("509", faults.empty(509), ThrottlingError, RETRIED),
    Row(
        "503 SlowDown",
        faults.error("SlowDown", 503, "in words"),
        ThrottlingError,
        RETRIED,
        {"code": "SlowDown"},
    ),
    Row(
        "408 RequestTimeoutException",
        faults.status(408),
        RequestTimeoutError,
        RETRIED,
        {"code": "RequestTimeoutException"},
    ),
    Row("408 without a body", faults.empty(408), RequestTimeoutError, RETRIED),
    Row(
        "500 InternalServerException",
        faults.status(500),
        InternalServerError,
        RETRIED,
        {"code": "InternalServerException"},
    ),
    Row("500 without a body", faults.empty(500), InternalServerError, RETRIED),
    Row("502 HTML", faults.html(502), InternalServerError, RETRIED, {"status_code": 502}),
    Row("503 text", faults.body(b"Service Unavailable", 503), InternalServerError, RETRIED, {"status_code": 503}),
    Row("504 brackets", faults.body(b"[" * 100_000, 504), InternalServerError, RETRIED),
    Row(
        "599 unknown code",
        faults.error("StrangeException", 599, "in words"),
        InternalServerError,
        RETRIED,
        {"code": "StrangeException"},
    ),
    Row("400 ValidationException", faults.status(400), ValidationError, ONCE, {"status_code": 400}, "Fix the request"),
    Row("403 AccessDeniedException", faults.status(403), AccessDeniedError, ONCE, {"status_code": 403}, "IAM policy"),
    Row("404 ResourceNotFoundException", faults.status(404), ResourceNotFoundError, ONCE, {"status_code": 404}),
    Row("402 ServiceQuotaExceeded", faults.status(402), ServiceQuotaExceededError, ONCE, {"status_code": 402}),
    Row("409 ConflictException", faults.status(409), ConflictError, ONCE, {"status_code": 409}),
    Row("501", faults.empty(501), ServiceError, ONCE, {"status_code": 501}),
    Row(
        "418 unknown code",
        faults.error("TeapotException", 418, "in words"),
        ServiceError,
        ONCE,
        {"code": "TeapotException"},
        "words",
    ),
    Row("403 ExpiredToken", faults.expired_token(), CredentialsError, ONCE, says="renew"),
    Row(
        "403 clock ahead",
        faults.skewed_clock(-900),
        CredentialsError,
        ONCE,
        says="set this machine.s clock, which is 90[01] s ahead",
    ),
    Row("403 clock behind", faults.skewed_clock(900), CredentialsError, ONCE, says="behind the"),
    Row(
        "403 RequestTimeTooSkewed",
        faults.error("RequestTimeTooSkewed", 403, "in words"),
        CredentialsError,
        ONCE,
    ),
    Row("reset", faults.reset(), ConnectionFailedError, RETRIED, {"status_code": None}),
    Row("closed before the answer", faults.closed(), ConnectionFailedError, RETRIED),
    Row("closed in the body", faults.truncated(), ConnectionFailedError, RETRIED),
    Row("not HTTP", faults.not_http(), ConnectionFailedError, RETRIED),
    Row("no answer", faults.unanswered(), AttemptTimeoutError, RETRIED, says="within 30 s"),
    Row("a stalled body", faults.stalled(), AttemptTimeoutError, RETRIED),
    Row("a byte every 0.1 s", faults.dripped(0.1), AttemptTimeoutError, RETRIED),
    Row("200 truncated JSON", faults.body(b'{"id": "71234', 200), *MALFORMED, {"status_code": 200}),
    Row("200 HTML", faults.html(200), *MALFORMED),
    Row("200 text", faults.body(b"OK"), *MALFORMED),
    Row("200 empty", faults.empty(200), *MALFORMED),
    Row("200 {}", faults.body(b"{}"), *MALFORMED),
    Row("204", faults.empty(204), *MALFORMED),
    Row("200 null", faults.body(b"null"), *MALFORMED),
    Row("200 [1]", faults.body(b"[1]"), *MALFORMED),
    Row(
        "200 a count as a string", faults.body(b'{"id": "7123456", "status": "PENDING", "totalRuns": "9"}'), *MALFORMED
    ),
    Row("200 a negative count", faults.body(b'{"id": "7123456", "status": "PENDING", "totalRuns": -9}'), *MALFORMED),
    Row("200 a bad time", faults.body(b'{"id": "7123456", "status": "PENDING", "creationTime": "soon"}'), *MALFORMED),
    Row("200 1e999", faults.body(b'{"id": "7123456", "status": "PENDING", "totalRuns": 1e999}'), *MALFORMED),
    Row("200 brackets", faults.body(b"[" * 100_000), *MALFORMED),
    Row("200 bad UTF-8", faults.body(b'{"id": "7123456", "status": "\xff\xfe"}'), *MALFORMED),
    Row("200 gzip", faults.gzip_body(), *MALFORMED),
    Row("200 another batch", faults.wrong_batch(), *MALFORMED, says=OTHER_BATCH_ID),
    Row("200 without an id", faults.body(b'{"status": "PROCESSED"}'), *MALFORMED),
    Row("404 of a proxy", faults.html(404), *MALFORMED, {"status_code": 404}),
    Row("403 text", faults.body(b"Forbidden by policy", 403), *MALFORMED, {"status_code": 403}),
    Row("404 brackets", faults.body(b"[" * 100_000, 404), *MALFORMED),
    Row("304", faults.empty(304), *MALFORMED, {"status_code": 304}),
    Row("huge, as declared", faults.huge(LARGEST_ANSWER + 1), *MALFORMED, says="larger than"),
    Row("huge, in chunks", faults.huge(2 * LARGEST_ANSWER, declared=False), *MALFORMED, says="larger"),
]


@pytest.mark.parametrize("row", TABLE, ids=str)
async def test_each_row_of_the_table(row: Row, let_pass: Callable[[float], None]) -> None:
    """The class, its facts, and exactly one request for each attempt; afterwards the client is as good as new."""
    await _meet(row, Simulator(), let_pass)


@pytest.mark.virtual_time
@pytest.mark.parametrize("row", TABLE, ids=str)
async def test_each_row_is_the_same_in_process(row: Row) -> None:
    """Without a socket, what a test of a pipeline meets is what it would meet over HTTP."""
    await _meet(row, Simulator(in_process=True, clock=VirtualClock()))


async def _meet(row: Row, simulator: Simulator, let_pass: Callable[[float], None] | None = None) -> None:
    times = 3 if row.retried else 1
    async with simulator as omics:
        batch_id = omics.start_batch(1)
        async with omics.client(retry=POLICY, max_rate=None) as client:
            omics.script(replace(row.fault, times=times))
            call = asyncio.create_task(client.get_batch(batch_id))
            if let_pass is not None and row.error is AttemptTimeoutError:
                for attempt in range(times):
                    await asked(omics, times=attempt + 1)
                    let_pass(LIMIT)
            with pytest.raises(row.error, match=row.says or None) as caught:
                await call
            assert (caught.value.attempts, omics.requests_of("GetBatch")) == (times, times)
            assert {name: getattr(caught.value, name) for name in row.facts} == row.facts
            assert type(caught.value) is row.error
            assert caught.value.batch_id == batch_id
            assert (await client.get_batch(batch_id)).id == batch_id


async def test_a_64_mib_answer_is_not_read_to_its_end() -> None:
    """The cap holds for what is read, not only for what is kept."""
    async with Simulator() as omics:
        omics.script(faults.huge())
        batch_id = omics.start_batch(1)
        async with omics.client(retry=RetryPolicy(max_attempts=1)) as client:
            with pytest.raises(MalformedResponseError, match="larger than 1048576 bytes"):
                await client.get_batch(batch_id)


@pytest.mark.parametrize(
    "document",
    [
        {"status": "ARCHIVING", "owner": {"team": "germline"}},
        {"status": "PENDING", "runSummary": None, "submissionSummary": None, "tags": None, "totalRuns": None},
        {"status": "PENDING", "runSummary": {"pendingRunCount": None}},
    ],
    ids=["unknown", "nulls", "null counts"],
)
async def test_strange_but_sound_answers_are_accepted(document: dict[str, Any]) -> None:
    """Unknown, null and missing members are no fault."""
    async with Simulator() as omics:
        omics.put_batch({"id": "7", **document})
        async with omics.client() as client:
            batch = await client.get_batch("7")
    assert (batch.status, batch.finished_run_count) == (document["status"], 0)


@pytest.mark.parametrize("kind", ["application/xml", "text/plain", "nonsense"])
async def test_a_wrong_content_type_and_duplicate_keys_are_accepted(kind: str) -> None:
    """The bytes are what counts; which of two values for a key does, is the JSON parser's choice."""
    content = b'{"id": "7", "status": "PENDING", "status": "PROCESSED"}'
    async with Simulator() as omics:
        omics.script(faults.body(content, content_type=kind))
        async with omics.client() as client:
            assert (await client.get_batch("7")).status in {"PENDING", "PROCESSED"}


@pytest.mark.parametrize("location", ["other port", "same host", "http downgrade", "link-local"])
@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(code: int, location: str) -> None:
    """The target would receive the session token, and its answer would be believed."""
    async with Simulator() as target, Simulator() as omics:
        where = {
            "other port": f"{target.endpoint_url}/runBatch/7",
            "same host": f"{omics.endpoint_url}/runBatch/8",
            "http downgrade": "http://omics.us-west-2.amazonaws.com/runBatch/7",
            "link-local": "http://169.254.169.254/latest/meta-data/",
        }[location]
        omics.script(faults.redirected(code, where))
        async with omics.client() as client:
            with pytest.raises(RedirectRefusedError, match="Nothing was sent on") as caught:
                await client.get_batch("7")
        assert (target.connections, len(omics.requests)) == (0, 1)
    assert caught.value.attempts == 1


async def test_no_redirect_is_followed_for_what_is_not_wrapped() -> None:
    """Calls through `client.aws` carry the same token."""
    async with Simulator() as target, Simulator() as omics:
        omics.script(faults.redirected(307, f"{target.endpoint_url}/runBatch/7"))
        async with omics.client() as client:
            with pytest.raises(HTTPClientError, match="refused to follow a redirect"):
                await client.aws.get_batch(batchId="7")
        assert target.connections == 0


async def test_a_refused_connection_is_reported_so(deaf_port: int) -> None:
    """No server listens: three attempts, one clear error."""
    async with local_client(f"http://127.0.0.1:{deaf_port}", retry=POLICY) as client:
        with pytest.raises(ConnectionFailedError, match="Check the network, the region and the endpoint") as caught:
            await client.get_batch("7")
    assert caught.value.attempts == 3


async def test_the_service_asks_for_patience() -> None:
    """`x-amz-retry-after` lengthens the delay: 300 ms here, where the policy alone would wait none."""
    async with Simulator() as omics:
        omics.script(faults.throttled(retry_after_ms=300))
        batch_id = omics.start_batch(1)
        async with omics.client(random=lambda: 0.0) as client:
            begun = time.monotonic()
            await client.get_batch(batch_id)
            assert time.monotonic() - begun >= 0.3


async def test_a_wait_outlives_every_row_that_may_pass() -> None:
    """Each retried row in turn, and then the truth."""
    passing = [row for row in TABLE if row.retried and row.error is not AttemptTimeoutError]
    async with Simulator(time_scale=1000.0) as omics:
        omics.script(*(row.fault for row in passing))
        batch_id = omics.start_batch(4)
        patient = PollPolicy(
            initial=1, maximum=1, max_silence=1_000_000
        )  # an hour of this clock is 3.6 s, which a busy machine may need
        once = RetryPolicy(max_attempts=1, attempt_timeout=30_000)
        async with omics.client(retry=once, poll=patient, max_rate=None) as client:
            batch: Batch = await client.wait_until_processed(batch_id)
    assert batch.is_processed
    assert omics.requests_of("GetBatch") >= len(passing)
