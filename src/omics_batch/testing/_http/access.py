"""Which hosts and origins the server accepts."""

from __future__ import annotations

import re

from omics_batch._transport.hosts import is_loopback
from omics_batch.testing._service.http_response import Refusal


def check_host(header: str | None, bound_to: str) -> None:
    """Accept only requests to this machine's own names, unless the server listens on another address.

    A web page can make any host name point to this machine, but the Host header of its requests shows that name.

    Args:
        header: The request's Host header.
        bound_to: The address that the server listens on.

    Raises:
        Refusal: The Host is neither the server's own nor a loopback name.
    """
    name = re.sub(r":[0-9]*\Z", "", header or "").strip("[]").lower()
    if is_loopback(bound_to) and not is_loopback(name):
        raise Refusal(421, "MisdirectedRequestException", "The Host header names another machine.")
