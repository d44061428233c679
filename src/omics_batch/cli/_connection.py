"""Where the batches are: the options that say so, and the client they make."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omics_batch import InvalidInputError
from omics_batch.cli._exits import SetupError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from omics_batch import OmicsBatchClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The options of a command that talks to the service; what is None, the environment or the profile says."""

    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    allow_http: bool = False

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[OmicsBatchClient]:
        """Open a client.

        Raises:
            SetupError: There is no region, no such profile, or the endpoint is not acceptable.
        """
        from omics_batch import OmicsBatchClient  # noqa: PLC0415 - help and servers start without what clients need

        client = OmicsBatchClient(
            region_name=self.region,
            profile_name=self.profile,
            endpoint_url=self.endpoint_url,
            allow_http=self.allow_http,
        )
        try:
            await client.__aenter__()
        except InvalidInputError as error:
            raise SetupError(f"{error} (options: --region, --profile, --endpoint-url, --allow-http)") from error
        try:
            yield client
        finally:
            await client.close()

    def arguments(self) -> list[str]:
        """Write the options as they are typed."""
        given = [("--region", self.region), ("--profile", self.profile), ("--endpoint-url", self.endpoint_url)]
        words = [word for name, value in given if value is not None for word in (name, value)]
        return [*words, "--allow-http"] if self.allow_http else words
