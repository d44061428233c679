"""Lists written as their items come, as text or JSON."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

T = TypeVar("T")


async def write_all(items: AsyncGenerator[T], say: Callable[[T], None], limit: int | None) -> int:
    """Write each item as it comes, up to the limit.

    Returns:
        The number of items.
    """
    number = 0
    async with aclosing(items):
        async for item in items:
            say(item)
            number += 1
            if number == limit:
                break
    return number
