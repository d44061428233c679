"""Who may ask: requests to this machine, signed for this service."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from omics_batch.testing._reply import Refusal

_SIGNATURE: Final = re.compile(
    r"AWS4-HMAC-SHA256 "
    r"Credential=[^\s,/]+/[0-9]{8}/(?P<region>[a-z0-9-]+)/(?P<service>[a-z0-9-]+)/aws4_request,\s*"
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+),\s*Signature=[0-9a-f]{64}"
)


def is_loopback(host: str) -> bool:
    """Tell whether a host's name or address means this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_host(header: str | None, bound_to: str) -> None:
    """Let only requests through that were meant for this machine, unless another address was asked for.

    A page in a browser can make any name point here; its requests still say that name.

    Args:
        header: The request's Host header.
        bound_to: The address that the server listens on.

    Raises:
        Refusal: The Host is neither the server's own nor a loopback name.
    """
    name = re.sub(r":[0-9]*\Z", "", header or "").strip("[]").lower()
    if is_loopback(bound_to) and not is_loopback(name):
        raise Refusal(421, "MisdirectedRequestException", "The Host header names another machine.")


def check_signature(header: str | None, region_name: str) -> None:
    """Let only requests through that carry a signature for the service in its region.

    Args:
        header: The request's Authorization header; it goes nowhere from here.
        region_name: The region that the server stands for.

    Raises:
        Refusal: There is no signature, or one that was made for something else.
    """
    if not header:
        raise Refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token")
    signature = _SIGNATURE.fullmatch(header)
    if signature is None:
        raise Refusal(403, "IncompleteSignatureException", "The Authorization header is no AWS signature, version 4.")
    if signature["service"] != "omics":
        raise Refusal(403, "InvalidSignatureException", "Credential should be scoped to correct service: 'omics'.")
    if signature["region"] != region_name:
        message = f"Credential should be scoped to a valid region: '{region_name}'."
        raise Refusal(403, "InvalidSignatureException", message)
    if "host" not in signature["headers"].split(";"):
        raise Refusal(403, "InvalidSignatureException", "'Host' must be a 'SignedHeader' in the AWS Authorization.")
