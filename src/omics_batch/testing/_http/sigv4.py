"""Checking SigV4 signatures with botocore's own signer."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote_to_bytes

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from omics_batch.testing._service.http_response import Refusal
from omics_batch.testing._service.service_model import SERVICE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from botocore.compat import HTTPHeaders
    from multidict import CIMultiDictProxy

ACCESS_KEY: Final = "AKIAIOSFODNN7EXAMPLE"
SECRET_KEY: Final = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # noqa: S105 - AWS's own example, known to all
"""The credentials of the local HealthOmics: they are public, so that every client can sign requests."""

_SECRETS: Final = {ACCESS_KEY: SECRET_KEY, "FOOBARKEY": "FOOBARSECRET"}
"""The secret keys by access key. The second pair is the one that moto's `mock_aws` sets in the environment."""

_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 "
    r"Credential=(?P<access_key>[^\s,/]+)/(?P<date>[0-9]{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/aws4_request,"
    r"\s*SignedHeaders=(?P<headers>[!#$%&'*+.^_`|~0-9a-z;-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_MOMENT: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)
_ISO_BASIC: Final = "%Y%m%dT%H%M%SZ"
_LEEWAY: Final = timedelta(minutes=5)
_HASH: Final = "x-amz-content-sha256"
STORAGE: Final = "s3"
"""What requests to S3 are signed for."""

_UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it was received; its repr does not contain the signature."""

    method: str
    target: str
    """Path and query, as the request's first line has them."""
    headers: CIMultiDictProxy[str] = field(repr=False)
    body: bytes = field(repr=False)


class _Signer(SigV4Auth):
    """botocore's signer for any choice of headers: other SDKs sign headers that botocore leaves out."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        return request.headers


class _StorageSigner(S3SigV4Auth):
    """The same for S3."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        return request.headers


def is_for_storage(headers: CIMultiDictProxy[str]) -> bool:
    """Whether the signature of a request is one for S3."""
    return f"/{STORAGE}/aws4_request," in headers.get("Authorization", "")


def check_signature(
    request: SignedRequest, region_name: str, now: datetime, skews: Iterable[float] = (), service: str = SERVICE
) -> datetime:
    """Accept only requests that were signed recently, with the known credentials, for this service and region.

    Args:
        request: The request; its signature is not kept.
        region_name: The region of the server.
        now: The real time: requests are signed in real time, however fast the simulator's clock is.
        skews: Clock differences in seconds that faults have shown to clients; a client may have corrected its clock.
        service: The service that the signature has to be for.

    Returns:
        When it was signed, on the client's clock.

    Raises:
        Refusal: There is no signature, or it does not fit the credentials, the time or the request.
    """
    header = request.headers.get("Authorization")
    if not header:
        raise Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    claim = _AUTHORIZATION.fullmatch(header)
    if claim is None:
        raise Refusal(403, "IncompleteSignatureException", "The Authorization header is no AWS signature, version 4.")
    if claim["access_key"] not in _SECRETS:
        raise Refusal(403, "UnrecognizedClientException", "The security token included in the request is invalid.")
    moment = request.headers.get("X-Amz-Date", "")
    if problem := _scope_problem(claim, region_name, service, moment) or _header_problem(claim, request.headers):
        raise _invalid(problem)
    signed_at = _read_moment(moment)
    if not any(is_current(signed_at, now + timedelta(seconds=skew)) for skew in (0.0, *skews)):
        raise _invalid(skew_message(signed_at, now))
    expected = _signature_of(request, claim, region_name)
    if not hmac.compare_digest(expected, claim["signature"]):
        raise _invalid(_MISMATCH)
    return signed_at


def is_current(signed_at: datetime, now: datetime) -> bool:
    """Whether a signature of a moment is accepted now."""
    return abs(now - signed_at) <= _LEEWAY


def skew_message(signed_at: datetime, now: datetime) -> str:
    """Write the service's message for a request that was signed at the wrong time.

    Args:
        signed_at: The time of the signature, on the client's clock.
        now: The time on the service's clock.
    """
    if signed_at < now:
        return f"Signature expired: {_iso(signed_at)} is now earlier than {_iso(now - _LEEWAY)} ({_iso(now)} - 5 min.)"
    return (
        f"Signature not yet current: {_iso(signed_at)} is still later than {_iso(now + _LEEWAY)} ({_iso(now)} + 5 min.)"
    )


def _scope_problem(claim: re.Match[str], region_name: str, service: str, moment: str) -> str | None:
    if claim["service"] != service:
        return f"Credential should be scoped to correct service: '{service}'."
    if claim["region"] != region_name:
        return f"Credential should be scoped to a valid region: '{region_name}'."
    if claim["date"] != moment[:8]:
        return "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."
    return None


def _header_problem(claim: re.Match[str], headers: CIMultiDictProxy[str]) -> str | None:
    signed = claim["headers"].split(";")
    for name in ("Host", "X-Amz-Date", "X-Amz-Security-Token"):
        if name.lower() not in signed and (name == "Host" or name in headers):
            return f"'{name}' must be a 'SignedHeader' in the AWS Authorization."
    return None


def _read_moment(text: str) -> datetime:
    try:
        if _MOMENT.fullmatch(text):
            return datetime.strptime(text, _ISO_BASIC).replace(tzinfo=UTC)
    except ValueError:
        pass
    raise Refusal(403, "IncompleteSignatureException", "X-Amz-Date must be in ISO-8601 'basic format'.")


def _signature_of(request: SignedRequest, claim: re.Match[str], region_name: str) -> str:
    """Compute the signature of a request; an empty text for a request that cannot have been signed."""
    names, is_storage = claim["headers"].split(";"), claim["service"] == STORAGE
    if not all(name in request.headers for name in names):
        return ""  # botocore's signer would leave out absent headers
    signed = [(name, value) for name in names for value in request.headers.getall(name)]
    if not all(text.isascii() for text in (request.method, request.target, *(value for _, value in signed))):
        return ""  # a client encodes such characters before it signs, and botocore's signer would fail on them
    hashes = {hashlib.sha256(request.body).hexdigest(), *([_UNSIGNED] if is_storage else [])}
    if any(name == _HASH and value not in hashes for name, value in signed):
        return ""  # botocore's signer trusts this header
    # The path then begins with two slashes, which a signer treats as one. So an unusual target does no harm.
    # The signer of S3 takes a path as it is.
    path, mark, query = request.target.partition("?")
    url = f"http://localhost{'' if is_storage else '/'}{path}{mark}{_canonical_query(query)}"
    again = AWSRequest(method=request.method, url=url, data=request.body)
    for name, value in signed:
        again.headers[name] = value
    again.context["timestamp"] = request.headers["X-Amz-Date"]
    credentials = Credentials(claim["access_key"], _SECRETS[claim["access_key"]])
    signer = (_StorageSigner if is_storage else _Signer)(credentials, claim["service"], region_name)
    return signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)


def _canonical_query(query: str) -> str:
    """Encode a query as signers do, whatever its encoding was: `+` is a space, unreserved characters stay."""
    pairs = (pair.partition("=") for pair in query.split("&")) if query else ()
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, _, value in pairs)


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text.replace("+", " ")), safe="")


def _invalid(message: str) -> Refusal:
    return Refusal(403, "InvalidSignatureException", message)


def _iso(moment: datetime) -> str:
    return f"{moment:{_ISO_BASIC}}"
