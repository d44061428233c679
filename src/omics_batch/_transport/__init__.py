"""One call in, one answer or one plain `Fault` out: the only module that knows aiobotocore and botocore.

botocore signs, finds credentials and endpoints, and keeps the connections. Everything else that it or
aiohttp would do by themselves is switched off: retries, redirects, the resending of a GET, host prefixes
on an endpoint of the caller's own. The answer's bytes are taken before botocore parses them, since its
parser makes `{}` of a damaged answer and drops fields it does not know.
"""

from typing import TYPE_CHECKING

from aiobotocore.session import AioSession

from omics_batch._transport._attempt import LARGEST_ANSWER, REDIRECTS, Attempt, Reply
from omics_batch._transport._call import Transport
from omics_batch._transport._in_process import SERVED, InProcess
from omics_batch._transport._own_sessions import static_session
from omics_batch._transport._session import open_transport

if TYPE_CHECKING:
    from types_aiobotocore_omics import OmicsClient
else:  # what it is at run time, where the stubs need not be installed
    from aiobotocore.client import AioBaseClient as OmicsClient

__all__ = [
    "LARGEST_ANSWER",
    "REDIRECTS",
    "SERVED",
    "AioSession",
    "Attempt",
    "InProcess",
    "OmicsClient",
    "Reply",
    "Transport",
    "open_transport",
    "static_session",
]
