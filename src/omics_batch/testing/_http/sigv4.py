"""Checking SigV4 signatures with botocore's own signer."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote_to_bytes

from botocore.auth import SigV4Auth
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
"""The one pair of credentials that the local HealthOmics knows: public, so that everybody can sign for it."""

_SECRETS: Final = {ACCESS_KEY: SECRET_KEY, "FOOBARKEY": "FOOBARSECRET"}
"""By access keys. The second pair is what moto's `mock_aws` puts into the environment."""

_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 "
    r"Credential=(?P<access_key>[^\s,/]+)/(?P<date>[0-9]{8})/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/aws4_request,"
    r"\s*SignedHeaders=(?P<headers>[!#$%&'*+.^_`|~0-9a-z;-]+),\s*Signature=(?P<signature>[0-9a-f]{64})"
)
_MOMENT: Final = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)
_ISO_BASIC: Final = "%Y%m%dT%H%M%SZ"
_LEEWAY: Final = timedelta(minutes=5)
_HASH: Final = "x-amz-content-sha256"
_MISMATCH: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it was received; its representation has nothing of its signature."""

    method: str
    target: str
    """Path and query, as the request's first line has them."""
    headers: CIMultiDictProxy[str] = field(repr=False)
    body: bytes = field(repr=False)


class _Signer(SigV4Auth):
    """botocore's signer, but for its choice of headers: other SDKs sign some that botocore leaves out."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        return request.headers


def check_signature(request: SignedRequest, region_name: str, now: datetime, skews: Iterable[float] = ()) -> datetime:
    """Let only requests through that were signed just now, with credentials that it knows, for the service here.

    Args:
        request: The request; its signature goes nowhere from here.
        region_name: The region that the server stands for.
        now: The real time: what is signed is signed in real time, however fast the simulator's goes.
        skews: By how many seconds from it clients were told that this clock differs: those that believed it are right.

    Returns:
        When it was signed, on the client's clock.

    Raises:
        Refusal: There is no signature, or one of somebody else, of another time or of another request.
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
    if problem := _scope_problem(claim, region_name, moment) or _header_problem(claim, request.headers):
        raise _invalid(problem)
    signed_at = _read_moment(moment)
    if not any(is_current(signed_at, now + timedelta(seconds=skew)) for skew in (0.0, *skews)):
        raise _invalid(skew_message(signed_at, now))
    expected = _signature_of(request, claim["headers"].split(";"), claim["access_key"], region_name)
    if not hmac.compare_digest(expected, claim["signature"]):
        raise _invalid(_MISMATCH)
    return signed_at


def is_current(signed_at: datetime, now: datetime) -> bool:
    """Whether a signature of a moment is taken now."""
    return abs(now - signed_at) <= _LEEWAY


def skew_message(signed_at: datetime, now: datetime) -> str:
    """Say in the service's words that a request was signed at the wrong time.

    Args:
        signed_at: The time of the signature, on the client's clock.
        now: The time on the service's clock.
    """
    if signed_at < now:
        return f"Signature expired: {_iso(signed_at)} is now earlier than {_iso(now - _LEEWAY)} ({_iso(now)} - 5 min.)"
    return (
        f"Signature not yet current: {_iso(signed_at)} is still later than {_iso(now + _LEEWAY)} ({_iso(now)} + 5 min.)"
    )


def _scope_problem(claim: re.Match[str], region_name: str, moment: str) -> str | None:
    if claim["service"] != SERVICE:
        return f"Credential should be scoped to correct service: '{SERVICE}'."
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


def _signature_of(request: SignedRequest, names: list[str], access_key: str, region_name: str) -> str:
    """Sign a request anew; what cannot have been signed gives an empty text, which is nobody's signature."""
    if not all(name in request.headers for name in names):
        return ""  # botocore's signer would leave out what is not there
    signed = [(name, value) for name in names for value in request.headers.getall(name)]
    if not all(text.isascii() for text in (request.method, request.target, *(value for _, value in signed))):
        return ""  # a signer encodes what is not ASCII: as it stands, it would only make botocore's fail
    if any(name == _HASH and value != hashlib.sha256(request.body).hexdigest() for name, value in signed):
        return ""  # botocore's signer takes this header's word for the body
    # The target's own slash is one of two then, which are as good as one to a signer, and an odd target does no harm.
    path, mark, query = request.target.partition("?")
    url = f"http://localhost/{path}{mark}{_canonical_query(query)}"
    again = AWSRequest(method=request.method, url=url, data=request.body)
    for name, value in signed:
        again.headers[name] = value
    again.context["timestamp"] = request.headers["X-Amz-Date"]
    signer = _Signer(Credentials(access_key, _SECRETS[access_key]), SERVICE, region_name)
    return signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)


def _canonical_query(query: str) -> str:
    """Encode a query as it is signed, however it was sent: `+` is a space, and the unreserved characters stay."""
    pairs = (pair.partition("=") for pair in query.split("&")) if query else ()
    return "&".join(f"{_encoded(name)}={_encoded(value)}" for name, _, value in pairs)


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text.replace("+", " ")), safe="")


def _invalid(message: str) -> Refusal:
    return Refusal(403, "InvalidSignatureException", message)


def _iso(moment: datetime) -> str:
    return f"{moment:{_ISO_BASIC}}"
