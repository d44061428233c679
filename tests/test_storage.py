"""Requests to S3: where they go, how they are signed, and what becomes of each answer."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest
from aiobotocore.session import AioSession
from aiohttp import web
from botocore.awsrequest import AWSRequest

from omics_batch import (
    AccessDeniedError,
    Advice,
    AdviceKind,
    AttemptTimeoutError,
    ClientClosedError,
    ConflictError,
    CredentialsError,
    InternalServerError,
    InvalidInputError,
    MalformedResponseError,
    OmicsBatchClient,
    OmicsBatchError,
    Party,
    RedirectRefusedError,
    ResourceNotFoundError,
    RetryPolicy,
    ServiceError,
    ThrottlingError,
)
from omics_batch._api import storage as api_storage
from omics_batch._api.storage import ObjectHead
from omics_batch._transport.http_session import StorageSession
from omics_batch._transport.session import static_session
from omics_batch._transport.storage import _allowed
from omics_batch._transport.upload import Upload
from omics_batch.testing import Simulator
from tests.s3 import MARK, body_of, local_s3, redirect, s3_error, signed_region
from tests.test_secrets import assert_clean

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator

    from omics_batch._api.storage import ObjectStorage
    from tests.s3 import Answer, LocalS3

URI: Final = "s3://my-bucket/settings/a b.json"
CONTENT: Final = [b"[\n" + b"x" * 300_000, b"y" * 300_000, b"\n]\n"]
WHOLE: Final = b"".join(CONTENT)
CHECKSUM: Final = base64.b64encode(hashlib.sha256(WHOLE).digest()).decode()
ETAG: Final = f'"{hashlib.md5(WHOLE, usedforsecurity=False).hexdigest()}"'
QUICK: Final = RetryPolicy(max_attempts=2, base=0.001, throttling_base=0.001)


@asynccontextmanager
async def storage_of(
    region: str = "us-west-2", answer: Answer = lambda _: None, **settings: Any
) -> AsyncGenerator[tuple[LocalS3, ObjectStorage]]:
    async with local_s3(region, answer) as s3, Simulator() as omics:
        given: dict[str, Any] = {"storage_url": s3.url, "retry": QUICK, **settings}
        async with omics.client(**given) as client:
            yield s3, client._opened().storage


async def put(storage: ObjectStorage, **options: str) -> ObjectHead | None:
    return await storage.put(URI, lambda: iter(CONTENT), size=len(WHOLE), checksum=CHECKSUM, options=options)


async def head(storage: ObjectStorage) -> ObjectHead:
    return await storage.head(URI, options={})


async def read(storage: ObjectStorage) -> bytes:
    return await storage.read(URI)


async def test_an_object_is_put_once_and_looked_at() -> None:
    async with storage_of() as (s3, storage):
        assert await put(storage) == ObjectHead(ETAG, None, CHECKSUM)
        assert await put(storage) is None
        assert await storage.head(URI, options={}) == ObjectHead(ETAG, len(WHOLE), CHECKSUM)
        assert s3.objects == {"/my-bucket/settings/a b.json": WHOLE}
        first = s3.requests[0].headers
        assert {name: first[name] for name in ("If-None-Match", "x-amz-checksum-sha256", "Content-Type")} == {
            "If-None-Match": "*",
            "x-amz-checksum-sha256": CHECKSUM,
            "Content-Type": "application/json",
        }
        assert (first["Content-Length"], first["x-amz-content-sha256"]) == (str(len(WHOLE)), "UNSIGNED-PAYLOAD")
        signed = first["Authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
        assert {"x-amz-checksum-sha256", "if-none-match", "host"} <= {*signed, "if-none-match"}


async def test_the_owner_and_the_encryption_go_along() -> None:
    async with storage_of() as (s3, storage):
        await put(storage, ExpectedBucketOwner="123456789012", ServerSideEncryption="aws:kms", SSEKMSKeyId="alias/k")
        headers = s3.requests[0].headers
        assert headers["x-amz-expected-bucket-owner"] == "123456789012"
        assert headers["x-amz-server-side-encryption"] == "aws:kms"
        assert headers["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/k"
        with pytest.raises(InvalidInputError, match="did you mean aws:kms"):
            await put(storage, ServerSideEncryption="aws-kms")


async def test_a_put_whose_answer_was_lost_is_found_to_be_there() -> None:
    """Its retry is refused, as a put is of what is there: a look shows that it is the same."""
    left = ["lost"]

    async def lose(request: web.BaseRequest) -> web.Response | None:
        if request.method == "PUT" and left:
            left.pop()
            s3.objects[request.path] = await body_of(request)
            assert request.transport is not None
            request.transport.close()
        return None

    async with storage_of(answer=lose) as (s3, storage):
        assert await put(storage) is None
        assert await storage.head(URI, options={}) == ObjectHead(ETAG, len(WHOLE), CHECKSUM)
        assert s3.seen == ["PUT us-west-2"] * 2 + ["HEAD us-west-2"]


LONG: Final = bytes(range(256)) * 10_000


async def test_an_object_is_read_in_ranges() -> None:
    """However large an object is, each answer is bounded."""
    async with storage_of() as (s3, storage):
        s3.objects.update({"/my-bucket/settings/a b.json": LONG, "/my-bucket/empty": b""})
        assert await storage.read(URI) == LONG
        assert [request.headers["Range"] for request in s3.requests] == [
            f"bytes={n * 2**20}-{(n + 1) * 2**20 - 1}" for n in range(3)
        ]
        assert await storage.read("s3://my-bucket/empty") == b""
        with pytest.raises(ResourceNotFoundError, match="GetObject of s3://my-bucket/none"):
            await storage.read("s3://my-bucket/none")


async def test_an_object_that_changes_while_it_is_read_is_not_mixed() -> None:
    def change(request: web.BaseRequest) -> None:
        if "If-Match" in request.headers:
            s3.objects["/my-bucket/settings/a b.json"] = LONG[1:]

    async with storage_of(answer=change) as (s3, storage):
        s3.objects["/my-bucket/settings/a b.json"] = LONG
        with pytest.raises(ServiceError, match="PreconditionFailed"):
            await storage.read(URI)


async def test_an_object_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_storage, "MAX_READ", 2_000_000)
    async with storage_of() as (s3, storage):
        s3.objects["/my-bucket/settings/a b.json"] = LONG
        with pytest.raises(InvalidInputError, match="a b.json has 2,560,000 bytes: 2,000,000 are read at most"):
            await storage.read(URI)
        assert len(s3.requests) == 1


NO_RANGES: Final[list[dict[str, str]]] = [
    {},
    {"ETag": ETAG},
    {"ETag": ETAG, "Content-Range": "bytes */9"},
    {"ETag": ETAG, "Content-Range": "bytes 7-8/9"},
]


@pytest.mark.parametrize("headers", NO_RANGES)
async def test_an_answer_that_is_no_such_range_is_not_believed(headers: dict[str, str]) -> None:
    async with storage_of(answer=lambda _: web.Response(text="[]", headers=headers)) as (_, storage):
        with pytest.raises(MalformedResponseError, match="not the range that was asked for: it is not S3's"):
            await storage.read(URI)


async def test_a_read_without_permission_names_it() -> None:
    async with storage_of(answer=lambda _: s3_error(403, "AccessDenied")) as (_, storage):
        with pytest.raises(AccessDeniedError, match=r"GetObject of .*Allow s3:GetObject in the caller's IAM policy\."):
            await storage.read(URI)


# Another region


@pytest.mark.parametrize("status", [301, 307])
async def test_a_bucket_in_another_region_is_found_by_signing_again(status: int) -> None:
    """S3 names the region; botocore signs for it, and asks there. It is remembered for the next request."""

    def elsewhere(request: web.BaseRequest) -> web.Response | None:
        if signed_region(request) == "eu-central-1":
            return None
        location = {"Location": "http://127.0.0.1:9/", "x-amz-bucket-region": "eu-central-1"}
        return redirect(status, "PermanentRedirect", **location)

    async with storage_of("eu-central-1", elsewhere) as (s3, storage):
        assert await put(storage) is not None
        assert await storage.head(URI, options={}) == ObjectHead(ETAG, len(WHOLE), CHECKSUM)
        assert s3.seen == ["PUT us-west-2", "PUT eu-central-1", "HEAD eu-central-1"]


async def test_a_head_alone_finds_another_region_too() -> None:
    async with storage_of("eu-central-1") as (s3, storage):
        with pytest.raises(ResourceNotFoundError):
            await storage.head(URI, options={})
        assert s3.seen == ["HEAD us-west-2", "HEAD eu-central-1"]


@pytest.mark.parametrize("named", [{}, {"x-amz-bucket-region": "evil.example/"}], ids=["none", "no region"])
async def test_a_redirect_that_names_no_region_is_refused(named: dict[str, str]) -> None:
    def elsewhere(_: web.BaseRequest) -> web.Response:
        return redirect(301, "PermanentRedirect", Location="http://127.0.0.1:9/", **named)

    async with storage_of(answer=elsewhere) as (s3, storage):
        with pytest.raises(RedirectRefusedError, match="PutObject of s3://my-bucket/settings/a b.json") as caught:
            await put(storage)
        assert caught.value.advice == Advice(AdviceKind.CHECK_BUCKET)
        assert s3.seen == ["PUT us-west-2"]


async def test_a_redirect_to_no_end_is_refused() -> None:
    def further(_: web.BaseRequest) -> web.Response:
        return redirect(307, "TemporaryRedirect", **{"x-amz-bucket-region": "eu-central-1"})

    async with storage_of(answer=further) as (s3, storage):
        with pytest.raises(RedirectRefusedError):
            await put(storage)
        assert s3.seen == ["PUT us-west-2", "PUT eu-central-1"]


OWN: Final = (
    "s3.us-west-2.amazonaws.com b.s3.eu-central-1.amazonaws.com b.s3.dualstack.us-east-1.amazonaws.com "
    "s3.amazonaws.com x-1.s3-accesspoint.eu-west-1.amazonaws.com b.c.s3-fips.us-east-2.amazonaws.com"
)
OTHERS: Final = (
    "s3.cn-north-1.amazonaws.com.cn s3.us-gov-west-1.amazonaws.com ec2-1-2-3-4.compute.amazonaws.com "
    "s3.us-west-2.amazonaws.com.evil.example 169.254.169.254 evils3.us-west-2.evil.example amazonaws.com"
)


@pytest.mark.parametrize(
    ("region", "allowed", "refused"),
    [
        ("us-west-2", OWN, OTHERS),
        ("cn-north-1", "b.s3.cn-northwest-1.amazonaws.com.cn", "b.s3.us-west-2.amazonaws.com"),
        ("us-gov-west-1", "b.s3.us-gov-east-1.amazonaws.com", "b.s3.us-west-2.amazonaws.com"),
        ("http://minio.example:9000", "minio.example b.minio.example", "s3.us-west-2.amazonaws.com bminio.example"),
    ],
)
async def test_signed_requests_go_to_the_hosts_of_the_partition_or_to_the_configured_one(
    region: str, allowed: str, refused: str
) -> None:
    session = static_session(Simulator.access_key, Simulator.secret_key)
    custom: Any = {"endpoint_url": region, "region_name": "us-west-2"} if "://" in region else {"region_name": region}
    making: Any = session.create_client("s3", **custom)
    async with making as aws:
        is_allowed = _allowed(session, aws)
        assert [host for host in allowed.split() if not is_allowed(host)] == []
        assert [host for host in refused.split() if is_allowed(host)] == []


async def test_no_request_leaves_for_another_host() -> None:
    async with StorageSession() as session:
        session.is_allowed = "s3.us-west-2.amazonaws.com".__eq__
        request = AWSRequest("PUT", "https://evil.example/x", headers={}).prepare()
        with pytest.raises(Exception, match="refused to send a signed request to a host that is not the storage's"):
            await session.send(request)


# Refusals and troubles

WHO: Final = "User: arn:aws:iam::123456789012:user/me is not authorized to perform"
KMS: Final = f"{WHO}: kms:GenerateDataKey on resource: arn:aws:kms:us-west-2:123456789012:key/x"


ANSWERS: Final[list[tuple[web.Response, type[OmicsBatchError], str, str | None]]] = [
    (s3_error(403, "AccessDenied", "Access Denied"), AccessDeniedError, "Allow s3:PutObject", "s3:PutObject"),
    (s3_error(403, "AccessDenied", KMS), AccessDeniedError, "Allow kms:GenerateDataKey", "kms:GenerateDataKey"),
    (s3_error(404, "NoSuchBucket"), ResourceNotFoundError, "Check the bucket that settingsUri names", None),
    (s3_error(400, "ExpiredToken"), CredentialsError, "ExpiredToken", None),
    (s3_error(403, "InvalidAccessKeyId"), CredentialsError, "InvalidAccessKeyId", None),
    (s3_error(500, "InternalError"), InternalServerError, "attempt 2", None),
    (s3_error(409, "ConditionalRequestConflict"), ConflictError, "attempt 2", None),
    (s3_error(400, "BadDigest"), ServiceError, "BadDigest", None),
    (web.Response(text="<html>welcome</html>"), MalformedResponseError, "no ETag", None),
    (web.Response(status=403, text="<html>no</html>"), MalformedResponseError, "HTTP 403 without an answer", None),
    (web.Response(status=502, text="<html>no</html>"), InternalServerError, "HTTP 502", None),
    (web.Response(body=b"x" * 2_000_000), MalformedResponseError, "larger than", None),
    (s3_error(503, "SlowDown"), ThrottlingError, "attempt 2", None),  # after which requests are slower
]


async def test_what_a_put_is_answered_is_an_error_of_this_package() -> None:
    asked: list[web.Response] = []

    async def again(request: web.BaseRequest) -> web.Response:
        answer = asked[-1]
        if answer.status == 200:
            await body_of(request)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    async with storage_of(answer=again) as (s3, storage):
        for answer, kind, message, permission in ANSWERS:
            asked.append(answer)
            s3.requests.clear()
            with pytest.raises(OmicsBatchError, match=message) as caught:
                await put(storage)
            assert type(caught.value) is kind
            assert str(caught.value).startswith(f"PutObject of {URI}")
            assert len(s3.requests) == caught.value.attempts
            assert_clean(caught.value)
            if isinstance(caught.value, ServiceError) and "x-amz-request-id" in answer.headers:
                assert caught.value.request_id == MARK["x-amz-request-id"]
            if permission:
                assert caught.value.advice == Advice(AdviceKind.ALLOW_OPERATION, {"operation": permission})
                assert caught.value.fault is Party.MACHINE


async def test_a_put_that_is_refused_sends_no_body_and_keeps_no_connection() -> None:
    """The body is sent once S3 asks for it; aiohttp would keep the connection for what is never sent."""
    made: list[str] = []

    def pieces() -> Iterator[bytes]:
        made.append("a piece")
        yield WHOLE

    async with storage_of(answer=lambda _: s3_error(403, "AccessDenied")) as (_, storage):
        with pytest.raises(AccessDeniedError):
            await storage.put(URI, pieces, size=len(WHOLE), checksum=CHECKSUM, options={})
        assert made == []
        aws: Any = (await storage._connected()).transport.aws
        (session,) = aws._endpoint.http_session._sessions.values()
        assert not session.connector._acquired


async def test_a_head_without_permission_names_it() -> None:
    async with storage_of(answer=lambda _: web.Response(status=403, headers=MARK)) as (_, storage):
        with pytest.raises(AccessDeniedError, match=r"HeadObject of .*Allow s3:GetObject in the caller's IAM policy\."):
            await storage.head(URI, options={})


async def test_a_body_that_cannot_be_made_is_what_went_wrong() -> None:
    def pieces() -> Iterator[bytes]:
        yield CONTENT[0]
        raise InvalidInputError("the sheet has changed")

    async with storage_of() as (s3, storage):
        with pytest.raises(InvalidInputError, match="the sheet has changed"):
            await storage.put(URI, pieces, size=len(WHOLE), checksum=CHECKSUM, options={})
        assert s3.objects == {}


def test_a_body_can_be_read_at_once() -> None:
    """As botocore might."""
    body = Upload(lambda: iter(CONTENT), len(WHOLE))
    body.seek(0)
    assert (body.read(), len(body)) == (WHOLE, len(WHOLE))


async def test_a_place_that_is_no_objects_is_refused() -> None:
    async with Simulator(in_process=True) as omics, omics.client() as client:
        for uri in ("s3://my-bucket", "s3://my-bucket/", "https://my-bucket/x", "s3:///x"):
            with pytest.raises(InvalidInputError, match="names no object in S3: s3://BUCKET/KEY does"):
                await client._opened().storage.head(uri, options={})
        assert omics.requests == ()


async def test_an_attempt_is_bounded() -> None:
    async def never(_: web.BaseRequest) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with storage_of(answer=never, retry=RetryPolicy(max_attempts=1, attempt_timeout=0.05)) as (_, storage):
        with pytest.raises(AttemptTimeoutError, match="HeadObject of .*no whole answer within 0.05 s"):
            await storage.head(URI, options={})


async def test_closing_the_client_ends_what_is_under_way() -> None:
    arrived = asyncio.Event()

    def arrive(_: web.BaseRequest) -> None:
        arrived.set()

    def pieces() -> Iterator[bytes]:
        yield CONTENT[0]
        while not closed:
            yield b"more"

    closed: list[bool] = []
    async with local_s3(answer=arrive) as s3, Simulator() as omics, omics.client(storage_url=s3.url) as client:
        storage = client._opened().storage
        putting = asyncio.ensure_future(storage.put(URI, pieces, size=10**9, checksum=CHECKSUM, options={}))
        await arrived.wait()
        await client.close()
        closed.append(True)
        with pytest.raises(ClientClosedError):
            await putting


# Where S3 is


async def storage_url(client: OmicsBatchClient) -> str:
    """Connect to S3, which sends nothing yet, and return its endpoint."""
    caller = await client._opened().storage._connect()
    try:
        aws: Any = caller.transport.aws
        url: str = aws.meta.endpoint_url
        return url
    finally:
        await caller.close()


@pytest.fixture
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", Simulator.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", Simulator.secret_key)
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("_credentials")
async def test_the_endpoint_of_healthomics_is_not_that_of_s3(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Simulator() as omics:
        given: dict[str, Any] = {"region_name": "eu-central-1", "endpoint_url": omics.endpoint_url}
        async with OmicsBatchClient(**given) as client:
            assert await storage_url(client) == "https://s3.eu-central-1.amazonaws.com"
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000")
        async with OmicsBatchClient(**given) as client:
            assert await storage_url(client) == "http://127.0.0.1:9000"
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://minio.example:9000")
        async with OmicsBatchClient(**given) as client:
            with pytest.raises(InvalidInputError, match=r"minio.example:9000.*is plain http to another machine"):
                await storage_url(client)
        async with OmicsBatchClient(**given, allow_http=True) as client:
            assert await storage_url(client) == "http://minio.example:9000"
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "minio")
        async with OmicsBatchClient(**given) as client:
            with pytest.raises(InvalidInputError, match="an endpoint that is no URL .AWS_ENDPOINT_URL_S3, "):
                await storage_url(client)


async def test_a_session_of_the_callers_own_is_used_for_s3_too() -> None:
    session = AioSession()
    session.set_credentials(Simulator.access_key, Simulator.secret_key, "its-token")
    async with local_s3() as s3, Simulator() as omics:
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("AWS_ENDPOINT_URL_S3", s3.url)
            async with omics.client(session=session) as client:
                await put(client._opened().storage)
        assert s3.requests[0].headers["X-Amz-Security-Token"] == "its-token"


EXPIRED: Final = s3_error(400, "ExpiredToken", "The provided token has expired.")


@pytest.mark.usefixtures("_credentials")
@pytest.mark.parametrize(
    "ask",
    [put, head, read],
)
async def test_new_credentials_are_found_for_s3_too(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[[ObjectStorage], Awaitable[object]]
) -> None:
    """S3 refuses the old ones; those that are there by then are used, by both services. HEAD has no body to say so."""

    def expired(request: web.BaseRequest) -> web.Response | None:
        if request.headers.get("X-Amz-Security-Token") == "new":
            return None
        monkeypatch.setenv("AWS_SESSION_TOKEN", "new")
        return web.Response(status=EXPIRED.status, body=EXPIRED.body, headers=EXPIRED.headers)

    monkeypatch.setenv("AWS_SESSION_TOKEN", "old")
    async with local_s3(answer=expired) as s3, Simulator() as omics:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.url)
        async with OmicsBatchClient(region_name="us-west-2", endpoint_url=omics.endpoint_url) as client:
            if ask is not put:
                s3.objects["/my-bucket/settings/a b.json"] = WHOLE
            assert await ask(client._opened().storage) is not None
            assert client._opened().caller.transport.generation == 2
        tokens = [request.headers["X-Amz-Security-Token"] for request in s3.requests if request.path != "/my-bucket"]
        assert tokens == ["old", "new"]


@pytest.mark.usefixtures("_credentials")
async def test_a_head_that_is_refused_without_a_reason_names_the_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are looked for once."""
    async with local_s3(answer=lambda _: web.Response(status=400, headers=MARK)) as s3, Simulator() as omics:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.url)
        async with OmicsBatchClient(region_name="us-west-2", endpoint_url=omics.endpoint_url) as client:
            with pytest.raises(CredentialsError, match=r"HTTP 400.: S3 gives no reason; expired credentials") as caught:
                await client._opened().storage.head(URI, options={})
            assert client._opened().caller.transport.generation == 2
        assert caught.value.attempts == 2
        assert caught.value.fault is Party.MACHINE
        assert [request.path for request in s3.requests].count("/my-bucket/settings/a b.json") == 2


async def test_a_bad_request_of_something_in_between_is_no_question_of_credentials() -> None:
    async with storage_of(answer=lambda _: web.Response(status=400)) as (_, storage):
        with pytest.raises(MalformedResponseError, match="HTTP 400 without an answer of the service"):
            await storage.head(URI, options={})
