"""Soaks run on a loop where days pass in no time, and see no AWS configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from soaks.days import DayLoop
from tests.conftest import _no_aws_configuration

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    import pytest

__all__ = ["_no_aws_configuration"]


def pytest_asyncio_loop_factories(
    config: pytest.Config,
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"day": DayLoop}
