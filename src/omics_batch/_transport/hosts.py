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


_STORAGE: Final = re.compile(r"(?:.+\.)?s3[a-z0-9-]*(?:\.dualstack)?(?:\.(?P<region>[a-z0-9-]+))?", re.ASCII)


def is_storage_host(host: str, suffix: str, regions: str) -> bool:
    """Whether a host is S3's own in a partition of AWS, with the name of a bucket before it or without.

    Args:
        host: The host.
        suffix: What all names of the partition end in, such as amazonaws.com.
        regions: The pattern of the names of the partition's regions.
    """
    found = _STORAGE.fullmatch(host.removesuffix(f".{suffix}")) if host.endswith(f".{suffix}") else None
    return found is not None and (found["region"] is None or re.match(regions, found["region"]) is not None)
