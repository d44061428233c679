"""The ways to ask for one batch, each as a call without arguments: ours, its peers, and the floor."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

import aiohttp
import boto3
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from omics_batch import Batch
from omics_batch.testing import Simulator, local_client

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from types_aiobotocore_omics import OmicsClient

    from omics_batch import Event

    Call: TypeAlias = Callable[[], Awaitable[object]]

REGION: Final = "us-west-2"
OURS: Final = "omics-batch, a Batch"
WITH_HOOK: Final = "omics-batch with on_event, a Batch"
BARE: Final = "aiobotocore, a dict"
BARE_TYPED: Final = "aiobotocore, then Batch.model_validate"
BOTO3: Final = "boto3, a dict, the loop blocked"
BOTO3_IN_A_THREAD: Final = "boto3 in asyncio.to_thread, a dict"
CAPO: Final = "capo-omics, a dict"
FLOOR: Final = "aiohttp and json.loads, signed beforehand"


def bare_client(endpoint_url: str) -> AbstractAsyncContextManager[OmicsClient]:
    """Make a client of bare aiobotocore, as it comes."""
    session = AioSession()
    session.set_credentials(Simulator.access_key, Simulator.secret_key)
    config = AioConfig(inject_host_prefix=False)
    return session.create_client("omics", region_name=REGION, endpoint_url=endpoint_url, config=config)


@asynccontextmanager
async def variants(endpoint_url: str, batch_id: str) -> AsyncGenerator[Mapping[str, Call]]:
    """Connect them all to a local HealthOmics, and yield them by their names."""
    async with AsyncExitStack() as exits:
        ours = await exits.enter_async_context(local_client(endpoint_url, max_rate=None))
        hooked = await exits.enter_async_context(local_client(endpoint_url, max_rate=None, on_event=_ignore))
        bare = await exits.enter_async_context(bare_client(endpoint_url))
        blocking = boto3.client(
            "omics",
            region_name=REGION,
            endpoint_url=endpoint_url,
            aws_access_key_id=Simulator.access_key,
            aws_secret_access_key=Simulator.secret_key,
            config=Config(inject_host_prefix=False),
        )
        capo = await exits.enter_async_context(_capo_client(endpoint_url))
        http = await exits.enter_async_context(aiohttp.ClientSession())
        url = f"{endpoint_url}/runBatch/{batch_id}"
        headers = _signed_headers(url)

        async def typed() -> Batch:
            return Batch.model_validate(await bare.get_batch(batchId=batch_id))

        async def in_the_loop() -> object:
            return blocking.get_batch(batchId=batch_id)

        async def floor() -> object:
            async with http.get(url, headers=headers) as response:
                response.raise_for_status()
                return json.loads(await response.read())

        yield {
            OURS: lambda: ours.get_batch(batch_id),
            WITH_HOOK: lambda: hooked.get_batch(batch_id),
            BARE: lambda: bare.get_batch(batchId=batch_id),
            BARE_TYPED: typed,
            BOTO3: in_the_loop,
            BOTO3_IN_A_THREAD: lambda: asyncio.to_thread(blocking.get_batch, batchId=batch_id),
            CAPO: lambda: capo.get_batch(batch_id),
            FLOOR: floor,
        }


def _ignore(_: Event) -> None:
    """Hear an event."""


def _capo_client(endpoint_url: str) -> Any:  # noqa: ANN401 - where the types are checked, it is not installed
    credentials = {"access_key": Simulator.access_key, "secret_key": Simulator.secret_key}
    capo_omics = import_module("capo_omics")
    return capo_omics.AsyncOmicsClient(region=REGION, endpoint=endpoint_url, credentials=credentials)


def _signed_headers(url: str) -> dict[str, str]:
    """Sign a request once: the signature holds for five minutes, longer than the measuring takes."""
    request = AWSRequest("GET", url, headers={"Host": urlsplit(url).netloc})
    credentials = Credentials(Simulator.access_key, Simulator.secret_key)
    SigV4Auth(credentials, "omics", REGION).add_auth(request)
    return dict(request.headers.items())
