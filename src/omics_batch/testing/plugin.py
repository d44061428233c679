"""The pytest plugin. It imports nothing before a test needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Iterator

    from omics_batch.testing import Simulator

_KEY: Final = pytest.StashKey["Simulator"]()

_SCOPE: Final = "omics_scope"
_SHARE: Final = (
    f"omics_simulator is made for each test. To share one, set `{_SCOPE} = module` (or class, package, session) in "
    "pytest's configuration, or write a fixture of your own: `with Simulator(...) as omics: yield omics`."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting of the simulator's scope."""
    parser.addini(_SCOPE, "which tests share an omics_simulator: those of a module, say", default="function")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, and make the fixtures behind `omics_client`, before pytest looks for fixtures."""
    config.addinivalue_line("markers", "omics(scenario=FILE, **settings): run on a local HealthOmics, set up so")
    asyncio_plugin: Any = config.pluginmanager.get_plugin("asyncio") or pytest
    globals().update(_anyio_client=_entered_by(pytest.fixture), _asyncio_client=_entered_by(asyncio_plugin.fixture))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Do not report unused faults of a test that failed, since it ended early. Explain a wrong scope."""
    if call.excinfo is not None and _KEY in item.stash:
        item.stash[_KEY].forget_script()
    report = yield
    if "ScopeMismatch" in report.longreprtext and "omics_simulator" in report.longreprtext:
        report.sections.append(("omics_batch", _SHARE))
    return report


@pytest.fixture(autouse=True)
def _omics_mark(request: pytest.FixtureRequest) -> Iterator[None]:  # so that the mark alone replaces the service
    if request.config.getini(_SCOPE) != "function" and any(mark.name == "omics" for mark in request.node.own_markers):
        problem = f"@pytest.mark.omics of a single test needs a simulator of its own, and {_SCOPE} shares one"
        pytest.fail(f"{problem}: mark the module (pytestmark), or leave {_SCOPE} away", pytrace=False)
    if request.node.get_closest_marker("omics") is None:
        yield
        return
    from omics_batch.testing._fixture import time_of  # noqa: PLC0415 - who does not use it pays nothing

    with time_of(request.node):
        request.getfixturevalue("omics_simulator")
        yield


def _scope(fixture_name: str, config: pytest.Config) -> Any:  # noqa: ANN401 - pytest's own literal
    del fixture_name
    return config.getini(_SCOPE)


@pytest.fixture(scope=_scope)
def omics_simulator(request: pytest.FixtureRequest) -> Iterator[Simulator]:
    """A local HealthOmics in a background thread, for this test or for the tests of `omics_scope`.

    AWS clients that the tests make use it.
    """
    from omics_batch.testing._fixture import simulated  # noqa: PLC0415 - who does not use it pays nothing

    with simulated(request.node) as request.node.stash[_KEY]:
        yield request.node.stash[_KEY]


@pytest.fixture
def omics_client(request: pytest.FixtureRequest) -> object:
    """An open `OmicsBatchClient` for `omics_simulator`, with its clock, for an asynchronous test."""
    runner = "anyio" if "anyio_backend" in request.fixturenames else "asyncio"
    if not request.config.pluginmanager.has_plugin(runner):
        pytest.fail("omics_client needs a plugin that runs asynchronous tests: install pytest-asyncio", pytrace=False)
    return request.getfixturevalue(f"_{runner}_client")


def _entered_by(fixture: Any) -> Any:  # noqa: ANN401 - each plugin runs only what its own decorator made
    async def client(omics_simulator: Simulator) -> AsyncIterator[object]:
        async with omics_simulator.client() as entered:
            yield entered

    return fixture(client)
