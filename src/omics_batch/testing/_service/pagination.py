"""Pages of a list, and their tokens."""

from __future__ import annotations

import base64
import binascii
import zlib
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

from omics_batch.testing._service.http_response import validation

if TYPE_CHECKING:
    from collections.abc import Iterable

DEFAULT_PAGE: Final = 100

_T = TypeVar("_T")


def position(token: str | None, scope: str) -> int | None:
    """Return the position in a token; None without a token.

    Args:
        token: The startingToken of the request.
        scope: The call without its token: tokens of other calls are refused.

    Raises:
        Refusal: The token is not from this call.
    """
    if token is None:
        return None
    try:
        mark, _, place = base64.urlsafe_b64decode(token.encode()).decode("ascii").partition(":")
        found = int(place)
    except (binascii.Error, UnicodeError, ValueError):
        mark, found = "", 0
    if mark != _mark(scope) or found < 0:
        raise validation("Invalid startingToken.")
    return found


def page(matches: Iterable[tuple[int, _T]], limit: int | None, scope: str) -> tuple[list[_T], str | None]:
    """Return one page.

    Args:
        matches: The items from the page's position on, each with its position.
        limit: The most items; None for the default.
        scope: The call without its token.

    Returns:
        The items, and the token of the next page: None on the last.
    """
    size = limit or DEFAULT_PAGE
    taken = list(islice(matches, size + 1))
    token = _token(taken[size][0], scope) if len(taken) > size else None
    return [item for _, item in taken[:size]], token


def _token(place: int, scope: str) -> str:
    return base64.urlsafe_b64encode(f"{_mark(scope)}:{place}".encode()).decode()


def _mark(scope: str) -> str:
    return f"{zlib.crc32(scope.encode('utf-8', 'surrogatepass')):08x}"
