"""What the simulator's tests share: a signed request without a client in between, and clients as users have them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, BinaryIO, Final

import aiohttp
from yarl import URL

from omics_batch.testing import Simulator

boto3: Any = import_module("boto3")
botocore_config: Any = import_module("botocore.config")
aiobotocore_config: Any = import_module("aiobotocore.config")
aiobotocore_session: Any = import_module("aiobotocore.session")
botocore_auth: Any = import_module("botocore.auth")
botocore_awsrequest: Any = import_module("botocore.awsrequest")
botocore_credentials: Any = import_module("botocore.credentials")
"""Modules without types, imported so that no checker guesses at them."""

ClientError: type[Exception] = import_module("botocore.exceptions").ClientError

EPOCH: Final = datetime(2025, 3, 15, 10, 0, tzinfo=UTC)

SETTING: Final[dict[str, Any]] = {"workflowId": "1234567", "roleArn": "arn:aws:iam::123456789012:role/OmicsRole"}


@dataclass(frozen=True)
class Response:
    """An answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.body)
        return document

    @property
    def code(self) -> str:
        return self.headers["x-amzn-errortype"]

    @property
    def message(self) -> str:
        message: str = self.document["message"]
        return message


def signed(
    method: str,
    url: str,
    body: bytes | BinaryIO | None = None,
    headers: Mapping[str, str] | None = None,
    *,
    region: str = "us-west-2",
    service: str = "omics",
    access_key: str = Simulator.access_key,
    secret_key: str = Simulator.secret_key,
    token: str | None = None,
) -> dict[str, str]:
    """A request's headers and the signature that botocore makes of them."""
    request = botocore_awsrequest.AWSRequest(method=method, url=url, data=body, headers=dict(headers or {}))
    credentials = botocore_credentials.Credentials(access_key, secret_key, token)
    botocore_auth.SigV4Auth(credentials, service, region).add_auth(request)
    return dict(request.headers.items())


class Wire:
    """Signed requests, with nothing checked before they are sent."""

    def __init__(self, session: aiohttp.ClientSession, endpoint_url: str, region: str = "us-west-2") -> None:
        self._session = session
        self._endpoint_url = endpoint_url
        self._region = region

    async def ask(
        self,
        method: str,
        path: str,
        body: bytes | BinaryIO | Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        sent = json.dumps(body).encode() if isinstance(body, Mapping) else body
        signature = signed(method, self._endpoint_url + path, sent, region=self._region)
        async with self._session.request(
            method,
            URL(self._endpoint_url + path, encoded=True),
            data=sent,
            headers={**signature, **(headers or {})},
            allow_redirects=False,
        ) as response:
            return Response(response.status, response.headers, await response.read())

    async def get(self, path: str) -> Response:
        return await self.ask("GET", path)

    async def start(self, **members: object) -> Response:
        request = {
            "requestId": "request-1",
            "defaultRunSetting": SETTING,
            "batchRunSettings": {"inlineSettings": [{"runSettingId": "NA12878"}]},
        }
        return await self.ask("POST", "/runBatch", {**request, **members})


@asynccontextmanager
async def wire_to(simulator: Simulator) -> AsyncGenerator[Wire]:
    async with aiohttp.ClientSession() as session:
        yield Wire(session, simulator.endpoint_url, simulator.region_name)


class Boto:
    """boto3 as its users have it; each call runs in a thread, as the simulator needs the loop."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def __call__(self, operation: str, **members: object) -> dict[str, Any]:
        method: Callable[..., dict[str, Any]] = getattr(self._client, operation)
        answer = await asyncio.to_thread(method, **members)
        return {name: value for name, value in answer.items() if name != "ResponseMetadata"}

    def paginate(self, operation: str, **members: object) -> Awaitable[list[dict[str, Any]]]:
        return asyncio.to_thread(lambda: list(self._client.get_paginator(operation).paginate(**members)))


@asynccontextmanager
async def boto_to(simulator: Simulator, *, parameter_validation: bool = True) -> AsyncGenerator[Boto]:
    def make() -> Any:
        return boto3.client(
            "omics",
            region_name=simulator.region_name,
            endpoint_url=simulator.endpoint_url,
            aws_access_key_id=Simulator.access_key,
            aws_secret_access_key=Simulator.secret_key,
            config=botocore_config.Config(
                inject_host_prefix=False,
                parameter_validation=parameter_validation,
                retries={"total_max_attempts": 1},
            ),
        )

    client: Any = await asyncio.to_thread(make)
    try:
        yield Boto(client)
    finally:
        client.close()
