"""The User-Agent header, kept until it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore import useragent

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest


class RememberedUserAgent(useragent.UserAgentString):
    """botocore's exact User-Agent, cached: botocore would build it twice for each request.

    Within a client it changes only with the features that a request uses, such as the source of its
    credentials. botocore collects these while it makes a request, and replaces the header at the end.
    """

    _header: str = ""
    _features: frozenset[str] | None = None

    def to_string(self) -> str:
        """Return the header of the last request: this request's own header replaces it later."""
        return self._header or super().to_string()

    def rebuild_and_replace_user_agent_handler(self, operation_name: str, request: AWSRequest, **others: Any) -> None:
        """Set the header of a finished request."""
        features = _features()
        if features is None or features != self._features:
            self._header, self._features = super().to_string(), features
        super().rebuild_and_replace_user_agent_handler(operation_name, request, **others)


def _features() -> frozenset[str] | None:
    """Return the features that botocore has noted for the present request; None if it does not say."""
    # botocore's context is private. With a release without it, each header is built again.
    get_context: Any = getattr(useragent, "get_context", None)
    context = get_context and get_context()
    return context and frozenset(context.features)
