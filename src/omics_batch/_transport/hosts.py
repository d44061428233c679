"""Which hosts are this machine, and which are AWS's own."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

_OWN: Final = re.compile(
    r"omics(-fips)?\.[a-z0-9-]+\."
    r"(amazonaws\.(com|com\.cn|eu)|api\.(aws|amazonwebservices\.(com\.cn|eu)|aws\.(ic\.gov|scloud|hci\.ic\.gov))"
    r"|api\.cloud-aws\.adc-e\.uk|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)"
)
"""The service's names in all of AWS's partitions, on IPv4 and dual-stack."""


def is_loopback(host: str) -> bool:
    """Whether a host name stands for this machine: 127.0.0.0/8, ::1 or localhost."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_own_host(host: str) -> bool:
    """Whether a host is the service's own endpoint of a region, and not a custom endpoint."""
    return _OWN.fullmatch(host) is not None
