"""What all tests share: virtual time for the stories that take hours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.virtual_time import VirtualTimeLoop

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "virtual_time: time jumps to the next sleeper whenever nothing else can run")


def pytest_asyncio_loop_factories(
    config: pytest.Config,
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]] | None:
    """Run the tests marked with `virtual_time` on a loop whose clock jumps."""
    return {"virtual": VirtualTimeLoop} if item.get_closest_marker("virtual_time") else None
