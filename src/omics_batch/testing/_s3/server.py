"""Objects in a local S3, such as moto's server or MinIO."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from aiobotocore.config import AioConfig
from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from omics_batch._transport.session import static_session
from omics_batch.testing._http.sigv4 import ACCESS_KEY, SECRET_KEY
from omics_batch.testing._s3.objects import StoredObject, check_size, parts_of, unreadable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from contextlib import AbstractAsyncContextManager

_SETTINGS: Final[dict[str, Any]] = {
    "s3": {"addressing_style": "path"},
    "retries": {"total_max_attempts": 1},
    "connect_timeout": 5.0,
    "read_timeout": 30.0,
    "proxies": {},  # a local server is reached without a proxy
}


@dataclass(frozen=True, slots=True)
class LocalS3:
    """An S3 server that accepts the simulator's credentials."""

    endpoint_url: str
    region_name: str

    async def read(self, uri: str) -> StoredObject:
        """Read an object."""
        async with self._client(uri) as (s3, place):
            found = await s3.get_object(**place)
            async with found["Body"] as body:
                check_size(uri, found["ContentLength"])
                return StoredObject(found["ETag"].strip('"'), await body.read())

    async def etag(self, uri: str) -> str:
        """Return an object's present ETag."""
        async with self._client(uri) as (s3, place):
            etag: str = (await s3.head_object(**place))["ETag"]
            return etag.strip('"')

    async def ask(self, operation: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a request of a client in this process; the `Body` of the answer is bytes.

        Raises:
            Exception: What botocore raises.
        """
        sent = dict(parameters)
        if "Body" in sent:
            sent["Body"] = b"".join([piece async for piece in sent["Body"]])
        async with self._opened() as s3:
            answer: dict[str, Any] = await getattr(s3, xform_name(operation))(**sent)
            if "Body" not in answer:
                return {**answer, "Body": b""}
            async with answer["Body"] as body:
                return {**answer, "Body": await body.read()}

    def _opened(self) -> AbstractAsyncContextManager[Any]:
        session: Any = static_session(ACCESS_KEY, SECRET_KEY)
        making: AbstractAsyncContextManager[Any] = session.create_client(
            "s3", region_name=self.region_name, endpoint_url=self.endpoint_url, config=AioConfig(**_SETTINGS)
        )
        return making

    @asynccontextmanager
    async def _client(self, uri: str) -> AsyncGenerator[tuple[Any, dict[str, str]]]:
        """Return a client, and the object's bucket and key as arguments of its methods."""
        bucket, key = parts_of(uri)
        try:
            async with self._opened() as s3:
                yield s3, {"Bucket": bucket, "Key": key}
        except (BotoCoreError, ClientError) as error:
            raise unreadable(uri, str(error)) from None
