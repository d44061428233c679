"""Which hosts are this machine: http to these alone is safe."""

from __future__ import annotations

import pytest

from omics_batch._transport.loopback import is_loopback


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
