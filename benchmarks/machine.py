"""What is measured on: the machine, in few words, and the versions that matter."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from typing import Final

_PACKAGES: Final = ("omics-batch", "aiobotocore", "botocore", "aiohttp", "pydantic", "boto3", "capo-omics")


def machine() -> dict[str, str]:
    """Return the versions by their names, the machine's cores first."""
    return {
        f"{os.cpu_count()} cores of": platform.machine(),
        "Python": platform.python_version(),
        **{package: version(package) for package in _PACKAGES},
    }
