"""Run settings in S3 for the simulator."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omics_batch._errors import InvalidInputError
from omics_batch.testing._s3.folder import Folder

if TYPE_CHECKING:
    from omics_batch.testing._s3.objects import Objects


def open_objects(s3: Path | str, region_name: str) -> Objects:
    """Return the objects of a folder, or of the S3 at a URL.

    Args:
        s3: A folder, in which `s3://bucket/key` is the file `bucket/key`; or a URL.
        region_name: The region for which requests to the S3 are signed.

    Raises:
        InvalidInputError: There is no such folder, or the URL is wrong.
    """
    if isinstance(s3, str) and is_url(s3):
        from omics_batch._transport.endpoint import check_endpoint  # noqa: PLC0415 - a folder needs no client
        from omics_batch.testing._s3.server import LocalS3  # noqa: PLC0415 - a folder needs no client

        check_endpoint(s3, allow_http=True)
        return LocalS3(s3, region_name)
    if not Path(s3).is_dir():
        raise InvalidInputError(f"s3: there is no folder {str(s3)!r}: make it, or give the URL of a local S3")
    return Folder(Path(s3).resolve())


def is_url(s3: str) -> bool:
    """Whether a text is the URL of an S3, and not a folder."""
    return "://" in s3
