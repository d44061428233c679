"""The plugin that pytest finds by itself. It imports nothing that no test asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from omics_batch.testing import Simulator

_KEY: Final = pytest.StashKey["Simulator"]()


def pytest_configure(config: pytest.Config) -> None:
    """Tell of the marker, and make the fixtures behind `omics_client`, before pytest looks for fixtures."""
    config.addinivalue_line("markers", "omics(scenario=FILE, **settings): run on a local HealthOmics, set up so")
    asyncio_plugin: Any = config.pluginmanager.get_plugin("asyncio") or pytest
    globals().update(_anyio_client=_entered_by(pytest.fixture), _asyncio_client=_entered_by(asyncio_plugin.fixture))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Ask no test that failed for the rest of its faults: it may not have come to them."""
    if call.excinfo is not None and _KEY in item.stash:
        item.stash[_KEY].forget_script()


@pytest.fixture(autouse=True)
def _omics_mark(request: pytest.FixtureRequest) -> object:  # the mark alone keeps a test from the real service
    return request.node.get_closest_marker("omics") and request.getfixturevalue("omics_simulator")


@pytest.fixture
def omics_simulator(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A local HealthOmics for this test, in a thread of its own: AWS clients that the test makes talk to it."""
    from omics_batch.testing._fixture import simulated  # noqa: PLC0415 - who does not use it pays nothing

    with simulated(request.node, monkeypatch) as request.node.stash[_KEY]:
        yield request.node.stash[_KEY]


@pytest.fixture
def omics_client(request: pytest.FixtureRequest) -> object:
    """An entered `OmicsBatchClient` of `omics_simulator`, on its clock, for an asynchronous test."""
    runner = "anyio" if "anyio_backend" in request.fixturenames else "asyncio"
    if not request.config.pluginmanager.has_plugin(runner):
        pytest.fail("omics_client needs a plugin that runs asynchronous tests: install pytest-asyncio", pytrace=False)
    return request.getfixturevalue(f"_{runner}_client")


def _entered_by(fixture: Any) -> Any:  # noqa: ANN401 - each plugin runs only what its own decorator made
    async def client(omics_simulator: Simulator) -> AsyncIterator[object]:
        async with omics_simulator.client() as entered:
            yield entered

    return fixture(client)
