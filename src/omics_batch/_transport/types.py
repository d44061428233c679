"""The types of aiobotocore that public signatures name."""

from typing import TYPE_CHECKING

from aiobotocore.session import AioSession

if TYPE_CHECKING:
    from types_aiobotocore_omics import OmicsClient
else:  # what it is at run time, where the stubs need not be installed
    from aiobotocore.client import AioBaseClient as OmicsClient

__all__ = ["AioSession", "OmicsClient"]
