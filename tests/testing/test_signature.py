"""Signatures: botocore's own are taken, as they come; anything else is refused in AWS's words."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL as YarlURL  # noqa: N811 - URL is the server's here

from omics_batch.testing import Simulator
from omics_batch.testing._http.sigv4 import ACCESS_KEY, SignedRequest, check_signature, skew_message
from omics_batch.testing._service.http_response import Refusal
from tests.testing._support import (
    SETTING,
    Boto,
    ClientError,
    aiobotocore_config,
    aiobotocore_session,
    botocore_auth,
    signed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

URL = "http://127.0.0.1:8080"
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


def received(
    headers: Mapping[str, str], method: str = "GET", target: str = "/runBatch/1", body: bytes = b""
) -> SignedRequest:
    return SignedRequest(method, target, CIMultiDictProxy(CIMultiDict({"Host": "127.0.0.1:8080", **headers})), body)


def check(request: SignedRequest, *, after: float = 0.0) -> None:
    check_signature(request, "us-west-2", datetime.now(UTC) + timedelta(seconds=after))


def refusal_of(request: SignedRequest, *, after: float = 0.0) -> tuple[str, str]:
    with pytest.raises(Refusal) as caught:
        check(request, after=after)
    status, code, message = str(caught.value).split(" ", 2)
    assert status == "403"
    return code.removesuffix(":"), message


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", "/runBatch/1", b""),
        ("POST", "/runBatch", b'{"requestId": "1"}'),
        ("GET", "/runBatch?name=a%20b&name=%C3%A9%2F%2B&startingToken=eyI%3D", b""),
        ("GET", "/runBatch?b&a=&a", b""),
        ("GET", "/runBatch//../a%2Fb%20%C3%A9/./~_-.", b""),
        ("GET", "/", b""),
    ],
)
def test_what_botocore_signs_is_let_in(method: str, target: str, body: bytes) -> None:
    headers = signed(method, URL + target, body)
    check(received(headers, method, target, body))
    with_more = {**headers, "User-Agent": "any", "Content-Type": "application/json", "X-Trace": "é"}
    check(received(with_more, method, target, body))


def test_headers_that_botocore_leaves_out_may_be_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other SDKs sign their User-Agent."""
    monkeypatch.setattr(botocore_auth, "SIGNED_HEADERS_BLACKLIST", [])
    headers = signed("GET", URL + "/runBatch/1", headers={"User-Agent": "sdk/1  of another  language"})
    monkeypatch.undo()
    assert "user-agent" in headers["Authorization"]
    check(received(headers))
    assert refusal_of(received({**headers, "User-Agent": "sdk/2"}))[1] == MISMATCH


@pytest.mark.parametrize(
    ("sent", "canonical"),
    [
        ("name=a+b", "name=a%20b"),
        ("name=%7Ea", "name=~a"),
        ("name=%c3%a9%2f", "name=%C3%A9%2F"),
        ("name=a=b/c?d:e@f", "name=a%3Db%2Fc%3Fd%3Ae%40f"),
        ("status=%46AILED&name=%2B", "name=%2B&status=FAILED"),
        ("name", "name="),
    ],
)
def test_a_query_is_signed_as_it_is_meant_however_it_is_sent(sent: str, canonical: str) -> None:
    """Other SDKs encode less, more, or differently than botocore; what all of them sign is the canonical form."""
    headers = signed("GET", f"{URL}/runBatch?{canonical}")
    check(received(headers, target=f"/runBatch?{sent}"))
    assert refusal_of(received(headers, target=f"/runBatch?{sent}x"))[1] == MISMATCH


async def test_another_sdks_name_with_a_space_finds_its_batch(omics: Simulator) -> None:
    omics.start_batch(1, name="a b")
    omics.start_batch(1, name="a+b")
    headers = signed("GET", f"{omics.endpoint_url}/runBatch?name=a%20b")
    url = YarlURL(f"{omics.endpoint_url}/runBatch?name=a+b", encoded=True)
    async with aiohttp.ClientSession() as session, session.get(url, headers=headers) as response:
        assert [item["name"] for item in (await response.json())["items"]] == ["a b"]


@pytest.mark.parametrize("names", ["host;x-amz-date;x-missing", "a;host;x-amz-date", "host;;x-amz-date"])
def test_a_header_that_is_said_to_be_signed_has_to_be_there(names: str) -> None:
    headers = signed("GET", URL + "/runBatch/1")
    headers["Authorization"] = headers["Authorization"].replace("host;x-amz-date", names)
    assert refusal_of(received(headers)) == ("InvalidSignatureException", MISMATCH)


def test_what_a_request_says_of_its_body_has_to_be_true() -> None:
    digest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    headers = signed("GET", URL + "/runBatch/1", headers={"X-Amz-Content-SHA256": digest})
    check(received(headers))
    assert refusal_of(received(headers, body=b"{}"))[1] == MISMATCH


def test_a_session_token_is_taken_if_it_is_signed() -> None:
    headers = signed("GET", URL + "/runBatch/1", token="any")
    assert headers["X-Amz-Security-Token"] == "any"
    check(received(headers))

    added = {**signed("GET", URL + "/runBatch/1"), "X-Amz-Security-Token": "any"}
    code, message = refusal_of(received(added))
    assert (code, message) == (
        "InvalidSignatureException",
        "'X-Amz-Security-Token' must be a 'SignedHeader' in the AWS Authorization.",
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"method": "DELETE"},
        {"target": "/runBatch/2"},
        {"target": "/runBatch/1?x=y"},
        {"body": b"{}"},
        {"headers": {"Host": "127.0.0.1:8081"}},
        {"headers": {"Host": "é"}},
        {"target": "/é"},
        {"target": "/\udce9"},
    ],
)
def test_a_request_that_was_changed_on_its_way_is_refused(changed: dict[str, Any]) -> None:
    sent: dict[str, Any] = {"headers": {}, **changed}
    sent["headers"] = {**signed("GET", URL + "/runBatch/1"), **sent["headers"]}
    assert refusal_of(received(**sent)) == (
        "InvalidSignatureException",
        MISMATCH,
    )


def test_other_credentials_are_not_let_in() -> None:
    stranger = signed("GET", URL + "/runBatch/1", access_key="AKIDEXAMPLE")
    assert refusal_of(received(stranger)) == (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )
    guessed = signed("GET", URL + "/runBatch/1", secret_key="secret")
    assert refusal_of(received(guessed))[0] == "InvalidSignatureException"


def test_a_signature_for_something_else_is_refused() -> None:
    other_service = signed("GET", URL + "/runBatch/1", service="s3")
    assert refusal_of(received(other_service)) == (
        "InvalidSignatureException",
        "Credential should be scoped to correct service: 'omics'.",
    )
    other_region = signed("GET", URL + "/runBatch/1", region="eu-west-1")
    assert refusal_of(received(other_region)) == (
        "InvalidSignatureException",
        "Credential should be scoped to a valid region: 'us-west-2'.",
    )


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("AWS4", "AWS5", "IncompleteSignatureException"),
        ("Signature=", "Sig=", "IncompleteSignatureException"),
        ("host;", "", "InvalidSignatureException"),
        (";x-amz-date", "", "InvalidSignatureException"),
        (f"{ACCESS_KEY}/2", f"{ACCESS_KEY}/1", "InvalidSignatureException"),
    ],
)
def test_a_header_that_lacks_something_is_refused(old: str, new: str, code: str) -> None:
    headers = signed("GET", URL + "/runBatch/1")
    assert old in headers["Authorization"]
    headers["Authorization"] = headers["Authorization"].replace(old, new)
    assert refusal_of(received(headers))[0] == code


@pytest.mark.parametrize("header", [None, ""])
def test_without_a_signature_nothing_is_answered(header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    assert refusal_of(received(headers)) == ("MissingAuthenticationTokenException", "Missing Authentication Token")


@pytest.mark.parametrize("moment", ["20250230T100000Z", "20250203", "20250203T100000", "20250203T10000٣Z"])
def test_a_date_is_a_date(moment: str) -> None:
    headers = signed("GET", URL + "/runBatch/1")
    scoped = headers["Authorization"].replace(f"/{headers['X-Amz-Date'][:8]}/", f"/{moment[:8]}/")
    assert refusal_of(received({**headers, "Authorization": scoped, "X-Amz-Date": moment})) == (
        "IncompleteSignatureException",
        "X-Amz-Date must be in ISO-8601 'basic format'.",
    )


def test_a_signature_lasts_for_five_minutes_either_way() -> None:
    request = received(signed("GET", URL + "/runBatch/1"))
    for seconds in (-295, 295):
        check(request, after=seconds)
    for seconds, message in ((-305, "Signature not yet current: "), (305, "Signature expired: ")):
        code, reported = refusal_of(request, after=seconds)
        assert code == "InvalidSignatureException"
        assert reported.startswith(message)


def test_a_wrong_time_is_reported_as_the_service_shows_it() -> None:
    now = datetime(2025, 3, 15, 10, 0, tzinfo=UTC)
    assert skew_message(now - timedelta(minutes=15), now) == (
        "Signature expired: 20250315T094500Z is now earlier than 20250315T095500Z (20250315T100000Z - 5 min.)"
    )
    assert skew_message(now + timedelta(minutes=15), now) == (
        "Signature not yet current: 20250315T101500Z is still later than 20250315T100500Z (20250315T100000Z + 5 min.)"
    )


@given(
    method=st.text(),
    target=st.text(),
    body=st.binary(),
    headers=st.dictionaries(st.sampled_from(["Host", "X-Amz-Date", "X-Amz-Security-Token", "Other"]), st.text()),
    names=st.text("abcdefghijklmnopqrstuvwxyz-;") | st.just("host;x-amz-date;x-amz-security-token;other"),
)
def test_no_request_makes_the_check_fail(
    method: str, target: str, body: bytes, headers: dict[str, str], names: str
) -> None:
    """Whatever a request says, it is let in or refused; and as its signature is made up, it is refused."""
    scope = f"{ACCESS_KEY}/{datetime.now(UTC):%Y%m%d}/us-west-2/omics/aws4_request"
    authorization = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={'0' * 64}"
    moment = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    refusal_of(received({"Authorization": authorization, "X-Amz-Date": moment, **headers}, method, target, body))


@given(authorization=st.text() | st.text().map("AWS4-HMAC-SHA256 ".__add__))
def test_no_header_makes_the_check_fail(authorization: str) -> None:
    refusal_of(received({"Authorization": authorization}))


@pytest.mark.parametrize("name", ["trio", "a b", "é/+&=~", "日本 語", "%2F"])
async def test_boto3_may_send_any_name(boto: Boto, name: str) -> None:
    assert (await boto("list_runs", name=name, maxResults=1))["items"] == []


async def test_boto3_may_send_a_token_back_and_any_path(omics: Simulator, boto: Boto) -> None:
    batch_id = omics.start_batch(1)
    for starting_token in ("Zm9v/+==", "é ü"):
        with pytest.raises(ClientError, match="Invalid startingToken"):
            await boto("list_runs_in_batch", batchId=batch_id, startingToken=starting_token)
    with pytest.raises(ClientError, match="ValidationException"):
        await boto("get_batch", batchId="a b/../é")
    started = await boto(
        "start_run_batch",
        batchName="Müller",
        requestId="1",
        defaultRunSetting=SETTING,
        batchRunSettings={"inlineSettings": [{"runSettingId": "a"}]},
    )
    assert (await boto("get_batch", batchId=started["id"]))["name"] == "Müller"


async def test_aiobotocore_with_a_session_token_is_let_in(omics: Simulator) -> None:
    async with aiobotocore_session.get_session().create_client(
        "omics",
        region_name="us-west-2",
        endpoint_url=omics.endpoint_url,
        aws_access_key_id=Simulator.access_key,
        aws_secret_access_key=Simulator.secret_key,
        aws_session_token="of a role",
        config=aiobotocore_config.AioConfig(inject_host_prefix=False),
    ) as client:
        assert (await client.list_runs(name="a b"))["items"] == []


async def test_nothing_of_a_signature_is_logged_or_kept(omics: Simulator, caplog: pytest.LogCaptureFixture) -> None:
    url = omics.endpoint_url + "/runBatch/1"
    right = signed("GET", url, token="CANARY-TOKEN")
    wrong = signed("GET", url, secret_key="CANARY-SECRET")
    caplog.set_level(logging.DEBUG)  # only now: a client's botocore logs what it signs
    reported: list[object] = []
    async with aiohttp.ClientSession() as session:
        for headers, status in ((right, 404), (wrong, 403)):
            async with session.get(url, headers=headers) as response:
                assert response.status == status
                reported += [await response.text(), response.headers]
    everything = repr([caplog.text, omics.requests, received(right), *reported])
    for headers in (right, wrong):
        assert headers["Authorization"].rpartition("=")[2] not in everything
    assert "CANARY" not in everything
