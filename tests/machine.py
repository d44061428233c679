"""The machine that tests run on, whose settings they are not to see."""

from __future__ import annotations

import os
import re
import socket
from typing import Final

NO_FILE: Final = f"{os.devnull}/none"

_SETTINGS: Final = re.compile(
    r"AWS_.*|.*_PROXY|REQUESTS_CA_BUNDLE|FORCE_COLOR|NO_COLOR|TTY_.*|COLUMNS|LINES|TERM|PYTHONUNBUFFERED", re.IGNORECASE
)
_NO_AWS: Final = {
    "AWS_CONFIG_FILE": NO_FILE,
    "AWS_SHARED_CREDENTIALS_FILE": NO_FILE,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def has_ipv6() -> bool:
    """Whether this machine has an address of IPv6 for itself: some containers have none."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def forget() -> None:
    """Take out of the environment what differs from machine to machine; what is imported later sees none of it."""
    for name in filter(_SETTINGS.fullmatch, list(os.environ)):
        del os.environ[name]
    os.environ.update(_NO_AWS)
