"""Which endpoint URLs a client accepts."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import SplitResult, urlsplit

from omics_batch._advice import invalid
from omics_batch._errors import Advice, AdviceKind, InvalidInputError
from omics_batch._transport.hosts import is_loopback
from omics_batch._words import one_line

_LABEL: Final = "(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
_HOST: Final = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}\.?|[0-9a-fA-F:.]*:[0-9a-zA-Z:.%]*")
"""The hosts that botocore takes: names and addresses."""


def check_endpoint(url: object, *, allow_http: bool) -> None:
    """Refuse an endpoint to which signed requests must not be sent.

    The headers of each request contain the session token, so plain http is only for this machine.

    Args:
        url: The endpoint as resolved, environment and configuration files included.
        allow_http: Whether the caller accepts plain http to other machines.

    Raises:
        InvalidInputError: The URL is not an http(s) URL, has more than a host, port and path, or is
            plain http to another machine.
    """
    if not isinstance(url, str):
        raise InvalidInputError(f"an endpoint is a URL as text, not a {type(url).__name__}")
    parts = _parts_of(url)
    # The part before an @ may be a password, and the part after a ? or # a signature.
    shown = one_line(re.split("[?#]", url.rpartition("@")[2])[0], limit=100)
    if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInputError(f"the endpoint {shown!a} is no http or https URL")
    if "@" in parts.netloc or parts.query or parts.fragment or url.endswith(("?", "#")):
        raise InvalidInputError(
            f"the URL of the endpoint {shown!a} may hold a host, a port and a path: no user, password, "
            "query or fragment"
        )
    if not _HOST.fullmatch(parts.hostname):
        raise InvalidInputError(
            f"the host of the endpoint {shown!a} may hold letters of ASCII, digits, hyphens and dots: no underscore"
        )
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname):
        problem = (
            f"the endpoint {one_line(url, limit=100)!a} is plain http to another machine, where everybody on the way "
            "can read the session token."
        )
        raise invalid(problem, Advice(AdviceKind.USE_HTTPS))


def _parts_of(url: str) -> SplitResult | None:
    if not url.isprintable() or " " in url:
        return None  # urlsplit would drop line breaks, and accept the rest
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts
