"""Response parsers for our own session: they do not parse the body of a success."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiobotocore.parsers import AioResponseParserFactory

from omics_batch._transport.attempt import CURRENT

if TYPE_CHECKING:
    from collections.abc import Mapping


class Parsers(AioResponseParserFactory):
    """botocore's parsers for errors and for `client.aws`; a success whose bytes were read already is not parsed."""

    def create_parser(self, protocol_name: str) -> Any:
        attempt = CURRENT.get()
        if attempt is None or not attempt.succeeded:
            return super().create_parser(protocol_name)
        return _FOR_THE_TAKEN


class _ParserForTheTaken:
    async def parse(self, response: Mapping[str, Any], _: object) -> dict[str, Any]:
        headers = response["headers"]
        metadata = {
            "RequestId": headers.get("x-amzn-requestid"),
            "HTTPStatusCode": response["status_code"],
            "HTTPHeaders": headers,
        }
        return {"ResponseMetadata": metadata}


_FOR_THE_TAKEN: Final = _ParserForTheTaken()
