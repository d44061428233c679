"""Which hosts are this machine: http to these alone is safe."""

from __future__ import annotations

import json
from pathlib import Path

import botocore
import pytest

from omics_batch._transport.hosts import is_loopback, is_own_host


@pytest.mark.parametrize(
    ("host", "this_machine"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("127.255.255.254", True),
        ("::1", True),
        ("126.255.255.255", False),
        ("128.0.0.1", False),
        ("::", False),
        ("0.0.0.0", False),  # noqa: S104 - not to bind to
        ("localhost.localdomain", False),
        ("127.0.0.1.nip.io", False),
        ("", False),
    ],
)
def test_this_machine_is_known_by_its_very_name(host: str, *, this_machine: bool) -> None:
    """A name that merely resolves to this machine today may resolve elsewhere tomorrow."""
    assert is_loopback(host) is this_machine


@pytest.mark.parametrize(
    ("host", "is_own"),
    [
        ("omics.us-west-2.amazonaws.com", True),
        ("omics-fips.us-gov-west-1.amazonaws.com", True),
        ("omics.us-west-2.api.aws", True),
        ("omics.cn-north-1.amazonaws.com.cn", True),
        ("omics.us-iso-east-1.c2s.ic.gov", True),
        ("workflows-omics.us-west-2.amazonaws.com", False),
        ("vpce-1.omics.us-west-2.vpce.amazonaws.com", False),
        ("omics.lab.internal", False),
        ("omics.amazonaws.com", False),
        ("omics.us-west-2.amazonaws.com.lab.internal", False),
        ("omics.us-west-2.amazonaws.company", False),
        ("omics", False),
    ],
)
def test_the_services_own_hosts_are_known_by_the_whole_name(host: str, *, is_own: bool) -> None:
    """A prefix is put before these alone."""
    assert is_own_host(host) is is_own


def test_every_partition_that_botocore_knows_has_its_hosts() -> None:
    data = Path(botocore.__file__).parent / "data" / "partitions.json"
    for partition in json.loads(data.read_text())["partitions"]:
        suffixes = partition["outputs"]
        assert is_own_host(f"omics.a-region-1.{suffixes['dnsSuffix']}")
        assert is_own_host(f"omics-fips.a-region-1.{suffixes['dualStackDnsSuffix']}")
