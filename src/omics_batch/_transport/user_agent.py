"""The User-Agent header, kept until it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore import useragent

if TYPE_CHECKING:
    from botocore.awsrequest import AWSRequest


class RememberedUserAgent(useragent.UserAgentString):
    """botocore's User-Agent, word for word; botocore would build it twice for each request, from scratch.

    Within a client it changes with nothing but the features that a request uses, such as the source of its
    credentials. botocore gathers these while it makes a request, and replaces the header at the end.
    """

    _header: str = ""
    _features: frozenset[str] | None = None

    def to_string(self) -> str:
        """Return the header of the request before: it stands in until that of this request replaces it."""
        return self._header or super().to_string()

    def rebuild_and_replace_user_agent_handler(self, operation_name: str, request: AWSRequest, **others: Any) -> None:  # noqa: ANN401 - botocore's own
        """Give a finished request its header."""
        features = _features()
        if features is None or features != self._features:
            self._header, self._features = super().to_string(), features
        super().rebuild_and_replace_user_agent_handler(operation_name, request, **others)


def _features() -> frozenset[str] | None:
    """Return what botocore has noted of the request that is made now; None where it does not say."""
    # botocore calls its context private: a release without it builds each header again.
    get_context: Any = getattr(useragent, "get_context", None)
    context = get_context and get_context()
    return context and frozenset(context.features)
